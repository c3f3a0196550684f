"""Files that people brought: looked through and read in by a worker, cut and taken up again, by the real collector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pytest

from collectors.files import FileCollector
from collectors.registry import CollectorSettings
from sahut import importing
from sahut.core.model import Batch, MentionFilter, Source, SourceDraft, SourceState
from sahut.core.model.imports import FileImport, ImportDraft, ImportState
from sahut.core.ports import Store
from storage.imports import SqlImports
from tests.conftest import Clock

HEAD = "Isi Laporan;Tanggal Laporan;Nama Pelapor;NIK\n"


def rows(*numbers: int) -> bytes:
    return (
        HEAD + "".join(f"Lampu nomor {n} padam;{n % 28 + 1}/10/2026 08.00;Warga {n};320101\n" for n in numbers)
    ).encode()


def bring(store: Store, clock: Clock, data: bytes, **over: Any) -> FileImport:
    draft = ImportDraft(**{"file": "laporan.csv", "source": "Laporan", **over})
    with store.begin() as tx:
        return tx.imports.add(draft, [data[:40], data[40:]], by="Admin", now=clock())


def work(store: Store, clock: Clock, collector: Any = None, stop: Event | None = None) -> None:
    reader = collector or FileCollector(CollectorSettings())
    importing.work(store=store, collector=reader, clock=clock, stop=stop or Event())


def after(store: Store, item: FileImport) -> FileImport:
    with store.read() as tx:
        return tx.imports.get(item.id)


def start(store: Store, clock: Clock, item: FileImport, **over: Any) -> None:
    now = after(store, item)
    draft = ImportDraft(file=now.file, source=now.source, query=now.query, options=now.options)
    with store.begin() as tx:
        tx.imports.ask(
            item.id, over.pop("state", ImportState.IMPORTING), replace(draft, **over), version=None, now=clock()
        )


def stored(store: Store) -> int:
    with store.read() as tx:
        return tx.mentions.count(MentionFilter(), cap=100_000)


def source_of(store: Store, name: str = "Laporan") -> Source | None:
    with store.read() as tx:
        return tx.sources.find(name)


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing that is put on disk for a moment may stay there."""
    monkeypatch.setattr(importing, "TemporaryDirectory", partial(TemporaryDirectory, dir=tmp_path))
    yield tmp_path
    assert list(tmp_path.glob("sahut-import-*")) == []


def test_a_file_is_looked_through_and_nothing_of_it_is_stored(store: Store, clock: Clock) -> None:
    item = bring(store, clock, rows(*range(7)) + b";;;\nzu;viele;zellen;hier;fuenf\n;24/11/2026;Warga;1\n")
    work(store, clock)
    found = after(store, item)

    assert (found.state, found.error) == (ImportState.CHECKED, "")
    assert found.found["columns"] == {"text": "Isi Laporan", "at": "Tanggal Laporan", "author_name": "Nama Pelapor"}
    assert found.found["left"] == ["NIK"]
    counts = found.found["counts"]
    assert (counts["seen"], counts["new"], counts["unreadable"]) == (9, 7, 2)
    assert [one.partition(":")[0] for one in found.found["faults"]] == ["row 10", "row 11"]
    assert [row["text"] for row in found.found["first"]][:2] == ["Lampu nomor 0 padam", "Lampu nomor 1 padam"]
    assert (stored(store), source_of(store)) == (0, None)


def test_it_is_read_in_once_and_its_bytes_go(store: Store, clock: Clock) -> None:
    item = bring(store, clock, rows(*range(7)))
    work(store, clock)
    start(store, clock, item)
    work(store, clock)
    source, done = source_of(store), after(store, item)

    assert (done.state, done.found["counts"]["new"], stored(store)) == (ImportState.DONE, 7, 7)
    assert source is not None
    assert (source.platform, source.state, done.source_id) == ("file", SourceState.PAUSED, source.id)
    with store.read() as tx:
        assert list(tx.imports.parts(item.id)) == []

    again = bring(store, clock, rows(*range(9)))
    work(store, clock)
    assert after(store, again).found["continues"] is True
    counts = after(store, again).found["counts"]
    assert (counts["new"], counts["same"]) == (2, 7)
    start(store, clock, again)
    work(store, clock)
    assert (stored(store), after(store, again).found["counts"]["new"]) == (9, 2)


def test_unknown_columns_are_named_and_then_chosen(store: Store, clock: Clock) -> None:
    item = bring(store, clock, b"Keterangan;Kapan\nLampu padam;24/11/2026\n")
    work(store, clock)
    found = after(store, item)
    assert (found.state, found.problem) == (ImportState.CHECKED, "options.column.text")
    assert found.found["names"] == ["Keterangan", "Kapan"]

    start(store, clock, item, state=ImportState.CHECKING, options={"column.text": "Keterangan", "column.at": "Kapan"})
    work(store, clock)
    found = after(store, item)
    assert (found.error, found.found["counts"]["new"]) == ("", 1)
    assert found.found["columns"] == {"text": "Keterangan", "at": "Kapan"}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"PK\x03\x04 not really a workbook", "not_readable"),
        (b"\xd0\xcf\x11\xe0 old office", "not_readable"),
        (b"satu kolom saja\nlampu\n", "options.column.text"),
    ],
)
def test_a_file_that_is_none_is_said_so_in_the_name_that_it_was_sent_by(
    store: Store, clock: Clock, data: bytes, problem: str
) -> None:
    item = bring(store, clock, data, file="aduan.xlsx")
    work(store, clock)
    found = after(store, item)

    assert (found.state, found.problem) == (ImportState.CHECKED, problem)
    assert "sahut-import" not in found.error
    assert stored(store) == 0


def test_a_name_of_another_source_is_refused(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        tx.sources.add(SourceDraft(platform="feed", name="Laporan", address="https://a.example"), clock())
    item = bring(store, clock, rows(1))
    work(store, clock)

    assert after(store, item).problem == "source_exists"


class Dying(FileCollector):
    """Its process is killed after the first page."""

    def collect(self, source: Source, **said: Any) -> Iterator[Batch]:
        yield next(super().collect(source, **said))
        raise KeyboardInterrupt


def test_what_was_killed_amid_a_file_is_taken_up_where_it_was(store: Store, clock: Clock) -> None:
    item = bring(store, clock, rows(*range(1_300)))
    work(store, clock)
    start(store, clock, item)
    with pytest.raises(KeyboardInterrupt):
        work(store, clock, Dying(CollectorSettings()))
    clock.forward(seconds=1)
    work(store, clock)
    assert after(store, item).state is ImportState.IMPORTING

    clock.forward(seconds=importing.LEASE / timedelta(seconds=1) + 1)
    work(store, clock)
    done = after(store, item)
    assert (done.state, stored(store)) == (ImportState.DONE, 1_300)


def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(store: Store, clock: Clock) -> None:
    item = bring(store, clock, rows(*range(1_300)))
    work(store, clock)
    start(store, clock, item)
    stop = Event()
    stop.set()
    work(store, clock, stop=stop)
    assert (after(store, item).state, stored(store)) == (ImportState.IMPORTING, 500)

    clock.forward(seconds=1)
    work(store, clock)
    assert (after(store, item).state, stored(store)) == (ImportState.DONE, 1_300)


def idle(store: Store, clock: Clock) -> bool:
    """Whether another worker finds nothing to take up."""
    with store.begin() as tx:
        return tx.imports.claim(now=clock(), until=clock() + importing.LEASE) is None


def test_a_long_look_through_keeps_its_hold_from_the_first_part_to_the_last_page(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_TELL_S", 0)
    free: list[bool] = []
    opened = SqlImports.parts

    def slowly(self: SqlImports, import_id: int) -> Iterator[bytes]:
        for part in opened(self, import_id):
            clock.forward(seconds=100)
            yield part

    class Slow(FileCollector):
        """Some minutes in all, and each page less than the hold."""

        def layout(self, source: Source) -> Any:
            free.append(not idle(store, clock))
            return super().layout(source)

        def collect(self, source: Source, **said: Any) -> Iterator[Batch]:
            for page in super().collect(source, **said):
                clock.forward(seconds=100)
                free.append(not idle(store, clock))
                yield page

    monkeypatch.setattr(SqlImports, "parts", slowly)
    item = bring(store, clock, rows(*range(2_600)))
    work(store, clock, Slow(CollectorSettings()))
    assert len(free) > 5
    assert not any(free)
    assert (after(store, item).state, after(store, item).found["counts"]["new"]) == (ImportState.CHECKED, 2_600)


def test_a_look_through_ends_with_its_process_and_is_begun_anew_by_the_next(store: Store, clock: Clock) -> None:
    item, stop = bring(store, clock, rows(*range(1_300))), Event()
    stop.set()
    for _ in range(9):
        work(store, clock, stop=stop)
        assert after(store, item).state is ImportState.CHECKING
        clock.forward(seconds=1)
    work(store, clock)
    assert (after(store, item).state, after(store, item).found["counts"]["new"]) == (ImportState.CHECKED, 1_300)


def test_a_source_that_is_held_for_long_sets_no_file_aside(store: Store, clock: Clock) -> None:
    first = bring(store, clock, rows(*range(9)))
    work(store, clock)
    start(store, clock, first)
    work(store, clock)
    item = bring(store, clock, rows(*range(20)))
    work(store, clock)
    start(store, clock, item)
    source = source_of(store)
    assert source is not None
    with store.begin() as tx:
        tx.sources.set_state(source.id, SourceState.ACTIVE, version=None, now=clock())
        assert tx.sources.claim(source.id, now=clock(), until=clock() + timedelta(hours=4)) is not None
    for _ in range(7):
        work(store, clock)
        assert after(store, item).state is ImportState.IMPORTING
        clock.forward(minutes=30)
    clock.forward(hours=1)
    work(store, clock)
    assert (after(store, item).state, stored(store)) == (ImportState.DONE, 20)
