"""`sahut demo`: invented posts to try the board with."""

from __future__ import annotations

import typer

from sahut import bootstrap
from sahut.cli.output import say, start_log

app = typer.Typer(help="The demonstration: invented posts to try the board with.", no_args_is_help=True)


@app.command("load")
def load() -> None:
    """Add the demonstration. A second time changes nothing."""
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    bootstrap.load_demo(parts)
    parts.store.close()
    say("The demonstration is loaded; its newspaper is read from the next `sahut run` on.")


@app.command("clear")
def clear() -> None:
    """Remove the demonstration with all that came of it, and nothing else."""
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    with parts.store.begin() as tx:
        deleted = tx.operations.clear_demo()
    parts.store.close()
    words = ", ".join(f"{count} in {table}" for table, count in deleted.items() if count)
    say(f"The demonstration is gone: {words}." if words else "There is no demonstration here.")
