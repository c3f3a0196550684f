"""Puts the parts of learning together, as `sahut.bootstrap` does the service's: training, measuring, gate, versions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sahut import bootstrap, labels
from sahut.core.errors import NotFoundError, SettingsError
from sahut.core.ports import Classifier

if TYPE_CHECKING:
    from classifiers.evaluate import Evaluation, LabelledRow
    from classifiers.gate import Comparison
    from classifiers.versions import Version, Versions
    from config.settings import Settings


class Stage(Protocol):
    """Shows a stretch of work to whoever waits for it."""

    def __call__(self, text: str, *, total: int | None) -> AbstractContextManager[Callable[[int], object]]:
        """Open it by name and, if known, size; yields who to tell how much is done."""


def check_extra() -> None:
    """Raises ClassifierError, naming the extra, where training's libraries are not installed."""
    from classifiers import candidate

    candidate.check_extra()


def train(
    settings: Settings,
    *,
    data: Path,
    recipe: Path | None = None,
    base: str | None = None,
    minutes: float,
    steps: int,
    seed: int,
    discard: bool = False,
) -> Version:
    """Train a candidate from the tables below ``data`` and the store's decisions.

    Raises ClassifierError, RefusedError while another training is unfinished, SettingsError for a bad recipe.
    """
    from classifiers import candidate

    kept = bootstrap.versions(settings)
    if discard:
        candidate.discard(kept)
    own = data / "recipe.toml"
    plan = candidate.Plan(
        version=kept.new_name(bootstrap.now()),
        data=str(data.resolve()),
        # A run may be resumed from another folder.
        base=str(Path(base).resolve()) if base and Path(base).is_dir() else base or candidate.DEFAULT_BASE,
        recipe=str((recipe or (own if own.is_file() else candidate.SHIPPED_RECIPE)).resolve()),
        minutes=minutes,
        steps=steps,
        seed=seed,
    )
    opened, holds = bootstrap.store(settings), bootstrap.policy(settings)
    made = candidate.begin(kept, plan, lambda path: labels.write(path, labels.rows(opened, holds)))
    opened.close()
    return candidate.run(kept, made, threads=settings.classifier_threads, now=bootstrap.now)


def resume(settings: Settings) -> Version:
    """Go on with the training that is unfinished. Raises NotFoundError where there is none."""
    from classifiers import candidate

    kept = bootstrap.versions(settings)
    plan = candidate.unfinished(kept)
    if plan is None:
        raise NotFoundError("unfinished training", f"below {kept.root}")
    return candidate.run(kept, plan, threads=settings.classifier_threads, now=bootstrap.now)


def compare(
    settings: Settings, version: str, *, against: str | None, tests: Sequence[Path], stage: Stage
) -> Comparison:
    """Both versions on the held-out decisions and on the fixed test sets, kept and given.

    Raises NotFoundError for a version that is not there, ClassifierError for a model or test set that cannot be used.
    """
    from classifiers import gate
    from classifiers.evaluate import read_labelled

    kept = bootstrap.versions(settings)
    old, new = kept.get(against or kept.current()), kept.get(version)
    sets = {path.name: read_labelled(path) for path in [*kept.tests(), *tests]}
    decisions = _held_out_decisions(settings)
    total = 2 * (len(decisions) + sum(len(rows) for rows in sets.values()))
    with stage("judging", total=total) as done:
        return gate.compare(_load(settings, old), _load(settings, new), decisions, sets, done)


def _load(settings: Settings, version: Version) -> Classifier:
    return bootstrap.classifier(settings.model_copy(update={"model": "onnx", "model_dir": version.folder}))


def _held_out_decisions(settings: Settings) -> list[LabelledRow]:
    from classifiers.evaluate import read_labelled

    opened, holds = bootstrap.store(settings), bootstrap.policy(settings)
    kept = [row for row in labels.rows(opened, holds) if row["held_out"] == "1"]
    opened.close()
    if not kept:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "decisions.csv"
        labels.write(path, iter(kept))
        return read_labelled(path)


def use(settings: Settings, version: str, *, tests: Sequence[Path], force: bool, stage: Stage) -> Comparison | None:
    """Make ``version`` current if the gate lets it through, or ``force``; what the gate said, None for a proven one.

    Nothing changes where it said no. Raises SettingsError where a setting names the model, and as `compare`.
    """
    kept = _changeable(settings)
    said = None
    if not kept.was_current(version):
        said = compare(settings, version, against=None, tests=tests, stage=stage)
        if not said.passes and not force:
            return said
    else:
        # A model that cannot be loaded must not become current.
        bootstrap.classifier(settings.model_copy(update={"model_dir": kept.get(version).folder}))
    kept.use(
        version, bootstrap.now(), forced=bool(said and not said.passes), why=said.reasons if said else ["proven before"]
    )
    _stop_walks(settings, kept)
    return said


def roll_back(settings: Settings) -> str:
    """Make the version before the current one current again; its name. Raises RefusedError where there was none."""
    kept = _changeable(settings)
    name = kept.roll_back(bootstrap.now()).version
    _stop_walks(settings, kept)
    return name


def _changeable(settings: Settings) -> Versions:
    pinned = bootstrap.pinned_model(settings)
    if pinned is not None:
        raise SettingsError("this names the model, whatever version is current: leave it out", key=pinned)
    return bootstrap.versions(settings)


def _stop_walks(settings: Settings, kept: Versions) -> None:
    """Walks for a model that is not current any more have no worker."""
    model = kept.get(kept.current()).model
    opened = bootstrap.store(settings)
    with opened.begin() as tx:
        for walk in tx.walks.running():
            if walk.draft.model != model:
                tx.walks.stop(walk.id, bootstrap.now())
    opened.close()


def evaluation(settings: Settings, data: Path, *, recall: float, baseline: bool, stage: Stage) -> Evaluation:
    """How good the classifier is on the labelled rows of ``data``, and beside it, if wanted, the baseline.

    ``stage(text, total=…)`` opens a stretch of work and yields who to tell how much is done. Raises ClassifierError for
    a file with faults and for a model that cannot judge, SettingsFaultsError for a faulty policy.
    """
    from classifiers import evaluate

    holds = bootstrap.policy(settings)
    rows = evaluate.read_labelled(data)
    model = bootstrap.classifier(settings)
    with stage("judging", total=len(rows)) as done:
        assessments = evaluate.predict(model, rows, done)
    with stage("measuring", total=None):
        found = evaluate.evaluate(rows, assessments, data=data.name, policy=holds, wanted_recall=recall)
    if not baseline:
        return found
    from classifiers import _baseline

    with stage("cross-validating the baseline", total=_baseline.FOLDS * len(_baseline.TASKS)) as done:
        return _baseline.beside(found, rows, done)


def write_report(found: Evaluation, folder: Path, *, show_texts: bool) -> list[Path]:
    """Plots and report of an evaluation into ``folder``, which exists; the files written. Raises OSError."""
    from classifiers import report

    return report.write(found, folder, show_texts=show_texts, now=bootstrap.now())
