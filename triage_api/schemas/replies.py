"""Public replies: what is written, what it takes, what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from sahut.core.model import (
    Capability,
    Caution,
    Language,
    Problem,
    Refusal,
    Reply,
    ReplyAct,
    ReplyCheck,
    ReplyEvent,
    ReplyState,
)
from triage_api.fields import Answer, Body, Id, Line, Prose, Version
from triage_api.schemas._example import example

_SAID = "Terima kasih, laporan Anda kami teruskan ke Dinas Pekerjaan Umum."
ReplyText = Annotated[Prose, StringConstraints(min_length=1)]


class ReplyTextBody(Body):
    """A text to be looked at as an answer to a mention; nothing is stored. ``split``: in parts where it is too long."""

    model_config = ConfigDict(json_schema_extra=example({"mention_id": 1, "text": _SAID}))

    mention_id: Id
    text: Prose
    split: bool = False


class ReplyBody(Body):
    """A draft of an answer to a mention. ``template`` names what it was made of.

    ``split``: where the platform takes no text of its length, it goes out in numbered parts, each below the one before.
    """

    model_config = ConfigDict(json_schema_extra=example({"mention_id": 1, "text": _SAID}))

    mention_id: Id
    text: ReplyText
    template: Line = ""
    split: bool = False


class ReplyChangeBody(Body):
    """Another text; the reply is a draft again."""

    model_config = ConfigDict(json_schema_extra=example({"text": _SAID, "version": 1}))

    text: ReplyText
    split: bool = False
    version: Version | None = None


class ReplyActBody(Body):
    """The version that the act is based on, here or in If-Match."""

    model_config = ConfigDict(json_schema_extra=example({"version": 1}))

    version: Version | None = None


class RejectBody(ReplyActBody):
    """What is wrong with it."""

    model_config = ConfigDict(json_schema_extra=example({"note": "Sebutkan nomor tiketnya", "version": 1}))

    note: Annotated[Prose, StringConstraints(min_length=1)]


class AnsweredBody(ReplyActBody):
    """Where the reply stands that a person posted."""

    model_config = ConfigDict(json_schema_extra=example({"link": "https://a.example/post/9", "version": 1}))

    link: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=r"^https?://\S+$")]


class SettleBody(ReplyActBody):
    """What a person saw on the platform: the reply stands there, at ``link``, or it does not."""

    model_config = ConfigDict(json_schema_extra=example({"stands": False, "version": 1}))

    stands: bool
    link: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""


class ReplyAnswer(Answer):
    """A public answer to one mention, and where it stands.

    ``due_at`` is when a machine turns to it next, null where people have to. ``native_id`` and ``permalink`` are the
    platform's, once it stands there. One that is ``split`` goes out in parts from its approval on: it is the first, and
    ``part`` what that says; the others are replies of their own, with ``number`` 2 and more, whose ``head_id`` it is.
    ``held``: its platform took it, and shows it to nobody before somebody there has looked at it.
    """

    id: int
    mention_id: int
    platform: str
    text: str
    split: bool
    part: str
    number: int
    head_id: int | None
    held: bool
    template: str
    state: ReplyState
    author: str
    approver: str
    reason: str
    problem: Problem | None
    due_at: datetime | None
    attempts: int
    native_id: str
    permalink: str
    sent_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, reply: Reply) -> ReplyAnswer:
        """Of one reply."""
        return cls.model_validate(reply_members(reply))


def reply_members(reply: Reply) -> dict[str, object]:
    """The members of a reply's answer, by name."""
    found = {name: getattr(reply, name) for name in ReplyAnswer.model_fields if hasattr(reply, name)}
    return found | {"author": reply.author_name, "approver": reply.approver_name}


class ReplyEventAnswer(Answer):
    """One line of a reply's history; ``actor`` is empty for a machine."""

    act: ReplyAct
    note: str
    actor: str
    at: datetime

    @classmethod
    def of(cls, event: ReplyEvent) -> ReplyEventAnswer:
        """Of one event."""
        return cls(act=event.act, note=event.note, actor=event.actor_name, at=event.at)


class RefusalAnswer(Answer):
    """Why a text cannot go out; ``detail`` is the figure or the piece of text."""

    word: Refusal
    detail: str


class CautionAnswer(Answer):
    """What to know before a text goes out."""

    word: Caution
    detail: str


class ReplyCheckAnswer(Answer):
    """What is to be said of a text. ``used`` of ``limit`` are in the platform's own units, null where it takes none.

    ``parts`` is how a text that is too long can go out, empty where it fits or cannot; where it shall (``split``), the
    figures are those of all parts: the longest counts, and they cost what they cost together.
    """

    capability: Capability
    used: int | None
    limit: int | None
    cost_usd: Annotated[float, Field(ge=0)]
    refusals: list[RefusalAnswer]
    cautions: list[CautionAnswer]
    parts: list[str]
    split: bool

    @classmethod
    def of(cls, check: ReplyCheck) -> ReplyCheckAnswer:
        """Of one look at a text."""
        rules = check.rules
        return cls(
            capability=check.capability,
            used=None if rules is None else rules.used,
            limit=None if rules is None else rules.limit,
            cost_usd=0.0 if rules is None else rules.cost_usd,
            refusals=[RefusalAnswer.model_validate(one) for one in check.refusals],
            cautions=[CautionAnswer.model_validate(one) for one in check.cautions],
            parts=list(check.parts),
            split=check.split,
        )


class ReplyDetail(ReplyAnswer):
    """A reply with its history, oldest first, and what is to be said of its text now."""

    history: list[ReplyEventAnswer]
    check: ReplyCheckAnswer


class ReplyPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last."""

    items: list[ReplyAnswer]
    next: str | None


class TemplateAnswer(Answer):
    """A prepared text, filled with what is known of a mention; the rest stays in braces."""

    name: str
    language: Language
    text: str


class TemplateList(Answer):
    """The fitting ones, the likeliest first."""

    items: list[TemplateAnswer]
