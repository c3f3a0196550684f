"""Mentions as work: claimed under a lease, given up on, counted while they wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from sahut.core.model import MentionClaim, MentionState
from storage import leases
from storage.dead_letters import letter_for_mention
from storage.tables import dead_letter, mention

_COUNTED_WAITING = 1_000


class MentionWork:
    """The part of the mentions that hands out work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def claim(self, *, now: datetime, until: datetime, limit: int, max_attempts: int) -> MentionClaim | None:
        """Lease the oldest waiting mentions under a new token; None when none waits."""
        wanted = and_(_waiting(now), mention.c.attempts < max_attempts)
        free = leases.oldest(self._connection, wanted, limit)
        return None if free is None else leases.take(self._connection, free, until)

    def give_back(self, claim: MentionClaim) -> None:
        """Free what is still held under the claim, and do not count the attempt."""
        self._connection.execute(
            update(mention)
            .where(mention.c.lease_token == claim.token)
            .values(lease_token=None, lease_until=None, attempts=mention.c.attempts - 1)
        )

    def give_up(self, *, now: datetime, max_attempts: int) -> int:
        """Hold what has cost every worker its lease, each with a dead letter; how many."""
        query = (
            select(mention.c.id, mention.c.native_id)
            .where(_waiting(now), mention.c.attempts >= max_attempts)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(query).all()
        for row in rows:
            reason = f"{max_attempts} workers were lost while judging it"
            self._connection.execute(
                dead_letter.insert().values(letter_for_mention(row.id, row.native_id, reason, now))
            )
        self.set_held([row.id for row in rows], now)
        return len(rows)

    def set_held(self, mention_ids: Sequence[int], now: datetime) -> None:
        """Set mentions aside: neither waiting nor decided."""
        self._connection.execute(
            update(mention)
            .where(mention.c.id.in_(mention_ids))
            .values(
                state=MentionState.HELD,
                lease_token=None,
                lease_until=None,
                updated_at=now,
                version=mention.c.version + 1,
            )
        )

    def waiting(self, now: datetime) -> int:
        """How many could be claimed now, counted up to 1,000."""
        some = select(mention.c.id).where(_waiting(now)).limit(_COUNTED_WAITING).subquery()
        return self._connection.execute(select(func.count()).select_from(some)).scalar_one()


def _waiting(now: datetime) -> ColumnElement[bool]:
    return and_(mention.c.state == MentionState.COLLECTED, leases.unleased(now))
