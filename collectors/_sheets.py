"""XLSX by openpyxl, row by row: values only, never a formula; bounded before the first byte is unpacked.

A sheet is unpacked as it is read. What openpyxl holds whole in memory is the table of shared strings, hence its bound.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Generator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from collectors._columns import HEADER_WITHIN, recognises
from collectors._tables import Row, Table
from sahut.core.errors import PermanentError, SettingsError
from sahut.core.model import Problem

_MOST_PARTS = 2_000
_MOST_UNPACKED = 2 * 1024**3
_MOST_STRINGS = 128 * 1024**2
# A sheet of reports packs to a fifth, one of the same two words over and over to a twenty-seventh (measured); a bomb
# to a thousandth.
_MOST_PACKED = 150
_WORTH_A_LOOK = 8 * 1024**2
_MOST_COLUMNS = 1_000
# openpyxl fills the way to any row that a file names, however far: after so many empty ones a sheet has ended.
_MOST_EMPTY = 10_000
_START = 2_048
# Spreadsheets keep fifteen digits of a number.
_EXACT = 10**15
_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")


def open_sheet(path: Path, wanted: str) -> Table:
    """The sheet called ``wanted``, else the first one that has a column of texts, else the first.

    Raises PermanentError(NOT_READABLE, TOO_LARGE) for what is no safe workbook, SettingsError for an unknown sheet.
    """
    _check(path)
    with closing(_workbook(path)) as book:
        names = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not names:
            raise PermanentError(f"{path.name} has no visible sheet", problem=Problem.NOT_READABLE)
        if wanted and wanted not in names:
            raise SettingsError(
                f"there is no sheet '{wanted}' (there are: {', '.join(names)})", file="source", key="options.sheet"
            )
        chosen = wanted or next((name for name in names if _has_texts(path, book, name)), names[0])
    others = [name for name in names if name != chosen]
    return Table(
        form=f"XLSX, sheet '{chosen}'",
        rows=lambda: _rows(path, chosen),
        exact=False,
        notes=[f"other sheets were not read: {', '.join(others)}"] if others and not wanted else [],
    )


def _check(path: Path) -> None:
    """Raises PermanentError for a damaged package, a bomb, or one with a document type (and so entities) in it."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            unpacked = sum(part.file_size for part in parts)
            bomb = any(
                part.file_size > _WORTH_A_LOOK and part.file_size > _MOST_PACKED * max(1, part.compress_size)
                for part in parts
            )
            if bomb or len(parts) > _MOST_PARTS or unpacked > _MOST_UNPACKED:
                raise PermanentError(
                    f"{path.name} unpacks to {unpacked / 1024**2:.0f} MiB in {len(parts)} parts, which no spreadsheet "
                    "needs; if it is one, save it as CSV",
                    problem=Problem.TOO_LARGE,
                )
            strings = max((part.file_size for part in parts if part.filename.endswith("sharedStrings.xml")), default=0)
            if strings > _MOST_STRINGS:
                raise PermanentError(
                    f"{path.name} has {strings / 1024**2:.0f} MiB of texts, too much for a spreadsheet; save it as CSV",
                    problem=Problem.TOO_LARGE,
                )
            if "xl/workbook.xml" not in package.namelist():
                raise PermanentError(f"{path.name} is a ZIP archive, no XLSX", problem=Problem.NOT_READABLE)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with package.open(part) as file:
                        _refuse_doctype(path, file.read(_START))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise PermanentError(f"{path.name} is a damaged XLSX: {error}", problem=Problem.NOT_READABLE) from error


def _refuse_doctype(path: Path, start: bytes) -> None:
    if b"<!doctype" in start.replace(b"\x00", b"").lower():
        raise PermanentError(f"{path.name} has a document type in it, as no XLSX may", problem=Problem.NOT_READABLE)


def _workbook(path: Path) -> Any:
    # About extensions that it leaves out (validations, styles): nothing that is read.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
    try:
        return load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except OSError:
        raise
    except Exception as error:
        # Damage comes out of it as many kinds of exception.
        raise PermanentError(
            f"{path.name} could not be read as XLSX: {type(error).__name__}: {error}", problem=Problem.NOT_READABLE
        ) from error


def _has_texts(path: Path, book: Any, sheet: str) -> bool:
    return any(recognises(row.cells) for _, row in zip(range(HEADER_WITHIN), _read(path, book, sheet), strict=False))


def _rows(path: Path, sheet: str) -> Generator[Row, None, None]:
    with closing(_workbook(path)) as book:
        yield from _read(path, book, sheet)


def _read(path: Path, book: Any, sheet: str) -> Generator[Row, None, None]:
    found = book[sheet]
    # Some writers give a dimension of one cell, where openpyxl would then stop.
    found.reset_dimensions()
    number = empty = 0
    try:
        for cells in found.iter_rows(values_only=True):
            number += 1
            empty = 0 if any(cell is not None for cell in cells) else empty + 1
            if empty > _MOST_EMPTY:
                return
            yield Row(number=number, cells=[_plain(cell) for cell in cells[:_MOST_COLUMNS]])
    except OSError:
        raise
    except Exception as error:
        raise PermanentError(
            f"{path.name}, sheet '{sheet}', is damaged after row {number}: {type(error).__name__}: {error}",
            problem=Problem.NOT_READABLE,
        ) from error


def _plain(cell: object) -> str:
    if isinstance(cell, str):
        return unescape(cell) if _ESCAPED.search(cell) else cell
    if cell is None or isinstance(cell, bool | timedelta):
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT:
            return f"{cell:.14E}"
        return str(int(cell)) if cell == int(cell) else str(cell)
    return ""
