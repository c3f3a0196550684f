"""What the document says of errors, once for all routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sahut.core import searching

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}
# What can come of any request, whatever the route.
_ALWAYS = (400, 413, 422, 500, 503)
_SIGNED = (401, 403)
_MASKED = (
    "q is itself personal data, which is masked and not searched: ask for the words around it, or for the person's "
    "account on POST /api/v1/persons/look"
)


def problems(*statuses: int, signed: bool = True) -> dict[int | str, dict[str, Any]]:
    """Declarations of problem+json for these and the usual statuses."""
    every = sorted({*_ALWAYS, *(_SIGNED if signed else ()), *statuses})
    return {status: {"description": HTTPStatus(status).phrase, "content": PROBLEM} for status in every}


def searched(q: str) -> str:
    """What to tell a program that searches for what is masked; "" where there is nothing to tell."""
    return _MASKED if searching.asks_for_hidden(q) else ""
