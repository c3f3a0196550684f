"""Sealing what is stored already: rows of before there was sealing, and rows of a key that was changed.

Batch by batch, each a short transaction, while everything else goes on; a row that the first key sealed is passed over,
so whoever is killed starts again and goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Row, Text, and_, bindparam, column, func, or_, select, table, update

from storage.hiding import MARK, Box

BATCH = 500
# As they are in the database, without the type that seals and opens them.
_HIDDEN: dict[str, tuple[str, ...]] = {
    "mention": ("author", "permalink", "raw"),
    "dead_letter": ("raw",),
    "told": ("word",),
}


def left(connection: Connection, box: Box) -> int:
    """How many rows the first key has not sealed."""
    return sum(
        connection.execute(select(func.count()).select_from(rows).where(_other(rows, name, box))).scalar_one()
        for name, rows in ((name, _table(name)) for name in _HIDDEN)
    )


def reseal(engine: Engine, box: Box, done: Callable[[int], object]) -> int:
    """Seal everything with the first key; how many rows that were. ``done`` is told of each batch.

    Raises StoreError for a value of a key that is not known.
    """
    sealed, plain = 0, False
    for name in _HIDDEN:
        after = 0
        while True:
            with engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    # What stood there is overwritten, and not just no longer pointed at.
                    connection.exec_driver_sql("PRAGMA secure_delete = ON")
                rows = _batch(connection, name, box, after)
                plain = plain or any(_is_plain(row) for row in rows)
                _write(connection, name, box, rows)
            if not rows:
                break
            after = rows[-1].id
            sealed += len(rows)
            done(len(rows))
    if plain and engine.dialect.name == "sqlite":
        _sweep(engine)
    return sealed


def _table(name: str) -> Any:
    return table(name, column("id"), *(column(one, Text) for one in _HIDDEN[name]))


def _other(rows: Any, name: str, box: Box) -> Any:
    """Rows with a value that another key sealed, or none. ``substr`` and not LIKE: SQLite's LIKE knows no case."""
    prefix = box.prefix
    return or_(
        *(and_(rows.c[one].is_not(None), func.substr(rows.c[one], 1, len(prefix)) != prefix) for one in _HIDDEN[name])
    )


def _batch(connection: Connection, name: str, box: Box, after: int) -> list[Row[Any]]:
    rows = _table(name)
    query = select(rows).where(rows.c.id > after, _other(rows, name, box)).order_by(rows.c.id).limit(BATCH)
    return list(connection.execute(query.with_for_update()).all())


def _write(connection: Connection, name: str, box: Box, found: list[Row[Any]]) -> None:
    if not found:
        return
    rows = _table(name)
    values = []
    for row in found:
        sealed = {"row_id": row.id}
        for one in _HIDDEN[name]:
            stored = getattr(row, one)
            sealed[f"new_{one}"] = None if stored is None else box.seal(box.open(stored))
        values.append(sealed)
    change = update(rows).where(rows.c.id == bindparam("row_id"))
    connection.execute(change.values({one: bindparam(f"new_{one}", type_=Text) for one in _HIDDEN[name]}), values)


def _is_plain(row: Row[Any]) -> bool:
    return any(isinstance(value, str) and not value.startswith(MARK) for value in row)


def _sweep(engine: Engine) -> None:
    """Leave nothing of the past in SQLite's free pages and its log."""
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None  # noqa: S101 - a connection that is open has one
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
