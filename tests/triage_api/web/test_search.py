"""Searching at the board: what was found is marked, filters stay, and a page without finds says what to try."""

import pytest

from sahut.core.model import MentionState
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

FAR = "Selamat pagi. " * 60 + "Jembatan gantung <i>miring</i> sekali."


def test_what_was_found_is_marked_as_it_stands_and_unfolded(world: World) -> None:
    (one,) = world.flagged(1, "Jalan <b>rusak</b> di Jalan Melati, jalanan licin", title="")
    world.explain(one, "licin")
    (far,) = world.flagged(1, FAR, title="")
    browser, _csrf = world.signed_in()

    page = browser.get("/", params={"q": '"jalan" rusak'}).text
    assert (
        "<mark>Jalan</mark> &lt;b&gt;<mark>rusak</mark>&lt;/b&gt; di <mark>Jalan</mark> Melati, jalanan licin" in page
    )
    assert "<mark>Kata yang dicari</mark>" in page
    assert "<mark>licin</mark>" in browser.get("/").text
    assert "<mark>" not in browser.get("/", params={"q": "-melati"}).text.partition('id="queue"')[2]
    unfolded = browser.get("/", params={"q": "jembatan"}).text
    assert f'id="m{far}"' in unfolded
    assert '<details class="more" open>' in unfolded
    assert "<mark>Jembatan</mark>" in unfolded
    assert '<details class="more" open>' not in browser.get("/").text


def test_an_order_by_fit_is_offered_with_a_search_alone(world: World) -> None:
    world.flagged(1, "rusak sedikit di antara banyak kata lain yang tidak ada hubungannya sama sekali")
    (best,) = world.flagged(1, "rusak, rusak, rusak")
    world.flagged(1, "sesuatu yang rusak lagi di sana")
    browser, _csrf = world.signed_in()
    assert "Paling cocok" not in browser.get("/?order=relevant").text
    found = browser.get("/", params={"q": "rusak", "order": "relevant", "kind": "complaint"}).text
    assert '<option value="relevant" selected>' in found
    assert found.index(f'id="m{best}"') == min(found.index(f'id="m{one}"') for one in range(best - 1, best + 2))
    # The filter holds in the chips, in the tabs and in what a view keeps.
    assert "kind=complaint" in found
    answer = world.program().get("/api/v1/mentions", params={"q": "rusak", "order": "relevant"}).json()
    assert answer["items"][0]["id"] == best


@pytest.mark.browser
@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 360)])
def test_where_nothing_is_found_the_page_says_what_to_try(
    world: World, visitors: Visitors, scripts: bool, width: int
) -> None:
    (one,) = world.flagged(1, "Pohon tumbang menimpa kabel listrik di gang kami")
    with world.store.begin() as tx:
        tx.mentions.set_state([one], MentionState.DISMISSED, ticket_id=None, now=world.clock())
    page = visitors.sign_in(java_script_enabled=scripts, width=width)
    page.get_by_label("Cari dalam teks").fill('"pohon tumbang" -banjir <script>alert(1)</script>')
    page.get_by_role("button", name="Cari", exact=True).click()
    page.get_by_role("heading", name="Tidak ada yang cocok").wait_for()
    assert page.get_by_text('"jalan rusak" -tol').is_visible()
    page.get_by_label("Cari dalam teks").fill('"pohon tumbang" -banjir')
    page.get_by_role("button", name="Cari", exact=True).click()
    page.locator(".empty").get_by_role("link", name="Ditolak").click()
    page.locator(f"#m{one} mark").first.wait_for()
    assert page.locator(f"#m{one} mark").all_inner_texts() == ["Pohon", "tumbang"]
    assert page.get_by_label("Cari dalam teks").input_value() == '"pohon tumbang" -banjir'
    assert visitors.complaints == []
