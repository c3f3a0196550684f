"""`sahut reassess` as its user meets it: killed in the middle, gone on with, watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sahut.core import collecting, pipeline
from sahut.core.model import Batch, Policy
from storage.store import SqlStore
from tests.builders import a_mention, a_source_draft
from tests.fakes import FakeClassifier

pytestmark = pytest.mark.processes

# More than two batches.
MANY = 2 * pipeline.ASSESS_BATCH + 40

KILLED_IN_THE_SECOND_BATCH = """
import os, signal, sys
from sahut.core import pipeline
from sahut import cli

judge, batches = pipeline._predict, []

def judge_once(classifier, records):
    batches.append(1)
    if len(batches) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return judge(classifier, records)

pipeline._predict = judge_once
sys.argv = ["sahut", "reassess"]
cli.main()
"""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def archive(sqlite_store: SqlStore) -> SqlStore:
    """Judged by another model than the command's."""
    with sqlite_store.begin() as tx:
        source = tx.sources.add(a_source_draft("kota"), now())
        posts = [a_mention(f"lampu jalan padam di Gang Mawar nomor {n}") for n in range(MANY)]
        collecting.save_mentions(tx, source.id, Batch(mentions=posts), now())
    while pipeline.assess(store=sqlite_store, classifier=FakeClassifier(), policy=Policy(), clock=now):
        pass
    return sqlite_store


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=240,
        env=os.environ
        | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "SAHUT_VAR_DIR": str(tmp_path),
            "SAHUT_MODEL": "keywords",
            "SAHUT_LEASE_MINUTES": "0.05",
        },
    )


def status(tmp_path: Path) -> dict[str, Any]:
    latest: dict[str, Any] = json.loads(run(tmp_path, "-m", "sahut", "reassess", "--status", "--json").stdout)[0]
    return latest


def test_a_killed_walk_is_gone_on_with_and_judges_everything_once(tmp_path: Path, archive: SqlStore) -> None:
    assert run(tmp_path, "-c", KILLED_IN_THE_SECOND_BATCH).returncode == -9
    killed = status(tmp_path)
    assert (killed["state"], killed["total"], killed["judged"]) == ("running", MANY, pipeline.ASSESS_BATCH)
    assert killed["position"] == pipeline.ASSESS_BATCH

    again = run(tmp_path, "-m", "sahut", "reassess", "--json")
    assert again.returncode == 0, again.stderr
    done = json.loads(again.stdout)
    assert done["walk"] == killed["walk"]
    assert (done["state"], done["judged"], done["failed"]) == ("done", MANY, 0)
    with archive.read() as tx:
        models = [[said.model for _, said in tx.assessments.history(one)] for one in range(1, MANY + 1)]
    assert models == [["fake-1", done["model"]]] * MANY

    idle = run(tmp_path, "-m", "sahut", "reassess")
    assert "nothing to do" in idle.stderr.lower()


def test_a_walk_can_be_left_to_the_service_and_stopped(tmp_path: Path, archive: SqlStore) -> None:
    left = run(tmp_path, "-m", "sahut", "reassess", "--background", "--source", "kota", "--since", "2020-01-01")
    assert left.returncode == 0, left.stderr
    waiting = status(tmp_path)
    assert (waiting["state"], waiting["judged"], waiting["total"]) == ("running", 0, MANY)
    assert waiting["since"] == "2019-12-31T17:00:00+00:00"
    assert run(tmp_path, "-m", "sahut", "reassess", "--stop").returncode == 0
    assert status(tmp_path)["state"] == "stopped"


def test_a_source_that_is_not_there_is_refused_in_words(tmp_path: Path, sqlite_store: SqlStore) -> None:
    refused = run(tmp_path, "-m", "sahut", "reassess", "--source", "desa")
    assert refused.returncode == 1
    assert "sahut source list" in refused.stderr
