"""What words and places must not find: reports whose tickets ask for discretion, and what hangs on these.

Who may not read a report could else ask for its words one after another. The rules are those of
`storage/ticket_discretion.py`, walked the other way: from the few tickets that ask for something to all that is theirs.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, text, union_all

from sahut.core.model import MentionFilter
from storage.case_tables import ticket
from storage.reply_tables import reply
from storage.tables import mention

_M = mention.alias("closed")
_NEAR = mention.alias("reported")


def left_out(where: MentionFilter, *, searches: bool) -> list[ColumnElement[bool]]:
    """What a filter's words and place do not ask about, where it has any."""
    found: list[ColumnElement[bool]] = []
    if where.not_confidential and (searches or where.area):
        found.append(mention.c.id.not_in(_theirs("confidential")))
    if where.not_named and searches:
        # Shown without the names in it (`sahut.core.sight`), so that its words would tell them.
        names = and_(
            or_(mention.c.ticket_id.is_(None), mention.c.parent != ""),
            or_(mention.c.text.contains("@"), mention.c.title.contains("@")),
            mention.c.id.in_(_theirs("anonymous")),
        )
        found.append(~names)
    return found


def _theirs(flag: str) -> Any:
    """Ids of the mentions of tickets with a flag, and of those without a ticket that hang on one of these."""
    # Written out, the condition proves the partial index of the few such tickets.
    asking = select(ticket.c.id).where(text(f"ticket.{flag}"))
    own = select(_M.c.id).where(_M.c.ticket_id.in_(asking))
    return union_all(own, *(_beside(asking, way) for way in _ways()), _answering(asking))


def _beside(asking: Select[Any], way: ColumnElement[bool]) -> Select[Any]:
    return select(_M.c.id).join(_NEAR, way).where(_NEAR.c.ticket_id.in_(asking), _M.c.ticket_id.is_(None))


def _answering(asking: Select[Any]) -> Select[Any]:
    """What people said to replies of ours."""
    joined = select(_M.c.id).join(reply, reply.c.id == _M.c.answers).join(_NEAR, _NEAR.c.id == reply.c.mention_id)
    return joined.where(_NEAR.c.ticket_id.in_(asking), _M.c.ticket_id.is_(None))


def _ways() -> list[ColumnElement[bool]]:
    """How a mention hangs on a reported one. Each is a walk along an index, which its text proves."""
    here = _M.c.platform == _NEAR.c.platform
    threaded = and_(here, _M.c.author_key == _NEAR.c.author_key, text("reported.root <> ''"))
    return [
        _M.c.id == _NEAR.c.first_id,
        _M.c.first_id == _NEAR.c.id,
        _M.c.first_id == _NEAR.c.first_id,
        and_(here, text("closed.root <> ''"), _M.c.root == _NEAR.c.native_id),
        and_(here, text("closed.parent <> ''"), _M.c.parent == _NEAR.c.native_id),
        and_(threaded, text("closed.root <> ''"), _M.c.root == _NEAR.c.root),
        and_(threaded, text("closed.root = ''"), _M.c.native_id == _NEAR.c.root),
    ]
