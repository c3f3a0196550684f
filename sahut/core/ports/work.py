"""What machines keep in a transaction: sources, mentions, what models said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from sahut.core.model import (
    Assessment,
    Candidate,
    Change,
    Facets,
    Gap,
    Known,
    MentionClaim,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionState,
    MentionVersion,
    Page,
    Reading,
    Source,
    SourceClaim,
    SourceDay,
    SourceDraft,
    SourceMonth,
    SourceState,
    Tie,
    Verdict,
    Walk,
    WalkDraft,
    WhySpan,
)


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

    def hurry(self, source_ids: Sequence[int], when: datetime) -> None:
        """Make active sources due at ``when`` at the latest, whoever may be reading them meanwhile."""
        ...

    def brought(self, source_id: int, now: datetime, *, seen: int, new: int) -> None:
        """Count what came to a source by itself as a reading that went well."""
        ...

    def days(self, source_ids: Sequence[int], since: date) -> dict[int, list[SourceDay]]:
        """By source, its days from ``since`` on on which it was read, oldest first."""
        ...

    def add_gaps(self, source_id: int, gaps: Sequence[Gap], now: datetime) -> None:
        """Remember holes, each once."""
        ...

    def gaps(self, source_ids: Sequence[int]) -> dict[int, list[Gap]]: ...


class Mentions(Protocol):
    """The mentions of a transaction."""

    def known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]: ...
    def lock(self, mention_ids: Sequence[int]) -> None:
        """Lock mentions, what they count on and what counts on them, all in one order, until the commit."""
        ...

    def save(
        self, source_id: int, changes: Sequence[Change], now: datetime, *, recheck_at: datetime | None = None
    ) -> tuple[int, int]:
        """Insert new ones, version edited ones. Returns (inserted, edited); a key that exists is not inserted again."""
        ...

    def get(self, mention_id: int) -> MentionRecord:
        """Raises NotFoundError."""
        ...

    def whole(self, mention_id: int) -> MentionRecord:
        """As `get`, with the platform's own payload too. Raises NotFoundError."""
        ...

    def for_update(self, mention_id: int, *, version: int | None = None) -> MentionRecord:
        """Lock the row until the commit. Raises NotFoundError, StaleWriteError."""
        ...

    def all_for_update(self, versions: Mapping[int, int | None]) -> list[MentionRecord]:
        """As `for_update` for each of ``versions`` (by id; None for whatever is there now), in order of id."""
        ...

    def folded_behind(self, mention_ids: Sequence[int]) -> list[MentionRecord]:
        """The copies that wait behind mentions, by id, locked until the commit."""
        ...

    def answered(self, mention_id: int) -> bool:
        """Whether something of ours was collected that answers a mention."""
        ...

    def conversation(self, of: MentionRecord, limit: int) -> list[MentionRecord]:
        """What was collected of a mention's conversation, itself included, oldest first."""
        ...

    def versions(self, mention_id: int) -> list[MentionVersion]: ...
    def page(
        self, where: MentionFilter, *, order: MentionOrder, limit: int, after: str | None = None
    ) -> Page[MentionRecord]:
        """Raises RefusedError(rule="page_token") for a token that this list did not give."""
        ...

    def facets(self, where: MentionFilter, *, cap: int) -> Facets:
        """How many match, counted up to ``cap``, and of what they are."""
        ...

    def waiting_by(self, wheres: Sequence[MentionFilter], *, most: int) -> list[int]:
        """How many of the ``most`` most pressing that wait match each filter: one walk for all."""
        ...

    def mark(self) -> int:
        """How far judging has come: what is judged from now on stands above it."""
        ...

    def fresh(self, where: MentionFilter, mark: int, *, cap: int) -> int:
        """How many match that were judged above ``mark`` for the first time, counted up to ``cap``."""
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
        self,
        mention_ids: Sequence[int],
        state: MentionState,
        *,
        ticket_id: int | None,
        now: datetime,
        until: datetime | None = None,
    ) -> None: ...

    def move(self, from_ticket: int, to_ticket: int, only: Sequence[int] | None, now: datetime) -> list[int]:
        """Put a ticket's mentions (``only`` these, if given) into another ticket; the ids of those that moved."""
        ...

    def assign(self, mention_ids: Sequence[int], *, assignee_id: int | None, unit: str, now: datetime) -> None: ...
    def correct(self, mention_id: int, corrected: Mapping[str, str], said: Assessment | None, now: datetime) -> None:
        """Write what people said of kind, sentiment and topic by name; the rest is what the model ``said``."""
        ...

    def sleeping(self, now: datetime) -> bool:
        """Whether something that was put off is due."""
        ...

    def wake(self, now: datetime) -> int:
        """Bring back to the queue what was put off until ``now``; how many, some hundreds at most."""
        ...

    def to_recheck(self, now: datetime, limit: int) -> tuple[int, list[tuple[int, str]]] | None:
        """The source whose turn it is, and (id, native id) of mentions of it that are due; None for none."""
        ...

    def recheck_at(self, mention_ids: Sequence[int], when: datetime | None) -> None: ...
    def put_off_rechecks(self, source_id: int, when: datetime, now: datetime) -> None:
        """Let all mentions of a source whose turn it is wait until ``when``."""
        ...

    def withdraw(self, platform: str, native_ids: Sequence[str], now: datetime) -> list[int]:
        """Blank what is stored under these ids; the mentions' ids. What waited is filed."""
        ...


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
