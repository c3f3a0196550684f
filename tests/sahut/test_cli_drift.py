"""`sahut drift` on an installation of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sahut.cli import Options, app
from sahut.core import collecting, pipeline
from sahut.core.model import Batch, Policy
from storage.store import SqlStore
from tests.builders import a_mention, a_source_draft
from tests.conftest import Clock
from tests.fakes import FakeClassifier


def test_the_report_says_what_moved(
    sqlite_store: SqlStore, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    october = datetime(2026, 10, 10, 5, 0, tzinfo=UTC)
    with sqlite_store.begin() as tx:
        source = tx.sources.add(a_source_draft("kota"), clock())
        posts = [
            a_mention(f"{words} {month.month} {n}", published_at=month + timedelta(minutes=n))
            for month, complaints in ((october, 20), (clock(), 90))
            for n in range(150)
            for words in (["lampu jalan padam"] if n < complaints else ["selamat pagi"])
        ]
        collecting.save_mentions(tx, source.id, Batch(mentions=posts), clock())
    while pipeline.assess(store=sqlite_store, classifier=FakeClassifier(), policy=Policy(), clock=clock):
        pass

    said = CliRunner().invoke(app, ["drift", "--month", "2026-11", "--json"], obj=Options())
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert (report["month"], report["before"], report["moved"]) == ("2026-11", "2026-10", True)
    assert (report["this"]["judged"], report["this"]["flagged"], report["last"]["flagged"]) == (150, 90, 20)
    assert {one["what"]: one["moved"] for one in report["findings"]} == {
        "model": False,
        "scores": True,
        "flagged": True,
        "dismissed": None,
        "missed": None,
    }
    words = CliRunner().invoke(app, ["drift", "--month", "2026-11"], obj=Options())
    assert "they moved much. Most of all in kota." in words.stdout
    assert "Something moved from 2026-10 to 2026-11." in words.stderr
    for month in ("november", "0001-01", "9999-12"):
        assert CliRunner().invoke(app, ["drift", "--month", month], obj=Options()).exit_code == 2
