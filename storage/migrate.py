"""Schema changes: from any older revision to the code's, and back."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from sahut.core.errors import StoreError
from storage.engine import engine_for

# Any number, but the same in every process: it names the lock.
_LOCK = 5_348_554


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database, empty or of any older version, to ``revision`` in one transaction.

    Two processes that start together are harmless: one waits for the other. Raises StoreError where the database is
    newer than the code.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take a database back to ``revision`` ("base" for an empty one); what the older schema cannot hold is lost."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, step: Callable[[Config], None]) -> None:
    engine = engine_for(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config()
            config.attributes["connection"] = connection
            step(config)
    except CommandError as error:
        raise StoreError(f"the database is newer than this version of Sahut, or not Sahut's: {error}") from error
    finally:
        engine.dispose()


def revision(connection: Connection) -> str | None:
    """The revision that a database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision that this code needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None  # noqa: S101 - the package holds at least one
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("storage") / "migrations"))
    return config
