"""`sahut import`: an archive comes in once, whatever happens on the way."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from collectors.files import FileCollector
from sahut import cli, imports
from sahut.core.model import MentionFilter, MentionOrder, SourceState
from storage.store import SqlStore
from tests.collectors.feed_server import SETTINGS
from tests.conftest import KEY, Clock

ROWS = 1_250


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SAHUT_KEY", KEY)


def sahut(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, list(arguments), obj=cli.Options())
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def imported(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(cli.app, ["import", *arguments, "--json"], obj=cli.Options())
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"code": done.exit_code}


def archive(folder: Path, *extra: str, name: str = "arsip.csv", rows: int = 3) -> Path:
    path = folder / name
    lines = [f"{number};Lampu {number} padam;24/11/2026 10:00" for number in range(rows)]
    path.write_text("\n".join(["No Laporan;Isi Laporan;Tanggal", *lines, *extra]) + "\n", encoding="utf-8")
    return path


def stored(store: SqlStore) -> int:
    with store.read() as tx:
        return tx.mentions.count(MentionFilter(), cap=10_000)


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {key: found[key] for key in ("new", "edited", "same", "unreadable")}


def test_a_dry_run_shows_what_would_come_and_stores_nothing(tmp_path: Path, sqlite_store: SqlStore) -> None:
    path = archive(tmp_path, ";;24/11/2026")
    code, said = sahut("import", str(path), "--dry-run")

    assert code == 0
    assert "Isi Laporan" in said
    assert "Lampu 2 padam" in said
    assert "4 rows: 3 new, 0 edited, 0 the same, 1 unreadable." in said
    assert "row 5: neither text nor title" in said
    assert stored(sqlite_store) == 0
    with sqlite_store.read() as tx:
        assert tx.sources.all() == []


def test_an_import_comes_in_once_and_what_changed_later_is_edited(tmp_path: Path, sqlite_store: SqlStore) -> None:
    path = archive(tmp_path)
    first, second = imported(str(path)), imported(str(path))

    assert counts(first) == {"new": 3, "edited": 0, "same": 0, "unreadable": 0}
    assert counts(second) == {"new": 0, "edited": 0, "same": 0, "unreadable": 0}
    path.write_text(path.read_text(encoding="utf-8").replace("Lampu 1", "Lampu hias 1") + "9;Air mati;\n", "utf-8")
    assert counts(imported(str(path), "--dry-run")) == {"new": 1, "edited": 1, "same": 2, "unreadable": 0}
    assert counts(imported(str(path))) == {"new": 1, "edited": 1, "same": 2, "unreadable": 0}
    assert stored(sqlite_store) == 4


def test_unreadable_rows_are_dead_letters_with_their_number_and_counted_once(
    tmp_path: Path, sqlite_store: SqlStore
) -> None:
    path = archive(tmp_path, "9;;", "10;a;b;c")
    found = imported(str(path))

    assert found["code"] == 3
    assert found["faults"] == ["row 5: neither text nor title", "row 6: it has 4 cells, the header 3"]
    imported(str(archive(tmp_path, "9;;", "10;a;b;c", "11;Banjir;")))
    with sqlite_store.read() as tx:
        assert [letter.reason for letter in tx.dead_letters.page(limit=9)] == found["faults"]


def test_the_same_file_elsewhere_is_the_same_import(tmp_path: Path, sqlite_store: SqlStore) -> None:
    imported(str(archive(tmp_path)))
    copy = archive(tmp_path, name="arsip (1).csv")

    assert counts(imported(str(copy))) == {"new": 0, "edited": 0, "same": 3, "unreadable": 0}
    assert stored(sqlite_store) == 3


def test_a_newer_export_goes_on_under_the_name_and_is_never_guessed(tmp_path: Path, sqlite_store: SqlStore) -> None:
    imported(str(archive(tmp_path)), "--name", "SP4N")
    newer = archive(tmp_path, name="arsip-2.csv", rows=5)

    assert counts(imported(str(newer), "--name", "SP4N")) == {"new": 2, "edited": 0, "same": 3, "unreadable": 0}
    (tmp_path / "lain").mkdir()
    imported(str(archive(tmp_path, name="x.csv", rows=6)))
    with pytest.raises(Exception, match=r"say --name 'x\.csv' if this file is a newer export"):
        sahut("import", str(archive(tmp_path / "lain", name="x.csv", rows=7)))


def test_columns_are_remembered_between_imports(tmp_path: Path, sqlite_store: SqlStore) -> None:
    path = tmp_path / "x.csv"
    path.write_text("A,B\n1,Air mati\n", encoding="utf-8")
    with pytest.raises(Exception, match="the columns are: A, B"):
        sahut("import", str(path))
    imported(str(path), "--column", "text=B", "--column", "id=A")
    path.write_text("A,B\n1,Air mati\n2,Lampu padam\n", encoding="utf-8")

    assert counts(imported(str(path))) == {"new": 1, "edited": 0, "same": 1, "unreadable": 0}


def test_an_import_that_is_stopped_goes_on_where_it_stopped(
    tmp_path: Path, sqlite_store: SqlStore, clock: Clock
) -> None:
    path = archive(tmp_path, rows=ROWS)
    stop = threading.Event()
    read: list[int] = []

    def after_two_pages(count: int) -> None:
        read.append(count)
        if len(read) == 2:
            stop.set()

    draft = imports.draft_for(path, name="", query="", options={}, known=None)
    ended = imports.run(
        draft, None, store=sqlite_store, collector=FileCollector(SETTINGS), clock=clock, stop=stop, done=after_two_pages
    )

    assert ended.stopped
    assert stored(sqlite_store) == 1_000
    assert ended.source.state is SourceState.PAUSED
    assert counts(imported(str(path))) == {"new": 250, "edited": 0, "same": 0, "unreadable": 0}
    assert stored(sqlite_store) == ROWS


class Dies(FileCollector):
    """As a process that is killed after its first page was stored."""

    def collect(self, *given: Any, **named: Any) -> Any:
        reading = super().collect(*given, **named)
        yield next(reading)
        raise SystemExit


def test_an_import_that_is_killed_goes_on_after_its_lease(tmp_path: Path, sqlite_store: SqlStore, clock: Clock) -> None:
    path = archive(tmp_path, rows=ROWS)
    draft = imports.draft_for(path, name="", query="", options={}, known=None)
    given: dict[str, Any] = {"store": sqlite_store, "clock": clock, "stop": threading.Event(), "done": lambda _: None}
    with pytest.raises(SystemExit):
        imports.run(draft, None, collector=Dies(SETTINGS), **given)
    with sqlite_store.read() as tx:
        known = tx.sources.find("arsip.csv")
    with pytest.raises(Exception, match="try again in 1 minute"):
        imports.run(draft, known, collector=FileCollector(SETTINGS), **given)
    clock.forward(minutes=2)

    assert imports.run(draft, known, collector=FileCollector(SETTINGS), **given).counts.new == ROWS - 500
    assert stored(sqlite_store) == ROWS


def test_a_filter_is_counted_apart(tmp_path: Path, sqlite_store: SqlStore) -> None:
    found = imported(str(archive(tmp_path)), "--query", '"Lampu 1"')

    assert (found["new"], found["left_out"]) == (1, 2)


def test_what_came_in_bears_dates_and_waits_to_be_assessed(tmp_path: Path, sqlite_store: SqlStore) -> None:
    imported(str(archive(tmp_path)))
    with sqlite_store.read() as tx:
        page = tx.mentions.page(MentionFilter(), order=MentionOrder.NEWEST, limit=1)

    assert page.items[0].mention.published_at is not None
    assert page.items[0].mention.native_id.startswith("arsip.csv#")
