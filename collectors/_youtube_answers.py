"""Answers of our channel on YouTube: what may be said where, saying it, and finding out whether it was said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from collectors import _youtube_posts as posts
from collectors._youtube_line import Tube, may_write
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Capability, Mention, Problem, ReplyRules, SentReply
from sahut.core.rules import plain_words

LIMIT = 10_000
_CLOCKS = timedelta(minutes=2)  # how far YouTube's clock and ours may be apart
# A new comment takes a while to turn up in lists: before that, not to be found says nothing.
_LISTED_AFTER = timedelta(minutes=10)
_SHOWN = "published"
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


def capability(mention: Mention, access: Access | None) -> Capability:
    """See `YoutubeCollector.capability`."""
    if mention.own:
        return Capability.NONE
    return Capability.API if may_write(access) else Capability.MANUAL


def measure(text: str, mention: Mention) -> ReplyRules:
    """See `YoutubeCollector.measure`."""
    warnings = []
    if _LINK.search(text):
        warnings.append("YouTube may hold back comments with links below videos of others")
    if mention.root:
        warnings.append("YouTube keeps answers in one list: say by @name to whom this one speaks")
    return ReplyRules(used=len(text.strip()), limit=LIMIT, warnings=tuple(warnings))


def reply(tube: Tube, mention: Mention, text: str) -> SentReply:
    """See `Replier.reply`."""
    if not tube.signed:
        raise PermanentError(
            "YouTube: this credential only reads; give it an OAuth client and a refresh token of the channel",
            problem=Problem.LACKS_ACCESS,
        )
    if _is_video(mention):
        made = tube.comment(mention.native_id, mention.author.handle if mention.author else "", text)
        snippet = made.get("snippet")
        made = snippet.get("topLevelComment") if isinstance(snippet, dict) else None
    else:
        made = tube.answer(mention.root or mention.native_id, text)
    sent = _sent(made, tube, mention)
    if sent is None:
        raise InDoubtError("YouTube answered our comment without naming it", problem=Problem.NOT_READABLE)
    return sent


def find(tube: Tube, mention: Mention, text: str, *, since: datetime, now: datetime) -> SentReply | None:
    """See `Replier.find_reply`."""
    if not tube.us:
        raise PermanentError("YouTube: the credential doesn't name our channel", problem=Problem.BAD_SETTINGS)
    begin = since - _CLOCKS
    for item in _below_video(tube, mention, begin) if _is_video(mention) else _below_comment(tube, mention):
        try:
            found = posts.comment(item, tube.us, posts.Within(), now)
        except ValueError:
            continue
        late = found.published_at is None or found.published_at >= begin
        if found.own and late and _same(found.text, text):
            return _sent(item, tube, mention)
    if now < since + _LISTED_AFTER:
        raise TransientError(
            "YouTube: our comment is not listed, which may take some minutes",
            problem=Problem.NOT_READABLE,
            not_before=since + _LISTED_AFTER,
        )
    return None


def _same(one: str, other: str) -> bool:
    plain = plain_words(one)
    return plain == plain_words(other) and (bool(plain) or one.split() == other.split())


def _is_video(mention: Mention) -> bool:
    return len(mention.native_id) == posts.VIDEO_ID


def _below_comment(tube: Tube, mention: Mention) -> Iterator[Any]:
    token = ""
    while True:
        items, after = tube.replies(mention.root or mention.native_id, token)
        yield from items
        if not after or after == token:
            return
        token = after


def _below_video(tube: Tube, mention: Mention, begin: datetime) -> Iterator[Any]:
    token = ""
    while True:
        items, after = tube.threads({"videoId": mention.native_id}, token)
        tops = [item["snippet"].get("topLevelComment") for item in items if isinstance(item.get("snippet"), dict)]
        yield from tops
        times = [at for at in map(posts.seconds, tops) if at]
        if not after or after == token or (times and max(times) < begin.timestamp()):
            return
        token = after


def _sent(item: Any, tube: Tube, mention: Mention) -> SentReply | None:
    video = mention.native_id if _is_video(mention) else str(mention.raw.get("video", ""))
    if not video and "v=" in mention.permalink:
        video = mention.permalink.partition("v=")[2].partition("&")[0]
    try:
        made = posts.comment(item, tube.us, posts.Within(video=video), tube.line.now)
    except ValueError:
        return None
    snippet = item["snippet"]
    return SentReply(
        native_id=made.native_id,
        permalink=made.permalink,
        sent_at=made.published_at,
        session=tube.line.fresh,
        # Said to the owner of the channel or the video alone; to others what is held is not listed.
        held=snippet.get("moderationStatus", _SHOWN) != _SHOWN,
    )
