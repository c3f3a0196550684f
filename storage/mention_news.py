"""What came into the queue since somebody looked at it."""

from __future__ import annotations

from sqlalchemy import Connection, exists, func, select

from sahut.core.model import MentionFilter
from storage.mention_rows import conditions
from storage.tables import assessment, mention

# Of a tab that stood open over an import: a poll reads no more than this.
_MOST_JUDGED = 5_000


class MentionNews:
    """The part of the mentions that a page asks again and again: it walks the end of one index, and nothing else."""

    _connection: Connection
    _dialect: str

    def mark(self) -> int:
        """How far judging has come: what is judged from now on stands above it."""
        return self._connection.execute(select(func.max(assessment.c.id))).scalar() or 0

    def fresh(self, where: MentionFilter, mark: int, *, cap: int) -> int:
        """How many match that were judged above ``mark`` for the first time, counted up to ``cap``."""
        judged = select(assessment.c.mention_id).where(assessment.c.id > mark).order_by(assessment.c.id)
        judged = judged.limit(_MOST_JUDGED)
        before = exists().where(assessment.c.mention_id == mention.c.id, assessment.c.id <= mark)
        some = (
            select(mention.c.id)
            .where(mention.c.id.in_(select(judged.subquery().c.mention_id)), ~before, *conditions(where, self._dialect))
            .limit(cap)
        )
        return self._connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
