"""Decisions on mentions, and tickets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from sahut.core.model import (
    DismissReason,
    Due,
    Kind,
    Outcome,
    Priority,
    Sentiment,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketEvent,
    TicketStatus,
    Topic,
)
from triage_api.fields import Answer, Body, Id, Line, Masked, MaskedMembers, NamedLine, Prose, Time, Version
from triage_api.schemas._example import example
from triage_api.schemas.mentions import DecisionAnswer, MentionAnswer

MOST_PICKS = 200


class PickBody(Body):
    """A mention, and the version that the person saw; null takes whatever is there."""

    id: Id
    version: Version | None = None


Picks = Annotated[list[PickBody], Field(min_length=1, max_length=MOST_PICKS)]


class DismissBody(Body):
    """No ticket is needed, and why. All of the mentions or none."""

    model_config = ConfigDict(
        json_schema_extra=example({"mentions": [{"id": 1, "version": 2}], "reason": "not_ours", "note": "Jalan tol"})
    )

    mentions: Picks
    reason: DismissReason
    note: Prose = ""


class SnoozeBody(Body):
    """Out of the queue until a time ahead, within a year; it comes back by itself."""

    model_config = ConfigDict(json_schema_extra=example({"mentions": [{"id": 1}], "until": "2026-11-25T00:00:00Z"}))

    mentions: Picks
    until: Time


class AssignBody(Body):
    """Who sees to it. ``assignee_id`` 0 and ``unit`` "" take it away, null leaves it; ``unit`` is a code."""

    model_config = ConfigDict(json_schema_extra=example({"mentions": [{"id": 1}], "assignee_id": 1}))

    mentions: Picks
    assignee_id: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    unit: Line | None = None


class CorrectBody(Body):
    """What it is, better than the model said; null leaves a member. Becomes a label for the classifier."""

    model_config = ConfigDict(json_schema_extra=example({"mentions": [{"id": 1}], "kind": "inquiry"}))

    mentions: Picks
    kind: Kind | None = None
    sentiment: Sentiment | None = None
    topic: Topic | None = None


class MergeBody(Body):
    """Add mentions to a ticket that exists."""

    model_config = ConfigDict(json_schema_extra=example({"mentions": [{"id": 2}], "ticket_id": 1}))

    mentions: Picks
    ticket_id: Id


class ConvertBody(Body):
    """One new ticket of one or several mentions; ``unit`` is a code of the policy.

    ``anonymous``: its unit and the public do not learn who reported it. ``confidential``: only those in charge read it.
    """

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "mentions": [{"id": 1}],
                "title": "Lampu jalan padam di Jalan Melati",
                "topic": "street_lighting",
                "place": "Jalan Melati",
                "priority": "high",
            }
        )
    )

    mentions: Picks
    title: NamedLine
    topic: Topic
    description: Prose = ""
    unit: Line = ""
    place: Line = ""
    priority: Priority = Priority.NORMAL
    anonymous: bool = False
    confidential: bool = False

    def draft(self) -> TicketDraft:
        """As the core takes it."""
        return TicketDraft(**self.model_dump(exclude={"mentions"}))


class TicketChangeBody(Body):
    """Members to set; what is left out or null stays. ``assignee_id`` 0 takes the assignment away.

    ``due_at`` moves the deadline, for the ``reason`` that is said with it.
    """

    model_config = ConfigDict(json_schema_extra=example({"status": "in_progress", "assignee_id": 1, "version": 1}))

    title: NamedLine | None = None
    description: Prose | None = None
    topic: Topic | None = None
    unit: Line | None = None
    place: Line | None = None
    priority: Priority | None = None
    status: TicketStatus | None = None
    outcome: Outcome | None = None
    assignee_id: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    due_at: Time | None = None
    reason: Prose = ""
    version: Version | None = None

    def change(self) -> TicketChange:
        """As the core takes it."""
        return TicketChange(**self.model_dump(exclude={"version", "reason"}))


class TicketAnswer(Answer):
    """A formal case. ``tracking_code`` is the citizen's, ``merged_into`` the ticket that it goes on in. Personal data
    in its words are masked. ``due_at`` is by when it is to be answered, null where nothing is promised.

    Sent back as they are, the masks stand for what they hide.
    """

    id: int
    number: str
    tracking_code: str
    title: Masked
    description: Masked
    topic: Topic
    unit: str
    place: Masked
    priority: Priority
    status: TicketStatus
    outcome: Outcome | None
    assignee_id: int | None
    assignee_name: str
    mentions: int
    anonymous: bool
    confidential: bool
    created_at: datetime
    updated_at: datetime
    version: int
    due_at: datetime | None
    merged_into: int | None
    merged_into_number: str

    @classmethod
    def of(cls, ticket: Ticket) -> TicketAnswer:
        """Of one ticket."""
        return cls.model_validate(ticket)


class EventAnswer(Answer):
    """One line of a ticket's history."""

    id: int
    kind: str
    detail: MaskedMembers
    actor: str
    at: datetime

    @classmethod
    def of(cls, event: TicketEvent) -> EventAnswer:
        """Of one event."""
        return cls(id=event.id, kind=event.kind, detail=dict(event.detail), actor=event.actor_name, at=event.at)


class DayOffAnswer(Answer):
    """A day that a deadline skips; ``name`` is the holiday's in Indonesian, empty for one of the agency's own."""

    day: date
    name: str


class DueAnswer(Answer):
    """How many tickets wait for an answer, by how they stand to their deadlines; ``soon`` is until ``soon_until``."""

    overdue: int
    soon: int
    later: int
    none: int
    soon_until: datetime


class TicketDetail(Answer):
    """A ticket with its history, oldest first, and its mentions, two hundred at most.

    ``due`` is how it stands to its deadline, null once it is answered; ``days_off`` are the holidays before that.
    """

    ticket: TicketAnswer
    due: Due | None
    days_off: list[DayOffAnswer]
    history: list[EventAnswer]
    mentions: list[MentionAnswer]


class TicketPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last. ``note`` says what ``q`` cannot find, else ""."""

    items: list[TicketAnswer]
    next: str | None
    note: str = ""


class DecidedAnswer(Answer):
    """A ticket and the decisions that made it or added to it."""

    ticket: TicketAnswer
    decisions: list[DecisionAnswer]
