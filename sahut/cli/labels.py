"""`sahut labels`: what staff decided, as a table to train and measure with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sahut import bootstrap, labels
from sahut.cli.operator import who
from sahut.cli.output import say, start_log
from sahut.core import noting
from sahut.core.errors import NotFoundError
from sahut.core.model import WIB

app = typer.Typer(help="Staff's decisions as labels of texts.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `export` a word of its own, since a group of one command would swallow it."""


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The table to write; an old one is replaced.")],
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only mentions of this source.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only decisions from this day on (WIB).")
    ] = None,
) -> None:
    """Write what staff decided as a labelled CSV table.

    Converted and merged mentions are complaints with the ticket's topic; so are those dismissed as duplicate or
    handled. Dismissed as not_complaint: complaint 0; as spam: kind other. What was dismissed as not_ours or abusive,
    what was undone, and the demonstration label nothing. NIK, telephone numbers and the like are masked, but the file
    holds people's posts: keep it as you keep the database.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    if source is not None:
        with parts.store.read() as tx:
            if tx.sources.find(source) is None:
                raise NotFoundError("source", f"'{source}'; `sahut source list` shows their names")
    begin = None if since is None else since.replace(tzinfo=WIB)
    try:
        counts = labels.write(file, labels.rows(parts.store, parts.policy, source=source, since=begin, masked=True))
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with parts.store.begin() as tx:
        noting.export(tx, "labels", name=who(), now=parts.clock(), rows=sum(counts.values()))
    parts.store.close()
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    say(f"{sum(counts.values())} labels in {file}: {words or 'no decision stands yet'}.")
    if counts:
        say("The file holds people's posts. Only you can read it; keep it so, and delete it when it has served.")
