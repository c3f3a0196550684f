"""Deadlines in either store: promised once, moved for a reason, found and sorted by."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sahut.core import actions, merging
from sahut.core.deadlines import Deadlines
from sahut.core.errors import RefusedError
from sahut.core.model import (
    AuditFilter,
    DeadlinePolicy,
    Due,
    Outcome,
    Policy,
    Priority,
    Role,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketFilter,
    TicketOrder,
    TicketStatus,
    Topic,
)
from sahut.core.ports import Store
from sahut.workdays import Indonesia
from tests.builders import a_mention, a_source_draft, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import assess, collect

PROMISES = Deadlines(Policy(), Indonesia())
CLOSED: dict[str, Any] = {"status": TicketStatus.CLOSED, "outcome": Outcome.FIXED}
SLOWER = Deadlines(Policy(deadlines=DeadlinePolicy(working_days=20)), Indonesia())


class Office:
    """Somebody who makes tickets of mentions."""

    def __init__(self, store: Store, clock: Clock, role: Role = Role.TRIAGE) -> None:
        self.store, self.clock, self.actor = store, clock, an_actor(store, str(role), role=role)

    def ticket(self, mention_id: int, deadlines: Deadlines = PROMISES, **over: object) -> Ticket:
        draft = TicketDraft(**{"title": f"Tiket {mention_id}", "topic": Topic.ROADS} | over)  # type: ignore[arg-type]
        with self.store.begin() as tx:
            args = {"actor": self.actor, "now": self.clock(), "deadlines": deadlines}
            return actions.convert(tx, [(mention_id, None)], draft, **args)[0]  # type: ignore[arg-type]

    def change(self, ticket: Ticket, reason: str = "", deadlines: Deadlines = PROMISES, **over: object) -> Ticket:
        with self.store.begin() as tx:
            return actions.change_ticket(
                tx,
                ticket.id,
                TicketChange(**over),  # type: ignore[arg-type]
                version=None,
                actor=self.actor,
                now=self.clock(),
                reason=reason,
                deadlines=deadlines,
            )

    def found(self, due: Due | None = None) -> list[int]:
        where = TicketFilter() if due is None else PROMISES.narrowed(TicketFilter(), due, self.clock())
        found: list[int] = []
        with self.store.read() as tx:
            after = None
            while True:
                page = tx.tickets.page(where, order=TicketOrder.DUE, limit=2, after=after)
                found += [one.id for one in page.items]
                after = page.next
                if after is None:
                    break
            assert tx.tickets.count(where, cap=100) == len(found)
        return found


@pytest.fixture
def office(store: Store, clock: Clock) -> Office:
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), clock())
    collect(store, clock, source.id, FakeCollector().page(*(a_mention() for _ in range(6))))
    assess(store, clock)
    return Office(store, clock)


def test_a_promise_is_stored_and_no_later_policy_moves_it(office: Office) -> None:
    made = office.ticket(1)
    # Tuesday 24 November 2026, 10.00 WIB; five working days end on Tuesday 1 December.
    assert made.due_at == datetime.fromisoformat("2026-12-01T16:00+07:00")

    moved = office.change(made, deadlines=SLOWER, unit="pu", status=TicketStatus.FORWARDED, topic=Topic.WASTE)

    assert moved.due_at == made.due_at


def test_a_person_moves_it_for_a_reason_that_the_history_and_the_audit_log_keep(office: Office, store: Store) -> None:
    made = office.ticket(1)
    later = office.clock() + timedelta(days=20)
    for reason, due_at, rule in (
        ("  ", later, "due_reason"),
        ("alat rusak", office.clock(), "due_time"),
        ("alat rusak", office.clock() + timedelta(days=400), "due_time"),
    ):
        with pytest.raises(RefusedError) as caught:
            office.change(made, reason, due_at=due_at)
        assert caught.value.rule == rule
    moved = office.change(made, "alat rusak", due_at=later, status=TicketStatus.IN_PROGRESS)
    assert (moved.due_at, moved.status) == (later, TicketStatus.IN_PROGRESS)
    # Saying again what it is needs no reason and changes nothing.
    assert office.change(moved, due_at=later).due_at == later
    with store.read() as tx:
        kept = [one for one in tx.tickets.events(made.id) if one.kind == "due"]
        audited = [
            one.detail for one in tx.audit.page(AuditFilter(), limit=50).items if one.detail.get("what") == "due"
        ]
    assert [one.detail for one in kept] == [
        {
            "due_at": [made.due_at.isoformat() if made.due_at else None, later.isoformat()],
            "why": "by_hand",
            "reason": "alat rusak",
        }
    ]
    assert audited[0]["changed"] == {"due_at": kept[0].detail["due_at"]}
    assert "alat" not in str(audited)


def test_a_unit_does_not_free_itself_of_its_deadline(office: Office, store: Store, clock: Clock) -> None:
    made = office.ticket(1)
    unit = Office(store, clock, Role.UNIT)
    with pytest.raises(RefusedError) as caught:
        unit.change(made, "sibuk", due_at=clock() + timedelta(days=30))
    assert caught.value.rule == "role"


def test_opened_again_it_is_promised_anew_and_an_answered_one_is_not_moved(office: Office) -> None:
    made = office.ticket(1)
    closed = office.change(made, status=TicketStatus.CLOSED, outcome=Outcome.FIXED)
    with pytest.raises(RefusedError) as caught:
        office.change(closed, "ya", due_at=office.clock() + timedelta(days=3))
    assert caught.value.rule == "due_over"
    office.clock.forward(days=21)
    opened = office.change(closed, status=TicketStatus.IN_PROGRESS)
    assert opened.due_at == datetime.fromisoformat("2026-12-22T16:00+07:00")
    with office.store.read() as tx:
        assert tx.tickets.events(made.id)[-1].detail["why"] == "reopened"


@pytest.mark.parametrize("ended", [{"status": TicketStatus.ANSWERED}, CLOSED], ids=["answered", "closed"])
def test_a_unit_that_opens_its_ticket_again_is_not_promised_more_time_and_others_are(
    office: Office, store: Store, clock: Clock, ended: dict[str, Any]
) -> None:
    made, unit = office.ticket(1), Office(store, clock, Role.UNIT)
    unit.change(made, status=TicketStatus.IN_PROGRESS)
    office.clock.forward(days=21)
    unit.change(made, **ended)
    assert unit.change(made, status=TicketStatus.IN_PROGRESS).due_at == made.due_at
    office.change(made, **ended)
    assert office.change(made, status=TicketStatus.IN_PROGRESS).due_at == datetime.fromisoformat(
        "2026-12-22T16:00+07:00"
    )
    with store.read() as tx:
        assert [one.detail["why"] for one in tx.tickets.events(made.id) if one.kind == "due"] == ["reopened"]


def test_becoming_urgent_hastens_it(office: Office) -> None:
    made = office.ticket(1)
    assert office.change(made, priority=Priority.URGENT).due_at == office.clock() + timedelta(days=1)


def test_tickets_are_found_and_sorted_by_their_deadlines_and_counted_truly(office: Office) -> None:
    later = office.ticket(1, SLOWER)
    near = office.ticket(2, priority=Priority.URGENT)
    late = office.ticket(3, priority=Priority.URGENT)
    with office.store.begin() as tx:
        tx.tickets.promise(late.id, office.clock() - timedelta(minutes=1), office.clock())
        tx.tickets.promise(near.id, office.clock(), office.clock())
    undated = office.ticket(4, Deadlines(Policy(deadlines=DeadlinePolicy(working_days=0)), Indonesia()))
    answered = office.ticket(5)
    office.change(answered, status=TicketStatus.FORWARDED)
    office.change(answered, status=TicketStatus.ANSWERED)

    assert office.found(Due.OVERDUE) == [late.id]
    assert office.found(Due.SOON) == [near.id]
    assert office.found(Due.LATER) == [later.id]
    assert office.found(Due.NONE) == [undated.id]
    assert office.found() == [late.id, near.id, answered.id, later.id, undated.id]


@pytest.mark.parametrize("after", ["x", "WyJ0aWNrZXRzX2R1ZSIsMCw5MjIzMzcyMDM2ODU0Nzc1ODA3LDFd"])
def test_a_page_that_is_none_is_refused(store: Store, after: str) -> None:
    with store.read() as tx, pytest.raises(RefusedError) as caught:
        tx.tickets.page(TicketFilter(), order=TicketOrder.DUE, limit=2, after=after)
    assert caught.value.rule == "page_token"


@pytest.mark.parametrize("dated", [True, False])
def test_of_two_merged_the_earlier_promise_holds_until_they_part(office: Office, store: Store, dated: bool) -> None:
    first = office.ticket(1)
    kept = office.ticket(2, SLOWER)
    with store.begin() as tx:
        if not dated:
            tx.tickets.promise(kept.id, None, office.clock())
    with store.begin() as tx:
        args = {"actor": office.actor, "now": office.clock()}
        into = merging.merge_tickets(tx, (first.id, None), (kept.id, None), **args)  # type: ignore[arg-type]
        assert into.due_at == first.due_at
        merging.part_tickets(tx, first.id, version=None, **args)  # type: ignore[arg-type]
        assert tx.tickets.get(kept.id).due_at == (kept.due_at if dated else None)
        assert tx.tickets.get(first.id).due_at == first.due_at
