"""Candidates for a merge in either store: open tickets by group, by place and by topic, each with its newest texts."""

from datetime import timedelta

from sahut.core import actions
from sahut.core.model import (
    Actor,
    Annotation,
    Assessment,
    Change,
    MentionFilter,
    MentionOrder,
    MentionState,
    Nearness,
    Outcome,
    Place,
    PlaceLevel,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketStatus,
    Topic,
    Verdict,
)
from sahut.core.ports import Store
from sahut.core.suggesting import mentions_like, tickets_for, tickets_like
from tests.builders import a_mention, a_source_draft, a_tie, an_actor, an_assessment
from tests.conftest import Clock

LAMP = "Lampu jalan di Jalan Melati padam sejak Senin, gelap sekali"
LAMP_TOO = "Jalan Melati gelap gulita pak. Lampunya mati sudah tiga malam"
HOLE = "Lubang besar menganga di tengah aspal, motor saya masuk"
MELATI = Place(text="Jalan Melati", level=PlaceLevel.SPOT, area="32.73.02", name="Coblong, Kota Bandung, Jawa Barat")


class City:
    """A store with a source, somebody who decides, and mentions with places."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.actor: Actor = an_actor(store)
        with store.begin() as tx:
            self.source_id = tx.sources.add(a_source_draft(), clock()).id

    def mention(self, text: str, place: Place | None = None, topic: Topic = Topic.STREET_LIGHTING) -> int:
        now, said = self.clock(), an_assessment(topic=topic)
        with self.store.begin() as tx:
            tx.mentions.save(self.source_id, [Change(mention=a_mention(text, collected_at=now), text_key="")], now)
            claim = tx.mentions.claim(now=now, until=now + timedelta(minutes=5), limit=10, max_attempts=4)
            assert claim is not None
            (one,) = claim.mentions
            tx.assessments.save(claim, [_verdict(one.id, said, place)], now)
        return one.id

    def ticket(self, mention_id: int, topic: Topic = Topic.STREET_LIGHTING, **over: str) -> Ticket:
        draft = TicketDraft(title="Laporan warga", topic=topic, **over)
        with self.store.begin() as tx:
            return actions.convert(tx, [(mention_id, None)], draft, actor=self.actor, now=self.clock())[0]

    def likely(self, *mention_ids: int) -> list[int]:
        with self.store.read() as tx:
            found = tickets_for(tx, [tx.mentions.get(one) for one in mention_ids], limit=5)
        return [one.ticket.id for one in found]


def _verdict(mention_id: int, said: Assessment, place: Place | None) -> Verdict:
    return Verdict(
        mention_id=mention_id,
        assessment=said,
        state=MentionState.FLAGGED,
        priority=500,
        annotation=Annotation(place=place),
    )


def test_the_open_ticket_of_the_same_place_and_topic_is_suggested_and_says_why(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    meant = city.ticket(city.mention(LAMP, MELATI))
    city.ticket(city.mention(HOLE, None, Topic.ROADS), Topic.ROADS)
    asked = city.mention(LAMP_TOO, MELATI)
    with store.read() as tx:
        (found,) = tickets_for(tx, [tx.mentions.get(asked)], limit=5)
    assert found.ticket.id == meant.id
    assert (found.alike.place, found.alike.topic) == (Nearness.SAME, True)
    assert found.alike.likeness > 0.2


def test_a_ticket_of_another_topic_is_found_by_the_place_of_its_mentions(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    meant = city.ticket(city.mention(LAMP, MELATI), Topic.ELECTRICITY)
    assert city.likely(city.mention(LAMP_TOO, MELATI)) == [meant.id]


def test_the_ticket_that_a_copy_is_in_already_is_found_without_place_and_topic(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    first, copy = city.mention(HOLE, None, Topic.ROADS), city.mention(HOLE + " lagi", None, Topic.OTHER)
    meant = city.ticket(first, Topic.ROADS)
    with store.begin() as tx:
        tx.mentions.tie(a_tie(copy, first), clock())
    assert city.likely(copy) == [meant.id]


def test_closed_and_undone_tickets_are_not_suggested(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    closed, void = (city.ticket(city.mention(LAMP, MELATI)) for _ in range(2))
    with store.begin() as tx:
        change = TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.FIXED)
        tx.tickets.change(closed.id, change, clock())
        tx.tickets.void(void.id, clock())
    assert city.likely(city.mention(LAMP_TOO, MELATI)) == []


def test_a_ticket_is_known_by_its_newest_mentions_and_never_by_one_without_text(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    ticket = city.ticket(city.mention(HOLE, None, Topic.ROADS), Topic.ROADS)
    for number in range(6):
        more = city.mention(f"{HOLE} {number}", None, Topic.ROADS)
        with store.begin() as tx:
            actions.merge(tx, [(more, None)], ticket.id, actor=city.actor, now=clock())
    with store.begin() as tx:
        newest = tx.mentions.get(more).mention
        tx.mentions.withdraw(newest.platform, [newest.native_id], clock())
        (found,) = tx.tickets.candidates(topics=[Topic.ROADS], areas=[], beside=[], limit=5)
    assert sorted(found.bodies) == [f"{HOLE} {number}" for number in range(1, 5)]


def test_a_ticket_finds_another_of_the_same_trouble_and_not_itself(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    one = city.ticket(city.mention(LAMP, MELATI))
    two = city.ticket(city.mention(LAMP_TOO, MELATI))
    with store.read() as tx:
        assert [found.ticket.id for found in tickets_like(tx, two, limit=5)] == [one.id]


def test_mentions_of_the_same_trouble_are_similar_but_copies_and_old_ones_are_not(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    city.mention(LAMP, MELATI)
    clock.forward(days=91)
    told, copy = city.mention(LAMP, MELATI), city.mention(LAMP_TOO, MELATI)
    city.mention(HOLE, MELATI, Topic.ROADS)
    asked = city.mention(LAMP_TOO, MELATI)
    with store.begin() as tx:
        tx.mentions.tie(a_tie(asked, copy), clock())
    with store.read() as tx:
        found = mentions_like(tx, tx.mentions.get(asked), now=clock(), limit=5)
    assert [one.record.id for one in found] == [told]


def test_of_a_topic_the_latest_alone_are_looked_through_where_a_filter_says_so(store: Store, clock: Clock) -> None:
    city = City(store, clock)
    _first, second, third = (city.mention(f"{LAMP} {number}", MELATI) for number in range(3))
    city.mention(HOLE, MELATI, Topic.ROADS)
    where = MentionFilter(topics=[Topic.STREET_LIGHTING], newest=2)
    with store.read() as tx:
        page = tx.mentions.page(where, order=MentionOrder.NEWEST, limit=10)
    assert [one.id for one in page.items] == [third, second]
