"""What its time is over for: payloads, texts nobody needed, tickets closed long ago. Each a bounded batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, or_, select, update

from sahut.core.model import MentionState, ReplyAct, ReplyState, TicketStatus
from storage import masking
from storage.case_tables import decision, ticket, ticket_event
from storage.mention_ties import MentionTies
from storage.mention_withdrawals import blank, renewed
from storage.parts import in_parts
from storage.reply_tables import reply, reply_event
from storage.tables import dead_letter, mention

_FILED = (MentionState.FILED, MentionState.CONTEXT)
_GONE = "•••"
_TABLES = {"tickets": ticket, "set_aside": dead_letter}
# What people typed in a ticket's history: from what to what, and why a deadline moved.
_WORDLESS: dict[str, Any] = {"title": ["", ""], "description": ["", ""], "place": ["", ""], "reason": ""}
# What lies with nobody: nothing is going out, and nobody is asked anything.
_LEFT = (ReplyState.DRAFT, ReplyState.FAILED)
_ENDED = (TicketStatus.CLOSED, TicketStatus.VOID, "merged")


class SqlRetention:
    """The ends of data, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, name: str, before: datetime) -> int:
        """How many rows of a class are older than ``before``.

        The classes are ``raw``, ``filed``, ``dismissed``, ``tickets`` and ``set_aside``.
        """
        table = _TABLES.get(name, mention)
        query = select(func.count()).select_from(table).where(*self._over(name, before))
        return self._connection.execute(query).scalar_one()

    def forget(self, name: str, before: datetime, now: datetime, *, limit: int) -> int:
        """Let go of up to ``limit`` rows of a class; how many."""
        if self._connection.dialect.name == "sqlite":
            # What stood there is overwritten, and not just no longer pointed at.
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        table = _TABLES.get(name, mention)
        query = select(table.c.id).where(*self._over(name, before)).order_by(table.c.id).limit(limit)
        ids = list(self._connection.execute(query.with_for_update(skip_locked=True)).scalars())
        if not ids:
            return 0
        if name == "raw":
            self._connection.execute(update(mention).where(mention.c.id.in_(ids)).values(raw=None))
        elif name == "tickets":
            self._forget_tickets(ids, now)
        elif name == "set_aside":
            self._forget_letters(ids, now)
        else:
            self._blank(ids, now)
        return len(ids)

    def _over(self, name: str, before: datetime) -> list[Any]:
        # A reply under way needs the post that it answers: who approves it reads it, and its link leads there.
        waiting = select(reply.c.mention_id).where(reply.c.state.not_in(("sent", "withdrawn")))
        if name != "raw":
            # One left lying for as long as the class is kept does not: it goes too. The payload it needs until then.
            waiting = waiting.where(~and_(reply.c.state.in_(_LEFT), reply.c.updated_at < before))
        if name == "tickets":
            answering = exists().where(mention.c.ticket_id == ticket.c.id, mention.c.id.in_(waiting))
            ended = ticket.c.status.in_(_ENDED)
            return [ended, ticket.c.updated_at < before, ticket.c.forgotten_at.is_(None), ~answering]
        if name == "set_aside":
            held = dead_letter.c.mention_id
            return [dead_letter.c.at < before, or_(held.is_(None), held.not_in(waiting))]
        if name == "raw":
            return [
                mention.c.raw.is_not(None),
                mention.c.collected_at < before,
                mention.c.state.not_in((MentionState.COLLECTED, MentionState.FLAGGED, MentionState.SNOOZED)),
                mention.c.id.not_in(waiting),
            ]
        states = _FILED if name == "filed" else (MentionState.DISMISSED,)
        return [
            mention.c.state.in_(states),
            mention.c.updated_at < before,
            mention.c.collected_at < before,
            mention.c.forgotten_at.is_(None),
            mention.c.lease_token.is_(None),
            mention.c.id.not_in(waiting),
        ]

    def _blank(self, ids: Sequence[int], now: datetime) -> None:
        """The identity and the text's hash stay, so that what still stands on its platform does not come anew."""
        blank(self._connection, ids, forgotten_at=now, recheck_at=None, **renewed(now))
        self._connection.execute(update(decision).where(decision.c.mention_id.in_(ids)).values(note=""))
        self._withdraw(ids, now)
        # What we answered stays on its platform; a reply's id and dates stay here, so that its answers find it.
        ours = reply.c.mention_id.in_(ids)
        self._connection.execute(update(reply).where(ours, reply.c.native_id != "").values(permalink=""))
        part = case((reply.c.part != "", _GONE), else_="")
        self._connection.execute(update(reply).where(ours).values(text=_GONE, part=part, reason=""))
        theirs = select(reply.c.id).where(ours)
        self._connection.execute(update(reply_event).where(reply_event.c.reply_id.in_(theirs)).values(note=""))

    def _withdraw(self, mention_ids: Sequence[int], now: datetime) -> None:
        """What was left lying is not sent any more: what it answers is gone."""
        query = select(reply.c.id, reply.c.version).where(reply.c.mention_id.in_(mention_ids), reply.c.state.in_(_LEFT))
        for row in self._connection.execute(query.order_by(reply.c.id).with_for_update()).all():
            version = row.version + 1
            ended = {"state": ReplyState.WITHDRAWN, "due_at": None, "updated_at": now, "version": version}
            self._connection.execute(update(reply).where(reply.c.id == row.id).values(**ended))
            said = {"act": ReplyAct.WITHDRAWN, "note": "", "actor_name": "sahut", "at": now, "at_version": version}
            self._connection.execute(reply_event.insert().values(reply_id=row.id, **said))

    def _forget_letters(self, ids: list[int], now: datetime) -> None:
        """What could not be judged ends as what was not flagged; nobody can try it again, since nothing is left."""
        query = select(mention.c.id).join(dead_letter, dead_letter.c.mention_id == mention.c.id)
        held = query.where(dead_letter.c.id.in_(ids), mention.c.state == MentionState.HELD)
        mentions = list(self._connection.execute(held).scalars())
        self._connection.execute(dead_letter.delete().where(dead_letter.c.id.in_(ids)))
        if mentions:
            self._blank(mentions, now)
            filed = update(mention).where(mention.c.id.in_(mentions))
            self._connection.execute(filed.values(state=MentionState.FILED, folded=False))
            MentionTies(self._connection).refold(mentions)

    def _forget_tickets(self, ids: list[int], now: datetime) -> None:
        """The figures of a ticket stay (number, topic, unit, dates, outcome), for they name nobody."""
        mentions = list(self._connection.execute(select(mention.c.id).where(mention.c.ticket_id.in_(ids))).scalars())
        for some in in_parts(mentions):
            self._blank(some, now)
        self._connection.execute(
            update(ticket)
            .where(ticket.c.id.in_(ids))
            .values(
                title=_GONE,
                description="",
                place="",
                forgotten_at=now,
                version=ticket.c.version + 1,
                **masking.hidden(_GONE, ""),
            )
        )
        rows = self._connection.execute(
            select(ticket_event.c.id, ticket_event.c.detail).where(ticket_event.c.ticket_id.in_(ids))
        ).all()
        for row in rows:
            detail = {name: _WORDLESS.get(name, said) for name, said in row.detail.items()}
            if detail != row.detail:
                self._connection.execute(update(ticket_event).where(ticket_event.c.id == row.id).values(detail=detail))
