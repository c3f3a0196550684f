"""What collectors bring: mentions, page by page; and what a first look at a place finds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sahut.core.model.access import Currency, Gap
from sahut.core.model.estimates import Estimate
from sahut.core.model.words import Problem


def joined(title: str, text: str) -> str:
    """Title and text as one, without saying the title twice where the text begins with it."""
    if not title or text.startswith(title):
        return text
    return f"{title}\n{text}" if text else title


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a mention, as its platform shows them. Personal data: stored through one column type."""

    handle: str
    name: str = ""
    url: str = ""
    followers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One post, comment or article as it was collected. Identity is ``(platform, native_id)``.

    ``text`` is clean text, never HTML. ``published_at`` is None when the platform gives no usable date; screens then
    show ``collected_at``, the time it was first seen. ``repost_of``, ``parent`` and ``root`` (the first post of its
    conversation, "" for itself) are native ids on the same platform. ``own``: an account of ours wrote it, so it joins
    its conversation and never opens a case. ``to_us``: it answers one of our accounts.
    """

    platform: str
    native_id: str
    text: str
    collected_at: datetime
    published_at: datetime | None = None
    title: str = ""
    author: Author | None = None
    permalink: str = ""
    language: str = ""
    parent: str = ""
    root: str = ""
    repost_of: str = ""
    reach: int = 0
    own: bool = False
    to_us: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """The identity, unique in the store."""
        return (self.platform, self.native_id)

    @property
    def body(self) -> str:
        """Title and text as one: what is classified, searched and compared."""
        return joined(self.title, self.text)

    @property
    def content_hash(self) -> str:
        """Changes exactly when a reader would see another text."""
        return hashlib.sha256(f"{self.title}\x00{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadItem:
    """One item of a page that could not be read; the rest of the page is kept."""

    reason: str
    native_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One page of a source: what to store, and the cursor that is stored in the same transaction.

    ``seen`` counts the items of the page before the source's own query. ``next_check`` is the earliest time at which
    the platform wants to be asked again, None when it said nothing. ``notes`` are disagreements worth telling an
    operator (a wrong charset, a clamped date), in plain words; they are not errors.

    ``gaps`` are holes that cannot be closed. ``withdrawn`` are native ids that their platform no longer shows.
    ``left`` are ids that a second look did not get to, ``stopped`` what ended it where it was a limit or a fault.
    ``spent`` is what the calls since the batch before cost. ``session`` is what the platform gave for the
    secrets meanwhile, to be kept with the credential in place of what was there; None for no change.
    """

    mentions: list[Mention] = field(default_factory=list)
    dead: list[DeadItem] = field(default_factory=list)
    seen: int = 0
    cursor: Mapping[str, Any] = field(default_factory=dict)
    next_check: datetime | None = None
    notes: list[str] = field(default_factory=list)
    title: str = ""
    gaps: Sequence[Gap] = ()
    withdrawn: Sequence[str] = ()
    left: Sequence[str] = ()
    stopped: Exception | None = None
    spent: Mapping[Currency, float] = field(default_factory=dict)
    session: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The first page of a place, looked at before it is followed; nothing of it is stored.

    ``problem`` is None when it could be read, else ``reason`` says in words what is wrong. ``seen`` counts the items
    before the query, ``dead`` those that cannot be read. ``address`` is what to follow where that is not the address
    looked at (a web page's feed), "" for the same; ``alternatives`` are the other feeds of that page. ``estimate`` is
    what following it will cost, None where the platform charges nothing.
    """

    title: str = ""
    seen: int = 0
    dead: int = 0
    mentions: Sequence[Mention] = ()
    notes: Sequence[str] = ()
    problem: Problem | None = None
    reason: str = ""
    address: str = ""
    alternatives: Sequence[str] = ()
    estimate: Estimate | None = None
