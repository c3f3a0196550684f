"""Mentions in the store: assessed, tied, listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from sahut.core.model.annotations import Annotation, Place
from sahut.core.model.collected import Mention
from sahut.core.model.words import Kind, Language, MentionState, Sentiment, TieReason, Topic

T = TypeVar("T")
_UNREAD = Annotation()


@dataclass(frozen=True, slots=True, kw_only=True)
class WhySpan:
    """A stretch of a text that helped to decide: the characters from ``start`` to before ``end``.

    ``weight`` is what the log-odds of being flagged lose without it, or, where the rest of the text says as much, what
    those of its phrase alone lose. Positive spoke for it, negative against.
    """

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the classifier says of one text: probabilities that sum to 1 per head, in any order.

    ``why`` says which stretches of the text decided, None until that has been looked into.
    """

    kinds: Mapping[Kind, float]
    sentiments: Mapping[Sentiment, float]
    topics: Mapping[Topic, float]
    urgent: float
    model: str
    why: Sequence[WhySpan] | None = None

    @property
    def kind(self) -> Kind:
        """The likeliest kind."""
        return max(self.kinds, key=lambda k: self.kinds[k])

    @property
    def sentiment(self) -> Sentiment:
        """The likeliest tone."""
        return max(self.sentiments, key=lambda s: self.sentiments[s])

    @property
    def topic(self) -> Topic:
        """The likeliest topic."""
        return max(self.topics, key=lambda t: self.topics[t])

    @property
    def complaint(self) -> float:
        """Probability that this is a genuine complaint about a public service."""
        return self.kinds.get(Kind.COMPLAINT, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRecord:
    """A stored mention with everything a list shows. ``first_id`` is the mention that this one counts on.

    ``folded`` mentions stand behind their first one in the queue; ``similar`` counts the mentions tied to this one.
    ``score`` is the probability of complaint, ``priority`` how pressing its text is by itself, ``pressing``
    its place in the queue (`rules.pressing`; the highest comes first). ``why`` counts
    in the mention's body; None until a flagged mention has been explained. ``place`` and ``language`` are what the text
    says; ``mention.language`` is what its platform says. ``withdrawn_at`` is when its platform no longer showed it; its
    text and author are blank from then on. ``answers`` is the reply of ours that it answers. ``assignee_id`` and
    ``unit`` (a code of the policy) say who sees to it, ``snoozed_until`` when it comes back to the queue; ``corrected``
    holds by name what people said of kind, sentiment and topic: the fields of those names hold the same.
    """

    id: int
    mention: Mention
    source_id: int
    source_name: str
    state: MentionState
    version: int
    edited: int
    first_id: int | None
    folded: bool
    similar: int
    kind: Kind | None
    sentiment: Sentiment | None
    topic: Topic | None
    urgent: float
    score: float
    priority: int
    model: str
    ticket_id: int | None
    updated_at: datetime
    pressing: int = 0
    why: Sequence[WhySpan] | None = None
    place: Place | None = None
    language: Language | None = None
    withdrawn_at: datetime | None = None
    answers: int | None = None
    assignee_id: int | None = None
    assignee_name: str = ""
    unit: str = ""
    snoozed_until: datetime | None = None
    corrected: Mapping[str, str] = field(default_factory=dict)

    @property
    def why_by_part(self) -> tuple[list[WhySpan], list[WhySpan]]:
        """``why`` in the title and in the text, each counted in its own characters."""
        text_at = len(self.mention.body) - len(self.mention.text)
        spans = self.why or ()
        return _within(spans, 0, min(text_at, len(self.mention.title))), _within(spans, text_at, None)


def _within(spans: Sequence[WhySpan], start: int, end: int | None) -> list[WhySpan]:
    """The parts of ``spans`` from ``start`` to before ``end``, counted from ``start``."""
    cut = [(max(one.start, start), one.end if end is None else min(one.end, end), one.weight) for one in spans]
    return [WhySpan(start=a - start, end=b - start, weight=weight) for a, b, weight in cut if a < b]


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionVersion:
    """An earlier wording of a mention, kept when its platform showed an edit."""

    mention_id: int
    number: int
    title: str
    text: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store already has under a mention's identity; input of `rules.decide`."""

    id: int
    state: MentionState
    content_hash: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to do with one collected mention: ``known`` is None for a new one; ``reassess`` sends it back to work.

    ``answers`` is the reply of ours that a new one answers. ``context``: it came for another mention's conversation.
    """

    mention: Mention
    text_key: str
    known: Known | None = None
    reassess: bool = True
    answers: int | None = None
    context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionClaim:
    """Mentions that one worker may assess until ``until``."""

    token: str
    until: datetime
    mentions: Sequence[MentionRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy makes of an assessment, and what was read beside it."""

    mention_id: int
    assessment: Assessment
    state: MentionState
    priority: int
    annotation: Annotation = _UNREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An earlier mention that a new one may repeat. ``declared``: the platform itself calls it a repost."""

    id: int
    state: MentionState
    body: str
    text_key: str
    first_id: int | None
    published_at: datetime
    declared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A mention counts on an earlier one. Reversible. ``state`` is the state that the tie gives the mention."""

    mention_id: int
    first_id: int
    reason: TieReason
    similarity: float
    state: MentionState
    folded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionFilter:
    """Which mentions to list; empty fields do not filter. Times bound ``published_at`` (or first seen), half open.

    ``area`` is an area's code: the mentions whose place surely lies in it. ``ticket_units`` are units' codes: the
    mentions in a ticket of one of them. ``unit`` is a unit's code and ``unit_topics`` are its topics:
    the mentions given to it, and those of its topics, beside ``topics``, that no unit was given. ``assignee_id`` is
    who sees to them, 0 nobody. ``score`` lies from ``least_score`` to ``most_score``, both included.

    ``not_confidential``: words and places find no report that a ticket keeps confidential, nor what hangs on one.
    ``not_named``: words find nothing that names an account around the report of an anonymous ticket. ``newest``: of the
    first of ``topics`` so many, the latest collected, and no others.
    """

    states: Sequence[MentionState] = ()
    kinds: Sequence[Kind] = ()
    sentiments: Sequence[Sentiment] = ()
    topics: Sequence[Topic] = ()
    languages: Sequence[Language] = ()
    platforms: Sequence[str] = ()
    unit: str = ""
    unit_topics: Sequence[Topic] | None = None
    assignee_id: int | None = None
    least_score: float | None = None
    most_score: float | None = None
    area: str = ""
    source_id: int | None = None
    ticket_id: int | None = None
    ticket_units: Sequence[str] = ()
    first_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    folded: bool | None = None
    not_confidential: bool = False
    not_named: bool = False
    newest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many mentions match a filter, and how many of these bear each word, by the name of the word's field.

    The names are ``topic``, ``kind``, ``sentiment``, ``platform``, ``source`` (whose words are ids), ``unit`` (of those
    given to one) and ``free_topic`` (the topics of those given to none). ``by`` is None where more match than were
    counted.
    """

    total: int
    by: Mapping[str, Mapping[str, int]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a keyset-paged list; ``next`` is an opaque token, None on the last page."""

    items: Sequence[T]
    next: str | None = None
