"""Short words for the audit log: what settings were changed, and what left the house."""

from __future__ import annotations

from datetime import datetime

from sahut.core.model import Actor, AuditAct, AuditDraft
from sahut.core.ports import Tx


def source(tx: Tx, did: str, source_id: int, *, now: datetime, actor: Actor | None = None, name: str = "") -> None:
    """A source was added, changed, paused … ; ``name`` is who did it where that is no account."""
    _add(tx, AuditAct.SOURCE, "source", str(source_id), did, now, actor, name)


def credential(
    tx: Tx, did: str, credential_id: int, *, now: datetime, actor: Actor | None = None, name: str = ""
) -> None:
    """A credential was added, changed, renewed, removed. Never its secrets."""
    _add(tx, AuditAct.CREDENTIAL, "credential", str(credential_id), did, now, actor, name)


def export(tx: Tx, what: str, *, now: datetime, actor: Actor | None = None, name: str = "", rows: int) -> None:
    """Something was written out of the house: what, and how many rows."""
    tx.audit.add(AuditDraft(act=AuditAct.EXPORT, at=now, actor=actor, name=name, kind=what, detail={"rows": rows}))


def _add(tx: Tx, act: AuditAct, kind: str, key: str, did: str, now: datetime, actor: Actor | None, name: str) -> None:
    tx.audit.add(AuditDraft(act=act, at=now, actor=actor, name=name, kind=kind, key=key, detail={"what": did}))
