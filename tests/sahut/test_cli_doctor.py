"""What `sahut doctor` says of a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from config.keys import make_key_file, read_keys
from config.settings import Settings
from sahut.cli import Options, app
from storage.engine import engine_for
from storage.store import open_store
from storage.tables import mention
from tests.builders import a_mention
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import collect, follow


def _search() -> list[tuple[str, str]]:
    said = CliRunner().invoke(app, ["doctor", "--json"], obj=Options())
    found = json.loads(said.stdout)["findings"]
    assert found[0]["level"] == "good", said.output
    return [(one["level"], one["words"]) for one in found if one["what"] == "search"]


def test_texts_that_are_not_masked_for_search_yet_are_warned_of_until_they_are(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.delenv("SAHUT_KEY", raising=False)
    make_key_file(tmp_path / "sahut.key")
    store, clock = open_store(sqlite_url, keys=read_keys(Settings())), Clock()
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("Lampu padam")))
    assert _search() == []
    # As a process of an earlier version writes it.
    engine = engine_for(sqlite_url)
    with engine.begin() as connection:
        connection.execute(update(mention).values(masked_by=0))
    engine.dispose()
    assert _search() == [("warning", "1 texts are not masked for search yet, and not found: sahut migrate")]
    store.mask()
    assert _search() == []
    store.close()
