"""`sahut source export|import`: feeds go out as OPML and come back once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sahut import cli
from sahut.core.model import SourceDraft
from storage.store import SqlStore
from tests.builders import NOW

LIST = """<opml version="2.0"><body><outline text="Berita"><outline text="Warta" xmlUrl="https://warta.example/rss"/>
<outline text="Kabar" xmlUrl="https://kabar.example/rss"/></outline></body></opml>"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))


def sahut(*arguments: str) -> Any:
    done = CliRunner().invoke(cli.app, ["source", *arguments], obj=cli.Options())
    if done.exception is not None:
        raise done.exception
    return done


def names(store: SqlStore) -> list[str]:
    with store.read() as tx:
        return [source.name for source in tx.sources.all()]


def test_a_list_is_followed_once_and_a_dry_run_changes_nothing(tmp_path: Path, sqlite_store: SqlStore) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(LIST, encoding="utf-8")
    with sqlite_store.begin() as tx:
        tx.sources.add(SourceDraft(platform="feed", name="Kabar", address="http://KABAR.example/rss"), NOW)

    assert "1 feeds would be followed, 1 were already" in sahut("import", str(file), "--dry-run").output
    assert names(sqlite_store) == ["Kabar"]
    first = json.loads(sahut("import", str(file), "--json").stdout)
    assert [one["options"] for one in first["added"]] == [{"category": "Berita"}]
    assert json.loads(sahut("import", str(file), "--json").stdout)["added"] == []
    assert names(sqlite_store) == ["Kabar", "Warta"]


def test_what_is_exported_has_every_feed_and_no_password(tmp_path: Path, sqlite_store: SqlStore) -> None:
    with sqlite_store.begin() as tx:
        tx.sources.add(SourceDraft(platform="feed", name="Warta", address="https://a:rahasia@warta.example/rss"), NOW)
        tx.sources.add(SourceDraft(platform="replay", name="Arsip", address="x.jsonl"), NOW)
    said = sahut("export", "--opml", str(tmp_path / "out.opml")).output

    assert "Without the password of their address: Warta" in said
    text = (tmp_path / "out.opml").read_text(encoding="utf-8")
    assert 'xmlUrl="https://warta.example/rss"' in text
    assert "rahasia" not in text
    assert "Arsip" not in text
    assert sahut("export", "--opml", "-").stdout.startswith("<?xml")


def test_a_file_that_is_no_list_is_said_so(tmp_path: Path, sqlite_store: SqlStore) -> None:
    (tmp_path / "x").write_text("<html/>", encoding="utf-8")
    with pytest.raises(Exception, match="no element <opml>"):
        sahut("import", str(tmp_path / "x"))
    with pytest.raises(Exception, match="cannot be read"):
        sahut("import", str(tmp_path / "y"))
