"""Identities at an identity provider."""

from __future__ import annotations

from datetime import datetime

from sahut.core.model import Identity
from triage_api.fields import Answer


class IdentityAnswer(Answer):
    """Somebody at ``issuer``, by the name that it used last; ``subject`` is what counts."""

    id: int
    issuer: str
    subject: str
    name: str
    linked_at: datetime
    used_at: datetime

    @classmethod
    def of(cls, one: Identity) -> IdentityAnswer:
        """As the API shows it."""
        return cls(
            id=one.id,
            issuer=one.issuer,
            subject=one.subject,
            name=one.name,
            linked_at=one.linked_at,
            used_at=one.used_at,
        )


class IdentityList(Answer):
    """The oldest first."""

    items: list[IdentityAnswer]
