"""Conversations on YouTube: a comment with the answers below it in one flat list, and the video that it speaks of."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from collectors import _youtube_posts as posts
from collectors._conversation import Line, kept
from collectors._youtube_line import Tube
from sahut.core.model import Batch, Caps, Context, Mention

_AT = re.compile(r"[?&]v=([\w-]{11})(?:&|$)")
# Lists have a hundred items a page, a unit each.
_PAGES = 3


def context(tube: Tube, mention: Mention, caps: Caps, *, now: datetime) -> Context:
    """See `ContextReader.context`: a unit each for the comment above, the video, and a page of the others.

    Raises PermanentError(GONE) where the thread is gone.
    """
    look = _Look(tube, now)
    line = look.above(mention, caps.above)
    others, more = look.others(mention, line, caps.beside) if caps.beside else ([], False)
    chosen, cut = kept(mention, caps, line, others, more=more)
    batch = Batch(mentions=chosen, seen=len(chosen), spent=tube.line.news(), session=tube.line.fresh)
    return Context(batch=batch, cut=cut)


class _Look:
    def __init__(self, tube: Tube, now: datetime) -> None:
        self._tube, self._now = tube, now

    def above(self, mention: Mention, most: int) -> Line:
        """The comment that began the thread, then the video."""
        if not mention.parent:
            return Line(posts=(), whole=True)
        if most <= 0:
            return Line(posts=(), whole=False)
        if not mention.root:
            return self._video(mention.parent, [])
        top = self._comment(mention.root, _video_of(mention))
        if top is None or most == 1:
            return Line(posts=[top] if top else [], whole=False)
        return self._video(top.parent, [top])

    def others(self, mention: Mention, line: Line, most: int) -> tuple[list[Mention], bool]:
        """The thread's other answers, newest first; of a video its newest comments. And whether there are more."""
        video = not mention.root and len(mention.native_id) == posts.VIDEO_ID
        thread = mention.root or mention.native_id
        found: list[Mention] = []
        token = ""
        for _ in range(_PAGES):
            if video:
                items, after = self._tube.threads({"videoId": mention.native_id}, token)
                found += self._tops(items, mention)
            else:
                items, after = self._tube.replies(thread, token)
                top = next((one for one in line.posts if one.native_id == thread), mention)
                within = posts.Within(video=_video_of(mention), parent=thread, ours=top.own)
                found += self._read(items, within)
            if len(found) > most or not items or after in {"", token}:
                return found, bool(after) and after != token
            token = after
        return found, True

    def _video(self, native_id: str, below: list[Mention]) -> Line:
        for item in self._tube.videos([native_id]) if native_id else []:
            try:
                return Line(posts=[*below, posts.video(item, self._tube.us, self._now)], whole=True)
            except ValueError:
                continue
        return Line(posts=below, whole=False)

    def _comment(self, native_id: str, video: str) -> Mention | None:
        found = self._read(self._tube.comments([native_id]), posts.Within(video=video))
        return found[0] if found else None

    def _tops(self, items: list[Any], video: Mention) -> list[Mention]:
        tops = []
        for item in items:
            try:
                tops.append(posts.thread(item).top)
            except ValueError:
                continue  # no loss to a conversation
        return self._read(tops, posts.Within(video=video.native_id, ours=video.own))

    def _read(self, items: list[Any], within: posts.Within) -> list[Mention]:
        found = []
        for item in items:
            try:
                found.append(posts.comment(item, self._tube.us, within, self._now))
            except ValueError:
                continue  # as above
        return found


def _video_of(mention: Mention) -> str:
    """The video that a comment stands below: comments asked for by id don't always say it."""
    found = _AT.search(mention.permalink)
    return found[1] if found else ""
