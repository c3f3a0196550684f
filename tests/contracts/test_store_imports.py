"""Files on their way in, on both databases: kept sealed, worked on by one at a time, gone once they are in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model.imports import FileImport, ImportClaim, ImportDraft, ImportState
from sahut.core.ports import Store
from tests.builders import NOW
from tests.conftest import Clock

DRAFT = ImportDraft(file="laporan.csv", source="Laporan", query="lampu", options={"column.text": "Isi"})
PARTS = [b"isi;tanggal\n", b"lampu padam;24/11/2026\n"]
LATER = NOW + timedelta(minutes=2)


def kept(store: Store) -> FileImport:
    with store.begin() as tx:
        return tx.imports.add(DRAFT, PARTS, by="Admin", now=NOW)


def claimed(store: Store, clock: Any = NOW) -> ImportClaim | None:
    with store.begin() as tx:
        return tx.imports.claim(now=clock, until=clock + timedelta(minutes=2))


def parts_of(store: Store, item: FileImport) -> bytes:
    with store.read() as tx:
        return b"".join(tx.imports.parts(item.id))


def test_a_file_is_kept_with_its_bytes_and_waits_to_be_looked_through(store: Store) -> None:
    item = kept(store)
    assert (item.file, item.source, item.query, item.options) == ("laporan.csv", "Laporan", "lampu", DRAFT.options)
    assert (item.state, item.size, item.version, item.by) == (ImportState.CHECKING, len(b"".join(PARTS)), 1, "Admin")
    assert parts_of(store, item) == b"".join(PARTS)
    with store.read() as tx:
        assert tx.imports.waiting(NOW)
        assert tx.imports.recent(5) == [item]
        with pytest.raises(NotFoundError):
            tx.imports.get(item.id + 1)


def test_nothing_of_a_file_can_be_read_in_the_database_without_the_key(store: Any) -> None:
    kept(store)
    claim = claimed(store)
    assert claim is not None
    with store.begin() as tx:
        tx.imports.finish(claim, ImportState.CHECKED, found={"first": [{"author": "warga"}]}, now=NOW)
    with store._engine.connect() as connection:
        rows = [*connection.execute(text("SELECT data FROM file_import_part"))]
        rows += connection.execute(text("SELECT found FROM file_import"))
    assert len(rows) == len(PARTS) + 1
    assert all(row[0].startswith("p1.") for row in rows)


def test_one_worker_has_it_and_a_lost_one_loses_it(store: Store) -> None:
    kept(store)
    first = claimed(store)
    assert first is not None
    assert claimed(store) is None
    second = claimed(store, LATER + timedelta(seconds=1))
    assert second is not None
    assert second.token != first.token
    with store.begin() as tx:
        assert not tx.imports.progress(first, 500, None, until=LATER)
        assert not tx.imports.finish(first, ImportState.DONE, found={}, now=LATER)
        assert tx.imports.progress(second, 500, 900, until=LATER + timedelta(hours=1))
        assert (tx.imports.get(1).done, tx.imports.get(1).rows) == (500, 900)
    assert claimed(store, LATER + timedelta(minutes=30)) is None


def test_a_file_that_costs_worker_after_worker_is_set_aside(store: Store) -> None:
    item = kept(store)
    for number in range(4):
        assert claimed(store, NOW + timedelta(hours=number)) is not None
    assert claimed(store, NOW + timedelta(hours=9)) is None
    with store.read() as tx:
        assert tx.imports.get(item.id).state is ImportState.FAILED
        assert not tx.imports.waiting(NOW + timedelta(hours=10))


def test_it_is_asked_for_with_other_words_once_nobody_works_on_it(store: Store) -> None:
    item = kept(store)
    with store.begin() as tx, pytest.raises(RefusedError) as busy:
        tx.imports.ask(item.id, ImportState.IMPORTING, DRAFT, version=1, now=NOW)
    assert busy.value.rule == "import_busy"
    claim = claimed(store)
    assert claim is not None
    with store.begin() as tx:
        assert tx.imports.finish(claim, ImportState.CHECKED, found={"form": "CSV"}, now=NOW)
        with pytest.raises(StaleWriteError):
            tx.imports.ask(item.id, ImportState.IMPORTING, DRAFT, version=1, now=NOW)
        other = ImportDraft(file="laporan.csv", source="Lain", options={"zone": "WITA"})
        asked = tx.imports.ask(item.id, ImportState.IMPORTING, other, version=2, now=NOW)
    assert (asked.state, asked.source, asked.options, asked.version) == (
        ImportState.IMPORTING, "Lain", {"zone": "WITA"}, 3,
    )  # fmt: skip
    assert asked.found == {"form": "CSV"}


def test_once_it_is_in_its_bytes_are_gone_and_it_cannot_be_asked_for_again(store: Store) -> None:
    item = kept(store)
    claim = claimed(store)
    assert claim is not None
    with store.begin() as tx:
        tx.imports.finish(claim, ImportState.DONE, found={}, now=NOW)
    assert parts_of(store, item) == b""
    with store.begin() as tx, pytest.raises(RefusedError) as over:
        tx.imports.ask(item.id, ImportState.IMPORTING, DRAFT, version=None, now=NOW)
    assert over.value.rule == "import_over"


def test_a_file_is_taken_back_with_its_bytes_unless_a_worker_has_it(store: Store) -> None:
    item = kept(store)
    claim = claimed(store)
    assert claim is not None
    with store.begin() as tx, pytest.raises(RefusedError):
        tx.imports.remove(item.id)
    with store.begin() as tx:
        tx.imports.finish(claim, ImportState.CHECKED, found={}, now=NOW)
        tx.imports.remove(item.id)
    assert parts_of(store, item) == b""
    with store.read() as tx:
        assert tx.imports.recent(5) == []


def test_what_nobody_wanted_is_forgotten_after_a_day_and_what_is_in_after_ninety(store: Store, clock: Clock) -> None:
    assert clock() is not None
    left, done = kept(store), kept(store)
    for item in (left, done):
        claim = claimed(store)
        assert claim is not None
        state = ImportState.CHECKED if item is left else ImportState.DONE
        with store.begin() as tx:
            tx.imports.finish(claim, state, found={}, now=NOW)
    for days, expected in ((0.9, [done.id, left.id]), (1.1, [done.id]), (91, [])):
        with store.begin() as tx:
            tx.operations.tidy(NOW + timedelta(days=days))
            assert [one.id for one in tx.imports.recent(5)] == expected
    assert parts_of(store, left) == b""


def test_a_worker_that_got_further_before_it_was_lost_counts_no_more(store: Store) -> None:
    """Ten deployments on ten evenings over one large file are no fault of the file's; dying at one row is."""
    item, at = kept(store), NOW
    for done in range(100, 1_100, 100):
        claim = claimed(store, at)
        assert claim is not None
        with store.begin() as tx:
            assert tx.imports.progress(claim, done, 5_000, until=at)
        at += timedelta(hours=1)
    for done in (1_000, 900, 40, 1_000):
        claim = claimed(store, at)
        assert claim is not None
        with store.begin() as tx:
            assert tx.imports.progress(claim, done, 5_000, until=at)
            assert tx.imports.get(item.id).done == 1_000
        at += timedelta(hours=1)
    assert claimed(store, at) is None
    with store.read() as tx:
        assert tx.imports.get(item.id).state is ImportState.FAILED


def test_letting_go_costs_no_attempt_and_whoever_lost_it_lets_go_of_nothing(store: Store) -> None:
    kept(store)
    at, before = NOW, None
    for _ in range(9):
        claim = claimed(store, at)
        assert claim is not None
        with store.begin() as tx:
            assert tx.imports.let_go(claim, until=at + timedelta(minutes=5))
            assert before is None or not tx.imports.let_go(before, until=at)
        assert claimed(store, at + timedelta(minutes=4)) is None
        at, before = at + timedelta(minutes=6), claim
