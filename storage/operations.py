"""Housekeeping: who is alive, how much there is, the demonstration, and what has outlived its use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, or_, select, update

from sahut.core.model import SourceState
from storage.case_tables import decision, ticket, ticket_event
from storage.conversation_tables import conversation
from storage.engine import insert_into
from storage.import_tables import file_import, file_import_part
from storage.mention_ties import stand_anew
from storage.people_tables import failed_login, session, stored_answer
from storage.reply_tables import reply, reply_event
from storage.reservation_tables import reservation
from storage.tables import (
    assessment,
    dead_letter,
    delivery,
    gap,
    heartbeat,
    mention,
    mention_version,
    signature,
    source,
    source_day,
    tie,
    told,
)
from storage.together_tables import viewing

_KEEP_ANSWERS = timedelta(days=2)
_KEEP_FAILED_LOGINS = timedelta(days=1)
_KEEP_HEARTBEATS = timedelta(days=1)
# What a source was told and has not taken up by then, being paused or removed, it never will.
_KEEP_TOLD = timedelta(days=90)
_KEEP_GAPS = timedelta(days=90)
_KEEP_IMPORTS = timedelta(days=90)
# A file that was looked through and never asked for again, with its bytes.
_KEEP_FILES = timedelta(days=1)
# The picture of a source shows a week.
_KEEP_SOURCE_DAYS = timedelta(days=60)


class SqlOperations:
    """The housekeeping of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def beat(self, role: str, process: str, now: datetime) -> None:
        """A process says that it is alive."""
        row = insert_into(self._connection, heartbeat).values(role=role, process=process, at=now)
        self._connection.execute(row.on_conflict_do_update(index_elements=["role", "process"], set_={"at": now}))

    def beats(self) -> list[tuple[str, str, datetime]]:
        """(role, process, last beat), latest first."""
        query = select(heartbeat).order_by(heartbeat.c.at.desc(), heartbeat.c.role)
        return [(row.role, row.process, row.at) for row in self._connection.execute(query)]

    def counts(self) -> dict[str, int]:
        """``mentions.STATE``, ``sources.STATE``, ``tickets.STATUS`` and ``dead_letters``."""
        found: dict[str, int] = {}
        for word, column in (
            ("mentions", mention.c.state),
            ("sources", source.c.state),
            ("tickets", ticket.c.status),
            ("replies", reply.c.state),
        ):
            for value, count in self._connection.execute(select(column, func.count()).group_by(column)):
                found[f"{word}.{value}"] = count
        found["dead_letters"] = self._count(dead_letter)
        return found

    def demo_exists(self) -> bool:
        """Whether invented data is in the database."""
        query = select(source.c.id).where(source.c.demo, source.c.state != SourceState.REMOVED).limit(1)
        return self._connection.execute(query).first() is not None

    def clear_demo(self) -> dict[str, int]:
        """Delete demo sources and all that came of them alone; rows deleted by table.

        A ticket that also holds a real mention stays with that mention. A real mention that counted on an invented
        one stands for itself again.
        """
        sources = select(source.c.id).where(source.c.demo)
        mentions = select(mention.c.id).where(mention.c.source_id.in_(sources))
        demo_tickets = self._tickets_only_of(mentions)
        copy = mention.alias("copy")
        self._connection.execute(
            update(mention)
            .where(mention.c.first_id.in_(mentions), mention.c.source_id.not_in(sources))
            .values(first_id=None, folded=False)
        )
        copies = (
            select(func.count())
            .select_from(copy)
            .where(copy.c.first_id == mention.c.id, copy.c.source_id.not_in(sources))
            .scalar_subquery()
        )
        behind = select(copy.c.first_id).where(copy.c.source_id.in_(sources), copy.c.first_id.is_not(None))
        firsts = list(self._connection.execute(behind.distinct()).scalars())
        self._connection.execute(update(mention).where(mention.c.id.in_(firsts)).values(similar=copies))
        for first in firsts:
            stand_anew(self._connection, first)
        # A decision names what it undoes: the later ones go first.
        self._connection.execute(update(decision).where(decision.c.mention_id.in_(mentions)).values(undoes=None))
        deleted: dict[str, int] = {}
        replies = select(reply.c.id).where(reply.c.mention_id.in_(mentions))
        # A real mention cannot answer an invented post; should a number be used again, it must not seem to.
        self._connection.execute(update(mention).where(mention.c.answers.in_(replies)).values(answers=None))
        for table, where in (
            (conversation, conversation.c.mention_id.in_(mentions)),
            (reply_event, reply_event.c.reply_id.in_(replies)),
            (reply, reply.c.mention_id.in_(mentions)),
            (signature, signature.c.mention_id.in_(mentions)),
            (tie, tie.c.mention_id.in_(mentions) | tie.c.first_id.in_(mentions)),
            (assessment, assessment.c.mention_id.in_(mentions)),
            (mention_version, mention_version.c.mention_id.in_(mentions)),
            (decision, decision.c.mention_id.in_(mentions)),
            (dead_letter, dead_letter.c.mention_id.in_(mentions) | dead_letter.c.source_id.in_(sources)),
            (mention, mention.c.source_id.in_(sources)),
            (ticket_event, ticket_event.c.ticket_id.in_(demo_tickets)),
            (ticket, ticket.c.id.in_(demo_tickets)),
            (source_day, source_day.c.source_id.in_(sources)),
            (gap, gap.c.source_id.in_(sources)),
            (delivery, delivery.c.source_id.in_(sources)),
            (told, told.c.source_id.in_(sources)),
            (source, source.c.demo),
        ):
            deleted[table.name] = self._connection.execute(table.delete().where(where)).rowcount
        return deleted

    def _tickets_only_of(self, mentions: Any) -> list[int]:
        """Tickets that were made of these mentions and never held another, nor took over a ticket that did."""
        touched = select(decision.c.ticket_id).where(
            decision.c.mention_id.in_(mentions), decision.c.ticket_id.is_not(None)
        )
        others = select(decision.c.ticket_id).where(
            decision.c.mention_id.not_in(mentions), decision.c.ticket_id.is_not(None)
        )
        held = select(mention.c.ticket_id).where(mention.c.id.not_in(mentions), mention.c.ticket_id.is_not(None))
        real = or_(ticket.c.id.not_in(touched), ticket.c.id.in_(others), ticket.c.id.in_(held))
        # The number of a real ticket leads to the one that took it over, which therefore stays.
        leads = select(ticket.c.merged_into).where(real, ticket.c.merged_into.is_not(None))
        ends = list(self._connection.execute(leads).scalars())
        query = select(ticket.c.id).where(~real, ticket.c.id.not_in(ends))
        return list(self._connection.execute(query).scalars())

    def tidy(self, now: datetime) -> dict[str, int]:
        """Delete what has expired; rows deleted by table."""
        return {
            table.name: self._connection.execute(table.delete().where(where)).rowcount
            for table, where in (
                (session, session.c.expires_at < now),
                (stored_answer, stored_answer.c.at < now - _KEEP_ANSWERS),
                (delivery, delivery.c.at < now - _KEEP_ANSWERS),
                (failed_login, failed_login.c.at < now - _KEEP_FAILED_LOGINS),
                (heartbeat, heartbeat.c.at < now - _KEEP_HEARTBEATS),
                (told, told.c.at < now - _KEEP_TOLD),
                (gap, gap.c.noticed_at < now - _KEEP_GAPS),
                (source_day, source_day.c.day < (now - _KEEP_SOURCE_DAYS).astimezone(UTC).date().isoformat()),
                (reservation, reservation.c.until < now),
                (viewing, viewing.c.until < now),
                (file_import_part, file_import_part.c.import_id.in_(_left_behind(now))),
                (file_import, file_import.c.id.in_(_left_behind(now))),
            )
        }

    def _count(self, table: Table) -> int:
        return self._connection.execute(select(func.count()).select_from(table)).scalar_one()


def _left_behind(now: datetime) -> Select[tuple[int]]:
    """Files that nobody wanted in the end, or whose story nobody needs any more."""
    over = and_(file_import.c.state == "done", file_import.c.updated_at < now - _KEEP_IMPORTS)
    forgotten = and_(file_import.c.state.in_(("checked", "failed")), file_import.c.updated_at < now - _KEEP_FILES)
    return select(file_import.c.id).where(or_(over, forgotten))
