"""Training a candidate from labelled folders and staff's decisions: planned in a folder of work, resumed from there.

The folder holds all that a run needs (plan, recipe, the decisions as they were at its beginning, checkpoints), so that
a run goes on as it began whatever changes meanwhile. It is deleted when the candidate is whole: its table holds posts.
"""

from __future__ import annotations

import csv
import json
import logging
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers._corpus import load_corpus
from classifiers.versions import BASE, TRAINING, Version, Versions
from sahut.core.errors import ClassifierError, RefusedError, SettingsError

if TYPE_CHECKING:
    from classifiers.train import Trainer

log = logging.getLogger(__name__)

SHIPPED_RECIPE = Path(__file__).with_name("recipe.toml")
# Small, multilingual, and what the shipped model grew from; 36 of its 118 million parameters are left there, since the
# shipped vocabulary was cut to what Indonesian posts use.
DEFAULT_BASE = "intfloat/multilingual-e5-small"
# Assessments name a model so; the shipped one has a name of its own.
NAME = "own"

_WORK = ".training"
_PLAN = "plan.json"
_DECISIONS = "decisions.csv"
_RECIPE = "recipe.toml"
# A pass holds so many decisions at most, so that years of them do not push the other sets out of it.
_MOST_PER_PASS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training was asked for. ``steps`` in place of ``minutes`` make it reproducible."""

    version: str
    data: str
    base: str
    recipe: str
    minutes: float
    steps: int
    seed: int
    decisions: int = 0
    held_out: int = 0


def check_extra() -> None:
    """Raises ClassifierError, naming the extra, where training's libraries are not installed."""
    missing = [name for name in ("torch", "onnx") if find_spec(name) is None]
    if missing:
        raise ClassifierError(
            f"training needs {' and '.join(missing)}, which the extra `train` brings: pip install 'sahut[train]', or "
            "`make .venv/.train` in a checkout"
        )


def unfinished(versions: Versions) -> Plan | None:
    """The training that was begun and not ended, if any."""
    path = versions.root / _WORK / _PLAN
    return Plan(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def discard(versions: Versions) -> None:
    """Forget an unfinished training."""
    shutil.rmtree(versions.root / _WORK, ignore_errors=True)


def begin(versions: Versions, plan: Plan, write_decisions: Callable[[Path], object]) -> Plan:
    """Lay out the folder of work. ``write_decisions(path)`` writes staff's decisions as `sahut labels` does.

    Raises RefusedError while another training is unfinished, SettingsError for a recipe that cannot be followed: a
    table or a label that is missing, no rows for calibration.
    """
    if (other := unfinished(versions)) is not None:
        raise RefusedError(
            f"the training of {other.version} is unfinished: go on with it (--resume), or forget it (--discard)",
            rule="training_unfinished",
        )
    work = versions.root / _WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, mode=0o700)
    decisions = work / _DECISIONS
    write_decisions(decisions)
    with decisions.open(encoding="utf-8", newline="") as table:
        kept = [row["held_out"] for row in csv.DictReader(table)]
    made = Plan(**(asdict(plan) | {"decisions": kept.count("0"), "held_out": kept.count("1")}))
    try:
        _compose(Path(made.recipe), work, made)
        corpus = load_corpus(work / _RECIPE, Path(made.data))
    except (OSError, ValueError) as error:
        raise SettingsError(f"the recipe cannot be followed: {error}", file=made.recipe) from error
    if not corpus.calibration:
        raise SettingsError("no set keeps rows for calibration: give one `calibrate = N`", file=made.recipe)
    # Last, since only a folder with a plan is one to resume; without, the next training clears it away.
    _write(work / _PLAN, asdict(made))
    return made


def run(versions: Versions, plan: Plan, *, threads: int, now: Callable[[], datetime]) -> Version:
    """Train, or go on training, and release the candidate. Raises ClassifierError, SettingsError."""
    check_extra()
    # Only now: torch takes seconds to load, and no other command may need it.
    from classifiers.release import release  # noqa: PLC0415 -- see above
    from classifiers.train import Trainer, TrainSettings  # noqa: PLC0415 -- see above

    work = versions.root / _WORK
    if (versions.root / plan.version).exists():
        # It was whole when the run was cut off; only its folder of work was left.
        discard(versions)
        return versions.get(plan.version)
    log.info(
        "%s learns from %s and %d decisions; %d are held out", plan.version, plan.data, plan.decisions, plan.held_out
    )
    trainer = Trainer(
        TrainSettings(
            base=_base_folder(plan.base, versions.root / BASE),
            recipe=work / _RECIPE,
            data=Path(plan.data),
            out=work / "run",
            minutes=plan.minutes,
            steps=plan.steps,
            seed=plan.seed,
            threads=threads,
        )
    )
    trainer.run()
    log.info("%s is trained; it is made small and measured for its probabilities", plan.version)
    unready = work / "model"
    release(trainer, unready, name=NAME, version=plan.version)
    _write(unready / TRAINING, asdict(plan) | _outcome(trainer, work, now()))
    shutil.copy(work / _RECIPE, unready / _RECIPE)
    unready.rename(versions.root / plan.version)
    discard(versions)
    return versions.get(plan.version)


def _compose(recipe: Path, work: Path, plan: Plan) -> None:
    """The recipe with the decisions as one more set, and the held-out ones as rows that no set may nearly repeat."""
    text = recipe.read_text(encoding="utf-8")
    said = tomllib.loads(text)
    if "annotations" in said:
        shutil.copy(recipe.with_name(said["annotations"]), work / said["annotations"])
    table = json.dumps(str((work / _DECISIONS).resolve()), ensure_ascii=False)
    if plan.decisions:
        text += (
            f'\n[[set]]\nname = "decisions"\nfiles = [{table}]\nonly = {{ held_out = ["0"] }}\n'
            f"per_pass = {_MOST_PER_PASS if plan.decisions > _MOST_PER_PASS else 0}\n"
            'labels = { kind = "kind", complaint = "complaint", topic = "topic" }\n'
        )
    text += f'\n[[held_out]]\nfiles = [{table}]\nonly = {{ held_out = ["1"] }}\n'
    (work / _RECIPE).write_text(text, encoding="utf-8")


def _base_folder(base: str, kept: Path) -> str:
    """A folder of weights and tokenizer: ``base`` itself, or what the hub has under that name, fetched once."""
    if Path(base).is_dir():
        return base
    folder = kept / base.replace("/", "--")
    if not folder.is_dir():
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 -- it takes seconds to load

        unready = folder.with_name(f"{folder.name}.part")
        try:
            AutoTokenizer.from_pretrained(base).save_pretrained(unready)
            AutoModel.from_pretrained(base).save_pretrained(unready)
        except (OSError, ValueError) as error:
            raise ClassifierError(
                f"the weights '{base}' are neither a folder nor to be had from the hub: {error}"
            ) from error
        unready.rename(folder)
    return str(folder)


def _outcome(trainer: Trainer, work: Path, now: datetime) -> dict[str, Any]:
    return {
        "finished_at": now.isoformat(),
        "steps_done": trainer.step,
        "passes": round(trainer.passes, 2),
        "minutes_spent": round(trainer.spent / 60, 1),
        "recipe_sha256": sha256((work / _RECIPE).read_bytes()).hexdigest(),
        "rows": {one.name: len(examples) for one, examples in trainer.corpus.sets},
    }


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
