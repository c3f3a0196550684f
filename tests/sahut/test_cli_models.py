"""`sahut model` and `sahut train` on an installation of its own, with the shipped model as its own candidate."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from classifiers.onnx import SHIPPED_MODEL
from sahut import bootstrap, workshop
from sahut.cli import Options, app
from sahut.core import actions, learning, pipeline
from sahut.core.errors import ClassifierError, NotFoundError, RefusedError, SahutError, SettingsError
from sahut.core.model import DismissReason, TicketDraft, Topic, WalkDraft
from storage.store import SqlStore
from tests.builders import an_actor
from tests.conftest import Clock
from tests.steps import flagged

Run = Callable[..., Result]

WORDS = [
    "lampu",
    "jalan",
    "gang",
    "pasar",
    "sekolah",
    "jembatan",
    "sungai",
    "kantor",
    "warga",
    "malam",
    "pagi",
    "hujan",
    "petugas",
    "laporan",
    "tiang",
    "kabel",
    "taman",
    "kampung",
    "terminal",
    "halte",
    "rumah",
    "pohon",
    "parit",
    "trotoar",
]


@pytest.fixture
def run(sqlite_store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    for name in ("SAHUT_MODEL", "SAHUT_MODEL_DIR"):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), obj=Options())


@pytest.fixture
def candidate(tmp_path: Path) -> str:
    """The shipped weights under a name of their own."""
    folder = tmp_path / "models" / "20261124-1"
    folder.mkdir(parents=True)
    for path in SHIPPED_MODEL.iterdir():
        if path.name != "card.json":
            (folder / path.name).symlink_to(path)
    card = json.loads((SHIPPED_MODEL / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {"name": "own", "version": folder.name}), encoding="utf-8")
    return folder.name


@pytest.fixture
def decided(sqlite_store: SqlStore, clock: Clock) -> int:
    """Decisions on texts that no training sees, enough of both kinds; how many."""
    chance = random.Random(1)
    texts = (" ".join(chance.sample(WORDS, 8)) + " padam" for _ in range(1000))
    held = [text for text in texts if learning.held_out(text)]
    records = flagged(sqlite_store, clock, *held[:40])
    assert not any(record.folded for record in records)
    actor = an_actor(sqlite_store)
    with sqlite_store.begin() as tx:
        for number, record in enumerate(records):
            pick = [(record.id, None)]
            if number % 2:
                actions.dismiss(tx, pick, reason=DismissReason.NOT_COMPLAINT, note="", actor=actor, now=clock())
            else:
                draft = TicketDraft(title="Lampu padam", topic=Topic.STREET_LIGHTING)
                actions.convert(tx, pick, draft, actor=actor, now=clock())
    return len(records)


@pytest.fixture
def test_set(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "tests" / "kota.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["text", "kind"])
        for number in range(6):
            table.writerow([f"Jalan di depan SD {number} berlubang, tolong diperbaiki", "complaint"])
            table.writerow([f"Selamat pagi kawan, hari ke-{number} liburan", "other"])
    return path


def versions(run: Run) -> list[tuple[str, bool]]:
    return [(row["version"], row["current"]) for row in json.loads(run("model", "list", "--json").stdout)]


def test_the_gate_keeps_out_what_is_no_better_and_force_is_written_down(
    run: Run, candidate: str, decided: int, test_set: Path, sqlite_store: SqlStore, clock: Clock, tmp_path: Path
) -> None:
    with sqlite_store.begin() as tx:
        old_walk = tx.walks.start(WalkDraft(model="sahut-e5s@old"), clock())
        assert old_walk.total
    assert versions(run) == [("shipped", True), (candidate, False)]

    compared = run("model", "compare", candidate, "--json")
    assert compared.exit_code == 1
    said = json.loads(compared.stdout)
    assert said["candidate"] == f"own@{candidate}"
    assert {(one["rows_of"], one["rows"]) for one in said["differences"]} >= {
        ("held-out decisions", decided),
        ("kota.csv", 12),
    }
    assert {one["change"] for one in said["differences"]} == {0.0}, "the same weights"
    assert len(said["reasons"]) == 1
    assert "not surely better" in said["reasons"][0]

    refused = run("model", "use", candidate)
    assert refused.exit_code == 1
    assert versions(run) == [("shipped", True), (candidate, False)]

    forced = run("model", "use", candidate, "--force")
    assert forced.exit_code == 0, forced.output
    assert versions(run) == [("shipped", False), (candidate, True)]
    (use,) = bootstrap.versions(bootstrap.settings()).uses()
    assert use.forced
    assert "not surely better" in use.why[0]
    with sqlite_store.read() as tx:
        assert tx.walks.running() == [], "a walk for the old model has no worker any more"

    back = run("model", "rollback")
    assert back.exit_code == 0, back.output
    assert versions(run) == [("shipped", True), (candidate, False)]
    again = run("model", "use", candidate)
    assert again.exit_code == 0, "what was current before needs no second proof"


def test_too_few_decisions_are_no_proof(run: Run, candidate: str) -> None:
    compared = run("model", "compare", candidate, "--json")
    assert compared.exit_code == 1
    reasons = json.loads(compared.stdout)["reasons"]
    assert "too few held-out decisions" in reasons[0]
    assert "no fixed test set" in reasons[1]


def test_the_service_follows_the_version_without_a_restart(
    run: Run, candidate: str, sqlite_store: SqlStore, clock: Clock
) -> None:
    settings = bootstrap.settings()
    parts = bootstrap.parts(settings)
    assert parts.classifier().model.startswith("sahut-")
    bootstrap.versions(settings).use(candidate, clock())
    assert parts.classifier().model == f"own@{candidate}"
    flagged(sqlite_store, clock, "lampu jalan padam di depan pasar lama")
    with sqlite_store.begin() as tx:
        tx.walks.start(WalkDraft(model=parts.classifier().model), clock())
    pipeline.reassess(store=sqlite_store, classifier=parts.classifier(), policy=parts.policy, clock=clock)
    with sqlite_store.read() as tx:
        assert [said.model for _, said in tx.assessments.history(1)] == ["fake-1", f"own@{candidate}"]
    parts.store.close()


def test_a_model_that_a_setting_names_is_not_changed_by_a_version(
    run: Run, candidate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAHUT_MODEL", "keywords")
    assert isinstance(failed(run("model", "use", candidate)), SettingsError)
    assert "SAHUT_MODEL is set" in run("model", "list").stderr


def test_what_cannot_be_done_is_said_in_words(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(failed(run("model", "use", "20260101-1")), NotFoundError)
    assert isinstance(failed(run("model", "rollback")), RefusedError)
    assert run("train").exit_code == 2

    def missing() -> None:
        raise ClassifierError("training needs torch")

    monkeypatch.setattr(workshop, "check_extra", missing)
    assert "torch" in str(failed(run("train", "--data", str(tmp_path))))
    monkeypatch.setattr(workshop, "check_extra", lambda: None)
    assert isinstance(failed(run("train", "--resume")), NotFoundError)


def failed(result: Result) -> SahutError:
    assert isinstance(result.exception, SahutError), result.output
    return result.exception
