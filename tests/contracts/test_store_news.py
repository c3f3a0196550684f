"""What came into the queue since somebody looked, in either store."""

from __future__ import annotations

from sahut.core import actions
from sahut.core.model import DismissReason, MentionFilter, MentionState
from sahut.core.ports import Store
from tests.builders import a_mention, a_tie, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import assess, collect, flagged, follow, queue

WAITS = MentionFilter(states=[MentionState.FLAGGED], folded=False)


def fresh(store: Store, mark: int, where: MentionFilter = WAITS, cap: int = 101) -> int:
    with store.read() as tx:
        return tx.mentions.fresh(where, mark, cap=cap)


def test_only_what_was_judged_since_waits_and_matches_is_new(store: Store, clock: Clock) -> None:
    with store.read() as tx:
        assert tx.mentions.mark() == 0
    flagged(store, clock, "lampu rusak di depan pasar baru", "jalan rusak di belakang sekolah dasar")
    with store.read() as tx:
        mark = tx.mentions.mark()
    assert (fresh(store, 0), fresh(store, mark)) == (2, 0)

    # Collected before, judged after: it is new to whoever looks at the queue.
    source = follow(store, clock)
    texts = ["pohon rusak menimpa rumah warga", "halte rusak tidak ada atapnya", "berita hari ini: rapat dibuka"]
    collect(store, clock, source, FakeCollector().page(*(a_mention(text) for text in texts)))
    assert fresh(store, mark) == 0
    while assess(store, clock):
        pass
    assert (fresh(store, mark), fresh(store, mark, cap=1)) == (2, 1)
    assert fresh(store, mark, MentionFilter(states=[MentionState.FLAGGED], folded=False, search="halte")) == 1

    sari = an_actor(store)
    (halte,) = [one for one in queue(store) if "halte" in one.mention.text]
    (pohon,) = [one for one in queue(store) if "pohon" in one.mention.text]
    with store.begin() as tx:
        tx.mentions.tie(a_tie(halte.id, pohon.id), clock())
    assert fresh(store, mark) == 1
    with store.begin() as tx:
        actions.dismiss(tx, [(pohon.id, None)], reason=DismissReason.SPAM, note="", actor=sari, now=clock())
    assert fresh(store, mark) == 0


def test_what_is_judged_again_is_not_new(store: Store, clock: Clock) -> None:
    (one,) = flagged(store, clock)
    with store.read() as tx:
        mark, (_, said) = tx.mentions.mark(), tx.assessments.history(one.id)[-1]
    with store.begin() as tx:
        tx.mentions.correct(one.id, {"topic": "waste"}, said, clock())
        tx.mentions.set_state([one.id], MentionState.COLLECTED, ticket_id=None, now=clock())
    assert assess(store, clock)
    with store.read() as tx:
        assert tx.mentions.mark() > mark
        assert tx.mentions.get(one.id).state is MentionState.FLAGGED
    assert fresh(store, mark) == 0
