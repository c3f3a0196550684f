"""Viewings: who has which mention open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, case, delete, select

from sahut.core.model import Viewing
from storage.engine import insert_into
from storage.people_tables import account
from storage.together_tables import viewing


class SqlViewings:
    """The viewings of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, mention_id: int, user_id: int, key: str, *, now: datetime, until: datetime) -> None:
        """One has it open until then; since when, as long as it has not run out."""
        row = insert_into(self._connection, viewing).values(
            mention_id=mention_id, account_id=user_id, key=key, since=now, until=until
        )
        still = case((viewing.c.until > now, viewing.c.since), else_=now)
        self._connection.execute(
            row.on_conflict_do_update(
                index_elements=["mention_id", "account_id"], set_={"key": key, "since": still, "until": until}
            )
        )

    def drop(self, mention_id: int, user_id: int, key: str) -> None:
        """The page of that key is gone."""
        self._connection.execute(
            delete(viewing).where(
                viewing.c.mention_id == mention_id, viewing.c.account_id == user_id, viewing.c.key == key
            )
        )

    def present(self, now: datetime, mention_ids: Collection[int] | None = None) -> list[Viewing]:
        """Those that have not run out, by mention, who came first first."""
        query = (
            select(viewing, account.c.name)
            .join(account, account.c.id == viewing.c.account_id)
            .where(viewing.c.until > now)
            .order_by(viewing.c.mention_id, viewing.c.since, viewing.c.account_id)
        )
        if mention_ids is not None:
            query = query.where(viewing.c.mention_id.in_(mention_ids))
        return [
            Viewing(mention_id=row.mention_id, user_id=row.account_id, name=row.name, since=row.since, until=row.until)
            for row in self._connection.execute(query)
        ]
