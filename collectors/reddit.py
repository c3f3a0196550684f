"""Reddit: new posts, new comments, searches, and the inbox of our account; answers by comments.

Addresses: ``r/NAME`` (new posts; several names joined by +), ``r/NAME/comments``, ``r/NAME/search`` and ``search`` (all
of Reddit) with the source's query as Reddit's own search text, ``mentions`` (of our name) and ``inbox`` (mentions and
answers to us, without private messages). Elsewhere the query filters here. The cursor::

    asked      address and query that the rest belongs to
    reached    when the newest post of the last whole reading was made (seconds since 1970), 0 before the first
    backlog    where a reading was cut off: {"after", "count", "newest", "low"}; read to its end before the top again

Listings run from new to old and end after about a thousand. A reading goes down to half an hour before ``reached``,
since posts that wait for a moderator or for the search index turn up late; by times, since a known id may be deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors import _reddit_answers, _reddit_context, _reddit_posts
from collectors._options import filter_of
from collectors._query import Matches, compiled
from collectors._reddit_line import Line
from collectors._settings import CollectorSettings
from collectors._text import storable_deep
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import (
    Access,
    Batch,
    Capability,
    Caps,
    Context,
    DeadItem,
    Gap,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import FormField, PlaceSort, QueryUse, SourceForm

OVERLAP = timedelta(minutes=30)
PAGE = 100
_LONGEST_QUERY = 512
_SITE = re.compile(r"^(?:https?://)?(?:www\.|old\.|new\.)?reddit\.com/", re.IGNORECASE)
_SUBREDDIT = re.compile(r"r/([A-Za-z0-9_]{2,21}(?:[+-][A-Za-z0-9_]{2,21})*)(?:/(new|comments|search))?")
_INBOXES = {"mentions": "message/mentions/", "inbox": "message/inbox/"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    path: str
    params: Mapping[str, str]
    matches: Matches
    ours: bool


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Where a way down a listing stands. ``count`` items were passed; ``low`` is the oldest, 0 before the first."""

    after: str = ""
    count: int = 0
    newest: float = 0.0
    low: float = 0.0


class RedditCollector:
    """Reads listings of Reddit, and answers posts and comments with comments."""

    platform = "reddit"
    guide = Guide(
        steps=(
            "Ask for leave (Responsible Builder Policy), weeks ahead: https://support.reddithelp.com/hc/requests/new.",
            "Make an account for the agency on reddit.com, and confirm its e-mail address.",
            "With it, at https://www.reddit.com/prefs/apps: 'create another app', 'script', http://localhost:8080.",
            "Copy the id below the app's name, and its secret.",
            "To answer and to read mentions, give the account's name too, with its password or a refresh token.",
            "A refresh token needs the scopes identity, read, privatemessages, submit and history.",
        ),
        needs=(
            Need(key="client_id", words="the id of the app: the letters below its name", secret=False),
            Need(key="client_secret", words="the secret of the app"),
            Need(
                key="username",
                words="the account's name, without u/; leave it out to read only",
                secret=False,
                required=False,
            ),
            Need(
                key="password",
                words="the account's password, where it has no second factor",
                required=False,
            ),
            Need(key="refresh_token", words="a refresh token, in place of the password", required=False),
        ),
    )

    form = SourceForm(
        places=(
            PlaceSort(
                key="posts",
                words="new posts of a subreddit",
                address="r/{}",
                asks=FormField(
                    key="subreddit",
                    words="the subreddit; several with + between",
                    required=True,
                    example="bandung+jakarta",
                ),
            ),
            PlaceSort(
                key="comments",
                words="new comments of a subreddit",
                address="r/{}/comments",
                asks=FormField(
                    key="subreddit",
                    words="the subreddit; several with + between",
                    required=True,
                    example="bandung+jakarta",
                ),
            ),
            PlaceSort(
                key="search_in",
                words="a search in a subreddit",
                address="r/{}/search",
                asks=FormField(
                    key="subreddit", words="the subreddit; several with + between", required=True, example="bandung"
                ),
                query=QueryUse.SEARCH,
            ),
            PlaceSort(key="search", words="a search in all of Reddit", address="search", query=QueryUse.SEARCH),
            PlaceSort(key="inbox", words="mentions of our account, and answers to it", address="inbox"),
            PlaceSort(key="mentions", words="only mentions of our account", address="mentions"),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of up to 100, newest first, down to what is known."""
        place = _place(source)
        line = Line(self._settings, access, now=now)
        if place.ours and not line.account:
            raise PermanentError(
                f"source '{source.name}': reading {source.address} needs an account: give the credential a name with a "
                "password or a refresh token",
                problem=Problem.LACKS_ACCESS,
            )
        asked = f"{source.address}\n{source.query}"
        cursor: Mapping[str, Any] = source.cursor if source.cursor.get("asked") == asked else {}
        reading = _Reading(line, place, asked, float(cursor.get("reached", 0.0)), now)
        if cursor.get("backlog"):
            yield from reading.down(_Walk(**cursor["backlog"]))
        yield from reading.down(_Walk())

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - every source reads alike
        """Read a dead item again. Raises ValueError with the reason."""
        if _reddit_posts.is_gone(raw.get("child")):
            raise ValueError("it was deleted")
        return _reddit_posts.mention(raw.get("child"), account=str(raw.get("account", "")), now=now)

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """One call for up to a hundred."""
        line = Line(self._settings, access, now=now)
        found = _children(line.call("GET", "api/info/", params={"id": ",".join(native_ids[:PAGE])}), "recheck")[0]
        return _batch(found, line, now)

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """See `ContextReader.context`."""
        return _reddit_context.context(Line(self._settings, access, now=now), mention, caps, now=now)

    def prove(self, access: Access, *, now: datetime) -> str:
        """Our account's name; the app's id where it only reads."""
        line = Line(self._settings, access, now=now)
        if not line.account:
            line.sign_in()
            return f"app {access.settings.get('client_id', '')} (reads only)"
        me = line.call("GET", "api/v1/me")
        name = str(me.get("name")) if isinstance(me, dict) else ""
        if name.lower() != line.account.lower():
            raise PermanentError(
                f"Reddit: the credential belongs to '{name}', not to '{line.account}'", problem=Problem.BAD_SETTINGS
            )
        return name

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """None below what is locked or archived; by hand where the credential only reads."""
        return _reddit_answers.capability(mention, access)

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - the same everywhere
        """Characters, of 10,000."""
        return _reddit_answers.measure(text)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - Reddit knows no such keys
        """Comment on ``mention``."""
        return _reddit_answers.reply(Line(self._settings, access, now=now), mention, text, now=now)

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Look below ``mention``, then among all that our account wrote since."""
        return _reddit_answers.find(Line(self._settings, access, now=now), mention, text, since=since)


def _place(source: Source) -> _Place:
    address = _SITE.sub("", source.address.strip()).strip("/")
    if address in _INBOXES:
        return _Place(path=_INBOXES[address], params={}, matches=filter_of(source), ours=True)
    named = _SUBREDDIT.fullmatch(address)
    if address != "search" and named is None:
        raise PermanentError(
            f"source '{source.name}': '{source.address}' is no address here; write r/NAME, r/NAME/comments, "
            "r/NAME/search, search, mentions or inbox",
            problem=Problem.BAD_ADDRESS,
        )
    kind = "search" if named is None else named[2] or "new"
    if kind != "search" and named is not None:
        return _Place(path=f"r/{named[1]}/{kind}/", params={}, matches=filter_of(source), ours=False)
    query = source.query.strip()
    if not 0 < len(query) <= _LONGEST_QUERY:
        raise PermanentError(
            f"source '{source.name}': a search needs a query of 1 to {_LONGEST_QUERY} characters",
            problem=Problem.BAD_SETTINGS,
        )
    params = {"q": query, "sort": "new", "t": "all"} | ({"restrict_sr": "1"} if named else {})
    return _Place(path=f"r/{named[1]}/search/" if named else "search/", params=params, matches=compiled(""), ours=False)


class _Reading:
    """One reading of one source."""

    def __init__(self, line: Line, place: _Place, asked: str, reached: float, now: datetime) -> None:
        self._line = line
        self._place = place
        self._asked = asked
        self._reached = reached
        self._now = now
        self._brought: set[str] = set()

    def down(self, walk: _Walk) -> Iterator[Batch]:
        """Page by page from ``walk`` to what was reached before, or to the listing's end."""
        floor = self._reached or walk.low
        passed: set[str] = set()
        while True:
            params = {**self._place.params, "limit": str(PAGE)} | ({"after": walk.after} if walk.after else {})
            children, after = _children(self._line.call("GET", self._place.path, params=params), self._place.path)
            if walk.after and not children and walk.after not in passed:
                # Nothing comes after a post that left the listing meanwhile: down again from the top.
                passed = {walk.after}
                walk = _Walk(newest=walk.newest)
                continue
            passed.add(walk.after)
            bottom = not after or after in passed
            known = self._pass(walk, children)
            gaps = self._gaps(walk, floor) if bottom and not known else []
            walk.after = after
            if bottom or known:
                self._reached = max(self._reached, walk.newest)
            yield self._page(children, {} if bottom or known else asdict(walk), gaps)
            if bottom or known:
                return

    def _pass(self, walk: _Walk, children: Sequence[Any]) -> bool:
        """Whether these were known: most of them, since a single old post may stand among new ones."""
        times = sorted(at for at in map(_reddit_posts.created, children) if at is not None)
        walk.count += len(children)
        # A time ahead of ours would hide what is posted until then.
        walk.newest = min(max([walk.newest, *times]), self._now.timestamp())
        walk.low = min([*times, walk.low or self._now.timestamp()])
        until = self._reached - OVERLAP.total_seconds()
        return bool(self._reached and times) and times[len(times) // 2] <= until

    def _gaps(self, walk: _Walk, floor: float) -> list[Gap]:
        """What lies between the listing's end and what is known. A listing of one page is whole, old posts or not."""
        if not floor or walk.low <= floor or walk.count <= PAGE:
            return []
        since = datetime.fromtimestamp(self._reached, UTC) if self._reached else None
        reason = f"Reddit's list ended after {walk.count} posts, before those that were known"
        return [Gap(since=since, until=datetime.fromtimestamp(walk.low, UTC), reason=reason)]

    def _page(self, children: Sequence[Any], backlog: Mapping[str, Any], gaps: Sequence[Gap]) -> Batch:
        cursor: dict[str, Any] = {"asked": self._asked, "reached": self._reached}
        if backlog:
            cursor["backlog"] = dict(backlog)
        batch = _batch(children, self._line, self._now, self._brought)
        return Batch(
            mentions=[one for one in batch.mentions if self._place.matches(one.body)],
            dead=batch.dead,
            withdrawn=batch.withdrawn,
            seen=len(children),
            cursor=cursor,
            gaps=gaps,
            next_check=self._line.resume_at,
            session=self._line.fresh,
        )


def _children(answer: Any, what: str) -> tuple[list[Any], str]:
    """The things of a listing, and the name after which the next page begins ("" at its end)."""
    data = answer.get("data") if isinstance(answer, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(children, list):
        raise TransientError(f"Reddit: {what} answered with something else than a list", problem=Problem.NOT_READABLE)
    after = data.get("after")
    return children, after if isinstance(after, str) else ""


def _batch(children: Sequence[Any], line: Line, now: datetime, brought: set[str] | None = None) -> Batch:
    """``brought`` are names that came already in this reading; those of this page are added."""
    known = set() if brought is None else brought
    mentions: list[Mention] = []
    withdrawn: list[str] = []
    dead: list[DeadItem] = []
    for child in children:
        if _reddit_posts.is_message(child):
            continue
        try:
            name = _reddit_posts.fullname(child)
            if name in known:
                continue
            if _reddit_posts.is_gone(child):
                withdrawn.append(name)
            else:
                mentions.append(_reddit_posts.mention(child, account=line.account, now=now))
            known.add(name)
        except ValueError as error:
            dead.append(DeadItem(reason=str(error), raw={"child": storable_deep(child), "account": line.account}))
    return Batch(mentions=mentions, withdrawn=withdrawn, dead=dead, seen=len(children), session=line.fresh)
