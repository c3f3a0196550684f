"""The order of the queue in either store: by urgency, reach, age and the size of the group."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from sahut.core import pipeline, rules
from sahut.core.model import Mention, MentionFilter, MentionOrder, MentionRecord, Policy, Topic, WalkDraft
from sahut.core.ports import Store
from storage import migrate
from storage.engine import engine_for
from storage.store import open_store
from storage.tables import mention
from tests.builders import a_mention, a_tie
from tests.conftest import KEY, Clock
from tests.fakes import FakeClassifier, FakeCollector
from tests.steps import LAMP, assess, collect, everything, flagged, follow, queue


def words(records: list[MentionRecord]) -> list[str]:
    return [record.mention.text.split()[0] for record in records]


def post(name: str, **over: Any) -> Mention:
    return a_mention(f"{name} rusak di depan rumah nomor {len(name) * 7}{name}", **over)


def test_urgent_before_reach_before_the_rest_and_the_longest_wait_first(store: Store, clock: Clock) -> None:
    now = clock()
    mentions = [
        post("biasa", published_at=now),
        post("lama", published_at=now - timedelta(hours=6)),
        post("ramai", published_at=now, reach=5_000),
        post("darurat", published_at=now),
    ]
    collect(store, clock, follow(store, clock), FakeCollector().page(*mentions))
    assess(store, clock)
    assert words(queue(store)) == ["darurat", "ramai", "lama", "biasa"]


def test_a_growing_group_moves_up_and_falls_back_when_it_is_untied(store: Store, clock: Clock) -> None:
    first, second = flagged(store, clock, "pertama rusak parah di sini", "kedua rusak parah di sana sekali")
    later = flagged(store, clock, *(f"salinan {n} rusak {n} kali di jalan {n} raya {n}" for n in range(3)))[2:]
    assert words(queue(store))[:2] == ["pertama", "kedua"]
    with store.begin() as tx:
        for copy in later:
            tx.mentions.tie(a_tie(copy.id, second.id), clock())
    assert words(queue(store)) == ["kedua", "pertama"]
    grown = queue(store)[0].pressing
    with store.begin() as tx:
        for copy in later:
            tx.mentions.untie(copy.id, clock())
    assert words(queue(store))[:2] == ["pertama", "kedua"]
    with store.read() as tx:
        assert grown - tx.mentions.get(second.id).pressing == 60 * 30
        assert tx.mentions.get(first.id).similar == 0


def test_a_group_that_moves_to_an_earlier_first_counts_there_alone(store: Store, clock: Clock) -> None:
    first, second, third = flagged(store, clock, *(f"nomor {n} rusak {n} kali di gang {n} itu {n}" for n in "abc"))
    with store.begin() as tx:
        tx.mentions.tie(a_tie(third.id, second.id), clock())
        tx.mentions.tie(a_tie(second.id, first.id), clock())
    with store.read() as tx:
        assert tx.mentions.get(first.id).pressing == first.pressing + 60 * 30
        assert tx.mentions.get(second.id).pressing == second.pressing


def test_a_new_judgement_moves_what_nobody_decided(store: Store, clock: Clock) -> None:
    (record,) = flagged(store, clock, LAMP)
    with store.begin() as tx:
        tx.walks.start(WalkDraft(model="fake-2"), clock())
    newer = FakeClassifier()
    newer.model = "fake-2"
    newer.complaint_words = ()
    pipeline.reassess(store=store, classifier=newer, policy=Policy(), clock=clock)
    (again,) = everything(store)
    assert again.pressing == record.pressing - 30 * (record.priority - again.priority)
    assert again.priority < record.priority


@pytest.mark.parametrize("copies", [0, 1, 5, 700])
def test_the_migration_counts_as_the_rules_do(database_url: str, clock: Clock, copies: int) -> None:
    store = open_store(database_url, keys=[KEY])
    flagged(store, clock, LAMP)
    old = post("lama", published_at=clock() - timedelta(days=900))
    collect(store, clock, follow(store, clock), FakeCollector().page(old))
    assess(store, clock)
    store.close()
    engine = engine_for(database_url)
    with engine.begin() as connection:
        connection.execute(update(mention).values(similar=copies))
    migrate.downgrade(database_url, "0010")
    migrate.upgrade(database_url)
    with engine.connect() as connection:
        rows = connection.execute(mention.select()).all()
    engine.dispose()
    assert len(rows) == 2
    for row in rows:
        wanted = rules.pressing(row.priority, copies, shown_at=row.shown_at, collected_at=row.collected_at)
        assert row.pressing == wanted


def test_counts_say_what_a_list_is_made_of_and_stop_where_it_is_long(store: Store, clock: Clock) -> None:
    flagged(store, clock, "jalan rusak di sini", "lampu mati di sana", "pipa rusak di kebun")
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("berita pagi")))
    assess(store, clock)
    with store.read() as tx:
        whole = tx.mentions.facets(MentionFilter(), cap=10)
        capped = tx.mentions.facets(MentionFilter(), cap=4)
        none = tx.mentions.facets(MentionFilter(platforms=["x"]), cap=4)
    assert whole.total == 4
    assert whole.by is not None
    assert whole.by["kind"] == {"complaint": 3, "news": 1}
    assert whole.by["platform"] == {"replay": 4}
    assert sorted(whole.by["source"].values()) == [1, 3]
    assert (capped.total, capped.by) == (4, None)
    assert none.total == 0


def test_units_platforms_and_scores_narrow_alike(store: Store, clock: Clock) -> None:
    records = flagged(store, clock, "jalan rusak di sini", "lampu mati di sana")

    def ids(**asked: Any) -> list[int]:
        with store.read() as tx:
            found = tx.mentions.page(MentionFilter(**asked), order=MentionOrder.NEWEST, limit=9)
        return [record.id for record in found.items]

    both = [record.id for record in reversed(records)]
    assert ids(unit_topics=[Topic.ROADS, Topic.WASTE]) == ids(platforms=["replay", "x"]) == both
    assert ids(unit_topics=[]) == ids(unit_topics=[Topic.WASTE]) == ids(platforms=["x"]) == []
    assert ids(unit_topics=[Topic.ROADS], topics=[Topic.WASTE]) == []
    assert ids(least_score=0.9, most_score=0.9) == both
    assert ids(least_score=0.91) == ids(most_score=0.89) == []


def test_what_was_given_to_a_unit_or_a_person_is_found_by_them_and_no_more_by_its_topic(
    store: Store, clock: Clock
) -> None:
    free, given = (record.id for record in flagged(store, clock, "jalan rusak di sini", "lampu mati di sana"))
    with store.begin() as tx:
        tx.mentions.assign([given], assignee_id=7, unit="kebersihan", now=clock())

    def ids(**asked: Any) -> list[int]:
        with store.read() as tx:
            found = tx.mentions.page(MentionFilter(**asked), order=MentionOrder.NEWEST, limit=9)
            assert tx.mentions.count(MentionFilter(**asked), cap=9) == len(found.items)
        return [record.id for record in found.items]

    assert ids(unit="pu", unit_topics=[Topic.ROADS]) == ids(unit_topics=[Topic.ROADS]) == ids(assignee_id=0) == [free]
    assert ids(unit="kebersihan", unit_topics=[Topic.WASTE]) == ids(unit="kebersihan") == ids(assignee_id=7) == [given]
    assert ids(assignee_id=8) == ids(assignee_id=7, unit="pu", unit_topics=[Topic.ROADS]) == []
    with store.read() as tx:
        by = tx.mentions.facets(MentionFilter(), cap=10).by
    assert by is not None
    assert (by["unit"], by["free_topic"], by["topic"]) == ({"kebersihan": 1}, {"roads": 1}, {"roads": 2})
