"""How YouTube's lists become batches: the comments of a channel or video, and searches for videos.

`youtube` says what the cursors hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from collectors import _youtube_posts as posts
from collectors._google import MissingError
from collectors._newest_first import Listed, Step, Walk, Way
from collectors._options import bad, days
from collectors._query import Matches
from collectors._text import storable_deep
from collectors._youtube_line import Tube
from sahut.core.model import Batch, Currency, DeadItem, Gap, Mention, Source

_WATCH = timedelta(days=30)
_OVERLAP = timedelta(hours=1)
_SWEPT = timedelta(hours=1)
_SWEEP_UNITS = 2_500  # a day, of the usual 10,000
# Videos enter the search index late.
_SEARCH_OVERLAP = timedelta(days=1)
_SEARCH_WATCH = timedelta(days=7)
_SEARCH_END = 450  # results: YouTube ends a search after some five hundred
_SEARCH_PACE = timedelta(minutes=15)
NOWHERE = posts.Within()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``where`` is what to ask for, empty for a search; ``video`` where all comments stand below one."""

    where: dict[str, str]
    video: str
    matches: Matches


class Kept:
    """What a page brought; each mention once in a reading."""

    def __init__(self, us: str, now: datetime) -> None:
        self._us = us
        self._now = now
        self.brought: set[str] = set()
        self.mentions: list[Mention] = []
        self.dead: list[DeadItem] = []
        self.seen = 0

    def comment(self, item: Any, within: posts.Within) -> Mention | None:
        raw = {"kind": "comment", "item": storable_deep(item), "within": asdict(within), "us": self._us}
        return self._take(lambda: posts.comment(item, self._us, within, self._now), item, raw)

    def video(self, item: Any) -> Mention | None:
        raw = {"kind": "video", "item": storable_deep(item), "us": self._us}
        return self._take(lambda: posts.video(item, self._us, self._now), item, raw)

    def _take(self, read: Any, item: Any, raw: Mapping[str, Any]) -> Mention | None:
        self.seen += 1
        try:
            found: Mention = read()
        except ValueError as error:
            native_id = str(item.get("id") or "") if isinstance(item, dict) else ""
            self.dead.append(DeadItem(reason=str(error), native_id=native_id, raw=raw))
            return None
        if found.native_id not in self.brought:
            self.brought.add(found.native_id)
            self.mentions.append(found)
        return found

    def batch(self, tube: Tube, matches: Matches | None = None) -> Batch:
        """What came since this was asked last. An answer to us counts, whatever the filter says."""
        kept = [one for one in self.mentions if matches is None or _wanted(one, matches)]
        made = Batch(mentions=kept, dead=self.dead, seen=self.seen, spent=tube.line.news(), session=tube.line.fresh)
        self.mentions, self.dead, self.seen = [], [], 0
        return made


def _wanted(mention: Mention, matches: Matches) -> bool:
    return mention.own or (mention.to_us and bool(mention.root)) or matches(mention.body)


class Comments:
    """One reading of the comments of a channel or a video."""

    def __init__(
        self, tube: Tube, place: Place, source: Source, now: datetime, *, asked: str, until: datetime | None = None
    ) -> None:
        self._tube = tube
        self._place = place
        self._until = None if until is None else until.timestamp()
        self._kept = Kept(tube.us, now)
        self.walk = Walk(
            source.cursor,
            asked=asked,
            now=now,
            overlap=_OVERLAP,
            watch=days(source, "watch_days", _WATCH.days, none_allowed=False),
            swept_every=lambda pages: max(_SWEPT, timedelta(days=pages / _SWEEP_UNITS)),
        )
        cursor = {} if self.walk.fresh else source.cursor
        self._deep: list[list[Any]] = [list(one) for one in cursor.get("deep", [])]
        self._known: dict[str, list[Any]] = {key: list(value) for key, value in cursor.get("known", {}).items()}

    def turn(self, way: Way) -> Listed:
        """The page of threads at ``way``."""
        items, token = self._tube.threads(self._place.where, way.token)
        times = [posts.seconds(_top(item)) for item in items]
        return Listed(items=items, times=[at for at in times if at], token=token)

    def page(self, step: Step) -> Batch:
        """What a page of threads holds; answers that did not come along are put down to be read."""
        for item in step.page.items:
            self._thread(item)
        if step.last and step.way.sweep:
            self._known = {key: value for key, value in self._known.items() if value[1] >= step.way.floor}
        return self._batch()

    def deeper(self) -> Iterator[Batch]:
        """The answers put down, a page each."""
        while self._deep:
            thread, mark, video, ours, published, token = self._deep[0]
            notes = []
            try:
                items, after = self._tube.replies(thread, token)
            except MissingError as error:
                items, after = [], ""
                notes.append(f"{error}; its answers are left out")
            for item in items:
                self._kept.comment(item, posts.Within(video=video, parent=thread, ours=ours))
            if after and after != token and len(items) > 0:
                self._deep[0][5] = after
            else:
                self._deep.pop(0)
                self._known[thread] = [mark, published]
            yield replace(self._batch(), notes=notes)

    def _thread(self, item: Any) -> None:
        try:
            thread = posts.thread(item)
        except ValueError:
            self._kept.comment(_top(item), NOWHERE)
            return
        video = thread.video or self._place.video
        top = self._kept.comment(thread.top, posts.Within(video=video, ours=thread.channel == self._tube.us != ""))
        ours = top is not None and top.own
        for reply in thread.replies:
            self._kept.comment(reply, posts.Within(video=video, parent=thread.id, ours=ours))
        out = self._until is not None and thread.at >= self._until
        if thread.whole or out or self._known.get(thread.id, [""])[0] == thread.mark:
            return
        self._deep = [one for one in self._deep if one[0] != thread.id]
        self._deep.append([thread.id, thread.mark, video, ours, thread.at, ""])

    def _batch(self) -> Batch:
        cursor = {**self.walk.cursor(), "deep": [list(one) for one in self._deep], "known": dict(self._known)}
        return replace(self._kept.batch(self._tube, self._place.matches), cursor=cursor)


def _top(item: Any) -> Any:
    """The comment that a thread stands for, or what is there in its place."""
    snippet = item.get("snippet") if isinstance(item, dict) else None
    return snippet.get("topLevelComment", item) if isinstance(snippet, dict) else item


class Search:
    """One reading of a search for videos: a search call and a unit for each fifty of them."""

    def __init__(
        self, tube: Tube, source: Source, now: datetime, *, span: tuple[datetime, datetime] | None = None
    ) -> None:
        if not source.query.strip():
            raise bad(source, "a search needs a query")
        self._tube = tube
        self._query = source.query.strip()
        self._now = now
        self._span = span
        self._left = tube.line.left(Currency.SEARCHES)
        self._kept = Kept(tube.us, now)
        tail = "" if span is None else f" from {span[0].isoformat()} to {span[1].isoformat()}"
        self._walk = Walk(
            source.cursor,
            asked=f"search {self._query}{tail}",
            now=now,
            overlap=_SEARCH_OVERLAP,
            watch=_SEARCH_WATCH,
            swept_every=lambda _pages: timedelta(days=1),
        )

    def collect(self) -> Iterator[Batch]:
        for step in self._walk.steps(self._turn):
            yield replace(self._page(step), next_check=self._pace())

    def backfill(self) -> Iterator[Batch]:
        since = self._now if self._span is None else self._span[0]
        for step in self._walk.stretch(since, self._turn):
            yield self._page(step)

    def _turn(self, way: Way) -> Listed:
        before = None if self._span is None else self._span[1]
        found, token = self._tube.search(self._query, after=way.floor, before=before, token=way.token)
        ids = [str(one["id"]["videoId"]) for one in found if _has_video(one)]
        items = [*(self._tube.videos(list(dict.fromkeys(ids))) if ids else [])]
        broken = [one for one in found if not _has_video(one)]
        times = [posts.seconds(item) for item in items]
        return Listed(items=[*items, *broken], times=[at for at in times if at], token=token)

    def _page(self, step: Step) -> Batch:
        for item in step.page.items:
            self._kept.video(item)
        gaps = []
        if step.bottom and step.way.count >= _SEARCH_END:
            since, until = (datetime.fromtimestamp(max(0.0, at), UTC) for at in (step.way.floor, step.way.low))
            reason = f"YouTube ended the search after {step.way.count} videos"
            gaps.append(Gap(since=since, until=until, reason=reason))
        return replace(self._kept.batch(self._tube), cursor=self._walk.cursor(), gaps=gaps)

    def _pace(self) -> datetime:
        """Spread the searches that are left over the rest of the day."""
        if not self._left:
            return self._now + _SEARCH_PACE
        midnight = datetime.combine(self._now.date() + timedelta(days=1), time(), tzinfo=UTC)
        return self._now + max(_SEARCH_PACE, (midnight - self._now) / self._left)


def _has_video(found: Any) -> bool:
    identity = found.get("id") if isinstance(found, dict) else None
    return isinstance(identity, dict) and isinstance(identity.get("videoId"), str)
