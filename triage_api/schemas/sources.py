"""Sources with their health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from sahut.core import rules
from sahut.core.model import (
    Currency,
    Estimate,
    Gap,
    Mention,
    Period,
    Policy,
    Probe,
    Problem,
    Source,
    SourceCondition,
    SourceDay,
    SourceDraft,
    SourceState,
)
from triage_api import addresses
from triage_api.fields import Answer, Body, Line, Masked, NamedLine, Version
from triage_api.schemas._example import example

_DAY = 86_400
MOST_SHOWN = 50


class SourceBody(Body):
    """A place to read. Times in seconds; ``expected_every``: longer without anything new is a warning."""

    model_config = ConfigDict(
        json_schema_extra=example(
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
    # A folder of a mailbox and a search may hold spaces, within.
    address: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00-\x20]([^\x00-\x1f]*[^\x00-\x20])?$")]
    query: Line = ""
    interval: Annotated[int, Field(ge=60, le=7 * _DAY)] = 600
    expected_every: Annotated[int, Field(ge=60, le=365 * _DAY)] | None = None
    options: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], bool | Line] = Field(
        default_factory=dict, max_length=20
    )
    credential: Annotated[Line, Field(description="The name of what lets us in; empty where anybody may read")] = ""

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
            credential=self.credential,
        )


class SourceChangeBody(SourceBody):
    """All of a source's settings, and the version that they are based on (or If-Match)."""

    model_config = ConfigDict(
        json_schema_extra=example(
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


class ProbeBody(SourceBody):
    """A place to look at as if it were followed; it needs no name yet."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"platform": "feed", "address": "https://warta.example/rss.xml", "query": "jalan OR lampu"}
        )
    )

    name: Line = ""


class FaultAnswer(Answer):
    """What is wrong with a place, as a code and in words."""

    problem: Problem
    message: str


class FoundAnswer(Answer):
    """One item as it would be collected."""

    native_id: Masked
    title: Masked
    text: Masked
    published_at: datetime | None
    permalink: str

    @classmethod
    def of(cls, mention: Mention) -> FoundAnswer:
        """Of one item."""
        return cls.model_validate(mention)


class PassedAnswer(Answer):
    """A budget that a source alone would go beyond."""

    currency: Currency
    period: Period
    amount: float


class EstimateAnswer(Answer):
    """What following a place will cost: amounts of ``currency`` a day, but for ``first``, the first reading's.

    ``error`` says why it cannot be told, null where it can. ``finds`` are those of a day at the platform's count of the
    last seven. ``reading`` is for these, ``most`` that at its dearest, ``again`` for later looks at each of them once
    the source has run for ninety days; ``around`` and ``replies`` are for the share ``flagged``, ``measured`` among
    earlier finds or else assumed. ``asked`` is what this answer cost; ``passed`` the budgets that this source alone
    goes beyond.
    """

    ok: bool
    error: FaultAnswer | None
    currency: Currency
    finds: float
    readings: float
    first: float
    reading: float
    most: float
    again: float
    around: float
    replies: float
    day: float
    month: float
    flagged: float
    measured: bool
    asked: float
    passed: list[PassedAnswer]

    @classmethod
    def of(cls, found: Estimate) -> EstimateAnswer:
        """From the core's words."""
        amounts = ("finds", "readings", "first", "reading", "most", "again", "around", "replies", "day", "month")
        return cls(
            ok=found.problem is None,
            error=None if found.problem is None else FaultAnswer(problem=found.problem, message=found.reason),
            currency=found.currency,
            **{key: round(getattr(found, key), 4) for key in amounts},
            flagged=round(found.flagged, 4),
            measured=found.measured,
            asked=found.asked,
            passed=[PassedAnswer(currency=b.currency, period=b.period, amount=b.amount) for b in found.passed],
        )


class PriceAnswer(Answer):
    """What following a place will cost; null where its platform charges nothing for what is read."""

    estimate: EstimateAnswer | None

    @classmethod
    def of(cls, found: Estimate | None) -> PriceAnswer:
        """From the core's words."""
        return cls(estimate=None if found is None else EstimateAnswer.of(found))


class ProbeAnswer(Answer):
    """What following a place would bring. Nothing of it was stored.

    ``error`` says what is wrong, null when the place can be read. ``address`` is the one to follow: a web page's feed
    where the address given is a page (``alternatives`` are its others). Of ``seen`` items ``matching`` would be
    collected, of which ``mentions`` holds the first fifty; ``unreadable`` cannot be read. ``estimate`` is what
    following it will cost, null where the platform charges nothing.
    """

    ok: bool
    error: FaultAnswer | None
    title: str
    address: str
    alternatives: list[str]
    seen: int
    matching: int
    unreadable: int
    notes: list[str]
    mentions: list[FoundAnswer]
    estimate: EstimateAnswer | None

    @classmethod
    def of(cls, found: Probe, address: str) -> ProbeAnswer:
        """Of a look at ``address``."""
        return cls(
            ok=found.problem is None,
            error=None if found.problem is None else FaultAnswer(problem=found.problem, message=found.reason),
            title=found.title,
            address=found.address or addresses.shown(address),
            alternatives=list(found.alternatives),
            seen=found.seen,
            matching=len(found.mentions),
            unreadable=found.dead,
            notes=list(found.notes),
            mentions=[FoundAnswer.of(mention) for mention in found.mentions[:MOST_SHOWN]],
            estimate=None if found.estimate is None else EstimateAnswer.of(found.estimate),
        )


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
    """A source with its health, and ``condition``: how it is doing in one word.

    A password in ``address`` is masked; sent back as it is, the mask stands for the stored one.
    """

    id: int
    platform: str
    name: str
    address: str
    query: str
    interval: int
    expected_every: int | None
    options: dict[str, Any]
    credential: str
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
            address=addresses.shown(source.address),
            query=source.query,
            interval=round(source.interval.total_seconds()),
            expected_every=seconds(source.expected_every),
            options=dict(source.options),
            credential=source.credential,
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
                rhythm=seconds(health.rhythm),
                notes=list(health.notes),
            ),
            created_at=source.created_at,
            version=source.version,
        )


class SourceDayAnswer(Answer):
    """A day of UTC on which a source was read: how often, how often in vain, and how much was new."""

    day: date
    readings: int
    failures: int
    new: int


class GapAnswer(Answer):
    """A hole that cannot be closed; null is an end that is not known."""

    since: datetime | None
    until: datetime | None
    reason: str


class SourceReport(Answer):
    """What a source brought day by day in the last seven days, and its holes."""

    days: list[SourceDayAnswer]
    gaps: list[GapAnswer]

    @classmethod
    def of(cls, days: Sequence[SourceDay], gaps: Sequence[Gap]) -> SourceReport:
        """From the store's words."""
        return cls(
            days=[SourceDayAnswer(day=d.day, readings=d.readings, failures=d.failures, new=d.new) for d in days],
            gaps=[GapAnswer(since=gap.since, until=gap.until, reason=gap.reason) for gap in gaps],
        )


class SourceList(Answer):
    """Every source that is not removed."""

    items: list[SourceAnswer]


def seconds(span: timedelta | None) -> int | None:
    """A span in whole seconds."""
    return None if span is None else round(span.total_seconds())
