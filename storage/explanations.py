"""Explanations: which words got a mention flagged; work that waits behind everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select, text, update

from sahut.core.model import MentionClaim, WhySpan
from storage import leases
from storage.mention_rows import why_value
from storage.tables import assessment, mention


class SqlExplanations:
    """The explanations of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, now: datetime, *, max_attempts: int) -> bool:
        """Whether any could be claimed now, whichever model judged it."""
        # The order keeps SQLite from taking another index of the state, and reading all that is flagged.
        query = select(mention.c.id).where(_unexplained(now, max_attempts)).order_by(mention.c.model).limit(1)
        return self._connection.execute(query).first() is not None

    def claim(
        self, model: str, *, now: datetime, until: datetime, limit: int, max_attempts: int
    ) -> MentionClaim | None:
        """Lease flagged mentions that ``model`` judged and nobody explained, those first that people see first."""
        free = (
            select(mention.c.id)
            .where(_unexplained(now, max_attempts), mention.c.model == model)
            .order_by(mention.c.folded, mention.c.pressing.desc(), mention.c.id)
            .limit(limit)
        )
        return leases.take(self._connection, free, until)

    def save(self, claim: MentionClaim, found: Mapping[int, Sequence[WhySpan]]) -> list[int]:
        """Write on what is still held under the claim and free the rest of it; the ids written.

        No version rises: an explanation that arrives while somebody reads must not refuse their click.
        """
        held = select(mention.c.id).where(mention.c.lease_token == claim.token).order_by(mention.c.id)
        ids = [one for one in self._connection.execute(held.with_for_update()).scalars() if one in found]
        if ids:
            rows = [{"this": one, "found": why_value(found[one])} for one in ids]
            self._connection.execute(
                update(mention)
                .where(mention.c.id == bindparam("this"))
                .values(why=bindparam("found"), lease_token=None, lease_until=None, attempts=0),
                rows,
            )
            latest = select(func.max(assessment.c.id)).where(assessment.c.mention_id == bindparam("this"))
            self._connection.execute(
                update(assessment).where(assessment.c.id == latest.scalar_subquery()).values(why=bindparam("found")),
                rows,
            )
        self._connection.execute(
            update(mention).where(mention.c.lease_token == claim.token).values(lease_token=None, lease_until=None)
        )
        return ids


def _unexplained(now: datetime, max_attempts: int) -> ColumnElement[bool]:
    return and_(
        # Written as the partial index is, so that both databases see that it serves.
        text("mention.state = 'flagged' AND mention.why IS NULL"),
        mention.c.attempts < max_attempts,
        leases.unleased(now),
    )
