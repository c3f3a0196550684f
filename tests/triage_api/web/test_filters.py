"""Filters of the queue: in the address, as chips, with counts that are true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sahut.core.areas import AreaNames
from sahut.core.model import Annotation, Change, Kind, MentionState, Place, PlaceLevel, Sentiment, Topic, Verdict
from sahut.core.ports import Store
from sahut.core.rules import text_key
from tests.builders import a_mention, an_assessment
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors
from triage_api.web import queue

AREAS = AreaNames(
    {
        "32": "Jawa Barat",
        "32.04": "Kabupaten Bandung",
        "32.73": "Kota Bandung",
        "34": "DI Yogyakarta",
        "34.04": "Kabupaten Sleman",
    }
)
TOWN = Place(text="Bandung", level=PlaceLevel.REGENCY, code="32.73", name="Kota Bandung", area="32.73")


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    made = World(sqlite_store, clock)
    object.__setattr__(made.app.state.deps, "areas", lambda: AREAS)
    return made


def put(
    world: World,
    text: str,
    *,
    topic: Topic = Topic.ROADS,
    sentiment: Sentiment = Sentiment.NEGATIVE,
    kind: Kind = Kind.COMPLAINT,
    sure: float = 0.9,
    place: Place | None = None,
    platform: str = "feed",
    **over: Any,
) -> int:
    """A flagged mention that is said to be so."""
    now = world.clock()
    mention = a_mention(text, platform=platform, **over)
    with world.store.begin() as tx:
        tx.mentions.save(world.source.id, [Change(mention=mention, text_key=text_key(mention.body))], now)
        claim = tx.mentions.claim(now=now, until=now + timedelta(minutes=5), limit=10, max_attempts=4)
        assert claim is not None
        verdict = Verdict(
            mention_id=claim.mentions[0].id,
            assessment=an_assessment(kind, sure=sure, topic=topic, sentiment=sentiment),
            state=MentionState.FLAGGED,
            priority=500,
            annotation=Annotation(place=place),
        )
        (made,) = tx.assessments.save(claim, [verdict], now)
    return made


def signed(world: World) -> TestClient:
    client, _csrf = world.signed_in()
    client.headers["accept"] = "text/html"
    return client


def rows(client: TestClient, address: str) -> list[int]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return [int(one) for one in re.findall(r'<article [^>]*id="m(\d+)"', answer.text)]


def chips(client: TestClient, address: str) -> list[tuple[str, str]]:
    """What each chip says, and where it leads."""
    page = client.get(address).text
    found = re.findall(r'<li><a href="([^"]*)"><span class="soft">(.*?)</a></li>', page)
    return [(" ".join(re.sub(r"<[^>]*>", "", said).split()), unescape(where)) for where, said in found]


def test_each_filter_narrows_the_queue_and_shows_as_a_chip_that_takes_it_away(world: World) -> None:
    now = world.clock()
    road = put(world, "jalan satu", place=TOWN, published_at=now - timedelta(days=3))
    light = put(world, "lampu dua", topic=Topic.STREET_LIGHTING, published_at=now)
    happy = put(world, "senang tiga", sentiment=Sentiment.POSITIVE, platform="x", sure=0.6, published_at=now)
    client = signed(world)
    everything = {road, light, happy}
    for query, wanted, chip in [
        ("topic=street_lighting", {light}, "Topik: Penerangan jalan"),
        ("unit=pu", {road, happy}, "Unit kerja: Dinas Pekerjaan Umum Contoh"),
        ("unit=pu&topic=street_lighting", set(), "Topik: Penerangan jalan"),
        (f"source={world.source.id}", everything, f"Sumber: {world.source.name}"),
        ("source=4711", set(), "Sumber: 4711"),
        ("platform=x", {happy}, "Platform: X"),
        ("sentiment=positive", {happy}, "Nada: Positif"),
        ("kind=news", set(), "Jenis: Berita"),
        ("place=32", {road}, "Tempat: Jawa Barat"),
        ("place=Kota+Bandung", {road}, "Tempat: Kota Bandung, Jawa Barat"),
        ("least=80", {road, light}, "Keyakinan: paling rendah 80%"),
        ("most=60", {happy}, "Keyakinan: paling tinggi 60%"),
        ("days=1", {light, happy}, "Waktu: hari ini"),
        ("from=2026-11-21&until=2026-11-21", {road}, "Sejak: 21-11-2026"),
        ("until=2026-11-22", {road}, "Sampai: 22-11-2026"),
        ("q=lampu", {light}, "Memuat: “lampu”"),
    ]:
        assert set(rows(client, f"/?{query}")) == wanted, query
        said = chips(client, f"/?{query}")
        assert f"{chip} × hapus saringan" in [one for one, _ in said], query
        if len(said) == 1:
            assert set(rows(client, said[0][1])) == everything, query


def test_what_was_given_away_is_found_by_who_has_it(world: World) -> None:
    free, given = put(world, "jalan satu"), put(world, "jalan dua")
    client = signed(world)
    with world.store.begin() as tx:
        me = tx.accounts.users()[0]
        tx.mentions.assign([given], assignee_id=me.id, unit="sampah", now=world.clock())
    assert rows(client, f"/?assignee={me.id}") == [given]
    assert rows(client, "/?assignee=0") == rows(client, "/?unit=pu") == [free]
    assert f"Petugas: {me.name} × hapus saringan" in dict(chips(client, f"/?assignee={me.id}"))
    assert "Petugas: Belum ada × hapus saringan" in dict(chips(client, "/?assignee=0"))
    page = client.get("/").text
    assert me.name in _options(page, "assignee")
    assert "Dinas Pekerjaan Umum Contoh (1)" in _options(page, "unit")
    program = world.program()
    for query, wanted in ((f"assignee={me.id}", given), ("assignee=0", free), ("unit=sampah", given)):
        assert [one["id"] for one in program.get(f"/api/v1/mentions?{query}").json()["items"]] == [wanted]


def test_a_chip_takes_away_its_own_filter_and_no_other(world: World) -> None:
    put(world, "jalan satu")
    client = signed(world)
    said = dict(chips(client, "/?state=filed&order=pressing&topic=roads&platform=feed&days=7"))
    assert said["Topik: Jalan dan jembatan × hapus saringan"] == "/?platform=feed&days=7&state=filed&order=pressing"


@pytest.mark.parametrize(
    "query",
    ["topic=x", "source=a", "source=99999999999999999999", "least=abc", "least=101", "from=2026-02-30", "days=8",
     "unit=zz", "platform=%00", "sentiment=<script>", "until=0001-01-01", "kind=", "most=-1", "from=99999-01-01"],
)  # fmt: skip
def test_what_does_not_exist_filters_nothing(world: World, query: str) -> None:
    one = put(world, "jalan satu")
    client = signed(world)
    assert rows(client, f"/?{query}") == [one]
    assert chips(client, f"/?{query}") == []


def test_a_place_that_could_be_two_is_asked_back_and_not_guessed(world: World) -> None:
    one = put(world, "jalan satu", place=TOWN)
    client = signed(world)
    page = client.get("/?place=bandung&topic=roads").text
    assert rows(client, "/?place=bandung") == [one], "an unclear place does not filter"
    assert 'href="/?topic=roads&amp;place=32.73">Kota Bandung, Jawa Barat</a>' in page
    assert "Kabupaten Bandung, Jawa Barat" in page
    assert "Tidak dikenal: &lt;script&gt;" in client.get("/?place=<script>").text
    assert client.get("/areas?place=slem").text == '<option value="Kabupaten Sleman, DI Yogyakarta"></option>'
    assert client.get("/areas?place=").text == ""


def _options(page: str, name: str) -> Sequence[str]:
    inside = page.partition(f'<select id="{name}"')[2].partition("</select>")[0]
    return [unescape(one) for one in re.findall(r"<option[^>]*>([^<]*)</option>", inside)]


def test_counts_beside_words_are_those_of_the_present_list(world: World) -> None:
    for number in range(3):
        put(world, f"jalan nomor {number}")
    put(world, "lampu", topic=Topic.STREET_LIGHTING, platform="x")
    client = signed(world)
    page = client.get("/").text
    assert "Jalan dan jembatan (3)" in _options(page, "topic")
    assert "Dinas Pekerjaan Umum Contoh (3)" in _options(page, "unit")
    assert "Sampah dan kebersihan (0)" in _options(page, "topic")
    narrowed = client.get("/?topic=roads").text
    assert "Jalan dan jembatan" in _options(narrowed, "topic"), "beside the chosen one no other could be counted"
    assert "Negatif (3)" in _options(narrowed, "sentiment")
    assert re.search(r'aria-current="page">Ditandai <span class="count">3</span>', narrowed)


def test_more_than_a_thousand_are_said_to_be_more_and_no_word_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COUNT_CAP", 3)
    for number in range(3):
        put(world, f"jalan nomor {number}")
    monkeypatch.setattr("triage_api.web.desk.COUNT_CAP", 3)
    page = signed(world).get("/").text
    assert '<span aria-hidden="true">2+</span>' in page
    assert "Jalan dan jembatan" in _options(page, "topic")


def test_the_address_keeps_the_filters_from_page_to_page(world: World) -> None:
    for number in range(27):
        put(world, f"jalan nomor {number} rusak")
        put(world, f"lampu nomor {number} mati", topic=Topic.STREET_LIGHTING)
    client = signed(world)
    first = client.get("/?topic=roads&order=newest").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    address = unescape(following[1])
    assert address.startswith("/?topic=roads&order=newest&after=")
    seen = rows(client, "/?topic=roads&order=newest") + rows(client, address)
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 27


def test_the_api_filters_by_the_same(world: World) -> None:
    road = put(world, "jalan satu", sure=0.7)
    put(world, "lampu", topic=Topic.STREET_LIGHTING, platform="x")
    client = world.program()

    def ids(query: str) -> list[int]:
        return [item["id"] for item in client.get(f"/api/v1/mentions?{query}").json()["items"]]

    assert ids("unit=pu") == ids("platform=feed") == ids("most=0.7") == [road]
    assert ids("unit=nowhere") == ids("least=0.95") == []
    assert client.get("/api/v1/mentions?platform=../x").status_code == 422


def test_the_api_names_areas_and_counts_what_a_filter_finds(world: World) -> None:
    put(world, "jalan satu")
    put(world, "lampu", topic=Topic.STREET_LIGHTING)
    client = world.program()
    assert client.get("/api/v1/areas?q=slem").json() == {
        "items": [{"code": "34.04", "name": "Kabupaten Sleman, DI Yogyakarta"}]
    }
    found = client.get("/api/v1/mention-counts?state=flagged").json()
    assert (found["total"], found["by"]["topic"]) == (2, {"roads": 1, "street_lighting": 1})
    assert found["by"]["source"] == {str(world.source.id): 2}
    assert client.get("/api/v1/mention-counts?topic=waste").json()["total"] == 0


def test_the_open_filters_fit_on_a_telephone_and_on_a_desk(world: World, visitors: Visitors) -> None:
    put(world, "jalan satu", place=TOWN)
    for width in (360, 720, 1280):
        page = visitors.sign_in(width=width)
        page.goto("/?topic=roads&place=bandung&least=50")
        assert page.get_by_label("Sampai tanggal", exact=True).is_visible(), "what was asked back is open"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)), "a label names one field"
    assert visitors.complaints == []
