"""Persons and the ends of data, in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sahut.core.model import Person, PersonCounts


class Persons(Protocol):
    """Found by keyed hashes, erased, and kept from coming back."""

    def find(self, who: Person, *, limit: int, after: int = 0) -> list[int]:
        """Ids of the mentions that a person wrote, above ``after``, in order."""
        ...

    def counts(self, who: Person) -> PersonCounts:
        """How much is held of a person, and how much of it erasing would reach."""
        ...

    def is_buried(self, who: Person) -> bool:
        """Whether what they write is not collected any more."""
        ...

    def bury(self, who: Person, now: datetime) -> None:
        """Let what they write be collected no more; of a link, that post alone."""
        ...

    def open_replies(self, mention_ids: Sequence[int]) -> list[tuple[int, str]]:
        """(id, state) of the replies to mentions that are not over."""
        ...

    def erase(self, mention_ids: Sequence[int], now: datetime) -> None:
        """Take a person out of mentions and of all that came of them; tickets keep their own words without them.

        Each post gets a tombstone of its own.
        """
        ...

    def forget_name(self, who: Person, now: datetime) -> int:
        """Take a handle out of what others wrote to it, and drop what could not be read and names it; how many rows."""
        ...


class Retention(Protocol):
    """What its time is over for, by class: ``raw``, ``filed``, ``dismissed``, ``tickets``, ``set_aside``."""

    def due(self, name: str, before: datetime) -> int:
        """How many rows of a class are older than ``before``."""
        ...

    def forget(self, name: str, before: datetime, now: datetime, *, limit: int) -> int:
        """Let go of up to ``limit`` rows of a class; how many."""
        ...
