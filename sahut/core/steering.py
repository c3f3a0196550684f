"""What people do with mentions beside deciding them: put off, hand on, correct. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sahut.core import deciding
from sahut.core.deciding import Pick
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import (
    Actor,
    Decision,
    DecisionKind,
    Kind,
    MentionRecord,
    MentionState,
    Policy,
    Sentiment,
    Topic,
)
from sahut.core.ports import Tx

LONGEST_SNOOZE = timedelta(days=366)
_WAITING = frozenset({MentionState.FLAGGED, MentionState.SNOOZED})
_UNDECIDED = _WAITING | {MentionState.FILED}
_JUDGED = _UNDECIDED | {MentionState.DISMISSED, MentionState.MERGED, MentionState.CONVERTED}


def snooze(tx: Tx, picks: Sequence[Pick], *, until: datetime, actor: Actor, now: datetime) -> list[Decision]:
    """Out of the queue until a time, with the folded copies; it comes back by itself."""
    deciding.check_may_decide(actor)
    if not now < until <= now + LONGEST_SNOOZE:
        raise RefusedError("a mention is put off until a time ahead, within a year", rule="snooze_time")
    records = deciding.take(tx, picks, allowed=_WAITING)
    details = {record.id: {"until": until.isoformat()} for record in records}
    made = deciding.write(tx, records, DecisionKind.SNOOZED, actor, now, details=details)
    tx.mentions.set_state([r.id for r in records], MentionState.SNOOZED, ticket_id=None, until=until, now=now)
    return made


def assign(
    tx: Tx,
    picks: Sequence[Pick],
    *,
    assignee_id: int | None,
    unit: str | None = None,
    actor: Actor,
    now: datetime,
) -> list[Decision]:
    """Give mentions, with their folded copies, to a person, a unit, or both. 0 and "" take them away, None leaves them.

    Raises NotFoundError for somebody who is no active user.
    """
    deciding.check_may_decide(actor)
    name = ""
    if assignee_id:
        user = tx.accounts.user(assignee_id)
        if not user.active:
            raise NotFoundError("active user", assignee_id)
        name = user.name
    records = deciding.take(tx, picks, allowed=_UNDECIDED)
    to: dict[int, dict[str, Any]] = {}
    for record in records:
        who = (record.assignee_id, record.assignee_name) if assignee_id is None else (assignee_id or None, name)
        to[record.id] = {
            "assignee_id": who[0],
            "assignee": who[1],
            "unit": record.unit if unit is None else unit,
        }
    details = {record.id: {"from": _hands(record), "to": to[record.id]} for record in records}
    made = deciding.write(tx, records, DecisionKind.ASSIGNED, actor, now, details=details)
    _hand(tx, to, now)
    return made


def correct(
    tx: Tx,
    picks: Sequence[Pick],
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    kind: Kind | None = None,
    sentiment: Sentiment | None = None,
    topic: Topic | None = None,
    confirm: bool = False,
    more: Mapping[str, Any] | None = None,
) -> list[Decision]:
    """Say better than the model what mentions are; None leaves a field. Each becomes a label of the mention's wording.

    What says nothing new is left out, unless ``confirm``: then a person's word stands for it too. ``more`` goes into
    the decisions' detail. One that was filed
    and is of a kind that the policy flags comes into the queue: somebody has found it.
    """
    deciding.check_may_decide(actor)
    said = {"kind": kind, "sentiment": sentiment, "topic": topic}
    to: dict[int, dict[str, str]] = {}
    records: list[MentionRecord] = []
    for record in deciding.take(tx, picks, allowed=_JUDGED, copies=False):
        new = {
            name: str(word)
            for name, word in said.items()
            if word is not None and (confirm or word != getattr(record, name))
        }
        if new:
            records.append(record)
            to[record.id] = {**record.corrected, **new}
    if not records:
        raise RefusedError("nothing was corrected: choose another kind, tone or topic", rule="nothing_corrected")
    details = {record.id: {"from": dict(record.corrected), "to": to[record.id], **(more or {})} for record in records}
    made = deciding.write(tx, records, DecisionKind.CORRECTED, actor, now, details=details)
    for record in records:
        _word(tx, record.id, to[record.id], now)
    if kind in policy.flagged_kinds:
        found = [record.id for record in records if record.state is MentionState.FILED]
        if found:
            tx.mentions.set_state(found, MentionState.FLAGGED, ticket_id=None, now=now)
    return made


def take_back(tx: Tx, back: Sequence[tuple[Decision, MentionRecord]], now: datetime) -> None:
    """Put each mention to where it was before its decision; those that return to one state return together."""
    states: dict[MentionState, list[int]] = {}
    hands: dict[int, Mapping[str, Any]] = {}
    for one, record in back:
        match one.kind:
            case DecisionKind.CHECKED:
                continue
            case DecisionKind.ASSIGNED:
                hands[record.id] = one.detail["from"]
            case DecisionKind.CORRECTED:
                _word(tx, record.id, one.detail["from"], now)
                if one.before is MentionState.FILED and record.state is MentionState.FLAGGED:
                    states.setdefault(MentionState.FILED, []).append(record.id)
            case _:
                # What had been put off waits again at once: its time may have passed meanwhile.
                before = MentionState.FLAGGED if one.before is MentionState.SNOOZED else one.before
                states.setdefault(before, []).append(record.id)
    _hand(tx, hands, now)
    for state, mention_ids in states.items():
        tx.mentions.set_state(mention_ids, state, ticket_id=None, now=now)


def _hands(record: MentionRecord) -> dict[str, Any]:
    return {"assignee_id": record.assignee_id, "assignee": record.assignee_name, "unit": record.unit}


def _hand(tx: Tx, to: Mapping[int, Mapping[str, Any]], now: datetime) -> None:
    """Give mentions, by id, to whom each is to go; those that go to the same go together."""
    same: dict[tuple[int | None, str], list[int]] = {}
    for mention_id, whom in to.items():
        same.setdefault((whom["assignee_id"], whom["unit"]), []).append(mention_id)
    for (assignee_id, unit), mention_ids in same.items():
        tx.mentions.assign(mention_ids, assignee_id=assignee_id, unit=unit, now=now)


def _word(tx: Tx, mention_id: int, to: Mapping[str, str], now: datetime) -> None:
    history = tx.assessments.history(mention_id)
    tx.mentions.correct(mention_id, to, history[-1][1] if history else None, now)
