"""Files that people brought on the board: a worker looks them through, and reads them in.

The bytes lie sealed in the database, so that any worker can take them up; while one works, they lie in a folder of its
own, which only it may read and which goes with the work. A hostile file is never opened by the process that serves the
board.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from sahut import imports
from sahut.core.errors import CollectError, RefusedError, SettingsError
from sahut.core.model import Access, Batch, Guide, Mention, Source, SourceDraft
from sahut.core.model.imports import ImportClaim, ImportState
from sahut.core.ports import Clock, Collector, Store
from sahut.core.ports.imports import FileReader
from sahut.probe import unstored

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
_TELL_S = 1.0
_MOST_FAULTS = 50
_MOST_COLUMNS = 60
# What stands in place of a path for a source whose files come through the board.
_UPLOADED = "upload:"


class LostError(Exception):
    """Another worker has taken the file up meanwhile."""


class StoppedError(Exception):
    """This process ends, and the file was only being looked through: the next worker begins anew."""


def work(*, store: Store, collector: Collector, clock: Clock, stop: Event) -> ImportClaim | None:
    """Look through or read in the file that waits longest; None where none waits."""
    now = clock()
    with store.begin() as tx:
        claim = tx.imports.claim(now=now, until=now + LEASE)
    if claim is None:
        return None
    if not isinstance(collector, FileReader):
        raise TypeError(f"{collector.platform} reads no files")
    try:
        told = _Teller(store, claim, clock)
        with _on_disk(store, claim, told) as path:
            placed = _Placed(collector, path)
            if claim.item.state is ImportState.CHECKING:
                _look_through(claim, placed, path, store=store, clock=clock, told=told, stop=stop)
            else:
                _read_in(claim, placed, store=store, clock=clock, told=told, stop=stop)
    except StoppedError:
        _let_go(store, claim, clock())
    except LostError:
        log.warning("import %d was taken up by another worker", claim.item.id)
    return claim


def _let_go(store: Store, claim: ImportClaim, until: datetime) -> None:
    with store.begin() as tx:
        if not tx.imports.let_go(claim, until=until):
            raise LostError


def _look_through(
    claim: ImportClaim, placed: _Placed, path: Path, *, store: Store, clock: Clock, told: _Teller, stop: Event
) -> None:
    item, now = claim.item, clock()
    found: dict[str, Any] = {}
    try:
        with store.read() as tx:
            draft, known = _draft(tx.sources.find(item.source), claim)
        found["continues"] = known
        layout = placed.layout(unstored(draft, now))
        found |= {"form": layout.form, "columns": dict(layout.taken), "left": list(layout.left)}
        told.rows = layout.rows
        told.held()

        def done(more: int) -> None:
            if stop.is_set():
                raise StoppedError
            told(more)

        rehearsed = imports.rehearse(draft, store=store, collector=placed, now=now, done=done, most=_MOST_FAULTS)
    except (SettingsError, CollectError, RefusedError) as error:
        # What its columns are called lets a person name the one that holds the texts.
        found["names"] = _names(placed, unstored(SourceDraft(platform="file", name="", address=str(path)), now))
        _finish(store, claim, ImportState.CHECKED, found, clock(), error=error, path=path)
        return
    found |= {
        "counts": asdict(rehearsed.counts),
        "faults": rehearsed.faults,
        "notes": rehearsed.notes,
        "first": [_shown(mention) for mention in rehearsed.first],
    }
    _finish(store, claim, ImportState.CHECKED, found, clock(), path=path)


def _read_in(claim: ImportClaim, placed: _Placed, *, store: Store, clock: Clock, told: _Teller, stop: Event) -> None:
    item = claim.item
    # It goes on where the worker before left off.
    told.seen = item.done
    before = {key: item.found[key] for key in ("form", "columns", "left") if key in item.found}
    try:
        with store.read() as tx:
            known = tx.sources.find(item.source)
            draft, _ = _draft(known, claim)
        ended = imports.run(
            draft, known, store=store, collector=placed, clock=clock, stop=stop, done=told, most=_MOST_FAULTS
        )
    except RefusedError as error:
        if error.rule == "source_held":
            # Its worker was killed: once its hold on the source has run out, it goes on where that one stopped.
            _let_go(store, claim, clock() + imports.LEASE)
            return
        _finish(store, claim, ImportState.FAILED, before, clock(), error=error)
        return
    if ended.stopped:
        # This process ends. Another takes it up at once.
        told.held()
        _let_go(store, claim, clock())
        return
    found = {**before, "counts": asdict(ended.counts), "faults": ended.faults, "notes": ended.notes}
    state = ImportState.DONE if ended.error is None else ImportState.FAILED
    _finish(store, claim, state, found, clock(), error=ended.error, source_id=ended.source.id)


def _draft(known: Source | None, claim: ImportClaim) -> tuple[SourceDraft, bool]:
    """What is to be read, and whether it continues a source that there is. Raises RefusedError."""
    item = claim.item
    if known is not None and known.platform != imports.PLATFORM:
        raise RefusedError(f"'{item.source}' is a source of {known.platform}, not of files", rule="source_exists")
    path = Path(_UPLOADED + item.source)
    draft = imports.draft_for(path, name=item.source, query=item.query, options=item.options, known=known)
    # Its own address stays: a new one would begin its cursor anew.
    return (draft if known is None else replace(draft, address=known.address)), known is not None


def _finish(
    store: Store,
    claim: ImportClaim,
    state: ImportState,
    found: Mapping[str, Any],
    now: datetime,
    *,
    error: Exception | None = None,
    source_id: int | None = None,
    path: Path | None = None,
) -> None:
    words = "" if error is None else str(error)
    if path is not None:
        # The name that it has with us for a moment is nobody's business.
        words = words.replace(str(path), claim.item.file).replace(path.name, claim.item.file)
    problem = getattr(error, "problem", None) or getattr(error, "key", None) or getattr(error, "rule", "")
    with store.begin() as tx:
        if not tx.imports.finish(
            claim, state, found=found, error=words, problem=str(problem or ""), source_id=source_id, now=now
        ):
            raise LostError


def _names(placed: _Placed, source: Source) -> list[str]:
    try:
        return [name for name in placed.columns(source) if name][:_MOST_COLUMNS]
    except (SettingsError, CollectError):
        return []


def _shown(mention: Mention) -> dict[str, Any]:
    return {
        "title": mention.title[:200],
        "text": mention.text[:500],
        "author": "" if mention.author is None else mention.author.handle,
        "at": None if mention.published_at is None else mention.published_at.isoformat(),
    }


@contextmanager
def _on_disk(store: Store, claim: ImportClaim, told: _Teller) -> Iterator[Path]:
    """The file in a folder that nobody else may enter, for as long as it is worked on."""
    with TemporaryDirectory(prefix="sahut-import-") as folder:
        # openpyxl wants the ending; what a file is, its first bytes say.
        path = Path(folder) / "file.xlsx"
        with store.read() as tx, path.open("wb") as file:
            for part in tx.imports.parts(claim.item.id):
                file.write(part)
                told(0)
        yield path


class _Teller:
    """Writes down how far the work is, about once a second, and keeps the worker's hold. Raises LostError."""

    def __init__(self, store: Store, claim: ImportClaim, clock: Clock) -> None:
        self._store, self._claim, self._clock = store, claim, clock
        self.rows = claim.item.rows
        self.seen = 0
        self._told = time.monotonic()

    def __call__(self, more: int) -> None:
        self.seen += more
        if time.monotonic() - self._told >= _TELL_S:
            self.held()

    def held(self) -> None:
        """Write it down now. Raises LostError."""
        self._told = time.monotonic()
        with self._store.begin() as tx:
            held = tx.imports.progress(self._claim, self.seen, self.rows, until=self._clock() + LEASE)
        if not held:
            raise LostError


class _Placed:
    """The collector of files, for a file that lies elsewhere than its source says."""

    platform = imports.PLATFORM
    guide: Guide | None = None

    def __init__(self, reader: FileReader, path: Path) -> None:
        self._reader, self._path = reader, path

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """The file's pages."""
        return self._reader.collect(replace(source, address=str(self._path)), now=now, access=access)

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """As the collector's."""
        return self._reader.revive(source, raw, now=now)

    def layout(self, source: Source) -> Any:
        """What the file is taken for."""
        return self._reader.layout(replace(source, address=str(self._path)))

    def columns(self, source: Source) -> list[str]:
        """What its columns may be called."""
        return self._reader.columns(replace(source, address=str(self._path)))
