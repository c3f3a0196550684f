"""Several processes at one store: nothing is claimed, numbered or stored twice."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from sahut.core import rules
from sahut.core.errors import RefusedError
from sahut.core.model import Change, MentionFilter, MentionState, StoredAnswer, TicketDraft, Topic
from sahut.core.ports import Store
from storage.store import open_store
from tests.builders import a_mention, a_source_draft, a_user
from tests.conftest import KEY, Clock

ROOT = Path(__file__).parents[2]

# Each process takes what it can of the rows and says what it took, one JSON list on its last line.
CLAIM_MENTIONS = """
import json, sys
from datetime import timedelta
from storage.store import open_store
from tests.builders import NOW
store, taken = open_store(sys.argv[1], keys=["a" * 43 + "="]), []
while True:
    with store.begin() as tx:
        claim = tx.mentions.claim(now=NOW, until=NOW + timedelta(hours=1), limit=7, max_attempts=4)
    if claim is None:
        break
    taken += [record.id for record in claim.mentions]
store.close()
print(json.dumps(taken))
"""
CLAIM_SOURCES = """
import json, sys
from datetime import timedelta
from storage.store import open_store
from tests.builders import NOW
store, taken = open_store(sys.argv[1], keys=["a" * 43 + "="]), []
with store.read() as tx:
    due = tx.sources.due(NOW, 1000)
for source_id in due:
    with store.begin() as tx:
        if tx.sources.claim(source_id, now=NOW, until=NOW + timedelta(hours=1)):
            taken.append(source_id)
store.close()
print(json.dumps(taken))
"""
MAKE_TICKETS = """
import json, secrets, sys
from sahut.core.model import TicketDraft, Topic
from storage.store import open_store
from tests.builders import NOW
store, taken = open_store(sys.argv[1], keys=["a" * 43 + "="]), []
for turn in range(15):
    try:
        with store.begin() as tx:
            ticket = tx.tickets.create(
                TicketDraft(title="x", topic=Topic.OTHER), tracking_code=secrets.token_hex(8), now=NOW
            )
            if turn % 3 == 2:
                raise KeyError
            taken.append(ticket.number)
    except KeyError:
        pass
store.close()
print(json.dumps(taken))
"""
SAVE_THE_SAME = """
import json, sys
from sahut.core.model import Batch
from sahut.core.collecting import save_mentions
from storage.store import open_store
from tests.builders import NOW, a_mention
store, taken = open_store(sys.argv[1], keys=["a" * 43 + "="]), []
for page in range(10):
    batch = Batch(mentions=[a_mention(native_id=f"same{page}-{n}") for n in range(20)])
    with store.begin() as tx:
        taken.append(save_mentions(tx, 1, batch, NOW)[0])
store.close()
print(json.dumps(taken))
"""


def run(program: str, url: str, *, processes: int = 4) -> list[list[int | str]]:
    """What each process said."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, url], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    said = [process.communicate(timeout=200) for process in started]
    assert [process.returncode for process in started] == [0] * processes, said
    return [json.loads(out) for out, _ in said]


def fill(store: Store, clock: Clock, count: int) -> None:
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), clock())
        changes = [Change(mention=m, text_key=rules.text_key(m.body)) for m in (a_mention() for _ in range(count))]
        assert tx.mentions.save(source.id, changes, clock()) == (count, 0)


@pytest.mark.processes
def test_four_processes_never_claim_a_mention_twice(store: Store, database_url: str, clock: Clock) -> None:
    fill(store, clock, 300)
    taken = [one for process in run(CLAIM_MENTIONS, database_url) for one in process]
    assert len(taken) == 300
    assert len(set(taken)) == 300


@pytest.mark.postgres
def test_a_claim_is_no_larger_than_asked_for_whatever_the_planner_does(postgres_url: str, clock: Clock) -> None:
    # With these it joins by rereading the rows to claim, once for each mention.
    plans = ("hashjoin", "mergejoin", "hashagg", "sort", "material")
    options = quote(" ".join(f"-c enable_{plan}=off" for plan in plans))
    store = open_store(f"{postgres_url}{'&' if '?' in postgres_url else '?'}options={options}", keys=[KEY])
    fill(store, clock, 20)
    with store.begin() as tx:
        claim = tx.mentions.claim(now=clock(), until=clock() + timedelta(minutes=5), limit=7, max_attempts=4)
    store.close()
    assert claim is not None
    assert len(claim.mentions) == 7


@pytest.mark.processes
def test_four_processes_never_claim_a_source_twice(store: Store, database_url: str, clock: Clock) -> None:
    with store.begin() as tx:
        for _ in range(60):
            tx.sources.add(a_source_draft(), clock())
    taken = [one for process in run(CLAIM_SOURCES, database_url) for one in process]
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 60


@pytest.mark.processes
def test_ticket_numbers_have_neither_gaps_nor_doubles(store: Store, database_url: str) -> None:
    taken = [one for process in run(MAKE_TICKETS, database_url) for one in process]
    assert sorted(taken) == [f"2026-{n:06}" for n in range(1, 41)]


@pytest.mark.processes
def test_two_workers_with_the_same_page_store_it_once(store: Store, database_url: str, clock: Clock) -> None:
    with store.begin() as tx:
        assert tx.sources.add(a_source_draft(), clock()).id == 1
    counts = run(SAVE_THE_SAME, database_url, processes=2)
    assert sum(int(count) for process in counts for count in process) == 200
    with store.read() as tx:
        assert tx.mentions.count(MentionFilter(), cap=1000) == 200


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(store: Store, clock: Clock) -> None:
    with store.begin() as writer:
        writer.sources.add(a_source_draft(), clock())
        with store.read() as reader:
            assert reader.sources.all() == []
    with store.read() as reader:
        assert len(reader.sources.all()) == 1
        with store.begin() as writer:
            writer.sources.add(a_source_draft(), clock())
        assert len(reader.sources.all()) == 1, "one view for the whole block"


def test_a_second_writer_waits_for_the_first_instead_of_failing(database_url: str, clock: Clock) -> None:
    one, two = open_store(database_url, keys=[KEY]), open_store(database_url, keys=[KEY])
    with one.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), clock()).id
    begun, done = threading.Event(), threading.Event()

    def second() -> None:
        begun.set()
        with two.begin() as tx:
            tx.sources.advance(_claim(tx, source_id, clock), {"page": 2}, until=clock())
        done.set()

    thread = threading.Thread(target=second)
    with one.begin() as tx:
        tx.sources.get(source_id)
        claim = _claim(tx, source_id, clock)
        thread.start()
        assert begun.wait(30)
        assert not done.wait(0.3)
        tx.sources.advance(claim, {"page": 1}, until=clock() - timedelta(seconds=1))
    thread.join(60)
    assert done.is_set()
    with one.read() as tx:
        assert tx.sources.get(source_id).cursor == {"page": 2}
    one.close()
    two.close()


def _claim(tx, source_id, clock):  # type: ignore[no-untyped-def]
    claim = tx.sources.claim(source_id, now=clock(), until=clock() + timedelta(minutes=5))
    assert claim is not None
    return claim


def test_two_requests_with_one_key_keep_one_answer(store: Store, clock: Clock) -> None:
    user = a_user(store)
    answer = StoredAnswer(key="k", user_id=user.id, fingerprint="f", status=201, body="{}", at=clock())
    with store.begin() as tx:
        tx.accounts.keep_answer(answer)
    with pytest.raises(RefusedError) as caught, store.begin() as tx:
        tx.accounts.keep_answer(answer)
    assert caught.value.rule == "answered_meanwhile"
    with store.read() as tx:
        assert tx.accounts.answer("k", user.id) == answer
        assert tx.accounts.answer("k", user.id + 1) is None


def test_a_block_that_raises_leaves_nothing_behind(store: Store, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(store, clock)
    with store.read() as tx:
        assert tx.sources.all() == []
        assert tx.operations.counts().get(f"mentions.{MentionState.COLLECTED}", 0) == 0


def _add_and_fail(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        tx.sources.add(a_source_draft(), clock())
        tx.tickets.create(TicketDraft(title="x", topic=Topic.OTHER), tracking_code="c", now=clock())
        raise ZeroDivisionError
