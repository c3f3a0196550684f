"""`sahut source export|import`: lists of feeds for and from other readers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sahut import bootstrap
from sahut.cli.operator import who
from sahut.cli.output import AsJson, say, write_json, write_table
from sahut.core import noting, opml
from sahut.core.errors import RefusedError


def register(app: typer.Typer) -> None:
    """Add the commands to those of `sahut source`."""
    app.command("export")(export)
    app.command("import")(import_list)


def export(
    file: Annotated[Path, typer.Option("--opml", help="Where to write; - for the standard output.")],
) -> None:
    """Write the feeds that are followed as OPML. Passwords in addresses are left out."""
    parts = bootstrap.parts(bootstrap.settings())
    with parts.store.read() as tx:
        feeds = [source.draft for source in tx.sources.all() if source.platform == "feed"]
    parts.store.close()
    text = opml.write(feeds, title="Sahut", now=parts.clock())
    if str(file) == "-":
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"{file} cannot be written: {error.strerror}", rule="file") from error
    say(f"{len(feeds)} feeds are in {file}.")
    if hidden := [feed.name for feed in feeds if opml.without_password(feed.address) != feed.address]:
        say(f"Without the password of their address: {', '.join(hidden)}.")


def import_list(
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export it.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be followed, and change nothing.")
    ] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Follow the feeds of an OPML file; those whose address is followed already are skipped."""
    parts = bootstrap.parts(bootstrap.settings())
    try:
        with file.open("rb") as opened:
            document = opened.read(opml.MOST_BYTES + 1)
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}", rule="file") from error
    drafts, notes = opml.read(document)
    with parts.store.begin() as tx:
        plan = opml.plan(drafts, notes, [source.draft for source in tx.sources.all()])
        added = [] if dry_run else [tx.sources.add(draft, parts.clock()) for draft in plan.add]
        for source in added:
            noting.source(tx, "added", source.id, name=who(), now=parts.clock())
    for source in added:
        parts.queue.ring("collect", key=f"source:{source.id}", args={"source_id": source.id})
    parts.store.close()
    if as_json:
        write_json(
            {
                "added": [{"name": one.name, "address": one.address, "options": dict(one.options)} for one in plan.add],
                "already": [{"name": one.name, "address": one.address} for one in plan.already],
                "notes": plan.notes,
                "stored": not dry_run,
            }
        )
        return
    rows = [(one.name, one.options.get("category", ""), one.address) for one in plan.add]
    write_table(["source", "category", "address"], rows, empty="There is nothing new to follow.")
    for note in plan.notes:
        say(f"Note: {note}.")
    verb = "would be followed" if dry_run else "are followed from now on"
    say(f"{len(plan.add)} feeds {verb}, {len(plan.already)} were already.")
