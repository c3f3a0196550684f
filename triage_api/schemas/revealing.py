"""What stands behind the masks: asked for with a reason, answered once."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict

from sahut.core.model import RevealPurpose, Ticket
from sahut.core.revealing import Unmasked
from triage_api.fields import Answer, Body, Line
from triage_api.schemas._example import example


class RevealBody(Body):
    """Why somebody looks; both go into the audit log."""

    model_config = ConfigDict(json_schema_extra=example({"purpose": "contact", "note": "Menanyakan patokan lokasi"}))

    purpose: RevealPurpose
    note: Line = ""


class RevealedAuthor(Answer):
    """Who wrote it, as the platform shows them."""

    handle: str
    name: str
    url: str


class RevealedVersion(Answer):
    """An earlier wording."""

    number: int
    title: str
    text: str
    seen_at: datetime


class RevealedMention(Answer):
    """A mention as it stands on its platform."""

    id: int
    native_id: str
    title: str
    text: str
    author: RevealedAuthor | None
    permalink: str
    versions: list[RevealedVersion]

    @classmethod
    def of(cls, found: Unmasked) -> RevealedMention:
        """Of what the door gave."""
        said = found.record.mention
        return cls(
            id=found.record.id,
            native_id=said.native_id,
            title=said.title,
            text=said.text,
            author=None if found.author is None else RevealedAuthor.model_validate(found.author),
            permalink=said.permalink,
            versions=[RevealedVersion.model_validate(one) for one in found.versions],
        )


class RevealedTicket(Answer):
    """A ticket's own words."""

    id: int
    title: str
    description: str
    place: str

    @classmethod
    def of(cls, found: Ticket) -> RevealedTicket:
        """Of one ticket."""
        return cls.model_validate(found)
