"""Public answers: what platforms make of them, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from sahut.core.model.collected import Mention
from sahut.core.model.words import Language, Problem, Topic

W = TypeVar("W", bound=StrEnum)


class Capability(StrEnum):
    """How a mention can be answered: by the platform's API, by a person on the platform itself, or not at all."""

    API = "api"
    MANUAL = "manual"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """What a platform counts and allows. ``used`` of ``limit`` are in its own units (weighted characters, graphemes).

    ``cost_usd`` is what sending it costs, 0 where it is free; ``warnings`` say in words what to know before.
    """

    used: int
    limit: int
    cost_usd: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the platform would take it."""
        return 0 < self.used <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReply:
    """A reply that stands on its platform: there is none without a native id, except where a person gave its address.

    ``session`` is what the platform gave for the secrets meanwhile, as in a batch. ``held``: the platform took it, and
    shows it to nobody before somebody there has looked at it.
    """

    native_id: str
    permalink: str = ""
    sent_at: datetime | None = None
    session: Mapping[str, str] | None = None
    held: bool = False


class ReplyState(StrEnum):
    """Where a reply stands. Only the last two are over; a mention has one reply at most that is not.

    ``by_hand`` waits for a person to post it on the platform, ``unknown`` was handed to the platform and may stand
    there: nothing sends it again before that is settled.
    """

    DRAFT = "draft"
    WAITING = "waiting"
    APPROVED = "approved"
    SENDING = "sending"
    UNKNOWN = "unknown"
    BY_HAND = "by_hand"
    FAILED = "failed"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class ReplyAct(StrEnum):
    """What happened to a reply: a line of its history."""

    DRAFTED = "drafted"
    EDITED = "edited"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RETRIED = "retried"
    SENDING = "sending"
    POSTPONED = "postponed"
    IN_DOUBT = "in_doubt"
    NOT_THERE = "not_there"
    UNCLEAR = "unclear"
    FAILED = "failed"
    SENT = "sent"


class Refusal(StrEnum):
    """Why a text cannot go out as it is."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    PERSONAL_DATA = "personal_data"
    UNFILLED = "unfilled"
    NO_WAY = "no_way"


class Caution(StrEnum):
    """What to know before a text goes out."""

    COSTS = "costs"
    SIMILAR = "similar"
    BUDGET = "budget"
    EDITED = "edited"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    PLATFORM = "platform"


class Variable(StrEnum):
    """What a template may name in braces."""

    NAME = "name"
    TICKET = "ticket"
    LINK = "link"
    UNIT = "unit"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A prepared answer for some topics (all where there are none), in one language."""

    name: str
    text: str
    topics: frozenset[Topic] = frozenset()
    language: Language = Language.INDONESIAN


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPolicy:
    """What an agency decided of its public answers.

    ``approval``: a second person says yes before anything goes out. ``similar_threshold`` is the likeness from which
    two answers of the last ``similar_window`` count as the same. ``public_contacts`` are the agency's own numbers and
    addresses, which may stand in an answer. ``tracking_link`` has ``{code}`` where a ticket's tracking code goes.
    """

    approval: bool = True
    similar_threshold: float = 0.8
    similar_window: timedelta = timedelta(days=1)
    public_contacts: frozenset[str] = frozenset()
    tracking_link: str = ""
    templates: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Generic[W]):
    """A refusal or a caution; ``detail`` is its figure, piece of text or sentence, "" where the word says it all."""

    word: W
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyCheck:
    """What is to be said of a text as an answer to a mention. ``rules`` is None where the platform takes none.

    ``parts`` is how a text that is too long can go out, () where it fits or its platform lets nothing be continued;
    ``split`` whether it shall.
    """

    capability: Capability
    rules: ReplyRules | None
    refusals: tuple[Remark[Refusal], ...] = ()
    cautions: tuple[Remark[Caution], ...] = ()
    parts: tuple[str, ...] = ()
    split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDraft:
    """A reply before it is written. ``seen_edits`` is how often its mention had been edited when it was written.

    ``split``: it goes out in numbered parts, where its platform takes no text of its length.
    """

    mention_id: int
    text: str
    author_id: int
    author_name: str
    seen_edits: int
    template: str = ""
    split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A public answer of ours to one mention.

    ``key`` is the same for every attempt. ``writers`` are the accounts that had a hand in the text: none of them may
    approve it. ``due_at`` is when a machine turns to it next (to send it, to find out whether it stands there), None
    where it waits for people. ``sending_since`` is when it was first taken to be sent, ``attempts`` how often it was
    handed over since it was written or let out again. ``native_id`` is what the platform calls it: it is there once the
    reply is ``sent``, except where a person posted it, until a collector has seen it. ``reason`` says in words why it
    failed, was postponed or sent back.

    One that is ``split`` goes out in parts from its approval on: it is the first of them itself and says ``part``; each
    further one is a reply of its own with a higher ``number``, which names the first as ``head_id`` and waits until the
    one before stands. ``parent`` is what it answers on its platform, "" where a further part does not know yet.
    ``held``: its platform took it, and showed it to nobody else when that was last known.
    """

    id: int
    mention_id: int
    platform: str
    source_id: int
    key: str
    text: str
    template: str
    state: ReplyState
    author_name: str
    writers: frozenset[int]
    approver_name: str
    reason: str
    problem: Problem | None
    seen_edits: int
    written_at: datetime
    due_at: datetime | None
    attempts: int
    looks: int
    sending_since: datetime | None
    native_id: str
    permalink: str
    sent_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    parent: str = ""
    split: bool = False
    part: str = ""
    number: int = 1
    head_id: int | None = None
    held: bool = False

    @property
    def said(self) -> str:
        """What stands on the platform once it is sent."""
        return self.part or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyEvent:
    """One line of a reply's history. Append-only. ``actor_name`` is "" for a machine."""

    id: int
    reply_id: int
    act: ReplyAct
    note: str
    actor_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyClaim:
    """The right of one worker to send (``state`` sending) or to look for (unknown) one reply, until ``until``."""

    reply: Reply
    token: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFilter:
    """Which replies to list; empty fields do not filter."""

    states: Sequence[ReplyState] = ()
    mention_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A reply of ours beside what it answers, as far as telling later posts of the same conversation needs it."""

    reply: Reply
    mention: Mention
