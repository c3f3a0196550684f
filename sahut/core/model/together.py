"""What lets several people work one queue: who has a mention open, which filters they keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """Somebody has a mention open, until a moment that their page keeps moving on."""

    mention_id: int
    user_id: int
    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """Filters of the queue under a name. ``asked`` is what its address says: names and values, order and tab too.

    ``shared``: everybody sees it; else its owner alone.
    """

    id: int
    owner_id: int
    owner_name: str
    name: str
    asked: Mapping[str, str]
    shared: bool
    version: int
