"""The log of who did what: what an entry says, before and after it is chained to the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sahut.core.model.cases import Actor


class AuditAct(StrEnum):
    """What was done. A new word goes at the end: stored entries keep theirs for good."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    PASSWORD = "password"  # noqa: S105 - that one was set
    ACCOUNT = "account"
    TOKEN = "token"  # noqa: S105 - that one was made or closed
    DECISION = "decision"
    TICKET = "ticket"
    REPLY = "reply"
    REVEAL = "reveal"
    EXPORT = "export"
    SETTING = "setting"
    SOURCE = "source"
    CREDENTIAL = "credential"
    KEY = "key"
    ERASURE = "erasure"
    RETENTION = "retention"
    ACCESS_REPORT = "access_report"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDraft:
    """One act, before it is written. ``kind`` and ``key`` name what it was done to: ``mention`` and ``12``.

    ``actor`` is None for the command line and for machines; ``name`` then says which. ``detail`` holds codes, counts
    and ids, and never what identifies a citizen: it can be taken out of no entry later.
    """

    act: AuditAct
    at: datetime
    actor: Actor | None = None
    name: str = ""
    kind: str = ""
    key: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One link of the chain. ``hash`` covers everything else in it, ``previous`` is the hash of entry ``id - 1``."""

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str
    actor_role: str
    token_id: int | None
    act: str
    kind: str
    key: str
    detail: Mapping[str, Any]
    address: str
    previous: str
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries to list; empty fields do not filter. ``until`` is not included."""

    acts: Sequence[AuditAct] = ()
    actor_id: int | None = None
    kind: str = ""
    key: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLink:
    """The first entry that is not as it was written, and what is wrong with it."""

    id: int
    reason: str
