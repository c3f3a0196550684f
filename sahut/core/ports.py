"""What the core needs from outside, as protocols. Each has one contract suite (tests/contracts/) for all its makers.

Only plain values of `sahut.core.model` pass through: no session, row or response of a library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Event
from typing import Any, Protocol

from sahut.core.model import (
    Annotation,
    ApiToken,
    Assessment,
    Batch,
    Candidate,
    Change,
    DeadItem,
    DeadLetter,
    Decided,
    Decision,
    DecisionDraft,
    Known,
    Mention,
    MentionClaim,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionState,
    MentionVersion,
    Page,
    Probe,
    Reading,
    Role,
    Session,
    Source,
    SourceClaim,
    SourceDraft,
    SourceMonth,
    SourceState,
    StoredAnswer,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketEvent,
    TicketFilter,
    Tie,
    User,
    Verdict,
    Walk,
    WalkDraft,
    WhySpan,
)

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC datetime."""

Look = Callable[[SourceDraft], Probe]
"""Reads the first page of a place and stores nothing. Raises NotFoundError for a platform that nobody brings."""


class Collector(Protocol):
    """Reads one platform. Keeps nothing between calls: everything to remember goes into the batch's cursor."""

    platform: str

    def collect(self, source: Source, *, now: datetime) -> Iterator[Batch]:
        """Pages from ``source.cursor`` on. Each batch is stored, with its cursor, before the next is asked for.

        Raises TransientError or PermanentError; batches already yielded stay stored.
        """
        ...

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read again one item that was a dead letter. Raises ValueError with the reason when it still can't be read."""
        ...


class Classifier(Protocol):
    """Says what texts are. Pure: the same text gives the same assessment, alone or among others (within 1e-3)."""

    name: str
    model: str

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order. Raises ClassifierError when the model cannot be used."""
        ...


class Explainer(Protocol):
    """Says which stretches of a text carried the decision of the classifier called ``model``. Pure, as that is."""

    model: str

    def explain(self, text: str) -> list[WhySpan]:
        """In order, none overlapping another. Raises ClassifierError when the model cannot be used."""
        ...


class Annotator(Protocol):
    """Reads beside the classifier what a text says: the place it names, its language. Pure, as a classifier is."""

    def annotate(self, text: str, *, area: str = "") -> Annotation:
        """For any text. ``area`` is the code of the area that the text's source speaks of, empty when unknown."""
        ...


class Queue(Protocol):
    """A doorbell: rings may be lost or doubled without harm, since the row is the work."""

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        """Ask for ``job`` to run soon. A second ring with the same ``(job, key)`` before the first runs is dropped."""
        ...

    def work(self, stop: Event) -> None:
        """Run jobs in this process until ``stop`` is set, then finish those under way and return."""
        ...

    def close(self) -> None:
        """Let go of threads and connections."""
        ...


class Sources(Protocol):
    """The sources of a transaction."""

    def add(self, draft: SourceDraft, now: datetime) -> Source:
        """Raises RefusedError(rule="source_exists") when the name, or the same platform and address, is taken."""
        ...

    def get(self, source_id: int) -> Source:
        """Raises NotFoundError."""
        ...

    def find(self, name: str) -> Source | None: ...
    def all(self, *, removed: bool = False) -> list[Source]: ...
    def change(self, source_id: int, draft: SourceDraft, *, version: int | None, now: datetime) -> Source:
        """Set name, address, query, interval and options; a new address starts with an empty cursor.

        Raises RefusedError(rule="source_exists" or "source_removed").
        """
        ...

    def set_state(self, source_id: int, state: SourceState, *, version: int | None, now: datetime) -> Source:
        """Pause, resume or remove. Resuming clears failures and makes the source due. Never deletes mentions.

        Raises RefusedError(rule="source_removed") when a removed source is to be paused or resumed.
        """
        ...

    def due(self, now: datetime, limit: int) -> list[int]:
        """Active sources whose time has come and that nobody holds, most overdue first."""
        ...

    def claim(self, source_id: int, *, now: datetime, until: datetime) -> SourceClaim | None:
        """One conditional UPDATE; None when it is not active or somebody holds it (due or not does not matter)."""
        ...

    def advance(self, claim: SourceClaim, cursor: Mapping[str, Any], *, until: datetime) -> None:
        """Save the cursor and extend the lease. Raises LeaseLostError."""
        ...

    def release(self, claim: SourceClaim, reading: Reading) -> None:
        """Write how the reading ended and give the lease back. Raises LeaseLostError."""
        ...


class Mentions(Protocol):
    """The mentions of a transaction."""

    def known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]: ...
    def lock(self, mention_ids: Sequence[int]) -> None:
        """Lock mentions, what they count on and what counts on them, all in one order, until the commit."""
        ...

    def save(self, source_id: int, changes: Sequence[Change], now: datetime) -> tuple[int, int]:
        """Insert new ones, version edited ones. Returns (inserted, edited); a key that exists is not inserted again."""
        ...

    def get(self, mention_id: int) -> MentionRecord:
        """Raises NotFoundError."""
        ...

    def for_update(self, mention_id: int, *, version: int | None = None) -> MentionRecord:
        """Lock the row until the commit. Raises NotFoundError, StaleWriteError."""
        ...

    def folded_behind(self, mention_id: int) -> list[MentionRecord]:
        """The copies that wait behind a mention, by id."""
        ...

    def versions(self, mention_id: int) -> list[MentionVersion]: ...
    def page(
        self, where: MentionFilter, *, order: MentionOrder, limit: int, after: str | None = None
    ) -> Page[MentionRecord]:
        """Raises RefusedError(rule="page_token") for a token that this list did not give."""
        ...

    def count(self, where: MentionFilter, *, cap: int) -> int:
        """How many match, counted up to ``cap``."""
        ...

    def claim(self, *, now: datetime, until: datetime, limit: int, max_attempts: int) -> MentionClaim | None:
        """Lease the oldest waiting mentions; None when none waits. Counts an attempt on each."""
        ...

    def give_back(self, claim: MentionClaim) -> None:
        """Free what is still held under the claim, as if it had not been claimed."""
        ...

    def give_up(self, *, now: datetime, max_attempts: int) -> int:
        """Hold mentions whose every attempt ended in a lost lease, each with a dead letter."""
        ...

    def waiting(self, now: datetime) -> int:
        """How many could be claimed now, counted up to 1,000."""
        ...

    def candidates(self, record: MentionRecord, *, since: datetime) -> list[Candidate]:
        """Earlier mentions that ``record`` may repeat: its declared original, equal text keys, similar signatures.

        Also files ``record``'s own signature for the mentions that come after it. A handful at most.
        """
        ...

    def tie(self, tie: Tie, now: datetime) -> None: ...
    def untie(self, mention_id: int, now: datetime) -> None:
        """The mention stands for itself again; it is not tied to the same first one a second time."""
        ...

    def set_state(
        self, mention_ids: Sequence[int], state: MentionState, *, ticket_id: int | None, now: datetime
    ) -> None: ...


class Assessments(Protocol):
    """What models said."""

    def save(self, claim: MentionClaim, verdicts: Sequence[Verdict], now: datetime) -> list[int]:
        """Write verdicts on mentions still held under the claim; the ids written. A lost one is left alone."""
        ...

    def renew(self, claim: MentionClaim, verdicts: Sequence[Verdict], now: datetime) -> list[int]:
        """As `save`, for mentions that were judged before: what a person has decided on keeps state and ticket."""
        ...

    def hold(self, claim: MentionClaim, mention_id: int, reason: str, now: datetime) -> None:
        """Set a mention aside with a dead letter."""
        ...

    def history(self, mention_id: int) -> list[tuple[datetime, Assessment]]: ...


class Explanations(Protocol):
    """Why mentions were flagged: work that waits behind everything else."""

    def waiting(self, now: datetime, *, max_attempts: int) -> bool:
        """Whether any could be claimed now, whichever model judged it."""
        ...

    def claim(
        self, model: str, *, now: datetime, until: datetime, limit: int, max_attempts: int
    ) -> MentionClaim | None:
        """Lease flagged mentions that ``model`` judged and nobody explained, most pressing first. Counts an attempt."""
        ...

    def save(self, claim: MentionClaim, found: Mapping[int, Sequence[WhySpan]]) -> list[int]:
        """Write by mention on what is still held under the claim, and free the rest; the ids written.

        Nobody's version rises.
        """
        ...


class Walks(Protocol):
    """Walks of a new model through the archive."""

    def start(self, draft: WalkDraft, now: datetime) -> Walk:
        """Begin one, or join one that runs with the same aim. Running walks for another model are stopped."""
        ...

    def get(self, walk_id: int) -> Walk:
        """Raises NotFoundError."""
        ...

    def running(self) -> list[Walk]: ...
    def recent(self, limit: int) -> list[Walk]: ...
    def stop(self, walk_id: int, now: datetime) -> None: ...
    def claim(
        self, walking: Walk, *, now: datetime, until: datetime, limit: int, max_attempts: int
    ) -> MentionClaim | None:
        """Lease the next mentions, whatever their state; None when all are done or in other hands."""
        ...

    def skip(self, claim: MentionClaim, mention_ids: Sequence[int], *, max_attempts: int) -> None:
        """Leave mentions that cannot be judged as they are; this walk does not try them again."""
        ...

    def advance(
        self,
        walk_id: int,
        now: datetime,
        *,
        max_attempts: int,
        judged: int = 0,
        flagged: int = 0,
        filed: int = 0,
        failed: int = 0,
    ) -> Walk:
        """Count what was done, move the position up to the first mention that is left, end the walk at the last."""
        ...


class Months(Protocol):
    """Months in numbers."""

    def counts(self, since: datetime, until: datetime) -> list[SourceMonth]:
        """What came of the mentions of a time, by source, without the demonstration's."""
        ...


class Decisions(Protocol):
    """What people decided. Append-only."""

    def add(self, draft: DecisionDraft) -> Decision: ...
    def get(self, decision_id: int) -> Decision:
        """Raises NotFoundError."""
        ...

    def of_mention(self, mention_id: int) -> list[Decision]: ...
    def of_group(self, group: str) -> list[Decision]: ...
    def recent(self, limit: int) -> list[Decision]: ...
    def standing(self, *, after: int, limit: int) -> list[Decided]:
        """Decisions above id ``after`` that nobody undid, oldest first, without the demonstration's."""
        ...


class Tickets(Protocol):
    """The tickets of a transaction."""

    def create(self, draft: TicketDraft, *, tracking_code: str, now: datetime) -> Ticket:
        """Numbers without a gap per year of the agency's clock (WIB)."""
        ...

    def get(self, ticket_id: int) -> Ticket:
        """Raises NotFoundError."""
        ...

    def for_update(self, ticket_id: int, *, version: int | None = None) -> Ticket:
        """Raises NotFoundError, StaleWriteError."""
        ...

    def change(self, ticket_id: int, change: TicketChange, now: datetime) -> Ticket: ...
    def void(self, ticket_id: int, now: datetime) -> Ticket: ...
    def page(self, where: TicketFilter, *, limit: int, after: str | None = None) -> Page[Ticket]: ...
    def count(self, where: TicketFilter, *, cap: int) -> int: ...
    def add_event(
        self, ticket_id: int, kind: str, detail: Mapping[str, Any], actor_name: str, now: datetime
    ) -> None: ...
    def events(self, ticket_id: int) -> list[TicketEvent]: ...


class DeadLetters(Protocol):
    """Items set aside."""

    def add(self, source_id: int, items: Sequence[DeadItem], now: datetime) -> None:
        """An item already there (same source, native id and raw) only counts another attempt."""
        ...

    def get(self, letter_id: int) -> DeadLetter:
        """Raises NotFoundError."""
        ...

    def page(self, *, limit: int, after: int = 0) -> list[DeadLetter]: ...
    def count(self) -> int: ...
    def drop(self, letter_id: int) -> None: ...


class Accounts(Protocol):
    """Users, sessions, tokens, and answers kept for idempotency keys."""

    def add_user(
        self, *, username: str, name: str, role: Role, password_hash: str, must_change: bool, now: datetime
    ) -> User:
        """Raises RefusedError(rule="username_taken")."""
        ...

    def user(self, user_id: int) -> User:
        """Raises NotFoundError."""
        ...

    def user_named(self, username: str) -> User | None: ...
    def users(self) -> list[User]: ...
    def set_password(self, user_id: int, password_hash: str, *, must_change: bool) -> None:
        """Also ends every session of the account."""
        ...

    def set_active(self, user_id: int, active: bool) -> None:
        """Deactivating also ends every session of the account."""
        ...

    def add_session(self, session: Session) -> None: ...
    def session(self, token_hash: str) -> Session | None: ...
    def touch_session(self, token_hash: str, now: datetime) -> None: ...
    def end_session(self, token_hash: str) -> None: ...
    def count_failed_login(self, username: str, address: str, now: datetime) -> None: ...
    def failed_logins(self, username: str, address: str, since: datetime) -> int: ...
    def add_token(
        self, *, user_id: int, name: str, token_hash: str, expires_at: datetime | None, now: datetime
    ) -> ApiToken: ...
    def token(self, token_hash: str) -> ApiToken | None: ...
    def touch_token(self, token_id: int, now: datetime) -> None: ...
    def revoke_token(self, token_id: int) -> None: ...
    def tokens(self) -> list[ApiToken]: ...
    def answer(self, key: str, user_id: int) -> StoredAnswer | None: ...
    def keep_answer(self, answer: StoredAnswer) -> None: ...


class Operations(Protocol):
    """Housekeeping: who is alive, the demonstration, and what has outlived its use."""

    def beat(self, role: str, process: str, now: datetime) -> None:
        """A process of ``role`` (web, worker, scheduler) says that it is alive."""
        ...

    def beats(self) -> list[tuple[str, str, datetime]]: ...
    def counts(self) -> dict[str, int]:
        """Mentions by state, sources by state, dead letters, tickets by status: for metrics and `doctor`."""
        ...

    def demo_exists(self) -> bool: ...
    def clear_demo(self) -> dict[str, int]:
        """Delete demo sources with all that came of them, and nothing else. Returns rows deleted by table."""
        ...

    def tidy(self, now: datetime) -> dict[str, int]:
        """Delete expired sessions, old idempotency answers, failed log-ins and heartbeats."""
        ...


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
    def explanations(self) -> Explanations: ...


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
