"""The audit log: chained, append-only, one branch whatever two writers do. On SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sahut.core import audit
from sahut.core.model import Actor, AuditAct, AuditDraft, AuditEntry, AuditFilter, BrokenLink, Role
from storage.store import SqlStore
from tests.builders import NOW

SARI = Actor(user_id=7, name="Sari Contoh", role=Role.TRIAGE, address="192.0.2.7")
PROGRAM = Actor(user_id=8, name="Budi (dasbor)", role=Role.AUDITOR, token_id=3)


def write(store: SqlStore, *drafts: AuditDraft) -> None:
    with store.begin() as tx:
        for draft in drafts:
            tx.audit.add(draft)


def a_draft(act: AuditAct = AuditAct.DECISION, **over: Any) -> AuditDraft:
    values: dict[str, Any] = {"act": act, "at": NOW, "actor": SARI, "kind": "mention", "key": "12", **over}
    return AuditDraft(**values)


def chain(store: SqlStore) -> list[AuditEntry]:
    with store.read() as tx:
        return tx.audit.entries(after=0, limit=10_000)


def test_entries_are_chained_from_the_first_on_and_the_chain_verifies(store: SqlStore) -> None:
    write(store, a_draft(), a_draft(AuditAct.TICKET, detail={"status": ["new", "closed"]}))
    write(store, a_draft(AuditAct.EXPORT, actor=PROGRAM, at=NOW + timedelta(microseconds=1)))
    found = chain(store)
    assert [one.id for one in found] == [1, 2, 3]
    assert [one.previous for one in found] == [audit.FIRST, found[0].hash, found[1].hash]
    assert audit.first_broken(found) is None
    assert (found[0].actor_id, found[0].actor_role, found[0].address) == (7, "triage", "192.0.2.7")
    assert (found[2].token_id, found[2].actor_name) == (3, "Budi (dasbor)")


def test_what_a_database_would_change_is_changed_before_it_is_hashed(store: SqlStore) -> None:
    write(
        store,
        a_draft(name="a\x00b\ud800", actor=None, key="k\x00", detail={"a": "x\x00\ud800", "b": (1, 2.5), "c": NOW}),
    )
    (found,) = chain(store)
    assert (found.actor_name, found.key) == ("ab?", "k")
    assert audit.first_broken([found]) is None


def test_numbers_of_persons_are_masked_in_the_detail_whatever_the_caller_wrote(store: SqlStore) -> None:
    write(
        store,
        a_draft(AuditAct.REVEAL, detail={"reason": "telepon balik ke 081234567890", "n": ["NIK 3273014507900001"]}),
    )
    (found,) = chain(store)
    assert "081234567890" not in found.detail["reason"]
    assert "3273014507900001" not in found.detail["n"][0]


def test_nothing_is_written_of_a_transaction_that_is_rolled_back(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as tx:  # noqa: PT012 - the block is the transaction
        tx.audit.add(a_draft())
        _ = 1 / 0
    write(store, a_draft())
    assert [one.id for one in chain(store)] == [1]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor_name = 'Orang lain'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_change_or_delete(store: SqlStore, statement: str) -> None:
    refused(store, statement)


@pytest.mark.postgres
def test_the_database_refuses_to_empty_the_log_at_a_stroke(postgres_store: SqlStore) -> None:
    refused(postgres_store, "TRUNCATE audit_entry")


def refused(store: SqlStore, statement: str) -> None:
    write(store, a_draft())
    with pytest.raises(DBAPIError, match="append-only"), store._engine.begin() as connection:
        connection.execute(text(statement))
    assert len(chain(store)) == 1


def test_two_writers_at_once_do_not_fork_the_chain(store: SqlStore) -> None:
    writers, each = 6, 8
    gate = Barrier(writers)

    def work(writer: int) -> None:
        gate.wait()
        for number in range(each):
            write(store, a_draft(key=f"{writer}-{number}"), a_draft(key=f"{writer}-{number}-b"))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(work, range(writers)))
    found = chain(store)
    assert len(found) == writers * each * 2
    assert audit.first_broken(found) is None


def test_a_reader_does_not_wait_for_who_holds_the_chains_end(store: SqlStore) -> None:
    write(store, a_draft())
    with store.begin() as tx:
        tx.audit.add(a_draft())
        tx.audit.write()
        with store.read() as reading:
            assert len(reading.audit.page(AuditFilter(), limit=10).items) == 1


Tamper = Callable[[SqlStore], None]


def tampered(statement: str) -> Tamper:
    """Somebody with the database in hand takes the triggers away, and changes it."""

    def do(store: SqlStore) -> None:
        with store._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(text("DROP TRIGGER audit_entry_no_update"))
                connection.execute(text("DROP TRIGGER audit_entry_no_delete"))
            else:
                connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
            connection.execute(text(statement))

    return do


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        ("UPDATE audit_entry SET actor_name = 'Orang lain' WHERE id = 3", 3),
        ("UPDATE audit_entry SET detail = '{}' WHERE id = 2", 2),
        ("DELETE FROM audit_entry WHERE id = 4", 4),
        ("DELETE FROM audit_entry WHERE id = 1", 1),
        ("UPDATE audit_entry SET id = id + 10 WHERE id = 5", 5),
        ("UPDATE audit_entry SET previous = 'x' WHERE id = 4", 4),
    ],
)
def test_the_first_broken_link_is_named(store: SqlStore, tamper: str, broken: int) -> None:
    write(store, *(a_draft(detail={"a": number}) for number in range(5)))
    tampered(tamper)(store)
    found = audit.first_broken(chain(store))
    assert isinstance(found, BrokenLink)
    assert found.id == broken
    assert re.search(rf"\b{broken}\b", found.reason)


def test_pages_are_filtered_and_walked_from_the_newest(store: SqlStore) -> None:
    write(store, *(a_draft(key=str(number)) for number in range(5)))
    write(store, a_draft(AuditAct.EXPORT, actor=PROGRAM, kind="labels", key="", at=NOW + timedelta(days=2)))
    with store.read() as tx:

        def ids(limit: int = 50, after: str | None = None, **where: Any) -> list[int]:
            return [one.id for one in tx.audit.page(AuditFilter(**where), limit=limit, after=after).items]

        first = tx.audit.page(AuditFilter(), limit=4)
        assert [one.id for one in first.items] == [6, 5, 4, 3]
        assert ids(limit=4, after=first.next) == [2, 1]
        assert ids(acts=(AuditAct.EXPORT, AuditAct.REVEAL)) == [6]
        assert ids(actor_id=7, key="3") == [4]
        assert ids(kind="labels") == [6]
        assert ids(since=NOW + timedelta(days=1)) == [6]
        assert ids(until=NOW + timedelta(days=1), limit=2) == [5, 4]
