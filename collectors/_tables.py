"""Files of rows: CSV in any encoding and dialect, JSON lines, spreadsheets. All rows stream; cells come as text.

What a file is, its first bytes say; its name says nothing.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from collectors._columns import HEADER_WITHIN, recognises
from sahut.core.errors import PermanentError, SettingsError
from sahut.core.model import Problem

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
# No text holds it: it keeps the lines of a file with one column whole.
_NEVER = "\x1f"
_HEAD = 64 * 1024
_CHUNK = 1024 * 1024
# A row over more lines than this has a quotation mark that never ends.
_MOST_LINES = 200
_LONGEST_LINE = 1_000_000
_KEYS_FROM = 200
_DEEPEST = 3
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_SEP = re.compile(r"^sep=.$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``number`` is the line or row at which it begins, as a person counts; ``fault`` why it cannot be read, or ""."""

    number: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A file read through once: its ``print`` (a hash of every byte), its encoding, and about how many rows it has."""

    print: str
    encoding: str
    lines: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An open question to a file: ``rows()`` reads it from its beginning, the header among the rows.

    ``form`` says in words what it is. ``exact``: a row with more cells than the header is out of step. ``keyed``: the
    first row is made of the keys of the objects.
    """

    form: str
    rows: Callable[[], Generator[Row, None, None]]
    exact: bool = True
    keyed: bool = False
    notes: list[str] = field(default_factory=list)


def survey(path: Path, wanted: str = "") -> Survey:
    """Read the file through. ``wanted`` is an encoding that an operator named. Raises SettingsError, OSError."""
    if wanted:
        try:
            codecs.lookup(wanted)
        except LookupError as error:
            raise SettingsError(
                f"'{wanted}' is no encoding: use utf-8, utf-16 or windows-1252", file="source", key="options.encoding"
            ) from error
    digest = hashlib.blake2b(digest_size=16)
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, lines, notes = wanted, 0, []
    with path.open("rb") as file:
        head = file.read(_HEAD)
        encoding = encoding or next((name for bom, name in _BOMS.items() if head.startswith(bom)), "") or _wide(head)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
            if encoding:
                continue
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                encoding, note = _damaged(chunk)
                notes += note
    if encoding == "windows-1252":
        notes.append("the file is no UTF-8: it is read as Windows-1252")
    return Survey(print=digest.hexdigest(), encoding=encoding or "utf-8", lines=lines, notes=tuple(notes))


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of plain letters is zero."""
    if len(head) < 4:  # noqa: PLR2004 - two letters
        return ""
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        every_other = head[start::2]
        if every_other.count(0) > len(every_other) * 0.6 and not head[1 - start :: 2].count(0):
            return name
    return ""


def _damaged(chunk: bytes) -> tuple[str, list[str]]:
    """What a file is that is not all UTF-8: one with a few slips, or in the encoding that spreadsheets write."""
    text = chunk.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= letter <= "\udcff" for letter in text)
    good = sum(letter > "\x7f" for letter in text) - bad
    if good > 2 * bad:
        return "utf-8", ["some letters are damaged: they are shown as �"]
    return "windows-1252", []


def open_table(path: Path, found: Survey, *, delimiter: str = "", sheet: str = "") -> Table:
    """What the file is. Raises PermanentError(NOT_READABLE, MISSING_LIBRARY), SettingsError, OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _spreadsheet(path, sheet)
    if sheet:
        raise SettingsError(f"{path.name} is no spreadsheet and has no sheets", file="source", key="options.sheet")
    if head.startswith(_OLD_OFFICE):
        raise _unreadable(path, "an old or locked spreadsheet (.xls)")
    text = head.decode(found.encoding, "replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise _unreadable(path, "empty", cure="")
    if text.startswith("%PDF"):
        raise _unreadable(path, "a PDF document")
    if text.startswith("<"):
        raise _unreadable(path, "a web page or XML")
    if text.startswith(("[{", "[\n", "[\r", "[ ")):
        raise _unreadable(path, "one JSON array", cure="; write one JSON object a line (jq -c '.[]')")
    if text.startswith("{"):
        return Table(
            form=f"JSON lines, {_named(found.encoding)}",
            rows=lambda: _json_rows(path, found.encoding),
            keyed=True,
            notes=list(found.notes),
        )
    cut = DELIMITERS.get(delimiter, delimiter) or _delimiter(text, whole=len(head) < _HEAD)
    if len(cut) != 1 or cut in '"\r\n':
        raise SettingsError(
            f"'{delimiter}' separates no columns: use {', '.join(DELIMITERS)} or one character",
            file="source",
            key="options.delimiter",
        )
    spoken = next((name for name, mark in DELIMITERS.items() if mark == cut), "one column" if cut == _NEVER else cut)
    return Table(
        form=f"CSV ({spoken}), {_named(found.encoding)}",
        rows=lambda: _csv_rows(path, found.encoding, cut),
        notes=list(found.notes),
    )


def _spreadsheet(path: Path, sheet: str) -> Table:
    try:
        sheets = import_module("collectors._sheets")
    except ModuleNotFoundError as error:
        raise PermanentError(
            f"{path.name} is a spreadsheet, which needs the library '{error.name}'; "
            "install it: pip install 'sahut[sheets]' (or save the file as CSV)",
            problem=Problem.MISSING_LIBRARY,
        ) from error
    found: Table = sheets.open_sheet(path, sheet)
    return found


def _unreadable(path: Path, what: str, cure: str = "; save it as CSV (UTF-8) or XLSX") -> PermanentError:
    return PermanentError(f"{path} is {what}{cure}", problem=Problem.NOT_READABLE)


def _named(encoding: str) -> str:
    return {"utf-8-sig": "UTF-8", "windows-1252": "Windows-1252"}.get(encoding, encoding.upper())


# --- CSV ---------------------------------------------------------------------------------------------------------


def _delimiter(text: str, *, whole: bool) -> str:
    """The mark that makes a header of one of the first lines and cuts most of them into equally many cells."""
    lines = text.splitlines(keepends=True)
    lines = (lines if whole else lines[:-1])[:100]
    if not lines:
        return DELIMITERS["comma"]
    first = lines[0].strip()
    if _SEP.match(first):
        return first[-1]
    if recognises([first]) and not set(first) & set(DELIMITERS.values()):
        return _NEVER
    best, mark = (False, 0.0, 0), _NEVER
    for candidate in DELIMITERS.values():
        try:
            rows = [cells for cells in csv.reader(lines, delimiter=candidate) if any(cells)]
        except csv.Error:
            continue
        widths = Counter(len(cells) for cells in rows)
        width, often = widths.most_common(1)[0] if widths else (1, 0)
        if width > 1:
            # Free text has commas too, but seldom equally many in each row.
            share = round(often / len(rows), 1)
            header = any(len(cells) > 1 and recognises(cells) for cells in rows[:HEADER_WITHIN])
            best, mark = max((best, mark), ((header, share, width), candidate))
    return mark


class _Lines:
    """The lines of a text, numbered; those of a row that went wrong are given back and read again."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) > _MOST_LINES:
            raise StopIteration
        line = self._again.popleft() if self._again else self._text.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """All lines of the row but its first, which is returned."""
        first, *rest = self.taken
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.taken = []
        return first


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Generator[Row, None, None]:
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as text:
        lines = _Lines(text)
        while True:
            lines.taken = []
            begins = lines.number + 1
            try:
                cells = next(csv.reader(lines, delimiter=delimiter))
            except StopIteration:
                return
            except csv.Error as error:
                reason = str(error)
            else:
                reason = _never_ends(lines.taken, delimiter)
                if not reason:
                    if not (begins == 1 and _SEP.match(",".join(cells))):
                        yield Row(number=begins, cells=cells)
                    continue
            # One stray quotation mark must not swallow the rows below it.
            yield Row(number=begins, cells=[lines.give_back().rstrip("\r\n")], fault=reason)


def _never_ends(lines: list[str], delimiter: str) -> str:
    """Why a row over several lines is none, or ""."""
    if len(lines) > _MOST_LINES:
        return "a quotation mark is never closed"
    if len(lines) > 1:
        try:
            next(csv.reader(lines, delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end" in str(error):
                return "a quotation mark is never closed"
    return ""


# --- JSON lines --------------------------------------------------------------------------------------------------


def _json_rows(path: Path, encoding: str) -> Generator[Row, None, None]:
    """A row of the keys of the first objects, nested ones joined by dots, then a row for each line."""
    keys: dict[str, None] = {}
    for _, line, _ in _islice(_json_lines(path, encoding), _KEYS_FROM):
        try:
            keys |= dict.fromkeys(_flat(_object(line)))
        except ValueError:
            continue
    yield Row(number=0, cells=list(keys))
    for number, line, fault in _json_lines(path, encoding):
        reason, flat = fault, {}
        try:
            flat = {} if fault else _flat(_object(line))
        except ValueError as error:
            reason = str(error)
        if reason:
            yield Row(number=number, cells=[line.strip()], fault=reason)
        else:
            yield Row(number=number, cells=[flat.get(key, "") for key in keys])


def _json_lines(path: Path, encoding: str) -> Iterator[tuple[int, str, str]]:
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace") as text:
        number = 0
        while line := text.readline(_LONGEST_LINE):
            number += 1
            fault = ""
            while not line.endswith("\n") and len(line) >= _LONGEST_LINE and (rest := text.readline(_LONGEST_LINE)):
                fault = f"longer than {_LONGEST_LINE} characters"
                if rest.endswith("\n"):
                    break
            if line.strip():
                yield number, line, fault


def _islice(lines: Iterator[tuple[int, str, str]], most: int) -> Iterator[tuple[int, str, str]]:
    for _, one in zip(range(most), lines, strict=False):
        yield one


def _object(line: str) -> Mapping[str, Any]:
    """Raises ValueError for what is no JSON object."""
    try:
        value = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one type for all that makes a line unreadable
    return value


def _flat(value: Mapping[str, Any], before: str = "", depth: int = 1) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, one in value.items():
        if isinstance(one, dict):
            flat |= _flat(one, f"{before}{key}.", depth + 1) if depth < _DEEPEST else {}
        elif not isinstance(one, list):
            flat[before + key] = "" if one is None else str(one)
    return flat
