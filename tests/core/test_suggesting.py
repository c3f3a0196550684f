from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sahut.core.model import Area, Nearness, Place, PlaceLevel, Priority, Ticket, TicketCandidate, TicketStatus, Topic
from sahut.core.suggesting import suggestions

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LAMP = "Lampu jalan di Jalan Melati padam sejak Senin, gelap sekali"
LAMP_TOO = "Jalan Melati gelap gulita pak. Lampunya mati sudah tiga malam"
HOLE = "Lubang besar menganga di tengah aspal, motor saya masuk"
MELATI = Place(text="Jalan Melati", level=PlaceLevel.SPOT, area="32.73", name="Kota Bandung, Jawa Barat")
COBLONG = Place(
    text="Coblong", level=PlaceLevel.DISTRICT, code="32.73.02", area="32.73.02", name="Coblong, Kota Bandung"
)
BANDUNG = Place(text="Bandung", level=PlaceLevel.REGENCY, code="32.73", area="32.73", name="Kota Bandung")
MELATI_OF_BOGOR = replace(MELATI, area="32.71", name="Kota Bogor, Jawa Barat")
WEST_JAVA = Place(text="Jabar", level=PlaceLevel.PROVINCE, code="32", area="32", name="Jawa Barat")
SOMEWHERE = Place(
    text="Sukajadi",
    level=PlaceLevel.DISTRICT,
    candidates=(Area(code="32.73.07", name="Sukajadi"), Area(code="21.71.09", name="Sukajadi")),
)


def a_candidate(
    ticket_id: int, body: str, *places: Place, topic: Topic = Topic.STREET_LIGHTING, place: str = ""
) -> TicketCandidate:
    ticket = Ticket(
        id=ticket_id, number=f"2026-{ticket_id:06}", tracking_code="X", title="Laporan warga", description="",
        topic=topic, unit="", place=place, priority=Priority.NORMAL, status=TicketStatus.NEW, outcome=None,
        assignee_id=None, assignee_name="", mentions=1, created_at=NOW, updated_at=NOW, version=1,
    )  # fmt: skip
    return TicketCandidate(ticket=ticket, bodies=[body], places=places)


def test_the_ticket_of_the_same_street_topic_and_words_comes_first_with_all_its_reasons() -> None:
    found = suggestions(
        [(LAMP_TOO, Topic.STREET_LIGHTING, MELATI)],
        [
            a_candidate(1, HOLE, MELATI, topic=Topic.ROADS),
            a_candidate(2, LAMP, MELATI),
            a_candidate(3, "Lampu taman di alun-alun mati", BANDUNG),
            a_candidate(4, LAMP, MELATI_OF_BOGOR),
        ],
        limit=5,
    )
    assert [one.ticket.id for one in found][:1] == [2]
    best = found[0].alike
    assert (best.place, best.topic) == (Nearness.SAME, True)
    assert best.likeness > 0.2
    assert 1 not in [one.ticket.id for one in found], "a hole in the same street is another matter"


@pytest.mark.parametrize(
    ("asked", "other", "nearness"),
    [
        (MELATI, MELATI, Nearness.SAME),
        (MELATI, replace(MELATI, text="jalan melati"), Nearness.SAME),
        (MELATI, replace(MELATI, area="", name=""), Nearness.SAME),
        (MELATI, MELATI_OF_BOGOR, None),
        (COBLONG, COBLONG, Nearness.SAME),
        (COBLONG, BANDUNG, Nearness.NEAR),
        (BANDUNG, BANDUNG, Nearness.NEAR),
        (WEST_JAVA, WEST_JAVA, None),
        (SOMEWHERE, SOMEWHERE, Nearness.SAME),
        (MELATI, COBLONG, Nearness.NEAR),
    ],
)
def test_how_near_two_places_are(asked: Place, other: Place, nearness: Nearness | None) -> None:
    (found,) = suggestions([(LAMP, Topic.STREET_LIGHTING, asked)], [a_candidate(1, LAMP, other)], limit=1)
    assert found.alike.place is nearness


def test_a_place_that_a_person_wrote_on_the_ticket_counts_too() -> None:
    (found,) = suggestions(
        [(LAMP, Topic.STREET_LIGHTING, MELATI)],
        [a_candidate(1, "Gelap", place="Simpang Jalan Melati, RT 03")],
        limit=1,
    )
    assert found.alike.place is Nearness.SAME


def test_one_reason_alone_is_none_but_nearly_the_same_words() -> None:
    asked = [(LAMP, Topic.STREET_LIGHTING, MELATI)]
    assert suggestions(asked, [a_candidate(1, HOLE, topic=Topic.STREET_LIGHTING)], limit=5) == []
    assert suggestions(asked, [a_candidate(1, HOLE, MELATI, topic=Topic.ROADS)], limit=5) == []
    assert len(suggestions(asked, [a_candidate(1, LAMP, topic=Topic.ROADS)], limit=5)) == 1


def test_of_several_mentions_the_one_that_fits_best_speaks() -> None:
    asked = [(HOLE, Topic.ROADS, None), (LAMP, Topic.STREET_LIGHTING, MELATI)]
    (found,) = suggestions(asked, [a_candidate(1, LAMP, MELATI)], limit=5)
    assert found.alike.topic
    assert found.alike.likeness > 0.9


def test_no_more_are_named_than_asked_for() -> None:
    some = [a_candidate(number, LAMP, MELATI) for number in range(1, 9)]
    found = suggestions([(LAMP, Topic.STREET_LIGHTING, MELATI)], some, limit=3)
    assert [one.ticket.id for one in found] == [8, 7, 6], "of equals the newest"
