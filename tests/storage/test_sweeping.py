"""Answers and addresses are sealed too, persons found in sealed columns, and nothing plain stays in SQLite's files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from sahut.core.errors import StoreError
from sahut.core.model import Delivery, ReplyDraft, Role, SentReply, StoredAnswer
from sahut.core.model.persons import Person
from storage import hidden_rows
from storage.lookups import plain_address
from storage.store import SqlStore, open_store
from tests.builders import NOW
from tests.conftest import KEY
from tests.storage.test_hiding import HANDLE, LINK, NAME, OTHER, dump, plant

HER = Person(platform="replay", handle=HANDLE)


def answer_her(store: SqlStore) -> int:
    """A reply of ours that stands, and the answers kept of requests about her; the reply's id."""
    plant(store)
    with store.begin() as tx:
        user = tx.accounts.add_user(
            username="sari", name="Sari", role=Role.COMMS, password_hash="x", must_change=False, now=NOW
        )
        draft = ReplyDraft(mention_id=1, text="Baik", author_id=user.id, author_name="Sari", seen_edits=0)
        reply = tx.replies.add(draft, NOW)
        tx.replies.stands(reply.id, SentReply(native_id="", permalink=f"{LINK}/reply"), now=NOW)
        source = tx.sources.all()[0]
        tx.deliveries.keep(Delivery(source_id=source.id, key="k", fingerprint="f", body=f'{{"by":"{HANDLE}"}}', at=NOW))
        body = json.dumps({"handle": HANDLE, "name": NAME})
        tx.accounts.keep_answer(StoredAnswer(key="k", user_id=user.id, fingerprint="f", status=201, body=body, at=NOW))
    return reply.id


def bodies(store: SqlStore) -> tuple[str, str, str]:
    with store.read() as tx:
        delivery, kept = tx.deliveries.find(tx.sources.all()[0].id, "k"), tx.accounts.answer("k", 1)
        assert delivery is not None
        assert kept is not None
        return tx.replies.get(1).permalink, delivery.body, kept.body


def test_addresses_of_replies_and_kept_answers_are_sealed_and_read_again(store: SqlStore) -> None:
    answer_her(store)
    assert [word for word in (HANDLE, NAME, LINK) if word in dump(store)] == []
    link, delivery, kept = bodies(store)
    assert (link, delivery) == (f"{LINK}/reply", f'{{"by":"{HANDLE}"}}')
    assert json.loads(kept)["handle"] == HANDLE


def test_those_of_before_are_sealed_and_a_changed_key_seals_them_anew(store: SqlStore, database_url: str) -> None:
    answer_her(store)
    with store._engine.begin() as connection:
        for table, column in (("reply", "permalink"), ("delivery", "body"), ("stored_answer", "body")):
            connection.execute(text(f"UPDATE {table} SET {column} = :said"), {"said": f"plain {HANDLE}"})
    assert bodies(store) == (f"plain {HANDLE}",) * 3
    assert store.unhidden() == 3
    assert store.hide() == 3
    assert HANDLE not in dump(store)
    turning = open_store(database_url, keys=[OTHER, KEY])
    turning.hide()
    turning.close()
    after = open_store(database_url, keys=[OTHER])
    assert bodies(after) == (f"plain {HANDLE}",) * 3
    with after.read() as tx:
        # The key of the hashes was sealed anew, and is the same.
        assert tx.persons.find(HER, limit=9) == [1]
    after.close()


def test_persons_of_before_are_found_once_the_rows_were_walked(store: SqlStore) -> None:
    plant(store, count=3)
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE mention SET author_key = NULL, link_key = NULL"))
    with store.read() as tx:
        assert tx.persons.find(HER, limit=9) == []
    assert store.unhidden() == 3
    assert store.hide() == 3
    with store.read() as tx:
        assert tx.persons.find(HER, limit=9) == [1, 2, 3]
        assert tx.persons.find(Person(platform="replay", handle=f"@{HANDLE.upper()}"), limit=9) == [1, 2, 3]
        link = LINK.replace("https://", "http://www.") + "/#kiri"
        assert tx.persons.find(Person(platform="replay", link=link), limit=9) == [1, 2, 3]
        assert tx.persons.find(Person(platform="x", handle=HANDLE), limit=9) == []
    assert store.unhidden() == 0


def test_one_address_is_the_same_however_it_is_written() -> None:
    said = ("https://www.a.example/x/1/", "http://a.example/x/1#top", "A.example/x/1")
    assert {plain_address(one) for one in said} == {"a.example/x/1"}
    assert plain_address("http://[") == "http://["
    assert plain_address("https://a.example/watch?v=1") != plain_address("https://a.example/watch?v=2")


def _seen(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def _plain(store: SqlStore) -> None:
    plant(store, count=300)
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE mention SET raw = :raw"), {"raw": json.dumps({"by": HANDLE, "at": LINK})})


def test_a_sweep_that_was_killed_after_the_last_batch_is_done_at_the_next_call(
    sqlite_store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def die(_engine: object) -> None:
        raise KilledError

    _plain(sqlite_store)
    monkeypatch.setattr(hidden_rows, "_sweep", die)
    with pytest.raises(KilledError):
        sqlite_store.hide()
    assert sqlite_store.unhidden() == 0
    assert HANDLE.encode() in _seen(tmp_path)
    monkeypatch.undo()
    assert sqlite_store.hide() == 0
    assert HANDLE.encode() not in _seen(tmp_path)


def test_a_reader_that_keeps_the_log_from_being_emptied_is_noticed(
    sqlite_store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plain(sqlite_store)
    monkeypatch.setattr(hidden_rows, "_TRIES", 2)
    monkeypatch.setattr(hidden_rows, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(hidden_rows, "_BUSY_MILLISECONDS", 50)
    with closing(sqlite3.connect(tmp_path / "sahut.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mention").fetchone()
        with pytest.raises(StoreError, match="still holds what was plain"):
            sqlite_store.hide()
    assert HANDLE.encode() in _seen(tmp_path)
    assert sqlite_store.hide() == 0
    assert HANDLE.encode() not in _seen(tmp_path)
