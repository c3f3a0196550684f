"""The command line: one module for each noun, all words for people on stderr, what a program reads on stdout.

Exit codes: 0 done · 1 it could not be done, or something is wrong · 2 the command was not understood ·
3 done, but some items failed · 130 interrupted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated

import typer

from sahut.cli import (
    accounts,
    audit,
    classify,
    credentials,
    demo,
    drift,
    evaluate,
    files,
    health,
    labels,
    models,
    opml,
    persons,
    reassess,
    running,
    sources,
    work,
)
from sahut.cli.output import complain
from sahut.core.errors import SahutError

_EPILOG = (
    "Start with [bold]sahut run[/]. Exit codes: 0 done, 1 it could not be done or something is wrong, "
    "2 the command was not understood, 3 done but some items failed, 130 interrupted."
)


@dataclass(slots=True)
class Options:
    """What holds for every command."""

    debug: bool = False


app = typer.Typer(
    name="sahut",
    help="Harvest public posts about public services, pick out the complaints, carry each to a ticket and an answer.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
running.register(app)
work.register(app)
files.register(app)
classify.register(app)
reassess.register(app)
models.register(app)
drift.register(app)
health.register(app)
evaluate.register(app)
app.add_typer(labels.app, name="labels", rich_help_panel="Learning")
app.add_typer(models.app, name="model", rich_help_panel="Learning")
opml.register(sources.app)
app.add_typer(sources.app, name="source", rich_help_panel="People and places")
app.add_typer(credentials.app, name="credential", rich_help_panel="People and places")
app.add_typer(credentials.keys, name="key", rich_help_panel="People and places")
app.add_typer(accounts.users, name="user", rich_help_panel="People and places")
app.add_typer(accounts.tokens, name="token", rich_help_panel="People and places")
persons.register(app)
app.add_typer(audit.app, name="audit", rich_help_panel="Care")
app.add_typer(demo.app, name="demo", rich_help_panel="People and places")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sahut {version('sahut')}")
        raise typer.Exit


@app.callback()
def _every_command(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    context.obj.debug = debug


def main() -> None:
    """Run a command; an error is a sentence on stderr and an exit code, never a traceback."""
    options = Options()
    try:
        app(obj=options)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if options.debug:
            raise
        if isinstance(error, SahutError):
            complain(str(error))
        else:
            complain(f"unexpected {type(error).__name__}: {error} (`sahut --debug …` shows where it came from)")
        sys.exit(1)
