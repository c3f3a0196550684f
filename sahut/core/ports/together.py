"""What colleagues see of each other in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from sahut.core.model import SavedView, Viewing


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


class Views(Protocol):
    """Filters that people keep, and the one that each begins with."""

    def add(self, owner_id: int, name: str, asked: Mapping[str, str], now: datetime) -> SavedView:
        """Raises RefusedError(rule="view_exists") where another writer took the name meanwhile."""
        ...

    def get(self, view_id: int) -> SavedView:
        """Raises NotFoundError."""
        ...

    def of(self, user_id: int) -> list[SavedView]:
        """One's own by name, then what others share, by name."""
        ...

    def rename(self, view_id: int, name: str, *, version: int | None, now: datetime) -> SavedView:
        """Raises NotFoundError, StaleWriteError, RefusedError(rule="view_exists")."""
        ...

    def share(self, view_id: int, *, shared: bool, now: datetime) -> SavedView:
        """No longer shared, nobody else begins with it. Raises NotFoundError."""
        ...

    def drop(self, view_id: int) -> None: ...
    def start_with(self, user_id: int, view_id: int | None) -> None: ...
    def start_of(self, user_id: int) -> SavedView | None: ...
