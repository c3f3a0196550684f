"""Opaque tokens for keyset paging: they say where a page ended, so the next one starts there however rows moved."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from sahut.core.errors import RefusedError

_LARGEST = 2**63 - 1


def token(order: str, keys: Sequence[int]) -> str:
    """The token for a page that ended at ``keys`` in ``order``."""
    return base64.urlsafe_b64encode(json.dumps([order, *keys]).encode()).decode().rstrip("=")


def keys(after: str, order: str, count: int) -> list[int]:
    """The keys in a token of the same order. Raises RefusedError(rule="page_token")."""
    try:
        said, *found = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise _bad(after) from error
    numbers: list[int] = found
    fits = all(type(key) is int and -_LARGEST <= key <= _LARGEST for key in found)
    if said != order or len(found) != count or not fits:
        raise _bad(after)
    return numbers


def _bad(after: str) -> RefusedError:
    return RefusedError(f"{after[:40]!r} is no page of this list; start again from the first", rule="page_token")
