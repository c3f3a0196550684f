"""`sahut import`: archives and exports of other tools."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sahut import bootstrap, imports, looking
from sahut.cli.output import FAILED, SOME_FAILED, AsJson, complain, progress, say, step, write_json, write_table
from sahut.core.model import Mention

if TYPE_CHECKING:
    from collectors.files import FileLayout

_TEXT_WIDTH = 90
_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", rich_help_panel="Work")(import_file)


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or XLSX, of any encoding and dialect.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come in, and store nothing.")] = False,
    name: Annotated[
        str, typer.Option(help="The source's name. Give newer exports of one tool one name: their ids continue.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "-c", metavar="FIELD=COLUMN", help="text=Isi, at='Tanggal Masuk', text=#3; title= for none."
        ),
    ] = None,
    query: Annotated[str, typer.Option(help="Keep only what matches: '(jalan OR banjir) AND NOT iklan'.")] = "",
    sheet: Annotated[str, typer.Option(help="Of a spreadsheet; the first with texts when left out.")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8, utf-16, windows-1252 …; found out when left out.")] = "",
    delimiter: Annotated[str, typer.Option(help="comma, semicolon, tab or bar; found out when left out.")] = "",
    zone: Annotated[str, typer.Option(help="WIB, WITA or WIT, for dates that name none; WIB when left out.")] = "",
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Bring in posts from a file. A second import of it changes nothing; one that was cut goes on where it stopped.

    Look first with --dry-run. Exit code 3 when rows could not be read: `sahut doctor` shows them.
    """
    settings = bootstrap.settings()
    parts = bootstrap.parts(settings)
    path = file.resolve()
    said = {"sheet": sheet, "encoding": encoding, "delimiter": delimiter, "zone": zone}
    options = {**_columns(column or []), **{key: value for key, value in said.items() if value}}
    collector = parts.collector_for(imports.PLATFORM)
    with step(f"Looking at {file}"):
        same_bytes = looking.same_bytes(path)
        with parts.store.read() as tx:
            known = imports.source_of(tx, path, name=name, same_bytes=same_bytes)
        draft = imports.draft_for(path, name=name, query=query, options=options, known=known)
        layout = looking.file_layout(settings, draft)
    if not as_json:
        _show_layout(layout)
    if dry_run:
        with progress("reading", total=layout.rows) as done:
            found = imports.rehearse(draft, store=parts.store, collector=collector, now=parts.clock(), done=done)
        if as_json:
            write_json({"source": draft.name, **_layout_plain(layout), **_rehearsal_plain(found)})
        else:
            _show_rehearsal(found, draft.name)
        parts.store.close()
        return
    stop = Event()
    with _stopping(stop), progress("importing", total=layout.rows) as done:
        ended = imports.run(
            draft, known, store=parts.store, collector=collector, clock=parts.clock, stop=stop, done=done
        )
    if ended.counts.new or ended.counts.edited:
        parts.queue.ring("assess")
    parts.store.close()
    if as_json:
        write_json({"source": ended.source.name, **_layout_plain(layout), **_imported_plain(ended)})
    else:
        _show_imported(ended)
    _leave(ended)


@contextmanager
def _stopping(stop: Event) -> Iterator[None]:
    """Ctrl-C ends the import after the page under way, a second one at once."""

    def once(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)
        say("Stopping after this page; Ctrl-C again stops at once.")

    before = signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _columns(given: list[str]) -> dict[str, str]:
    options = {}
    for pair in given:
        field, equals, named = pair.partition("=")
        if not equals or not field.strip():
            raise typer.BadParameter(f"write FIELD=COLUMN, not '{pair}'", param_hint="--column")
        options[f"column.{field.strip()}"] = named.strip()
    return options


def _show_layout(layout: FileLayout) -> None:
    say(f"It is {layout.form}.")
    write_table(["field", "column"], list(layout.taken.items()), empty="No column is read.")
    if layout.left:
        say(f"Not read, and not stored: {', '.join(layout.left)}.")


def _show_rehearsal(found: imports.Rehearsal, name: str) -> None:
    rows = [
        (
            mention.published_at or "no date",
            "" if mention.author is None else mention.author.handle,
            mention.body.replace("\n", " ")[:_TEXT_WIDTH],
        )
        for mention in found.first
    ]
    write_table(["published", "author", "text"], rows, empty="Nothing would come in.")
    _show_counts(found.counts, found.faults, found.notes)
    say(f"Nothing was stored. Without --dry-run it goes into the source '{name}'.")


def _show_imported(ended: imports.Imported) -> None:
    if ended.counts.seen == 0 and ended.error is None and not ended.stopped:
        say("This file was read to its end before, and has not changed.")
        return
    _show_counts(ended.counts, ended.faults, ended.notes)
    if ended.error is not None:
        complain(str(ended.error))
    if ended.error is not None or ended.stopped:
        say("What was read is stored. The same command goes on where it stopped.")


def _show_counts(counts: imports.Counts, faults: list[str], notes: list[str]) -> None:
    left_out = f", {counts.left_out} left out by the filter" if counts.left_out else ""
    say(
        f"{counts.seen} rows: {counts.new} new, {counts.edited} edited, {counts.same} the same"
        f"{left_out}, {counts.unreadable} unreadable."
    )
    for fault in faults:
        say(f"Unreadable: {fault}.")
    if counts.unreadable > len(faults):
        say(f"… and {counts.unreadable - len(faults)} more; `sahut doctor` shows what was stored of them.")
    for note in notes:
        say(f"Note: {note}.")


def _leave(ended: imports.Imported) -> None:
    if ended.error is not None:
        raise typer.Exit(FAILED)
    if ended.stopped:
        raise typer.Exit(_INTERRUPTED)
    if ended.counts.unreadable:
        raise typer.Exit(SOME_FAILED)


def _layout_plain(layout: FileLayout) -> dict[str, Any]:
    return {"form": layout.form, "columns": dict(layout.taken), "not_read": list(layout.left)}


def _rehearsal_plain(found: imports.Rehearsal) -> dict[str, Any]:
    return {
        **asdict(found.counts),
        "faults": found.faults,
        "notes": found.notes,
        "first": [_mention_plain(mention) for mention in found.first],
    }


def _imported_plain(ended: imports.Imported) -> dict[str, Any]:
    return {
        **asdict(ended.counts),
        "faults": ended.faults,
        "notes": ended.notes,
        "stopped": ended.stopped,
        "error": None if ended.error is None else str(ended.error),
    }


def _mention_plain(mention: Mention) -> Mapping[str, Any]:
    return {
        "native_id": mention.native_id,
        "title": mention.title,
        "text": mention.text,
        "author": None if mention.author is None else mention.author.handle,
        "published_at": mention.published_at,
        "permalink": mention.permalink,
    }
