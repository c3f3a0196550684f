"""Lists: filters, order, paging without loss or repeat, and hostile values."""

import pytest

from sahut.core.model import Kind
from tests.builders import a_mention
from tests.triage_api.conftest import World


@pytest.mark.parametrize("order", ["newest", "pressing"])
def test_paging_gives_every_mention_once_while_new_ones_arrive(each_world: World, order: str) -> None:
    before = each_world.flagged(23)
    client = each_world.program()
    seen: list[int] = []
    after = None
    while True:
        params = {"order": order, "limit": 5} | ({"after": after} if after else {})
        page = client.get("/api/v1/mentions", params=params).json()
        seen += [record["id"] for record in page["items"]]
        after = page["next"]
        if after is None:
            break
        if len(seen) == 10:
            each_world.flagged(4)

    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_tickets_page_without_loss_or_repeat(world: World) -> None:
    made = {world.ticket()["id"] for _ in range(7)}
    client = world.program()
    seen: list[int] = []
    page = client.get("/api/v1/tickets", params={"limit": 3}).json()
    seen += [ticket["id"] for ticket in page["items"]]
    while page["next"]:
        page = client.get("/api/v1/tickets", params={"limit": 3, "after": page["next"]}).json()
        seen += [ticket["id"] for ticket in page["items"]]

    assert sorted(seen) == sorted(made)


def test_filters_narrow_the_list(world: World) -> None:
    (pothole,) = world.store_mentions([a_mention("Jalan Kenanga berlubang dalam sekali, motor saya jatuh tadi pagi")])
    (news,) = world.flagged(1, "Wali kota meresmikan taman baru di pusat kota hari ini", Kind.NEWS)
    client = world.program()

    def ids(**params: str) -> set[int]:
        return {record["id"] for record in client.get("/api/v1/mentions", params=params).json()["items"]}

    assert ids(kind="news") == ids(state="filed") == ids(q="meresmikan taman") == {news}
    assert ids(state="flagged") == ids(q="berlubang") == {pothole}
    assert ids(sentiment="negative", source=str(world.source.id)) == {pothole, news}
    assert ids(topic="waste") == ids(source="999") == ids(until="2026-01-01T00:00:00Z") == set()
    assert ids(since="2026-11-24T10:00:00+07:00") == {pothole, news}


def test_a_mention_is_shown_with_its_assessment_and_decisions(world: World) -> None:
    (mention,) = world.flagged(1)
    client = world.program()
    client.post("/api/v1/decisions/dismiss", json={"mentions": [{"id": mention}], "reason": "spam", "note": "Iklan"})
    detail = client.get(f"/api/v1/mentions/{mention}").json()

    assert detail["assessments"][0]["kinds"]["complaint"] == pytest.approx(0.9)
    assert [(d["kind"], d["reason"], d["note"]) for d in detail["decisions"]] == [("dismissed", "spam", "Iklan")]
    assert "raw" not in detail


def test_the_words_that_decided_are_told_by_their_place_in_title_and_text(each_world: World) -> None:
    with_title = a_mention("isinya: jembatan rusak 🚧 parah", title="Warga mengeluh", platform="feed")
    one, other = each_world.store_mentions([with_title, a_mention(platform="feed")])
    each_world.explain(one, "mengeluh", "🚧 parah")
    client = each_world.program()
    items = {item["id"]: item for item in client.get("/api/v1/mentions").json()["items"]}

    assert items[other]["why"] is None
    assert items[one]["why"] == [
        {"part": "title", "start": 6, "end": 14, "weight": 2.0},
        {"part": "text", "start": 23, "end": 30, "weight": 2.0},
    ]
    detail = client.get(f"/api/v1/mentions/{one}").json()
    assert detail["why"] == items[one]["why"]
    assert [(why["start"], why["end"]) for why in detail["assessments"][0]["why"]] == [(6, 14), (38, 45)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/mentions?limit=0", 422),
        ("/mentions?limit=99999999999999999999999", 422),
        ("/mentions?source=9223372036854775808", 422),
        ("/mentions?source=9223372036854775807", 200),
        ("/mentions/9223372036854775807", 404),
        ("/mentions/9223372036854775808", 422),
        ("/mentions/" + "9" * 5000, 422),
        ("/mentions/-1", 422),
        ("/mentions/1.5", 422),
        ("/mentions/1%00", 422),
        ("/mentions?q=%00", 422),
        ("/mentions?q=%ED%A0%80", 200),
        ("/mentions?q=%22*%27)%20OR%20(", 200),
        ("/mentions?q=" + "a" * 301, 422),
        ("/mentions?after=AAAA", 422),
        ("/mentions?after=WyJuZXdlc3QiLDFd", 200),
        ("/mentions?order=pressing&after=WyJuZXdlc3QiLDFd", 422),
        ("/mentions?after=%00", 422),
        ("/mentions?since=yesterday", 422),
        ("/mentions?since=2026-11-24T10:00:00", 422),
        ("/mentions?since=0001-01-01T00:00:00%2B14:00", 422),
        ("/mentions?since=9999-12-31T23:59:59-14:00", 422),
        ("/mentions?state=sleeping", 422),
        ("/mentions?" + "&".join(["kind=news"] * 21), 422),
        ("/tickets?q=%00&unit=%00", 422),
        ("/tickets?q=%25_%5C", 200),
        ("/dead-letters?after=9223372036854775808", 422),
        ("/dead-letters?after=9223372036854775807", 200),
    ],
)
def test_hostile_values_are_refused_or_harmless(each_world: World, path: str, status: int) -> None:
    answer = each_world.program().get("/api/v1" + path)

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"mentions":[{"id":1}],"title":"a\\u0000b","topic":"roads"}',
        b'{"mentions":[{"id":1}],"title":"\\ud800","topic":"roads"}',
        b'{"mentions":[{"id":99999999999999999999}],"title":"a","topic":"roads"}',
        b'{"mentions":[{"id":1,"version":9999999999}],"title":"a","topic":"roads"}',
        b'{"mentions":[{"id":true}],"title":"  ","topic":"roads"}',
        b'{"mentions":[{"id":1e400}],"title":"a","topic":"roads"}',
        b'{"mentions":[{"id":NaN}],"title":"a","topic":"roads"}',
        b'{"mentions":[],"title":"a","topic":"roads"}',
        b'{"mentions":[{"id":1}],"title":"a","topic":"roads","\\ud800/~":1}',
        b'{"mentions":' + b"[" * 100_000,
        b'{"title": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
        b"",
        b"null",
    ],
)
def test_hostile_bodies_are_refused_with_pointers_and_not_echoed(world: World, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = world.program().post("/api/v1/tickets", content=body, headers=headers)

    # A text that no parser finishes (nesting, endless digits) has no place to point at.
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if answer.status_code == 422:
        assert all("pointer" in error for error in answer.json()["errors"])
    assert len(answer.content) < 5_000
