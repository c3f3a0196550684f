"""YouTube: comments below our videos with the answers to them, comments of one video, searches for videos.

Addresses: ``me`` (our channel), ``UC…`` (any channel's id), ``video/ID`` or a video's web address, and ``search``
with the source's query as YouTube's own search text. Elsewhere the query filters here. The cursor is that of
`_newest_first` with::

    deep     threads whose answers did not all come along, to be read: [thread, mark, video, ours, published, token]
    known    {thread: [mark, published]} of those that were read, as long as the sweeps see them

A new answer to an old comment moves nothing up, so that the comments of the last thirty days (option ``watch_days``)
are swept hourly, less often where that would cost more than a quarter of the usual quota.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from collectors import _youtube_answers, _youtube_context
from collectors import _youtube_posts as posts
from collectors._looking import Looking
from collectors._options import filter_of
from collectors._query import compiled
from collectors._settings import CollectorSettings
from collectors._youtube_line import COMMENTS_AT_ONCE, VIDEOS_AT_ONCE, Tube
from collectors._youtube_reading import NOWHERE, Comments, Kept, Place, Search
from sahut.core.errors import PermanentError
from sahut.core.model import (
    Access,
    Batch,
    Capability,
    Caps,
    Context,
    Currency,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import FieldKind, FormField, PlaceSort, QueryUse, SourceForm

_CHANNEL = re.compile(r"(?:https?://(?:www\.|m\.)?youtube\.com/channel/)?(UC[\w-]{22})/?")
_VIDEO = re.compile(
    r"(?:video/|(?:https?://)?(?:(?:www\.|m\.)?youtube\.com/(?:watch\?(?:.*&)?v=|shorts/|live/)|youtu\.be/))"
    r"([\w-]{11})(?:[?&/].*)?"
)


class YoutubeCollector:
    """Reads comments and videos, and answers comments as our channel."""

    platform = "youtube"
    guide = Guide(
        steps=(
            "At https://console.cloud.google.com make a project, and enable 'YouTube Data API v3' in its library.",
            "Under 'Credentials' create an API key, and restrict it to that interface.",
            "Copy the channel's id from https://www.youtube.com/account_advanced (it begins with UC).",
            "To answer: set up the consent screen (user type Internal, or External and published),",
            "and create an OAuth client of type 'Web application' that may return to the OAuth playground.",
            "At https://developers.google.com/oauthplayground, with your own client set, sign in as the channel's",
            "account for https://www.googleapis.com/auth/youtube.force-ssl, and copy the refresh token.",
            "Give the credential a budget of 10,000 units and 100 searches a day, Google's usual quota.",
        ),
        currencies=(Currency.UNITS, Currency.SEARCHES),
        needs=(
            Need(key="api_key", words="the API key"),
            Need(key="channel", words="the id of our channel, UC…", secret=False, required=False),
            Need(key="client_id", words="the OAuth client's id, to answer", secret=False, required=False),
            Need(key="client_secret", words="the OAuth client's secret, to answer", required=False),
            Need(key="refresh_token", words="the refresh token of the channel's account, to answer", required=False),
        ),
    )

    form = SourceForm(
        places=(
            PlaceSort(key="ours", words="comments below all videos of our channel", address="me"),
            PlaceSort(
                key="video",
                words="comments below one video",
                address="video/{}",
                asks=FormField(
                    key="video",
                    words="the video's id",
                    help="The eleven signs after v= in the video's address.",
                    required=True,
                    example="dQw4w9WgXcQ",
                ),
            ),
            PlaceSort(
                key="search", words="videos that YouTube's search finds", address="search", query=QueryUse.SEARCH
            ),
            PlaceSort(
                key="channel",
                words="comments below all videos of another channel",
                address="UC{}",
                asks=FormField(
                    key="channel",
                    words="the channel's id",
                    help="It begins with UC, and stands in the channel's address.",
                    required=True,
                    example="UC…",
                ),
            ),
        ),
        options=(
            FormField(
                key="watch_days",
                words="for how many days new comments are looked for",
                kind=FieldKind.DAYS,
                default="30",
                least=1,
            ),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of 100 comments, newest first, down to what is known; then answers that did not come along."""
        tube = Tube(self._settings, access, now=now)
        place = _place(source, tube.us)
        if not place.where:
            yield from Search(tube, source, now).collect()
            return
        reading = Comments(tube, place, source, now, asked=source.address)
        yield from reading.deeper()
        for step in reading.walk.steps(reading.turn):
            yield reading.page(step)
        yield from reading.deeper()

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """Comments and videos posted from ``since`` to before ``until``, with the answers below such comments."""
        tube = Tube(self._settings, access, now=now)
        place = _place(source, tube.us)
        if not place.where:
            yield from Search(tube, source, now, span=(since, until)).backfill()
            return
        asked = f"{source.address} from {since.isoformat()} to {until.isoformat()}"
        reading = Comments(tube, place, source, now, asked=asked, until=until)
        pages = (reading.page(step) for step in reading.walk.stretch(since, reading.turn))
        for batch in chain(reading.deeper(), pages, reading.deeper()):
            yield _inside(batch, since, until)

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - every source reads alike
        """Read a dead item again. Raises ValueError with the reason."""
        us = str(raw.get("us", ""))
        if raw.get("kind") == "video":
            return posts.video(raw.get("item"), us, now)
        within = raw.get("within")
        return posts.comment(raw.get("item"), us, posts.Within(**within) if isinstance(within, dict) else NOWHERE, now)

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """A unit for each 25 comments and each 50 videos."""
        tube = Tube(self._settings, access, now=now)
        videos = [one for one in native_ids if len(one) == posts.VIDEO_ID]
        comments = [one for one in native_ids if len(one) != posts.VIDEO_ID]
        kept = Kept(tube.us, now)

        def look_at_comments(part: Sequence[str]) -> None:
            for item in tube.comments(part):
                kept.comment(item, NOWHERE)

        def look_at_videos(part: Sequence[str]) -> None:
            for item in tube.videos(part):
                kept.video(item)

        looking = Looking()
        looking.at(comments, COMMENTS_AT_ONCE, look_at_comments)
        looking.at(videos, VIDEOS_AT_ONCE, look_at_videos)
        known = {*looking.left, *kept.brought, *(letter.native_id for letter in kept.dead)}
        withdrawn = [one for one in native_ids if one not in known]
        return replace(kept.batch(tube), withdrawn=withdrawn, left=looking.left, stopped=looking.stopped)

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """A unit each for the comment above, the video, and a page of the thread's other answers."""
        return _youtube_context.context(Tube(self._settings, access, now=now), mention, caps, now=now)

    def prove(self, access: Access, *, now: datetime) -> str:
        """The channel's title and id."""
        return Tube(self._settings, access, now=now).who()

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """By hand where the credential only reads."""
        return _youtube_answers.capability(mention, access)

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - the same for all
        """Characters, of 10,000."""
        return _youtube_answers.measure(text, mention)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - YouTube knows no such keys
        """Answer below the comment that began the conversation, or below a video."""
        return _youtube_answers.reply(Tube(self._settings, access, now=now), mention, text)

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Look through the answers below that comment, or the newest comments of that video."""
        return _youtube_answers.find(Tube(self._settings, access, now=now), mention, text, since=since, now=now)


def _place(source: Source, us: str) -> Place:
    address = source.address.strip()
    if address == "search":
        return Place(where={}, video="", matches=compiled(""))
    matches = filter_of(source)
    if address == "me" and not us:
        raise PermanentError(
            f"source '{source.name}': 'me' needs the channel's id in the credential", problem=Problem.BAD_SETTINGS
        )
    channel = _CHANNEL.fullmatch(us if address == "me" else address)
    if channel is not None:
        return Place(where={"allThreadsRelatedToChannelId": channel[1]}, video="", matches=matches)
    video = _VIDEO.fullmatch(address)
    if video is not None:
        return Place(where={"videoId": video[1]}, video=video[1], matches=matches)
    raise PermanentError(
        f"source '{source.name}': '{source.address}' is no address here; write me, a channel's id (UC…), video/ID "
        "or search",
        problem=Problem.BAD_ADDRESS,
    )


def _inside(batch: Batch, since: datetime, until: datetime) -> Batch:
    inside = [one for one in batch.mentions if one.published_at is None or since <= one.published_at < until]
    return replace(batch, mentions=inside)
