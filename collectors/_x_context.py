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
        with opened(access, self._settings, now) as client:
            look = _Look(client, mention, posts.Ours.of(access), Meter(access or Access(name=""), now), now)
            try:
                look.above(caps.above)
                look.beside(caps.beside)
            except TransientError:
                if not look.found:
                    raise
                look.cut |= {Cut.ABOVE, Cut.BESIDE}
            resume = client.full_until()
        found = list(look.found.values())
        batch = Batch(mentions=found, seen=len(found), spent=look.meter.news(), next_check=resume)
        return Context(batch=batch, cut=frozenset(look.cut))

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


class _Look:
    """One look around a mention: what was found, by id, and where it goes on beyond that."""

    def __init__(self, client: XClient, mention: Mention, ours: posts.Ours, meter: Meter, now: datetime) -> None:
        self._client, self._mention, self._ours, self._now = client, mention, ours, now
        self._root = mention.root or mention.native_id
        self.meter = meter
        self.found: dict[str, Mention] = {}
        self.cut: set[Cut] = set()

    def above(self, most: int) -> None:
        """Up the line, with the first post of all in the same call as the nearest."""
        parent = self._mention.parent
        if not parent:
            return
        wanted = [parent] if self._root == parent or most == 1 else [parent, self._root]
        while wanted and most > 0:
            self.found.update(self._look_up(wanted))
            parent = self.found[parent].parent if parent in self.found else ""
            missing = parent and parent not in self.found
            wanted = [parent] if missing and len(self.found) < most else []
        if not self._ends_above():
            self.cut.add(Cut.ABOVE)

    def beside(self, most: int) -> None:
        """Others by one page of recent search."""
        if most <= 0:
            return
        with self.meter.room(posts.DEAREST, most=min(max(most, _LEAST), _PAGE), least=_LEAST) as size:
            asked: dict[str, Any] = {"query": f"conversation_id:{self._root}", "max_results": size, **posts.FIELDS}
            call = partial(self._client.search_recent_tweets, **asked)
            answer = ask(self._client, "search of a conversation", self._now, call)
            self.meter.charge(posts.price(answer))
        known = {self._mention.native_id, *self.found}
        others = {key: one for key, one in self._taken(answer).items() if key not in known}
        self.found.update(list(others.items())[:most])
        if (answer.get("meta") or {}).get("next_token") or len(others) > most:
            self.cut.add(Cut.BESIDE)

    def _ends_above(self) -> bool:
        """Whether the line was followed to a post that answers nothing."""
        above = self.found.get(self._mention.parent)
        passed: set[str] = set()
        while above is not None and above.parent and above.native_id not in passed:
            passed.add(above.native_id)
            above = self.found.get(above.parent)
        return above is not None and not above.parent

    def _look_up(self, ids: Sequence[str]) -> dict[str, Mention]:
        with self.meter.room(posts.DEAREST, most=len(ids)) as affordable:
            call = partial(self._client.get_tweets, list(ids[:affordable]), **posts.FIELDS)
            answer = ask(self._client, "look-up of a conversation", self._now, call)
            self.meter.charge(posts.price(answer))
        return self._taken(answer)

    def _taken(self, answer: Any) -> dict[str, Mention]:
        return {one.native_id: one for one in posts.take_apart(answer, self._ours, self._now, {}).mentions}


def _is_handle(handle: str) -> bool:
    """Whether it may stand in X's query."""
    return (
        0 < len(handle) <= _LONGEST_HANDLE and handle.replace("_", "a").isascii() and handle.replace("_", "a").isalnum()
    )
