"""What happened to sources day by day, and the holes in them that cannot be closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select

from sahut.core.model import Gap, Reading, Source, SourceDay
from storage.engine import insert_into
from storage.tables import gap, source_day


class SourceDays:
    """The part of the sources that remembers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_reading(self, before: Source, reading: Reading) -> None:
        """Count a reading on its day of UTC. ``before`` is the source as it was claimed."""
        health = reading.health
        failed = health.failures > 0
        at = health.last_error_at if failed else health.last_success_at
        if at is None:
            return
        self.count(before.id, at.date(), failures=int(failed), new=max(0, health.kept - before.health.kept))

    def count(self, source_id: int, day: date, *, failures: int, new: int) -> None:
        """Count one more reading of a source on a day of UTC."""
        row = insert_into(self._connection, source_day).values(
            source_id=source_id, day=day.isoformat(), readings=1, failures=failures, new=new
        )
        counts = {name: source_day.c[name] + row.excluded[name] for name in ("readings", "failures", "new")}
        self._connection.execute(row.on_conflict_do_update(index_elements=["source_id", "day"], set_=counts))

    def days(self, source_ids: Sequence[int], since: date) -> dict[int, list[SourceDay]]:
        """By source, its days from ``since`` on on which it was read, oldest first."""
        found: dict[int, list[SourceDay]] = {source_id: [] for source_id in source_ids}
        rows = self._connection.execute(
            select(source_day)
            .where(source_day.c.source_id.in_(source_ids), source_day.c.day >= since.isoformat())
            .order_by(source_day.c.day)
        )
        for row in rows:
            found[row.source_id].append(
                SourceDay(day=date.fromisoformat(row.day), readings=row.readings, failures=row.failures, new=row.new)
            )
        return found

    def add_gaps(self, source_id: int, gaps: Sequence[Gap], now: datetime) -> None:
        """Remember holes, each once."""
        known = set(self.gaps([source_id])[source_id])
        fresh = [one for one in gaps if one not in known]
        if fresh:
            self._connection.execute(
                gap.insert(),
                [
                    {"source_id": source_id, "since": g.since, "until": g.until, "reason": g.reason, "noticed_at": now}
                    for g in fresh
                ],
            )

    def gaps(self, source_ids: Sequence[int]) -> dict[int, list[Gap]]:
        """By source, its holes, oldest first."""
        found: dict[int, list[Gap]] = {source_id: [] for source_id in source_ids}
        rows = self._connection.execute(select(gap).where(gap.c.source_id.in_(source_ids)).order_by(gap.c.id))
        for row in rows:
            found[row.source_id].append(Gap(since=row.since, until=row.until, reason=row.reason))
        return found
