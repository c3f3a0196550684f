"""Identities at a provider, and browsers that were sent there. One statement decides each race."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import RefusedError
from sahut.core.model import Departure, Identity
from storage.people_tables import departure, identity
from storage.types import storable


class SqlIdentities:
    """The identities of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, issuer: str, subject: str) -> Identity | None:
        """Whose it is."""
        row = self._connection.execute(
            select(identity).where(identity.c.issuer == storable(issuer), identity.c.subject == storable(subject))
        ).one_or_none()
        return None if row is None else _identity(row)

    def of(self, user_id: int) -> list[Identity]:
        """The account's, the oldest first."""
        query = select(identity).where(identity.c.account_id == user_id).order_by(identity.c.id)
        return [_identity(row) for row in self._connection.execute(query)]

    def every(self) -> list[Identity]:
        """Those of all accounts, the oldest first."""
        return [_identity(row) for row in self._connection.execute(select(identity).order_by(identity.c.id))]

    def add(self, user_id: int, *, issuer: str, subject: str, name: str, now: datetime) -> Identity:
        """Link it. Raises RefusedError(rule="identity_taken") where it or the account is linked already."""
        values = {
            "account_id": user_id,
            "issuer": storable(issuer),
            "subject": storable(subject),
            "name": storable(name),
            "linked_at": now,
            "used_at": now,
        }
        try:
            with self._connection.begin_nested():
                row = self._connection.execute(identity.insert().values(values).returning(identity)).one()
        except IntegrityError as error:
            raise RefusedError("the identity or the account is linked already", rule="identity_taken") from error
        return _identity(row)

    def touch(self, identity_id: int, *, name: str, now: datetime) -> bool:
        """It was used; ``name`` is what the provider calls it now. False where it is no longer there."""
        used = self._connection.execute(
            update(identity).where(identity.c.id == identity_id).values(name=storable(name), used_at=now)
        )
        return used.rowcount == 1

    def remove(self, identity_id: int) -> bool:
        """Unlink it; whether it was there."""
        gone = self._connection.execute(delete(identity).where(identity.c.id == identity_id))
        return gone.rowcount == 1

    def depart(self, state_hash: str, browser_hash: str, *, back: str, now: datetime, expires_at: datetime) -> None:
        """Keep that a browser was sent to the provider; what expired goes."""
        table = departure
        self._connection.execute(delete(table).where(table.c.expires_at <= now))
        self._connection.execute(
            table.insert().values(state_hash=state_hash, browser_hash=browser_hash, back=back, expires_at=expires_at)
        )

    def arrive(self, state_hash: str, browser_hash: str, now: datetime) -> Departure | None:
        """Use it up; one DELETE decides between those who try at the same time. None also for another browser."""
        table = departure
        row: Any = self._connection.execute(
            delete(table)
            .where(table.c.state_hash == state_hash, table.c.browser_hash == browser_hash, table.c.expires_at > now)
            .returning(table.c.back, table.c.expires_at)
        ).one_or_none()
        return None if row is None else Departure(back=row.back, expires_at=row.expires_at)


def _identity(row: Row[Any]) -> Identity:
    return Identity(
        id=row.id,
        user_id=row.account_id,
        issuer=row.issuer,
        subject=row.subject,
        name=row.name,
        linked_at=row.linked_at,
        used_at=row.used_at,
    )
