"""A ticket that is the same case as another: its mentions move there, its number leads there, and back again.

Only the ticket that is left remembers what it had and where that went, in its history; so a merge can be taken back as
long as nothing else has happened to the ticket that took over. ``merged_into`` always names the ticket where a number
leads in the end, however many were merged one after the other: nobody ever has to follow a chain, and since a ticket
that was left is neither merged nor merged into again, there is no circle to go round in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sahut.core import deciding
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import (
    UNANSWERED_TICKETS,
    Actor,
    AuditAct,
    AuditDraft,
    Ticket,
    TicketChange,
    TicketEvent,
    TicketStatus,
)
from sahut.core.ports import Tx

LEFT, TOOK_OVER = "merged_into", "took_over"
"""What a merge writes into the history of the ticket that is left, and of the one that took over."""
CAME_BACK, GAVE_BACK = "came_back", "gave_back"
_FLAGS = ("anonymous", "confidential")


def merge_tickets(
    tx: Tx, old: tuple[int, int | None], into: tuple[int, int | None], *, actor: Actor, now: datetime
) -> Ticket:
    """Let the ticket ``old`` go on in ``into``, each an id and the version that the person saw; the second one.

    What either reporter was promised holds for both: the second one is anonymous, or confidential, where either was,
    and to be answered by the earlier of their deadlines while both wait for an answer.
    Refused whole when either is stale, when one of them was undone or left already, when ``into`` is closed.
    """
    deciding.check_may_decide(actor)
    if old[0] == into[0]:
        raise RefusedError(f"ticket {old[0]} cannot be merged into itself", rule="ticket_itself")
    # In one order with whatever leads to either, which a merge rewrites too: two people who merge the two into each
    # other, or one that led there into a third, wait for one another, and the second is refused.
    tx.tickets.lock([old[0], into[0]])
    locked = {one: tx.tickets.for_update(one, version=version) for one, version in sorted((old, into))}
    left, kept = locked[old[0]], locked[into[0]]
    for one in (left, kept):
        check_stands(one)
    if kept.status is TicketStatus.CLOSED:
        raise RefusedError(f"ticket {kept.number} is closed; open it again first", rule="ticket_closed")
    moved = tx.mentions.move(left.id, kept.id, None, now)
    carried = tx.tickets.lead(left.id, kept.id, now)
    promised: dict[str, Any] = {
        name: [False, True] for name in _FLAGS if getattr(left, name) and not getattr(kept, name)
    }
    _mark(tx, kept, dict.fromkeys(promised, True), now)
    promised |= _hasten(tx, left, kept, now)
    detail = {"ticket": kept.id, "number": kept.number, "mentions": moved}
    former: dict[str, Any] = {name: getattr(kept, name) for name in _FLAGS}
    if "due_at" in promised:
        former["due_at"] = promised["due_at"][0]
    _write(tx, left, LEFT, {**detail, "status": left.status.value, "carried": carried, "former": former}, actor, now)
    _write(tx, kept, TOOK_OVER, {"ticket": left.id, "number": left.number, "mentions": moved, **promised}, actor, now)
    return tx.tickets.get(kept.id)


def part_tickets(tx: Tx, old_id: int, *, version: int | None, actor: Actor, now: datetime) -> Ticket:
    """Take a merge back: the ticket that was left is as it was, with its mentions, and the other marked as it was.

    Refused once anything else has happened to the ticket that took over.
    """
    deciding.check_may_decide(actor)
    taken = _last_merge(tx, tx.tickets.get(old_id))
    into_id = int(taken.detail["ticket"])
    tx.tickets.lock([old_id, into_id])
    locked = {
        one: tx.tickets.for_update(one, version=version if one == old_id else None) for one in sorted((old_id, into_id))
    }
    left, kept = locked[old_id], locked[into_id]
    _check_last(tx, _last_merge(tx, left), kept)
    moved = tx.mentions.move(kept.id, left.id, taken.detail["mentions"], now)
    tx.tickets.lead_back(left.id, TicketStatus(taken.detail["status"]), taken.detail["carried"], now)
    former = taken.detail.get("former", {})
    freed: dict[str, Any] = {
        name: [True, False] for name in _FLAGS if getattr(kept, name) and not former.get(name, True)
    }
    _mark(tx, kept, dict.fromkeys(freed, False), now)
    if "due_at" in former:
        tx.tickets.promise(kept.id, former["due_at"] and datetime.fromisoformat(former["due_at"]), now)
        freed["due_at"] = [_iso(kept.due_at), former["due_at"]]
    _write(tx, left, CAME_BACK, {"ticket": kept.id, "number": kept.number, "mentions": moved}, actor, now)
    _write(tx, kept, GAVE_BACK, {"ticket": left.id, "number": left.number, "mentions": moved, **freed}, actor, now)
    return tx.tickets.get(left.id)


def can_part(tx: Tx, old_id: int) -> bool:
    """Whether `part_tickets` would take a ticket's merge back, as things stand."""
    try:
        taken = _last_merge(tx, tx.tickets.get(old_id))
        _check_last(tx, taken, tx.tickets.get(int(taken.detail["ticket"])))
    except (NotFoundError, RefusedError):
        return False
    return True


def last_taken_over(events: Sequence[TicketEvent]) -> int | None:
    """The ticket that the one with these events took over last, where nothing has happened since."""
    last = events[-1] if events else None
    return (
        int(last.detail["ticket"]) if last is not None and last.kind == TOOK_OVER and "ticket" in last.detail else None
    )


def check_stands(ticket: Ticket) -> None:
    """Raise RefusedError for a ticket that is none any more: undone, or merged into another."""
    if ticket.status is TicketStatus.VOID:
        raise RefusedError(f"ticket {ticket.number} was undone", rule="ticket_void")
    if ticket.status is TicketStatus.MERGED:
        where = f" into {ticket.merged_into_number}" if ticket.merged_into_number else ""
        raise RefusedError(f"ticket {ticket.number} was merged{where}", rule="ticket_merged")


def _last_merge(tx: Tx, left: Ticket) -> TicketEvent:
    last = next((one for one in reversed(tx.tickets.events(left.id)) if one.kind == LEFT), None)
    if left.status is not TicketStatus.MERGED or last is None:
        raise RefusedError(f"ticket {left.number} is not merged into another", rule="ticket_not_merged")
    return last


def _check_last(tx: Tx, taken: TicketEvent, kept: Ticket) -> None:
    if last_taken_over(tx.tickets.events(kept.id)) != taken.ticket_id:
        raise RefusedError(f"something has happened to ticket {kept.number} since", rule="ticket_moved_on")


def _hasten(tx: Tx, left: Ticket, kept: Ticket, now: datetime) -> dict[str, Any]:
    """Give the ticket that is kept the other one's deadline where that is earlier; from what to what, if so."""
    waiting = left.status in UNANSWERED_TICKETS and kept.status in UNANSWERED_TICKETS
    if not waiting or left.due_at is None or (kept.due_at is not None and kept.due_at <= left.due_at):
        return {}
    tx.tickets.promise(kept.id, left.due_at, now)
    return {"due_at": [_iso(kept.due_at), _iso(left.due_at)]}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _mark(tx: Tx, ticket: Ticket, flags: Mapping[str, bool], now: datetime) -> None:
    if flags:
        change = TicketChange(anonymous=flags.get("anonymous"), confidential=flags.get("confidential"))
        tx.tickets.change(ticket.id, change, now)


def _write(tx: Tx, ticket: Ticket, what: str, detail: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    tx.tickets.add_event(ticket.id, what, detail, actor.name, now)
    said = {"what": what, "number": ticket.number, "other": detail["number"], "mentions": len(detail["mentions"])}
    if changed := {name: detail[name] for name in _FLAGS if name in detail}:
        said["changed"] = changed
    tx.audit.add(AuditDraft(act=AuditAct.TICKET, at=now, actor=actor, kind="ticket", key=str(ticket.id), detail=said))
