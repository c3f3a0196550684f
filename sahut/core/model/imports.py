"""Files that people bring on the board: looked through first, then read in like a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ImportState(StrEnum):
    """Where a file is: to be looked through, looked through, to be read in, read in, or broken off."""

    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDraft:
    """What somebody says of a file. ``source`` is the name of the source that it belongs to.

    ``options`` are those of a source of files: ``column.text``, ``zone``, ``sheet`` …
    """

    file: str
    source: str
    query: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImport:
    """A file on its way in. ``found`` is what looking through or reading it told; its bytes go once it is in.

    ``done`` of ``rows`` have been seen, None where nobody knows how many there are. ``error`` says in English why it
    broke off, "" while it did not; ``problem`` names it.
    """

    id: int
    file: str
    size: int
    source: str
    query: str
    options: Mapping[str, str]
    state: ImportState
    found: Mapping[str, Any]
    done: int
    rows: int | None
    error: str
    problem: str
    source_id: int | None
    by: str
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportClaim:
    """The right of one worker to work on a file until ``until``; writes name the ``token``."""

    item: FileImport
    token: str
    until: datetime
