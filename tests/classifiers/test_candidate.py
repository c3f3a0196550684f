"""A candidate from labelled tables and decisions: planned without torch, trained with it, resumed as it began."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers import candidate
from classifiers._corpus import load_corpus
from classifiers.candidate import Plan
from classifiers.versions import Versions
from sahut.core.errors import ClassifierError, RefusedError, SettingsError

RECIPE = """
[[set]]
name = "invented"
files = ["invented.csv"]
labels = { kind = "kind", sentiment = "sentiment", topic = "topic", urgent = "urgent" }
calibrate = 8
"""
HEADER = "text,kind,sentiment,topic,urgent,complaint,held_out\n"
DECISIONS = (
    "lampu mati di sini,complaint,,street_lighting,,,0\n"
    "halo pagi kawan semua,,,,,0,0\n"
    "jalan rusak sekali di depan rumah kami,complaint,,roads,,,1\n"
)


def now() -> datetime:
    return datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = ["jalan rusak,complaint,negative,roads,0", "halo kawan,other,neutral,other,0"] * 40
    # A near copy of a held-out decision, which no training may see.
    rows.append("JALAN rusak sekali di depan rumah kami !!,complaint,negative,roads,0")
    (folder / "invented.csv").write_text("text,kind,sentiment,topic,urgent\n" + "\n".join(rows), encoding="utf-8")
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return folder


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "models")


def plan(data: Path, **over: object) -> Plan:
    said = {"version": "20261124-1", "data": str(data), "base": "", "recipe": str(data / "recipe.toml")}
    return Plan(**(said | {"minutes": 1.0, "steps": 40, "seed": 1} | over))  # type: ignore[arg-type]


def decisions(text: str = DECISIONS):  # type: ignore[no-untyped-def]
    return lambda path: path.write_text(HEADER + text, encoding="utf-8")


def test_decisions_join_the_sets_and_the_held_out_ones_and_their_copies_do_not(data: Path, versions: Versions) -> None:
    made = candidate.begin(versions, plan(data), decisions())
    assert (made.decisions, made.held_out) == (2, 1)
    corpus = load_corpus(versions.root / ".training" / "recipe.toml", data)
    assert [one.name for one, _ in corpus.sets] == ["invented", "decisions"]
    taught = {example.text for _, examples in corpus.sets for example in examples}
    assert {"lampu mati di sini", "halo pagi kawan semua"} < taught
    assert not [text for text in taught if "depan rumah" in text]
    assert corpus.sets[1][1][0].weight == 1.0


def test_a_training_without_any_decision_is_one_of_the_tables_alone(data: Path, versions: Versions) -> None:
    made = candidate.begin(versions, plan(data), decisions(""))
    assert (made.decisions, made.held_out) == (0, 0)
    corpus = load_corpus(versions.root / ".training" / "recipe.toml", data)
    assert [one.name for one, _ in corpus.sets] == ["invented"]


def test_a_second_training_waits_for_the_first_to_be_ended_or_forgotten(data: Path, versions: Versions) -> None:
    candidate.begin(versions, plan(data), decisions())
    with pytest.raises(RefusedError, match="--resume"):
        candidate.begin(versions, plan(data), decisions())
    assert candidate.unfinished(versions) is not None
    candidate.discard(versions)
    assert candidate.unfinished(versions) is None
    candidate.begin(versions, plan(data, seed=2), decisions())


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (RECIPE.replace("invented.csv", "lost.csv"), "lost.csv"),
        (RECIPE.replace("calibrate = 8", ""), "calibrat"),
        ("[[set]", "recipe"),
        ('annotations = "lost.csv"\n' + RECIPE, "lost.csv"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_said_so_before_the_hours_of_training(
    data: Path, versions: Versions, recipe: str, said: str
) -> None:
    (data / "recipe.toml").write_text(recipe, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        candidate.begin(versions, plan(data), decisions())
    assert candidate.unfinished(versions) is None


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(ClassifierError, match=r"torch.*sahut\[train\]"):
        candidate.check_extra()


@pytest.mark.train
@pytest.mark.filterwarnings("default")
def test_a_training_that_is_cut_off_goes_on_and_leaves_a_version_and_no_posts(
    data: Path, versions: Versions, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="training needs torch (extra `train`)")
    pytest.importorskip("onnx", reason="exporting needs onnx (extra `train`)")
    from classifiers import release as released
    from classifiers.onnx import OnnxClassifier

    made = candidate.begin(versions, plan(data, base=str(base)), decisions())
    release = released.release

    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(released, "release", cut_off)
    with pytest.raises(KeyboardInterrupt):
        candidate.run(versions, made, threads=1, now=now)
    monkeypatch.setattr(released, "release", release)
    left = candidate.unfinished(versions)
    assert left == made

    version = candidate.run(versions, left, threads=1, now=now)

    assert (version.name, version.model) == ("20261124-1", "own@20261124-1")
    assert version.training["steps_done"] == 40
    assert version.training["rows"]["decisions"] == 2
    assert not list(versions.root.rglob("*.csv")), "the table of posts is gone"
    assert candidate.unfinished(versions) is None
    (said,) = OnnxClassifier(version.folder).predict(["jalan rusak"])
    assert said.model == "own@20261124-1"
    written = json.loads((version.folder / "training.json").read_text(encoding="utf-8"))
    assert (written["held_out"], written["seed"]) == (1, 1)
    assert [one.name for one in versions.all()] == ["shipped", "20261124-1"]

    # Cut off between the candidate's birth and the end of its run.
    candidate.begin(versions, made, decisions())
    assert candidate.run(versions, made, threads=1, now=now) == version
    assert candidate.unfinished(versions) is None
