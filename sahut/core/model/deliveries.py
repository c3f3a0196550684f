"""What other systems bring by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery under its sender's key; ``body`` is the first answer, which a repeat gets again."""

    source_id: int
    key: str
    fingerprint: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A word of a platform that something happened, kept until its source's collector has followed it up."""

    id: int
    source_id: int
    word: Mapping[str, Any]
    at: datetime
