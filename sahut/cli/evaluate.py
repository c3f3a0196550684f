"""`sahut evaluate`: how good the classifier is on labelled posts of the operator's own, and where to cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sahut import bootstrap, workshop
from sahut.cli.output import AsJson, answer, progress, say, write_json, write_table

if TYPE_CHECKING:
    from classifiers.evaluate import Evaluation, Figure
    from config.settings import Settings

_NOTHING = "–"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate", rich_help_panel="Care")(evaluate)


def evaluate(
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="FILE", dir_okay=False, exists=True, help="CSV with a header, or JSON lines (.jsonl)."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="A model folder; or onnx, keywords, hub:NAME. Else the setting's."),
    ] = None,
    recall: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="The share of complaints that must be caught, for the cut-off.")
    ] = 0.90,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Cross-validate TF-IDF with a linear model on the same rows (minutes).")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", file_okay=False, help="Write plots (SVG, PNG) and report.html there."),
    ] = None,
    show_texts: Annotated[
        bool, typer.Option("--show-texts", help="Show the texts of the worst mistakes in the report.")
    ] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Measure the classifier on labelled posts, and propose the cut-off for a wanted recall.

    FILE has a column text and any of kind, sentiment, topic, urgent, complaint (the last two 0 or 1); with source or
    language, figures for each of them too. Every figure comes with the interval in which 95 % of its bootstrap
    resamples lie. Nothing is stored and nothing changes: the policy stays yours to edit.
    """
    if show_texts and out is None:
        raise typer.BadParameter("the report shows them: name its folder with --out", param_hint="--show-texts")
    settings = _with_model(bootstrap.settings(), model)
    if out is not None:
        # Before the minutes of work, not after.
        _make(out)
    found = workshop.evaluation(settings, data, recall=recall, baseline=baseline, stage=progress)
    if out is not None:
        # Before the tables: a reader that leaves early, as `| head` does, ends the command.
        written = workshop.write_report(found, out, show_texts=show_texts)
    if as_json:
        write_json(_plain(found))
    else:
        _show(found)
    if out is not None:
        say(f"{len(written)} files are in {out}; start with {written[0]}.")


def _with_model(settings: Settings, model: str | None) -> Settings:
    """The settings, judged by ``model``: a folder if there is one of that name, else a classifier's name."""
    if model is None:
        return settings
    if Path(model).is_dir():
        return settings.model_copy(update={"model": "onnx", "model_dir": Path(model)})
    if "/" in model and not model.startswith("hub:"):
        raise typer.BadParameter(f"{model}: there is no such folder", param_hint="--model")
    return settings.model_copy(update={"model": model})


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{folder}: {error.strerror}", param_hint="--out") from error


def _show(found: Evaluation) -> None:
    answer.print(f"[bold]{found.rows:,} rows of {escape(found.data)}, judged by {escape(found.model)}[/]\n")
    _show_figures(found)
    _show_curve(found)
    _show_cut_offs(found)
    for grouping, groups in found.groups.items():
        _show_groups(grouping, groups)
    for note in found.notes:
        say(f"Note: {note.english}")


def _show_figures(found: Evaluation) -> None:
    columns = ["figure", "value", "95 % interval", "rows"]
    rows = [[name, *_cells(figure), figure.rows] for name, figure in found.figures.items()]
    if found.baseline:
        columns += ["TF-IDF + linear", "95 % interval"]
        rows = [[*row, *_cells(found.baseline.get(str(row[0])))] for row in rows]
    write_table(columns, rows, empty="The labels allow no figure.")
    if found.in_force:
        effect, what = found.in_force, " or ".join(found.kinds)
        _heading("The policy in force")
        rows = [
            [f"{what}: share that is flagged (recall)", *_cells(effect.recall)],
            [f"flagged: share that is {what} (precision)", *_cells(effect.precision)],
            ["all rows: share that is flagged", *_cells(effect.flagged)],
        ]
        write_table(["of", "value", "95 % interval"], rows, empty="")


def _show_curve(found: Evaluation) -> None:
    if not found.curve:
        return
    _heading(f"Precision and recall (labelled {' or '.join(found.kinds)}: {found.positives:,})")
    rows = [
        [f"{at.recall:.3f}", f"{at.threshold:.3f}", *_cells(at.precision), f"{100 * at.flagged:.0f}"]
        for at in found.curve
    ]
    write_table(["recall", "threshold", "precision", "95 % interval", "flagged of 100"], rows, empty="")


def _show_cut_offs(found: Evaluation) -> None:
    if found.cut_off is None:
        return
    _heading(f"Cut-off for recall {found.wanted_recall:.2f}")
    named = [("all", [found.cut_off]), ("topic", found.by_topic), ("source", found.by_source)]
    rows = [
        [
            f"{group} {one.name}".strip(),
            one.threshold,
            *_cells(one.effect.recall),
            *_cells(one.effect.precision),
            one.positives,
        ]
        for group, proposals in named
        for one in proposals
    ]
    write_table(
        ["where", "threshold", "recall", "95 % interval", "precision", "95 % interval", "positives"], rows, empty=""
    )
    _heading("Paste this into your policy.toml in place of its flagging tables, then run `sahut check`:")
    answer.print("\n".join(found.policy_lines), markup=False, soft_wrap=True)


def _show_groups(grouping: str, groups: dict[str, dict[str, Figure]]) -> None:
    _heading(f"By {grouping}")
    rows = [
        [name if at == 0 else "", measure, *_cells(figure), figure.rows]
        for name, figures in groups.items()
        for at, (measure, figure) in enumerate(figures.items())
    ]
    write_table([grouping, "figure", "value", "95 % interval", "rows"], rows, empty="")


def _heading(text: str) -> None:
    answer.print(f"\n[bold]{escape(text)}[/]", soft_wrap=True)


def _cells(figure: Figure | None) -> Sequence[str]:
    if figure is None:
        return _NOTHING, _NOTHING
    return f"{figure.value:.3f}", f"{figure.low:.3f} to {figure.high:.3f}"


def _plain(found: Evaluation) -> dict[str, Any]:
    """The evaluation for a program, without the texts of posts."""
    said = _without_nan(asdict(found))
    for left_out in ("policy", "line"):
        del said[left_out]
    for mistakes in (said["missed"], said["false_alarms"]):
        for mistake in mistakes:
            del mistake["text"]
    return {**said, "kinds": found.kinds, "policy_toml": "\n".join(found.policy_lines)}


def _without_nan(value: Any) -> Any:
    """``value`` with None for what is no number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and isnan(value) else value
