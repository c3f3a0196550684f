"""Bluesky: search, mentions of our account and what accounts post; answers by posts that name parent and root.

Addresses: ``search`` (the source's query as Bluesky's own search text), ``mentions`` (what names, answers or quotes our
account) and ``@HANDLE`` (what an account posts, answers and reposts). Outside of searches the query filters here. The
option ``first_days`` (7) is how far back a first reading goes. The cursor::

    asked      address and query that the rest belongs to
    reached    the newest time of the last whole reading; the next goes down to an hour before it
    down       where a reading was cut off: {"cursor", "floor", "until", "low", "newest"}; read to its end first

All lists run from new to old. A search gives ten thousand posts by its cursors, so it goes on by time from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from collectors import _bluesky_posts as posts
from collectors._http import HttpClient
from collectors._looking import Looking
from collectors._options import bad, days, filter_of
from collectors._query import Matches
from collectors._settings import CollectorSettings
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import (
    Access,
    Batch,
    Capability,
    Caps,
    Context,
    DeadItem,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import FieldKind, FormField, PlaceSort, QueryUse, SourceForm

if TYPE_CHECKING:
    from collectors._bluesky_line import Line

if find_spec("atproto_client") is None:  # it is slow to import, so that is left to the first call
    raise ModuleNotFoundError("No module named 'atproto_client'", name="atproto")

OVERLAP = timedelta(hours=1)
PAGE = 100
GRAPHEMES, BYTES = 300, 3_000
_MANY = 25  # how many posts can be looked up in one call
_FIRST_DAYS = 7
_HANDLE = re.compile(r"(?:@|https?://bsky\.app/profile/)([A-Za-z0-9.:_-]+)/?")
_TIMES = ("floor", "until", "low", "newest")
_REASONS = ("mention", "reply", "quote")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """``search`` (the text) or ``account`` (a handle or DID); neither for our mentions."""

    search: str = ""
    account: str = ""
    matches: Matches = lambda _text: True

    def at(self, item: Any) -> datetime | None:
        """The time by which its list is sorted."""
        return posts.sorted_at(item) if self.search or self.account else posts.listed_at(item)


@dataclass(slots=True, kw_only=True)
class _Walk:
    """A way down to ``floor``, from ``until`` where that is given; ``cursor`` leads on.

    ``low`` and ``newest`` are the times of the oldest and the newest item passed so far.
    """

    floor: datetime
    until: datetime | None = None
    cursor: str = ""
    low: datetime | None = None
    newest: datetime | None = None

    def passed(self, items: Sequence[Any], place: _Place, now: datetime) -> bool:
        """Note the times of a page. Whether it lies below the floor: most of it, since some may stand out of order."""
        times = sorted(at for at in map(place.at, items) if at is not None)
        if not times:
            return False
        self.low = min(times[0], self.low or times[0])
        # A time ahead of ours would hide what is posted until then.
        self.newest = min(max(times[-1], self.newest or times[-1]), now)
        return times[len(times) // 2] < self.floor

    def go_on_by_time(self) -> None:
        """Without a cursor, from a second above the oldest: more may have been posted in that second."""
        self.cursor = ""
        self.until = self.until if self.low is None else self.low + timedelta(seconds=1)

    def stored(self) -> dict[str, str]:
        """For a cursor."""
        times = {name: getattr(self, name) for name in _TIMES}
        return {"cursor": self.cursor} | {name: at.isoformat() for name, at in times.items() if at is not None}

    @classmethod
    def restored(cls, stored: Mapping[str, str]) -> _Walk:
        """From a cursor."""
        times = {name: datetime.fromisoformat(stored[name]) for name in _TIMES if name in stored}
        return cls(cursor=stored["cursor"], **times)


class BlueskyCollector:
    """Reads as our account, by a session that is kept with the credential, and answers as it."""

    platform = "bluesky"
    guide = Guide(
        steps=(
            "Make an account for the agency on bsky.app, and confirm its e-mail address.",
            "Under Settings > Privacy and security > App passwords, add one and copy it.",
            "Never use the account's own password here: an app password can be taken back by itself.",
        ),
        needs=(
            Need(key="handle", words="the account's handle, such as dinas.bsky.social", secret=False),
            Need(key="app_password", words="the app password, four groups of four letters"),
            Need(
                key="base_url",
                words="the address of the account's own server, where that is not Bluesky's (https://bsky.social)",
                secret=False,
                required=False,
            ),
        ),
    )

    form = SourceForm(
        places=(
            PlaceSort(key="search", words="Bluesky's search", address="search", query=QueryUse.SEARCH),
            PlaceSort(key="mentions", words="posts that name, answer or quote our account", address="mentions"),
            PlaceSort(
                key="account",
                words="what an account posts",
                address="@{}",
                asks=FormField(key="account", words="the account's name", required=True, example="admin.bsky.social"),
            ),
        ),
        options=(
            FormField(
                key="first_days",
                words="how many days back the first reading goes",
                kind=FieldKind.DAYS,
                default="7",
            ),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._http = HttpClient(settings)

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of up to 100, newest first. Raises TransientError, PermanentError."""
        place, first = _place(source), days(source, "first_days", _FIRST_DAYS)
        asked = f"{source.address}\n{source.query}"
        cursor: dict[str, Any] = dict(source.cursor) if source.cursor.get("asked") == asked else {"asked": asked}
        line = _line(self._http, access, now)
        line.sign_in()
        if line.fresh is not None:
            # Kept at once: whatever happens to the reading, the next one need not log in.
            yield Batch(cursor=dict(cursor), session=line.fresh)
        reading = _Reading(line, place, cursor, now)
        left = cursor.pop("down", None)
        if left is not None:
            yield from reading.down(_Walk.restored(left))
        reached = cursor.get("reached")
        floor = now - first if reached is None else datetime.fromisoformat(reached) - OVERLAP
        yield from reading.down(_Walk(floor=floor))

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """As `collect`: what was posted from ``since`` to before ``until``."""
        place = _place(source)
        asked = f"{source.address}\n{source.query}\n{since.isoformat()}\n{until.isoformat()}"
        cursor: dict[str, Any] = dict(source.cursor) if source.cursor.get("asked") == asked else {"asked": asked}
        line = _line(self._http, access, now)
        reading = _Reading(line, place, cursor, now, until)
        left = cursor.pop("down", None)
        yield from reading.down(_Walk(floor=since, until=until) if left is None else _Walk.restored(left))

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - every source reads alike
        """Read a dead item again. Raises ValueError with the reason."""
        return posts.revived(raw, now=now)

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """One call for 25. What does not come back is deleted, or its account is closed. Reposts are not looked at."""
        line = _line(self._http, access, now)
        wanted = [one for one in native_ids[:100] if f"/{posts.POST}/" in one and "#" not in one]
        found: list[Any] = []

        def look(part: Sequence[str]) -> None:
            found.extend(_listed(line.query("app.bsky.feed.getPosts", uris=part), "posts"))

        looking = Looking()
        looking.at(wanted, _MANY, look)
        mentions, dead = _read(found, line.did, now)
        known = {*looking.left, *(one.native_id for one in mentions), *(one.native_id for one in dead)}
        return Batch(
            mentions=mentions,
            dead=dead,
            withdrawn=[one for one in wanted if one not in known],
            left=looking.left,
            stopped=looking.stopped,
            seen=len(found),
            session=line.fresh,
        )

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """See `ContextReader.context`. Reposts have none of their own."""
        from collectors import _bluesky_context  # noqa: PLC0415 - see `_line`

        if mention.repost_of:
            return Context(batch=Batch())
        return _bluesky_context.context(_line(self._http, access, now), mention, caps, now=now)

    def prove(self, access: Access, *, now: datetime) -> str:
        """Our account's handle, by the app password itself: a kept session would say nothing of it."""
        line = _line(self._http, replace(access, session={}), now)
        line.sign_in()
        return f"@{line.handle}"

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """By API with an app password; none where the writer lets nobody answer, and under our own posts."""
        if mention.own or mention.raw.get("closed"):
            return Capability.NONE
        able = access is not None and access.secrets.get("app_password") and mention.raw.get("cid")
        return Capability.API if able and not mention.repost_of else Capability.MANUAL

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - the same everywhere
        """Graphemes, of 300; bytes, of 3,000, where those are what is too much."""
        import grapheme  # noqa: PLC0415 - it reads its tables from files, which the board's first page need not wait for

        used, weight = grapheme.length(text.strip()), len(text.strip().encode("utf-8", "surrogatepass"))
        if weight > BYTES and used <= GRAPHEMES:
            return ReplyRules(
                used=weight, limit=BYTES, warnings=("counted in bytes: emoji and accents weigh more than they look",)
            )
        return ReplyRules(used=used, limit=GRAPHEMES)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:
        """Post ``text`` under ``mention``, in a record whose key follows from ``key``: a second one cannot be made."""
        from collectors import _bluesky_answers  # noqa: PLC0415 - see `_line`

        return _bluesky_answers.reply(_line(self._http, access, now), mention, text.strip(), key=key, now=now)

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        """Our answer, to be continued; its version is asked for when it is."""
        return posts.beneath(mention, above)

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Looked for among our account's own records."""
        from collectors import _bluesky_answers  # noqa: PLC0415 - see `_line`

        return _bluesky_answers.find(_line(self._http, access, now), mention, text, since=since)


def _line(http: HttpClient, access: Access | None, now: datetime) -> Line:
    from collectors._bluesky_line import Line  # noqa: PLC0415 - the atproto library takes seconds to import

    return Line(http, access, now=now)


def _place(source: Source) -> _Place:
    address = source.address.strip()
    if address == "search":
        if not source.query.strip():
            raise bad(source, "a search needs a query")
        return _Place(search=source.query.strip())
    matches = filter_of(source)
    if address == "mentions":
        return _Place(matches=matches)
    if found := _HANDLE.fullmatch(address):
        return _Place(account=found[1], matches=matches)
    raise PermanentError(
        f"source '{source.name}': '{source.address}' is no address here; write search, mentions or @HANDLE",
        problem=Problem.BAD_ADDRESS,
    )


class _Reading:
    """One reading of one source."""

    def __init__(
        self, line: Line, place: _Place, cursor: dict[str, Any], now: datetime, until: datetime | None = None
    ) -> None:
        self._line = line
        self._place = place
        self._cursor = cursor
        self._now = now
        self._until = until
        self._brought: set[str] = set()

    def down(self, walk: _Walk) -> Iterator[Batch]:
        """Page by page to the floor, or to the list's end."""
        if self._place.search and walk.cursor:
            # Cursors of a search count its posts, and would pass over some where others came or went.
            walk.go_on_by_time()
        passed: set[str] = set()
        while True:
            items, following = self._page(walk)
            mentions, dead, new = self._new(items, walk)
            ended = walk.passed(items, self._place, self._now) or following in passed
            walk.cursor = following
            if not ended and not following:
                # The end of the list, or as far as cursors lead: then it goes on by time.
                ended = not self._place.search or not passed or not new
                passed.clear()
                walk.go_on_by_time()
            if following:
                passed.add(following)
            if ended and self._until is None:
                self._reached(walk)
            cursor = dict(self._cursor) if ended else {**self._cursor, "down": walk.stored()}
            yield Batch(mentions=mentions, dead=dead, seen=len(items), cursor=cursor, session=self._line.fresh)
            if ended:
                return

    def _page(self, walk: _Walk) -> tuple[list[Any], str]:
        line, place = self._line, self._place
        asked: dict[str, Any] = {"limit": PAGE} | ({"cursor": walk.cursor} if walk.cursor else {})
        if place.search:
            asked |= {"since": _stamp(walk.floor)} | ({"until": _stamp(walk.until)} if walk.until is not None else {})
            answer = line.query("app.bsky.feed.searchPosts", q=place.search, sort="latest", **asked)
            return _listed(answer, "posts"), _following(answer)
        if place.account:
            asked["filter"] = "posts_with_replies"
            answer = line.query("app.bsky.feed.getAuthorFeed", actor=place.account, **asked)
            return _listed(answer, "feed"), _following(answer)
        answer = line.query("app.bsky.notification.listNotifications", reasons=list(_REASONS), **asked)
        items = [one for one in _listed(answer, "notifications") if not _is_other(one)]
        return items, _following(answer)

    def _new(self, items: Sequence[Any], walk: _Walk) -> tuple[list[Mention], list[DeadItem], bool]:
        """What this reading did not bring yet and the source wants; and whether there was anything new at all."""
        mentions, dead = _read([one for one in items if self._wanted(one, walk)], self._line.did, self._now)
        dead = [one for one in dead if (one.native_id or str(one.raw)) not in self._brought]
        mentions = [one for one in mentions if one.native_id not in self._brought]
        self._brought.update(one.native_id or str(one.raw) for one in dead)
        self._brought.update(one.native_id for one in mentions)
        matching = [one for one in mentions if self._place.matches(one.body)]
        return matching, dead, bool(mentions or dead)

    def _wanted(self, item: Any, walk: _Walk) -> bool:
        at = self._place.at(item)
        return at is None or (at >= walk.floor and (self._until is None or at < self._until))

    def _reached(self, walk: _Walk) -> None:
        before = self._cursor.get("reached")
        times = [at for at in (walk.newest, datetime.fromisoformat(before) if before else None) if at is not None]
        # A place without posts was read to its floor.
        self._cursor["reached"] = max(times, default=walk.floor + OVERLAP).isoformat()


def _is_other(item: Any) -> bool:
    """Whether it tells of something that nobody said: a follower, a like."""
    return isinstance(item, dict) and "reason" in item and item["reason"] not in _REASONS


def _read(items: Sequence[Any], did: str, now: datetime) -> tuple[list[Mention], list[DeadItem]]:
    """Each post once, in the order given."""
    mentions: dict[str, Mention] = {}
    dead: list[DeadItem] = []
    for item in items:
        try:
            found = posts.mention(item, did, now=now)
            mentions.setdefault(found.native_id, found)
        except ValueError as error:
            dead.append(posts.dead(item, str(error), did))
    return list(mentions.values()), dead


def _listed(answer: Mapping[str, Any], key: str) -> list[Any]:
    found = answer.get(key)
    if not isinstance(found, list):
        raise TransientError("Bluesky answered with something else than a list", problem=Problem.NOT_READABLE)
    return found


def _following(answer: Mapping[str, Any]) -> str:
    cursor = answer.get("cursor")
    return cursor if isinstance(cursor, str) else ""


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
