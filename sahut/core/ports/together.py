"""What colleagues see of each other in a transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sahut.core.model import Viewing


class Viewings(Protocol):
    """Who has which mention open. Each runs out by itself; none keeps anybody from anything."""

    def hold(self, mention_id: int, user_id: int, key: str, *, now: datetime, until: datetime) -> None:
        """One has it open until then. ``key`` names the page: the one that looked last is the one that counts."""
        ...

    def drop(self, mention_id: int, user_id: int, key: str) -> None:
        """The page of that key is gone; nothing happens where another page of the same person looked since."""
        ...

    def present(self, now: datetime, mention_ids: Collection[int] | None = None) -> list[Viewing]:
        """Those of these mentions, or of all, that have not run out; by mention, who came first first."""
        ...
