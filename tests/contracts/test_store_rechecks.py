"""Looking again at what was collected, on both databases: every mention gets its turn, whatever happens to a look."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sahut.core import rechecking, rules
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Batch, CredentialDraft, Problem, SourceState
from sahut.core.ports import Store
from sahut.core.rechecking import RecheckReport
from tests.builders import a_mention
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import collect, everything, follow


def again(store: Store, clock: Clock, collector: FakeCollector) -> RecheckReport | None:
    return rechecking.recheck(store=store, collector_for=lambda _: collector, clock=clock)


def turns(store: Store, source_id: int, by: datetime) -> list[str]:
    """Whose turn it is at a time."""
    with store.read() as tx:
        found = tx.mentions.to_recheck(by, 1000)
    return [] if found is None else sorted(native_id for _, native_id in found[1])


class Rechecking(FakeCollector):
    """Says what became of its posts."""

    def __init__(self, answer: Batch | Exception) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[list[str]] = []

    def recheck(self, native_ids, *, now, access=None):  # type: ignore[no-untyped-def]
        self.asked.append(list(native_ids))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_posts_are_looked_at_again_on_the_days_of_the_rule(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    first = clock()
    edited = a_mention("jalan sudah diperbaiki, terima kasih", native_id="b")
    collector = Rechecking(Batch(mentions=[edited], withdrawn=["a"], seen=2))
    collector.page(a_mention("jalan rusak", native_id="a"), a_mention("jalan rusak juga", native_id="b"))
    collect(store, clock, source_id, collector)

    assert again(store, clock, collector) is None
    clock.forward(days=1, seconds=1)
    report = again(store, clock, collector)
    assert report is not None
    assert (report.looked, report.edited, report.withdrawn) == (2, 1, 1)
    assert again(store, clock, collector) is None
    clock.forward(days=2)
    report = again(store, clock, collector)
    assert report is not None
    assert collector.asked[-1] == ["b"]
    assert rules.next_recheck(first, first + timedelta(days=91)) is None


def test_a_platform_that_cannot_be_asked_costs_no_mention_its_next_turn(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(TransientError("503", problem=Problem.SERVER_ERROR))
    collect(store, clock, source_id, collector.page(a_mention(native_id="a")))
    clock.forward(days=1, seconds=1)
    report = again(store, clock, collector)
    assert report is not None
    assert report.error is not None
    assert again(store, clock, collector) is None
    clock.forward(hours=1)
    again(store, clock, collector)
    assert collector.asked == [["a"], ["a"]]


def test_the_last_look_at_a_post_is_taken_again_until_it_succeeds(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(TransientError("503", problem=Problem.SERVER_ERROR))
    collect(store, clock, source_id, collector.page(a_mention(native_id="a")))
    clock.forward(days=91)
    again(store, clock, collector)
    collector.answer = Batch(withdrawn=["a"], seen=1)
    clock.forward(hours=1)
    report = again(store, clock, collector)
    assert report is not None
    assert report.withdrawn == 1
    clock.forward(days=91)
    assert again(store, clock, collector) is None


def test_posts_are_not_looked_at_again_while_their_account_has_to_wait(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        credential_id = tx.credentials.add(CredentialDraft(platform="replay", name="Akun kota"), {}, clock()).id
    source_id = follow(store, clock, credential="Akun kota")
    collector = Rechecking(Batch(withdrawn=["a"], seen=1))
    collect(store, clock, source_id, collector.page(a_mention(native_id="a")))
    clock.forward(days=1, seconds=1)
    with store.begin() as tx:
        tx.credentials.hold(credential_id, not_before=clock() + timedelta(hours=5), problem=Problem.RATE_LIMITED)
    again(store, clock, collector)
    assert again(store, clock, collector) is None
    assert collector.asked == []
    clock.forward(hours=5)
    again(store, clock, collector)
    assert collector.asked == [["a"]]


def test_what_a_limit_left_out_is_looked_at_soon_and_the_rest_on_its_day(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    first = clock()
    until = first + timedelta(days=1, hours=5)
    limit = TransientError("429", problem=Problem.RATE_LIMITED, not_before=until)
    collector = Rechecking(Batch(withdrawn=["a"], left=["c"], stopped=limit, seen=1))
    collect(store, clock, source_id, collector.page(*(a_mention(f"jalan {n}", native_id=n) for n in "abc")))
    clock.forward(days=1, seconds=1)
    report = again(store, clock, collector)

    assert report is not None
    assert (report.looked, report.left, report.withdrawn, report.error) == (2, 1, 1, limit)
    assert again(store, clock, collector) is None
    assert turns(store, source_id, until) == ["c"]
    assert turns(store, source_id, first + timedelta(days=3)) == ["b", "c"]


def test_what_was_left_without_a_fault_comes_again_within_hours(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(Batch(left=["b"], seen=1))
    collect(store, clock, source_id, collector.page(a_mention("x", native_id="a"), a_mention("y", native_id="b")))
    clock.forward(days=91)
    again(store, clock, collector)
    assert turns(store, source_id, clock() + timedelta(hours=1)) == ["b"]
    collector.answer = Batch(withdrawn=["b"], seen=1)
    clock.forward(hours=1)
    again(store, clock, collector)
    assert turns(store, source_id, clock() + timedelta(days=999)) == []
    assert [one.mention.native_id for one in everything(store) if one.withdrawn_at is not None] == ["b"]


@pytest.mark.parametrize(
    "failure",
    [
        PermanentError("token expired", problem=Problem.REFUSED_CREDENTIAL),
        PermanentError("403", problem=Problem.LACKS_ACCESS),
        KeyError("data"),
    ],
    ids=["refused", "forbidden", "defect"],
)
def test_a_post_keeps_its_last_turn_until_a_person_has_mended_what_hinders_it(
    store: Store, clock: Clock, failure: Exception
) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(failure)
    collect(store, clock, source_id, collector.page(a_mention(native_id="a")))
    clock.forward(days=91)
    for _ in range(5):
        assert again(store, clock, collector) is not None
        assert again(store, clock, collector) is None, "it is asked for once a day"
        clock.forward(days=1)
    collector.answer = Batch(withdrawn=["a"], seen=1)
    report = again(store, clock, collector)
    assert report is not None
    assert report.withdrawn == 1


def test_a_worker_that_is_lost_amid_a_look_costs_no_turn(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(Batch())
    collect(store, clock, source_id, collector.page(a_mention(native_id="a")))
    clock.forward(days=91)

    class KilledError(BaseException):
        """What a worker doesn't survive."""

    def killed(*_: object, **__: object) -> Batch:
        raise KilledError

    collector.recheck = killed  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        again(store, clock, collector)
    assert again(store, clock, collector) is None
    assert turns(store, source_id, clock() + timedelta(hours=1)) == ["a"]


def test_a_source_that_cannot_be_asked_is_asked_once_for_all_that_wait(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(PermanentError("403", problem=Problem.LACKS_ACCESS))
    names = [f"n{number:03}" for number in range(250)]
    collect(store, clock, source_id, collector.page(*(a_mention(f"jalan {n}", native_id=n) for n in names)))
    clock.forward(days=91)
    assert again(store, clock, collector) is not None
    assert again(store, clock, collector) is None
    assert len(collector.asked) == 1
    assert turns(store, source_id, clock() + timedelta(days=1)) == names


def test_a_paused_source_still_honours_deletions_and_a_removed_one_asks_nobody(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    collector = Rechecking(Batch(seen=1))
    collect(store, clock, source_id, collector.page(a_mention(native_id="a")))
    for days, state in ((2, SourceState.PAUSED), (10, SourceState.REMOVED)):
        with store.begin() as tx:
            tx.sources.set_state(source_id, state, version=None, now=clock())
        clock.forward(days=days)
        assert again(store, clock, collector) is not None
        assert len(collector.asked) == 1
