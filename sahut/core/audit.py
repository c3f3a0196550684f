"""The chain of the audit log: how an entry is made, hashed, and checked. Pure; writing them is the store's.

Each entry's hash is the SHA-256 of its canonical JSON, which holds the hash of the entry before. So whoever changes,
drops or inserts one has to write every later entry anew, and then the last hash is another than the one that was noted
elsewhere (`sahut audit verify --seen`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

from sahut.core import personal
from sahut.core.model import AuditDraft, AuditEntry, BrokenLink

FIRST = "0" * 64
"""What the first entry has for the hash of the one before."""

_LONGEST_WORDS = 300


def chained(draft: AuditDraft, number: int, previous: str) -> AuditEntry:
    """The draft as entry ``number`` behind the one with the hash ``previous``."""
    actor = draft.actor
    entry = AuditEntry(
        id=number,
        at=draft.at.astimezone(UTC),
        actor_id=None if actor is None else actor.user_id,
        actor_name=_storable(actor.name if actor is not None else draft.name),
        actor_role="" if actor is None else str(actor.role),
        token_id=None if actor is None else actor.token_id,
        act=str(draft.act),
        kind=_storable(draft.kind),
        key=_storable(draft.key),
        detail=_clean(draft.detail),
        address=_storable(draft.address or ("" if actor is None else actor.address)),
        previous=previous,
    )
    return replace(entry, hash=hash_of(entry))


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 in hex of everything that the entry says but its own hash."""
    return hashlib.sha256(_canonical(_said(entry)).encode("ascii")).hexdigest()


def first_broken(entries: Iterable[AuditEntry], *, after: int = 0, previous: str = FIRST) -> BrokenLink | None:
    """The first of ``entries``, in order behind entry ``after``, that is not as it was written; None where all are."""
    for entry in entries:
        if entry.id != after + 1:
            return BrokenLink(id=after + 1, reason=f"entry {after + 1} is missing: the next one is {entry.id}")
        if entry.previous != previous:
            return BrokenLink(id=entry.id, reason=f"entry {entry.id} does not follow the one before it")
        if hash_of(entry) != entry.hash:
            return BrokenLink(id=entry.id, reason=f"entry {entry.id} is not what was written")
        after, previous = entry.id, entry.hash
    return None


def line(entry: AuditEntry) -> str:
    """An entry as one line of the export; without ``hash`` it is the text that the hash is of."""
    return _canonical(_said(entry) | {"hash": entry.hash})


def _canonical(said: Mapping[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def _said(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "actor_role": entry.actor_role,
        "token_id": entry.token_id,
        "act": entry.act,
        "kind": entry.kind,
        "key": entry.key,
        "detail": dict(entry.detail),
        "address": entry.address,
        "previous": entry.previous,
    }


def _clean(detail: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from the store: plain JSON; words are short, and numbers of persons in them are masked."""
    cleaned: dict[str, Any] = json.loads(json.dumps(_masked(dict(detail)), default=str))
    return cleaned


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return personal.mask(_storable(str(value))[:_LONGEST_WORDS])
    if isinstance(value, Mapping):
        return {str(name): _masked(inside) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inside) for inside in value]
    return value


def _storable(value: str) -> str:
    """Without what a database refuses, so that what is hashed is what is stored."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
