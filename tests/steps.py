"""Steps that tests of a whole way take through the pipeline: follow, collect, assess, look."""

from __future__ import annotations

from sahut.core import collecting, pipeline
from sahut.core.collecting import CollectReport
from sahut.core.model import MentionFilter, MentionOrder, MentionRecord, MentionState, Policy
from sahut.core.pipeline import AssessReport
from sahut.core.ports import Store
from tests.builders import a_mention, a_source_draft
from tests.conftest import Clock
from tests.fakes import FakeClassifier, FakeCollector

LAMP = "Lampu jalan di depan pasar padam sejak Senin, gelap sekali, tolong segera diperbaiki ya pak"


def follow(store: Store, clock: Clock, **over: object) -> int:
    with store.begin() as tx:
        return tx.sources.add(a_source_draft(**over), clock()).id


def collect(store: Store, clock: Clock, source_id: int, collector: FakeCollector) -> CollectReport | None:
    return collecting.collect(source_id, store=store, collector_for=lambda _: collector, clock=clock)


def assess(store: Store, clock: Clock, classifier: FakeClassifier | None = None) -> AssessReport | None:
    return pipeline.assess(store=store, classifier=classifier or FakeClassifier(), policy=Policy(), clock=clock)


def everything(store: Store, where: MentionFilter | None = None) -> list[MentionRecord]:
    with store.read() as tx:
        page = tx.mentions.page(where or MentionFilter(), order=MentionOrder.NEWEST, limit=1000)
        return list(reversed(page.items))


def queue(store: Store) -> list[MentionRecord]:
    with store.read() as tx:
        where = MentionFilter(states=[MentionState.FLAGGED], folded=False)
        return list(tx.mentions.page(where, order=MentionOrder.PRESSING, limit=1000).items)


def flagged(store: Store, clock: Clock, *texts: str) -> list[MentionRecord]:
    """Collect and assess complaints; the records, oldest first."""
    collect(store, clock, follow(store, clock), FakeCollector().page(*(a_mention(text) for text in texts or [""])))
    while assess(store, clock):
        pass
    return everything(store)


def states(store: Store) -> list[str]:
    return [record.state for record in everything(store)]
