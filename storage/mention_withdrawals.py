"""Mentions that their platform no longer shows: asked about, and blanked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from sahut.core.model import MentionState
from storage import masking
from storage.mention_ties import MentionTies
from storage.tables import dead_letter, mention, mention_version, signature, source

# Of a title and a text without a letter (Mention.content_hash): should the platform show it again, it counts as edited.
_BLANK = hashlib.sha256(b"\x00").hexdigest()[:32]
_WAITING = (MentionState.COLLECTED, MentionState.FLAGGED, MentionState.SNOOZED, MentionState.HELD)


def renewed(now: datetime) -> dict[str, Any]:
    """What a change of a mention's text writes beside it. Whoever is judging the old wording has lost the claim."""
    return {"updated_at": now, "version": mention.c.version + 1, "lease_token": None, "lease_until": None}


def blank(connection: Connection, mention_ids: Sequence[int], **also: Any) -> None:
    """Take away what mentions say, earlier wordings too, who wrote them and where; ``also`` is written with it."""
    connection.execute(
        update(mention)
        .where(mention.c.id.in_(mention_ids))
        .values(
            **masking.said("", ""),
            author=None,
            author_key=None,
            permalink=None,
            link_key=None,
            raw=None,
            why=None,
            place=None,
            place_area=None,
            text_key="",
            **also,
        )
    )
    connection.execute(
        update(mention_version).where(mention_version.c.mention_id.in_(mention_ids)).values(title="", text="")
    )
    connection.execute(signature.delete().where(signature.c.mention_id.in_(mention_ids)))


class MentionWithdrawals(MentionTies):
    """The part of the mentions that honours deletion."""

    def to_recheck(self, now: datetime, limit: int) -> tuple[int, list[tuple[int, str]]] | None:
        """The source whose turn it is, and up to ``limit`` (id, native id) of it, longest due first; None for none."""
        due = mention.c.recheck_at <= now
        first = self._connection.execute(
            select(mention.c.source_id).where(due).order_by(mention.c.recheck_at).limit(1)
        ).scalar_one_or_none()
        if first is None:
            return None
        rows = self._connection.execute(
            select(mention.c.id, mention.c.native_id)
            .where(due, mention.c.source_id == first)
            .order_by(mention.c.recheck_at)
            .limit(limit)
        )
        return first, [(row.id, row.native_id) for row in rows]

    def recheck_at(self, mention_ids: Sequence[int], when: datetime | None) -> None:
        """Ask about mentions again at ``when``; None for never."""
        self._connection.execute(update(mention).where(mention.c.id.in_(mention_ids)).values(recheck_at=when))

    def put_off_rechecks(self, source_id: int, when: datetime, now: datetime) -> None:
        """Let all mentions of a source whose turn it is wait until ``when``."""
        due = mention.c.recheck_at <= now
        self._connection.execute(update(mention).where(mention.c.source_id == source_id, due).values(recheck_at=when))

    def withdraw(self, platform: str, native_ids: Sequence[str], now: datetime) -> list[int]:
        """Blank what is stored under these ids, older wordings too; the mentions' ids.

        What waited in the queue or for the classifier is filed. A ticket made of it keeps its own words. Dead letters
        of these posts, which hold them as they came, are forgotten.
        """
        here = select(source.c.id).where(source.c.platform == platform)
        self._connection.execute(
            dead_letter.delete().where(
                dead_letter.c.source_id.in_(here),
                dead_letter.c.native_id.in_(native_ids),
                dead_letter.c.native_id != "",
            )
        )
        rows = self._connection.execute(
            select(mention.c.id, mention.c.state)
            .where(
                mention.c.platform == platform,
                mention.c.native_id.in_(native_ids),
                mention.c.withdrawn_at.is_(None),
            )
            .order_by(mention.c.id)
            .with_for_update()
        ).all()
        gone = [row.id for row in rows]
        if not gone:
            return []
        blank(self._connection, gone, withdrawn_at=now, content_hash=_BLANK, recheck_at=None, **renewed(now))
        # One that could not be judged has nothing left to judge.
        self._connection.execute(dead_letter.delete().where(dead_letter.c.mention_id.in_(gone)))
        waited = [row.id for row in rows if row.state in _WAITING]
        self._connection.execute(
            update(mention)
            .where(mention.c.id.in_(waited))
            .values(state=MentionState.FILED, folded=False, snoozed_until=None)
        )
        self.refold(waited)
        return gone
