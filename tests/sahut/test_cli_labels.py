"""`sahut labels export` on an installation of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sahut.cli import Options, app
from sahut.core import actions
from sahut.core.errors import NotFoundError
from sahut.core.model import DismissReason
from storage.store import SqlStore
from tests.builders import an_actor
from tests.conftest import Clock
from tests.steps import LAMP, flagged


def test_the_command_writes_the_table_and_warns_of_what_it_holds(
    sqlite_store: SqlStore, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    (record,) = flagged(sqlite_store, clock, LAMP)
    actor = an_actor(sqlite_store)
    with sqlite_store.begin() as tx:
        actions.dismiss(tx, [(record.id, None)], reason=DismissReason.HANDLED, note="", actor=actor, now=clock())
    file = tmp_path / "labels.csv"

    done = CliRunner().invoke(app, ["labels", "export", str(file)], obj=Options())

    assert done.exit_code == 0, done.output
    assert LAMP in file.read_text(encoding="utf-8")
    refused = CliRunner().invoke(app, ["labels", "export", str(file), "--source", "desa"], obj=Options())
    assert isinstance(refused.exception, NotFoundError)
