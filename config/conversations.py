"""The policy's part on conversations: how much of what stands around a mention is fetched, and what is followed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sahut.core.model import Caps, ConversationPolicy

_Above = Annotated[int, Field(ge=0, le=50, description="Posts up the line that a flagged mention answers")]
_Beside = Annotated[int, Field(ge=0, le=200, description="Other posts: beside it and below it")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CapsSection(_Strict):
    """How much of a conversation is fetched."""

    above: _Above = 5
    beside: _Beside = 20


class ConversationsSection(CapsSection):
    """What is fetched around flagged mentions, and how long answers are looked for."""

    follow_days: Annotated[
        float, Field(ge=0, le=60, description="Days to look for answers after a reply or a ticket (X); 0 for none")
    ] = 7
    follow_posts: Annotated[
        int, Field(ge=1, le=1000, description="Most posts that following one conversation may bring")
    ] = 50
    platforms: Annotated[dict[str, CapsSection], Field(description="Caps of its own for a platform, by its name")] = {
        "x": CapsSection(above=2, beside=0)
    }


def conversation_policy(section: ConversationsSection) -> ConversationPolicy:
    """The value that the core works with."""
    return ConversationPolicy(
        caps=_caps(section),
        platforms={name: _caps(caps) for name, caps in section.platforms.items()},
        follow_for=timedelta(days=section.follow_days),
        follow_posts=section.follow_posts,
    )


def _caps(section: CapsSection) -> Caps:
    return Caps(above=section.above, beside=section.beside)
