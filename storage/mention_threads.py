"""Mentions in their conversations."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select, text

from sahut.core.model import MentionRecord
from storage.mention_rows import record, records
from storage.reply_tables import reply
from storage.tables import mention

_HIGHEST = 20


class MentionThreads:
    """The part of the mentions that knows who answers whom."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def conversation(self, of: MentionRecord, limit: int) -> list[MentionRecord]:
        """What was collected of a mention's conversation, itself included, oldest first.

        Of a long one, what stands next to the mention comes before the rest.
        """
        here = mention.c.platform == of.mention.platform
        root = of.mention.root or of.mention.native_id
        found = {of.id, *self._above(of, limit - 1)}
        for where in (
            and_(here, mention.c.native_id.in_([of.mention.parent, root])),
            # Where an answer hangs below our reply alone, the reply leads to what was asked, and back.
            mention.c.id.in_(select(reply.c.mention_id).where(reply.c.id == of.answers)),
            mention.c.answers.in_(select(reply.c.id).where(reply.c.mention_id == of.id)),
            # Each second condition is the partial index's own: SQLite does not conclude it from the first.
            and_(here, mention.c.parent == of.mention.native_id, text("mention.parent <> ''")),
            and_(here, mention.c.parent == of.mention.parent, text("mention.parent <> ''")),
            and_(here, mention.c.root == root, text("mention.root <> ''")),
        ):
            left = select(mention.c.id).where(where, mention.c.id.not_in(found)).order_by(mention.c.id)
            found |= set(self._connection.execute(left.limit(limit - len(found))).scalars())
        rows = records().where(mention.c.id.in_(found)).order_by(mention.c.shown_at, mention.c.id)
        return [record(row) for row in self._connection.execute(rows)]

    def answered(self, mention_id: int) -> bool:
        """Whether something of ours was collected that answers a mention."""
        of = mention.alias("of")
        below = and_(mention.c.platform == of.c.platform, mention.c.parent == of.c.native_id)
        query = select(mention.c.id).join(of, below).where(of.c.id == mention_id, mention.c.own)
        # The index's own condition again.
        return self._connection.execute(query.where(text("mention.parent <> ''")).limit(1)).first() is not None

    def _above(self, of: MentionRecord, limit: int) -> list[int]:
        """Up the line that it answers, as far as it was collected: not every platform names a conversation's first."""
        ids: list[int] = []
        parent = of.mention.parent
        while parent and len(ids) < min(limit, _HIGHEST):
            row = self._connection.execute(
                select(mention.c.id, mention.c.parent).where(
                    mention.c.platform == of.mention.platform, mention.c.native_id == parent
                )
            ).one_or_none()
            if row is None or row.id in ids or row.id == of.id:
                break
            ids.append(row.id)
            parent = row.parent
        return ids
