"""Many keys, some at a time: a statement takes more in either database, but not any number, and gains nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

MOST = 400
K = TypeVar("K")


def in_parts(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    """The keys in their order, at most `MOST` at a time."""
    for start in range(0, len(keys), MOST):
        yield keys[start : start + MOST]
