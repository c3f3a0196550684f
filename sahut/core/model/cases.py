"""What people do: decisions on mentions, and the tickets that come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sahut.core.model.words import (
    DecisionKind,
    DismissReason,
    MentionState,
    Outcome,
    Priority,
    Role,
    TicketStatus,
    Topic,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a signed-in person, or a program by its token (then ``token_id`` is set too).

    ``address`` is where the request came from, for the audit log.
    """

    user_id: int
    name: str
    role: Role
    token_id: int | None = None
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One act of a person on one mention. Append-only: an undo is a further decision that names the first.

    ``before`` is the mention's state before it, what an undo restores. ``group`` ties the decisions of one act on
    several mentions (a conversion of three, a dismissal with its folded copies). ``detail`` is what it changed beside
    the state: ``until`` of a snooze, ``from`` and ``to`` of an assignment (``assignee_id``, ``assignee``, ``unit``) or
    of a correction (``kind``, ``sentiment``, ``topic``, each where a person has said it).
    """

    id: int
    mention_id: int
    kind: DecisionKind
    reason: DismissReason | None
    note: str
    before: MentionState
    ticket_id: int | None
    undoes: int | None
    group: str
    actor_name: str
    at: datetime
    actor_id: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDraft:
    """A decision before it is written."""

    mention_id: int
    kind: DecisionKind
    before: MentionState
    group: str
    actor: Actor
    at: datetime
    reason: DismissReason | None = None
    note: str = ""
    ticket_id: int | None = None
    undoes: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """What a person fills in to convert mentions into a ticket. ``unit`` is a unit's code from the policy.

    ``anonymous`` and ``confidential`` are SP4N-LAPOR!'s anonim and rahasia: see `Discretion`.
    """

    title: str
    topic: Topic
    description: str = ""
    unit: str = ""
    place: str = ""
    priority: Priority = Priority.NORMAL
    anonymous: bool = False
    confidential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discretion:
    """What is asked for a ticket's reporter: ``anonymous``, the unit and the public do not learn who it is.

    ``confidential``: what was reported is shown to those in charge alone (`sahut.core.discretion` says who).
    """

    anonymous: bool = False
    confidential: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The formal case. ``number`` is for staff (``2026-000123``), ``tracking_code`` is the citizen's: unguessable.

    ``merged_into`` is the ticket that it goes on in, where its number leads to; None for one that stands for itself.
    ``due_at`` is by when it is to be answered, as it was promised; None where nothing was.
    """

    id: int
    number: str
    tracking_code: str
    title: str
    description: str
    topic: Topic
    unit: str
    place: str
    priority: Priority
    status: TicketStatus
    outcome: Outcome | None
    assignee_id: int | None
    assignee_name: str
    mentions: int
    created_at: datetime
    updated_at: datetime
    version: int
    merged_into: int | None = None
    merged_into_number: str = ""
    anonymous: bool = False
    confidential: bool = False
    due_at: datetime | None = None

    @property
    def discretion(self) -> Discretion:
        """What is asked for its reporter."""
        return Discretion(anonymous=self.anonymous, confidential=self.confidential, unit=self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """Fields of a ticket to set; None leaves a field as it is. ``assignee_id`` 0 takes the assignment away."""

    title: str | None = None
    description: str | None = None
    topic: Topic | None = None
    unit: str | None = None
    place: str | None = None
    priority: Priority | None = None
    status: TicketStatus | None = None
    outcome: Outcome | None = None
    assignee_id: int | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent:
    """One line of a ticket's history. Append-only.

    ``kind``: created, merged, changed, unmerged, void, note; due (``due_at`` from and to, ``why``, ``reason``); of
    whole tickets merged_into and took_over, and, where that was taken back, came_back and gave_back.
    """

    id: int
    ticket_id: int
    kind: str
    detail: Mapping[str, Any]
    actor_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets to list; empty fields do not filter.

    ``search`` finds a ticket by the numbers of those that were merged into it too, of ``former_units`` alone if given.
    ``not_confidential``: the words of a confidential one do not find it; its numbers do.
    ``due_from`` and ``due_until`` take their own moment in, ``due_after`` and ``due_before`` do not; ``dated`` is
    whether there is a deadline at all. ``unanswered``: what has still to keep it.
    """

    statuses: Sequence[TicketStatus] = ()
    topics: Sequence[Topic] = ()
    units: Sequence[str] = ()
    assignee_id: int | None = None
    search: str = ""
    former_units: Sequence[str] = ()
    not_confidential: bool = False
    unanswered: bool = False
    dated: bool | None = None
    due_from: datetime | None = None
    due_after: datetime | None = None
    due_until: datetime | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that could not be worked on, kept with its reason until it is retried or dropped.

    ``stage`` is ``collect`` (``raw`` is the platform's item, ``source_id`` its source) or ``assess``
    (``mention_id`` is a mention in state ``held``).
    """

    id: int
    stage: str
    reason: str
    source_id: int | None
    mention_id: int | None
    native_id: str
    raw: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    at: datetime
