"""The board without a browser: doors, forms, weights, words."""

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from sahut.core import model
from sahut.core.model import Problem, TicketFilter
from tests.triage_api.conftest import PASSWORD, World
from triage_api.web import formats, hostile, words
from triage_api.web.desk import own_path, with_flash

PAGE = {"accept": "text/html"}


def _signed(world: World, username: str = "sari") -> tuple[TestClient, str]:
    client, csrf = world.signed_in(username)
    client.headers.update(PAGE)
    client.follow_redirects = False
    return client, csrf


def test_every_page_and_act_sends_a_stranger_to_the_sign_in(world: World) -> None:
    client = world.browser()
    client.headers.update(PAGE)
    client.follow_redirects = False
    # Who is invited shows the invitation, who is between the two steps of signing in a cookie of its own:
    # tests/triage_api/test_people.py and test_second_factor.py. Away to a provider and back: test_provider_sign_in.py.
    open_paths = {"/sign-in", "/sign-in/code", "/welcome", "/static/{hashed_name}", "/healthz", "/readyz"}
    open_paths |= {"/sign-in/provider", "/sign-in/provider/back"}
    seen = 0
    for context in iter_route_contexts(world.app.routes):
        path = context.path or ""
        # Hooks prove themselves by a signature: tests/triage_api/test_hooks.py.
        if path.startswith(("/api/", "/hooks/")) or path in open_paths | {"/metrics"}:
            continue
        for method in context.methods or ():
            seen += 1
            answer = client.request(method, re.sub(r"\{(\w+_id)\}", "1", path).replace("{state}", "pause"))
            assert answer.status_code in {303, 401}, (method, path)
            if method == "GET":
                assert answer.headers["location"].startswith("/sign-in?next=")
    assert seen > 15


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/mentions/dismiss", {"reason": "spam"}),
        ("/mentions/chosen", {"act": "convert"}),
        ("/mentions/merge", {"ticket": "1"}),
        ("/mentions/1/untie", {"version": "1"}),
        ("/decisions/1/undo", {}),
        ("/tickets", {"title": "a", "topic": "roads", "priority": "normal"}),
        ("/tickets/1", {"version": "1"}),
        ("/sources", {"name": "a", "address": "https://b.example/rss"}),
        ("/sources/test", {"address": "https://b.example/rss"}),
        ("/sources/1/test", {}),
        ("/sources/1", {"name": "a", "address": "https://b.example/rss", "minutes": "5", "version": "1"}),
        ("/sources/1/remove", {"version": "1"}),
        ("/sources/1/pause", {"version": "1"}),
    ],
)
def test_an_auditor_and_a_forged_form_change_nothing(world: World, path: str, fields: dict[str, str]) -> None:
    (one,) = world.flagged(1)
    auditor, csrf = _signed(world, "budi")
    assert auditor.post(path, data={**fields, "pick": str(one), "csrf": csrf}).status_code == 403
    admin, _csrf = _signed(world, "admin")
    assert admin.post(path, data={**fields, "pick": str(one), "csrf": "forged"}).status_code == 403
    strange = {"sec-fetch-site": "cross-site", "origin": "https://jahat.example"}
    assert admin.post(path, data={**fields, "pick": str(one), "csrf": _csrf}, headers=strange).status_code == 403


def test_a_form_that_is_sent_twice_makes_one_ticket(world: World) -> None:
    (one,) = world.flagged(1)
    client, csrf = _signed(world)
    form = {"csrf": csrf, "key": "sekali", "pick": str(one), "title": "Lampu", "topic": "roads", "priority": "normal"}
    first, second = (client.post("/tickets", data=form) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    with world.store.read() as tx:
        assert tx.tickets.count(TicketFilter(), cap=10) == 1


def test_a_one_time_password_leads_to_its_change_and_nowhere_else(world: World) -> None:
    with world.store.begin() as tx:
        user = tx.accounts.user_named("sari")
        tx.accounts.set_password(user.id, user.password_hash, must_change=True)
    client = world.browser()
    client.headers.update(PAGE)
    client.follow_redirects = False
    answer = client.post("/sign-in", data={"username": "sari", "password": PASSWORD, "back": "/tickets?status=all"})
    assert answer.headers["location"].startswith("/password")
    assert client.get("/").headers["location"] == "/password"
    # The frame has a form of its own, which leads back to this page.
    form = client.get(answer.headers["location"]).text.partition('action="/password"')[2]
    csrf, back = (re.search(rf'name="{name}" value="([^"]+)"', form).group(1) for name in ("csrf", "back"))
    new = "kata sandi sendiri 1"
    assert (
        client.post("/password", data={"csrf": csrf, "current": PASSWORD, "new": new, "again": new + "x"}).status_code
        == 422
    )
    done = client.post("/password", data={"csrf": csrf, "back": back, "current": PASSWORD, "new": new, "again": new})
    assert done.headers["location"] == "/tickets?status=all&done=password"
    assert client.get("/").status_code == 200


def test_a_wrong_password_says_so_and_keeps_the_name(world: World) -> None:
    client = world.browser()
    answer = client.post("/sign-in", data={"username": "sari", "password": "salah"}, headers=PAGE)

    assert answer.status_code == 401
    assert "tidak cocok" in answer.text
    assert 'value="sari"' in answer.text


def test_the_first_view_of_the_queue_weighs_less_than_70_kb_and_later_ones_less_than_15(world: World) -> None:
    for number in range(40):
        world.flagged(
            1, f"Lampu jalan {number} di Jalan Flamboyan mati sejak {number} malam. " + "Mohon diperbaiki. " * 9
        )
    client, _csrf = _signed(world)
    page = client.get("/")
    assert page.headers["content-encoding"] == "gzip"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"""<[^>]+\s(style|on\w+)=["']""", page.text)
    weights = [len(gzip.compress(page.content, 6))]
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        asset = client.get(path)
        assert "immutable" in asset.headers["cache-control"]
        weights.append(len(gzip.compress(asset.content, 9)))
    assert all(re.match("/(?!/)|#", found) for found in re.findall(r'(?:src|href)="([^"]*)"', page.text))

    assert weights[0] < 15_000
    assert sum(weights) < 70_000


def test_a_path_below_static_is_looked_up_and_never_joined(world: World) -> None:
    client = world.browser()
    for name in ("board.css", "..%2froutes.py", "%2e%2e%2froutes.py", "htmx.min.js"):
        assert client.get(f"/static/{name}").status_code == 404


def test_the_demonstration_and_a_missing_worker_are_said_aloud(world: World) -> None:
    client, _csrf = _signed(world)
    text = client.get("/").text
    assert "sedang tidak berjalan" in text
    assert "Mode demonstrasi" not in text
    with world.store.begin() as tx:
        for role in ("worker", "scheduler"):
            tx.operations.beat(role, "a", world.clock())
    assert "sedang tidak berjalan" not in client.get("/").text


def test_guessing_at_the_password_page_is_stopped_with_words_that_fit(world: World) -> None:
    client, csrf = _signed(world)
    form = {"csrf": csrf, "current": "salah", "new": "kata sandi sendiri 1", "again": "kata sandi sendiri 1"}
    said = [client.post("/password", data=form) for _ in range(11)]

    assert {answer.status_code for answer in said[:10]} == {422}
    assert said[-1].status_code == 429
    assert "Terlalu banyak percobaan" in said[-1].text


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/tidak/ada", 404, "tidak ada, atau sudah dihapus"),
        ("GET", "/mentions/dismiss", 422, "tidak dapat dibaca"),
        ("PUT", "/tickets", 405, "tidak dapat dilakukan di sini"),
    ],
)
def test_a_refusal_says_what_was_wrong_and_not_that_something_is_missing(
    world: World, method: str, path: str, status: int, words: str
) -> None:
    client, _csrf = _signed(world)
    answer = client.request(method, path)

    assert (answer.status_code, words in answer.text) == (status, True)


def test_no_more_mentions_are_chosen_at_once_than_anybody_ticks(world: World) -> None:
    client, _csrf = _signed(world)
    (one,) = world.flagged(1)

    assert client.get("/tickets/new?" + "&".join([f"pick={one}"] * 201)).status_code == 422
    assert client.get("/mentions/merge?" + "&".join([f"pick={one}"] * 201)).status_code == 422


def test_strange_addresses_get_a_page_and_never_a_fault(world: World) -> None:
    client, _csrf = _signed(world)
    for path in (
        "/?after=rusak",
        "/?source=abc&topic=xyz&days=9&state=zz",
        "/tickets?status=xx&after=zz",
        "/tickets/new",
        "/tickets/new?pick=a:b",
        "/mentions/0",
        "/mentions/x",
        "/mentions/99999999999999999999",
        "/?did=1e9",
        "/mentions/merge?pick=9",
        "/tidak/ada",
        "/?q=%00%ED%A0%80",
    ):
        answer = client.get(path)
        assert answer.status_code in {200, 404, 422}, path
        assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/tickets/1", "/tickets/1"),
        ("//jahat.example", "/"),
        ("https://jahat.example", "/"),
        ("/\\jahat.example", "/"),
        ("/\tjahat", "/"),
        ("", "/"),
    ],
)
def test_a_form_leads_back_only_to_a_path_of_ours(path: str, kept: str) -> None:
    assert own_path(path) == kept


def test_a_message_replaces_the_one_before_it() -> None:
    assert with_flash("/?q=a&did=3", "did=4") == "/?q=a&did=4"
    assert with_flash("/sources#source-1", "done=paused") == "/sources?done=paused#source-1"


def test_every_word_and_problem_has_its_indonesian_label() -> None:
    enums = (
        "Kind",
        "Sentiment",
        "Topic",
        "MentionState",
        "DismissReason",
        "DecisionKind",
        "TicketStatus",
        "Outcome",
        "Priority",
        "Role",
        "TieReason",
        "SourceCondition",
    )
    for name in enums:
        assert all(words.label(word) for word in getattr(model, name))
    assert all(all(words.problem(code)) for code in Problem)


def test_times_and_numbers_read_as_indonesians_write_them() -> None:
    at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert formats.moment(at) == "Selasa, 24 November 2026 10.00 WIB"
    assert formats.relative(at, at + timedelta(seconds=20)) == "baru saja"
    assert formats.relative(at, at + timedelta(minutes=5)) == "5 menit lalu"
    assert formats.relative(at, at + timedelta(hours=3)) == "3 jam lalu"
    assert formats.relative(at, at + timedelta(days=1)) == "kemarin 10.00 WIB"
    assert formats.relative(at, at + timedelta(days=9)) == "24 Nov 2026 10.00 WIB"
    assert formats.relative(at, at - timedelta(minutes=7)) == "dalam 7 menit"
    assert formats.number(12345) == "12.345"
    assert formats.capped(1001, 1001) == "lebih dari 1.000"
    assert formats.percent(0.999) == "99%"


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://kota.example/berita?a=1", "https://kota.example/berita?a=1"),
        ("HTTP://Kota.Example", "http://kota.example"),
        ("https://аpple.example", "https://xn--pple-43d.example"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://bank.example@jahat.example/", None),
        ("https://", None),
        ("https://a.example:x/", None),
        ("https://a\u202eb.example", None),
    ],
)
def test_only_a_plain_web_address_becomes_a_link(url: str, href: str | None) -> None:
    assert hostile.web_address(url) == href


def test_text_keeps_its_emoji_and_scripts_and_loses_what_hides() -> None:
    assert hostile.plain("keluarga 👨\u200d👩\u200d👧 sehat") == "keluarga 👨\u200d👩\u200d👧 sehat"
    assert hostile.plain("a\u200db\u200bc\ufeff\ud800") == "abc\ufffd"
    assert hostile.plain("satu\r\ndua\u2028tiga\x07") == "satu\ndua\ntiga"
    assert hostile.linked("<b> lihat https://a.example/x.") == (
        '&lt;b&gt; lihat <a class="out" dir="ltr" href="https://a.example/x" target="_blank" '
        'rel="noopener nofollow noreferrer">https://a.example/x</a>.'
    )
