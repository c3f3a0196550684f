"""Who has a mention open, in either store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sahut.core import viewing
from sahut.core.errors import NotFoundError
from sahut.core.model import Role
from sahut.core.ports import Store
from tests.builders import an_actor
from tests.conftest import Clock
from tests.steps import flagged


def names(store: Store, clock: Clock, *mention_ids: int) -> list[str]:
    with store.read() as tx:
        return [one.name for one in tx.viewings.present(clock(), mention_ids or None)]


def test_a_viewing_runs_out_by_itself_and_a_renewed_one_keeps_since_when(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock)
    sari, began = an_actor(store), clock()
    with store.begin() as tx:
        viewing.hold(tx, one.id, key="a", actor=sari, now=clock())
        viewing.hold(tx, one.id, key="a", actor=sari, now=clock.forward(seconds=100))
    with store.read() as tx:
        (found,) = tx.viewings.present(clock.forward(seconds=60))
        assert (found.mention_id, found.user_id, found.since) == (one.id, sari.user_id, began)
    assert names(store, clock, one.id + 1) == []
    clock.forward(seconds=61)
    assert names(store, clock) == []

    with store.begin() as tx:
        assert tx.operations.tidy(clock() + timedelta(seconds=1))["viewing"] == 1
        viewing.hold(tx, one.id, key="b", actor=sari, now=clock())
        assert tx.viewings.present(clock())[0].since == clock()


def test_a_page_that_goes_takes_no_other_page_of_the_same_person_along(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock)
    sari, dewi = an_actor(store), an_actor(store, "dewi", role=Role.COMMS)
    with store.begin() as tx:
        viewing.hold(tx, one.id, key="a", actor=sari, now=clock())
        viewing.hold(tx, one.id, key="d", actor=dewi, now=clock.forward(seconds=1))
        viewing.hold(tx, one.id, key="b", actor=sari, now=clock.forward(seconds=1))
        tx.viewings.drop(one.id, sari.user_id, "a")
    assert names(store, clock, one.id) == ["Sari", "Dewi"]
    with store.begin() as tx:
        assert [one.name for one in viewing.others(tx, sari.user_id, clock())[one.id]] == ["Dewi"]
        tx.viewings.drop(one.id, sari.user_id, "b")
    assert names(store, clock) == ["Dewi"]


def test_who_only_reads_announces_nothing_and_nobody_looks_at_what_is_not_there(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock)
    auditor, sari = an_actor(store, "budi", role=Role.AUDITOR), an_actor(store)
    with store.begin() as tx:
        viewing.hold(tx, one.id, key="a", actor=auditor, now=clock())
        with pytest.raises(NotFoundError):
            viewing.hold(tx, one.id + 99, key="a", actor=sari, now=clock())
    assert names(store, clock) == []
