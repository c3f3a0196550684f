"""Migrations: up and down on both databases, agreeing with the tables, and safe for two processes at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from sahut.core.errors import StoreError
from storage import migrate
from storage.engine import engine_for
from storage.store import open_store
from storage.tables import metadata


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def table_names(url: str) -> set[str]:
    engine = engine_for(url)
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
    engine.dispose()
    return {name for name in names if not name.startswith("mention_fts")}


def test_an_empty_database_comes_up_and_goes_down_without_a_trace(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    assert table_names(empty_url) == {*metadata.tables, "alembic_version"}
    store = open_store(empty_url)
    store.ping()
    store.close()
    migrate.downgrade(empty_url, "base")
    assert table_names(empty_url) == {"alembic_version"}
    migrate.upgrade(empty_url)
    assert table_names(empty_url) == {*metadata.tables, "alembic_version"}


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    before = table_names(database_url)
    migrate.upgrade(database_url)
    assert table_names(database_url) == before


def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = engine_for(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def _ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    # The search index is SQL of its own on each database; the table objects do not know it.
    return not (name or "").startswith("mention_fts") and name not in {"search", "ix_mention_search"}


def test_an_unmigrated_database_is_refused_with_the_command_that_helps(empty_url: str) -> None:
    store = open_store(empty_url)
    with pytest.raises(StoreError, match="sahut migrate"):
        store.ping()
    store.close()


def test_a_database_of_a_newer_version_is_refused_in_words(database_url: str) -> None:
    engine = engine_for(database_url)
    with engine.begin() as connection:
        _set_revision(connection, "9999")
    engine.dispose()
    with pytest.raises(StoreError, match="newer"):
        migrate.upgrade(database_url)
    store = open_store(database_url)
    with pytest.raises(StoreError, match="9999"):
        store.ping()
    store.close()


def _set_revision(connection: Connection, revision: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


@pytest.mark.processes
def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    program = "import sys; from storage.migrate import upgrade; upgrade(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    errors = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], errors
    assert table_names(empty_url) == {*metadata.tables, "alembic_version"}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "nonsense"])
def test_an_address_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_an_unreachable_database_is_a_store_error(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    with pytest.raises(StoreError, match="cannot be reached"):
        store.ping()
    store.close()
