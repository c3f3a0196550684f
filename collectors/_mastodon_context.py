"""Conversations on Mastodon: a server gives what it knows of one in one call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import methodcaller
from typing import Any

from collectors import _mastodon_statuses as statuses
from collectors._mastodon_line import Home, Line
from sahut.core.errors import PermanentError
from sahut.core.model import Batch, Caps, Context, Cut, Mention, Problem


def context(line: Line, mention: Mention, caps: Caps, *, now: datetime) -> Context:
    """See `ContextReader.context`: one call for the line above and what is below, one for what stands beside it."""
    home = line.home()
    local = statuses.local_id(mention.native_id, home)
    around = line.look_up("a conversation", methodcaller("status_context", local)) if local else None
    if around is None:
        raise PermanentError("Mastodon: the post is no longer there, or on another server", problem=Problem.NOT_FOUND)
    # From the first post down to the parent: the nearest count most.
    above = [one for one in _listed(around, "ancestors") if statuses.is_public(one)]
    near = above[max(0, len(above) - caps.above) :] if caps.above else []
    others = [one for one in _listed(around, "descendants") if statuses.is_public(one)]
    cut = {Cut.ABOVE} if len(near) < len(above) or (mention.parent and not above) else set()
    parent = statuses.local_id(mention.parent, home) if mention.parent else ""
    if caps.beside and parent and len(others) <= caps.beside:
        beside = line.look_up("a conversation", methodcaller("status_context", parent))
        others = [*(_listed(beside, "descendants") if beside is not None else []), *others]
    found: dict[str, Mention] = {}
    _read(near, home, now, found, len(near))
    wanted = [one for one in others if statuses.id_of(one) not in {local, ""} and statuses.is_public(one)]
    if not _read(wanted, home, now, found, caps.beside):
        cut.add(Cut.BESIDE)
    batch = Batch(mentions=list(found.values()), seen=len(found), session=line.fresh)
    return Context(batch=batch, cut=frozenset(cut) if caps.beside else frozenset(cut) - {Cut.BESIDE})


def _read(items: Sequence[Any], home: Home, now: datetime, found: dict[str, Mention], most: int) -> bool:
    """Whether all were taken."""
    end = len(found) + most
    for item in items:
        try:
            one = statuses.mention(item, home, now=now)
        except ValueError:
            continue  # a picture without words: no loss to a conversation
        if one.native_id in found:
            continue
        if len(found) >= end:
            return False
        found[one.native_id] = one
    return True


def _listed(around: Any, key: str) -> list[Any]:
    found = around.get(key) if isinstance(around, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
