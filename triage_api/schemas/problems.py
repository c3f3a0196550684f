"""Errors as the document describes them."""

from __future__ import annotations

from pydantic import ConfigDict

from triage_api.fields import Answer
from triage_api.schemas._example import example


class ProblemAnswer(Answer):
    """RFC 9457, with the identity of the thing where there is one."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "type": "urn:sahut:problem:not_found",
                "title": "Not Found",
                "status": 404,
                "detail": "no ticket 99",
                "instance": "/api/v1/tickets/99",
                "kind": "ticket",
                "key": "99",
                "ticket": 99,
            }
        )
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    kind: str | None = None
    key: str | None = None
    source: int | None = None
    mention: int | None = None
    ticket: int | None = None
    expected: int | None = None
    current: int | None = None
    changes: list[dict[str, str]] | None = None
    errors: list[dict[str, str]] | None = None
