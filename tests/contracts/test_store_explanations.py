"""Why a mention was flagged, through either store: work behind everything else, done once, and lost with its text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classifiers.why import Occlusion
from sahut.core import actions, pipeline
from sahut.core.model import DismissReason, MentionRecord, MentionState, TicketDraft, Topic, WhySpan
from sahut.core.ports import Store
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.fakes import FakeClassifier, FakeCollector, FakeQueue
from tests.steps import LAMP, assess, collect, everything, flagged, follow

EXPLAINER = Occlusion(FakeClassifier())


def explain(store: Store, clock: Clock, explainer: object = EXPLAINER) -> int | None:
    return pipeline.explain(store=store, explainer=explainer, clock=clock)  # type: ignore[arg-type]


def said(record: MentionRecord) -> list[str] | None:
    return record.why and [record.mention.body[one.start : one.end] for one in record.why]  # type: ignore[return-value]


class ActingExplainer(Occlusion):
    """Lets somebody act before it answers."""

    def __init__(self, act: object) -> None:
        super().__init__(FakeClassifier())
        self.act = act

    def explain(self, text: str) -> list[WhySpan]:
        self.act()  # type: ignore[operator]
        return super().explain(text)


def test_a_flagged_mention_is_explained_once_and_others_never(store: Store, clock: Clock) -> None:
    mentions = (a_mention(LAMP), a_mention("cuaca cerah"), a_mention("isinya begitu", title="Jembatan rusak"))
    collect(store, clock, follow(store, clock), FakeCollector().page(*mentions))
    assess(store, clock)
    assert [record.why for record in everything(store)] == [None, None, None]
    assert explain(store, clock) == 2
    assert explain(store, clock) is None
    lamp, weather, bridge = everything(store)
    assert (said(lamp), weather.why, said(bridge)) == (["padam"], None, ["rusak"])
    assert bridge.why_by_part == ([WhySpan(start=9, end=14, weight=bridge.why[0].weight)], [])
    with store.read() as tx:
        assert [found.why for _, found in tx.assessments.history(lamp.id)] == [lamp.why]


def test_an_explanation_raises_no_version_so_that_nobodys_click_is_refused(store: Store, clock: Clock) -> None:
    (seen,) = flagged(store, clock, LAMP)
    explain(store, clock)
    (record,) = everything(store)
    assert (record.version, record.updated_at) == (seen.version, seen.updated_at)
    actor = an_actor(store)
    with store.begin() as tx:
        actions.dismiss(tx, [(seen.id, seen.version)], reason=DismissReason.SPAM, note="", actor=actor, now=clock())


def test_nothing_is_explained_while_something_waits_to_be_judged(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP)
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("Jembatan di kampung rusak berat")))
    assert explain(store, clock) is None
    bell = FakeQueue()
    pipeline.tick(store=store, queue=bell, clock=clock)
    assert ("assess", "") in bell.rings
    assert ("explain", "") not in bell.rings
    assess(store, clock)
    pipeline.tick(store=store, queue=bell, clock=clock)
    assert ("explain", "") in bell.rings
    assert explain(store, clock) == 2
    bell.close()
    pipeline.tick(store=store, queue=bell, clock=clock)
    assert ("explain", "") not in bell.rings


def test_the_most_pressing_are_explained_first_and_folded_copies_last(store: Store, clock: Clock) -> None:
    copies = [LAMP.upper(), f"RT @a {LAMP}"]
    flagged(store, clock, LAMP, *copies, *(f"jalan {n} rusak berat di kampung {n}" for n in "abc"), "darurat rusak")
    done = []
    while explain(store, clock):
        done.append({record.id for record in everything(store) if record.why is not None})
    assert done == [{1, 4, 5, 7}, {1, 2, 3, 4, 5, 6, 7}]


def test_a_worker_that_dies_costs_a_lease_and_another_takes_the_work(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(store, clock, ActingExplainer(die))
    assert explain(store, clock) is None, "the lease still runs"
    clock.forward(minutes=6)
    assert explain(store, clock) == 1


def test_a_text_that_cannot_be_explained_is_left_without_in_the_end_and_holds_up_no_other(
    store: Store, clock: Clock
) -> None:
    flagged(store, clock, "racun rusak", LAMP)
    explainer = Occlusion(FakeClassifier().choking_on("racun"))
    counts = [explain(store, clock, explainer) for _ in range(pipeline.MAX_ATTEMPTS + 1)]
    assert counts == [1, 0, 0, 0, None]
    poison, lamp = everything(store)
    assert (poison.why, poison.state, said(lamp)) == (None, MentionState.FLAGGED, ["padam"])
    bell = FakeQueue()
    pipeline.tick(store=store, queue=bell, clock=clock)
    assert ("explain", "") not in bell.rings


def test_an_edit_takes_the_explanation_away_and_a_new_judgement_brings_a_new_one(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    explain(store, clock)
    edited = a_mention("Sudah diganti, tapi sekarang kabelnya rusak", native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    assert everything(store)[0].why is None
    assess(store, clock)
    assert everything(store)[0].why is None
    explain(store, clock)
    assert said(everything(store)[0]) == ["rusak"]
    with store.read() as tx:
        first, second = (found.why for _, found in tx.assessments.history(1))
    assert first is not None
    assert second is not None
    assert first != second


def test_an_edit_of_a_ticket_takes_its_explanation_away_too(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    explain(store, clock)
    actor = an_actor(store)
    with store.begin() as tx:
        actions.convert(
            tx, [(1, None)], TicketDraft(title="Lampu", topic=Topic.STREET_LIGHTING), actor=actor, now=clock()
        )
    assert said(everything(store)[0]) == ["padam"], "a decision leaves it"
    edited = a_mention("x" + LAMP, native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(edited))
    (record,) = everything(store)
    assert (record.state, record.why) == (MentionState.CONVERTED, None)


@pytest.mark.parametrize("what", ["edited", "dismissed"])
def test_what_happens_to_a_mention_meanwhile_wins_over_its_explanation(store: Store, clock: Clock, what: str) -> None:
    source_id = follow(store, clock)
    mention = a_mention(LAMP)
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    actor = an_actor(store)

    def act() -> None:
        if what == "edited":
            edited = a_mention("Sudah menyala kembali, terima kasih", native_id=mention.native_id)
            collect(store, clock, source_id, FakeCollector().page().page(edited))
        else:
            with store.begin() as tx:
                actions.dismiss(tx, [(1, None)], reason=DismissReason.SPAM, note="", actor=actor, now=clock())

    assert explain(store, clock, ActingExplainer(act)) == 0
    assert everything(store)[0].why is None


def test_a_judgement_of_another_model_is_not_explained_by_this_one(store: Store, clock: Clock) -> None:
    flagged(store, clock, LAMP)
    other = FakeClassifier()
    other.model = "fake-2"
    assert explain(store, clock, Occlusion(other)) is None
    assert explain(store, clock) == 1


def test_two_workers_explain_different_mentions(store: Store, clock: Clock) -> None:
    flagged(store, clock, *(f"jalan nomor {n} rusak berat di kampung {n}{n}" for n in "abcdef"))
    until = clock() + timedelta(minutes=5)
    claims = []
    for _ in range(3):
        with store.begin() as tx:
            claims.append(tx.explanations.claim("fake-1", now=clock(), until=until, limit=4, max_attempts=4))
    first, second, third = claims
    assert first is not None
    assert second is not None
    assert (len(first.mentions), len(second.mentions), third) == (4, 2, None)
    assert not {record.id for record in first.mentions} & {record.id for record in second.mentions}
    with store.begin() as tx:
        assert tx.explanations.save(first, {first.mentions[0].id: [], second.mentions[0].id: []}) == [
            first.mentions[0].id
        ]
        assert tx.explanations.waiting(clock(), max_attempts=4), "the rest of the first claim is free again"
