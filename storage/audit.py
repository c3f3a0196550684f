"""The audit log as rows: chained when the transaction commits, one writer at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, text

from sahut.core import audit
from sahut.core.model import AuditDraft, AuditEntry, AuditFilter, Page
from storage import paging
from storage.audit_tables import audit_entry

_ORDER = "audit"
# Any number, but the same in every process: it names the chain's end.
_CHAIN = 5_348_555


class SqlAudit:
    """The audit log of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._drafts: list[AuditDraft] = []

    def add(self, draft: AuditDraft) -> None:
        """Chained by `write`, which the store calls before it commits."""
        self._drafts.append(draft)

    def write(self) -> None:
        """Chain what was added. Whoever comes here at the same moment waits until this transaction is over.

        The last act of a transaction: it takes no other lock while it holds the chain's end, so none can wait for it in
        a circle. SQLite has one writer anyway.
        """
        if not self._drafts:
            return
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:chain)"), {"chain": _CHAIN})
        last = self._connection.execute(
            select(audit_entry.c.id, audit_entry.c.hash).order_by(audit_entry.c.id.desc()).limit(1)
        ).one_or_none()
        number, previous = (0, audit.FIRST) if last is None else (last.id, last.hash)
        rows = []
        for draft in self._drafts:
            entry = audit.chained(draft, number + 1, previous)
            number, previous = entry.id, entry.hash
            rows.append(_row(entry))
        self._connection.execute(audit_entry.insert(), rows)
        self._drafts.clear()

    def page(self, where: AuditFilter, *, limit: int, after: str | None = None) -> Page[AuditEntry]:
        """Newest first. Raises RefusedError(rule="page_token")."""
        query = select(audit_entry).where(*_conditions(where)).order_by(audit_entry.c.id.desc()).limit(limit + 1)
        if after is not None:
            (last,) = paging.keys(after, _ORDER, 1)
            query = query.where(audit_entry.c.id < last)
        found = [_value(row) for row in self._connection.execute(query)]
        if len(found) <= limit:
            return Page(items=found)
        return Page(items=found[:limit], next=paging.token(_ORDER, [found[limit - 1].id]))

    def entries(self, *, after: int, limit: int) -> list[AuditEntry]:
        """The chain in order, behind entry ``after``."""
        query = select(audit_entry).where(audit_entry.c.id > after).order_by(audit_entry.c.id).limit(limit)
        return [_value(row) for row in self._connection.execute(query)]


def _conditions(where: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.acts:
        found.append(audit_entry.c.act.in_(where.acts))
    if where.actor_id is not None:
        found.append(audit_entry.c.actor_id == where.actor_id)
    if where.kind:
        found.append(audit_entry.c.object_kind == where.kind)
    if where.key:
        found.append(audit_entry.c.object_key == where.key)
    if where.since is not None:
        found.append(audit_entry.c.at >= where.since)
    if where.until is not None:
        found.append(audit_entry.c.at < where.until)
    return found


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "actor_role": entry.actor_role,
        "token_id": entry.token_id,
        "act": entry.act,
        "object_kind": entry.kind,
        "object_key": entry.key,
        "detail": entry.detail,
        "address": entry.address,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _value(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        actor_role=row.actor_role,
        token_id=row.token_id,
        act=row.act,
        kind=row.object_kind,
        key=row.object_key,
        detail=row.detail,
        address=row.address,
        previous=row.previous,
        hash=row.hash,
    )
