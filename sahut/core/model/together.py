"""What lets several people work one queue: who has a mention open."""

from __future__ import annotations

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
