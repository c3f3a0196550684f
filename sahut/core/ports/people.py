"""How people come in beside their password: invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sahut.core.model import Invitation


class Invitations(Protocol):
    """One-time links to accounts that nobody has used yet, known by the hash of their secret."""

    def put(self, user_id: int, token_hash: str, *, now: datetime, expires_at: datetime) -> None:
        """The account's only one: an earlier one no longer works."""
        ...

    def of(self, user_id: int) -> Invitation | None: ...
    def open_until(self, token_hash: str, now: datetime) -> Invitation | None:
        """The one under this hash, if it can still be used."""
        ...

    def take(self, token_hash: str, now: datetime) -> int | None:
        """Use it up: the account's id for one of those who try at the same time, None for all others."""
        ...

    def drop(self, user_id: int) -> None: ...
