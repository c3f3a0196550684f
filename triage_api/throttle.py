"""How often one caller may ask: a bucket of requests for each, which refills as time passes.

In this process alone: two web processes let through twice as much, and nobody writes a row to read one.
"""

from __future__ import annotations

import math
from datetime import datetime
from threading import Lock

# So many callers are remembered; of those who have rested the longest the least is lost.
_MOST_KEYS = 10_000


class Throttle:
    """Lets each key do ``per_minute`` things a minute, also all at once; 0 knows no limit. Safe between threads."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._left: dict[str, tuple[float, datetime]] = {}
        self._lock = Lock()

    def take(self, key: str, now: datetime) -> int:
        """Count one. 0 where it may go on, else the seconds until the next may."""
        if not self._most:
            return 0
        with self._lock:
            left = self._refilled(key, now)
            wait = 0 if left >= 1 else math.ceil((1 - left) * 60 / self._most)
            # Taken out and put back at the end: the first key is the one that rested the longest.
            self._left.pop(key, None)
            self._left[key] = (left if wait else left - 1, now)
            if len(self._left) > _MOST_KEYS:
                del self._left[next(iter(self._left))]
            return wait

    def wait(self, key: str, now: datetime) -> int:
        """As `take`, counting nothing."""
        if not self._most:
            return 0
        with self._lock:
            left = self._refilled(key, now)
        return 0 if left >= 1 else math.ceil((1 - left) * 60 / self._most)

    def _refilled(self, key: str, now: datetime) -> float:
        left, at = self._left.get(key, (float(self._most), now))
        return min(float(self._most), left + max(0.0, (now - at).total_seconds()) * self._most / 60)
