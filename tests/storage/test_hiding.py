"""A stolen database shows no person: what names somebody is sealed, on SQLite and PostgreSQL, old rows too."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, text

from sahut.core import collecting
from sahut.core.errors import StoreError
from sahut.core.model import Author, Batch, DeadItem, Mention
from storage.hiding import Box
from storage.store import SqlStore, open_store
from tests.builders import NOW, a_mention, a_source_draft
from tests.conftest import KEY

OTHER = "b" * 43 + "="
HANDLE, NAME, LINK = "fulanah_karangan", "Fulanah Karangan", "https://a.example/fulanah_karangan/status/77001"
PHONE = "081299887766"
PLANTED = (HANDLE, NAME, LINK, "status/77001", PHONE)


def a_post(**over: Any) -> Mention:
    return a_mention(
        "Lampu jalan padam",
        author=Author(handle=HANDLE, name=NAME),
        permalink=LINK,
        raw={"user": {"screen_name": HANDLE, "phone": PHONE}, "link": LINK},
        **over,
    )


def plant(store: SqlStore, count: int = 1) -> None:
    """Somebody's posts, an item of hers that could not be read, and a word of her platform."""
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), NOW)
        dead = DeadItem(reason="no text", native_id="x1", raw={"from": HANDLE, "contact": PHONE})
        batch = Batch(mentions=[a_post() for _ in range(count)], dead=[dead], seen=count)
        collecting.save_mentions(tx, source.id, batch, NOW)
        tx.deliveries.tell(source.id, [{"chat": NAME, "link": LINK}], NOW)


def whole_of(store: SqlStore) -> tuple[Mention, Any, Any]:
    with store.read() as tx:
        source = tx.sources.all()[0]
        return (
            tx.mentions.whole(1).mention,
            tx.dead_letters.page(limit=1)[0].raw,
            tx.deliveries.told(source.id, 5)[0].word,
        )


def dump(store: SqlStore) -> str:
    """Every value of every table, as a dump of the database has it."""
    found = MetaData()
    with store._engine.connect() as connection:
        found.reflect(connection)
        rows = (connection.exec_driver_sql(f'SELECT * FROM "{name}"').all() for name in found.tables)
        return "\n".join(str(tuple(row)) for table in rows for row in table)


def test_a_dump_shows_no_person_and_who_has_the_key_reads_all(store: SqlStore) -> None:
    plant(store)
    shown = dump(store)
    assert "Lampu jalan padam" in shown
    assert [word for word in PLANTED if word in shown] == []
    mention, dead, told = whole_of(store)
    assert mention.author == Author(handle=HANDLE, name=NAME)
    assert mention.permalink == LINK
    assert mention.raw["user"]["phone"] == PHONE
    assert dead == {"from": HANDLE, "contact": PHONE}
    assert told == {"chat": NAME, "link": LINK}


def test_the_files_of_a_stolen_sqlite_database_show_no_person(sqlite_store: SqlStore, tmp_path: Path) -> None:
    plant(sqlite_store, count=50)
    seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Lampu jalan padam" in seen
    assert [word for word in PLANTED if word.encode() in seen] == []


def test_without_the_key_nothing_is_read_and_nothing_is_written(store: SqlStore, database_url: str) -> None:
    plant(store)
    for keys, said in (([], "no key"), ([OTHER], "another key")):
        thief = open_store(database_url, keys=keys)
        with thief.read() as tx, pytest.raises(StoreError, match=said):
            tx.mentions.whole(1)
        thief.close()
    empty = open_store(database_url)
    with pytest.raises(Exception, match="no key to seal"):
        plant(empty)
    empty.close()
    assert len(whole_of(store)[0].raw) == 2


def test_a_value_that_was_tampered_with_is_not_believed(store: SqlStore) -> None:
    plant(store)
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE mention SET author = permalink || 'AAAA'"))
    with store.read() as tx, pytest.raises(StoreError, match="changed in the database"):
        tx.mentions.get(1)


@pytest.fixture
def _plain(store: SqlStore) -> None:
    """A database of before there was sealing: twelve hundred posts, stored as they came."""
    plant(store, count=1_200)
    post = a_post()
    assert post.author is not None
    author = {"handle": HANDLE, "name": NAME}
    values = {"author": json.dumps(author), "link": json.dumps(LINK), "raw": json.dumps(dict(post.raw))}
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE mention SET author = :author, permalink = :link, raw = :raw"), values)
        connection.execute(text("UPDATE mention SET raw = NULL WHERE id % 7 = 0"))
        connection.execute(text("UPDATE dead_letter SET raw = :raw"), {"raw": json.dumps({"from": HANDLE})})
        connection.execute(text("UPDATE told SET word = :word"), {"word": json.dumps({"chat": NAME})})


@pytest.mark.usefixtures("_plain")
def test_rows_of_before_are_read_as_they_are_and_then_sealed_in_batches(store: SqlStore) -> None:
    assert HANDLE in dump(store)
    before = whole_of(store)
    assert before[0].author == Author(handle=HANDLE, name=NAME)
    steps: list[int] = []
    assert store.unhidden() == 1_202
    assert store.hide(steps.append) == 1_202
    assert max(steps) == 500
    assert [word for word in PLANTED if word in dump(store)] == []
    assert whole_of(store) == before
    assert store.unhidden() == 0
    assert store.hide() == 0


@pytest.mark.usefixtures("_plain")
def test_who_is_stopped_on_the_way_goes_on_where_it_was(store: SqlStore) -> None:
    class KilledError(Exception):
        pass

    def die(_count: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        store.hide(die)
    assert store.unhidden() == 702
    assert store.hide() == 702
    assert whole_of(store)[0].permalink == LINK


def test_the_files_show_nothing_of_what_was_plain_before(sqlite_store: SqlStore, tmp_path: Path) -> None:
    plant(sqlite_store, count=300)
    with sqlite_store._engine.begin() as connection:
        connection.execute(text("UPDATE mention SET raw = :raw"), {"raw": json.dumps({"by": HANDLE, "at": LINK})})
    file = tmp_path / "sahut.db"
    assert HANDLE.encode() in file.read_bytes() + (tmp_path / "sahut.db-wal").read_bytes()
    sqlite_store.hide()
    seen = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert [word for word in PLANTED if word.encode() in seen] == []
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_changed_key_seals_everything_anew_and_the_old_one_may_go(store: SqlStore, database_url: str) -> None:
    plant(store, count=3)
    before = whole_of(store)
    turning = open_store(database_url, keys=[OTHER, KEY])
    assert whole_of(turning) == before
    assert turning.hide() == 5
    turning.close()
    after = open_store(database_url, keys=[OTHER])
    assert whole_of(after) == before
    after.close()


def test_two_seals_of_the_same_value_are_not_alike() -> None:
    box = Box([KEY])
    one, two = box.seal("sama"), box.seal("sama")
    assert one != two
    assert box.open(one) == box.open(two) == "sama"
    assert KEY not in one
