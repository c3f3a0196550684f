"""Bringing in a file of rows: whose it is, what it would bring, and reading it under the pipeline's guarantees.

A file is a source of platform ``file`` like any other, so that its rows are stored page by page with their cursor, and
a reading that was cut goes on. Between two imports the source is paused: it is read when somebody says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from sahut.core import collecting, rules
from sahut.core.errors import CollectError, RefusedError
from sahut.core.model import Access, Batch, Guide, Mention, Source, SourceDraft, SourceState
from sahut.core.ports import Clock, Collector, Store, Tx
from sahut.probe import unstored

PLATFORM = "file"
# A killed import may be taken up again after so long; a page of rows takes a moment.
LEASE = timedelta(minutes=1)
_INTERVAL = timedelta(days=1)
_MOST_SHOWN = 5
Done = Callable[[int], object]


@dataclass(slots=True, kw_only=True)
class Counts:
    """Rows of a file: ``same`` say what is stored already, ``left_out`` do not match the filter."""

    seen: int = 0
    new: int = 0
    edited: int = 0
    same: int = 0
    left_out: int = 0
    unreadable: int = 0


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """What an import would bring. ``first`` are the first rows as they would look, ``faults`` the first unreadable."""

    counts: Counts = field(default_factory=Counts)
    first: list[Mention] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How an import went. ``stopped``: somebody stopped it between two pages; ``error`` is None unless it broke off."""

    source: Source
    counts: Counts
    faults: list[str]
    notes: list[str]
    stopped: bool
    error: CollectError | None


def draft_for(path: Path, *, name: str, query: str, options: Mapping[str, str], known: Source | None) -> SourceDraft:
    """What is to be read, with what the source said before where nothing else is said now."""
    if known is None:
        called = name or path.name
        return SourceDraft(
            platform=PLATFORM,
            name=called,
            address=str(path),
            query=query,
            interval=_INTERVAL,
            # A source may be called otherwise later; the identity of what it brought must stay.
            options={"scope": called, **options},
        )
    return replace(known.draft, address=str(path), query=query or known.query, options={**known.options, **options})


def source_of(tx: Tx, path: Path, *, name: str, same_bytes: Callable[[Source], bool]) -> Source | None:
    """The source that this file belongs to: the one named, of its path, or that read the very same bytes.

    Raises RefusedError(rule="source_exists") when only the file's name is that of another source: whether this is a
    newer export of the same, whose ids continue, a person has to say.
    """
    if name:
        found = tx.sources.find(name)
        if found is not None and found.platform != PLATFORM:
            raise RefusedError(f"'{name}' is a source of {found.platform}, not of a file", rule="source_exists")
        return found
    files = [source for source in tx.sources.all() if source.platform == PLATFORM]
    found = next((source for source in files if source.address == str(path)), None)
    found = found or next(filter(same_bytes, files), None)
    if found is not None:
        return found
    taken = tx.sources.find(path.name)
    if taken is not None:
        raise RefusedError(
            f"there is a source '{taken.name}' already, from {taken.address}: say --name '{taken.name}' if this file "
            "is a newer export of the same, or give it another --name",
            rule="source_exists",
        )
    return None


def rehearse(
    draft: SourceDraft,
    *,
    store: Store,
    collector: Collector,
    now: datetime,
    done: Done,
    most: int = _MOST_SHOWN,
) -> Rehearsal:
    """Read all of a file and compare it with the store, which stays as it is. Raises CollectError.

    ``most`` faults are kept in words.
    """
    found = Rehearsal()
    counts = found.counts
    met: set[int] = set()
    for batch in collector.collect(unstored(draft, now), now=now):
        with store.read() as tx:
            known = tx.mentions.known([mention.key for mention in batch.mentions])
        for mention in batch.mentions:
            # By hashes of keys, so that a file of a million rows takes some tens of megabytes and no more.
            again = hash(mention.key) in met
            met.add(hash(mention.key))
            change = None if again else rules.decide(mention, known.get(mention.key))
            counts.same += change is None
            counts.new += change is not None and change.known is None
            counts.edited += change is not None and change.known is not None
        counts.seen += batch.seen
        counts.unreadable += len(batch.dead)
        counts.left_out += batch.seen - len(batch.dead) - len(batch.mentions)
        found.first += batch.mentions[: max(0, _MOST_SHOWN - len(found.first))]
        found.faults += [letter.reason for letter in batch.dead[: max(0, most - len(found.faults))]]
        found.notes += batch.notes
        done(batch.seen)
    return found


def run(
    draft: SourceDraft,
    known: Source | None,
    *,
    store: Store,
    collector: Collector,
    clock: Clock,
    stop: Event,
    done: Done,
    most: int = _MOST_SHOWN,
) -> Imported:
    """Read a file into the store, from where it was left. Raises RefusedError when somebody else reads it."""
    with store.begin() as tx:
        source = _prepared(tx, draft, known, clock())
    watched = _Watched(collector, stop, done, most)
    try:
        report = collecting.collect(source.id, store=store, collector_for=lambda _: watched, clock=clock, lease=LEASE)
    finally:
        with store.begin() as tx:
            after = tx.sources.set_state(source.id, SourceState.PAUSED, version=None, now=clock())
    if report is None:
        raise RefusedError(
            f"'{source.name}' is being read by another process, or one was killed that read it: "
            f"try again in {LEASE / timedelta(minutes=1):g} minute",
            rule="source_held",
        )
    counts = Counts(
        seen=report.seen,
        new=report.new,
        edited=report.edited,
        same=watched.kept - report.new - report.edited,
        left_out=report.seen - report.dead - watched.kept,
        unreadable=report.dead,
    )
    return Imported(
        source=after,
        counts=counts,
        faults=watched.faults,
        notes=watched.notes,
        stopped=watched.stopped,
        error=report.error,
    )


def _prepared(tx: Tx, draft: SourceDraft, known: Source | None, now: datetime) -> Source:
    if known is None:
        return tx.sources.add(draft, now)
    if known.draft != draft:
        tx.sources.change(known.id, draft, version=None, now=now)
    return tx.sources.set_state(known.id, SourceState.ACTIVE, version=None, now=now)


class _Watched:
    """A collector that tells how far it is, and that ends between two pages when it is to stop."""

    platform = PLATFORM
    guide: Guide | None = None

    def __init__(self, collector: Collector, stop: Event, done: Done, most: int) -> None:
        self._collector = collector
        self._stop = stop
        self._done = done
        self._most = most
        self.kept = 0
        self.stopped = False
        self.faults: list[str] = []
        self.notes: list[str] = []

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """The collector's pages. The next is asked for once the one before is stored, so that a stop loses nothing."""
        for batch in self._collector.collect(source, now=now, access=access):
            yield batch
            self.kept += len(batch.mentions)
            self.faults += [letter.reason for letter in batch.dead[: max(0, self._most - len(self.faults))]]
            self.notes += batch.notes
            self._done(batch.seen)
            if self._stop.is_set():
                self.stopped = True
                return

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """As the collector's."""
        return self._collector.revive(source, raw, now=now)
