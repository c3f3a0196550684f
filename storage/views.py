"""Saved views: filters under a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import SavedView
from storage.engine import insert_into
from storage.people_tables import account
from storage.together_tables import saved_view, start_view


class SqlViews:
    """The saved views of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, owner_id: int, name: str, asked: Mapping[str, str], now: datetime) -> SavedView:
        """Raises RefusedError(rule="view_exists")."""
        values = {"account_id": owner_id, "name": name, "asked": dict(asked), "shared": False, "version": 1}
        row = saved_view.insert().values(**values, created_at=now, updated_at=now).returning(saved_view.c.id)
        try:
            with self._connection.begin_nested():
                added: int = self._connection.execute(row).scalar_one()
        except IntegrityError as error:
            raise RefusedError(f"there is a view {name!r} already", rule="view_exists") from error
        return self.get(added)

    def get(self, view_id: int) -> SavedView:
        """Raises NotFoundError."""
        row = self._connection.execute(_views().where(saved_view.c.id == view_id)).one_or_none()
        if row is None:
            raise NotFoundError("view", view_id)
        return _value(row)

    def of(self, user_id: int) -> list[SavedView]:
        """One's own by name, then what others share, by name."""
        mine = saved_view.c.account_id == user_id
        query = _views().where(or_(mine, saved_view.c.shared)).order_by(saved_view.c.name, saved_view.c.id)
        found = [_value(row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda one: one.owner_id != user_id)

    def rename(self, view_id: int, name: str, *, version: int | None, now: datetime) -> SavedView:
        """Raises NotFoundError, StaleWriteError, RefusedError(rule="view_exists")."""
        found = self.get(view_id)
        if version is not None and version != found.version:
            raise StaleWriteError("view", view_id, expected=version, current=found.version, changes=[])
        try:
            with self._connection.begin_nested():
                self._change(view_id, now, name=name)
        except IntegrityError as error:
            raise RefusedError(f"there is a view {name!r} already", rule="view_exists") from error
        return self.get(view_id)

    def share(self, view_id: int, *, shared: bool, now: datetime) -> SavedView:
        """No longer shared, nobody else begins with it. Raises NotFoundError."""
        owner = self.get(view_id).owner_id
        self._change(view_id, now, shared=shared)
        if not shared:
            others = and_(start_view.c.view_id == view_id, start_view.c.account_id != owner)
            self._connection.execute(delete(start_view).where(others))
        return self.get(view_id)

    def _change(self, view_id: int, now: datetime, **values: Any) -> None:
        version = saved_view.c.version + 1
        row = update(saved_view).where(saved_view.c.id == view_id).values(**values, updated_at=now, version=version)
        self._connection.execute(row)

    def drop(self, view_id: int) -> None:
        """It is gone, and nobody begins with it."""
        self._connection.execute(delete(saved_view).where(saved_view.c.id == view_id))

    def start_with(self, user_id: int, view_id: int | None) -> None:
        """Which view a person begins with; None for none."""
        if view_id is None:
            self._connection.execute(delete(start_view).where(start_view.c.account_id == user_id))
            return
        row = insert_into(self._connection, start_view).values(account_id=user_id, view_id=view_id)
        self._connection.execute(row.on_conflict_do_update(index_elements=["account_id"], set_={"view_id": view_id}))

    def start_of(self, user_id: int) -> SavedView | None:
        """The view that a person begins with."""
        query = _views().join(start_view, start_view.c.view_id == saved_view.c.id)
        row = self._connection.execute(query.where(start_view.c.account_id == user_id)).one_or_none()
        return None if row is None else _value(row)


def _views() -> Select[Any]:
    owner = account.c.name.label("owner_name")
    return select(saved_view, owner).join(account, account.c.id == saved_view.c.account_id)


def _value(row: Row[Any]) -> SavedView:
    return SavedView(
        id=row.id,
        owner_id=row.account_id,
        owner_name=row.owner_name,
        name=row.name,
        asked=row.asked,
        shared=row.shared,
        version=row.version,
    )
