"""The sample of filed mentions in either store."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sahut.core import actions, checking, learning
from sahut.core.errors import RefusedError
from sahut.core.model import (
    Actor,
    Change,
    CheckTally,
    Decision,
    DismissReason,
    Kind,
    MentionState,
    Policy,
    TicketDraft,
    Topic,
    Verdict,
)
from sahut.core.ports import Store
from sahut.core.rules import text_key
from tests.builders import a_mention, a_tie, an_actor, an_assessment
from tests.conftest import Clock
from tests.steps import follow


def judged(store: Store, clock: Clock, *scores: float, **over: object) -> list[int]:
    """Ids of mentions that were judged complaints with these probabilities; from one half on flagged."""
    source, now = follow(store, clock), clock()
    mentions = [a_mention(**over) for _ in scores]
    with store.begin() as tx:
        tx.mentions.save(source, [Change(mention=one, text_key=text_key(one.body)) for one in mentions], now)
    with store.begin() as tx:
        claim = tx.mentions.claim(now=now, until=now + timedelta(minutes=5), limit=1_000, max_attempts=4)
        assert claim is not None
        verdicts = [
            Verdict(
                mention_id=record.id,
                assessment=an_assessment(Kind.COMPLAINT, sure=score),
                state=MentionState.FLAGGED if score >= 0.5 else MentionState.FILED,
                priority=1,
            )
            for record, score in zip(sorted(claim.mentions, key=lambda one: one.id), scores, strict=True)
        ]
        return sorted(tx.assessments.save(claim, verdicts, now))


def window(clock: Clock) -> tuple[datetime, datetime]:
    return checking.window(clock())


def tally(store: Store, clock: Clock) -> CheckTally:
    with store.read() as tx:
        return tx.checks.tally(*window(clock))


def check(store: Store, clock: Clock, mention_id: int, *, complaint: bool) -> Decision:
    with store.begin() as tx:
        sari = tx.accounts.user_named("sari")
        assert sari is not None
        actor = Actor(user_id=sari.id, name=sari.name, role=sari.role)
        (made,) = checking.check(tx, (mention_id, None), complaint=complaint, policy=Policy(), actor=actor, now=clock())
        return made


def numbers(found: CheckTally) -> list[tuple[int, int, int]]:
    return [(one.population, one.checked, one.missed) for one in found.strata]


def test_whose_turn_it_is_goes_by_lots_as_the_core_reckons_them(store: Store, clock: Clock) -> None:
    ids = judged(store, clock, *[0.01] * 40, *[0.1] * 3, *[0.3] * 3, 0.9)
    an_actor(store)
    with store.read() as tx:
        turn = tx.checks.turn(*window(clock), 0, 10)
        assert turn == sorted(ids[:40], key=checking.lot)[:10]
        assert set(tx.checks.turn(*window(clock), 1, 10)) == set(ids[40:43])
        assert set(tx.checks.turn(*window(clock), 2, 10)) == set(ids[43:46])
        assert tx.checks.turn(clock() + timedelta(days=1), clock() + timedelta(days=2), 0, 10) == []
    check(store, clock, turn[0], complaint=False)
    with store.read() as tx:
        assert tx.checks.turn(*window(clock), 0, 9) == turn[1:]


def test_a_miss_is_flagged_at_once_and_counted_until_it_is_undone(store: Store, clock: Clock) -> None:
    sari = an_actor(store)
    ids = judged(store, clock, 0.01, 0.01, 0.3, 0.3, 0.9, 0.9, 0.9, 0.9)
    assert numbers(tally(store, clock)) == [(2, 0, 0), (0, 0, 0), (2, 0, 0)]
    check(store, clock, ids[0], complaint=False)
    miss = check(store, clock, ids[2], complaint=True)
    with store.read() as tx:
        assert tx.mentions.get(ids[2]).state is MentionState.FLAGGED
        assert tx.mentions.get(ids[2]).kind is Kind.COMPLAINT
        assert tx.mentions.get(ids[0]).state is MentionState.FILED
        labels = {one.mention_id: learning.label(one, Policy()) for one in tx.decisions.standing(after=0, limit=10)}
    assert {at: (said.kind, said.complaint) for at, said in labels.items() if said} == {
        ids[0]: (None, False),
        ids[2]: (Kind.COMPLAINT, None),
    }
    with store.begin() as tx:
        draft = TicketDraft(title="x", topic=Topic.ROADS)
        # Found by searching, beside the sample; and what became of the flagged ones.
        actions.convert(tx, [(ids[3], None)], draft, actor=sari, now=clock())
        actions.convert(tx, [(ids[4], None)], draft, actor=sari, now=clock())
        for one, reason in ((ids[5], DismissReason.HANDLED), (ids[6], DismissReason.SPAM)):
            actions.dismiss(tx, [(one, None)], reason=reason, note="", actor=sari, now=clock())
    found = tally(store, clock)
    assert numbers(found) == [(2, 1, 0), (0, 0, 0), (1, 1, 1)]
    assert (found.found, found.refuted, found.waiting, found.searched) == (2, 1, 1, 1)

    with store.begin() as tx:
        actions.undo(tx, miss.id, actor=sari, now=clock())
    assert numbers(tally(store, clock)) == [(2, 1, 0), (0, 0, 0), (1, 0, 0)]
    with store.read() as tx:
        assert tx.mentions.get(ids[2]).state is MentionState.FILED
        assert tx.checks.turn(*window(clock), 2, 10) == [ids[2]]


def test_nobody_checks_twice_nor_what_is_not_filed_nor_a_copy(store: Store, clock: Clock) -> None:
    an_actor(store)
    one, two, copy, flagged = judged(store, clock, 0.01, 0.01, 0.01, 0.9)
    check(store, clock, one, complaint=False)
    for mention_id, rule in ((one, "checked_before"), (flagged, "mention_state")):
        with pytest.raises(RefusedError) as caught:
            check(store, clock, mention_id, complaint=True)
        assert caught.value.rule == rule
    with store.begin() as tx:
        tx.mentions.tie(a_tie(copy, two), clock())
        tx.mentions.set_state([copy], MentionState.FILED, ticket_id=None, now=clock())
    assert numbers(tally(store, clock))[0] == (2, 1, 0)
    with store.read() as tx:
        assert tx.checks.turn(*window(clock), 0, 10) == [two]
