"""One piece of work in the foreground: `collect`, `assess`, `migrate`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sahut import bootstrap
from sahut.cli.output import SOME_FAILED, AsJson, progress, say, start_log, step, write_json, write_table
from sahut.core import collecting, pipeline
from sahut.core.errors import NotFoundError
from sahut.core.model import Source, SourceState
from sahut.core.ports import Tx


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("collect", rich_help_panel="Work")(collect)
    app.command("assess", rich_help_panel="Work")(assess)
    app.command("migrate", rich_help_panel="Care")(migrate)


def collect(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Sources by name; all when left out.")
    ] = None,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Read sources now, due or not, and store what is new. Exit code 3 when a source failed."""
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    with parts.store.read() as tx:
        chosen = _chosen(tx, names or [])
    rows: list[dict[str, Any]] = []
    with progress("collecting", total=len(chosen)) as done:
        for source in chosen:
            report = collecting.collect(
                source.id, store=parts.store, collector_for=parts.collector_for, clock=parts.clock, lease=parts.lease
            )
            rows.append(_row(source, report))
            done()
    if as_json:
        write_json(rows)
    else:
        table = [(r["source"], r["seen"], r["new"], r["edited"], r["set_aside"], r["error"] or "") for r in rows]
        write_table(
            ["source", "seen", "new", "edited", "set aside", "error"],
            table,
            empty="There is no active source; add one: sahut source add feed https://…",
        )
    parts.store.close()
    if any(row["error"] for row in rows):
        raise typer.Exit(SOME_FAILED)


def assess(as_json: Annotated[bool, AsJson] = False) -> None:
    """Judge everything that waits for the classifier, then stop."""
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    with parts.store.read() as tx:
        waiting = tx.operations.counts().get("mentions.collected")
    with step("Loading the classifier"):
        classifier = parts.classifier()
    totals = dict.fromkeys(("assessed", "flagged", "filed", "tied", "held"), 0)
    with progress("assessing", total=waiting) as done:
        while report := pipeline.assess(
            store=parts.store,
            classifier=classifier,
            policy=parts.policy,
            clock=parts.clock,
            annotator=parts.annotator(),
            lease=parts.lease,
        ):
            totals["assessed"] += report.claimed
            for name in ("flagged", "filed", "tied", "held"):
                totals[name] += getattr(report, name)
            done(report.claimed)
    parts.store.close()
    if as_json:
        write_json(totals)
    else:
        say(
            f"{totals['assessed']} mentions assessed: {totals['flagged']} flagged, {totals['filed']} filed, "
            f"{totals['tied']} tied to earlier ones, {totals['held']} set aside."
        )


def migrate() -> None:
    """Bring the database to this version of Sahut. Safe to repeat, and to run on several machines at once."""
    found = bootstrap.settings()
    start_log(found.log_level)
    with step("Preparing the database"), progress("sealing and masking persons' data", total=None) as done:
        bootstrap.migrate(found, done)


def _chosen(tx: Tx, names: list[str]) -> list[Source]:
    if not names:
        return [source for source in tx.sources.all() if source.state is SourceState.ACTIVE]
    chosen = []
    for name in names:
        source = tx.sources.find(name)
        if source is None:
            raise NotFoundError("source", f"'{name}'; `sahut source list` shows their names")
        chosen.append(source)
    return chosen


def _row(source: Source, report: collecting.CollectReport | None) -> dict[str, Any]:
    if report is None:
        why = f"it is {source.state}"
        if source.state is SourceState.ACTIVE:
            why = "another process reads it right now, or its platform wants no call yet"
        return {"source": source.name, "seen": 0, "new": 0, "edited": 0, "set_aside": 0, "error": f"not read: {why}"}
    return {
        "source": source.name,
        "seen": report.seen,
        "new": report.new,
        "edited": report.edited,
        "set_aside": report.dead,
        "error": None if report.error is None else str(report.error),
    }
