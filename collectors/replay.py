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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from collectors._query import Matches, compiled
from collectors._settings import CollectorSettings
from collectors._text import storable, storable_deep
from sahut.core.errors import CollectError, PermanentError, SettingsError, TransientError
from sahut.core.model import Access, Author, Batch, DeadItem, Mention, Problem, Source

PAGE_LINES = 500
# A longer line is no post; it is skipped without being held in memory.
LONGEST_LINE = 1_000_000
_SAMPLE = 4096
_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=1)
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
        matches = _query(source)
        try:
            _check_regular(path)
            for batch in _pages(path, source, now):
                yield replace(batch, mentions=[mention for mention in batch.mentions if matches(mention.body)])
        except OSError as error:
            raise _refused(path, error) from error

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read a dead line again, from its text. Raises ValueError with the reason."""
        shift = source.cursor.get("shift")
        return _Reader(source, now, shift).mention(str(raw.get("content", "")).encode("utf-8", "surrogatepass"))


def _query(source: Source) -> Matches:
    try:
        return compiled(source.query)
    except SettingsError as error:
        raise PermanentError(f"source '{source.name}': {error.message}", problem=Problem.BAD_SETTINGS) from error


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
        reader = _Reader(source, now, place.shift)
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


def _page(file: BinaryIO, place: _Place, reader: _Reader, notes: list[str]) -> tuple[Batch, bool]:
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
                mentions.append(reader.mention(line))
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
                at = _moment(json.loads(line).get("at"))
            except (ValueError, AttributeError, TypeError, RecursionError):
                continue
            if at is not None and (newest is None or at > newest):
                newest = at
    return 0.0 if newest is None else ((created_at - newest) // _DAY * _DAY).total_seconds()


def _moment(value: object) -> datetime | None:
    """Raises ValueError for what is no ISO date."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no ISO date")  # noqa: TRY004 - as below
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class _Reader:
    """Line in, mention out."""

    def __init__(self, source: Source, now: datetime, shift: float | None) -> None:
        self._now = now
        self._latest = now + _FARTHEST
        self._shift = timedelta(seconds=shift) if shift else None
        self._scope = str(source.options.get("scope", ""))
        self.bad_dates: list[str] = []

    def mention(self, line: bytes) -> Mention:
        """Raises ValueError with the reason."""
        try:
            post = json.loads(line)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
        if not isinstance(post, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 - one type for all that makes a line unreadable
        if b"\\u" in line:
            post = storable_deep(post)
        text, title = _words(post, "text").strip(), _words(post, "title").strip()
        if not text and not title:
            raise ValueError("neither text nor title")
        native_id = _identifier(post.get("id"))
        if not native_id:
            native_id = "sha256:" + hashlib.sha256(f"{title}\x00{text}".encode()).hexdigest()[:32]
        return Mention(
            platform=_words(post, "platform") or "replay",
            native_id=self._scope + native_id,
            text=text,
            title=title,
            collected_at=self._now,
            published_at=self._published(post.get("at")),
            author=_author(post.get("author")),
            permalink=_words(post, "url"),
            language=_words(post, "language"),
            parent=self._scoped(post.get("parent")),
            repost_of=self._scoped(post.get("repost_of")),
            reach=_count(post.get("reach")) or 0,
        )

    def _scoped(self, value: object) -> str:
        other = _identifier(value)
        return self._scope + other if other else ""

    def _published(self, value: object) -> datetime | None:
        try:
            moment = _moment(value)
            if moment is not None and self._shift is not None:
                moment += self._shift
        except (ValueError, OverflowError):
            self.bad_dates.append(str(value)[:60])
            return None
        return None if moment is None or moment > self._latest else moment


def _words(post: Mapping[str, Any], key: str) -> str:
    value = post.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is not text")  # noqa: TRY004 - as above
    return value


def _identifier(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{value!r} is no id")  # noqa: TRY004 - as above
    return str(value).strip()


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise ValueError(f"{value!r} is no count")
    return int(value)


def _author(value: object) -> Author | None:
    if value is None:
        return None
    if isinstance(value, str):
        return Author(handle=value)
    if not isinstance(value, dict):
        raise ValueError("'author' is neither an object nor a name")  # noqa: TRY004 - as above
    return Author(
        handle=_words(value, "handle"),
        name=_words(value, "name"),
        url=_words(value, "url"),
        followers=_count(value.get("followers")),
    )
