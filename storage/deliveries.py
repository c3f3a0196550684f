"""What other systems delivered, with the first answer that it got, and what platforms said has happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import RefusedError
from sahut.core.model import Delivery, Told
from storage.tables import delivery, told
from storage.types import storable


class SqlDeliveries:
    """The deliveries of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, source_id: int, key: str) -> Delivery | None:
        """What came for a source under this key before."""
        row = self._connection.execute(
            select(delivery).where(delivery.c.source_id == source_id, delivery.c.key == storable(key))
        ).one_or_none()
        if row is None:
            return None
        return Delivery(source_id=row.source_id, key=row.key, fingerprint=row.fingerprint, body=row.body, at=row.at)

    def keep(self, came: Delivery) -> None:
        """Keep the first answer. Raises RefusedError(rule="answered_meanwhile") where another request kept one."""
        values = {
            "source_id": came.source_id,
            "key": came.key,
            "fingerprint": came.fingerprint,
            "body": came.body,
            "at": came.at,
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(delivery.insert().values(values))
        except IntegrityError as error:
            raise RefusedError(
                f"another delivery with the key {came.key!r} was answered meanwhile", rule="answered_meanwhile"
            ) from error

    def tell(self, source_id: int, words: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Remember what a platform said, until the source's next reading."""
        if words:
            self._connection.execute(
                told.insert(), [{"source_id": source_id, "word": dict(word), "at": now} for word in words]
            )

    def told(self, source_id: int, limit: int) -> list[Told]:
        """What a source has not heard yet, oldest first."""
        rows = self._connection.execute(
            select(told).where(told.c.source_id == source_id).order_by(told.c.id).limit(limit)
        )
        return [Told(id=row.id, source_id=row.source_id, word=row.word, at=row.at) for row in rows]

    def heard(self, ids: Sequence[int]) -> None:
        """Forget what has been followed up."""
        if ids:
            self._connection.execute(told.delete().where(told.c.id.in_(ids)))
