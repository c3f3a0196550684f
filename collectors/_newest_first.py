"""Walking down a list that runs from new to old, by page tokens, so that a cut never loses its older part.

The cursor of such a list::

    asked      what the rest belongs to (address, query): another one begins anew
    reached    the time of the newest item of the last whole walk, in seconds since 1970; 0 before the first
    swept      when the last sweep began, 0 before the first
    pages      how many pages that sweep had
    backlog    where a walk was cut off (a `Way`); read to its end before the list's top again

Usually a walk ends at what was reached before, less an overlap. Now and then one is a sweep: it goes as far back as
the list is watched, since what changes further down (an edit, an answer to an older item) moves nothing up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors._google import LostPlaceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page. ``times`` are those of its items, in seconds, as far as they are known; ``token`` is "" at the end."""

    items: Sequence[Any]
    times: Sequence[float]
    token: str


@dataclass(slots=True, kw_only=True)
class Way:
    """How far a walk is. ``floor`` is where it ends, ``newest`` and ``low`` what it passed, ``begun`` its start."""

    floor: float
    begun: float
    sweep: bool
    token: str = ""
    newest: float = 0.0
    low: float = 0.0
    pages: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A page of a walk. ``last``: the walk ends with it; ``bottom``: since the list does."""

    page: Listed
    way: Way
    last: bool
    bottom: bool


Turn = Callable[[Way], Listed]
"""Fetches the page at a way's token."""


class Walk:
    """The walks of one reading. ``swept_every`` says how long after a sweep of so many pages the next one is due."""

    def __init__(
        self,
        cursor: Mapping[str, Any],
        *,
        asked: str,
        now: datetime,
        overlap: timedelta,
        watch: timedelta,
        swept_every: Callable[[int], timedelta],
    ) -> None:
        known = cursor if cursor.get("asked") == asked else {}
        self.fresh = not known
        self.reached = float(known.get("reached", 0.0))
        self._asked = asked
        self._now = now.timestamp()
        self._overlap = overlap.total_seconds()
        self._watch = watch.total_seconds()
        self._swept = float(known.get("swept", 0.0))
        self._pages = int(known.get("pages", 0))
        self._every = swept_every
        self._way = Way(**known["backlog"]) if known.get("backlog") else None

    def cursor(self) -> dict[str, Any]:
        """What to keep after the step that was yielded last."""
        kept = {"asked": self._asked, "reached": self.reached, "swept": self._swept, "pages": self._pages}
        return kept if self._way is None else {**kept, "backlog": asdict(self._way)}

    def steps(self, turn: Turn) -> Iterator[Step]:
        """What a cut left over, then the list from its top. Raises what ``turn`` raises."""
        if self._way is not None:
            yield from self._down(self._way, turn)
        yield from self._down(self._from_top(), turn)

    def stretch(self, since: datetime, turn: Turn) -> Iterator[Step]:
        """From the top, or from where a cut left it, down to ``since``."""
        yield from self._down(self._way or Way(floor=since.timestamp(), begun=self._now, sweep=False), turn)

    def _from_top(self) -> Way:
        sweep = self._now - self._swept >= self._every(self._pages).total_seconds()
        if not sweep:
            return Way(floor=self.reached - self._overlap, begun=self._now, sweep=False)
        # Where nothing was read for long, the sweep goes back as far as the last one would have.
        return Way(floor=(self._swept or self._now) - self._watch, begun=self._now, sweep=True)

    def _down(self, way: Way, turn: Turn) -> Iterator[Step]:
        passed = {way.token}
        lost = False
        while True:
            try:
                page = turn(way)
            except LostPlaceError:
                if lost:
                    raise
                lost, passed = True, {""}
                way.token = ""
                continue
            # A time ahead of ours would hide what is posted until then.
            times = [min(at, self._now) for at in page.times]
            way.newest = max([way.newest, *times])
            way.low = min([way.low or self._now, *times])
            way.pages += 1
            way.count += len(page.items)
            bottom = not page.token or page.token in passed
            # Pages may be out of order: only one of which nothing is new ends the walk.
            last = bottom or bool(times and max(times) < way.floor)
            passed.add(page.token)
            way.token = page.token
            self._way = None if last else way
            if last:
                self._end(way)
            yield Step(page=page, way=way, last=last, bottom=bottom)
            if last:
                return

    def _end(self, way: Way) -> None:
        # Where there was nothing at all, nothing older than the walk's floor is missing either.
        self.reached = max(self.reached, way.newest or way.floor)
        if way.sweep:
            self._swept, self._pages = way.begun, way.pages
