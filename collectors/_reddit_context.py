"""Conversations on Reddit: the post, the comments above one, and those beside and below it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from collectors import _reddit_posts
from collectors._reddit_line import Line
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Batch, Caps, Context, Cut, Mention, Problem

# As far as Reddit goes up from the comment in the middle.
_HIGHEST = 8
_MORE = "more"


def context(line: Line, mention: Mention, caps: Caps, *, now: datetime) -> Context:
    """See `ContextReader.context`: one call; a second for what stands beside a comment on the post itself."""
    comment = mention.native_id.startswith(f"{_reddit_posts.COMMENT}_")
    thread = (mention.root if comment else mention.native_id).partition("_")[2]
    if not thread:
        raise PermanentError("Reddit: the comment does not say whose post it is below", problem=Problem.NOT_FOUND)
    walk = _Walk(mention, caps)
    nested = comment and mention.parent.startswith(f"{_reddit_posts.COMMENT}_")
    asked = {"limit": str(caps.beside + min(caps.above, _HIGHEST) + 1), "depth": "2", "sort": "confidence"}
    if comment:
        # Around the comment that it answers: so its siblings come along.
        middle = mention.parent if nested else mention.native_id
        asked |= {"comment": middle.partition("_")[2], "context": str(min(caps.above, _HIGHEST))}
        asked["depth"] = str(min(caps.above, _HIGHEST) + 2)
    walk.take(line.call("GET", f"comments/{thread}/", params=asked), thread)
    if comment and not nested and caps.beside:
        beside = {"limit": str(caps.beside + 1), "depth": "1", "sort": "new"}
        walk.take(line.call("GET", f"comments/{thread}/", params=beside), thread)
    return walk.context(line, now)


class _Walk:
    """What came of a conversation, by name."""

    def __init__(self, mention: Mention, caps: Caps) -> None:
        self._mention, self._caps = mention, caps
        self._things: dict[str, dict[str, Any]] = {}
        self._more = False

    def take(self, answer: Any, thread: str) -> None:
        """The post's listing and the comments'."""
        if not isinstance(answer, list) or len(answer) != len(("post", "comments")):
            raise TransientError(
                f"Reddit: comments/{thread} answered with something else than a conversation",
                problem=Problem.NOT_READABLE,
            )
        for listing in answer:
            for child in _children(listing):
                if child.get("kind") == _MORE:
                    self._more = self._more or bool(_count(child))
                    continue
                try:
                    self._things.setdefault(_reddit_posts.fullname(child), child)
                except ValueError:
                    continue  # no loss to a conversation

    def context(self, line: Line, now: datetime) -> Context:
        above, whole = self._above()
        cut = set() if whole else {Cut.ABOVE}
        others = [name for name in self._things if name not in above and name != self._mention.native_id]
        if self._more or len(others) > self._caps.beside:
            cut.add(Cut.BESIDE)
        found: list[Mention] = []
        for name in [*above, *others[: self._caps.beside]]:
            try:
                if not _reddit_posts.is_gone(self._things[name]):
                    found.append(_reddit_posts.mention(self._things[name], account=line.account, now=now))
            except ValueError:
                continue  # as above
        batch = Batch(mentions=found, seen=len(self._things), session=line.fresh, next_check=line.resume_at)
        return Context(batch=batch, cut=frozenset(cut if self._caps.beside else cut - {Cut.BESIDE}))

    def _above(self) -> tuple[list[str], bool]:
        """Names up the line, nearest first; and whether it was followed to the post itself."""
        names: list[str] = []
        parent = self._mention.parent
        while parent in self._things and len(names) < self._caps.above and parent not in names:
            names.append(parent)
            parent = str(self._things[parent]["data"].get("parent_id") or "")
        return names, not parent


def _children(listing: Any) -> Iterator[dict[str, Any]]:
    """Every thing of a tree, from the top down."""
    level = [listing]
    while level:
        below: list[Any] = []
        for one in level:
            data = one.get("data") if isinstance(one, dict) else None
            children = data.get("children") if isinstance(data, dict) else None
            for child in children if isinstance(children, list) else []:
                if isinstance(child, dict) and isinstance(child.get("data"), dict):
                    yield child
                    below.append(child["data"].get("replies"))
        level = below


def _count(more: dict[str, Any]) -> int:
    found = more["data"].get("count")
    # A link to a thread that goes deeper has no count, and something behind it all the same.
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 1
