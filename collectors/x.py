"""X: recent search, mentions of our accounts, the replies of a conversation; and answers, where X lets us.

A source's address says what is read::

    search              posts of the last seven days that match ``query``, in X's own query language
    mentions            posts that mention our first account; ``mentions:@handle`` another account
    conversation:ID     the posts of a conversation, by the id (or the address) of its first post

For ``conversation`` the query, where there is one, narrows the search in X's language; for ``mentions`` it is Sahut's
own filter, since X takes none there. The option ``first_days`` says how far back a first reading goes: 1 day for
``search``, which costs by the post, 7 for the others.

Every answer is charged against the credential's budget by X's price list before the next call is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from collectors import _x_posts as posts
from collectors._options import bad, days, filter_of
from collectors._query import Matches
from collectors._settings import CollectorSettings
from collectors._x_client import (
    OWNED,
    POST,
    USER,
    Meter,
    RefusedParametersError,
    XClient,
    account,
    as_user,
    ask,
    opened,
)
from collectors._x_context import XTalker
from collectors._x_costs import forecast
from collectors._x_entry import XEntry
from collectors._x_guide import FORM, GUIDE
from collectors._x_replies import XReplier
from collectors._x_stretches import REACH, Course, Stretch
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Access, Batch, ConversationPolicy, Forecast, Gap, Mention, Problem, Source

PAGE = 100
_LEAST_SEARCH, _LEAST_MENTIONS = 10, 5
# X shows the latest 800 mentions of an account, give or take a few.
_MENTIONS_SHOWN = 780
# A page that brings nothing older is a repeated one, and ids lead on; so many in a row, and X goes round in circles.
_MOST_REPEATED = 5
_HANDLE = re.compile(r"@?[A-Za-z0-9_]{1,15}")
_CONVERSATION = re.compile(r"(?:https?://(?:www\.)?(?:x|twitter)\.com/\w+/status/)?([0-9]{1,20})(?:[?/].*)?")
_GONE = frozenset({"resource-not-found", "not-authorized-for-resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a source reads: X's ``query``, or else the mentions of ``handle``."""

    query: str = ""
    handle: str = ""
    matches: Matches = lambda _text: True
    first: timedelta = timedelta(days=1)
    page: int = PAGE

    @property
    def asked(self) -> str:
        """What a cursor belongs to."""
        return f"search {self.query}" if self.query else f"mentions {self.handle}"

    def owned(self, access: Access) -> bool:
        """Whether the account's own keys read its mentions, at the owner's price."""
        first = next(iter(posts.handles(access)), "")
        return as_user(access) and bool(posts.Ours.of(access).ids) and bool(self.handle) and self.handle == first

    @property
    def call(self) -> str:
        """How messages name the call."""
        return "recent search" if self.query else f"mentions of @{self.handle}"


def _place(source: Source, access: Access | None) -> _Place:
    """Raises PermanentError where address, query or options are none of X's."""
    kind, _, name = source.address.strip().partition(":")
    query = source.query.strip()
    first = days(source, "first_days", 1 if kind == "search" else 7)
    if kind == "search" and not name:
        if not query:
            raise bad(source, 'a search needs a query in X\'s language, say: (banjir OR "jalan rusak") lang:in')
        return _Place(query=query, first=first)
    if kind == "conversation" and (found := _CONVERSATION.fullmatch(name.strip())):
        return _Place(
            query=f"conversation_id:{found[1]} ({query})" if query else f"conversation_id:{found[1]}",
            first=first,
            page=_page(source),
        )
    if kind == "mentions":
        handle = name.strip() or next(iter(posts.handles(access)) if access else iter(()), "")
        if not _HANDLE.fullmatch(handle):
            raise bad(source, "name the account: mentions:@handle, or put your accounts into the credential")
        return _Place(handle=handle.lstrip("@").lower(), matches=filter_of(source), first=first)
    message = (
        f"source '{source.name}': '{source.address}' is none of: search, mentions, mentions:@handle, conversation:ID"
    )
    raise PermanentError(message, problem=Problem.BAD_ADDRESS)


def _page(source: Source) -> int:
    """What following a conversation sets, so that one look stays cheap."""
    asked = str(source.options.get("page", PAGE))
    return min(max(int(asked), _LEAST_SEARCH), PAGE) if asked.isdecimal() else PAGE


class XCollector(XReplier, XTalker, XEntry):
    """Reads X with the bearer token of an app, and our own mentions with the account's keys where there are any."""

    platform = "x"
    guide = GUIDE
    form = FORM

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """The newest first, then what earlier readings left. Raises TransientError, PermanentError."""
        place = _place(source, access)
        with opened(access, self._settings, now) as client:
            course = Course.of(source.cursor, place.asked)
            reading = _Reading(client, _opened(access), place, course, now)
            gaps = [] if place.handle else course.prune(now - REACH)
            first = place.first if place.handle else min(place.first, REACH)
            yield from reading.pages([course.head(now, first), *course.rest], gaps, beginning=True)

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """As `collect`, for posts from ``since`` to before ``until``; of a search within the last seven days."""
        place = _place(source, access)
        with opened(access, self._settings, now) as client:
            asked = f"{place.asked} from {since.isoformat()} to {until.isoformat()}"
            course = Course.of(source.cursor, asked)
            if course.read_at is None:
                course.rest = [Stretch(start=since, end=until)]
                course.read_at = now
            reading = _Reading(client, _opened(access), place, course, now)
            gaps = [] if place.handle else course.prune(now - REACH)
            for batch in reading.pages(course.rest, gaps):
                inside = [m for m in batch.mentions if m.published_at is None or since <= m.published_at < until]
                yield replace(batch, mentions=inside)

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - a post says all
        """Read a dead post again. Raises ValueError with the reason."""
        return posts.revived(raw, now)

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """Up to a hundred posts as they read now, at their newest edit; deleted and withheld ones as ``withdrawn``.

        With too little left to spend it looks at the first few.
        """
        wanted = [one for one in native_ids if one.isascii() and one.isdecimal()][:PAGE]
        if not wanted:
            return Batch()
        with opened(access, self._settings, now) as client:
            ours, meter = posts.Ours.of(access), Meter(_opened(access), now)
            answer, asked = _look_up(client, wanted, meter, now)
            found = [one for one in answer.get("data") or () if isinstance(one, dict)]
            edited = {posts.latest(one): posts.identity(one) for one in found if posts.outdated(one)}
            newer, looked = _newer(client, list(edited), meter, now)
            # An edited post whose newest wording could not be had is left for the next look, as what was too dear.
            left = {*wanted} - asked | {name for version, name in edited.items() if version not in looked}
            pages = [posts.take_apart(one, ours, now, {}) for one in (answer, newer)]
            first, second = ({mention.native_id: mention for mention in page.mentions} for page in pages)
            latest = {key: one for key, one in first.items() if key not in edited.values()} | second
            withheld = {posts.identity(one) for one in found if one.get("withheld")}
            return Batch(
                mentions=[mention for key, mention in latest.items() if key not in withheld],
                dead=[dead for page in pages for dead in page.dead],
                seen=pages[0].seen,
                withdrawn=[one for one in wanted if one in withheld | _gone(answer)],
                left=[one for one in wanted if one in left - withheld],
                spent=meter.news(),
                next_check=client.full_until(),
            )

    def forecast(
        self, source: Source, policy: ConversationPolicy, *, now: datetime, access: Access | None = None
    ) -> Forecast:
        """By X's count of the last seven days: of the search, or of posts that name the account."""
        place, opener = _place(source, access), _opened(access)
        with opened(access, self._settings, now) as client:
            each = OWNED if place.owned(opener) else POST
            first = place.first if place.handle else min(place.first, REACH)
            query = place.query or f"@{place.handle}"
            return forecast(client, query, opener, policy, each=each, first=first, by_name=bool(place.handle), now=now)


def _opened(access: Access | None) -> Access:
    return access or Access(name="")  # `opened` has refused a missing one


def _look_up(client: XClient, ids: Sequence[str], meter: Meter, now: datetime) -> tuple[dict[str, Any], set[str]]:
    """The answer, and what could be asked for."""
    with meter.room(posts.DEAREST, most=len(ids)) as affordable:
        some = list(ids[:affordable])
        answer = ask(client, "look-up of posts", now, partial(client.get_tweets, some, **posts.FIELDS))
        meter.charge(posts.price(answer))
    return answer, set(some)


def _newer(client: XClient, ids: Sequence[str], meter: Meter, now: datetime) -> tuple[dict[str, Any], set[str]]:
    """The last versions of edited posts; none where X or the budget refuses, since the first answer is paid for."""
    try:
        return _look_up(client, ids, meter, now) if ids else ({}, set())
    except TransientError:
        return {}, set()


def _gone(answer: Mapping[str, Any]) -> set[str]:
    """Ids that X says are deleted, or hidden with their account."""
    errors = [one for one in answer.get("errors") or () if isinstance(one, dict)]
    return {
        str(one.get("resource_id") or one.get("value"))
        for one in errors
        if str(one.get("type", "")).rsplit("/", 1)[-1] in _GONE and one.get("parameter", "ids") in {"ids", "id"}
    }


class _Reading:
    """One reading of one place, page by page."""

    def __init__(self, client: XClient, access: Access, place: _Place, course: Course, now: datetime) -> None:
        self._client = client
        self._place = place
        self._course = course
        self._now = now
        self._access = access
        self._ours = posts.Ours.of(access)
        self._meter = Meter(access, now)
        self._gaps: list[Gap] = []
        self._full_until: datetime | None = None
        self._repeated = 0

    def pages(self, todo: Sequence[Stretch], gaps: list[Gap], *, beginning: bool = False) -> Iterator[Batch]:
        """A batch a page, each with the cursor of what is left. ``beginning``: the first stretch is the newest."""
        self._gaps = gaps
        left = list(todo)
        if self._place.handle and left and self._look_account_up():
            yield self._batch(posts.Page())
        while left:
            stretch, *behind = left
            asked, answer = self._answer(stretch)
            if answer is None or asked is None:
                left = behind
                self._course.rest = left
                continue
            page = posts.take_apart(answer, self._ours, self._now, self._course.edits)
            rest = self._rest(asked, answer, page.moments)
            left = [*([rest] if rest else []), *behind]
            self._course.rest = left
            self._course.learnt(page.versions)
            if beginning:
                self._course.begun(page.moments, self._now, more=rest is not None)
                beginning = False
            yield self._batch(page)
        if self._gaps:
            yield self._batch(posts.Page())

    def _batch(self, page: posts.Page) -> Batch:
        gaps, self._gaps = self._gaps, []
        return Batch(
            mentions=[mention for mention in page.mentions if self._place.matches(mention.body)],
            dead=page.dead,
            seen=page.seen,
            cursor=self._course.cursor(),
            next_check=self._full_until,
            gaps=gaps,
            spent=self._meter.news(),
        )

    def _answer(self, stretch: Stretch) -> tuple[Stretch | None, dict[str, Any] | None]:
        """What X gives for a stretch, as far as X still shows it."""
        if self._full_until is not None and self._full_until > self._now:
            raise TransientError(
                f"X: {self._place.call}: the calls of this quarter of an hour are used up",
                problem=Problem.RATE_LIMITED,
                not_before=self._full_until,
                whole_account=True,
            )
        asked: Stretch | None = stretch
        while asked is not None:
            try:
                answer = self._mentions(asked) if self._place.handle else self._search(asked)
            except RefusedParametersError as error:
                asked, gaps = asked.mended(error, self._now)
                self._gaps += gaps
            else:
                self._full_until = self._client.full_until()
                return asked, answer
        return None, None

    def _search(self, stretch: Stretch) -> dict[str, Any]:
        asked = stretch.parameters("next_token", self._now)
        with self._meter.room(posts.DEAREST, most=self._place.page, least=_LEAST_SEARCH) as size:
            asked |= {"query": self._place.query, "max_results": size, **posts.FIELDS}
            answer = ask(self._client, self._place.call, self._now, partial(self._client.search_recent_tweets, **asked))
            self._meter.charge(posts.price(answer))
        return answer

    def _mentions(self, stretch: Stretch) -> dict[str, Any]:
        owned = self._owned
        user_id = next(iter(self._ours.ids)) if owned else self._course.account["id"]
        each = OWNED if owned else POST
        asked = stretch.parameters("pagination_token", self._now)
        with self._meter.room(posts.DEAREST - POST + each, most=PAGE, least=_LEAST_MENTIONS) as size:
            asked |= {"id": user_id, "max_results": size, "user_auth": owned, **posts.FIELDS}
            answer = ask(self._client, self._place.call, self._now, partial(self._client.get_users_mentions, **asked))
            self._meter.charge(posts.price(answer, each=each))
        return answer

    @property
    def _owned(self) -> bool:
        return self._place.owned(self._access)

    def _look_account_up(self) -> bool:
        """Find another account's id by its handle. Whether X was asked: then it is kept at once, since it costs."""
        handle = self._place.handle
        if self._owned or self._course.account.get("handle") == handle:
            return False
        look = partial(self._client.get_user, username=handle)
        with self._meter.room(USER):
            found = account(self._client, f"the account @{handle}", self._now, look)
            self._meter.charge(USER)
        self._course.account = {"handle": handle, "id": found["id"]}
        return True

    def _rest(
        self, stretch: Stretch, answer: Mapping[str, Any], moments: Mapping[int, datetime | None]
    ) -> Stretch | None:
        """What of a stretch is left after a page."""
        token = str((answer.get("meta") or {}).get("next_token") or "")
        rest = stretch.after(moments, token)
        if not token:
            if self._place.handle and stretch.since and rest.read >= _MENTIONS_SHOWN:
                reason = "X shows an account's latest 800 mentions, and more came since the last reading"
                self._gaps.append(Gap(since=stretch.start, until=rest.low_at, reason=reason))
            return None
        if rest.low != stretch.low:
            self._repeated = 0
            return rest
        self._repeated += 1
        if self._repeated >= _MOST_REPEATED:
            raise TransientError(f"X: {self._place.call} gives the same page again", problem=Problem.NOT_READABLE)
        return rest.without_page() if moments else rest
