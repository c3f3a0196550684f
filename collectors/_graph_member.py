"""What Facebook, Instagram and Threads have in common as collectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from collectors._graph import Graph, MissingError
from collectors._graph_context import Looker
from collectors._graph_walk import WATCH, Edge, Shape, Span, Walk, Within, moment, page_of, read_item, revived
from collectors._looking import Looking
from collectors._options import filter_of
from collectors._settings import CollectorSettings
from sahut.core.errors import InDoubtError, PermanentError
from sahut.core.model import Access, Batch, Guide, Mention, Problem, SentReply, Source
from sahut.core.model.forms import FieldKind, FormField

_LONGEST_WATCH = 366
WATCH_DAYS = FormField(
    key="watch_days",
    words="for how many days new comments are looked for",
    kind=FieldKind.DAYS,
    default="30",
    least=1,
    most=_LONGEST_WATCH,
)
# Clocks of platforms differ by seconds, and they round.
_SKEW = timedelta(seconds=60)


_ONE = {"fields": "id", "limit": "1"}
_MOST_TAGS = 1_000


@dataclass(slots=True)
class Look:
    """What a second look at mentions brought: items by id, ids that are not shown, and a refusal of single ones."""

    found: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    refused: PermanentError | None = None


class GraphMember:
    """Reads places of one of Meta's platforms; the platform says which lists there are and how items read.

    A source's option ``watch_days`` says for how long comments on a post are looked for, 30 unless told.
    """

    platform: str
    guide: Guide
    title: str
    home: str
    version: str
    who_fields: str  # of them the last is what people call the account
    recheck_fields: str
    recheck_asks: str
    recheck_many = 50
    own_list: str  # of our account: what we posted, and what tags us
    tag_list: str

    def __init__(self, settings: CollectorSettings) -> None:
        self._graph = Graph(settings, name=self.title, home=self.home, version=self.version)

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Every page of the source's lists, newest first. Raises TransientError or PermanentError."""
        return self._walk(source, access, now, None)

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """What was posted in a stretch of the past, on posts of that stretch and of the watched time before it."""
        return self._walk(source, access, now, Span(since=since, until=until))

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read a dead item again. Raises ValueError with the reason."""
        return revived(self.shape(dict(source.cursor.get("us", {})), now), raw)

    def prove(self, access: Access, *, now: datetime) -> str:
        """Ask who we are; the account's name."""
        us = self.us(access, now)
        return us["name"] or us["id"]

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """How mentions read now, or that the platform no longer shows them. Raises as `collect` does."""
        opened = granted(access, self.title)
        us = self._known_us(opened, now)
        shape = self.shape(us, now)
        look = Look()
        looking = Looking()
        looking.at(native_ids, self.recheck_many, lambda part: self._look(part, opened, now, look))
        if look.refused is not None and not look.found:
            raise look.refused
        missing = [one for one in look.missing if one not in looking.left]
        gone = self.surely_gone(replace(look, missing=missing), opened, us, now) if missing else []
        mentions = []
        for item in look.found.values():
            try:
                mentions.append(read_item(shape, "again", item, Within()))
            except ValueError:
                continue  # it is there: that is all that was asked
        return Batch(
            mentions=mentions,
            seen=len(look.found),
            withdrawn=gone,
            left=looking.left,
            stopped=looking.stopped,
        )

    def surely_gone(self, look: Look, access: Access, us: Mapping[str, str], now: datetime) -> list[str]:
        """Which of ``look.missing`` are gone. Posts of others may be hidden from this way of asking and yet stand.

        Without our permissions everything looks gone: where nothing was found, what we surely may see must be there.
        """
        if not look.found:
            self._graph.get(access, f"{us['id']}/{self.own_list}", _ONE, asks=self.recheck_asks, now=now)
        standing = set()
        edge = Edge(
            name="listed",
            path=f"{us['id']}/{self.tag_list}",
            params={"fields": "id", "limit": "100"},
            kind="again",
            asks=self.recheck_asks,
        )
        listed = self.listed(edge, "", since=now, now=now, access=access)
        for item in islice(listed, _MOST_TAGS):
            standing.add(str(item.get("id")))
        return [one for one in look.missing if one not in standing]

    # --- what a platform says ------------------------------------------------------------------------------------

    def plan(self, source: Source, us: Mapping[str, str]) -> list[Edge]:
        """The lists to read, in order. Raises PermanentError for an address or option that is none."""
        raise NotImplementedError

    def shape(self, us: Mapping[str, str], now: datetime) -> Shape:
        """How items read."""
        raise NotImplementedError

    def who(self, access: Access) -> str:  # noqa: ARG002 - most tokens say it
        """The path of our own account."""
        return "me"

    # --- in common -----------------------------------------------------------------------------------------------

    def us(self, access: Access, now: datetime) -> dict[str, str]:
        """Who we are there: ``id`` and ``name``. One call."""
        answer = self._graph.get(access, self.who(access), {"fields": self.who_fields}, asks=self.recheck_asks, now=now)
        return {"id": str(answer.get("id", "")), "name": str(answer.get(self.who_fields.rpartition(",")[2], ""))}

    def _known_us(self, access: Access, now: datetime) -> dict[str, str]:
        if access.session.get("id"):
            return {"id": access.session["id"], "name": access.session.get("name", "")}
        return self.us(access, now)

    def looker(self, access: Access | None, now: datetime) -> Looker:
        """Who asks for a conversation. Raises PermanentError."""
        opened = granted(access, self.title)
        shape = self.shape(self._known_us(opened, now), now)
        return Looker(
            graph=self._graph, access=opened, shape=shape, fields=self.recheck_fields, asks=self.recheck_asks, now=now
        )

    def reads(self, source: Source, there_are: Sequence[str]) -> list[str]:
        """What the source's option ``read`` names, with commas between; all unless told. Raises PermanentError."""
        said = str(source.options.get("read", ",".join(there_are)))
        wanted = {one.strip() for one in said.split(",")}
        if wanted - set(there_are):
            raise PermanentError(
                f"source '{source.name}': options.read is '{said}'; there are {', '.join(there_are)}",
                problem=Problem.BAD_SETTINGS,
            )
        return [one for one in there_are if one in wanted]

    def renewed(self, access: Access, now: datetime) -> Access:  # noqa: ARG002 - most tokens need none
        """``access`` with a session that is good for now."""
        return access

    def _walk(self, source: Source, access: Access | None, now: datetime, span: Span | None) -> Iterator[Batch]:
        opened = self.renewed(granted(access, self.title), now)
        matches = filter_of(source)
        us = dict(source.cursor.get("us") or self.us(opened, now))
        session = {**opened.session, **us}
        walk = Walk(
            self._graph,
            opened,
            replace(source, cursor={**source.cursor, "us": us}),
            self.plan(source, us),
            self.shape(us, now),
            keep=lambda mention: mention.own or matches(mention.body),
            now=now,
            span=span,
            watch=_watch(source),
        )
        fresh = access is not None and session != dict(access.session)
        for batch in walk.run():
            yield replace(batch, session=session, title=us["name"]) if fresh else batch
            fresh = False

    def _look(self, ids: Sequence[str], access: Access, now: datetime, look: Look) -> None:
        """One id that is gone or hidden spoils the whole call, so a refused call is split until it is alone."""
        try:
            if len(ids) == 1:
                params = {"fields": self.recheck_fields}
                answer = {ids[0]: self._graph.get(access, ids[0], params, asks=self.recheck_asks, now=now)}
            else:
                params = {"ids": ",".join(ids), "fields": self.recheck_fields}
                answer = self._graph.get(access, "", params, asks=self.recheck_asks, now=now)
        except PermanentError as error:
            missing = isinstance(error, MissingError)
            if not missing and error.problem is not Problem.LACKS_ACCESS:
                raise
            if len(ids) == 1:
                if missing:
                    look.missing.append(ids[0])
                else:
                    look.refused = error
                return
            middle = len(ids) // 2
            self._look(ids[:middle], access, now, look)
            self._look(ids[middle:], access, now, look)
            return
        look.found |= {one: answer[one] for one in ids if one in answer}

    def sent(self, answer: Mapping[str, Any], what: str, now: datetime) -> SentReply:
        """The reply that an answer to a post tells of. Raises InDoubtError where it names no id."""
        native_id = answer.get("id")
        if not native_id:
            raise InDoubtError(f"{self.title}: {what} gave no id", problem=Problem.NOT_READABLE)
        return SentReply(native_id=str(native_id), permalink=str(answer.get("permalink_url") or ""), sent_at=now)

    def listed(
        self, edge: Edge, dated: str, *, since: datetime, now: datetime, access: Access
    ) -> Iterator[dict[str, Any]]:
        """Items of a list, down to a page that is older than ``since`` by the field ``dated``; "" reads to the end."""
        after: Mapping[str, str] | None = {}
        while after is not None:
            page = page_of(self._graph.get(access, edge.path, {**edge.params, **after}, asks=edge.asks, now=now))
            items = [item for item in page.items if isinstance(item, dict)]
            yield from items
            times = [at for at in (moment(item.get(dated), now) for item in items if dated) if at is not None]
            after = None if (times and max(times) < since - _SKEW) or page.after == after else page.after


def granted(access: Access | None, title: str) -> Access:
    """``access``, which has to be there. Raises PermanentError."""
    if access is None:
        raise PermanentError(f"{title} wants a credential, and the source has none", problem=Problem.NO_CREDENTIAL)
    return access


def _watch(source: Source) -> timedelta:
    said = str(source.options.get("watch_days", WATCH.days))
    if not said.isdecimal() or not 1 <= int(said[:9]) <= _LONGEST_WATCH:
        raise PermanentError(
            f"source '{source.name}': options.watch_days is '{said}'; it is from 1 to {_LONGEST_WATCH}",
            problem=Problem.BAD_SETTINGS,
        )
    return timedelta(days=int(said))


def utf16_length(text: str) -> int:
    """How many UTF-16 units ``text`` takes."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def same_words(said: object, text: str) -> bool:
    """Whether two texts differ in white space at most, which platforms tidy."""
    return isinstance(said, str) and said.split() == text.split()


def count(value: object) -> int:
    """A count, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
