"""What is asked for reporters, wherever a post hangs on theirs; and whose tickets mentions are in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, text, union_all

from sahut.core.model import Discretion
from storage.case_tables import ticket
from storage.parts import in_parts
from storage.reply_tables import reply
from storage.tables import mention

_ASKED = or_(ticket.c.anonymous, ticket.c.confidential)


class TicketDiscretion:
    """The part of the tickets that knows of persons and units."""

    _connection: Connection

    def discretion(self, ticket_ids: Collection[int]) -> dict[int, Discretion]:
        """What is asked for the reporters of tickets, by id; those for which nothing is are left out."""
        if not ticket_ids:
            return {}
        return self._found(_flags(ticket.c.id).where(ticket.c.id.in_(ticket_ids), _ASKED))

    def discretion_of(self, mention_ids: Collection[int]) -> dict[int, Discretion]:
        """What is asked for those who reported these mentions, by mention; those for which nothing is are left out.

        A mention's own ticket says it. One without a ticket is as discreet as what it repeats, what repeats it, what
        it answers, and what its writer said in the same conversation.
        """
        if not mention_ids:
            return {}
        own = _flags(mention.c.id).join(mention, mention.c.ticket_id == ticket.c.id)
        return self._found(
            union_all(own.where(mention.c.id.in_(mention_ids), _ASKED), *(_beside(mention_ids, way) for way in _ways()))
        )

    def holding(self, mention_ids: Collection[int], units: Sequence[str]) -> set[int]:
        """Which of these mentions are in tickets of ``units``."""
        found: set[int] = set()
        for some in in_parts(list(mention_ids)):
            query = select(mention.c.id).join(ticket, ticket.c.id == mention.c.ticket_id)
            theirs = query.where(mention.c.id.in_(some), ticket.c.unit.in_(units))
            found.update(self._connection.execute(theirs).scalars())
        return found

    def of_units(self, ticket_ids: Collection[int], units: Sequence[str]) -> set[int]:
        """Which of these tickets are of ``units``."""
        found: set[int] = set()
        for some in in_parts(list(ticket_ids)):
            query = select(ticket.c.id).where(ticket.c.id.in_(some), ticket.c.unit.in_(units))
            found.update(self._connection.execute(query).scalars())
        return found

    def _found(self, query: Any) -> dict[int, Discretion]:
        found: dict[int, Discretion] = {}
        for row in self._connection.execute(query):
            before = found.get(row.id, Discretion(unit=row.unit))
            found[row.id] = Discretion(
                anonymous=before.anonymous or row.anonymous,
                confidential=before.confidential or row.confidential,
                unit=before.unit,
            )
        return found


def _flags(of: Any) -> Select[Any]:
    return select(of, ticket.c.anonymous, ticket.c.confidential, ticket.c.unit).select_from(ticket)


_NEAR = mention.alias("near")


def _ways() -> list[ColumnElement[bool]]:
    """How a mention may hang on another. Each is a walk of its own along an index."""
    here = _NEAR.c.platform == mention.c.platform
    first = func.coalesce(func.nullif(mention.c.root, ""), mention.c.native_id)
    answered = select(reply.c.mention_id).where(reply.c.id == mention.c.answers).scalar_subquery()
    return [
        _NEAR.c.id == mention.c.first_id,
        _NEAR.c.first_id == mention.c.id,
        _NEAR.c.first_id == mention.c.first_id,
        and_(here, mention.c.root != "", _NEAR.c.native_id == mention.c.root),
        and_(here, mention.c.parent != "", _NEAR.c.native_id == mention.c.parent),
        and_(mention.c.answers.is_not(None), _NEAR.c.id == answered),
        # Written out, the last condition proves the partial index.
        and_(here, mention.c.author_key == _NEAR.c.author_key, mention.c.author_key != "", _NEAR.c.root == first)
        & text("near.root <> ''"),
    ]


def _beside(mention_ids: Collection[int], way: ColumnElement[bool]) -> Select[Any]:
    query = _flags(mention.c.id).join(_NEAR, _NEAR.c.ticket_id == ticket.c.id).join(mention, way)
    return query.where(mention.c.id.in_(mention_ids), mention.c.ticket_id.is_(None), _ASKED)
