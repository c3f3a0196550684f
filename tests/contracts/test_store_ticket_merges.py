"""A ticket that goes on in another, in either store: moved whole, led on, taken back, refused in a circle."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from sahut.core import actions, merging
from sahut.core.errors import BusyError, NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import (
    Actor,
    AuditFilter,
    MentionFilter,
    MentionOrder,
    Outcome,
    Role,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketFilter,
    TicketStatus,
    Topic,
)
from sahut.core.ports import Store
from sahut.core.scope import UnitStore
from storage.store import SqlStore
from tests.builders import a_user
from tests.conftest import Clock
from tests.contracts.test_store_suggestions import City


class Office(City):
    """A city whose office merges its tickets."""

    def opened(self, mentions: int = 1, unit: str = "pu") -> Ticket:
        ids = [self.mention(f"Lubang besar di tengah jalan nomor {self.clock().second} {n}") for n in range(mentions)]
        draft = TicketDraft(title="Lubang", topic=Topic.ROADS, unit=unit)
        with self.store.begin() as tx:
            return actions.convert(tx, [(one, None) for one in ids], draft, actor=self.actor, now=self.clock())[0]

    def merge(self, old: Ticket, into: Ticket) -> Ticket:
        with self.store.begin() as tx:
            return merging.merge_tickets(
                tx, (old.id, old.version), (into.id, into.version), actor=self.actor, now=self.clock()
            )

    def part(self, old: Ticket, version: int | None = None) -> Ticket:
        with self.store.begin() as tx:
            return merging.part_tickets(tx, old.id, version=version, actor=self.actor, now=self.clock())

    def now(self, ticket: Ticket) -> Ticket:
        with self.store.read() as tx:
            return tx.tickets.get(ticket.id)

    def mentions(self, ticket: Ticket) -> list[int]:
        with self.store.read() as tx:
            page = tx.mentions.page(MentionFilter(ticket_id=ticket.id), order=MentionOrder.NEWEST, limit=100)
        return sorted(one.id for one in page.items)

    def kinds(self, ticket: Ticket) -> list[str]:
        with self.store.read() as tx:
            return [one.kind for one in tx.tickets.events(ticket.id)]

    def found(self, search: str, units: Sequence[str] = ()) -> list[int]:
        store: Store = UnitStore(self.store, units) if units else self.store
        with store.read() as tx:
            page = tx.tickets.page(TicketFilter(search=search, statuses=(TicketStatus.NEW,)), limit=10)
        return [one.id for one in page.items]


@pytest.fixture
def office(store: Store, clock: Clock) -> Office:
    return Office(store, clock)


def test_the_mentions_move_and_the_old_number_leads_to_the_ticket_that_took_over(office: Office) -> None:
    old, into = office.opened(2), office.opened(1)
    moved = office.mentions(old)
    versions = {}
    with office.store.read() as tx:
        versions = {one: tx.mentions.get(one).version for one in moved}
    kept = office.merge(old, into)
    assert (kept.id, kept.mentions, kept.status) == (into.id, 3, TicketStatus.NEW)
    left = office.now(old)
    assert (left.status, left.merged_into, left.merged_into_number) == (TicketStatus.MERGED, into.id, into.number)
    assert office.mentions(old) == []
    assert set(moved) < set(office.mentions(into))
    assert office.found(old.number) == office.found(old.tracking_code) == [into.id]
    with office.store.read() as tx:
        assert all(tx.mentions.get(one).version == versions[one] + 1 for one in moved)


def test_both_histories_and_the_audit_log_tell_of_it(office: Office) -> None:
    old, into = office.opened(), office.opened()
    office.merge(old, into)
    assert office.kinds(old)[-1] == merging.LEFT
    assert office.kinds(into)[-1] == merging.TOOK_OVER
    with office.store.read() as tx:
        told = tx.tickets.events(old.id)[-1].detail
        assert (told["number"], told["mentions"], told["status"]) == (into.number, office.mentions(into)[:1], "new")
        noted = [
            (one.key, one.detail["what"], one.detail["other"]) for one in tx.audit.page(AuditFilter(), limit=2).items
        ]
    assert sorted(noted) == sorted(
        [(str(old.id), merging.LEFT, into.number), (str(into.id), merging.TOOK_OVER, old.number)]
    )


def test_it_is_taken_back_as_it_was(office: Office) -> None:
    old, into = office.opened(2), office.opened()
    with office.store.begin() as tx:
        change = TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.NO_ACTION)
        old = actions.change_ticket(tx, old.id, change, version=None, actor=office.actor, now=office.clock())
    moved, own = office.mentions(old), office.mentions(into)
    office.merge(old, into)
    back = office.part(old)
    assert (back.status, back.outcome, back.merged_into, back.mentions) == (
        TicketStatus.CLOSED,
        Outcome.NO_ACTION,
        None,
        2,
    )
    assert (office.mentions(old), office.mentions(into)) == (moved, own)
    assert office.kinds(old)[-1] == merging.CAME_BACK
    assert office.kinds(into)[-1] == merging.GAVE_BACK
    assert office.found(old.number) == []
    with pytest.raises(RefusedError) as caught:
        office.part(old)
    assert caught.value.rule == "ticket_not_merged"


def test_once_something_else_has_happened_it_is_not_taken_back(office: Office) -> None:
    old, into = office.opened(), office.opened()
    office.merge(old, into)
    with office.store.begin() as tx:
        change = TicketChange(status=TicketStatus.IN_PROGRESS)
        actions.change_ticket(tx, into.id, change, version=None, actor=office.actor, now=office.clock())
        assert not merging.can_part(tx, old.id)
    with pytest.raises(RefusedError) as caught:
        office.part(old)
    assert caught.value.rule == "ticket_moved_on"


def test_the_last_of_several_merges_is_taken_back_first(office: Office) -> None:
    one, two, into = office.opened(), office.opened(), office.opened()
    office.merge(one, into)
    office.merge(two, office.now(into))
    with pytest.raises(RefusedError):
        office.part(one)
    office.part(two)
    with pytest.raises(RefusedError):
        office.part(one)  # the parting of the other has happened since


def test_two_tickets_are_not_merged_into_each_other(office: Office) -> None:
    one, two = office.opened(), office.opened()
    office.merge(one, two)
    with pytest.raises(RefusedError) as caught:
        office.merge(office.now(two), office.now(one))
    assert caught.value.rule == "ticket_merged"
    with pytest.raises(RefusedError) as caught:
        office.merge(two, two)
    assert caught.value.rule == "ticket_itself"


def test_of_a_chain_every_number_leads_to_the_end_and_back_to_where_it_led(office: Office) -> None:
    first, second, third = office.opened(), office.opened(), office.opened()
    office.merge(first, second)
    office.merge(office.now(second), third)
    assert office.now(first).merged_into == office.now(second).merged_into == third.id
    assert office.now(third).mentions == 3
    assert office.found(first.number) == [third.id]
    office.part(second)
    assert office.now(first).merged_into == second.id
    assert (office.now(second).mentions, office.now(third).mentions) == (2, 1)


@pytest.mark.parametrize("stale", ["old", "into"])
def test_either_one_stale_refuses_both_and_says_what_the_other_did(office: Office, stale: str) -> None:
    old, into = office.opened(), office.opened()
    touched = old if stale == "old" else into
    with office.store.begin() as tx:
        change = TicketChange(place="Jalan Kenanga")
        actions.change_ticket(tx, touched.id, change, version=None, actor=office.actor, now=office.clock())
    with pytest.raises(StaleWriteError) as caught:
        office.merge(old, into)
    assert (caught.value.key, caught.value.changes[0]["what"]) == (touched.id, "place")
    assert office.now(old).status is office.now(into).status is TicketStatus.NEW
    assert len(office.mentions(old)) == 1


def test_undone_and_closed_tickets_take_nothing_over(office: Office) -> None:
    old, void, closed = office.opened(), office.opened(), office.opened()
    with office.store.begin() as tx:
        tx.tickets.void(void.id, office.clock())
        tx.tickets.change(closed.id, TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.FIXED), office.clock())
    for into, rule in ((void, "ticket_void"), (closed, "ticket_closed")):
        with pytest.raises(RefusedError) as caught:
            office.merge(old, office.now(into))
        assert caught.value.rule == rule


def test_what_is_merged_changes_no_more_and_mentions_that_are_sent_to_it_arrive_where_it_leads(office: Office) -> None:
    old, into = office.opened(), office.opened()
    office.merge(old, into)
    change = TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.FIXED)
    with office.store.begin() as tx, pytest.raises(RefusedError) as caught:
        actions.change_ticket(tx, old.id, change, version=None, actor=office.actor, now=office.clock())
    assert caught.value.rule == "ticket_merged"
    another = office.mention("Lubang itu makin dalam")
    with office.store.begin() as tx:
        ticket, _ = actions.merge(tx, [(another, None)], old.id, actor=office.actor, now=office.clock())
    assert ticket.id == into.id


def test_a_decision_of_a_merged_ticket_is_undone_only_after_the_merge_is(office: Office) -> None:
    old, into = office.opened(), office.opened()
    office.merge(old, into)
    with office.store.begin() as tx:
        (decision,) = tx.decisions.of_mention(office.mentions(into)[0])
    with office.store.begin() as tx, pytest.raises(RefusedError) as caught:
        actions.undo(tx, decision.id, actor=office.actor, now=office.clock())
    assert caught.value.rule == "ticket_merged"
    office.part(old)
    with office.store.begin() as tx:
        assert len(actions.undo(tx, decision.id, actor=office.actor, now=office.clock())) == 1


def test_who_does_not_decide_merges_nothing(office: Office) -> None:
    old, into = office.opened(), office.opened()
    user = a_user(office.store, "tono", role=Role.UNIT)
    with office.store.begin() as tx, pytest.raises(RefusedError) as caught:
        merging.merge_tickets(
            tx,
            (old.id, None),
            (into.id, None),
            actor=Actor(user_id=user.id, name="Tono", role=Role.UNIT),
            now=office.clock(),
        )
    assert caught.value.rule == "role"


def test_a_unit_officer_learns_nothing_of_another_units_ticket_by_a_merge(office: Office) -> None:
    ours, theirs = office.opened(unit="pu"), office.opened(unit="dlh")
    office.merge(ours, theirs)
    with UnitStore(office.store, ["pu"]).read() as tx:
        left = tx.tickets.get(ours.id)
        told = tx.tickets.events(ours.id)[-1].detail
    assert (left.status, left.merged_into, left.merged_into_number) == (TicketStatus.MERGED, None, "")
    assert not {"ticket", "number", "carried"} & told.keys()
    with UnitStore(office.store, ["dlh"]).read() as tx:
        assert "number" not in tx.tickets.events(theirs.id)[-1].detail
        with pytest.raises(NotFoundError):
            tx.tickets.get(ours.id)
    assert office.found(ours.number, ["dlh"]) == []
    assert office.found(ours.number, ["dlh", "pu"]) == [theirs.id]


def test_a_merge_within_the_unit_is_told_whole(office: Office) -> None:
    one, two = office.opened(), office.opened()
    office.merge(one, two)
    with UnitStore(office.store, ["pu"]).read() as tx:
        assert tx.tickets.get(one.id).merged_into_number == two.number
        assert tx.tickets.events(two.id)[-1].detail["number"] == one.number


@pytest.mark.postgres
def test_a_merge_and_one_of_a_ticket_that_leads_there_do_not_wait_for_each_other_in_a_circle(
    postgres_store: SqlStore, clock: Clock
) -> None:
    office = Office(postgres_store, clock)
    first, middle, last = (office.opened() for _ in range(3))
    # The first one leads to the middle one, which is merged into the last: that rewrites all three.
    office.merge(first, middle)
    found: list[Ticket] = []
    other = threading.Thread(target=lambda: found.append(office.merge(office.now(middle), office.now(last))))
    with postgres_store.begin() as tx:
        # Somebody else at the same moment, in the order of ids: the first one, then the middle one.
        tx.tickets.for_update(first.id)
        other.start()
        wait_for_a_lock(postgres_store)
        tx.tickets.for_update(middle.id)
    other.join(30)
    assert [one.id for one in found] == [last.id]
    assert office.now(first).merged_into == office.now(middle).merged_into == last.id


@pytest.mark.postgres
def test_taking_a_merge_back_locks_what_leads_there_in_the_same_order(postgres_store: SqlStore, clock: Clock) -> None:
    office = Office(postgres_store, clock)
    first, middle, last = (office.opened() for _ in range(3))
    office.merge(first, middle)
    office.merge(office.now(middle), office.now(last))
    found: list[Ticket] = []
    other = threading.Thread(target=lambda: found.append(office.part(middle)))
    with postgres_store.begin() as tx:
        tx.tickets.for_update(first.id)
        other.start()
        wait_for_a_lock(postgres_store)
        tx.tickets.for_update(middle.id)
    other.join(30)
    assert [one.id for one in found] == [middle.id]
    assert office.now(first).merged_into == middle.id


@pytest.mark.postgres
def test_what_the_database_gives_up_for_anothers_sake_is_said_and_has_not_happened(
    postgres_store: SqlStore, clock: Clock
) -> None:
    office = Office(postgres_store, clock)
    first, second = office.opened(), office.opened()
    both = threading.Barrier(2)
    ends: list[str] = []

    def lock(one: Ticket, two: Ticket) -> None:
        try:
            with postgres_store.begin() as tx:
                tx.tickets.change(one.id, TicketChange(title=f"Diubah lewat {one.id}"), clock())
                both.wait(30)
                tx.tickets.change(two.id, TicketChange(title=f"Diubah lewat {one.id}"), clock())
            ends.append("done")
        except BusyError:
            ends.append("given up")

    threads = [threading.Thread(target=lock, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ends) == ["done", "given up"]
    assert office.now(first).title == office.now(second).title


def wait_for_a_lock(store: SqlStore) -> None:
    """Until somebody waits for a lock of this database."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with store._engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.01)
    pytest.fail("nobody waited for a lock")
