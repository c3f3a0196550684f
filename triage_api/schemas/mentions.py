"""Mentions, assessments and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict

from sahut.core.model import (
    Assessment,
    Conversation,
    Cut,
    Decision,
    DecisionKind,
    DismissReason,
    Kind,
    Language,
    MentionRecord,
    MentionState,
    MentionVersion,
    PlaceLevel,
    Sentiment,
    Topic,
)
from triage_api.fields import Answer, Body, Masked, MaskedMembers, Version
from triage_api.schemas._example import example


class AuthorAnswer(Answer):
    """Who wrote it, as the platform shows them."""

    handle: Masked
    name: Masked
    url: Masked
    followers: int | None


class StretchAnswer(Answer):
    """Characters (Unicode code points) from ``start`` to before ``end``, and what the log-odds lose without them.

    Where the rest of the text says as much, it is what those of their phrase alone lose. A positive weight spoke for
    flagging, a negative one against it.
    """

    start: int
    end: int
    weight: float


class WhyAnswer(StretchAnswer):
    """Words that decided, counted in the mention's title or in its text."""

    part: Literal["title", "text"]


class AreaAnswer(Answer):
    """An official area by its Kemendagri code, with the areas around it, nearest first."""

    code: str
    name: str


class PlaceAnswer(Answer):
    """The most specific place that the text names, as written there.

    ``code`` where that is one official area; ``candidates`` where several areas bear the name; ``area`` and ``name``
    are the smallest area that surely holds it, empty when not even the province is sure.
    """

    text: str
    level: PlaceLevel
    code: str
    name: str
    area: str
    candidates: list[AreaAnswer]


class MentionAnswer(Answer):
    """One collected post, comment or article, with what the classifier says of it.

    NIK, phone numbers and other personal data in title and text are masked, dot for character; from roles that the
    policy names, so are the author and whatever leads to them. `POST …/reveal` shows what is hidden. ``why``
    names the words that got it flagged; null until they have been looked for. ``language`` is the text's own, null
    when it has no word. ``own``: an account of ours wrote it; ``answers`` is the reply of ours that it answers.
    ``corrected`` has what people said of ``kind``, ``sentiment`` and ``topic`` where they knew better than the model.
    ``priority`` is how pressing the text is by itself, ``pressing`` its place in the queue, with its age and how many
    say the same: the highest first.
    """

    id: int
    platform: str
    native_id: Masked
    source_id: int
    source: str
    title: Masked
    text: Masked
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
    pressing: int
    model: str
    place: PlaceAnswer | None
    language: Language | None
    why: list[WhyAnswer] | None
    first_id: int | None
    folded: bool
    similar: int
    edited: int
    ticket_id: int | None
    own: bool
    answers: int | None
    assignee_id: int | None
    assignee_name: str
    unit: str
    snoozed_until: datetime | None
    corrected: dict[str, str]
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, record: MentionRecord) -> MentionAnswer:
        """For a list: without the platform's raw payload."""
        return cls.model_validate(mention_members(record))


def mention_members(record: MentionRecord) -> dict[str, Any]:
    """The members of a mention's answer, by name."""
    mention = record.mention
    found = {name: getattr(record, name) for name in MentionAnswer.model_fields if hasattr(record, name)}
    found |= {name: getattr(mention, name) for name in MentionAnswer.model_fields if hasattr(mention, name)}
    found |= {"source": record.source_name, "language": record.language}
    if record.why is not None:
        found["why"] = [
            {"part": part, "start": one.start, "end": one.end, "weight": one.weight}
            for part, spans in zip(("title", "text"), record.why_by_part, strict=True)
            for one in spans
        ]
    return found


class VersionAnswer(Answer):
    """An earlier wording."""

    number: int
    title: Masked
    text: Masked
    seen_at: datetime

    @classmethod
    def of(cls, version: MentionVersion) -> VersionAnswer:
        """Of one edit."""
        return cls.model_validate(version)


class AssessmentAnswer(Answer):
    """What one model said, as probabilities; ``why`` is counted in title, line break and text as they then were."""

    at: datetime
    model: str
    kinds: dict[Kind, float]
    sentiments: dict[Sentiment, float]
    topics: dict[Topic, float]
    urgent: float
    why: list[StretchAnswer] | None

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
            why=None if said.why is None else [StretchAnswer.model_validate(one) for one in said.why],
        )


class DecisionAnswer(Answer):
    """What a person did with one mention; decisions of one act share their ``group``.

    ``detail``: ``until`` of a snooze, ``from`` and ``to`` of an assignment or a correction.
    """

    id: int
    mention_id: int
    kind: DecisionKind
    reason: DismissReason | None
    note: Masked
    before: MentionState
    ticket_id: int | None
    undoes: int | None
    group: str
    actor: str
    at: datetime
    detail: MaskedMembers

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
        return cls.model_validate(mention_members(record) | more)


class ConversationItem(MentionAnswer):
    """One post of a conversation; ``parent`` is the native id that it answers, "" for none."""

    parent: Masked

    @classmethod
    def within(cls, record: MentionRecord) -> ConversationItem:
        """Of one post."""
        return cls.model_validate(MentionAnswer.of(record).model_dump() | {"parent": record.mention.parent})


class ConversationAnswer(Answer):
    """What was collected of a mention's conversation, oldest first, itself included; fifty at most.

    ``cut`` says where it goes on beyond what was fetched: ``above`` its first post here, ``beside`` the others.
    ``fetched_at`` is null where it was not fetched, ``reason`` says why not. ``follow_at`` is when answers to what we
    said are looked for next, null for not any more.
    """

    items: list[ConversationItem]
    cut: list[Cut]
    fetched_at: datetime | None
    follow_at: datetime | None
    reason: str

    @classmethod
    def of(cls, found: Sequence[MentionRecord], known: Conversation | None) -> ConversationAnswer:
        """``known`` is None where nobody asked for it."""
        return cls(
            items=[ConversationItem.within(one) for one in found],
            cut=sorted(known.cut) if known else [],
            fetched_at=known.fetched_at if known else None,
            follow_at=known.follow_at if known else None,
            reason=known.reason if known else "",
        )


class MentionPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last. ``note`` says what ``q`` cannot find, else ""."""

    items: list[MentionAnswer]
    next: str | None
    note: str = ""


class VersionBody(Body):
    """The version that the act is based on; null acts on whatever is there."""

    model_config = ConfigDict(json_schema_extra=example({}))

    version: Version | None = None
