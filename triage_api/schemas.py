"""What the API takes and gives, with examples that the tests send and validate. Every post is invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from sahut.core import rules
from sahut.core.model import (
    ApiToken,
    Assessment,
    DeadLetter,
    Decision,
    DecisionKind,
    DismissReason,
    Kind,
    MentionRecord,
    MentionState,
    MentionVersion,
    Outcome,
    Policy,
    Priority,
    Problem,
    Role,
    Sentiment,
    Source,
    SourceCondition,
    SourceDraft,
    SourceState,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketEvent,
    TicketStatus,
    Topic,
    User,
)
from triage_api.auth import LEAST_PASSWORD, Signed
from triage_api.fields import Answer, Body, Id, Line, NamedLine, Prose, Secret, Time, Version

_DAY = 86_400
MOST_PICKS = 200


def _example(*examples: dict[str, Any]) -> dict[str, Any]:
    return {"examples": list(examples)}


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


# --- errors ------------------------------------------------------------------------------------------------------


class ProblemAnswer(Answer):
    """RFC 9457, with the identity of the thing where there is one."""

    model_config = ConfigDict(
        json_schema_extra=_example(
            {
                "type": "urn:sahut:problem:not_found",
                "title": "Not Found",
                "status": 404,
                "detail": "no ticket 99",
                "instance": "/api/v1/tickets/99",
                "kind": "ticket",
                "key": "99",
                "ticket": 99,
            }
        )
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    kind: str | None = None
    key: str | None = None
    source: int | None = None
    mention: int | None = None
    ticket: int | None = None
    expected: int | None = None
    current: int | None = None
    changes: list[dict[str, str]] | None = None
    errors: list[dict[str, str]] | None = None


# --- session, users, tokens --------------------------------------------------------------------------------------


class SignInBody(Body):
    """A user name and password."""

    model_config = ConfigDict(json_schema_extra=_example({"username": "sari", "password": "jalan mulus 2026"}))

    username: NamedLine
    password: Secret


class PasswordBody(Body):
    """A new password of one's own."""

    model_config = ConfigDict(json_schema_extra=_example({"current": "jalan mulus 2026", "new": "lampu taman menyala"}))

    current: Secret
    new: Annotated[str, Field(min_length=LEAST_PASSWORD, max_length=1_000)]


class UserAnswer(Answer):
    """An account, as colleagues see it."""

    model_config = ConfigDict(
        json_schema_extra=_example(
            {"id": 1, "username": "sari", "name": "Sari Contoh", "role": "triage", "active": True}
        )
    )

    id: int
    username: str
    name: str
    role: Role
    active: bool

    @classmethod
    def of(cls, user: User) -> UserAnswer:
        """Without its password."""
        return cls(id=user.id, username=user.username, name=user.name, role=user.role, active=user.active)


class SessionAnswer(Answer):
    """Who is signed in. ``csrf`` goes into X-CSRF-Token on unsafe requests by cookie; None for a token's holder."""

    user: UserAnswer
    must_change: bool
    csrf: str | None

    @classmethod
    def of(cls, signed: Signed) -> SessionAnswer:
        """Of a request's sender."""
        csrf = None if signed.session is None else signed.session.csrf
        return cls(user=UserAnswer.of(signed.user), must_change=signed.user.must_change, csrf=csrf)


class TokenBody(Body):
    """A key for a program, which acts with the role of the account ``user_id``."""

    model_config = ConfigDict(json_schema_extra=_example({"name": "dasbor dinas", "user_id": 1}))

    name: NamedLine
    user_id: Id
    expires_at: Time | None = None


class TokenAnswer(Answer):
    """A program's key, without the key."""

    id: int
    user_id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked: bool

    @classmethod
    def of(cls, token: ApiToken) -> TokenAnswer:
        """Without its hash."""
        return cls.model_validate({name: getattr(token, name) for name in TokenAnswer.model_fields})


class NewTokenAnswer(TokenAnswer):
    """``token`` is shown in the first answer alone; a repeat under the same idempotency key has null."""

    token: str | None


# --- sources -----------------------------------------------------------------------------------------------------


class SourceBody(Body):
    """A place to read. Times in seconds; ``expected_every``: longer without anything new is a warning."""

    model_config = ConfigDict(
        json_schema_extra=_example(
            {
                "platform": "feed",
                "name": "Warta Kota Contoh",
                "address": "https://warta.example/rss.xml",
                "query": "jalan OR lampu",
                "interval": 600,
            }
        )
    )

    platform: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    name: NamedLine
    address: Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^[^\x00-\x20]+$")]
    query: Line = ""
    interval: Annotated[int, Field(ge=60, le=7 * _DAY)] = 600
    expected_every: Annotated[int, Field(ge=60, le=365 * _DAY)] | None = None
    options: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], bool | Line] = Field(
        default_factory=dict, max_length=20
    )

    def draft(self) -> SourceDraft:
        """As the core takes it."""
        every = None if self.expected_every is None else timedelta(seconds=self.expected_every)
        return SourceDraft(
            platform=self.platform,
            name=self.name,
            address=self.address,
            query=self.query,
            interval=timedelta(seconds=self.interval),
            expected_every=every,
            options=self.options,
        )


class SourceChangeBody(SourceBody):
    """All of a source's settings, and the version that they are based on (or If-Match)."""

    model_config = ConfigDict(
        json_schema_extra=_example(
            {
                "platform": "feed",
                "name": "Warta Kota Contoh, halaman kota",
                "address": "https://warta.example/kota/rss.xml",
                "interval": 1800,
                "version": 1,
            }
        )
    )

    version: Version | None = None


class VersionBody(Body):
    """The version that the act is based on; null acts on whatever is there."""

    model_config = ConfigDict(json_schema_extra=_example({}))

    version: Version | None = None


class HealthAnswer(Answer):
    """What happened to a source so far; ``rhythm`` is the usual gap between new mentions, in seconds."""

    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str
    problem: Problem | None
    failures: int
    seen: int
    kept: int
    last_new_at: datetime | None
    rhythm: int | None
    notes: list[str]


class SourceAnswer(Answer):
    """A source with its health, and ``condition``: how it is doing in one word."""

    id: int
    platform: str
    name: str
    address: str
    query: str
    interval: int
    expected_every: int | None
    options: dict[str, Any]
    demo: bool
    state: SourceState
    condition: SourceCondition
    due_at: datetime
    not_before: datetime | None
    health: HealthAnswer
    created_at: datetime
    version: int

    @classmethod
    def of(cls, source: Source, now: datetime, policy: Policy) -> SourceAnswer:
        """At ``now``; without the cursor, which is its collector's own."""
        health = source.health
        return cls(
            id=source.id,
            platform=source.platform,
            name=source.name,
            address=source.address,
            query=source.query,
            interval=round(source.interval.total_seconds()),
            expected_every=_seconds(source.expected_every),
            options=dict(source.options),
            demo=source.demo,
            state=source.state,
            condition=rules.condition(source, now, policy),
            due_at=source.due_at,
            not_before=source.not_before,
            health=HealthAnswer(
                last_success_at=health.last_success_at,
                last_error_at=health.last_error_at,
                last_error=health.last_error,
                problem=health.problem,
                failures=health.failures,
                seen=health.seen,
                kept=health.kept,
                last_new_at=health.last_new_at,
                rhythm=_seconds(health.rhythm),
                notes=list(health.notes),
            ),
            created_at=source.created_at,
            version=source.version,
        )


class SourceList(Answer):
    """Every source that is not removed."""

    items: list[SourceAnswer]


# --- mentions ----------------------------------------------------------------------------------------------------


class AuthorAnswer(Answer):
    """Who wrote it, as the platform shows them."""

    handle: str
    name: str
    url: str
    followers: int | None


class MentionAnswer(Answer):
    """One collected post, comment or article, with what the classifier says of it."""

    id: int
    platform: str
    native_id: str
    source_id: int
    source: str
    title: str
    text: str
    author: AuthorAnswer | None
    permalink: str
    published_at: datetime | None
    collected_at: datetime
    reach: int
    state: MentionState
    kind: Kind | None
    sentiment: Sentiment | None
    topic: Topic | None
    score: float
    urgent: float
    priority: int
    model: str
    first_id: int | None
    folded: bool
    similar: int
    edited: int
    ticket_id: int | None
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, record: MentionRecord) -> MentionAnswer:
        """Without the platform's raw payload."""
        return cls.model_validate(_mention(record))


def _mention(record: MentionRecord) -> dict[str, Any]:
    mention, author = record.mention, record.mention.author
    found = {name: getattr(record, name) for name in MentionAnswer.model_fields if hasattr(record, name)}
    found |= {name: getattr(mention, name) for name in MentionAnswer.model_fields if hasattr(mention, name)}
    found["source"] = record.source_name
    found["author"] = author and {
        "handle": author.handle,
        "name": author.name,
        "url": author.url,
        "followers": author.followers,
    }
    return found


class VersionAnswer(Answer):
    """An earlier wording."""

    number: int
    title: str
    text: str
    seen_at: datetime

    @classmethod
    def of(cls, version: MentionVersion) -> VersionAnswer:
        """Of one edit."""
        return cls(number=version.number, title=version.title, text=version.text, seen_at=version.seen_at)


class AssessmentAnswer(Answer):
    """What one model said, as probabilities."""

    at: datetime
    model: str
    kinds: dict[Kind, float]
    sentiments: dict[Sentiment, float]
    topics: dict[Topic, float]
    urgent: float

    @classmethod
    def of(cls, at: datetime, said: Assessment) -> AssessmentAnswer:
        """Of one judgement."""
        return cls(
            at=at,
            model=said.model,
            kinds=dict(said.kinds),
            sentiments=dict(said.sentiments),
            topics=dict(said.topics),
            urgent=said.urgent,
        )


class DecisionAnswer(Answer):
    """What a person did with one mention; decisions of one act share their ``group``."""

    id: int
    mention_id: int
    kind: DecisionKind
    reason: DismissReason | None
    note: str
    before: MentionState
    ticket_id: int | None
    undoes: int | None
    group: str
    actor: str
    at: datetime

    @classmethod
    def of(cls, decision: Decision) -> DecisionAnswer:
        """Of one decision."""
        found = {name: getattr(decision, name) for name in cls.model_fields if name != "actor"}
        return cls.model_validate(found | {"actor": decision.actor_name})


class DecisionList(Answer):
    """Decisions, in order."""

    items: list[DecisionAnswer]


class MentionDetail(MentionAnswer):
    """A mention with all that came of it; ``copies`` are the mentions tied to it, fifty at most."""

    versions: list[VersionAnswer]
    assessments: list[AssessmentAnswer]
    decisions: list[DecisionAnswer]
    copies: list[MentionAnswer]

    @classmethod
    def full(cls, record: MentionRecord, **more: Any) -> MentionDetail:
        """A record with its histories."""
        return cls.model_validate(_mention(record) | more)


class MentionPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last."""

    items: list[MentionAnswer]
    next: str | None


# --- decisions and tickets ---------------------------------------------------------------------------------------


class PickBody(Body):
    """A mention, and the version that the person saw; null takes whatever is there."""

    id: Id
    version: Version | None = None


Picks = Annotated[list[PickBody], Field(min_length=1, max_length=MOST_PICKS)]


class DismissBody(Body):
    """No ticket is needed, and why. All of the mentions or none."""

    model_config = ConfigDict(
        json_schema_extra=_example({"mentions": [{"id": 1, "version": 2}], "reason": "not_ours", "note": "Jalan tol"})
    )

    mentions: Picks
    reason: DismissReason
    note: Prose = ""


class MergeBody(Body):
    """Add mentions to a ticket that exists."""

    model_config = ConfigDict(json_schema_extra=_example({"mentions": [{"id": 2}], "ticket_id": 1}))

    mentions: Picks
    ticket_id: Id


class ConvertBody(Body):
    """One new ticket of one or several mentions; ``unit`` is a code of the policy."""

    model_config = ConfigDict(
        json_schema_extra=_example(
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

    def draft(self) -> TicketDraft:
        """As the core takes it."""
        return TicketDraft(**self.model_dump(exclude={"mentions"}))


class TicketChangeBody(Body):
    """Members to set; what is left out or null stays. ``assignee_id`` 0 takes the assignment away."""

    model_config = ConfigDict(json_schema_extra=_example({"status": "in_progress", "assignee_id": 1, "version": 1}))

    title: NamedLine | None = None
    description: Prose | None = None
    topic: Topic | None = None
    unit: Line | None = None
    place: Line | None = None
    priority: Priority | None = None
    status: TicketStatus | None = None
    outcome: Outcome | None = None
    assignee_id: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    version: Version | None = None

    def change(self) -> TicketChange:
        """As the core takes it."""
        return TicketChange(**self.model_dump(exclude={"version"}))


class TicketAnswer(Answer):
    """A formal case. ``tracking_code`` is the citizen's."""

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

    @classmethod
    def of(cls, ticket: Ticket) -> TicketAnswer:
        """Of one ticket."""
        return cls.model_validate({name: getattr(ticket, name) for name in TicketAnswer.model_fields})


class EventAnswer(Answer):
    """One line of a ticket's history."""

    id: int
    kind: str
    detail: dict[str, Any]
    actor: str
    at: datetime

    @classmethod
    def of(cls, event: TicketEvent) -> EventAnswer:
        """Of one event."""
        return cls(id=event.id, kind=event.kind, detail=dict(event.detail), actor=event.actor_name, at=event.at)


class TicketDetail(Answer):
    """A ticket with its history, oldest first, and its mentions, two hundred at most."""

    ticket: TicketAnswer
    history: list[EventAnswer]
    mentions: list[MentionAnswer]


class TicketPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last."""

    items: list[TicketAnswer]
    next: str | None


class DecidedAnswer(Answer):
    """A ticket and the decisions that made it or added to it."""

    ticket: TicketAnswer
    decisions: list[DecisionAnswer]


# --- dead letters, policy, health --------------------------------------------------------------------------------


class DeadLetterAnswer(Answer):
    """Something set aside, with its reason."""

    id: int
    stage: str
    reason: str
    source_id: int | None
    mention_id: int | None
    native_id: str
    attempts: int
    at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterAnswer:
        """Without the raw payload."""
        return cls.model_validate({name: getattr(letter, name) for name in cls.model_fields})


class DeadLetterPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last."""

    items: list[DeadLetterAnswer]
    next: int | None


class RetryAnswer(Answer):
    """How many mentions a retried letter brought."""

    brought: int


class UserList(Answer):
    """Accounts by name."""

    items: list[UserAnswer]


class TokenList(Answer):
    """Keys, newest first."""

    items: list[TokenAnswer]


class UnitAnswer(Answer):
    """An office that acts on topics."""

    code: str
    name: str
    topics: list[Topic]


class PolicyAnswer(Answer):
    """What an agency decided as data, as far as programs need it."""

    flagged_kinds: list[Kind]
    threshold: float
    urgent_threshold: float
    topics: list[Topic]
    units: list[UnitAnswer]

    @classmethod
    def of(cls, policy: Policy) -> PolicyAnswer:
        """In a stable order."""
        units = [UnitAnswer(code=u.code, name=u.name, topics=sorted(u.topics)) for u in policy.units]
        return cls(
            flagged_kinds=sorted(policy.flagged_kinds),
            threshold=policy.threshold,
            urgent_threshold=policy.urgent_threshold,
            topics=list(Topic),
            units=units,
        )


class AliveAnswer(Answer):
    """The service answers; ``demo`` tells that invented data is in it."""

    status: str
    demo: bool = False
