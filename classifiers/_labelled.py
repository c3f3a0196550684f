"""A labelled table of the operator's own → rows to evaluate on. Every fault names file, row and column, all at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._text import clean
from sahut.core.cells import text_of
from sahut.core.errors import ClassifierError

LABELS = (*CLASSES, "urgent", "complaint")
GROUPINGS = ("source", "language")

_YES_NO = {"0": 0, "1": 1, "false": 0, "true": 1}
_FAULTS_SHOWN = 20

# Where a row stands, as a person finds it ("row 7"), and what it says.
_Row = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow(Example):
    """An example as an operator's file has it: ``raw`` is its text untouched, ``where`` its row or line."""

    raw: str
    where: str
    source: str = ""
    language: str = ""


def read_labelled(path: Path) -> list[LabelledRow]:
    """The rows of a CSV file (header, commas, semicolons or tabs) or of JSON lines: ``text`` and any of the labels.

    ``kind``, ``sentiment``, ``topic`` in Sahut's words, ``urgent`` and ``complaint`` as 0 or 1; an absent or empty
    label is unknown. Rows of a CSV count as a spreadsheet counts them, the header being row 1.

    Raises ClassifierError, a line for each fault, for a file that cannot be read, has no rows, text or label column,
    or says something that is no label.
    """
    faults: list[str] = []
    rows: list[LabelledRow] = []
    for where, said in _read(path):
        row, wrong = _row(said, where)
        faults += [f"{path}: {where}, {fault}" for fault in wrong]
        rows.append(row)
    if faults:
        more = [f"{path}: {len(faults) - _FAULTS_SHOWN} more faults"] if len(faults) > _FAULTS_SHOWN else []
        raise ClassifierError("\n".join(faults[:_FAULTS_SHOWN] + more))
    if not rows:
        raise ClassifierError(f"{path}: there are no rows")
    if not any(row.labelled for row in rows):
        raise ClassifierError(f"{path}: no row has a label (columns {', '.join(LABELS)}): there is nothing to measure")
    return rows


def _read(path: Path) -> Iterator[_Row]:
    at = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in _json_rows(path, lines) if _is_json(path) else _csv_rows(path, lines):
                at += 1
                yield row
    except UnicodeDecodeError as error:
        raise ClassifierError(f"{path}: not UTF-8 (after row {at}): save it as “CSV UTF-8”") from error
    except csv.Error as error:
        raise ClassifierError(f"{path}: row {at + 2} cannot be read: {error} (is a quotation mark open?)") from error
    except OSError as error:
        raise ClassifierError(f"{path}: {error.strerror or error}") from error


def _is_json(path: Path) -> bool:
    return path.suffix.lower() in {".jsonl", ".ndjson", ".json"}


def _csv_rows(path: Path, lines: Iterator[str]) -> Iterator[_Row]:
    first = next(lines, "")
    # Spreadsheets write the separator of their country.
    table = csv.reader([first], delimiter=max(",;\t", key=first.count))
    columns = [name.strip().casefold() for name in next(table, [])]
    _check_columns(path, columns)
    for number, cells in enumerate(csv.reader(lines, dialect=table.dialect), 2):
        if any(cells):
            if len(cells) > len(columns):
                raise ClassifierError(
                    f"{path}: row {number} has {len(cells)} cells, the header has {len(columns)}: "
                    "a text with a separator in it needs quotation marks"
                )
            yield f"row {number}", dict(zip(columns, map(text_of, cells), strict=False))


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    if "text" not in columns:
        raise ClassifierError(f"{path}: row 1 has no column 'text' (there are: {', '.join(columns) or 'none'})")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ClassifierError(f"{path}: row 1 has the column '{twice[0]}' more than once")
    if not set(LABELS) & set(columns):
        raise ClassifierError(f"{path}: row 1 has no label: at least one column of {', '.join(LABELS)} is needed")


def _json_rows(path: Path, lines: Iterator[str]) -> Iterator[_Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ClassifierError(f"{path}: line {number} is not JSON: {str(error).splitlines()[0]}") from error
        if not isinstance(row, dict):
            raise ClassifierError(f'{path}: line {number} is no JSON object: each line is one row, as {{"text": …}}')
        yield f"line {number}", row


def _row(said: Mapping[str, object], where: str) -> tuple[LabelledRow, list[str]]:
    """The row, and what is wrong with it."""
    faults: list[str] = []
    text = said.get("text")
    if not isinstance(text, str):
        faults.append("column text: there is no text")
        text = ""
    numbers: dict[str, Any] = {}
    for head in LABELS:
        number = _number(head, said.get(head))
        if isinstance(number, str):
            faults.append(f"column {head}: {number}")
        else:
            numbers[head] = number
    if not faults and _contradicts(numbers):
        faults.append("columns kind and complaint contradict each other")
    # Half a character (a lone surrogate, from JSON) could neither be printed nor written.
    raw = text.encode("utf-8", "replace").decode("utf-8")
    row = LabelledRow(text=clean(raw), raw=raw, set=where, where=where, **numbers)
    source, language = (" ".join(str(said.get(name) or "").split()) for name in GROUPINGS)
    return replace(row, source=source, language=language), faults


def _contradicts(numbers: Mapping[str, int]) -> bool:
    kind, complaint = numbers["kind"], numbers["complaint"]
    return min(kind, complaint) > UNKNOWN and (CLASSES["kind"][kind] == "complaint") != bool(complaint)


def _number(head: str, said: object) -> int | str:
    """The label's number, UNKNOWN when it is not said, or what is wrong with it."""
    word = "" if said is None else str(said).strip().casefold()
    if word == "":
        return UNKNOWN
    if head not in CLASSES:
        return _YES_NO.get(word, f"{said!r} is neither 0 nor 1")
    if word in CLASSES[head]:
        return CLASSES[head].index(word)
    close = get_close_matches(word, CLASSES[head], 1)
    meant = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(CLASSES[head])}"
    return f"{said!r} is no {head} ({meant})"
