"""A stretch of the past, read beside a source's own place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sahut.core import collecting
from sahut.core.errors import RefusedError, TransientError
from sahut.core.model import Batch, Problem
from sahut.core.ports import Store
from tests.builders import NOW, a_mention, a_source_draft
from tests.conftest import Clock
from tests.fakes import FakeCollector

SINCE, UNTIL = NOW - timedelta(days=5), NOW - timedelta(days=3)


class Backfilling(FakeCollector):
    """Gives two pages of the past, and fails in between as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.asked: list[object] = []

    def backfill(self, source, since, until, *, now, access=None):  # type: ignore[no-untyped-def]
        self.asked.append((since, until))
        yield Batch(mentions=[a_mention("jalan rusak lama", native_id="p1")], seen=1, cursor={"stretch": 1})
        if self.failures:
            self.failures -= 1
            raise TransientError("503", problem=Problem.SERVER_ERROR)
        yield Batch(mentions=[a_mention("lampu mati lama", native_id="p2")], seen=1, cursor={"stretch": 2})


def backfill(store: Store, clock: Clock, collector: FakeCollector, source_id: int) -> collecting.CollectReport | None:
    return collecting.backfill(source_id, SINCE, UNTIL, store=store, collector_for=lambda _: collector, clock=clock)


def test_the_past_comes_in_and_the_source_keeps_its_place(store: Store, clock: Clock) -> None:
    collector = Backfilling(failures=1).page(a_mention("baru", native_id="n1"))
    with store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), clock()).id
    collecting.collect(source_id, store=store, collector_for=lambda _: collector, clock=clock)
    with store.read() as tx:
        before = tx.sources.get(source_id)

    cut = backfill(store, clock, collector, source_id)
    assert cut is not None
    assert (cut.new, isinstance(cut.error, TransientError)) == (1, True)
    clock.forward(seconds=1)
    whole = backfill(store, clock, collector, source_id)
    assert whole is not None
    assert (whole.seen, whole.new, whole.error) == (2, 1, None)
    assert collector.asked == [(SINCE, UNTIL)] * 2
    with store.read() as tx:
        after = tx.sources.get(source_id)
    assert (after.cursor, after.due_at, after.health, after.state) == (
        before.cursor, before.due_at, before.health, before.state,
    )  # fmt: skip


def test_it_waits_for_whoever_reads_the_source_and_lets_go_at_once(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), clock()).id
        tx.sources.claim(source_id, now=clock(), until=clock() + timedelta(minutes=5))
    assert backfill(store, clock, Backfilling(), source_id) is None
    clock.forward(minutes=6)
    assert backfill(store, clock, Backfilling(), source_id) is not None
    clock.forward(seconds=1)
    with store.begin() as tx:
        assert tx.sources.claim(source_id, now=clock(), until=clock() + timedelta(minutes=5)) is not None


def test_a_platform_that_cannot_says_so(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), clock()).id
    with pytest.raises(RefusedError, match="by date"):
        backfill(store, clock, FakeCollector(), source_id)
