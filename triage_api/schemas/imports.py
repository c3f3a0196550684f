"""Files on their way in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from sahut.core.model.imports import FileImport, ImportDraft, ImportState
from triage_api.fields import Answer, Body, Line, Masked, Version
from triage_api.schemas._example import example

_Field = Literal["text", "title", "at", "time", "author", "author_name", "id", "url", "parent", "language", "reach"]


class Brought(Body):
    """What tells one upload from another, for the key that keeps it from being done twice."""

    name: str
    source: str
    size: int


class ImportBody(Body):
    """How a file is to be read; what is left out stays as it was.

    ``columns`` says which column is what: a field, and the column's name or its number ("#3"), empty for none.
    ``zone`` holds for dates that name none.
    """

    model_config = ConfigDict(
        json_schema_extra=example(
            {"source": "Laporan SP4N", "columns": {"text": "Isi Laporan", "title": ""}, "zone": "WITA", "version": 2}
        )
    )

    source: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")] | None = None
    query: Line | None = None
    columns: dict[_Field, Annotated[str, Field(max_length=200)]] = Field(default_factory=dict)
    zone: Literal["WIB", "WITA", "WIT"] | None = None
    sheet: Annotated[str, Field(max_length=100)] | None = None
    version: Version | None = None

    def draft(self, before: FileImport) -> ImportDraft:
        """With what was said before where nothing is said now."""
        said = {f"column.{field}": name.strip() for field, name in self.columns.items()}
        said |= {key: value for key, value in (("zone", self.zone), ("sheet", self.sheet)) if value is not None}
        return ImportDraft(
            file=before.file,
            source=before.source if self.source is None else self.source.strip(),
            query=before.query if self.query is None else self.query,
            options={**before.options, **said},
        )


class CountsAnswer(Answer):
    """Rows: ``same`` say what is stored already, ``left_out`` do not match the filter."""

    seen: int
    new: int
    edited: int
    same: int
    left_out: int
    unreadable: int


class RowAnswer(Answer):
    """One row as it would look, personal data masked."""

    title: Masked
    text: Masked
    author: Masked
    at: datetime | None


class ImportAnswer(Answer):
    """A file. ``counts`` are what would come in (`checked`) or what came in (`done`), null while nobody knows.

    ``columns`` is field → column, ``not_read`` the columns that stay out, ``names`` what columns there are where none
    is known to hold the texts. ``unreadable`` are the first rows that cannot be read, with line and reason.
    """

    id: int
    file: str
    size: int
    source: str
    query: str
    options: dict[str, str]
    state: ImportState
    form: str
    columns: dict[str, str]
    not_read: list[str]
    names: list[str]
    continues: bool
    counts: CountsAnswer | None
    unreadable: list[str]
    notes: list[str]
    first: list[RowAnswer]
    done: int
    rows: int | None
    error: str
    problem: str
    source_id: int | None
    by: str
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, one: FileImport) -> ImportAnswer:
        """From the store's words."""
        found: dict[str, Any] = dict(one.found)
        return cls(
            id=one.id,
            file=one.file,
            size=one.size,
            source=one.source,
            query=one.query,
            options=dict(one.options),
            state=one.state,
            form=found.get("form", ""),
            columns=found.get("columns", {}),
            not_read=found.get("left", []),
            names=found.get("names", []),
            continues=found.get("continues", False),
            counts=CountsAnswer(**found["counts"]) if "counts" in found else None,
            unreadable=found.get("faults", []),
            notes=found.get("notes", []),
            first=[RowAnswer(**row) for row in found.get("first", [])],
            done=one.done,
            rows=one.rows,
            error=one.error,
            problem=one.problem,
            source_id=one.source_id,
            by=one.by,
            created_at=one.created_at,
            updated_at=one.updated_at,
            version=one.version,
        )


class ImportList(Answer):
    """The latest files first."""

    items: list[ImportAnswer]
