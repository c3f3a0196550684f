"""The policy's part on public replies: who says yes, what may stand in them, and prepared texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sahut.core import wording
from sahut.core.model import Language, ReplyPolicy, Template, Topic, Variable


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RepliesSection(_Strict):
    """How the agency answers in public."""

    approval: Annotated[bool, Field(description="A second person says yes before a reply goes out")] = True
    similar_threshold: Annotated[
        float, Field(ge=0, le=1, description="Warn from this likeness to another reply on; platforms call it spam")
    ] = 0.8
    similar_hours: Annotated[float, Field(gt=0, le=720, description="… to a reply of the last so many hours")] = 24
    public_contacts: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(description="Numbers and addresses of the agency itself; all others are refused as personal data"),
    ] = ()
    tracking_link: Annotated[
        str, Field(description="Where citizens follow a ticket; {code} stands for its tracking code")
    ] = ""

    @field_validator("tracking_link")
    @classmethod
    def _has_a_code(cls, value: str) -> str:
        if value and ("{code}" not in value or not value.startswith(("https://", "http://"))):
            raise ValueError("must be a web address with {code} in it")
        return value


class TemplateSection(_Strict):
    """A prepared reply."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="As staff choose it")]
    text: Annotated[
        str, Field(min_length=1, max_length=5000, description=f"May name {', '.join(f'{{{v}}}' for v in Variable)}")
    ]
    topics: Annotated[tuple[Topic, ...], Field(description="Offered for these; for every topic when left out")] = ()
    language: Annotated[Language, Field(description="Offered first to posts in it")] = Language.INDONESIAN

    @field_validator("text")
    @classmethod
    def _known_variables(cls, value: str) -> str:
        unknown = wording.unknown_variables(value)
        if unknown:
            known = ", ".join(f"{{{one}}}" for one in Variable)
            raise ValueError(f"{{{unknown[0]}}} is no variable: there are {known}")
        return value.strip()


def reply_policy(replies: RepliesSection, templates: tuple[TemplateSection, ...]) -> ReplyPolicy:
    """The value that the core works with."""
    return ReplyPolicy(
        approval=replies.approval,
        similar_threshold=replies.similar_threshold,
        similar_window=timedelta(hours=replies.similar_hours),
        public_contacts=frozenset(replies.public_contacts),
        tracking_link=replies.tracking_link,
        templates=tuple(
            Template(name=one.name, text=one.text, topics=frozenset(one.topics), language=one.language)
            for one in templates
        ),
    )
