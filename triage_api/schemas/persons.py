"""What a person may ask of us, and how long things are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from sahut.core.model import PersonCounts
from triage_api.fields import Answer, Body
from triage_api.schemas._example import example


class PersonBody(Body):
    """Somebody on a platform: by ``handle``, or by the ``link`` of one post, of which then that post alone is meant."""

    model_config = ConfigDict(json_schema_extra=example({"platform": "mastodon", "handle": "fulanah_karangan"}))

    platform: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    handle: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] = ""
    link: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""


class PersonAnswer(Answer):
    """How much is held. ``named`` are texts of others with the handle in them; ``erased``: nothing new is collected."""

    mentions: int
    versions: int
    replies: int
    tickets: int
    named: int
    set_aside: int
    brought: int
    erased: bool

    @classmethod
    def of(cls, found: PersonCounts) -> PersonAnswer:
        """Of a count."""
        return cls.model_validate(found)


class ErasedAnswer(Answer):
    """What erasing reached; ``exported`` are rows of tables on the server's disk."""

    reached: PersonAnswer
    exported: int


class ReportAnswer(Answer):
    """What is held of a person, as a text in Indonesian for the person to read."""

    text: str


class RetentionAnswer(Answer):
    """Days that each class is kept, and how many rows the next night would let go of."""

    days: dict[str, int]
    due: dict[str, int]
