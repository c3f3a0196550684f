"""The board as a person uses it, in a real browser."""

from pathlib import Path

import axe_playwright_python
import pytest

from sahut.core.model import Author, Kind, MentionState, TicketStatus
from tests.builders import a_mention
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
HOSTILE = [
    "<script>document.title='kena'</script>",
    "<img src=x onerror=\"document.title='kena'\">",
    "\"><svg onload=document.title='kena'>",
    "javascript:document.title='kena' http://a.example/\"onmouseover=\"document.title='kena'",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "</textarea><script>document.title='kena'</script>",
    "aman \u202emoc.live\u202c \u200btitik\u2066balik\u2069",
    "x\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 zalgo",
    "مرحبا jalan rusak di depan rumah",
    "tanpa" + "spasi" * 200,
]


def _state(world: World, mention_id: int) -> MentionState:
    with world.store.read() as tx:
        return tx.mentions.get(mention_id).state


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_flagged_mention_becomes_a_ticket_that_is_worked_on_and_closed(
    world: World, visitors: Visitors, scripts: bool
) -> None:
    (one,) = world.flagged(1, "Jalan Mawar berlubang besar, tiga motor sudah jatuh minggu ini")
    page = visitors.sign_in(java_script_enabled=scripts)

    page.get_by_role("link", name="Jadikan tiket").first.click()
    assert "Jalan Mawar berlubang" in page.get_by_label("Judul").input_value()
    page.get_by_label("Tempat").fill("Jalan Mawar, RT 02/RW 04")
    page.get_by_role("button", name="Buat tiket").click()
    page.get_by_role("button", name="Dikerjakan").click()
    page.get_by_text("mengubah status dari Baru menjadi Dikerjakan").wait_for()
    page.get_by_label("Petugas").select_option(label="Sari Contoh")
    page.get_by_role("button", name="Simpan perubahan").click()
    page.get_by_label("Tutup dengan hasil").select_option(label="Selesai diperbaiki")
    page.get_by_role("button", name="Tutup tiket").click()
    page.get_by_text("Ditutup – Selesai diperbaiki").wait_for()

    assert _state(world, one) is MentionState.CONVERTED
    with world.store.read() as tx:
        ticket = tx.tickets.get(tx.mentions.get(one).ticket_id)
    assert (ticket.status, ticket.place, ticket.assignee_name) == (
        TicketStatus.CLOSED,
        "Jalan Mawar, RT 02/RW 04",
        "Sari Contoh",
    )
    assert visitors.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_dismissal_can_be_undone_from_the_message_that_follows(
    world: World, visitors: Visitors, scripts: bool
) -> None:
    first, _second = world.flagged(2)
    page = visitors.sign_in(java_script_enabled=scripts)

    row = page.locator(f"#m{first}")
    row.get_by_text("Tolak").click()
    row.get_by_role("button", name="Spam atau bot").click()
    page.get_by_text("1 sebutan: ditolak (spam atau bot)").wait_for()
    assert _state(world, first) is MentionState.DISMISSED
    page.get_by_role("button", name="Urungkan").click()
    page.locator(f"#m{first}").wait_for()

    assert _state(world, first) is MentionState.FLAGGED
    assert visitors.complaints == []


def test_the_queue_is_worked_with_the_keyboard_alone(world: World, visitors: Visitors) -> None:
    world.flagged(3)
    page = visitors.sign_in()
    ids = page.locator(".mention").evaluate_all("rows => rows.map(row => Number(row.id.slice(1)))")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.keyboard.press("2")
    page.get_by_text("ditolak (bukan wewenang kami)").wait_for()
    assert _state(world, ids[1]) is MentionState.DISMISSED
    page.wait_for_function(f"document.activeElement?.id === 'm{ids[2]}'")
    page.keyboard.press("u")
    page.locator(f"#m{ids[1]}").wait_for()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.get_by_label("Judul").press("Enter")
    page.get_by_text("Kode lacak").wait_for()

    assert sum(_state(world, one) is MentionState.CONVERTED for one in ids) == 1
    assert visitors.complaints == []


def test_back_from_a_mention_the_keys_go_on_at_its_row(world: World, visitors: Visitors) -> None:
    world.flagged(4)
    page = visitors.sign_in()
    ids = page.locator(".mention").evaluate_all("rows => rows.map(row => row.id)")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/mentions/*")
    page.go_back()
    page.wait_for_function(f"document.activeElement?.id === '{ids[2]}'")
    page.keyboard.press("j")
    page.wait_for_function(f"document.activeElement?.id === '{ids[3]}'")
    # Whoever comes by a link begins at the top.
    page.goto(page.url)
    page.keyboard.press("j")
    page.wait_for_function(f"document.activeElement?.id === '{ids[0]}'")
    assert visitors.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("key", ["d", "s"])
def test_a_menu_stands_inside_the_screen_whole(world: World, visitors: Visitors, width: int, key: str) -> None:
    world.flagged(3)
    page = visitors.sign_in()
    page.set_viewport_size({"width": width, "height": 700})
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press(key)
    menu = page.locator(".menu[open] > :is(form, .panel)")
    box = menu.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 701


def test_a_number_does_only_what_the_open_menu_shows_with_it(world: World, visitors: Visitors) -> None:
    (filed,) = world.flagged(1, kind=Kind.NEWS)
    page = visitors.sign_in()
    page.goto("/?state=filed")
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.get_by_role("button", name="Ambil untuk saya").wait_for()
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    page.get_by_role("heading", name=f"Sebutan {filed}").wait_for()

    with world.store.read() as tx:
        assert tx.mentions.get(filed).assignee_id is None
    assert visitors.complaints == []


def test_ticked_mentions_become_one_ticket_and_a_later_one_is_merged_into_it(world: World, visitors: Visitors) -> None:
    first, second, third = world.flagged(3)
    page = visitors.sign_in()

    page.locator(f"#m{first} input[type=checkbox]").check()
    page.locator(f"#m{second} input[type=checkbox]").check()
    page.get_by_role("button", name="Jadikan satu tiket").click()
    page.get_by_role("button", name="Buat tiket").click()
    page.get_by_text("membuat tiket ini dari 2 sebutan").wait_for()
    page.goto("/")
    page.locator(f"#m{third}").get_by_role("link", name="Gabung").click()
    page.get_by_role("button", name="Gabung ke 2026-000001").click()
    page.get_by_text("menggabungkan 1 sebutan lagi").wait_for()

    assert [_state(world, one) for one in (first, second, third)] == [
        MentionState.CONVERTED,
        MentionState.CONVERTED,
        MentionState.MERGED,
    ]


def test_the_second_of_two_people_sees_what_the_first_did_and_loses_nothing(world: World, visitors: Visitors) -> None:
    number = world.ticket()["id"]
    one, other = visitors.sign_in(), visitors.sign_in("admin")
    one.goto(f"/tickets/{number}")
    other.goto(f"/tickets/{number}")
    one.get_by_label("Tempat").fill("Jalan Kenanga")
    one.get_by_role("button", name="Simpan perubahan").click()
    one.get_by_text("Perubahan disimpan").wait_for()

    other.get_by_label("Judul").fill("Judul yang lama dipikirkan")
    other.get_by_role("button", name="Simpan perubahan").click()
    other.get_by_role("heading", name="Rekan Anda mendahului").wait_for()
    assert other.get_by_text("mengubah tempat").is_visible()
    assert other.get_by_text("Judul yang lama dipikirkan").is_visible()
    with world.store.read() as tx:
        assert tx.tickets.get(number).title == "Lampu padam"
    other.get_by_role("button", name="Simpan isian saya juga").click()
    other.get_by_role("heading", name="Judul yang lama dipikirkan").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_copies_of_a_mention_unfold_and_can_be_told_apart(world: World, visitors: Visitors, scripts: bool) -> None:
    first, copy = world.flagged(2)
    world.tie(copy, first)
    page = visitors.sign_in(java_script_enabled=scripts)
    assert page.locator(".mention").count() == 1

    page.get_by_role("link", name="1 lainnya mengatakan hal yang sama").click()
    page.get_by_role("link", name=f"Rincian sebutan {copy}").click()
    page.get_by_role("button", name="Bukan sama").click()
    page.get_by_text("Sebutan kini berdiri sendiri.").wait_for()
    page.goto("/")

    assert page.locator(".mention").count() == 2
    assert visitors.complaints == []


def test_hostile_posts_run_nothing_and_hide_nothing_on_any_page(world: World, visitors: Visitors) -> None:
    mentions = [
        a_mention(
            text,
            platform="feed",
            title=text,
            permalink="javascript:document.title='kena'",
            author=Author(handle=text, name=text),
        )
        for text in HOSTILE
    ]
    ids = world.store_mentions(mentions)
    for one, text in zip(ids, HOSTILE, strict=True):
        world.explain(one, text[: len(text) // 2], text[len(text) // 2 :])
    page = visitors.sign_in(width=360)
    paths = ["/", *(f"/mentions/{one}" for one in ids), "/tickets/new?" + "&".join(f"pick={one}" for one in ids)]
    for path in paths:
        page.goto(path)
        page.wait_for_load_state()
        assert "kena" not in page.title()
        assert page.locator("main script, main [onerror], main [onload], main a[href^='javascript']").count() == 0
        assert not set("\u202e\u202c\u200b\u2066\u2069") & set(page.locator("main").inner_text())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.get_by_role("button", name="Buat tiket").click()
    page.get_by_text("Kode lacak").wait_for()

    assert "kena" not in page.title().replace("document.title='kena'", "")
    assert [said for said in visitors.complaints if "Content Security Policy" in said] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_has_a_fault_of_access_or_scrolls_sideways(
    world: World, visitors: Visitors, theme: str, width: int
) -> None:
    flagged = world.flagged(4)
    world.explain(flagged[0], "padam", "tolong")
    world.tie(flagged[1], flagged[0])
    ticket = world.ticket()["id"]
    page = visitors.sign_in("admin", width=width, color_scheme=theme, bypass_csp=True)
    pages = [
        "/",
        "/?state=filed",
        "/?q=lampu",
        f"/mentions/{flagged[0]}",
        f"/mentions/{flagged[1]}",
        f"/tickets/new?pick={flagged[0]}",
        f"/mentions/merge?pick={flagged[0]}",
        "/tickets",
        f"/tickets/{ticket}",
        "/sources",
        f"/sources/{world.source.id}",
        "/account",
        "/password",
        "/mentions/999999",
        "/sign-in",
    ]
    found = {}
    for path in pages:
        if path == "/sign-in":
            page.context.clear_cookies()
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.evaluate(AXE)
        for violation in page.evaluate("axe.run().then(result => result.violations)"):
            found[path, violation["id"]] = [node["html"] for node in violation["nodes"]][:3]

    assert found == {}
