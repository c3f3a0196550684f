"""Where rows live: a store gives transactions, a transaction its nouns."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sahut.core.ports.audit import Audit
from sahut.core.ports.cases import Accounts, Credentials, DeadLetters, Decisions, Operations, Tickets
from sahut.core.ports.conversations import Conversations
from sahut.core.ports.deliveries import Deliveries
from sahut.core.ports.people import Invitations
from sahut.core.ports.replies import Replies
from sahut.core.ports.work import Assessments, Explanations, Mentions, Months, Sources, Walks


class Tx(Protocol):
    """One transaction. Everything done through it is committed together, or not at all."""

    @property
    def sources(self) -> Sources: ...
    @property
    def mentions(self) -> Mentions: ...
    @property
    def assessments(self) -> Assessments: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def walks(self) -> Walks: ...
    @property
    def months(self) -> Months: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def explanations(self) -> Explanations: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def conversations(self) -> Conversations: ...


class Store(Protocol):
    """Where rows live. ``with store.begin() as tx:`` is the only commit in the project."""

    def begin(self) -> AbstractContextManager[Tx]:
        """A transaction that may write: commits at the end of the block, rolls back when it raises."""
        ...

    def read(self) -> AbstractContextManager[Tx]:
        """A consistent view for reading; never waits for a writer."""
        ...

    def ping(self) -> None:
        """Raises StoreError when the database cannot be reached or its schema is not the code's."""
        ...

    def close(self) -> None: ...
