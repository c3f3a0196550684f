"""Dead letters: what could not be worked on, kept until it is retried or dropped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sahut.core.errors import NotFoundError
from sahut.core.model import DeadItem, DeadLetter
from storage.engine import insert_into
from storage.tables import dead_letter


def letter_for_mention(mention_id: int, native_id: str, reason: str, now: datetime) -> dict[str, Any]:
    """The row for a mention that could not be judged."""
    digest = sha256(f"assess\x00{mention_id}\x00{now.isoformat()}".encode()).hexdigest()
    return {
        "stage": "assess",
        "reason": reason,
        "mention_id": mention_id,
        "native_id": native_id,
        "raw": {},
        "digest": digest,
        "attempts": 1,
        "at": now,
    }


class SqlDeadLetters:
    """The dead letters of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, source_id: int, items: Sequence[DeadItem], now: datetime) -> None:
        """Keep items of a source; one that is there already only counts another attempt."""
        for item in items:
            raw = json.dumps(item.raw, sort_keys=True, default=str)
            digest = sha256(f"collect\x00{source_id}\x00{item.native_id}\x00{raw}".encode("utf-8", "replace"))
            row = insert_into(self._connection, dead_letter).values(
                stage="collect",
                reason=item.reason,
                source_id=source_id,
                native_id=item.native_id,
                raw=dict(item.raw),
                digest=digest.hexdigest(),
                attempts=1,
                at=now,
            )
            again = {"attempts": dead_letter.c.attempts + 1, "reason": item.reason}
            self._connection.execute(row.on_conflict_do_update(index_elements=["digest"], set_=again))

    def get(self, letter_id: int) -> DeadLetter:
        """Raises NotFoundError."""
        row = self._connection.execute(select(dead_letter).where(dead_letter.c.id == letter_id)).one_or_none()
        if row is None:
            raise NotFoundError("dead letter", letter_id)
        return _value(row)

    def page(self, *, limit: int, after: int = 0) -> list[DeadLetter]:
        """Oldest first, those with an id above ``after``."""
        query = select(dead_letter).where(dead_letter.c.id > after).order_by(dead_letter.c.id).limit(limit)
        return [_value(row) for row in self._connection.execute(query)]

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(dead_letter)).scalar_one()

    def drop(self, letter_id: int) -> None:
        """Forget one."""
        self._connection.execute(dead_letter.delete().where(dead_letter.c.id == letter_id))


def _value(row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        stage=row.stage,
        reason=row.reason,
        source_id=row.source_id,
        mention_id=row.mention_id,
        native_id=row.native_id,
        raw=row.raw,
        attempts=row.attempts,
        at=row.at,
    )
