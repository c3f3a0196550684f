"""What other systems bring by themselves, in a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sahut.core.model import Delivery, Told


class Deliveries(Protocol):
    """Deliveries that were answered, and words of platforms that wait for a reading."""

    def find(self, source_id: int, key: str) -> Delivery | None: ...
    def keep(self, came: Delivery) -> None:
        """Keep the first answer. Raises RefusedError(rule="answered_meanwhile") where another request kept one."""
        ...

    def tell(self, source_id: int, words: Sequence[Mapping[str, Any]], now: datetime) -> None: ...
    def told(self, source_id: int, limit: int) -> list[Told]:
        """What a source has not heard yet, oldest first."""
        ...

    def heard(self, ids: Sequence[int]) -> None: ...
