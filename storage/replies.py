"""Public replies: an outbox of rows, each handed to its platform by one worker, and never on a guess."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import LeaseLostError, NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import (
    Mention,
    Page,
    Problem,
    Reply,
    ReplyAct,
    ReplyClaim,
    ReplyDraft,
    ReplyEvent,
    ReplyFilter,
    ReplyState,
    SentReply,
    Standing,
)
from storage import paging
from storage.mentions import SqlMentions
from storage.reply_parts import SqlParts
from storage.reply_rows import conditions, due, event, owed, value, written
from storage.reply_standings import HANDED_OVER, SqlStandings
from storage.reply_tables import reply, reply_event

_ORDER = "replies"
_UNSENT = {"attempts": 0, "looks": 0, "sending_since": None, "owed_usd": None}


class SqlReplies:
    """The replies of one transaction."""

    def __init__(self, connection: Connection, mentions: SqlMentions) -> None:
        self._connection = connection
        self._mentions = mentions
        self._standings = SqlStandings(connection, mentions)
        self._parts = SqlParts(connection)

    # --- people

    def add(self, draft: ReplyDraft, now: datetime) -> Reply:
        """Raises NotFoundError, RefusedError(rule="reply_open")."""
        answered = self._mentions.get(draft.mention_id)
        if self._parts.open(draft.mention_id):
            raise RefusedError(f"mention {draft.mention_id} has a reply whose parts are under way", rule="reply_open")
        values = {
            "mention_id": draft.mention_id,
            "platform": answered.mention.platform,
            "source_id": answered.source_id,
            "parent": answered.mention.native_id,
            "root": answered.mention.root or answered.mention.native_id,
            "key": secrets.token_hex(16),
            **written(draft, now),
            "writers": [draft.author_id],
            "number": 1,
            "head_id": None,
            "held": False,
            **_UNSENT,
            "native_id": "",
            "permalink": "",
            "created_at": now,
            "updated_at": now,
            "version": 1,
        }
        try:
            with self._connection.begin_nested():
                made: int = self._connection.execute(reply.insert().values(values).returning(reply.c.id)).scalar_one()
        except IntegrityError as error:
            raise RefusedError(
                f"mention {draft.mention_id} has a reply that is not over yet", rule="reply_open"
            ) from error
        self._note(made, ReplyAct.DRAFTED, draft.author_name, now)
        return self.get(made)

    def get(self, reply_id: int) -> Reply:
        """Raises NotFoundError."""
        return value(self._one(reply_id))

    def for_update(self, reply_id: int, *, version: int | None = None) -> Reply:
        """Lock the row until the commit. Raises NotFoundError, StaleWriteError."""
        row = self._one(reply_id, lock=True)
        if version is not None and row.version != version:
            raise StaleWriteError(
                "reply", reply_id, expected=version, current=row.version, changes=self._changes(reply_id, version)
            )
        return value(row)

    def _one(self, reply_id: int, *, lock: bool = False) -> Row[Any]:
        query = select(reply).where(reply.c.id == reply_id)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError("reply", reply_id)
        return row

    def _changes(self, reply_id: int, version: int) -> list[dict[str, str]]:
        query = (
            select(reply_event)
            .where(reply_event.c.reply_id == reply_id, reply_event.c.at_version > version)
            .order_by(reply_event.c.id)
        )
        return [
            {"what": f"reply_{row.act}", "who": row.actor_name, "when": row.at.isoformat()}
            for row in self._connection.execute(query)
        ]

    def rewrite(self, reply_id: int, draft: ReplyDraft, now: datetime) -> Reply:
        """Another text, by one more writer: a draft again, which nobody has approved."""
        before = self._one(reply_id)
        writers = sorted({*before.writers, draft.author_id})
        if before.head_id is None:
            self._parts.drop(before, draft.author_name, now)
        # Another text is another post: a platform that knows keys would answer with the old one.
        values = {
            **written(draft, now),
            "writers": writers,
            "key": secrets.token_hex(16),
            "attempts": 0,
            "owed_usd": None,
        }
        self._write(reply_id, values, now)
        self._note(reply_id, ReplyAct.EDITED, draft.author_name, now)
        return self.get(reply_id)

    def move(
        self,
        reply_id: int,
        state: ReplyState,
        act: ReplyAct,
        *,
        actor_name: str,
        now: datetime,
        due_at: datetime | None = None,
        note: str = "",
    ) -> Reply:
        """A person's act. A note becomes the reply's reason; an approval names its approver."""
        values: dict[str, Any] = {"state": state, "due_at": due_at, "reason": note, "problem": None, "owed_usd": None}
        if act is ReplyAct.APPROVED:
            values["approver_name"] = actor_name
        if act is ReplyAct.RETRIED:
            values["attempts"] = 0
        if state is ReplyState.WITHDRAWN:
            self._parts.drop(self._one(reply_id), actor_name, now)
        self._write(reply_id, values, now)
        self._note(reply_id, act, actor_name, now, note)
        return self.get(reply_id)

    def stands(self, reply_id: int, sent: SentReply, *, now: datetime, actor_name: str = "", note: str = "") -> Reply:
        """It stands on its platform. Raises RefusedError(rule="reply_taken") where another reply has that id."""
        before = self._one(reply_id, lock=True)
        if before.native_id and sent.native_id not in {"", before.native_id}:
            # Too late to help, but not to say: a person can take one of the two down.
            self._note(reply_id, ReplyAct.SENT, actor_name, now, f"it stands there twice, also as {sent.native_id}")
            self._standings.make_own(before.platform, sent.native_id, reply_id, now)
            return value(before)
        values = {
            "state": ReplyState.SENT,
            "native_id": before.native_id or sent.native_id,
            "permalink": before.permalink or sent.permalink,
            "sent_at": before.sent_at or sent.sent_at or now,
            "held": sent.held and (before.held or before.state != ReplyState.SENT),
            "due_at": None,
            "reason": "",
            "problem": None,
        }
        if all(getattr(before, name) == wanted for name, wanted in values.items()):
            return value(before)
        try:
            with self._connection.begin_nested():
                self._write(reply_id, values, now)
        except IntegrityError as error:
            raise RefusedError(f"another reply of ours is {sent.native_id} already", rule="reply_taken") from error
        said = "its platform holds it for review" if values["held"] else note
        self._note(reply_id, ReplyAct.SENT, actor_name, now, said)
        by_machine = before.state in {ReplyState.SENDING, ReplyState.UNKNOWN}
        self._parts.next(before, now, native_id=before.native_id or sent.native_id, by_machine=by_machine)
        if sent.native_id:
            self._standings.make_own(before.platform, sent.native_id, reply_id, now)
        return self.get(reply_id)

    def page(self, where: ReplyFilter, *, limit: int, after: str | None = None) -> Page[Reply]:
        """Newest first. Raises RefusedError(rule="page_token")."""
        query = select(reply).where(*conditions(where)).order_by(reply.c.id.desc()).limit(limit + 1)
        if after is not None:
            (last,) = paging.keys(after, _ORDER, 1)
            query = query.where(reply.c.id < last)
        found = [value(row) for row in self._connection.execute(query)]
        if len(found) <= limit:
            return Page(items=found)
        return Page(items=found[:limit], next=paging.token(_ORDER, [found[limit - 1].id]))

    def count(self, where: ReplyFilter, *, cap: int) -> int:
        """How many match, counted up to ``cap``."""
        some = select(reply.c.id).where(*conditions(where)).limit(cap).subquery()
        return self._connection.execute(select(func.count()).select_from(some)).scalar_one()

    def of_mention(self, mention_id: int) -> list[Reply]:
        """Oldest first."""
        query = select(reply).where(reply.c.mention_id == mention_id).order_by(reply.c.id)
        return [value(row) for row in self._connection.execute(query)]

    def events(self, reply_id: int) -> list[ReplyEvent]:
        """The history, oldest first."""
        query = select(reply_event).where(reply_event.c.reply_id == reply_id).order_by(reply_event.c.id)
        return [event(row) for row in self._connection.execute(query)]

    def texts_since(self, platform: str, since: datetime, *, but: int | None, limit: int) -> list[str]:
        """What we have answered on a platform since then, or are about to, the latest first."""
        query = select(reply.c.text).where(
            reply.c.platform == platform,
            reply.c.updated_at >= since,
            reply.c.head_id.is_(None),
            reply.c.state.in_([ReplyState.WAITING, ReplyState.APPROVED, *HANDED_OVER]),
        )
        if but is not None:
            query = query.where(reply.c.id != but)
        return list(self._connection.execute(query.order_by(reply.c.updated_at.desc()).limit(limit)).scalars())

    def part(self, reply_id: int, texts: Sequence[str], now: datetime) -> None:
        """Let it go out as these parts: it is the first, and the others wait until the one before stands."""
        self._parts.add(self._one(reply_id), texts, _UNSENT, now)

    def above(self, reply: Reply) -> Reply | None:
        """The part that a further part continues; None for any other reply."""
        if reply.head_id is None:
            return None
        row = self._parts.above(reply.head_id, reply.number)
        return None if row is None else value(row)

    # --- machines

    def waiting(self, now: datetime) -> bool:
        """Whether a machine should turn to one now."""
        some = (select(reply.c.id).where(one).limit(1) for one in (due(now), owed()))
        return any(self._connection.execute(query).first() is not None for query in some)

    def claim(self, *, now: datetime, until: datetime) -> ReplyClaim | None:
        """The one due first, by one conditional UPDATE; None when none is."""
        first = select(reply).where(due(now)).order_by(reply.c.due_at, reply.c.id).limit(1)
        row = self._connection.execute(first.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        token = secrets.token_hex(8)
        sends = row.state == ReplyState.APPROVED
        values: dict[str, Any] = {"lease_token": token, "due_at": until}
        if sends:
            values |= {
                "state": ReplyState.SENDING,
                "looks": 0,
                "sending_since": row.sending_since or now,
            }
        else:
            values |= {"state": ReplyState.UNKNOWN, "looks": row.looks + 1}
        if not self._write(row.id, values, now, reply.c.version == row.version, reply.c.state == row.state):
            return None
        if sends:
            self._note(row.id, ReplyAct.SENDING, "", now)
        elif row.state == ReplyState.SENDING:
            self._note(row.id, ReplyAct.IN_DOUBT, "", now, "its sender was lost")
        return ReplyClaim(reply=self.get(row.id), token=token, until=until)

    def hand_over(self, claim: ReplyClaim, now: datetime, *, cost_usd: float) -> None:
        """Count that it is handed to its platform now, and what it costs if it stands there. Raises LeaseLostError."""
        values = {"attempts": reply.c.attempts + 1, "lease_token": claim.token, "owed_usd": cost_usd}
        if not self._write(claim.reply.id, values, now, reply.c.lease_token == claim.token):
            raise LeaseLostError(f"reply {claim.reply.id} is in other hands")

    def sent(self, claim: ReplyClaim, sent: SentReply, now: datetime) -> None:
        """As `stands`, whoever holds it by now: what is seen on the platform outweighs every lease."""
        self.stands(claim.reply.id, sent, now=now)

    def settle(
        self,
        claim: ReplyClaim,
        state: ReplyState,
        act: ReplyAct,
        *,
        now: datetime,
        due_at: datetime | None,
        reason: str,
        problem: Problem | None = None,
    ) -> None:
        """How the claim ended, where it did not end on the platform. Raises LeaseLostError."""
        values = {"state": state, "due_at": due_at, "reason": reason, "problem": problem}
        if state is not ReplyState.UNKNOWN:
            # It surely does not stand there.
            values["owed_usd"] = None
        if not self._write(claim.reply.id, values, now, reply.c.lease_token == claim.token):
            raise LeaseLostError(f"reply {claim.reply.id} is in other hands")
        self._note(claim.reply.id, act, "", now, reason)

    def owed(self, limit: int) -> list[int]:
        """Which stand and were not charged yet."""
        return list(self._connection.execute(select(reply.c.id).where(owed()).limit(limit)).scalars())

    def charge(self, reply_id: int) -> float | None:
        """What it costs, once: whoever asks later gets None."""
        row = self._one(reply_id, lock=True)
        if row.state != ReplyState.SENT or row.owed_usd is None:
            return None
        # No version: nobody who has it open needs to know.
        self._connection.execute(update(reply).where(reply.c.id == reply_id).values(owed_usd=None))
        return float(row.owed_usd)

    # --- conversations

    def standing_near(self, mentions: Sequence[Mention]) -> list[Standing]:
        """Replies of ours that stand, or may, in the conversations of these collected mentions."""
        return self._standings.near(mentions)

    # --- rows

    def _write(self, reply_id: int, values: Mapping[str, Any], now: datetime, *where: ColumnElement[bool]) -> bool:
        """False where the conditions do not hold. Whoever had the lease loses it, unless ``values`` give it anew."""
        changed = self._connection.execute(
            update(reply)
            .where(reply.c.id == reply_id, *where)
            .values({"lease_token": None, **values, "version": reply.c.version + 1, "updated_at": now})
        )
        return changed.rowcount == 1

    def _note(self, reply_id: int, act: ReplyAct, actor_name: str, now: datetime, note: str = "") -> None:
        version = select(reply.c.version).where(reply.c.id == reply_id).scalar_subquery()
        self._connection.execute(
            reply_event.insert().values(
                reply_id=reply_id, act=act, note=note, actor_name=actor_name, at=now, at_version=version
            )
        )
