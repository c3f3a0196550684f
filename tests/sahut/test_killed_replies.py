"""A worker may die at every line of sending: nothing is posted twice, nothing is shown as sent that does not stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sahut.core import collecting, outbox
from sahut.core.model import Batch, ReplyAct, ReplyDraft, ReplyState, Role
from sahut.core.ports import Store
from tests.builders import NOW, a_mention, a_source_draft, an_actor
from tests.killing import Board, means

ROOT = Path(__file__).parents[2]
LATER = NOW + outbox.SEND_LEASE + timedelta(seconds=1)
TEXT = "Terima kasih, kami teruskan."


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.server.close()


@pytest.fixture
def worker(sqlite_url: str, board: Board) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.killing", sqlite_url, board.server.url]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1
    ) as started:
        yield started
        assert started.stdin is not None
        started.stdin.close()


def lives(worker: subprocess.Popen[str], line: int) -> bool:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()
    return worker.stdout.readline().strip() == "true"


@pytest.mark.processes
def test_a_worker_killed_anywhere_in_sending_neither_doubles_nor_invents_a_reply(
    sqlite_store: Store, board: Board, worker: subprocess.Popen[str]
) -> None:
    actor = an_actor(sqlite_store, "rina", role=Role.COMMS)
    with sqlite_store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), NOW).id
    line, survived, in_doubt = 1, False, 0
    while not survived:
        with sqlite_store.begin() as tx:
            mention = a_mention()
            collecting.save_mentions(tx, source_id, Batch(mentions=[mention]), NOW)
            (known,) = tx.mentions.known([mention.key]).values()
            draft = ReplyDraft(
                mention_id=known.id, text=TEXT, author_id=actor.user_id, author_name=actor.name, seen_edits=0
            )
            made = tx.replies.add(draft, NOW)
            tx.replies.move(made.id, ReplyState.APPROVED, ReplyAct.APPROVED, actor_name="", now=NOW, due_at=NOW)
        survived = lives(worker, line)
        with sqlite_store.read() as tx:
            after = tx.replies.get(made.id)
        posted = board.below(mention.native_id)
        assert len(posted) <= 1
        assert after.state is not ReplyState.SENT or [post["id"] for post in posted] == [after.native_id], line
        in_doubt += after.state is ReplyState.SENDING and len(posted) == 1
        while outbox.deliver(store=sqlite_store, means=means(board.server.url), clock=lambda: LATER) is not None:
            pass
        with sqlite_store.read() as tx:
            settled = tx.replies.get(made.id)
        posted = board.below(mention.native_id)
        assert (settled.state, [post["id"] for post in posted]) == (ReplyState.SENT, [settled.native_id]), line
        line += 7
    assert line > 200
    assert in_doubt > 1  # some died between the platform's yes and our own


PARTS = ("Terima kasih, (1/3)", "kami teruskan (2/3)", "ke dinas. (3/3)")


@pytest.mark.processes
@pytest.mark.parametrize("stand", [0, 1, 2])
def test_a_worker_killed_anywhere_in_a_part_lets_the_next_go_on_with_it_and_repeat_none(
    sqlite_store: Store, board: Board, worker: subprocess.Popen[str], stand: int
) -> None:
    actor = an_actor(sqlite_store, "rina", role=Role.COMMS)
    with sqlite_store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), NOW).id
    # Each of the three at other lines.
    line, survived, in_doubt = 1 + stand, False, 0
    while not survived:
        with sqlite_store.begin() as tx:
            mention = a_mention()
            collecting.save_mentions(tx, source_id, Batch(mentions=[mention]), NOW)
            (known,) = tx.mentions.known([mention.key]).values()
            draft = ReplyDraft(
                mention_id=known.id,
                text=TEXT,
                author_id=actor.user_id,
                author_name=actor.name,
                seen_edits=0,
                split=True,
            )
            made = tx.replies.add(draft, NOW)
            tx.replies.part(made.id, PARTS, NOW)
            tx.replies.move(made.id, ReplyState.APPROVED, ReplyAct.APPROVED, actor_name="", now=NOW, due_at=NOW)
        for _ in range(stand):
            outbox.deliver(store=sqlite_store, means=means(board.server.url), clock=lambda: NOW)
        survived = lives(worker, line)
        with sqlite_store.read() as tx:
            before = tx.replies.of_mention(known.id)
        above = mention.native_id if stand == 0 else before[stand - 1].native_id
        in_doubt += before[stand].state is ReplyState.SENDING and len(board.below(above)) == 1
        while outbox.deliver(store=sqlite_store, means=means(board.server.url), clock=lambda: LATER) is not None:
            pass
        with sqlite_store.read() as tx:
            parts = tx.replies.of_mention(known.id)
        assert [one.state for one in parts] == [ReplyState.SENT] * 3, line
        parents = [mention.native_id, parts[0].native_id, parts[1].native_id]
        for part, parent, said in zip(parts, parents, PARTS, strict=True):
            assert [(post["id"], post["text"]) for post in board.below(parent)] == [(part.native_id, said)], line
        line += 13
    assert line > 200
    assert in_doubt > 0
