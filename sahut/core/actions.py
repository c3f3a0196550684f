"""What people do. Each action runs inside the caller's transaction and is refused whole or done whole.

Versions make writes safe between two people: an action names the version that its author saw, and a newer row raises
StaleWriteError with what the other person did.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sahut.core import deadlines as promises
from sahut.core import deciding, handling, merging, personal, rules, steering, surroundings
from sahut.core.collecting import save_mentions
from sahut.core.deadlines import NO_DEADLINES, Deadlines
from sahut.core.deciding import Pick
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import (
    Actor,
    AuditAct,
    AuditDraft,
    Batch,
    DeadLetter,
    Decision,
    DecisionDraft,
    DecisionKind,
    DismissReason,
    MentionRecord,
    MentionState,
    Role,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketStatus,
)
from sahut.core.ports import Collector, Tx

# Crockford's base 32 without vowels' look-alikes: readable aloud over a telephone. Ten characters are 50 bits.
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# A filed mention may be converted too: staff find by search what the classifier missed.
_CONVERTIBLE = frozenset({MentionState.FLAGGED, MentionState.SNOOZED, MentionState.FILED})
_DISMISSIBLE = frozenset({MentionState.FLAGGED, MentionState.SNOOZED})
_ASKED = 50
# Once a unit works on a ticket, its mentions stay with it.
_UNDOABLE = frozenset({TicketStatus.NEW, TicketStatus.FORWARDED})
# Fields of a ticket that hold words of a list, and nothing that somebody typed.
_CODES = frozenset(
    {"topic", "unit", "priority", "status", "outcome", "assignee", "anonymous", "confidential", "due_at"}
)


def new_tracking_code() -> str:
    """A code that a citizen can read out and nobody can guess."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(10))


def dismiss(
    tx: Tx, picks: Sequence[Pick], *, reason: DismissReason, note: str, actor: Actor, now: datetime
) -> list[Decision]:
    """No ticket is needed. Takes the folded copies along."""
    deciding.check_may_decide(actor)
    records = deciding.take(tx, picks, allowed=_DISMISSIBLE)
    decisions = deciding.write(tx, records, DecisionKind.DISMISSED, actor, now, reason=reason, note=note)
    tx.mentions.set_state([r.id for r in records], MentionState.DISMISSED, ticket_id=None, now=now)
    return decisions


def convert(
    tx: Tx,
    picks: Sequence[Pick],
    draft: TicketDraft,
    *,
    actor: Actor,
    now: datetime,
    deadlines: Deadlines = NO_DEADLINES,
) -> tuple[Ticket, list[Decision]]:
    """One new ticket of one or several mentions and their folded copies, to be answered as ``deadlines`` promise.

    Where ``draft`` repeats what was masked in a mention, the ticket holds what the mask hides.
    """
    deciding.check_may_decide(actor)
    records = deciding.take(tx, picks, allowed=_CONVERTIBLE)
    titles, texts = ([getattr(record.mention, part) for record in records] for part in ("title", "text"))
    draft = replace(
        draft,
        title=personal.unmask(draft.title, *titles, *texts),
        description=personal.unmask(draft.description, *texts, *titles),
        place=personal.unmask(draft.place, *texts, *titles),
    )
    due_at = deadlines.due(topic=draft.topic, unit=draft.unit, priority=draft.priority, at=now)
    ticket = tx.tickets.create(draft, tracking_code=new_tracking_code(), now=now, due_at=due_at)
    decisions = deciding.write(tx, records, DecisionKind.CONVERTED, actor, now, ticket_id=ticket.id)
    tx.mentions.set_state([r.id for r in records], MentionState.CONVERTED, ticket_id=ticket.id, now=now)
    tx.tickets.add_event(ticket.id, "created", {"mentions": [r.id for r in records]}, actor.name, now)
    _note(tx, ticket, "created", actor, now)
    # Copies speak for others: only what was chosen is a conversation of ours.
    surroundings.look_after(tx, [mention_id for mention_id, _ in picks], now)
    return tx.tickets.get(ticket.id), decisions


def merge(
    tx: Tx, picks: Sequence[Pick], ticket_id: int, *, actor: Actor, now: datetime
) -> tuple[Ticket, list[Decision]]:
    """Add mentions to a ticket that exists, or to the one that it goes on in. Refused for a ticket that was undone."""
    deciding.check_may_decide(actor)
    ticket = tx.tickets.for_update(tx.tickets.get(ticket_id).merged_into or ticket_id)
    ticket_id = ticket.id
    merging.check_stands(ticket)
    records = deciding.take(tx, picks, allowed=_CONVERTIBLE)
    decisions = deciding.write(tx, records, DecisionKind.MERGED, actor, now, ticket_id=ticket_id)
    tx.mentions.set_state([r.id for r in records], MentionState.MERGED, ticket_id=ticket_id, now=now)
    tx.tickets.add_event(ticket_id, "merged", {"mentions": [r.id for r in records]}, actor.name, now)
    _note(tx, ticket, "merged", actor, now)
    # Its writer may say more on it, as one whose mention opened the ticket may.
    surroundings.look_after(tx, [mention_id for mention_id, _ in picks], now)
    return tx.tickets.get(ticket_id), decisions


def undo(tx: Tx, decision_id: int, *, actor: Actor, now: datetime) -> list[Decision]:
    """Take back one act, with everything that it decided. The act's mentions return to where they were.

    A mention that time or an edit has moved on since stays where that put it. Refused when a later act of the same
    course (state, hands, words) stands on one of the mentions, when none is left to return, or when a unit already
    works on the ticket.
    """
    deciding.check_may_decide(actor)
    decision = tx.decisions.get(decision_id)
    if decision.kind not in deciding.UNDOABLE:
        raise RefusedError(f"decision {decision_id} ({decision.kind}) cannot be undone", rule="not_undoable")
    act = {one.mention_id: one for one in tx.decisions.of_group(decision.group)}
    ticket = None if decision.ticket_id is None else tx.tickets.for_update(decision.ticket_id)
    _check_idle(ticket)
    tx.mentions.lock(list(act))
    records = tx.mentions.all_for_update(dict.fromkeys(act))
    _check_latest(tx, [act[record.id] for record in records])
    back = [(act[record.id], record) for record in records if deciding.stands(act[record.id], record)]
    if not back:
        raise RefusedError(f"decision {decision_id} is over: time or an edit has moved on", rule="judged_since")
    group = secrets.token_hex(8)
    drafts = [
        DecisionDraft(
            mention_id=record.id,
            kind=DecisionKind.UNDONE,
            before=record.state,
            group=group,
            actor=actor,
            at=now,
            ticket_id=one.ticket_id,
            undoes=one.id,
        )
        for one, record in back
    ]
    undone = tx.decisions.add_all(drafts, deciding.behind([record for _, record in back]))
    steering.take_back(tx, back, now)
    if ticket is not None:
        kind = "unmerged" if tx.tickets.get(ticket.id).mentions else "void"
        tx.tickets.add_event(ticket.id, kind, {"mentions": [d.mention_id for d in undone]}, actor.name, now)
        _note(tx, ticket, kind, actor, now)
        if kind == "void":
            tx.tickets.void(ticket.id, now)
    return undone


def can_undo(tx: Tx, decision: Decision) -> bool:
    """Whether `undo` would take this act back, as things stand: by the first fifty mentions of an act on more."""
    if decision.kind not in deciding.UNDOABLE:
        return False
    try:
        _check_idle(None if decision.ticket_id is None else tx.tickets.get(decision.ticket_id))
        # Of a crowd the first ones answer for all: pages ask this of every act that they show.
        act = tx.decisions.of_group(decision.group, _ASKED)
        _check_latest(tx, act)
    except RefusedError:
        return False
    return any(deciding.stands(one, tx.mentions.get(one.mention_id)) for one in act)


def _check_idle(ticket: Ticket | None) -> None:
    if ticket is not None and ticket.status is TicketStatus.MERGED:
        merging.check_stands(ticket)
    if ticket is not None and ticket.status not in _UNDOABLE:
        raise RefusedError(f"ticket {ticket.number} is {ticket.status}: work has begun", rule="work_begun")


def _check_latest(tx: Tx, act: Sequence[Decision]) -> None:
    beside = tx.decisions.beside(sorted(act, key=lambda one: one.id))
    for one in act:
        # What was before it is neither later nor an undo of it.
        history = sorted([one, *beside.get(one.mention_id, ())], key=lambda each: each.id)
        latest = deciding.standing(history, one.kind)
        if latest is None or latest.id != one.id:
            by = (latest or history[-1]).actor_name
            said = f"mention {one.mention_id} was decided again by {by}; undo that first"
            raise RefusedError(said, rule="decided_since")


def untie(tx: Tx, mention_id: int, version: int | None, *, actor: Actor, now: datetime) -> MentionRecord:
    """Not the same after all: the mention stands for itself in the queue again."""
    deciding.check_may_decide(actor)
    tx.mentions.lock([mention_id])
    record = tx.mentions.for_update(mention_id, version=version)
    if record.first_id is None:
        raise RefusedError(f"mention {mention_id} is not tied to another", rule="not_tied")
    deciding.write(tx, [record], DecisionKind.UNTIED, actor, now, note=f"from mention {record.first_id}")
    tx.mentions.untie(mention_id, now)
    return tx.mentions.get(mention_id)


def change_ticket(
    tx: Tx,
    ticket_id: int,
    change: TicketChange,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
    deadlines: Deadlines = NO_DEADLINES,
) -> Ticket:
    """Assign, move along, correct. The history says which fields changed, from what to what.

    A deadline moves for a ``reason``, or by itself where ``deadlines`` say so, and the history says which.

    Where ``change`` repeats what was masked in the ticket, the ticket keeps what the mask hides.
    """
    before = tx.tickets.for_update(ticket_id, version=version)
    change = replace(
        change,
        title=_meant(change.title, before, before.title),
        description=_meant(change.description, before, before.description),
        place=_meant(change.place, before, before.place),
    )
    handling.check_may_handle(actor.role, before, change)
    rules.check_ticket_change(before, change)
    promises.check_moved(before, change.due_at, reason, now)
    why, change = _with_deadline(before, change, deadlines, actor.role, now)
    if change.assignee_id:
        assignee = tx.accounts.user(change.assignee_id)
        # A unit officer is told of colleagues of their own units alone; of others not even that they exist.
        mine = actor.role is not Role.UNIT or assignee.id in {
            before.assignee_id,
            *(one.id for one in tx.accounts.users()),
        }
        if not assignee.active or not mine:
            raise NotFoundError("active user", change.assignee_id)
        handling.check_assignee(assignee, before.unit if change.unit is None else change.unit)
    after = tx.tickets.change(ticket_id, change, now)
    detail: dict[str, Any] = {}
    for field in fields(TicketChange):
        if field.name == "due_at":
            continue
        name = "assignee_name" if field.name == "assignee_id" else field.name
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            detail[name.removesuffix("_name")] = [old, new]
    if detail:
        tx.tickets.add_event(ticket_id, "changed", detail, actor.name, now)
        _note(tx, after, "changed", actor, now, detail)
    if after.due_at != before.due_at:
        moved = {"due_at": [_iso(before.due_at), _iso(after.due_at)]}
        said = reason.strip() if why == promises.BY_HAND else ""
        tx.tickets.add_event(ticket_id, "due", {**moved, "why": why, "reason": said}, actor.name, now)
        _note(tx, after, "due", actor, now, moved)
    return after


def _with_deadline(
    before: Ticket, change: TicketChange, deadlines: Deadlines, role: Role, now: datetime
) -> tuple[str, TicketChange]:
    """Why the deadline moves, if it does, and the change with the one that it moves to: a person's word comes first.

    A unit that opens a ticket again keeps the old one: closing and opening would free it of what was promised.
    """
    if change.due_at is not None and change.due_at != before.due_at:
        return promises.BY_HAND, change
    renewed = deadlines.renewed(before, change, now)
    if renewed is None or (role is Role.UNIT and renewed[1] == promises.REOPENED):
        return promises.BY_HAND, change
    due_at, why = renewed
    return why, replace(change, due_at=due_at)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _meant(said: str | None, before: Ticket, first: str) -> str | None:
    return None if said is None else personal.unmask(said, first, before.description, before.title, before.place)


def _note(
    tx: Tx, ticket: Ticket, what: str, actor: Actor, now: datetime, changed: Mapping[str, list[Any]] | None = None
) -> None:
    """Into the audit log. Of what people typed only the field's name: it may name a citizen."""
    said: dict[str, Any] = {"what": what, "number": ticket.number}
    if changed:
        said["changed"] = {name: pair if name in _CODES else [] for name, pair in changed.items()}
    tx.audit.add(AuditDraft(act=AuditAct.TICKET, at=now, actor=actor, kind="ticket", key=str(ticket.id), detail=said))


def retry_dead_letter(tx: Tx, letter: DeadLetter, collector: Collector | None, *, now: datetime) -> int:
    """Try a dead letter again; the number of mentions that it brought. ValueError says why it still fails.

    A held mention goes back to the classifier; a collected item is read again by its ``collector``.
    """
    if letter.mention_id is not None:
        # Somebody else may have retried it first: where it has gone since, it stays.
        held = tx.mentions.for_update(letter.mention_id).state is MentionState.HELD
        if held:
            tx.mentions.set_state([letter.mention_id], MentionState.COLLECTED, ticket_id=None, now=now)
        tx.dead_letters.drop(letter.id)
        return int(held)
    if collector is None or letter.source_id is None:
        raise ValueError(f"dead letter {letter.id} has neither a mention nor a source")
    source = tx.sources.get(letter.source_id)
    mention = collector.revive(source, letter.raw, now=now)
    new, _ = save_mentions(tx, source.id, Batch(mentions=[mention], seen=1), now)
    tx.dead_letters.drop(letter.id)
    return new
