"""`sahut audit`: whether the log of who did what is as it was written, and the log as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sahut import bootstrap
from sahut.cli.operator import who
from sahut.cli.output import FAILED, AsJson, complain, say, start_log, write_json
from sahut.core import audit, noting

if TYPE_CHECKING:
    from sahut.core.model import AuditEntry
    from sahut.core.ports import Store

app = typer.Typer(help="The log of who did what.", no_args_is_help=True)
_BATCH = 2_000


@app.command("verify")
def verify(
    seen: Annotated[
        str, typer.Option(metavar="ID:HASH", help="A link that was noted earlier: it has to stand there still.")
    ] = "",
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Compute the chain again, from the first entry to the last; exit code 1 names the first broken link.

    Whoever holds the whole database could write the whole chain anew: note the last link elsewhere from time to time,
    and give it as --seen.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    number, expected = _link(seen)
    store = bootstrap.store(found)
    last: AuditEntry | None = None

    def walked() -> Iterator[AuditEntry]:
        nonlocal last, expected
        for entry in _entries(store):
            if entry.id == number and entry.hash == expected:
                expected = ""
            yield entry
            last = entry

    broken = audit.first_broken(walked())
    store.close()
    reason = broken.reason if broken else f"entry {number} is not the one that was noted" if expected else ""
    if as_json:
        link = f"{last.id}:{last.hash}" if last else None
        write_json({"entries": last.id if last else 0, "last": link, "broken": reason or None})
    elif reason:
        complain(reason)
    elif last is None:
        say("The log is empty.")
    else:
        say(f"All {last.id} entries are as they were written. The last link, to note elsewhere:")
        typer.echo(f"{last.id}:{last.hash}")
    if reason:
        raise typer.Exit(FAILED)


@app.command("export")
def export(
    after: Annotated[int, typer.Option(min=0, help="Only entries behind this one.")] = 0,
    file: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Where to; stdout when left out.")] = None,
) -> None:
    """Write the log as JSON Lines, oldest first. The export is an entry of its own."""
    found = bootstrap.settings()
    start_log(found.log_level)
    store = bootstrap.store(found)
    count = 0
    try:
        out = None if file is None else file.open("w", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    for entry in _entries(store, after):
        typer.echo(audit.line(entry), file=out)
        count += 1
    if out is not None:
        out.close()
    with store.begin() as tx:
        noting.export(tx, "audit", name=who(), now=bootstrap.now(), rows=count)
    store.close()
    say(f"{count} entries.")


def _entries(store: Store, after: int = 0) -> Iterator[AuditEntry]:
    """Piece by piece: no transaction is open while a piece is worked on."""
    while True:
        with store.read() as tx:
            found = tx.audit.entries(after=after, limit=_BATCH)
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].id


def _link(seen: str) -> tuple[int, str]:
    if not seen:
        return 0, ""
    number, _, found = seen.partition(":")
    if not number.isdecimal() or not found:
        raise typer.BadParameter("write ID:HASH, as `sahut audit verify` prints it", param_hint="--seen")
    return int(number), found
