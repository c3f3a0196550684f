"""Mastodon: hashtags, accounts, mentions of our account and search; answers by public statuses.

Addresses: ``#TAG``, ``@NAME`` or ``@NAME@SERVER`` (what an account posts), ``mentions`` (of our account, and what
quotes it) and ``search``, with the source's query as the server's own search text. Elsewhere the query filters here.
All is seen from our account's server: what that does not know of is not read. The option ``first_days`` (7) is how far
back a first reading goes. The cursor::

    asked      address and query that the rest belongs to
    since      the newest id of the last reading that was an hour old: the next begins above it
    at         where a reading was cut off: ids above it are not read yet (timelines, from old to new)
    down       the same of a search, from new to old: {"offset", "newest"}
    floor      nothing from before this time is taken
    account    the id of the account that is read

A server gives posts of other servers ids by the time they were written, not by their arrival. So each reading begins an
hour back: what arrives later than that is missed where it was not sent to us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import methodcaller
from typing import Any

from collectors import _mastodon_answers as answers
from collectors import _mastodon_context as talk
from collectors import _mastodon_statuses as statuses
from collectors._looking import Looking
from collectors._mastodon_guide import FORM, GUIDE
from collectors._mastodon_line import Home, Line
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
    Gap,
    Mention,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)

OVERLAP = timedelta(hours=1)
PAGE = 40
_MANY = 20  # how many statuses a server gives in one call
_FIRST_DAYS = 7
# A page may come twice as posts come in above it; so many in a row, and the server takes no offset.
_MOST_REPEATED = 3
_SNOWFLAKE = 17  # digits: the ids of statuses have held their time since 2016
_TAG = re.compile(r"#(\w+)|(?:https?://[^/]+)?/?tags/(\w+)")
_ACCOUNT = re.compile(r"@([\w.-]+(?:@[\w.:-]+)?)")
_PAGE_OF = re.compile(r"https?://([^/]+)/@([\w.-]+)(?:@([\w.:-]+))?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """``tag``, ``account`` or ``search`` (the text), one of them; none for our mentions."""

    tag: str = ""
    account: str = ""
    search: str = ""
    matches: Matches = lambda _text: True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Of a reading of the past: from ``since`` to before ``until``."""

    since: datetime
    until: datetime


class MastodonCollector:
    """Reads by ids that only grow, and answers as the account that the token belongs to."""

    platform = "mastodon"
    guide = GUIDE
    form = FORM

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of up to 40. Raises TransientError, PermanentError."""
        place = _place(source)
        line = Line(self._settings, access, now=now)
        asked = f"{source.address}\n{source.query}"
        cursor = dict(source.cursor) if source.cursor.get("asked") == asked else {"asked": asked}
        home = line.home()
        if line.fresh is not None:
            yield Batch(cursor=dict(cursor), session=line.fresh)
        if "floor" not in cursor:
            cursor["floor"] = (now - days(source, "first_days", _FIRST_DAYS)).isoformat()
        reading = _Reading(line, home, place, cursor, now)
        yield from reading.searched() if place.search else reading.climbed()

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """As `collect`: what was posted from ``since`` to before ``until``."""
        place = _place(source)
        line = Line(self._settings, access, now=now)
        asked = f"{source.address}\n{source.query}\n{since.isoformat()}\n{until.isoformat()}"
        cursor = dict(source.cursor) if source.cursor.get("asked") == asked else {"asked": asked}
        cursor["floor"] = since.isoformat()
        home = line.home()
        reading = _Reading(line, home, place, cursor, now, _Span(since=since, until=until))
        yield from reading.searched() if place.search else reading.climbed()

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - every source reads alike
        """Read a dead item again. Raises ValueError with the reason."""
        return statuses.revived(raw, now=now)

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """One call for twenty, and one more for each that did not come: it alone can say that a post is gone."""
        line = Line(self._settings, access, now=now)
        home = line.home()
        wanted = [local for one in native_ids[:100] if (local := statuses.local_id(one, home))]
        found: list[Any] = []
        gone: list[str] = []

        def look(part: Sequence[str]) -> None:
            answer = line.look_up("posts looked at again", methodcaller("statuses", part))
            found.extend(answer if isinstance(answer, list) else [])

        def look_for_one(part: Sequence[str]) -> None:
            answer = line.look_up("a post looked at again", methodcaller("status", part[0]))
            (gone if answer is None else found).append(part[0] if answer is None else answer)

        looking = Looking()
        looking.at(wanted, _MANY, look)
        there = {*looking.left, *(statuses.id_of(one) for one in found)}
        looking.at(sorted(set(wanted) - there), 1, look_for_one)
        mentions, dead = _read(found, home, now)
        return Batch(
            mentions=mentions,
            dead=dead,
            withdrawn=[statuses.identity(local, home) for local in gone],
            left=[statuses.identity(local, home) for local in looking.left],
            stopped=looking.stopped,
            seen=len(found),
            session=line.fresh,
        )

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """See `ContextReader.context`."""
        return talk.context(Line(self._settings, access, now=now), mention, caps, now=now)

    def prove(self, access: Access, *, now: datetime) -> str:
        """Our account's name."""
        return f"@{Line(self._settings, access, now=now).whoami()[1]}"

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """By API with a token; none for our own posts."""
        return answers.capability(mention, access)

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:
        """Characters as the server counts them, with the name of the person answered."""
        return answers.measure(text, mention, access)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:
        """Post ``text`` under ``mention``, in public; the server remembers ``key`` for an hour."""
        return answers.reply(Line(self._settings, access, now=now), mention, text, key=key)

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        """Our answer, to be continued: its author is told of each part by name, as of the first."""
        return replace(
            mention,
            native_id=above.native_id,
            permalink=above.permalink,
            parent=mention.native_id,
            published_at=above.sent_at,
        )

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Looked for among all that our account posted since."""
        return answers.find(Line(self._settings, access, now=now), mention, text, since=since)


def _place(source: Source) -> _Place:
    address = source.address.strip()
    if address == "search":
        if not source.query.strip():
            raise bad(source, "a search needs a query")
        return _Place(search=source.query.strip())
    matches = filter_of(source)
    if address == "mentions":
        return _Place(matches=matches)
    if found := _TAG.fullmatch(address):
        return _Place(tag=found[1] or found[2], matches=matches)
    if found := _ACCOUNT.fullmatch(address):
        return _Place(account=found[1], matches=matches)
    if found := _PAGE_OF.fullmatch(address):
        return _Place(account=f"{found[2]}@{found[3] or found[1]}", matches=matches)
    raise PermanentError(
        f"source '{source.name}': '{source.address}' is no address here; write #TAG, @NAME@SERVER, mentions or search",
        problem=Problem.BAD_ADDRESS,
    )


class _Reading:
    """One reading of one source."""

    def __init__(
        self, line: Line, home: Home, place: _Place, cursor: dict[str, Any], now: datetime, span: _Span | None = None
    ) -> None:
        self._line = line
        self._home = home
        self._place = place
        self._cursor = cursor
        self._now = now
        self._span = span
        self._floor = datetime.fromisoformat(cursor["floor"])

    def climbed(self) -> Iterator[Batch]:
        """A timeline, from old to new."""
        page = self._timeline()
        at = self._cursor.pop("at", "") or self._cursor.get("since", "") or self._beginning(page)
        while True:
            items = _listed(page(limit=PAGE, min_id=at))
            newest = max([self._line.newer, *map(statuses.id_of, items)], key=_rank)
            ended = not items or _rank(newest) <= _rank(at) or self._beyond(items)
            at = max(at, newest, key=_rank)
            self._settle(items)
            yield self._batch(items, {} if ended else {"at": at})
            if ended:
                return

    def searched(self) -> Iterator[Batch]:
        """A search, from new to old: first on from where a reading was cut off."""
        left = self._cursor.pop("down", None)
        if left is not None:
            # Posts may have been deleted meanwhile, which pulls the rest up.
            yield from self._down(max(0, left["offset"] - PAGE), left["newest"])
        if self._span is None or left is None:
            yield from self._down(0, self._cursor.get("since", ""))

    def _down(self, offset: int, newest: str) -> Iterator[Batch]:
        known = self._cursor.get("since", "")
        passed: set[str] = set()
        repeated = 0
        while True:
            items = _listed(self._line.ask("the search", self._search(offset, known)), "statuses")
            ids = [one for one in map(statuses.id_of, items) if one]
            repeated = repeated + 1 if passed.issuperset(ids) else 0
            passed.update(ids)
            settled = [statuses.id_of(one) for one in items if self._is_settled(one)]
            newest = max([newest, *settled], key=_rank)
            offset += len(items)
            known_all = all(_rank(one) <= _rank(known) for one in ids)
            ended = not items or known_all or self._below(items) or repeated == _MOST_REPEATED
            if ended:
                self._cursor["since"] = newest
            batch = self._batch(items, {} if ended else {"down": {"offset": offset, "newest": newest}})
            yield replace(batch, gaps=self._unpaged(items)) if repeated == _MOST_REPEATED else batch
            if ended:
                return

    def _unpaged(self, items: Sequence[Any]) -> list[Gap]:
        """The hole that a server leaves which gives the same page for ever."""
        until = min((at for at in map(statuses.made_at, items) if at is not None), default=None)
        reason = "the server repeats the first page of a search, so that older posts cannot be read"
        return [Gap(since=self._floor, until=until, reason=reason)]

    def _search(self, offset: int, known: str) -> Callable[[Any], object]:
        bounds: dict[str, Any] = {"min_id": known or _snowflake(self._floor)}
        if self._span is not None:
            bounds["max_id"] = _snowflake(self._span.until + timedelta(seconds=1))
        return lambda client: client.search_v2(
            self._place.search,
            resolve=False,
            result_type="statuses",
            exclude_unreviewed=False,
            limit=PAGE,
            offset=offset,
            **bounds,
        )

    def _timeline(self) -> Callable[..., Any]:
        line, place = self._line, self._place
        if place.tag:
            return lambda **how: line.ask(f"#{place.tag}", lambda client: client.timeline_hashtag(place.tag, **how))
        if not place.account:
            kinds = ["mention", "quote"]
            return lambda **how: line.ask("mentions", lambda client: client.notifications(types=kinds, **how))
        account = self._cursor.get("account") or self._account()
        self._cursor["account"] = account
        what = f"the posts of @{place.account}"
        return lambda **how: line.ask(what, lambda client: client.account_statuses(account, **how))

    def _account(self) -> str:
        name = self._place.account
        short = name.removesuffix(f"@{self._home.domain}")
        found = self._line.ask(f"the account @{name}", lambda client: client.account_lookup(short))
        account = statuses.id_of(found)
        if not account:
            raise TransientError(f"Mastodon did not name the account @{name}", problem=Problem.NOT_READABLE)
        return account

    def _beginning(self, page: Callable[..., Any]) -> str:
        """The id at which a first reading begins: by the time in it, where the server's ids hold one."""
        if not (self._place.tag or self._place.account):
            return "0"
        ids = [one for one in map(statuses.id_of, _listed(page(limit=1))) if one]
        return _snowflake(self._floor) if ids and ids[0].isdecimal() and len(ids[0]) >= _SNOWFLAKE else "0"

    def _settle(self, items: Sequence[Any]) -> None:
        settled = [statuses.id_of(one) for one in items if self._is_settled(one)]
        since = max([self._cursor.get("since", ""), *settled], key=_rank)
        if since:
            self._cursor["since"] = since

    def _is_settled(self, item: Any) -> bool:
        at = statuses.made_at(item)
        return at is not None and at <= self._now - OVERLAP

    def _beyond(self, items: Sequence[Any]) -> bool:
        """Whether all of it was made after the stretch that is wanted."""
        times = [statuses.made_at(one) for one in items]
        return self._span is not None and all(at is not None and at >= self._span.until for at in times)

    def _below(self, items: Sequence[Any]) -> bool:
        times = [statuses.made_at(one) for one in items]
        return all(at is not None and at < self._floor for at in times)

    def _wanted(self, item: Any) -> bool:
        at = statuses.made_at(item)
        if at is None:
            return True
        return at >= self._floor and (self._span is None or at < self._span.until)

    def _batch(self, items: Sequence[Any], place: Mapping[str, Any]) -> Batch:
        mentions, dead = _read([one for one in items if self._wanted(one)], self._home, self._now)
        return Batch(
            mentions=[one for one in mentions if self._place.matches(one.body)],
            dead=dead,
            seen=len(items),
            cursor={**self._cursor, **place},
            session=self._line.fresh,
        )


def _read(items: Sequence[Any], home: Home, now: datetime) -> tuple[list[Mention], list[DeadItem]]:
    """Each status once, oldest first; letters are left out."""
    mentions: dict[str, Mention] = {}
    dead: list[DeadItem] = []
    for item in reversed(items):
        status = statuses.status_of(item)
        if status is None and isinstance(item, dict):
            continue
        if not statuses.is_public(status):
            continue
        try:
            found = statuses.mention(status, home, now=now)
            mentions[found.native_id] = found
        except ValueError as error:
            dead.append(statuses.dead(item, str(error), home))
    return list(mentions.values()), dead


def _listed(answer: Any, key: str = "") -> list[Any]:
    found = answer.get(key) if key and isinstance(answer, dict) else answer
    if not isinstance(found, list):
        raise TransientError("Mastodon answered with something else than a list", problem=Problem.NOT_READABLE)
    return found


def _snowflake(at: datetime) -> str:
    """The id of a status that would have been made just before ``at``."""
    return str(max(0, int(at.timestamp() * 1000) - 1) << 16)


def _rank(one: str) -> tuple[int, str]:
    """Later ids are larger: numbers without leading zeros, or texts of one length."""
    return (len(one), one)
