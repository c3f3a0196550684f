"""Conversations on Threads, Facebook and Instagram.

Threads gives all answers below a root post in one flat list, the others two levels: comments, and answers below each.
Answers below posts of others are shown as far as our permissions go: where they are not, the line above still is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from collectors._conversation import Line, kept
from collectors._graph import Graph, MissingError
from collectors._graph_walk import Edge, Shape, Within, page_of, read_item
from sahut.core.errors import PermanentError
from sahut.core.model import Access, Batch, Caps, Context, Mention, Problem

# Of a list; a page has a hundred items, newest first.
_PAGES = 3
_HIDDEN = frozenset({Problem.NOT_FOUND, Problem.LACKS_ACCESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Asks for one conversation. ``fields`` are those of a single post, ``asks`` the permissions that all takes."""

    graph: Graph
    access: Access
    shape: Shape
    fields: str
    asks: str
    now: datetime

    def one(self, native_id: str, within: Within) -> Mention | None:
        """A single post, None where it is not shown."""
        try:
            item = self.ask(native_id, {"fields": self.fields})
            return read_item(self.shape, "again", item, within)
        except (MissingError, ValueError):
            return None

    def listed(self, edge: Edge, within: Within, enough: int) -> tuple[list[Mention], bool]:
        """The newest of a list, about ``enough``; and whether there are more."""
        found: list[Mention] = []
        after: Mapping[str, str] = {}
        for _ in range(_PAGES):
            page = page_of(self.ask(edge.path, {**edge.params, **after}))
            found += self.read(edge.kind, page.items, within)
            if page.after is None or page.after == after:
                return found, False
            if len(found) > enough:
                break
            after = page.after
        return found, True

    def below(self, parent: str, within: Within) -> Edge:  # noqa: ARG002 - Instagram tells media from comments by it
        """The list of what answers ``parent``."""
        return self.shape.comments(parent)

    def read(self, kind: str, items: list[Any], within: Within) -> Iterator[Mention]:
        """What of a list can be read."""
        for item in items:
            try:
                yield read_item(self.shape, kind, item, within)
            except ValueError:
                continue  # no loss to a conversation

    def ask(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """One call. Raises TransientError, PermanentError."""
        return self.graph.get(self.access, path, params, asks=self.asks, now=self.now)


def flat(looker: Looker, mention: Mention, caps: Caps) -> Context:
    """Threads: see `ContextReader.context`. Raises PermanentError where nothing at all is shown."""
    root = mention.root or mention.native_id
    gathered = _Gathered(looker)
    if caps.beside:
        # All pages: the line above is among them, and costs nothing more.
        gathered.add(looker.shape.comments(root), Within(root=root, parent=root), enough=max(caps.beside, 100))
    known = {one.native_id: one for one in gathered.others}
    posts: list[Mention] = []
    passed, parent = {mention.native_id}, mention.parent
    while parent and parent not in passed and len(posts) < caps.above:
        passed.add(parent)
        above = known.get(parent) or looker.one(parent, Within())
        if above is None:
            break
        posts.append(above)
        parent = above.parent
    gathered.tell_ours([*posts, *gathered.others])
    return gathered.context(mention, caps, Line(posts=posts, whole=not parent))


def levels(looker: Looker, mention: Mention, caps: Caps) -> Context:
    """Facebook, Instagram: see `ContextReader.context`. Raises PermanentError where nothing at all is shown."""
    wanted = list(dict.fromkeys(one for one in (mention.parent, mention.root) if one))
    posts: list[Mention] = []
    for native_id in wanted[: caps.above]:
        comment = native_id != mention.root
        within = Within(root=mention.root, parent=mention.root) if comment else Within()
        # A comment that is gone hides neither what was answered to it nor the post.
        if (above := looker.one(native_id, within)) is not None:
            posts.append(above)
    gathered = _Gathered(looker)
    ours = {one.native_id for one in posts if one.own}
    for parent in _below(mention) if caps.beside else ():
        if len(gathered.others) > caps.beside:
            gathered.more = True
            break
        within = Within(root=mention.root or mention.native_id, parent=parent, ours=parent in ours)
        gathered.add(looker.below(parent, within), within, enough=caps.beside)
    return gathered.context(mention, caps, Line(posts=posts, whole=len(posts) == len(wanted)))


def _below(mention: Mention) -> Iterator[str]:
    """Under what to look, the nearest first: an answer to a comment has nothing below it."""
    if not mention.parent or mention.parent == mention.root:
        yield mention.native_id
    if mention.parent:
        yield mention.parent


class _Gathered:
    """What came of lists, and what refused to."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._refused: PermanentError | None = None
        self.others: list[Mention] = []
        self.more = False

    def add(self, edge: Edge, within: Within, *, enough: int) -> None:
        """Read a list; one that is not shown to us counts as cut."""
        try:
            found, more = self._looker.listed(edge, within, enough)
        except PermanentError as error:
            if error.problem not in _HIDDEN:
                raise
            self._refused, found, more = error, [], True
        self.others += found
        self.more = self.more or more

    def tell_ours(self, known: Iterable[Mention]) -> None:
        """Threads doesn't say whose the post is that another one answers."""
        ours = {one.native_id for one in known if one.own}
        self.others = [replace(one, to_us=one.parent in ours and not one.own) for one in self.others]

    def context(self, mention: Mention, caps: Caps, line: Line) -> Context:
        if self._refused is not None and not self.others and not line.posts:
            raise self._refused
        chosen, cut = kept(mention, caps, line, self.others, more=self.more)
        return Context(batch=Batch(mentions=chosen, seen=len(chosen)), cut=cut)
