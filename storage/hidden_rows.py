"""Sealing what is stored already: rows of before there was sealing, and rows of a key that was changed.

Batch by batch, each a short transaction, while everything else goes on; a row that the first key sealed is passed over,
so whoever is killed starts again and goes on where it was. That SQLite's files still hold what was plain is written
down with the first batch, and stays so until they were swept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Text,
    and_,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    table,
    true,
    update,
)

from sahut.core.errors import StoreError
from storage.engine import BUSY_MILLISECONDS, insert_into
from storage.hiding import MARK, Box
from storage.lookups import Lookup, LookupKey
from storage.person_tables import chore

BATCH = 500
_SWEEP = "sweep"
_TRIES, _PAUSE_SECONDS, _BUSY_MILLISECONDS = 20, 0.25, 2_000
# As they are in the database, without the type that seals and opens them.
_HIDDEN: dict[str, tuple[str, ...]] = {
    "mention": ("author", "permalink", "raw"),
    "dead_letter": ("raw",),
    "told": ("word",),
    "reply": ("permalink",),
    "delivery": ("body",),
    "stored_answer": ("body",),
}
# What names a row where that is no id.
_NAMED_BY: dict[str, tuple[str, ...]] = {"delivery": ("source_id", "key"), "stored_answer": ("key", "account_id")}
# Beside what is sealed, what it is found by.
_FOUND_BY = {"author": "author_key", "permalink": "link_key"}


def left(connection: Connection, box: Box) -> int:
    """How many rows the first key has not sealed, or nobody can find persons by."""
    return sum(
        connection.execute(select(func.count()).select_from(rows).where(_other(rows, name, box))).scalar_one()
        for name, rows in ((name, _table(name)) for name in _HIDDEN)
    )


def reseal(engine: Engine, box: Box, keys: LookupKey, done: Callable[[int], object]) -> int:
    """Seal everything with the first key; how many rows that were. ``done`` is told of each batch.

    Raises StoreError for a value of a key that is not known, and where SQLite's files could not be swept of what was
    plain, since somebody reads from them all the time.
    """
    sealed = 0
    for name in _HIDDEN:
        after = 0
        while True:
            with engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    # What stood there is overwritten, and not just no longer pointed at.
                    connection.exec_driver_sql("PRAGMA secure_delete = ON")
                rows = _batch(connection, name, box, after)
                if any(_is_plain(name, row) for row in rows):
                    connection.execute(insert_into(connection, chore).values(name=_SWEEP).on_conflict_do_nothing())
                _write(connection, name, box, keys.within(connection), rows)
            if not rows:
                break
            after = rows[-1].id if "id" in _names(name) else 0
            sealed += len(rows)
            done(len(rows))
    _sweep(engine)
    return sealed


def sweep_erased(engine: Engine) -> bool:
    """Leave nothing of erased texts in SQLite's index of words and its log; False where somebody reads all the while.

    The index keeps the words of a text that is gone until its parts are merged, which `optimize` does with all of them:
    some seconds for a million mentions.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        connection.exec_driver_sql("INSERT INTO mention_fts (mention_fts) VALUES ('optimize')")
    return empty_log(engine)


def empty_log(engine: Engine) -> bool:
    """Leave nothing of the past in SQLite's log; False where somebody read from it all the while."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None  # noqa: S101 - a connection that is open has one
        raw.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        for _ in range(_TRIES):
            busy, _pages, _moved = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                break
            time.sleep(_PAUSE_SECONDS)
        raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    return not busy


def _names(name: str) -> tuple[str, ...]:
    return _NAMED_BY.get(name, ("id",))


def _table(name: str) -> Any:
    found = _FOUND_BY.values() if name == "mention" else ()
    more = ("platform", *found) if name == "mention" else ()
    return table(name, *(column(one) for one in (*_names(name), *more)), *(column(one, Text) for one in _HIDDEN[name]))


def _other(rows: Any, name: str, box: Box) -> Any:
    """Rows with a value that another key sealed, or none. ``substr`` and not LIKE: SQLite's LIKE knows no case."""
    prefix = box.prefix
    unfound = (
        [and_(rows.c[one].is_not(None), rows.c[by].is_(None)) for one, by in _FOUND_BY.items()]
        if name == "mention"
        else []
    )
    return or_(
        *(and_(rows.c[one] != "", func.substr(rows.c[one], 1, len(prefix)) != prefix) for one in _HIDDEN[name]),
        *unfound,
    )


def _batch(connection: Connection, name: str, box: Box, after: int) -> list[Row[Any]]:
    rows, by = _table(name), _names(name)
    behind = rows.c.id > after if "id" in by else true()
    query = select(rows).where(behind, _other(rows, name, box)).order_by(*(rows.c[one] for one in by)).limit(BATCH)
    return list(connection.execute(query.with_for_update()).all())


def _write(connection: Connection, name: str, box: Box, lookup: Lookup, found: list[Row[Any]]) -> None:
    if not found:
        return
    rows, by = _table(name), _names(name)
    values = []
    for row in found:
        plain = {one: None if (stored := getattr(row, one)) is None else box.open(stored) for one in _HIDDEN[name]}
        new = {f"row_{one}": getattr(row, one) for one in by}
        new |= {f"new_{one}": box.seal(said) if said else said for one, said in plain.items()}
        if name == "mention":
            author, link = (
                None if (said := plain[one]) is None else json.loads(said) for one in ("author", "permalink")
            )
            new |= {f"new_{one}": key for one, key in lookup.columns(row.platform, author, link).items()}
        values.append(new)
    written = [*_HIDDEN[name], *(_FOUND_BY.values() if name == "mention" else ())]
    change = update(rows).where(*(rows.c[one] == bindparam(f"row_{one}") for one in by))
    connection.execute(change.values({one: bindparam(f"new_{one}", type_=Text) for one in written}), values)


def _is_plain(name: str, row: Row[Any]) -> bool:
    return any((value := getattr(row, one)) and not value.startswith(MARK) for one in _HIDDEN[name])


def _sweep(engine: Engine) -> None:
    """Leave nothing of the past in SQLite's free pages and its log, where something of it may stand there.

    Raises StoreError; the chore is left for the next time then.
    """
    with engine.connect() as connection:
        due = connection.execute(select(chore.c.name).where(chore.c.name == _SWEEP)).first() is not None
    if not due:
        return
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None  # noqa: S101 - a connection that is open has one
            raw.execute("VACUUM")
        if not empty_log(engine):
            raise StoreError(
                "everything is sealed, but the database's log still holds what was plain, since somebody reads from "
                "it all the time: stop every process and run `sahut migrate` again"
            )
    with engine.begin() as connection:
        connection.execute(delete(chore).where(chore.c.name == _SWEEP))
    # That it is done stands in the log now, and nothing else.
