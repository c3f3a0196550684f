"""Which posts of a conversation are kept, and where it was cut. Pure: a platform has fetched them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sahut.core.model import Caps, Cut, Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Posts up the line from a mention, nearest first. ``whole``: the last of them answers nothing."""

    posts: Sequence[Mention]
    whole: bool


def kept(
    mention: Mention, caps: Caps, line: Line, others: Iterable[Mention], *, more: bool = False
) -> tuple[list[Mention], frozenset[Cut]]:
    """Each post once, within the caps, and where it goes on. ``more``: there are others that were not fetched.

    What nobody asked for (a cap of 0 beside) is not cut.
    """
    above = list(line.posts[: caps.above])
    cut = set() if line.whole and len(above) == len(line.posts) else {Cut.ABOVE}
    if not caps.beside:
        return above, frozenset(cut)
    known = {mention.native_id, *(one.native_id for one in line.posts)}
    beside = {one.native_id: one for one in nearest(mention, others) if one.native_id not in known}
    if more or len(beside) > caps.beside:
        cut.add(Cut.BESIDE)
    return [*above, *list(beside.values())[: caps.beside]], frozenset(cut)


def nearest(mention: Mention, others: Iterable[Mention]) -> list[Mention]:
    """Answers to ``mention`` first, then what answers the same post, then all else; else in the order given."""
    return sorted(others, key=lambda one: _distance(mention, one))


def _distance(mention: Mention, other: Mention) -> int:
    if other.parent == mention.native_id:
        return 0
    return 1 if mention.parent and other.parent == mention.parent else 2
