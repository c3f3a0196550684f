"""`sahut audit verify` and `export` on an installation of its own, whole and tampered with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from sahut.cli import Options, app
from sahut.core import actions
from sahut.core.model import DismissReason
from storage.store import SqlStore
from tests.builders import an_actor
from tests.conftest import Clock
from tests.steps import LAMP, flagged


@pytest.fixture
def _installed(sqlite_store: SqlStore, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    (record,) = flagged(sqlite_store, clock, LAMP)
    actor = an_actor(sqlite_store)
    with sqlite_store.begin() as tx:
        made = actions.dismiss(tx, [(record.id, None)], reason=DismissReason.HANDLED, note="", actor=actor, now=clock())
    with sqlite_store.begin() as tx:
        actions.undo(tx, made[0].id, actor=actor, now=clock())


def sahut(*words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words], obj=Options())


@pytest.mark.usefixtures("_installed")
def test_a_whole_chain_is_said_to_be_whole_and_its_last_link_is_printed() -> None:
    done = sahut("verify")
    assert done.exit_code == 0, done.output
    link = done.stdout.strip()
    assert link.startswith("2:")
    assert sahut("verify", "--seen", link).exit_code == 0
    changed = sahut("verify", "--seen", f"2:{'0' * 64}")
    assert changed.exit_code == 1
    assert "entry 2 is not the one that was noted" in changed.stderr


@pytest.mark.usefixtures("_installed")
def test_the_first_broken_link_is_named_and_the_command_fails(sqlite_store: SqlStore) -> None:
    with sqlite_store._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entry_no_update"))
        connection.execute(text("UPDATE audit_entry SET actor_name = 'Orang Lain' WHERE id = 2"))
    done = sahut("verify")
    assert done.exit_code == 1
    assert "entry 2 is not what was written" in done.stderr
    assert json.loads(sahut("verify", "--json").stdout)["broken"] == "entry 2 is not what was written"


@pytest.mark.usefixtures("_installed")
def test_the_export_lets_anybody_compute_the_hashes_and_is_an_entry_itself(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert sahut("export", "--to", str(file)).exit_code == 0
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [one["detail"]["what"] for one in lines] == ["dismissed", "undone"]
    for one in lines:
        said = json.dumps({k: v for k, v in one.items() if k != "hash"}, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(said.encode()).hexdigest() == one["hash"]
    (entry,) = [json.loads(line) for line in sahut("export", "--after", "2").stdout.splitlines()]
    assert (entry["act"], entry["kind"], entry["detail"]) == ("export", "audit", {"rows": 2})
    assert entry["actor_name"].startswith("sahut@")
