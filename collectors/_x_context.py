"""Conversations on X: what a post answers and what stands beside it, and where answers to us come.

Every post costs, so posts up the line are looked up one call at a time, and others only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from collectors import _x_posts as posts
from collectors._settings import CollectorSettings
from collectors._x_client import Meter, XClient, ask, opened
from sahut.core.errors import TransientError
from sahut.core.model import Access, Batch, Caps, Context, Cut, Mention, Source

_LEAST, _PAGE = 10, 100
_LONGEST_HANDLE = 15


class XTalker:
    """The part of the collector that knows conversations."""

    _settings: CollectorSettings

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """Two posts up by one call, each further one by another; others by one page of X's recent search.

        What was paid for is kept where the budget ends amid it, and the rest counts as cut.
        """
        opened_access = access or Access(name="")
        found: dict[str, Mention] = {}
        cut: set[Cut] = set()
        with opened(access, self._settings) as client:
            ours, meter = posts.Ours.of(access), Meter(opened_access, now)
            try:
                cut |= self._above(client, mention, caps.above, found, ours, meter, now)
                cut |= self._beside(client, mention, caps.beside, found, ours, meter, now)
            except TransientError:
                if not found:
                    raise
                cut |= {Cut.ABOVE, Cut.BESIDE}
            resume = client.full_until()
        batch = Batch(mentions=list(found.values()), seen=len(found), spent=meter.news(), next_check=resume)
        return Context(batch=batch, cut=frozenset(cut))

    def following(
        self,
        source: Source,
        mention: Mention,
        *,
        since: datetime,  # noqa: ARG002 - the cursor of the first look leads on; X shows seven days
        most: int,
        access: Access | None = None,
    ) -> Source | None:
        """The conversation, narrowed to its writer and to posts to us, which is all that is paid for."""
        root = mention.root or mention.native_id
        who = [f"from:{handle}" for handle in [mention.author.handle if mention.author else ""] if _is_handle(handle)]
        who += [f"to:{handle}" for handle in (posts.handles(access)[:1] if access else []) if _is_handle(handle)]
        if not root.isdecimal() or not who:
            return None
        options = {"first_days": 1, "page": str(min(max(most, _LEAST), _PAGE))}
        return replace(source, address=f"conversation:{root}", query=" OR ".join(who), options=options)

    def _above(
        self,
        client: XClient,
        mention: Mention,
        most: int,
        found: dict[str, Mention],
        ours: posts.Ours,
        meter: Meter,
        now: datetime,
    ) -> set[Cut]:
        """Up the line, with the first post of all in the same call as the nearest."""
        root, parent = mention.root or mention.native_id, mention.parent
        if not parent:
            return set()
        if most <= 0:
            return {Cut.ABOVE}
        wanted = [parent] if root == parent or most == 1 else [parent, root]
        while wanted:
            some = self._look_up(client, wanted, ours, meter, now)
            found.update(some)
            parent = found[parent].parent if parent in found else ""
            missing = parent and parent not in found
            wanted = [parent] if missing and len(found) < most else []
        above = found.get(mention.parent)
        passed: set[str] = set()
        while above is not None and above.parent and above.native_id not in passed:
            passed.add(above.native_id)
            above = found.get(above.parent)
        # The line is whole where it ends at a post that answers nothing.
        return set() if above is not None and not above.parent else {Cut.ABOVE}

    def _look_up(
        self, client: XClient, ids: Sequence[str], ours: posts.Ours, meter: Meter, now: datetime
    ) -> dict[str, Mention]:
        with meter.room(posts.DEAREST, most=len(ids)) as affordable:
            call = partial(client.get_tweets, list(ids[:affordable]), **posts.FIELDS)
            answer = ask(client, "look-up of a conversation", now, call)
            meter.charge(posts.price(answer))
        return {one.native_id: one for one in posts.take_apart(answer, ours, now, {}).mentions}

    def _beside(
        self,
        client: XClient,
        mention: Mention,
        most: int,
        found: dict[str, Mention],
        ours: posts.Ours,
        meter: Meter,
        now: datetime,
    ) -> set[Cut]:
        if most <= 0:
            return set()
        root = mention.root or mention.native_id
        with meter.room(posts.DEAREST, most=min(max(most, _LEAST), _PAGE), least=_LEAST) as size:
            asked: dict[str, Any] = {"query": f"conversation_id:{root}", "max_results": size, **posts.FIELDS}
            answer = ask(client, "search of a conversation", now, partial(client.search_recent_tweets, **asked))
            meter.charge(posts.price(answer))
        others = [
            one
            for one in posts.take_apart(answer, ours, now, {}).mentions
            if one.native_id not in found and one.native_id != mention.native_id
        ]
        found.update({one.native_id: one for one in others[:most]})
        more = bool((answer.get("meta") or {}).get("next_token"))
        return {Cut.BESIDE} if more or len(others) > most else set()


def _is_handle(handle: str) -> bool:
    """Whether it may stand in X's query."""
    return (
        0 < len(handle) <= _LONGEST_HANDLE and handle.replace("_", "a").isascii() and handle.replace("_", "a").isalnum()
    )
