"""`sahut train` and `sahut model`: candidates, and which model is the current one."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sahut import bootstrap, workshop
from sahut.cli.output import FAILED, AsJson, complain, progress, say, start_log, step, write_json, write_table

if TYPE_CHECKING:
    from classifiers.gate import Comparison

app = typer.Typer(help="Versions of the model: list, compare, change and take back.", no_args_is_help=True)

_Tests = Annotated[
    list[Path] | None,
    typer.Option(
        "--test",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A labelled test set beside those kept in var/models/tests; may be given several times.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train", rich_help_panel="Learning")(train)


def train(
    *,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FOLDER", exists=True, file_okay=False, help="The labelled tables."),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="How to train; recipe.toml in FOLDER when left out, else the shipped one.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_FOLDER", help="Weights to set out from, a folder or a name on the hub."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long to train, on the clock.")] = 75.0,
    steps: Annotated[
        int, typer.Option(min=0, help="How many steps to train in place of minutes: then a run can be repeated.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Where chance begins.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the unfinished training, as it began.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Forget an unfinished training first.")] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Train a candidate from labelled tables and staff's decisions. Needs the extra `train`.

    The recipe says which tables of FOLDER teach what. The decisions join them, but for one in five, which no training
    sees: candidates are judged by those. The candidate changes nothing until `sahut model use` makes it current.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    if data is None and not resume:
        raise typer.BadParameter("name the folder of labelled tables", param_hint="--data")
    workshop.check_extra()
    # How far it is, whatever the log's level for the service.
    for name in ("classifiers.candidate", "classifiers.train"):
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        if resume:
            made = workshop.resume(found)
        else:
            assert data is not None  # noqa: S101 - refused above
            made = workshop.train(
                found, data=data, recipe=recipe, base=base, minutes=minutes, steps=steps, seed=seed, discard=discard
            )
    except KeyboardInterrupt:
        say("The training is kept: `sahut train --resume` goes on from its last checkpoint.")
        raise
    if as_json:
        write_json({"version": made.name, "folder": str(made.folder), "model": made.model, **made.training})
        return
    say(f"The candidate {made.name} is in {made.folder}.")
    say(f"Compare it: sahut model compare {made.name}. Make it current: sahut model use {made.name}.")


@app.command("list")
def list_versions(as_json: Annotated[bool, AsJson] = False) -> None:
    """Show the versions, the current one marked."""
    found = bootstrap.settings()
    versions = bootstrap.versions(found)
    current = versions.current()
    rows = [
        {
            "version": one.name,
            "model": one.model,
            "current": one.name == current,
            "was_current": versions.was_current(one.name),
            "finished_at": one.training.get("finished_at"),
            "decisions": one.training.get("decisions"),
            "folder": str(one.folder),
        }
        for one in versions.all()
    ]
    if as_json:
        write_json(rows)
    else:
        write_table(
            ["", "version", "model", "trained", "of decisions", "folder"],
            [
                (
                    "→" if row["current"] else "",
                    row["version"],
                    row["model"],
                    str(row["finished_at"] or "")[:16],
                    row["decisions"],
                    row["folder"],
                )
                for row in rows
            ],
            empty="",
        )
    if (pinned := bootstrap.pinned_model(found)) is not None:
        say(f"{pinned} is set: it holds, whatever version is current.")


@app.command("compare")
def compare(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The candidate.")],
    against: Annotated[str | None, typer.Option(metavar="VERSION", help="The current one when left out.")] = None,
    tests: _Tests = None,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Measure a candidate beside the current version, and say whether it may become current. Changes nothing.

    Exit code 1 says that it may not.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    said = workshop.compare(found, version, against=against, tests=tests or [], stage=progress)
    if as_json:
        write_json(_plain(said))
    else:
        _show(said)
    if not said.passes:
        raise typer.Exit(FAILED)


@app.command("use")
def use(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A name from `sahut model list`.")],
    tests: _Tests = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even if the gate says no; what it said is written down.")
    ] = False,
) -> None:
    """Make a version current, if it is better on held-out decisions and no worse on the test sets.

    The shipped version, and one that was current before, need no second proof. Workers take the new model with their
    next batch; where several machines work, give each the folder and this command.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    said = workshop.use(found, version, tests=tests or [], force=force, stage=progress)
    if said is not None:
        _show(said)
        if not said.passes and not force:
            raise typer.Exit(FAILED)
    say(
        f"{version} is the current version. `sahut reassess` judges the archive anew; `sahut model rollback` undoes it."
    )


@app.command("rollback")
def rollback() -> None:
    """Make the version before the current one current again."""
    found = bootstrap.settings()
    start_log(found.log_level)
    with step("Going back"):
        name = workshop.roll_back(found)
    say(f"{name} is the current version again. `sahut reassess` judges the archive anew.")


def _show(said: Comparison) -> None:
    rows = [
        (
            one.rows_of,
            one.measure,
            one.rows,
            f"{one.current:.3f}",
            f"{one.candidate:.3f}",
            f"{one.change:+.3f} ({one.low:+.3f} to {one.high:+.3f})",
        )
        for one in said.differences
    ]
    write_table(
        ["on", "measure", "rows", said.current, said.candidate, "difference (95 %)"],
        rows,
        empty="There is nothing to measure on.",
    )
    if said.passes:
        say(f"{said.candidate} is better on held-out decisions and no worse on the test sets.")
    for reason in said.reasons:
        complain(reason)


def _plain(said: Comparison) -> dict[str, Any]:
    return {
        "current": said.current,
        "candidate": said.candidate,
        "passes": said.passes,
        "reasons": list(said.reasons),
        "differences": [asdict(one) | {"change": one.change} for one in said.differences],
    }
