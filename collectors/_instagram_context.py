"""Conversations on Instagram: media, comments below them, and one level of answers below each comment.

Media of others are shown to us only through our mention in them, and what stands below those not at all: it counts as
cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from collectors._graph import MissingError
from collectors._graph_context import Looker
from collectors._graph_walk import Edge, Within, read_item
from sahut.core.errors import PermanentError
from sahut.core.model import Mention, Problem

_POST = re.compile(r"https://www\.instagram\.com/(?:p|reel|tv)/[^/]+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstagramLooker(Looker):
    """``fields`` are those of a comment, ``media`` those of media, ``named`` those of media that only name us.

    ``us`` is our account's id, ``link`` the address of the post that all is below.
    """

    media: str
    named: str
    us: str
    link: str

    def one(self, native_id: str, within: Within) -> Mention | None:
        """A comment where ``within`` says below what, else media."""
        try:
            if within.root:
                item = self.ask(native_id, {"fields": self.fields})
                return read_item(self.shape, "comment", item, replace(within, link=self.link))
            return read_item(self.shape, "media", self._media(native_id), within)
        except (MissingError, ValueError):
            return None

    def below(self, parent: str, within: Within) -> Edge:
        """Comments below media, answers below a comment; what came below others' comments is not asked for."""
        edge = self.shape.comments(parent) if parent == within.root else self.shape.replies(parent)
        return replace(edge, params={**edge.params, "fields": self.fields})

    def read(self, kind: str, items: list[Any], within: Within) -> Iterator[Mention]:
        """As `Looker.read`, with the address of each: Instagram gives comments none."""
        yield from super(InstagramLooker, self).read(kind, items, replace(within, link=self.link))

    def _media(self, native_id: str) -> Any:
        """Raises MissingError where it is neither ours nor names us."""
        try:
            return self.ask(native_id, {"fields": self.media})
        except PermanentError as error:
            if error.problem not in {Problem.NOT_FOUND, Problem.LACKS_ACCESS}:
                raise
        answer = self.ask(self.us, {"fields": f"mentioned_media.media_id({native_id}){{{self.named}}}"})
        return answer.get("mentioned_media")


def post_link(permalink: str) -> str:
    """The address of the post in that of a comment below it; "" where it holds none."""
    found = _POST.match(permalink)
    return found[0] if found else ""
