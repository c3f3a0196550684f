"""How many of those that wait match each of several filters, in one walk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, case, func, select, text

from sahut.core.model import MentionFilter, MentionState
from storage.mention_rows import conditions
from storage.tables import mention


class MentionCounts:
    """The part of the mentions that counts for several filters at once."""

    _connection: Connection
    _dialect: str

    def waiting_by(self, wheres: Sequence[MentionFilter], *, most: int) -> list[int]:
        """How many of the ``most`` most pressing that wait match each filter."""
        if not wheres:
            return []
        top = (
            select(mention.c.id)
            .where(text(f"mention.state = '{MentionState.FLAGGED}' AND NOT mention.folded"))
            .order_by(mention.c.pressing.desc(), mention.c.id)
            .limit(most)
            .subquery()
        )
        sums = [
            func.coalesce(func.sum(case((and_(*conditions(where, self._dialect)), 1), else_=0)), 0) for where in wheres
        ]
        row = self._connection.execute(select(*sums).where(mention.c.id.in_(select(top.c.id)))).one()
        return [int(one) for one in row]
