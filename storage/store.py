"""The store: ``with store.begin() as tx:`` is the only commit in the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from sahut.core.errors import BusyError, StoreError
from storage import hidden_rows, masking, migrate
from storage.accounts import SqlAccounts
from storage.assessments import SqlAssessments
from storage.audit import SqlAudit
from storage.checks import SqlChecks
from storage.conversations import SqlConversations
from storage.credentials import SqlCredentials
from storage.dead_letters import SqlDeadLetters
from storage.decisions import SqlDecisions
from storage.deliveries import SqlDeliveries
from storage.engine import READ, engine_for
from storage.explanations import SqlExplanations
from storage.hiding import Box
from storage.identities import SqlIdentities
from storage.imports import SqlImports
from storage.invitations import SqlInvitations
from storage.lookups import LookupKey
from storage.mentions import SqlMentions
from storage.months import SqlMonths
from storage.operations import SqlOperations
from storage.persons import SqlPersons
from storage.replies import SqlReplies
from storage.retention import SqlRetention
from storage.sealing import Seal
from storage.second_factors import SqlSecondFactors
from storage.sources import SqlSources
from storage.tickets import SqlTickets
from storage.types import hide_with
from storage.viewings import SqlViewings
from storage.views import SqlViews
from storage.walks import SqlWalks

# PostgreSQL's own codes: serialization_failure, deadlock_detected.
_GIVEN_UP = frozenset({"40001", "40P01"})


class SqlTx:
    """One transaction, a noun at a time."""

    def __init__(self, connection: Connection, seal: Seal, keys: LookupKey) -> None:
        lookup = keys.within(connection)
        self.audit = SqlAudit(connection)
        self.sources = SqlSources(connection)
        self.mentions = SqlMentions(connection, lookup)
        self.assessments = SqlAssessments(connection, self.mentions)
        self.decisions = SqlDecisions(connection, self.audit)
        self.tickets = SqlTickets(connection)
        self.dead_letters = SqlDeadLetters(connection)
        self.accounts = SqlAccounts(connection)
        self.invitations = SqlInvitations(connection)
        self.identities = SqlIdentities(connection)
        self.second_factors = SqlSecondFactors(connection, seal)
        self.operations = SqlOperations(connection)
        self.walks = SqlWalks(connection)
        self.months = SqlMonths(connection)
        self.explanations = SqlExplanations(connection)
        self.credentials = SqlCredentials(connection, seal)
        self.replies = SqlReplies(connection, self.mentions)
        self.deliveries = SqlDeliveries(connection)
        self.conversations = SqlConversations(connection)
        self.viewings = SqlViewings(connection)
        self.views = SqlViews(connection)
        self.checks = SqlChecks(connection)
        self.imports = SqlImports(connection)
        self.persons = SqlPersons(connection, lookup)
        self.retention = SqlRetention(connection)


class SqlStore:
    """Rows in SQLite or PostgreSQL. Safe to share between threads; not over a fork."""

    def __init__(self, engine: Engine, seal: Seal, box: Box) -> None:
        self._engine = engine
        self._seal = seal
        self._box = box
        self._keys = LookupKey(seal)
        hide_with(engine.dialect, box)
        if engine.dialect.name == "sqlite":
            self._reader = engine.execution_options(**{READ: True})
        else:
            # One view for several statements, as SQLite's readers have.
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def begin(self) -> Iterator[SqlTx]:
        """A transaction that may write. Writers wait for each other; it rolls back when the block raises.

        Raises BusyError where the database gave it up for another's sake.
        """
        try:
            with self._engine.begin() as connection:
                tx = SqlTx(connection, self._seal, self._keys)
                yield tx
                tx.audit.write()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _GIVEN_UP:
                raise BusyError from error
            raise

    @contextmanager
    def read(self) -> Iterator[SqlTx]:
        """A consistent view; never waits for a writer."""
        with self._reader.begin() as connection:
            yield SqlTx(connection, self._seal, self._keys)

    def ping(self) -> None:
        """Raises StoreError when the database cannot be reached or its schema is not the code's."""
        try:
            with self._reader.connect() as connection:
                found = migrate.revision(connection)
        except DBAPIError as error:
            raise StoreError(f"the database cannot be reached: {error.orig}") from error
        wanted = migrate.head()
        if found != wanted:
            had = f"is at revision {found}" if found else "has no tables yet"
            raise StoreError(f"the database {had}, this version of Sahut needs {wanted}: run `sahut migrate`")

    def hide(self, done: Callable[[int], object] = lambda _: None) -> int:
        """Seal with the first key every row about persons that it has not sealed; how many that were.

        Batch by batch, while everything else goes on; ``done`` is told of each. Raises StoreError.
        """
        with self._engine.begin() as connection:
            self._keys.reseal(connection)
        return hidden_rows.reseal(self._engine, self._box, self._keys, done)

    def mask(self, done: Callable[[int], object] = lambda _: None) -> int:
        """Let search read what an earlier version stored, masked by the present finder; how many rows that were.

        Batch by batch, while everything else goes on; ``done`` is told of each.
        """
        return masking.catch_up(self._engine, done)

    def unmasked(self) -> int:
        """How many rows search does not read, or reads as an earlier finder masked them."""
        with self._reader.begin() as connection:
            return masking.left(connection)

    def sweep(self) -> bool:
        """Leave nothing of what was erased in SQLite's index of words and its log.

        False where somebody reads from it just now. Another database sees to it by itself.
        """
        return hidden_rows.sweep_erased(self._engine)

    def unhidden(self) -> int:
        """How many rows about persons the first key has not sealed."""
        with self._reader.begin() as connection:
            return hidden_rows.left(connection, self._box)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def open_store(url: str, *, keys: Sequence[str] = ()) -> SqlStore:
    """A store at ``sqlite:///FILE`` or ``postgresql://…``, whose secrets are sealed with the first of ``keys``.

    Raises StoreError for another kind of address and for what is no key.
    """
    return SqlStore(engine_for(url), Seal(keys), Box(keys))
