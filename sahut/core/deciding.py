"""What every act on mentions does alike: who may, what is locked, what is written, and which act still stands."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sahut.core import rules
from sahut.core.errors import RefusedError
from sahut.core.model import (
    Actor,
    Decision,
    DecisionDraft,
    DecisionKind,
    DismissReason,
    MentionRecord,
    MentionState,
    Role,
)
from sahut.core.ports import Tx

Pick = tuple[int, int | None]
"""A mention's id and the version that the person saw (None: whatever is there now)."""

STATE_OF: dict[DecisionKind, MentionState] = {
    DecisionKind.DISMISSED: MentionState.DISMISSED,
    DecisionKind.MERGED: MentionState.MERGED,
    DecisionKind.CONVERTED: MentionState.CONVERTED,
    DecisionKind.SNOOZED: MentionState.SNOOZED,
}
"""The state that a decision of a kind gives."""

# Acts of one course follow each other; those of another leave them alone. Untying moves nothing that an act put there.
_COURSE: dict[DecisionKind, str] = {
    **dict.fromkeys(STATE_OF, "state"),
    DecisionKind.ASSIGNED: "hands",
    DecisionKind.CORRECTED: "words",
    DecisionKind.CHECKED: "words",
}
UNDOABLE = frozenset(_COURSE)


def check_may_decide(actor: Actor) -> None:
    """Raise RefusedError for one whose role does not decide."""
    if actor.role not in {Role.ADMIN, Role.TRIAGE}:
        raise RefusedError(f"{actor.name} ({actor.role}) may look, not decide", rule="role")


def take(
    tx: Tx, picks: Sequence[Pick], *, allowed: frozenset[MentionState], copies: bool = True
) -> list[MentionRecord]:
    """Lock the picked mentions and the copies folded behind them, in one order so that two people cannot deadlock."""
    if not picks:
        raise RefusedError("choose at least one mention", rule="nothing_chosen")
    versions = dict(picks)
    tx.mentions.lock(list(versions))
    taken = {record.id: record for record in tx.mentions.all_for_update(versions)}
    for record in taken.values():
        rules.check_decidable(record, allowed=allowed)
    if copies:
        taken = {copy.id: copy for copy in tx.mentions.folded_behind(list(taken))} | taken
    return [taken[i] for i in sorted(taken)]


def write(
    tx: Tx,
    records: Sequence[MentionRecord],
    kind: DecisionKind,
    actor: Actor,
    now: datetime,
    *,
    reason: DismissReason | None = None,
    note: str = "",
    ticket_id: int | None = None,
    details: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Decision]:
    """Append one act; ``details`` by mention. Before the rows change: a decision keeps the version that it met."""
    group = secrets.token_hex(8)
    drafts = [
        DecisionDraft(
            mention_id=record.id,
            kind=kind,
            before=record.state,
            group=group,
            actor=actor,
            at=now,
            reason=reason,
            note=note,
            ticket_id=ticket_id,
            detail=(details or {}).get(record.id, {}),
        )
        for record in records
    ]
    return tx.decisions.add_all(drafts, behind(records))


def behind(records: Sequence[MentionRecord]) -> dict[int, int]:
    """Which of these mentions repeats which."""
    return {record.id: record.first_id for record in records if record.first_id is not None}


def standing(history: Sequence[Decision], kind: DecisionKind) -> Decision | None:
    """The last act that nobody undid, of the course that ``kind`` belongs to. ``history`` is one mention's."""
    undone = {one.undoes for one in history if one.kind is DecisionKind.UNDONE}
    same = [one for one in history if _COURSE.get(one.kind) == _COURSE[kind] and one.id not in undone]
    return same[-1] if same else None


def stands(one: Decision, record: MentionRecord) -> bool:
    """Whether what a decision put there is there still: time, an edit or a new judgement may have moved on."""
    match one.kind:
        case DecisionKind.ASSIGNED | DecisionKind.CHECKED:
            return True
        case DecisionKind.CORRECTED:
            return dict(record.corrected) == dict(one.detail.get("to", {}))
    return record.state is STATE_OF[one.kind]
