"""`sahut drift`: whether this month differs from the one before."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from sahut import bootstrap
from sahut.cli.output import AsJson, answer, say, start_log, write_json, write_table
from sahut.core import drift as rules
from sahut.core.model import SourceMonth

_MARKS = {True: "[yellow]![/]", False: "[green]✓[/]", None: "[dim]?[/]"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drift", rich_help_panel="Learning")(drift)


def drift(
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The month to look at (WIB); the present one when left out.")
    ] = None,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Compare a month with the one before: scores, how much was flagged, and what staff made of it.

    Says in words whether something moved and what to do about it. Mentions count in the month in which they were
    published, or else first seen, with the score that they have now.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    chosen = month or rules.month_of(bootstrap.now())
    try:
        months = [rules.bounds(one) for one in (chosen, rules.month_before(chosen))]
    except ValueError as error:
        raise typer.BadParameter("write a month as 2026-11", param_hint="--month") from error
    opened = bootstrap.store(found)
    with opened.read() as tx:
        this, last = (tx.months.counts(*bounds) for bounds in months)
    opened.close()
    said = rules.compare(chosen, this, last)
    if as_json:
        write_json(_plain(said))
    else:
        _show(said)


def _show(said: rules.Drift) -> None:
    rows = [
        _row("all", said.this, said.last, said.index),
        *(_row(one.source, one, other, index) for one, other, index in said.sources),
    ]
    write_table(
        ["source", "mentions", "before", "index", "flagged", "before", "no complaint", "before", "missed", "before"],
        rows,
        empty="",
    )
    for finding in said.findings:
        answer.print(f"{_MARKS[finding.moved]} {escape(finding.words)}", soft_wrap=True)
        if finding.advice:
            answer.print(f"  {escape(finding.advice)}", soft_wrap=True)
    say(
        f"Something moved from {said.before} to {said.month}."
        if said.moved
        else f"Nothing moved from {said.before} to {said.month}, as far as the numbers tell."
    )


def _row(name: str, this: SourceMonth, last: SourceMonth, index: float | None) -> tuple[object, ...]:
    return (
        name,
        this.judged,
        last.judged,
        "" if index is None else f"{index:.2f}",
        _share(this.flagged, this.judged),
        _share(last.flagged, last.judged),
        _share(this.not_complaints, this.decided),
        _share(last.not_complaints, last.decided),
        this.found_by_search,
        last.found_by_search,
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _plain(said: rules.Drift) -> dict[str, Any]:
    return {
        "month": said.month,
        "before": said.before,
        "moved": said.moved,
        "index": said.index,
        "this": _counts(said.this),
        "last": _counts(said.last),
        "sources": [
            {"source": one.source, "index": index, "this": _counts(one), "last": _counts(other)}
            for one, other, index in said.sources
        ],
        "findings": [
            {"what": one.what, "moved": one.moved, "words": one.words, "advice": one.advice} for one in said.findings
        ],
    }


def _counts(one: SourceMonth) -> dict[str, Any]:
    return {
        "judged": one.judged,
        "histogram": list(one.histogram),
        "models": dict(one.models),
        "flagged": one.flagged,
        "decided": one.decided,
        "confirmed": one.confirmed,
        "not_complaints": one.not_complaints,
        "found_by_search": one.found_by_search,
    }
