"""The sample of filed mentions in a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sahut.core.model import CheckTally


class Checks(Protocol):
    """What was filed and could be checked: standing for itself, not of the demonstration."""

    def tally(self, since: datetime, until: datetime) -> CheckTally:
        """What was published, or else first seen, from ``since`` to ``until``, in numbers."""
        ...

    def turn(self, since: datetime, until: datetime, stratum: int, limit: int) -> list[int]:
        """Whose turn it is in a stratum: the ids of the lowest lots that nobody has checked."""
        ...
