"""Replies of ours where they stand: in the conversations of collected mentions, and among these themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, select, text, union, update

from sahut.core.model import Mention, MentionState, Reply, ReplyState, Standing
from storage.mention_rows import record, records
from storage.mentions import SqlMentions
from storage.reply_rows import value
from storage.reply_tables import reply
from storage.tables import dead_letter, mention

# Both databases take far more parameters in one statement, but none is faster for it.
_KEYS_AT_ONCE = 400
_MOST_NEAR = 500
# What may stand on a platform by now.
HANDED_OVER = (ReplyState.SENDING, ReplyState.UNKNOWN, ReplyState.BY_HAND, ReplyState.SENT)
_UNDECIDED = (
    MentionState.COLLECTED,
    MentionState.CONTEXT,
    MentionState.FLAGGED,
    MentionState.SNOOZED,
    MentionState.FILED,
    MentionState.HELD,
)


class SqlStandings:
    """What stands, in one transaction."""

    def __init__(self, connection: Connection, mentions: SqlMentions) -> None:
        self._connection = connection
        self._mentions = mentions

    def make_own(self, platform: str, native_id: str, reply_id: int, now: datetime) -> None:
        """A collector may have seen it before us, and a citizen may have answered it."""
        foreign = and_(mention.c.platform == platform, ~mention.c.own)
        seen = self._ids(and_(foreign, mention.c.native_id == native_id))
        answers = self._ids(
            and_(foreign, mention.c.parent == native_id, text("mention.parent <> ''"), mention.c.answers.is_(None))
        )
        if not seen and not answers:
            return
        self._mentions.lock([*seen, *answers])
        changed = {"version": mention.c.version + 1, "updated_at": now, "lease_token": None, "lease_until": None}
        ours = case((mention.c.state.in_(_UNDECIDED), MentionState.OWN), else_=mention.c.state)
        again = case(
            (mention.c.state == MentionState.FILED, MentionState.FLAGGED),
            (mention.c.state == MentionState.CONTEXT, MentionState.COLLECTED),
            else_=mention.c.state,
        )
        for ids, values in ((seen, {"own": True, "state": ours}), (answers, {"answers": reply_id, "state": again})):
            self._connection.execute(update(mention).where(mention.c.id.in_(ids)).values({**changed, **values}))
        # One that could not be judged need not be any more.
        self._connection.execute(dead_letter.delete().where(dead_letter.c.mention_id.in_(seen)))
        self._mentions.refold([*seen, *answers])

    def _ids(self, where: ColumnElement[bool]) -> list[int]:
        return list(self._connection.execute(select(mention.c.id).where(where)).scalars())

    def near(self, mentions: Sequence[Mention]) -> list[Standing]:
        """Replies of ours that stand, or may, in the conversations of these collected mentions."""
        by_platform: dict[str, set[str]] = {}
        for one in mentions:
            by_platform.setdefault(one.platform, set()).update({one.native_id, one.parent, one.root} - {""})
        found: dict[int, Reply] = {}
        for platform, every in by_platform.items():
            keys = sorted(every)
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                handed_over = and_(reply.c.platform == platform, reply.c.state.in_(HANDED_OVER))
                # Three walks of three indexes; of one OR, a planner makes a walk of the table.
                # Only a conversation can hold very many; of that the newest count.
                of_roots = select(reply.c.id).where(handed_over, reply.c.root.in_(some)).order_by(reply.c.id.desc())
                near = union(
                    select(reply.c.id).where(handed_over, reply.c.native_id.in_(some), text("reply.native_id <> ''")),
                    select(reply.c.id).where(handed_over, reply.c.parent.in_(some)),
                    select(of_roots.limit(_MOST_NEAR).subquery().c.id),
                )
                for row in self._connection.execute(select(reply).where(reply.c.id.in_(near))):
                    found[row.id] = value(row)
        if not found:
            return []
        answered = {one.mention_id for one in found.values()}
        rows = self._connection.execute(records().where(mention.c.id.in_(answered)))
        by_id = {row.id: record(row).mention for row in rows}
        return [Standing(reply=one, mention=by_id[one.mention_id]) for _, one in sorted(found.items())]
