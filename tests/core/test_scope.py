"""What a unit officer's store shows, whichever way a mention is read."""

from __future__ import annotations

import pytest

from sahut.core import actions
from sahut.core.errors import RefusedError
from sahut.core.model import MentionFilter, MentionOrder, TicketDraft, Topic
from sahut.core.ports import Store
from sahut.core.scope import UnitStore
from tests.builders import a_tie, an_actor
from tests.conftest import Clock
from tests.steps import flagged


def test_no_way_of_reading_a_mention_tells_what_it_repeats_in_another_units_ticket(
    sqlite_store: Store, clock: Clock
) -> None:
    theirs, ours, beside = flagged(
        sqlite_store, clock, "jalan utara rusak parah", "gang selatan rusak sekali", "taman timur rusak juga"
    )
    actor = an_actor(sqlite_store)
    with sqlite_store.begin() as tx:
        for record, unit in ((theirs, "air"), (ours, "pu"), (beside, "pu")):
            draft = TicketDraft(title="x", topic=Topic.ROADS, unit=unit)
            actions.convert(tx, [(record.id, None)], draft, actor=actor, now=clock())
        tx.mentions.tie(a_tie(ours.id, theirs.id), clock())
        tx.mentions.tie(a_tie(beside.id, ours.id), clock())

    with sqlite_store.read() as tx:
        assert tx.mentions.get(ours.id).first_id == theirs.id
    with UnitStore(sqlite_store, {"pu"}).read() as tx:
        page = tx.mentions.page(MentionFilter(), order=MentionOrder.NEWEST, limit=10).items
        found = [tx.mentions.get(ours.id), tx.mentions.whole(ours.id), *(one for one in page if one.id == ours.id)]
        assert [one.first_id for one in found] == [None] * 3
        assert {one.id for one in page} == {ours.id, beside.id}


def test_a_noun_that_nobody_has_named_is_closed_to_a_unit_officer(sqlite_store: Store) -> None:
    with UnitStore(sqlite_store, {"pu"}).read() as tx, pytest.raises(RefusedError):
        tx.months  # noqa: B018 - the name alone is refused
