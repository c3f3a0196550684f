"""Saved views in either store: whose they are, who sees them, who begins with them, and what they count."""

from __future__ import annotations

import pytest

from sahut.core import views
from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import AuditAct, AuditFilter, MentionFilter, MentionState, Topic
from sahut.core.ports import Store
from tests.builders import a_tie, an_actor
from tests.conftest import Clock
from tests.steps import flagged

ROADS = {"topic": "roads", "days": "7"}


def names(store: Store, user_id: int) -> list[str]:
    with store.read() as tx:
        return [one.name for one in tx.views.of(user_id)]


def test_a_view_is_its_owners_until_it_is_shared_and_goes_with_everybody_who_begins_with_it(
    store: Store, clock: Clock
) -> None:
    sari, dewi = an_actor(store), an_actor(store, "dewi")
    with store.begin() as tx:
        mine = views.save(tx, "  Jalan   selatan ", ROADS, actor=sari, now=clock())
        assert (mine.name, mine.asked, mine.owner_name, mine.shared) == ("Jalan selatan", ROADS, "Sari", False)
        with pytest.raises(RefusedError) as taken:
            views.save(tx, "jalan SELATAN", {}, actor=sari, now=clock())
        assert taken.value.rule == "view_exists"
        views.save(tx, "Jalan selatan", {}, actor=dewi, now=clock())
        with pytest.raises(NotFoundError):
            views.start(tx, mine.id, actor=dewi)
        with pytest.raises(NotFoundError):
            views.rename(tx, mine.id, "x", version=None, may_share=True, actor=dewi, now=clock())
        shared = views.share(tx, mine.id, shared=True, actor=sari, now=clock())
        with pytest.raises(RefusedError) as role:
            views.drop(tx, mine.id, may_share=False, actor=dewi, now=clock())
        assert role.value.rule == "role"
        views.start(tx, mine.id, actor=dewi)
        views.start(tx, mine.id, actor=sari)
    assert names(store, dewi.user_id) == ["Jalan selatan", "Jalan selatan"]
    with store.begin() as tx:
        with pytest.raises(StaleWriteError):
            views.rename(tx, mine.id, "Lain", version=1, may_share=False, actor=sari, now=clock())
        views.rename(tx, mine.id, "Lain", version=shared.version, may_share=False, actor=sari, now=clock())
        begun = tx.views.start_of(dewi.user_id)
        assert begun is not None
        assert begun.name == "Lain"
        views.share(tx, mine.id, shared=False, actor=sari, now=clock())
        assert tx.views.start_of(dewi.user_id) is None
        assert tx.views.start_of(sari.user_id) is not None
    with store.begin() as tx:
        views.drop(tx, mine.id, may_share=False, actor=sari, now=clock())
        assert tx.views.start_of(sari.user_id) is None
    assert names(store, sari.user_id) == []
    with store.read() as tx:
        noted = tx.audit.page(AuditFilter(acts=(AuditAct.SETTING,)), limit=10).items
        assert sorted(one.detail["what"] for one in noted) == ["shared", "unshared"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_view_without_a_name_or_with_an_endless_one_is_refused(sqlite_store: Store, clock: Clock, name: str) -> None:
    sari = an_actor(sqlite_store)
    with sqlite_store.begin() as tx, pytest.raises(RefusedError) as caught:
        views.save(tx, name, {}, actor=sari, now=clock())
    assert caught.value.rule == "view_name"


def test_several_filters_are_counted_in_one_walk_over_the_most_pressing_that_wait(store: Store, clock: Clock) -> None:
    one, two, three, _four = flagged(
        store, clock, "jalan rusak parah sekali", "lampu rusak di gang", "halte rusak total", "pohon rusak tumbang"
    )
    with store.begin() as tx:
        tx.mentions.tie(a_tie(two.id, one.id), clock())
        tx.mentions.set_state([three.id], MentionState.DISMISSED, ticket_id=None, now=clock())

    def waits(**over: object) -> MentionFilter:
        return MentionFilter(states=[MentionState.FLAGGED], folded=False, **over)  # type: ignore[arg-type]

    wheres = [waits(), waits(search="jalan"), waits(topics=[Topic.ROADS]), waits(topics=[Topic.WASTE])]
    with store.read() as tx:
        assert tx.mentions.waiting_by(wheres, most=100) == [2, 1, 2, 0]
        assert tx.mentions.waiting_by(wheres, most=1)[0] == 1
        assert tx.mentions.waiting_by([], most=1) == []
        assert [tx.mentions.count(where, cap=100) for where in wheres] == [2, 1, 2, 0]
