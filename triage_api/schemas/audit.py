"""The audit log as the API gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from sahut.core.model import AuditEntry
from triage_api.fields import Answer
from triage_api.schemas._example import example


class AuditAnswer(Answer):
    """One link of the chain; ``hash`` covers all the rest of it, ``previous`` is the hash of the one before."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": 2,
                "at": "2026-11-24T03:00:00Z",
                "actor_id": 1,
                "actor_name": "Sari Contoh",
                "actor_role": "triage",
                "token_id": 3,
                "act": "decision",
                "kind": "mention",
                "key": "12",
                "detail": {"what": "dismissed", "reason": "spam"},
                "address": "192.0.2.7",
                "previous": "0" * 64,
                "hash": "f" * 64,
            }
        )
    )

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str
    actor_role: str
    token_id: int | None
    act: str
    kind: str
    key: str
    detail: dict[str, Any]
    address: str
    previous: str
    hash: str

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditAnswer:
        """Of one entry."""
        return cls.model_validate(entry)


class AuditPage(Answer):
    """One page; ``next`` goes into ``after``, null on the last."""

    items: list[AuditAnswer]
    next: str | None
