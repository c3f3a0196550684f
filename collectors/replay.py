"""Posts from a file of JSON lines: exports, demonstrations, benchmarks.

One object a line::

    {"id", "text", "title"?, "author"?: {"handle", "name", "url", "followers"}, "url"?, "at"?, "reach"?, "repost_of"?,
     "parent"?, "language"?, "platform"?}

``at`` is ISO 8601, UTC where it names no zone. Identity is (platform, id): two files of one platform share its ids
unless the option ``scope`` puts a prefix before them. The option ``anchor = "now"`` moves every date by the same
whole days, so that the newest post of the file is less than a day older than the source. Other keys are ignored.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from collectors._options import filter_of
from collectors._posts import PostReader, moment
from collectors._settings import CollectorSettings
from collectors._text import storable, storable_deep
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Access, Batch, DeadItem, Mention, Problem, Source

PAGE_LINES = 500
# A longer line is no post; it is skipped without being held in memory.
LONGEST_LINE = 1_000_000
_SAMPLE = 4096
_DAY = timedelta(days=1)
_LONGEST_RAW = 20_000


@dataclass(slots=True)
class _Place:
    """Where in the file a reading stands. ``open``: the last line was taken before its newline was written."""

    offset: int = 0
    line: int = 0
    open: bool = False
    shift: float | None = None


class ReplayCollector:
    """Reads JSON lines in pages; goes on where it stopped, picks up lines appended later, starts over in a new file."""

    platform = "replay"
    guide = None

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:  # noqa: ARG002 - anybody may read
        """Pages of 500 lines from the cursor's byte on. Raises TransientError for a missing or unreadable file."""
        path = self._settings.base_dir / source.address
        matches = filter_of(source)
        try:
            _check_regular(path)
            for batch in _pages(path, source, now):
                yield replace(batch, mentions=[mention for mention in batch.mentions if matches(mention.body)])
        except OSError as error:
            raise _refused(path, error) from error

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read a dead line again, from its text. Raises ValueError with the reason."""
        shift = source.cursor.get("shift")
        return _reader(source, now, shift).mention(
            _parsed(str(raw.get("content", "")).encode("utf-8", "surrogatepass"))
        )


def _refused(path: Path, error: OSError) -> CollectError:
    if isinstance(error, FileNotFoundError):
        return TransientError(f"there is no file {path}", problem=Problem.MISSING_FILE)
    if isinstance(error, PermissionError | IsADirectoryError):
        return PermanentError(f"{path} cannot be read: {error.strerror}", problem=Problem.NOT_READABLE)
    return TransientError(f"{path} could not be read: {error}", problem=Problem.NOT_READABLE)


def _check_regular(path: Path) -> None:
    """A pipe or a device would never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise PermanentError(f"{path} is not a file of JSON lines", problem=Problem.NOT_READABLE)


def _pages(path: Path, source: Source, now: datetime) -> Iterator[Batch]:
    notes: list[str] = []
    with path.open("rb") as file:
        place = _resume(file, source.cursor, notes)
        if _anchored(source) and place.shift is None:
            place.shift = _shift(path, source.created_at)
        file.seek(place.offset)
        reader = _reader(source, now, place.shift)
        more = True
        while more:
            batch, more = _page(file, place, reader, notes)
            yield batch
            notes = []


def _anchored(source: Source) -> bool:
    anchor = source.options.get("anchor", "")
    if anchor not in {"", "now"}:
        raise PermanentError(
            f"source '{source.name}': options.anchor is '{anchor}'; only 'now' is known", problem=Problem.BAD_SETTINGS
        )
    return bool(anchor)


def _page(file: BinaryIO, place: _Place, reader: PostReader, notes: list[str]) -> tuple[Batch, bool]:
    """The next page, and whether another follows."""
    mentions: list[Mention] = []
    dead: list[DeadItem] = []
    reader.bad_dates.clear()
    more = False
    for _ in range(PAGE_LINES):
        line = file.readline(LONGEST_LINE)
        if not line:
            break
        size = len(line)
        ended = line.endswith(b"\n")
        if not ended and size == LONGEST_LINE:
            place.line += not place.open
            rest, ended = _skip_line(file)
            place.offset += size + rest
            place.open = not ended
            dead.append(DeadItem(reason=f"line {place.line}: longer than {LONGEST_LINE} bytes", raw={}))
            continue
        if not place.offset:
            line = line.removeprefix(b"\xef\xbb\xbf")
        continued = place.open
        number = place.line + (not continued)
        if line.strip():
            try:
                mentions.append(reader.mention(_parsed(line)))
            except ValueError as error:
                if not ended:
                    notes.append(f"line {number}: unfinished; it is read when the rest is written")
                    break
                dead.append(_dead(number, line, error))
        place.line = number
        place.offset += size
        place.open = not ended
    else:
        more = True
    if reader.bad_dates:
        notes.append(f"{len(reader.bad_dates)} unreadable dates, the first: {reader.bad_dates[0]}")
    batch = Batch(
        mentions=mentions, dead=dead, seen=len(mentions) + len(dead), cursor=_cursor(file, place), notes=notes
    )
    return batch, more


def _skip_line(file: BinaryIO) -> tuple[int, bool]:
    skipped = 0
    while part := file.readline(LONGEST_LINE):
        skipped += len(part)
        if part.endswith(b"\n"):
            return skipped, True
    return skipped, False


def _dead(number: int, line: bytes, error: ValueError) -> DeadItem:
    content = storable(line[:_LONGEST_RAW].decode("utf-8", "replace").strip())
    return DeadItem(reason=f"line {number}: {error}", raw={"line": number, "content": content})


def _cursor(file: BinaryIO, place: _Place) -> dict[str, Any]:
    cursor: dict[str, Any] = {
        "offset": place.offset,
        "line": place.line,
        "open": place.open,
        "print": _fingerprint(file, place.offset),
    }
    if place.shift is not None:
        cursor["shift"] = place.shift
    return cursor


def _resume(file: BinaryIO, cursor: Mapping[str, Any], notes: list[str]) -> _Place:
    """The cursor's place; the beginning when what was read is no longer what the file begins with."""
    offset = int(cursor.get("offset", 0))
    if not offset:
        return _Place()
    if _fingerprint(file, offset) != cursor.get("print"):
        notes.append("the file was replaced or shortened: it is read from its beginning")
        return _Place()
    return _Place(
        offset=offset,
        line=int(cursor.get("line", 0)),
        open=bool(cursor.get("open")),
        shift=cursor.get("shift"),
    )


def _fingerprint(file: BinaryIO, offset: int) -> str:
    """A hash of the first and the last 4 KiB before ``offset``; "" when the file ends earlier."""
    back = file.tell()
    file.seek(0)
    head = file.read(min(_SAMPLE, offset))
    file.seek(max(0, offset - _SAMPLE))
    tail = file.read(min(_SAMPLE, offset))
    file.seek(back)
    if len(head) + len(tail) < 2 * min(_SAMPLE, offset):
        return ""
    return hashlib.blake2b(head + tail, digest_size=12).hexdigest()


def _shift(path: Path, created_at: datetime) -> float:
    """Seconds by which the file's dates move: as many whole days as leave its newest post before ``created_at``.

    Whole days, so that a post of the morning stays one of the morning. 0 for a file without dates.
    """
    newest: datetime | None = None
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            try:
                at = moment(json.loads(line).get("at"))
            except (ValueError, AttributeError, TypeError, RecursionError):
                continue
            if at is not None and (newest is None or at > newest):
                newest = at
    return 0.0 if newest is None else ((created_at - newest) // _DAY * _DAY).total_seconds()


def _parsed(line: bytes) -> dict[str, Any]:
    """Raises ValueError with the reason."""
    try:
        post = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(post, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one type for all that makes a line unreadable
    return dict(storable_deep(post)) if b"\\u" in line else post


def _reader(source: Source, now: datetime, shift: float | None) -> PostReader:
    return PostReader(now, platform="replay", scope=str(source.options.get("scope", "")), shift=shift)
