"""How the command line speaks: people read stderr, programs read stdout."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from sahut.cli.log_filter import hide_secrets

FAILED = 1
SOME_FAILED = 3

people = Console(stderr=True, highlight=False)
answer = Console(highlight=False)
if not answer.is_terminal:
    # A pipe has no width: cells must not be folded at a terminal's 80 columns.
    answer = Console(highlight=False, width=400)

AsJson = typer.Option("--json", help="Write JSON for a program to read.")


def say(text: str) -> None:
    """One line for people, as it is."""
    people.print(escape(text), soft_wrap=True)


def complain(text: str) -> None:
    """What went wrong, each line of it."""
    for line in text.splitlines() or [""]:
        people.print(f"[bold red]error:[/] {escape(line)}", soft_wrap=True)


def write_json(value: Any) -> None:
    """One JSON document on stdout; times in ISO 8601."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def write_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A table on stdout, or ``empty`` for people when there are no rows."""
    if not rows:
        say(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    answer.print(table)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, with a spinner on a terminal, and how long it took."""
    begun = time.monotonic()
    with people.status(f"{escape(text)} …") if people.is_terminal else _nothing():
        yield
    people.print(f"[green]✓[/] {escape(text)} [dim]{time.monotonic() - begun:.1f} s[/]")


@contextmanager
def progress(text: str, *, total: int | None) -> Iterator[Any]:
    """A progress bar on a terminal, nothing elsewhere. Yields a function that takes how many more are done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *([BarColumn()] if total is not None else []),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=people, transient=True, disable=not people.is_terminal) as bar:
        task = bar.add_task(escape(text), total=total)
        yield lambda count=1: bar.advance(task, count)


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that says something."""
    if moment is None:
        return "never"
    return f"{span((now or datetime.now(UTC)) - moment)} ago"


def span(length: timedelta) -> str:
    """A length of time in one unit: ``40 s``, ``12 min``, ``5 h``, ``3 days``."""
    seconds = max(0.0, length.total_seconds())
    for size, unit in ((172800, "days"), (5400, "h"), (90, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86400, 'h': 3600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s"


def start_log(level: str) -> None:
    """Log to stderr, with times in UTC as everywhere in Sahut's data."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ"
    )
    logging.Formatter.converter = time.gmtime
    for handler in logging.getLogger().handlers:
        handler.addFilter(hide_secrets)
    if level != "debug":
        # Each job's start and end, and each tick that the one before it outlasted, are no news.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        logging.getLogger("httpx").setLevel(logging.WARNING)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
