"""Engines for SQLite and PostgreSQL, set up so that writers wait for each other and readers for nobody."""

from __future__ import annotations

import random
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from sahut.core.errors import StoreError

# FastAPI answers from forty threads, and a request holds one connection at most.
_POOL = {"pool_size": 10, "max_overflow": 40, "pool_timeout": 60}
BUSY_MILLISECONDS = 60_000
READ = "sahut_read"
_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def engine_for(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://…``. Raises StoreError for any other."""
    scheme, separator, rest = url.partition("://")
    try:
        parsed = make_url(f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}")
    except ArgumentError as error:
        # The address may hold a password: it is not repeated.
        raise StoreError("the database's address is not one: use sqlite:///FILE or postgresql://…") from error
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise StoreError("SQLite needs a file: sqlite:///PATH")
        engine = create_engine(parsed, **_POOL)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql+psycopg":
        return create_engine(parsed, pool_pre_ping=True, **_POOL)
    raise StoreError(f"cannot store in {parsed.drivername}: use sqlite:///FILE or postgresql://…")


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, which each database's own has and SQLAlchemy's general one has not."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _prepare_sqlite(connection: Any, record: Any) -> None:  # noqa: ARG001 - a DBAPI connection
    # The driver's own transactions begin too late, at the first write; ours are begun by _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    _write_ahead(cursor)
    # Each commit reaches the disk: one that a power cut took back could send a public reply twice, or forget what a
    # platform was told has arrived.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    # Two processes that open a new file together both read its first page before either may change it: SQLite then
    # refuses one at once, whatever the time-out, because waiting for each other would never end.
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - two that collide must not collide again
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once and waits for it: a transaction that first reads and then wants to write would
    # fail at once with "database is locked" when another has written meanwhile.
    reads = connection.get_execution_options().get(READ)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
