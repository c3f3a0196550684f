"""The log of who did what, in a transaction."""

from __future__ import annotations

from typing import Protocol

from sahut.core.model import AuditDraft, AuditEntry, AuditFilter, Page


class Audit(Protocol):
    """Append-only, each entry chained to the one before."""

    def add(self, draft: AuditDraft) -> None:
        """Write it down when the transaction commits, as its last act, so that nobody waits for the chain's end long.

        Nothing is written where the transaction is rolled back; until the commit no list shows it.
        """
        ...

    def page(self, where: AuditFilter, *, limit: int, after: str | None = None) -> Page[AuditEntry]:
        """Newest first. Raises RefusedError(rule="page_token")."""
        ...

    def entries(self, *, after: int, limit: int) -> list[AuditEntry]:
        """The chain in order, behind entry ``after``."""
        ...
