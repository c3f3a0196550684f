"""Posts from files of rows: archives, exports of other tools, SP4N-LAPOR! exports; CSV, JSON lines, XLSX.

Options, all strings: ``column.FIELD`` names the column of a field of `_columns.NAMES` ("#3" the third, "" none),
``encoding``, ``delimiter`` and ``sheet`` are told where the file does not tell itself, ``zone`` (WIB, WITA, WIT) holds
for dates without one, ``scope`` is what ids are unique within (else the file's name). The cursor::

    print       a hash of the whole file
    row         rows taken, the header among them
    stat        once that was all: size and time of change, which spare reading it again
    asked       the options and the query that it was read with

Identity is the id within its scope, else a hash of text, date and author; one row twice is one mention.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from collectors import _dates
from collectors._columns import HEADER_WITHIN, Columns, choose
from collectors._html import tidy
from collectors._query import Matches, compiled
from collectors._settings import CollectorSettings
from collectors._tables import Row, Survey, Table, open_table, survey
from collectors._text import storable
from sahut.core.errors import CollectError, PermanentError, SettingsError, TransientError
from sahut.core.model import Access, Author, Batch, DeadItem, Mention, Problem, Source

PAGE_ROWS = 500
_LONGEST_TEXT = 200_000
_LONGEST_TITLE = 2_000
_LONGEST_WORD = 300
_LONGEST_ID = 1_000
_LONGEST_RAW = 20_000
_OPTIONS = {"encoding", "delimiter", "sheet", "zone", "scope"}
_URL = re.compile(r"https?://\S+\Z", re.IGNORECASE)
# What a spreadsheet makes of a long number: many ids become one.
_ROUNDED = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?(?:\.\d+)?")
_MILLISECONDS = 10**11
_CLOCK = re.compile(r"\d{1,2}[.:]\d{2}")
_HAS_CLOCK = re.compile(r"\d[.:]\d{2}(?!\d)")
_MIDNIGHT = re.compile(r"[ T]00:00:00$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLayout:
    """What a file was taken for. ``taken`` is field → column, ``left`` the columns that are not read.

    ``rows`` is about how many there are, None where the file does not tell.
    """

    form: str
    taken: Mapping[str, str]
    left: Sequence[str]
    rows: int | None
    notes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A file under way: ``head`` are its first rows, the header among them, and ``rest`` goes on after those."""

    table: Table
    columns: Columns
    head: list[Row]
    rest: Generator[Row, None, None]


class FileCollector:
    """Reads a file in pages of 500 rows; goes on where it stopped, and starts over in a changed file."""

    platform = "file"
    guide = None

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:  # noqa: ARG002 - anybody may read
        """Pages from the cursor's row on; none for a file that was read to its end and is the same.

        Raises TransientError for a missing file, PermanentError for one that cannot be understood.
        """
        path = self._settings.base_dir / source.address
        try:
            matches = compiled(source.query)
            asked = _asked(source)
            at = _stat(path)
            if source.cursor.get("stat") == at and source.cursor.get("asked") == asked:
                return
            found = survey(path, _option(source, "encoding"))
            cursor: dict[str, Any] = {"print": found.print, "asked": asked}
            row = 0
            if all(source.cursor.get(key) == value for key, value in cursor.items()):
                row = int(source.cursor.get("row", 0))
            reader = _Reader(source, now)
            opened = _open(path, source, found)
            with closing(opened.rest):
                yield from _pages(opened, reader, matches, cursor, row, at)
        except SettingsError as error:
            raise PermanentError(f"source '{source.name}': {error.message}", problem=Problem.BAD_SETTINGS) from error
        except OSError as error:
            raise _refused(path, error) from error

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read a dead row again. Raises ValueError with the reason."""
        values = raw.get("values")
        if not isinstance(values, dict):
            raise ValueError(str(raw.get("fault") or "it is no row"))  # noqa: TRY004 - one type for all that is unreadable
        return _Reader(source, now).mention(int(raw.get("row", 0)), {key: str(value) for key, value in values.items()})

    def layout(self, source: Source) -> FileLayout:
        """What the file of ``source`` is taken for. Raises SettingsError, TransientError, PermanentError."""
        path = self._settings.base_dir / source.address
        try:
            _stat(path)
            found = survey(path, _option(source, "encoding"))
            opened = _open(path, source, found)
        except OSError as error:
            raise _refused(path, error) from error
        opened.rest.close()
        return FileLayout(
            form=opened.table.form,
            taken=opened.columns.shown,
            left=opened.columns.left,
            rows=found.lines if opened.table.exact else None,
            notes=opened.table.notes,
        )

    def columns(self, source: Source) -> list[str]:
        """The cells of its widest first row, which its columns may be called by. Raises as `layout` does."""
        path = self._settings.base_dir / source.address
        try:
            _stat(path)
            with closing(open_table(path, survey(path)).rows()) as rows:
                head = [row.cells for row in islice(rows, HEADER_WITHIN) if not row.fault]
        except OSError as error:
            raise _refused(path, error) from error
        return [cell.strip() for cell in max(head, key=len, default=[])]


def same_bytes(path: Path) -> Callable[[Source], bool]:
    """Says whether a source last read the very bytes of ``path``. Raises TransientError, PermanentError."""
    try:
        _stat(path)
        found = survey(path).print
    except OSError as error:
        raise _refused(path, error) from error
    return lambda source: source.cursor.get("print") == found


def _refused(path: Path, error: OSError) -> CollectError:
    if isinstance(error, FileNotFoundError):
        return TransientError(f"there is no file {path}", problem=Problem.MISSING_FILE)
    if isinstance(error, PermissionError | IsADirectoryError):
        return PermanentError(f"{path} cannot be read: {error.strerror}", problem=Problem.NOT_READABLE)
    return TransientError(f"{path} could not be read: {error}", problem=Problem.NOT_READABLE)


def _stat(path: Path) -> list[int]:
    """Size and time of change. A pipe or a device would never end."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise PermanentError(f"{path} is no file", problem=Problem.NOT_READABLE)
    return [found.st_size, found.st_mtime_ns]


def _option(source: Source, key: str) -> str:
    return str(source.options.get(key, "")).strip()


def _asked(source: Source) -> str:
    words = "\x00".join(f"{key}={value}" for key, value in sorted(source.options.items()))
    return hashlib.blake2b(f"{source.query}\x00{words}".encode(), digest_size=8).hexdigest()


def _open(path: Path, source: Source, found: Survey) -> _Opened:
    """Raises SettingsError for an option that is none, or columns that are not there."""
    wanted = {}
    for key, value in source.options.items():
        if key.startswith("column."):
            wanted[key.removeprefix("column.")] = str(value).strip()
        elif key not in _OPTIONS:
            known = ", ".join(sorted(_OPTIONS | {"column.FIELD"}))
            raise SettingsError(f"'{key}' is no option of a file: use {known}", file="source", key=f"options.{key}")
    table = open_table(path, found, delimiter=_option(source, "delimiter"), sheet=_option(source, "sheet"))
    rows = table.rows()
    head = list(islice(rows, HEADER_WITHIN))
    return _Opened(table=table, columns=choose(head, wanted, keyed=table.keyed), head=head, rest=rows)


def _pages(
    opened: _Opened, reader: _Reader, matches: Matches, cursor: dict[str, Any], row: int, at: list[int]
) -> Iterator[Batch]:
    notes = list(opened.table.notes)
    taken = max(row, opened.columns.before)
    rows = islice(chain(opened.head, opened.rest), taken, None)
    more = True
    while more:
        mentions: list[Mention] = []
        dead: list[DeadItem] = []
        page = list(islice(rows, PAGE_ROWS))
        more = len(page) == PAGE_ROWS
        for one in page:
            _read(one, opened, reader, mentions, dead)
        taken += len(page)
        yield Batch(
            mentions=[mention for mention in mentions if matches(mention.body)],
            dead=dead,
            seen=len(mentions) + len(dead),
            cursor={**cursor, "row": taken, **({} if more else {"stat": at})},
            notes=[*notes, *([] if more else reader.notes())],
        )
        notes = []


def _read(row: Row, opened: _Opened, reader: _Reader, mentions: list[Mention], dead: list[DeadItem]) -> None:
    """Put a row where it belongs. Blank ones belong nowhere, nor does the header again, in files put end to end."""
    cells, names = [cell.strip() for cell in row.cells], opened.columns.names
    if not row.fault and (not any(cells) or tuple(cells) == names):
        return
    fault = row.fault
    if not fault and opened.table.exact and names and any(cells[len(names) :]):
        fault = f"it has {len(cells)} cells, the header {len(names)}"
    if fault:
        raw: dict[str, Any] = {"fault": fault, "content": storable("\t".join(row.cells)[:_LONGEST_RAW])}
        dead.append(DeadItem(reason=f"row {row.number}: {fault}", raw={"row": row.number, **raw}))
        return
    values = {field: row.cells[at] for field, at in opened.columns.taken.items() if at < len(row.cells)}
    try:
        mentions.append(reader.mention(row.number, values))
    except ValueError as error:
        kept = {field: storable(value)[:_LONGEST_RAW] for field, value in values.items()}
        dead.append(DeadItem(reason=f"row {row.number}: {error}", raw={"row": row.number, "values": kept}))


class _Reader:
    """Values of a row by field in, mention out."""

    def __init__(self, source: Source, now: datetime) -> None:
        zone = _option(source, "zone").upper() or "WIB"
        if zone not in _dates.ZONES:
            raise SettingsError(
                f"'{zone}' is no zone: use {', '.join(_dates.ZONES)}", file="source", key="options.zone"
            )
        self._local = timedelta(hours=_dates.ZONES[zone])
        self._now = now
        self._scope = _option(source, "scope") or Path(source.address).name
        self._bad_dates = self._rounded = 0
        self._first_bad = ""

    def notes(self) -> list[str]:
        """What is worth telling of the rows so far."""
        notes = []
        if self._bad_dates:
            notes.append(f"{self._bad_dates} dates cannot be read, the first: {self._first_bad}")
        if self._rounded:
            notes.append(
                f"{self._rounded} ids were rounded by a spreadsheet (1.23E+18); "
                "text, date and author tell those rows apart"
            )
        return notes

    def mention(self, row: int, values: Mapping[str, str]) -> Mention:
        """Raises ValueError with the reason."""
        text, title = tidy(values.get("text", "")), " ".join(tidy(values.get("title", "")).split())
        if not text and not title:
            raise ValueError("neither text nor title")
        if len(text) > _LONGEST_TEXT:
            raise ValueError(f"a text of {len(text)} characters is no post")
        raw_date, published_at = self._date(values)
        author = _author(values)
        native_id = self._identifier(values.get("id", ""), count=True)
        if not native_id:
            when = raw_date if published_at is None else published_at.isoformat()
            # Line ends differ between a spreadsheet and its CSV, and are no difference.
            said = "\x00".join([title, " ".join(text.split()), when, author.handle if author is not None else ""])
            native_id = f"sha256:{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
        url = storable(values.get("url", "")).strip()
        return Mention(
            platform="file",
            native_id=native_id,
            text=text,
            title=title[:_LONGEST_TITLE],
            collected_at=self._now,
            published_at=_dates.usable(published_at, self._now),
            author=author,
            permalink=url if _URL.match(url) else "",
            language=_word(values, "language")[:35],
            parent=self._identifier(values.get("parent", "")),
            reach=_count(values.get("reach", "")),
            raw={"row": row, "date": raw_date[:100]},
        )

    def _identifier(self, value: str, *, count: bool = False) -> str:
        word = storable(value).strip()[:_LONGEST_ID]
        if _ROUNDED.fullmatch(word):
            self._rounded += count
            return ""
        return f"{self._scope}#{word}" if word else ""

    def _date(self, values: Mapping[str, str]) -> tuple[str, datetime | None]:
        raw, clock = storable(values.get("at", "")).strip(), storable(values.get("time", "")).strip()
        if not raw:
            return "", None
        if _CLOCK.match(clock) and (not _HAS_CLOCK.search(raw) or _MIDNIGHT.search(raw)):
            raw = f"{_MIDNIGHT.sub('', raw)} {clock}"
        if _EPOCH.fullmatch(raw):
            seconds = float(raw)
            moment: datetime | None = datetime.fromtimestamp(
                seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC
            )
        else:
            moment = _dates.read(raw, local=self._local)
        if _dates.usable(moment, self._now) is None:
            self._bad_dates += 1
            self._first_bad = self._first_bad or raw[:60]
        return raw, moment


def _word(values: Mapping[str, str], field: str) -> str:
    return " ".join(storable(values.get(field, "")).split())[:_LONGEST_WORD]


def _author(values: Mapping[str, str]) -> Author | None:
    name = _word(values, "author_name")
    handle = _word(values, "author") or name
    return Author(handle=handle, name=name) if handle else None


def _count(value: str) -> int:
    digits = re.sub(r"[.,\s]", "", value) if re.fullmatch(r"\s*\d{1,3}(?:[.,\s]\d{3})*\s*|\s*\d+\s*", value) else ""
    return min(int(digits), 2**53) if digits else 0
