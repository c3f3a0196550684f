"""What the document says of errors, once for all routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}
# What can come of any request, whatever the route.
_ALWAYS = (400, 413, 422, 500, 503)
_SIGNED = (401, 403)


def problems(*statuses: int, signed: bool = True) -> dict[int | str, dict[str, Any]]:
    """Declarations of problem+json for these and the usual statuses."""
    every = sorted({*_ALWAYS, *(_SIGNED if signed else ()), *statuses})
    return {status: {"description": HTTPStatus(status).phrase, "content": PROBLEM} for status in every}
