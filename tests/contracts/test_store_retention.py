"""What its time is over for goes, in bounded batches; what is younger, or still in somebody's hands, stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection

from sahut.core import actions, collecting, retaining
from sahut.core.model import (
    AuditFilter,
    Author,
    Batch,
    DeadItem,
    MentionState,
    Outcome,
    ReplyAct,
    ReplyDraft,
    ReplyState,
    RetentionPolicy,
    SentReply,
    TicketChange,
    TicketDraft,
    TicketStatus,
    Topic,
)
from storage import parts, retention
from storage.store import SqlStore
from tests.builders import NOW, a_mention, a_source_draft, an_actor
from tests.storage.test_hiding import dump

POLICY = RetentionPolicy(
    raw=timedelta(days=10),
    filed=timedelta(days=20),
    dismissed=timedelta(days=30),
    tickets=timedelta(days=40),
    set_aside=timedelta(days=15),
)


def fill(store: SqlStore) -> int:
    """One mention of each state: filed, dismissed, flagged, converted into a closed ticket; the ticket's id."""
    actor = an_actor(store)
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), NOW)
        posts = [
            a_mention(
                f"Jalan rusak {number}",
                native_id=f"n{number}",
                author=Author(handle="seseorang"),
                permalink=f"https://a.example/{number}",
                raw={"id": number},
                collected_at=NOW,
            )
            for number in range(1, 5)
        ]
        collecting.save_mentions(tx, source.id, Batch(mentions=posts, seen=4), NOW)
    with store.begin() as tx:
        tx.mentions.set_state([1], MentionState.FILED, ticket_id=None, now=NOW)
        tx.mentions.set_state([2], MentionState.DISMISSED, ticket_id=None, now=NOW)
        tx.mentions.set_state([3, 4], MentionState.FLAGGED, ticket_id=None, now=NOW)
    with store.begin() as tx:
        draft = TicketDraft(title="Jalan rusak", topic=Topic.ROADS, description="Dekat rumah Budi", place="RT 3")
        ticket, _ = actions.convert(tx, [(4, None)], draft, actor=actor, now=NOW)
        closed = TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.FIXED, description="Dekat rumah Ani")
        actions.change_ticket(tx, ticket.id, closed, version=None, actor=actor, now=NOW)
    return ticket.id


def texts(store: SqlStore) -> list[bool]:
    with store.read() as tx:
        return [bool(tx.mentions.get(number).mention.text) for number in range(1, 5)]


def raws(store: SqlStore) -> list[bool]:
    with store.read() as tx:
        return [bool(tx.mentions.whole(number).mention.raw) for number in range(1, 5)]


def run(store: SqlStore, days: int, **over: object) -> dict[str, int]:
    return retaining.run(store, POLICY, clock=lambda: NOW + timedelta(days=days), **over)  # type: ignore[arg-type]


def test_a_dry_run_counts_and_changes_nothing(store: SqlStore) -> None:
    fill(store)
    assert retaining.due(store, POLICY, NOW + timedelta(days=5)) == {
        "tickets": 0,
        "dismissed": 0,
        "filed": 0,
        "raw": 0,
        "set_aside": 0,
    }
    assert retaining.due(store, POLICY, NOW + timedelta(days=50)) == {
        "tickets": 1,
        "dismissed": 1,
        "filed": 1,
        "raw": 3,
        "set_aside": 0,
    }
    assert texts(store) == [True] * 4


def test_each_class_goes_when_its_time_is_over_and_what_waits_for_people_stays(store: SqlStore) -> None:
    ticket_id = fill(store)
    assert run(store, 5) == {"tickets": 0, "dismissed": 0, "filed": 0, "raw": 0, "set_aside": 0}
    assert run(store, 11)["raw"] == 3
    assert (raws(store), texts(store)) == ([False, False, True, False], [True] * 4)
    assert run(store, 21)["filed"] == 1
    assert texts(store) == [False, True, True, True]
    assert run(store, 31)["dismissed"] == 1
    assert run(store, 41)["tickets"] == 1
    assert texts(store) == [False, False, True, False]
    with store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
        assert (ticket.title, ticket.description, ticket.place) == ("•••", "", "")
        assert (ticket.number[-6:], ticket.outcome, ticket.topic) == ("000001", Outcome.FIXED, Topic.ROADS)
        assert "Ani" not in str(tx.tickets.events(ticket_id))
        assert tx.mentions.get(1).mention.author is None
        assert tx.mentions.get(3).mention.author is not None
    assert run(store, 100) == {"tickets": 0, "dismissed": 0, "filed": 0, "raw": 0, "set_aside": 0}


def test_what_went_does_not_come_back_while_its_platform_shows_the_same(store: SqlStore) -> None:
    fill(store)
    run(store, 50)
    with store.begin() as tx:
        again = a_mention("Jalan rusak 1", native_id="n1", author=Author(handle="seseorang"))
        collecting.save_mentions(tx, 1, Batch(mentions=[again], seen=1), NOW + timedelta(days=51))
    assert texts(store)[0] is False


def test_a_run_is_bounded_and_stopped_and_the_next_one_goes_on(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(retaining, "_BATCH", 1)
    stop = Event()
    stop.set()
    assert sum(run(store, 50, stop=stop).values()) == 0
    assert run(store, 11, most=1)["raw"] == 1
    assert run(store, 11)["raw"] == 2


def test_a_run_that_found_something_leaves_its_counts_in_the_audit_log(store: SqlStore) -> None:
    fill(store)
    run(store, 5)
    run(store, 50)
    with store.read() as tx:
        found = [one for one in tx.audit.page(AuditFilter(), limit=50).items if one.act == "retention"]
    assert [dict(one.detail) for one in found] == [{"tickets": 1, "dismissed": 1, "filed": 1, "raw": 0, "set_aside": 0}]


def replied(store: SqlStore, mention_id: int, *, sent: bool = True, state: ReplyState | None = None) -> int:
    """A reply of ours to a mention, with a note of who approved it; its id."""
    with store.begin() as tx:
        made = ReplyDraft(
            mention_id=mention_id,
            text="Terima kasih, Ibu Budi",
            author_id=tx.accounts.users()[0].id,
            author_name="Rina",
            seen_edits=0,
        )
        reply = tx.replies.add(made, NOW)
        if sent:
            stands = SentReply(native_id=f"r{mention_id}", permalink="https://a.example/seseorang/9")
            tx.replies.stands(reply.id, stands, now=NOW)
        elif state is not None:
            tx.replies.move(reply.id, state, ReplyAct.WITHDRAWN, actor_name="Rina", note="kata Budi", now=NOW)
    return reply.id


def test_what_we_answered_goes_with_the_mention_that_it_answers(store: SqlStore) -> None:
    fill(store)
    filed, dropped = replied(store, 1), replied(store, 1, sent=False, state=ReplyState.WITHDRAWN)
    in_ticket, waiting = replied(store, 4), replied(store, 2, sent=False)
    assert run(store, 19)["filed"] == 0
    assert "Budi" in dump(store)
    with store.begin() as tx:
        tx.replies.move(waiting, ReplyState.WAITING, ReplyAct.SUBMITTED, actor_name="Rina", now=NOW)
    assert (run(store, 21)["filed"], run(store, 35)["dismissed"]) == (1, 0), "a reply under way needs its post"
    with store.read() as tx:
        assert [tx.replies.get(one).text for one in (filed, dropped)] == ["•••", "•••"]
        assert tx.replies.get(in_ticket).text == tx.replies.get(waiting).text == "Terima kasih, Ibu Budi"
        kept = tx.replies.get(filed)
        assert (kept.state, kept.native_id, kept.permalink, kept.sent_at) == (ReplyState.SENT, "r1", "", NOW)
        assert "Budi" not in str(tx.replies.events(dropped))
    assert run(store, 41)["tickets"] == 1
    with store.read() as tx:
        assert tx.replies.get(in_ticket).text == "•••"


@pytest.mark.parametrize("state", [ReplyState.DRAFT, ReplyState.FAILED])
def test_a_reply_that_was_left_lying_keeps_nothing_for_ever(store: SqlStore, state: ReplyState) -> None:
    fill(store)
    left, touched = replied(store, 2, sent=False), replied(store, 1, sent=False)
    with store.begin() as tx:
        tx.replies.move(left, state, ReplyAct.FAILED, actor_name="sahut", now=NOW)
        tx.replies.move(touched, state, ReplyAct.FAILED, actor_name="sahut", now=NOW + timedelta(days=12))
    run(store, 25)
    assert raws(store)[:2] == [True, True], "to send it takes the payload"
    assert (run(store, 29)["dismissed"], run(store, 31)["dismissed"]) == (0, 1)
    assert texts(store) == [True, False, True, True]
    with store.read() as tx:
        assert (tx.replies.get(left).state, tx.replies.get(left).text) == (ReplyState.WITHDRAWN, "•••")
        assert tx.replies.events(left)[-1].act is ReplyAct.WITHDRAWN
        assert tx.replies.get(touched).state is state
    assert run(store, 33)["filed"] == 1


def test_a_ticket_of_more_mentions_than_go_at_once_is_forgotten_whole(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    with store.begin() as tx:
        tx.mentions.set_state([1, 2, 3], MentionState.CONVERTED, ticket_id=1, now=NOW)
    monkeypatch.setattr(parts, "MOST", 2)
    blanked, blank = [], retention.blank

    def counted(connection: Connection, ids: Sequence[int], **said: Any) -> None:
        blanked.append(len(ids))
        blank(connection, ids, **said)

    monkeypatch.setattr(retention, "blank", counted)
    assert run(store, 41)["tickets"] == 1
    assert (texts(store), blanked) == ([False] * 4, [2, 2])


def test_what_could_not_be_read_or_judged_has_an_end_too(store: SqlStore) -> None:
    fill(store)
    with store.begin() as tx:
        dead = [DeadItem(reason="no date", native_id=f"x{number}", raw={"from": "budi_karangan"}) for number in (1, 2)]
        tx.dead_letters.add(1, dead, NOW)
        later = DeadItem(reason="no text", native_id="x3", raw={})
        tx.dead_letters.add(1, [later], NOW + timedelta(days=9))
        tx.mentions.set_state([3], MentionState.COLLECTED, ticket_id=None, now=NOW)
    with store.begin() as tx:
        claim = tx.mentions.claim(now=NOW, until=NOW + timedelta(minutes=1), limit=9, max_attempts=4)
        assert claim is not None
        tx.assessments.hold(claim, 3, "too odd", NOW)
    assert retaining.due(store, POLICY, NOW + timedelta(days=16))["set_aside"] == 3
    assert run(store, 14)["set_aside"] == 0
    assert run(store, 16)["set_aside"] == 3
    with store.read() as tx:
        assert [one.native_id for one in tx.dead_letters.page(limit=9)] == ["x3"]
        held = tx.mentions.get(3)
        assert (held.state, held.mention.text, held.mention.author) == (MentionState.FILED, "", None)
    assert run(store, 25)["set_aside"] == 1
    assert run(store, 99) == {"tickets": 1, "dismissed": 1, "filed": 0, "raw": 0, "set_aside": 0}
