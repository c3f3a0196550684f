"""What a credential may spend is shared by all that work with it at the same moment. On both databases."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sahut.core import collecting, outbox, replying
from sahut.core.errors import InDoubtError, PermanentError, RefusedError, TransientError
from sahut.core.model import (
    Access,
    Batch,
    Budget,
    CredentialDraft,
    Currency,
    Guide,
    Need,
    Period,
    Problem,
    ReplyAct,
    ReplyDraft,
    ReplyState,
    Role,
    Source,
)
from sahut.core.outbox import Means
from sahut.core.ports import Store
from sahut.core.purses import HELD_FOR, StoredPurse
from tests.builders import NOW, a_mention, a_source_draft, a_user, an_actor
from tests.conftest import KEY, Clock
from tests.fakes import FakeCollector, FakeReplier

ROOT = Path(__file__).parents[2]

# Each process pays as long as it may, and says how often that was.
PAY = """
import json, sys
from sahut.core.model import Currency
from sahut.core.purses import StoredPurse
from storage.store import open_store
from tests.builders import NOW
store, paid = open_store(sys.argv[1], keys=[sys.argv[2]]), 0
purse = StoredPurse(store, int(sys.argv[3]), lambda: NOW)
while True:
    held = purse.hold(Currency.USD, 0.25, least=0.25)
    if held is None:
        break
    held.settle(0.25)
    paid += 1
store.close()
print(json.dumps(paid))
"""


def a_credential(store: Store, **most: float) -> int:
    budgets = tuple(
        Budget(currency=Currency(currency), period=Period.DAY, amount=amount) for currency, amount in most.items()
    )
    with store.begin() as tx:
        draft = CredentialDraft(platform="replay", name="Akun kota", budgets=budgets)
        return tx.credentials.add(draft, {"token": "sangat-rahasia"}, NOW).id


def spent(store: Store, credential_id: int) -> dict[Currency, float]:
    with store.read() as tx:
        return tx.credentials.spent(credential_id, NOW.date(), NOW.date())


def left(store: Store, credential_id: int, now: datetime = NOW) -> float:
    with store.read() as tx:
        return tx.credentials.open(credential_id, now).left[Currency.USD]


class PayingCollector(FakeCollector):
    """A platform of which each call costs a quarter; all its readers ask at the same moment."""

    guide = Guide(steps=["Make an app."], needs=[Need(key="token", words="The app's token.")])  # type: ignore[assignment]  # the twin wants none

    def __init__(self, readers: int) -> None:
        super().__init__()
        self.calls: list[str] = []
        self._ready = threading.Barrier(readers)

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        assert access is not None
        purse = access.purse()
        self._ready.wait(timeout=30)
        for page in range(4):
            held = purse.hold(Currency.USD, 0.25, least=0.25)
            if held is None:
                raise TransientError("nothing left", problem=Problem.BUDGET_SPENT)
            self.calls.append(source.name)
            held.settle(0.25)
            yield Batch(cursor={"page": page}, spent=purse.news())


def test_sources_that_read_at_once_share_what_their_credential_may_spend(store: Store) -> None:
    credential_id = a_credential(store, usd=1.0)
    with store.begin() as tx:
        found = [
            tx.sources.add(a_source_draft(name=f"s{number}", address=f"a{number}", credential="Akun kota"), NOW).id
            for number in range(4)
        ]
    collector = PayingCollector(len(found))
    threads = [
        threading.Thread(
            target=collecting.collect,
            args=(source_id,),
            kwargs={"store": store, "collector_for": lambda _: collector, "clock": lambda: NOW},
        )
        for source_id in found
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(collector.calls) == 4
    assert spent(store, credential_id) == {Currency.USD: pytest.approx(1.0)}


def test_processes_together_spend_a_budget_to_its_end_and_no_further(store: Store, database_url: str) -> None:
    credential_id = a_credential(store, usd=5.0)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", PAY, database_url, KEY, str(credential_id)], cwd=ROOT, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    paid = [json.loads(worker.communicate(timeout=120)[0].splitlines()[-1]) for worker in workers]

    assert sum(paid) == 20
    assert spent(store, credential_id) == {Currency.USD: pytest.approx(5.0)}


def test_what_is_set_aside_counts_as_spent_until_the_call_is_settled(store: Store) -> None:
    credential_id = a_credential(store, usd=1.0)
    purse = StoredPurse(store, credential_id, lambda: NOW)
    held = purse.hold(Currency.USD, 0.75, least=0.1)
    assert held is not None

    assert left(store, credential_id) == pytest.approx(0.25)
    assert purse.hold(Currency.USD, 0.75, least=0.5) is None
    some = purse.hold(Currency.USD, 0.75, least=0.1)
    assert some is not None
    assert some.amount == pytest.approx(0.25)
    held.settle(0.05)
    some.settle(0.0)
    assert left(store, credential_id) == pytest.approx(0.95)
    assert spent(store, credential_id) == {Currency.USD: pytest.approx(0.05)}


def test_what_a_lost_worker_had_set_aside_is_free_again_in_time(store: Store) -> None:
    credential_id = a_credential(store, usd=1.0)
    assert StoredPurse(store, credential_id, lambda: NOW).hold(Currency.USD, 1.0, least=1.0) is not None
    early, late = NOW + HELD_FOR - timedelta(seconds=1), NOW + HELD_FOR
    assert left(store, credential_id, early) == 0.0

    assert left(store, credential_id, late) == 1.0
    assert StoredPurse(store, credential_id, lambda: late).hold(Currency.USD, 1.0, least=1.0) is not None


def test_without_a_budget_nothing_is_refused_and_everything_written_down(store: Store) -> None:
    credential_id = a_credential(store)
    assert StoredPurse(store, credential_id, lambda: NOW).spend(Currency.UNITS, 50)

    assert spent(store, credential_id) == {Currency.UNITS: 50.0}


def test_a_credential_with_something_set_aside_can_be_removed(store: Store) -> None:
    credential_id = a_credential(store, usd=1.0)
    StoredPurse(store, credential_id, lambda: NOW).hold(Currency.USD, 1.0, least=1.0)
    with store.begin() as tx:
        tx.credentials.remove(credential_id)
        assert tx.credentials.all() == []


def approved(store: Store, texts: list[str]) -> list[int]:
    """Replies that wait to go out, each to a mention of its own."""
    found = []
    author = a_user(store).id
    with store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(credential="Akun kota"), NOW).id
        for number, text in enumerate(texts):
            mention = a_mention(native_id=f"m{number}", text=f"Jalan rusak {number}")
            collecting.save_mentions(tx, source_id, Batch(mentions=[mention]), NOW)
            mention_id = tx.mentions.known([mention.key])[mention.key].id
            draft = ReplyDraft(mention_id=mention_id, text=text, author_id=author, author_name="Sari", seen_edits=0)
            made = tx.replies.add(draft, NOW)
            tx.replies.move(made.id, ReplyState.APPROVED, ReplyAct.APPROVED, actor_name="Budi", now=NOW, due_at=NOW)
            found.append(made.id)
    return found


def means(store: Store, platform: FakeReplier, clock: Clock) -> Means:
    def access_for(source_id: int) -> Access | None:
        with store.read() as tx:
            source = tx.sources.get(source_id)
        collector = PayingCollector(1)
        return collecting.access_for(store, collector, source, clock)  # type: ignore[arg-type]  # as above

    return Means(replier_for=lambda _: platform, access_for=access_for)


def test_replies_that_go_out_at_once_keep_to_the_accounts_day(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store, replies=2.0)
    approved(store, [f"Terima kasih, laporan {number} diteruskan" for number in range(5)])
    platform = FakeReplier()
    ready = threading.Barrier(5)

    def send() -> None:
        ready.wait(timeout=30)
        outbox.deliver(store=store, means=means(store, platform, clock), clock=clock)

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(platform.stands) == 2
    assert spent(store, credential_id) == {Currency.REPLIES: 2.0}


def test_a_dear_reply_waits_for_the_next_budget_and_holds_nothing_meanwhile(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store, usd=0.1, replies=1.0)
    approved(store, ["Lihat https://kota.example"])
    report = outbox.deliver(store=store, means=means(store, FakeReplier(), clock), clock=clock)

    assert report is not None
    assert report.state is ReplyState.APPROVED
    with store.read() as tx:
        assert tx.credentials.open(credential_id, clock()).left == {Currency.USD: 0.1, Currency.REPLIES: 1.0}


def test_a_reply_in_doubt_keeps_its_price_set_aside_until_it_is_found_or_not(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store, usd=1.0)
    approved(store, ["Lihat https://kota.example"])
    platform = FakeReplier().then_raise(ValueError("cut off"), arriving=True)
    made = means(store, platform, clock)
    outbox.deliver(store=store, means=made, clock=clock)
    assert left(store, credential_id, clock()) == pytest.approx(0.8)
    assert spent(store, credential_id) == {}

    clock.forward(minutes=5)
    outbox.deliver(store=store, means=made, clock=clock)
    assert spent(store, credential_id) == {Currency.USD: pytest.approx(0.2), Currency.REPLIES: 1.0}
    assert left(store, credential_id, clock()) == pytest.approx(0.8)


class InDoubt:
    """A reply with a link that was handed over and stands there, while its sender does not know."""

    def __init__(self, store: Store, clock: Clock, *, by_person: bool = False) -> None:
        self.store, self.clock = store, clock
        self.credential_id = a_credential(store, usd=1.0, replies=5.0)
        (self.reply_id,) = approved(store, ["Lihat https://kota.example"])
        self.actor = an_actor(store, "rina", role=Role.COMMS)
        self.platform = FakeReplier().then_raise(InDoubtError("cut off", problem=Problem.TOO_SLOW), arriving=True)
        if by_person:
            self.platform.blind(PermanentError("no search", problem=Problem.LACKS_ACCESS))
        self.deliver()

    def deliver(self) -> None:
        made = means(self.store, self.platform, self.clock)
        outbox.deliver(store=self.store, means=made, clock=self.clock)

    def collected(self) -> None:
        seen = a_mention(native_id="r1", text="Lihat https://kota.example", parent="m0", own=True)
        with self.store.begin() as tx:
            collecting.save_mentions(tx, tx.replies.get(self.reply_id).source_id, Batch(mentions=[seen]), self.clock())

    def settled(self) -> None:
        with self.store.begin() as tx:
            replying.settle(
                tx,
                self.reply_id,
                link="https://a.example/r1",
                stands=True,
                version=None,
                actor=self.actor,
                now=self.clock(),
            )

    def state(self) -> ReplyState:
        with self.store.read() as tx:
            return tx.replies.get(self.reply_id).state

    def spent(self) -> dict[Currency, float]:
        with self.store.read() as tx:
            return tx.credentials.spent(self.credential_id, NOW.date(), self.clock().date())


ONE_DEAR_REPLY = {Currency.USD: pytest.approx(0.2), Currency.REPLIES: 1.0}


def test_a_reply_that_a_collector_comes_upon_is_charged_by_the_next_turn_of_the_outbox(
    store: Store, clock: Clock
) -> None:
    doubt = InDoubt(store, clock)
    doubt.collected()
    assert (doubt.state(), doubt.spent()) == (ReplyState.SENT, {})
    clock.forward(hours=3)  # what was set aside for it has lapsed
    with store.read() as tx:
        assert tx.replies.waiting(clock())
    doubt.deliver()
    doubt.deliver()
    doubt.collected()
    doubt.deliver()
    assert doubt.spent() == ONE_DEAR_REPLY
    assert left(store, doubt.credential_id, clock()) == pytest.approx(0.8)
    with store.read() as tx:
        assert not tx.replies.waiting(clock())


def test_a_reply_that_a_person_finds_standing_is_charged_with_the_persons_word(store: Store, clock: Clock) -> None:
    doubt = InDoubt(store, clock, by_person=True)
    clock.forward(minutes=3)
    doubt.deliver()
    doubt.settled()
    assert doubt.spent() == ONE_DEAR_REPLY
    doubt.collected()
    doubt.deliver()
    assert doubt.spent() == ONE_DEAR_REPLY


def test_a_reply_that_a_lost_sender_left_is_charged_by_who_looks_for_it(store: Store, clock: Clock) -> None:
    doubt = InDoubt(store, clock)
    clock.forward(minutes=3)
    doubt.deliver()
    doubt.collected()
    doubt.deliver()
    assert (doubt.state(), doubt.spent()) == (ReplyState.SENT, ONE_DEAR_REPLY)


def test_several_that_find_a_reply_at_once_charge_it_once(store: Store, clock: Clock) -> None:
    doubt = InDoubt(store, clock)
    clock.forward(minutes=3)
    ready = threading.Barrier(4)

    def find(how: Callable[[], None]) -> None:
        ready.wait(timeout=30)
        # Whoever comes second may be told that it is settled.
        with contextlib.suppress(RefusedError):
            how()

    threads = [
        threading.Thread(target=find, args=(how,))
        for how in (doubt.deliver, doubt.deliver, doubt.collected, doubt.settled)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    doubt.deliver()
    assert (doubt.state(), doubt.spent()) == (ReplyState.SENT, ONE_DEAR_REPLY)


def test_what_a_person_posted_by_hand_costs_nothing_of_ours(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store, usd=1.0, replies=5.0)
    (reply_id,) = approved(store, ["Lihat https://kota.example"])
    actor = an_actor(store, "rina", role=Role.COMMS)
    platform = FakeReplier().then_raise(PermanentError("refused", problem=Problem.LACKS_ACCESS))
    outbox.deliver(store=store, means=means(store, platform, clock), clock=clock)
    with store.begin() as tx:
        assert tx.replies.get(reply_id).state is ReplyState.FAILED
        replying.answered(tx, reply_id, "https://a.example/r1", version=None, actor=actor, now=clock())
    outbox.deliver(store=store, means=means(store, platform, clock), clock=clock)
    assert spent(store, credential_id) == {}
    assert left(store, credential_id, clock()) == 1.0
