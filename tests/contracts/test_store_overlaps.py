"""Two transactions at once, in the worst order: the second sees the first one's work, and both get through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from sahut.core import actions, collecting
from sahut.core.model import Actor, Batch, DismissReason, Mention, MentionState, TicketDraft, Topic
from sahut.core.ports import Tx
from storage.store import SqlStore
from tests.builders import a_mention, a_tie, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import LAMP, assess, collect, everything, flagged, follow

DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)
BRIDGE = "Jembatan kampung kami rusak berat sejak banjir kemarin, bahaya sekali untuk anak sekolah"


class Somebody:
    """Somebody else, who acts in a thread and a transaction of their own."""

    def __init__(self, store: SqlStore, act: Callable[[Tx], object]) -> None:
        self._store, self._act = store, act
        self._thread = threading.Thread(target=self._run)
        self._raised: Exception | None = None

    def begin(self) -> None:
        """Let them get as far as they can: to the end, or to a lock that is ours."""
        self._thread.start()
        # SQLite's second writer waits before its first statement, so there is nothing to wait for.
        while self._store._engine.dialect.name == "postgresql" and self._thread.is_alive() and not self._waits():
            time.sleep(0.01)

    def end(self) -> None:
        """Let them finish, and raise what they raised."""
        self._thread.join(60)
        assert not self._thread.is_alive()
        if self._raised is not None:
            raise self._raised

    def _run(self) -> None:
        try:
            with self._store.begin() as tx:
                self._act(tx)
        except Exception as error:  # raised again by `end`
            self._raised = error

    def _waits(self) -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with self._store._engine.connect() as connection:
            return connection.execute(text(query)).first() is not None


def page(tx: Tx, source_id: int, clock: Clock, *mentions: Mention) -> tuple[int, int]:
    return collecting.save_mentions(tx, source_id, Batch(mentions=list(mentions)), clock())


def dismiss(tx: Tx, actor: Actor, clock: Clock, *ids: int) -> None:
    picks = [(mention_id, None) for mention_id in ids]
    actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=clock())


def test_an_edit_that_arrives_during_a_conversion_leaves_the_mention_on_its_ticket(
    store: SqlStore, clock: Clock
) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    old = a_mention(LAMP)
    new = a_mention("Lampu di pasar masih saja padam, sudah dua minggu gelap", native_id=old.native_id)
    collect(store, clock, source_id, FakeCollector().page(old))
    assess(store, clock)
    (record,) = everything(store)
    collector = Somebody(store, lambda tx: page(tx, source_id, clock, new))
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(record.id, None)], DRAFT, actor=actor, now=clock())
        collector.begin()
    collector.end()
    (after,) = everything(store)
    assert (after.state, after.ticket_id) == (MentionState.CONVERTED, ticket.id)
    assert (after.edited, after.mention.text) == (1, new.text)


def test_a_copy_that_was_converted_meanwhile_stays_on_its_own_ticket(store: SqlStore, clock: Clock) -> None:
    first, copy = flagged(store, clock, LAMP, LAMP.upper())
    sari, budi = an_actor(store, "sari"), an_actor(store, "budi")
    second = Somebody(store, lambda tx: actions.convert(tx, [(first.id, None)], DRAFT, actor=budi, now=clock()))
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(copy.id, None)], DRAFT, actor=sari, now=clock())
        second.begin()
    second.end()
    with store.read() as tx:
        assert tx.mentions.get(copy.id).ticket_id == ticket.id
        assert tx.mentions.get(first.id).ticket_id not in {None, ticket.id}
        assert len(tx.decisions.of_mention(copy.id)) == 1


def test_two_pages_with_the_same_new_mentions_in_opposite_order_are_both_saved(store: SqlStore, clock: Clock) -> None:
    one, two = follow(store, clock), follow(store, clock)
    a, b = a_mention(), a_mention()
    other = Somebody(store, lambda tx: page(tx, two, clock, b, a))
    with store.begin() as tx:
        assert page(tx, one, clock, a) == (1, 0)
        other.begin()
        assert page(tx, one, clock, b) == (1, 0)
    other.end()
    assert len(everything(store)) == 2


LATER = "Selokan di gang kami mampet dan airnya meluap ke jalan, rusak semua"


@pytest.mark.parametrize("who", ["untie", "edit_the_copy", "edit_both", "dismiss_with_a_third"])
def test_whoever_touches_a_copy_waits_for_its_first_one_with_nothing_in_hand(
    store: SqlStore, clock: Clock, who: str
) -> None:
    source_id, actor = follow(store, clock), an_actor(store)
    mentions = [a_mention(LAMP), a_mention(LAMP.upper()), a_mention(BRIDGE)]
    collect(store, clock, source_id, FakeCollector().page(*mentions))
    assess(store, clock)
    first, copy, bridge = everything(store)
    assert copy.first_id == first.id
    edited_first, edited_copy = (a_mention(LATER, native_id=one.native_id) for one in mentions[:2])
    acts: dict[str, Callable[[Tx], object]] = {
        "untie": lambda tx: actions.untie(tx, copy.id, None, actor=actor, now=clock()),
        "edit_the_copy": lambda tx: page(tx, source_id, clock, edited_copy),
        "edit_both": lambda tx: page(tx, source_id, clock, edited_copy, edited_first),
        "dismiss_with_a_third": lambda tx: dismiss(tx, actor, clock, first.id, bridge.id),
    }
    held, wanted = (copy, bridge) if who == "dismiss_with_a_third" else (first, copy)
    other = Somebody(store, acts[who])
    with store.begin() as tx:
        tx.mentions.for_update(held.id)
        other.begin()
        tx.mentions.for_update(wanted.id)
    other.end()


def test_a_tie_to_a_mention_that_is_being_tied_itself_goes_to_the_earliest(store: SqlStore, clock: Clock) -> None:
    first, second, third = flagged(store, clock, LAMP, BRIDGE, LATER)

    other = Somebody(store, lambda tx: tx.mentions.tie(a_tie(third.id, second.id), clock()))
    with store.begin() as tx:
        tx.mentions.tie(a_tie(second.id, first.id), clock())
        other.begin()
    other.end()
    assert [(r.first_id, r.similar) for r in everything(store)] == [(None, 2), (first.id, 0), (first.id, 0)]
