"""How the lists of Meta's Graph API are read: page by page, newest first, with nothing lost when a reading is cut off.

A platform gives its `Edge`s: flat ones (posts that tag us) are read down to what is known, threaded ones (our posts)
are listed as far back as a source watches, and every post whose comments may have changed is read down to what is
known. The cursor holds::

    us       {"id", "name"}                       who we are there
    tops     {edge: seconds}                      flat: everything up to this time has been read
    threads  {post: [mark, seconds]}              threaded: the mark that the post had, and as above for its comments
    read     seconds                              when the last reading came to its end
    at       {edge, after, top, queue, …}         where a reading that was cut off goes on; {} between readings

Meta's own cursors may go bad with time: then that one list is read again from its top. Of a ``paging.next`` only the
parameters are taken, never the address. What comes late (a comment shown after a moderator's look) is caught by an
overlap of a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from collectors._dates import usable
from collectors._graph import Graph, MissingError
from collectors._text import storable_deep
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Access, Batch, Currency, DeadItem, Gap, Mention, Problem, Source

WATCH = timedelta(days=30)
ALWAYS = "*"
_OVERLAP = timedelta(days=1)
# What a `next` may ask for: cursors, or the times that some lists page by.
_PAGING = ("after", "until", "since", "offset", "__paging_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Where an item stands: in the conversation of ``root``, at ``link``, as an answer to ``parent``; "" for a post.

    ``ours``: the parent is.
    """

    root: str = ""
    parent: str = ""
    ours: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One list, newest first. ``kind`` says to the platform's reader what its items are.

    ``asks`` names the permissions that it takes. ``threaded`` ones hold posts whose comments are read too. ``costs``
    is what one call takes from a budget.
    """

    name: str
    path: str
    params: Mapping[str, str]
    kind: str
    asks: str
    overlap: timedelta = _OVERLAP
    threaded: bool = False
    costs: Mapping[Currency, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of the past to be read, from ``since`` to before ``until``."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a platform brings to the walk.

    ``read`` makes a mention of an item, or raises ValueError. ``mark`` says of a post what changes when comments come,
    "" when it has none, `ALWAYS` when nobody can tell. ``comments`` is the list under a post, ``replies`` one under a
    comment. ``nested`` gives the replies that came along in a comment.
    """

    read: Callable[[str, Mapping[str, Any], Within], Mention]
    mark: Callable[[Mapping[str, Any]], str]
    comments: Callable[[str], Edge]
    replies: Callable[[str], Edge]
    nested: Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(slots=True)
class Page:
    """One page of a list. ``after`` are the parameters of the next one, None where this is the last."""

    items: list[Any]
    after: dict[str, str] | None
    notes: list[str]


class Walk:
    """One reading of one source. ``keep`` says which mentions the source wants."""

    def __init__(
        self,
        graph: Graph,
        access: Access,
        source: Source,
        plan: Sequence[Edge],
        shape: Shape,
        *,
        keep: Callable[[Mention], bool],
        now: datetime,
        span: Span | None = None,
        watch: timedelta = WATCH,
    ) -> None:
        self._graph = graph
        self._access = access
        self._purse = access.purse()
        self._plan = {edge.name: edge for edge in plan}
        self._shape = shape
        self._keep = keep
        self._now = now
        self._span = span
        # Comments of a stretch stand under posts of that stretch and of the time before.
        self._oldest = ((now if span is None else span.since) - watch).timestamp()
        cursor = source.cursor
        self._us = dict(cursor.get("us", {}))
        self._tops = dict(cursor.get("tops", {})) if span is None else {}
        self._threads = {key: list(value) for key, value in cursor.get("threads", {}).items()} if span is None else {}
        self._read = float(cursor.get("read", 0))
        at = dict(cursor.get("at", {}))
        # The place of a reading is none in a stretch of the past, nor the other way round.
        fits = at.get("edge") in self._plan and cursor.get("span") == self._stretch()
        self._at: dict[str, Any] = at if fits else {}

    def _stretch(self) -> list[float] | None:
        return None if self._span is None else [self._span.since.timestamp(), self._span.until.timestamp()]

    def run(self) -> Iterator[Batch]:
        """Every page, in order. What was posted while a reading was cut off is looked for in a second round."""
        resumed = bool(self._at)
        gaps = self._gaps()
        for _ in range(2 if resumed and self._span is None else 1):
            if not self._at:
                self._begin(next(iter(self._plan)))
            while self._at:
                yield self._step(gaps)
                gaps = ()

    def _gaps(self) -> Sequence[Gap]:
        """Posts that grew too old to be watched while nobody read took their late comments with them."""
        if self._span is not None or not 0 < self._read < self._oldest:
            return ()
        since, until = (datetime.fromtimestamp(at, UTC) for at in (self._read, self._oldest))
        return (Gap(since=since, until=until, reason="nothing was read for longer than posts are watched"),)

    def _begin(self, edge: str) -> None:
        self._at = {"edge": edge, "after": {}, "top": 0.0, "queue": [], "deep": [], "inner": {}, "newest": 0.0}

    def _step(self, gaps: Sequence[Gap]) -> Batch:
        """Read one page, and move on behind it."""
        edge = self._plan[self._at["edge"]]
        if self._at["deep"]:
            batch = self._replies()
        elif self._at["queue"]:
            batch = self._comments()
        else:
            batch = self._listing(edge)
        if not self._at["queue"] and not self._at["deep"] and self._at["after"] is None:
            self._end(edge)
        mentions, dead, seen, notes = batch
        return Batch(
            mentions=mentions,
            dead=dead,
            seen=seen,
            notes=notes,
            cursor=self._cursor(),
            spent=self._purse.news(),
            gaps=gaps,
        )

    def _end(self, edge: Edge) -> None:
        """Leave a list that has been read."""
        if not edge.threaded:
            self._tops[edge.name] = max(self._tops.get(edge.name, 0.0), self._at["top"])
        names = list(self._plan)
        following = names[names.index(edge.name) + 1 :]
        if following:
            self._begin(following[0])
            return
        self._at = {}
        self._read = self._now.timestamp()
        # A post that is no longer listed is never asked about again.
        forget = self._oldest - _OVERLAP.total_seconds()
        self._threads = {key: value for key, value in self._threads.items() if value[1] >= forget}

    def _cursor(self) -> dict[str, Any]:
        at = {key: list(value) if isinstance(value, list) else value for key, value in self._at.items()}
        if self._span is not None:
            return {"us": self._us, "span": self._stretch(), "at": at}
        kept = {"tops": dict(self._tops), "threads": dict(self._threads)}
        return {"us": self._us, **kept, "read": self._read, "at": at}

    def _listing(self, edge: Edge) -> tuple[list[Mention], list[DeadItem], int, list[str]]:
        page = self._page(edge, self._at["after"])
        found, dead = self._mentions(edge.kind, page.items, Within())
        times = [at for at in map(_seconds, found) if at]
        self._at["top"] = max([self._at["top"], *times])
        limit = self._oldest
        if edge.name in self._tops and self._span is None:
            limit = max(limit, self._tops[edge.name] - edge.overlap.total_seconds())
        if edge.threaded:
            raws = {str(item["id"]): item for item in page.items if isinstance(item, dict) and "id" in item}
            for mention in found:
                mark = self._shape.mark(raws[mention.native_id])
                known = self._threads.get(mention.native_id, ["", 0.0])
                if mark and (mark == ALWAYS or known[0] != mark):
                    self._at["queue"].append(
                        [mention.native_id, mark, _seconds(mention), mention.own, mention.permalink]
                    )
        self._at["after"] = None if times and max(times) < limit else page.after
        return self._wanted(found), dead, len(page.items), page.notes

    def _comments(self) -> tuple[list[Mention], list[DeadItem], int, list[str]]:
        post, mark, posted, ours, link = self._at["queue"][0]
        within = Within(root=post, parent=post, ours=ours, link=link)
        edge = self._shape.comments(post)
        try:
            page = self._page(edge, self._at["inner"])
        except MissingError as error:
            page = Page([], None, [f"{error}; its comments are left out"])
        found, dead = self._mentions(edge.kind, page.items, within)
        inner, inner_dead, count = self._nested(within, page.items, found)
        times = [at for at in map(_seconds, found) if at]
        self._at["newest"] = max([self._at["newest"], *times])
        known = self._threads.get(post)
        limit = known[1] - edge.overlap.total_seconds() if known else 0.0
        if page.after is None or (times and max(times) < max(limit, self._floor())):
            self._threads[post] = [mark, max(self._at["newest"], known[1] if known else posted)]
            self._at["queue"].pop(0)
            self._at |= {"inner": {}, "newest": 0.0}
        else:
            self._at["inner"] = page.after
        return self._wanted([*found, *inner]), [*dead, *inner_dead], len(page.items) + count, page.notes

    def _nested(
        self, below: Within, items: Sequence[Any], found: Sequence[Mention]
    ) -> tuple[list[Mention], list[DeadItem], int]:
        """The replies that came along with comments; where there are more, they are put down to be read."""
        by_id = {mention.native_id: mention for mention in found}
        mentions: list[Mention] = []
        dead: list[DeadItem] = []
        count = 0
        for item in items:
            parent = by_id.get(str(item.get("id"))) if isinstance(item, dict) else None
            replies = self._shape.nested(item) if parent is not None else {}
            if parent is None or not isinstance(replies, dict) or not replies:
                continue
            page = page_of(replies)
            within = replace(below, parent=parent.native_id, ours=parent.own)
            more, broken = self._mentions(self._shape.replies(parent.native_id).kind, page.items, within)
            mentions, dead, count = [*mentions, *more], [*dead, *broken], count + len(page.items)
            if page.after is not None:
                self._at["deep"].append([below.root, parent.native_id, parent.own, below.link, page.after])
        return mentions, dead, count

    def _replies(self) -> tuple[list[Mention], list[DeadItem], int, list[str]]:
        post, comment, ours, link, after = self._at["deep"][0]
        within = Within(root=post, parent=comment, ours=ours, link=link)
        edge = self._shape.replies(comment)
        try:
            page = self._page(edge, after)
        except MissingError as error:
            page = Page([], None, [f"{error}; its replies are left out"])
        found, dead = self._mentions(edge.kind, page.items, within)
        if page.after is None:
            self._at["deep"].pop(0)
        else:
            self._at["deep"][0] = [post, comment, ours, link, page.after]
        return self._wanted(found), dead, len(page.items), page.notes

    def _floor(self) -> float:
        return 0.0 if self._span is None else self._span.since.timestamp()

    def _pay(self, edge: Edge) -> None:
        """Take what a call costs from what is left. Raises TransientError where there is too little for today."""
        for currency, amount in edge.costs.items():
            if not self._purse.spend(currency, amount):
                raise TransientError(
                    f"credential '{self._access.name}' has nothing left for today ({currency})",
                    problem=Problem.BUDGET_SPENT,
                    not_before=datetime.combine(self._now.date() + timedelta(days=1), time(), tzinfo=UTC),
                )

    def _page(self, edge: Edge, after: Mapping[str, str]) -> Page:
        self._pay(edge)
        params = {**edge.params, **after}
        try:
            page = page_of(self._graph.get(self._access, edge.path, params, asks=edge.asks, now=self._now))
        except PermanentError as error:
            if not after or error.problem is not Problem.BAD_SETTINGS:
                raise
            page = page_of(self._graph.get(self._access, edge.path, edge.params, asks=edge.asks, now=self._now))
            page.notes.append(f"{edge.path}: the place in the list was lost, so it is read again from its top")
        if page.after is not None and page.after == dict(after):
            page.after = None
        return page

    def _mentions(self, kind: str, items: Sequence[Any], within: Within) -> tuple[list[Mention], list[DeadItem]]:
        """What can be read of a page, each once, and what cannot."""
        found: dict[str, Mention] = {}
        dead: list[DeadItem] = []
        for item in items:
            try:
                mention = read_item(self._shape, kind, item, within)
            except ValueError as error:
                raw = {
                    "kind": kind,
                    "within": asdict(within),
                    "item": storable_deep(item),
                }
                dead.append(DeadItem(reason=str(error), native_id=_id_of(item), raw=raw))
                continue
            found.setdefault(mention.native_id, mention)
        return list(found.values()), dead

    def _wanted(self, found: Sequence[Mention]) -> list[Mention]:
        return [mention for mention in found if self._keep(mention) and self._in_span(mention)]

    def _in_span(self, mention: Mention) -> bool:
        if self._span is None or mention.published_at is None:
            return True
        return self._span.since <= mention.published_at < self._span.until


def read_item(shape: Shape, kind: str, item: Any, within: Within) -> Mention:
    """Raises ValueError for what is no object, or no item of ``kind``."""
    if not isinstance(item, dict):
        raise ValueError("the item is no object")  # noqa: TRY004 - one type for all that makes an item unreadable
    return shape.read(kind, item, within)


def revived(shape: Shape, raw: Mapping[str, Any]) -> Mention:
    """Read a dead letter of a walk again. Raises ValueError."""
    within = raw.get("within")
    place = within if isinstance(within, dict) else {}
    where = Within(
        root=str(place.get("root", "")),
        parent=str(place.get("parent", "")),
        ours=bool(place.get("ours", False)),
        link=str(place.get("link", "")),
    )
    return read_item(shape, str(raw.get("kind", "")), raw.get("item"), where)


def moment(value: object, now: datetime) -> datetime | None:
    """Meta's ``2026-11-24T03:00:00+0000`` in UTC; None for what is no usable time."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if found.tzinfo is None else usable(found.astimezone(UTC), now)


def _seconds(mention: Mention) -> float:
    return 0.0 if mention.published_at is None else mention.published_at.timestamp()


def _id_of(item: Any) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def page_of(answer: Mapping[str, Any]) -> Page:
    """The page in an answer. Only parameters are taken from its `next`, never the address."""
    data, paging = answer.get("data"), answer.get("paging")
    items = data if isinstance(data, list) else []
    if not isinstance(paging, dict) or not paging.get("next"):
        return Page(items, None, [])
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if after:
        return Page(items, {"after": str(after)}, [])
    asked = dict(parse_qsl(urlsplit(str(paging["next"])).query))
    return Page(items, {key: asked[key] for key in _PAGING if key in asked} or None, [])
