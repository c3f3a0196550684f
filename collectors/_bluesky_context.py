"""Conversations on Bluesky: the tree around a post, taken apart into mentions.

The atproto library comes along: as `collectors._bluesky_line`, imported where a call is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from collectors import _bluesky_posts as posts
from collectors._bluesky_line import Line
from sahut.core.errors import PermanentError
from sahut.core.model import Batch, Caps, Context, Cut, Mention, Problem

_CALL = "app.bsky.feed.getPostThread"
_DEEPEST, _HIGHEST = 3, 80
_SHOWN = "app.bsky.feed.defs#threadViewPost"


def context(line: Line, mention: Mention, caps: Caps, *, now: datetime) -> Context:
    """See `ContextReader.context`: one call for the line above and what is below, one for what stands beside it."""
    cut: set[Cut] = set()
    # One more than wanted says whether it goes on there; Bluesky takes 0 to 1,000 of both.
    tree = _thread(line, mention.native_id, depth=_DEEPEST, above=min(caps.above, _HIGHEST) + 1)
    above, ended = _line_above(tree)
    if len(above) > caps.above or not ended:
        cut.add(Cut.ABOVE)
    others: list[Any] = []
    if caps.beside > 0:
        others = list(_below(tree))
        if mention.parent and len(others) <= caps.beside:
            try:
                others = [*_below(_thread(line, mention.parent, depth=1, above=0)), *others]
            except PermanentError as error:
                # What it answers may be gone, or its writer may have barred us: what is below stands all the same.
                if error.problem not in {Problem.NOT_FOUND, Problem.FORBIDDEN}:
                    raise
    found: dict[str, Mention] = {}
    for view in above[: caps.above]:
        _read(view, line, now, found)
    kept = len(found)
    for view in others:
        if len(found) - kept >= caps.beside:
            cut.add(Cut.BESIDE)
            break
        if isinstance(view, dict) and view.get("uri") != mention.native_id:
            _read(view, line, now, found)
    return Context(batch=Batch(mentions=list(found.values()), seen=len(found), session=line.fresh), cut=frozenset(cut))


def _thread(line: Line, uri: str, *, depth: int, above: int) -> Any:
    return line.query(_CALL, uri=uri, depth=depth, parentHeight=above).get("thread")


def _line_above(tree: Any) -> tuple[list[Any], bool]:
    """The posts up the line, nearest first, and whether it was followed to a post that answers nothing."""
    views: list[Any] = []
    node = tree
    while isinstance(node, dict):
        parent = node.get("parent")
        if parent is None:
            record = (node.get("post") or {}).get("record") if isinstance(node.get("post"), dict) else None
            return views, not (isinstance(record, dict) and record.get("reply"))
        if not isinstance(parent, dict) or parent.get("$type") != _SHOWN:
            return views, False  # deleted, or barred to us
        views.append(parent.get("post"))
        node = parent
    return views, False


def _below(tree: Any) -> Iterator[Any]:
    """Answers, level by level."""
    level = [tree]
    while level:
        replies = [one for node in level for one in _replies(node) if one.get("$type") == _SHOWN]
        yield from (one.get("post") for one in replies)
        level = replies


def _replies(node: Any) -> list[dict[str, Any]]:
    found = node.get("replies") if isinstance(node, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _read(view: Any, line: Line, now: datetime, found: dict[str, Mention]) -> None:
    try:
        one = posts.mention(view, line.did, now=now)
    except ValueError:
        return  # a picture without words: no loss to a conversation
    found.setdefault(one.native_id, one)
