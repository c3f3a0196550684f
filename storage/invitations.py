"""Invitations: one-time links to accounts that nobody has used yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select

from sahut.core.model import Invitation
from storage.people_tables import invitation


class SqlInvitations:
    """The invitations of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, user_id: int, token_hash: str, *, now: datetime, expires_at: datetime) -> None:
        """The account's only one."""
        self.drop(user_id)
        self._connection.execute(
            invitation.insert().values(account_id=user_id, token_hash=token_hash, created_at=now, expires_at=expires_at)
        )

    def of(self, user_id: int) -> Invitation | None:
        """The account's, also one that has expired."""
        return self._one(invitation.c.account_id == user_id)

    def open_until(self, token_hash: str, now: datetime) -> Invitation | None:
        """The one under this hash, if it can still be used."""
        return self._one(invitation.c.token_hash == token_hash, invitation.c.expires_at > now)

    def _one(self, *where: ColumnElement[bool]) -> Invitation | None:
        row: Any = self._connection.execute(select(invitation).where(*where)).one_or_none()
        if row is None:
            return None
        return Invitation(user_id=row.account_id, created_at=row.created_at, expires_at=row.expires_at)

    def take(self, token_hash: str, now: datetime) -> int | None:
        """Use it up; one DELETE decides between those who try at the same time."""
        taken = delete(invitation).where(invitation.c.token_hash == token_hash, invitation.c.expires_at > now)
        found: int | None = self._connection.execute(taken.returning(invitation.c.account_id)).scalar_one_or_none()
        return found

    def drop(self, user_id: int) -> None:
        """It no longer works."""
        self._connection.execute(delete(invitation).where(invitation.c.account_id == user_id))
