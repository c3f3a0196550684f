"""`sahut person` and `sahut retention` at a terminal."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sahut import bootstrap
from sahut.cli import Options, app
from sahut.core.model import MentionState
from storage.store import SqlStore
from tests.builders import NOW
from tests.conftest import KEY
from tests.contracts.test_store_persons import HANDLE, PLANTED, fill
from tests.storage.test_hiding import dump

HER = ["replay", "--handle", HANDLE]


@pytest.fixture
def _here(sqlite_store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SAHUT_KEY", KEY)
    monkeypatch.setattr(bootstrap, "now", lambda: NOW + timedelta(days=400))
    fill(sqlite_store)


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), obj=Options())
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    return done.output


@pytest.mark.usefixtures("_here")
def test_erasing_counts_first_and_then_leaves_nothing(sqlite_store: SqlStore) -> None:
    counted = json.loads(run("person", "erase", *HER, "--dry-run", "--json"))
    assert (counted["erased"], counted["counts"]["mentions"]) == (False, 3)
    refused = CliRunner().invoke(app, ["person", "erase", *HER], obj=Options(), input="n\n")
    assert refused.exit_code == 1
    assert HANDLE in dump(sqlite_store)
    assert "Erased 3 posts of theirs" in run("person", "erase", *HER, "--yes")
    assert [word for word in PLANTED if word in dump(sqlite_store)] == []
    assert json.loads(run("person", "erase", *HER, "--dry-run", "--json"))["counts"]["erased"] is True


@pytest.mark.usefixtures("_here")
def test_a_report_is_a_file_that_its_owner_alone_reads_and_no_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "laporan.txt"
    run("person", "report", *HER, "--to", str(file))
    assert "== Tulisan 1 ==" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(app, ["person", "report", *HER, "--to", str(file)], obj=Options())
    assert again.exit_code == 2


@pytest.mark.usefixtures("_here")
def test_retention_counts_and_then_lets_go(sqlite_store: SqlStore) -> None:
    with sqlite_store.begin() as tx:
        tx.mentions.set_state([3], MentionState.DISMISSED, ticket_id=None, now=NOW)
    counted = json.loads(run("retention", "--dry-run", "--json"))
    assert counted["counts"]["dismissed"] == 1
    assert "Let go of 1 dismissed (kept 365 days)" in run("retention")
    assert json.loads(run("retention", "--dry-run", "--json"))["counts"]["dismissed"] == 0
