"""Leases on mentions: how work of every sort is handed out, so that two workers never hold the same row."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, update

from sahut.core.model import MentionClaim
from storage.mention_rows import record, records
from storage.tables import mention

# A text that kills its process takes its whole batch along. After so many lost workers each is judged alone, so that
# it costs no other one.
ALONE_AFTER = 2


def unleased(now: datetime) -> ColumnElement[bool]:
    """In nobody's hands: never taken, or the lease ran out."""
    return or_(mention.c.lease_until.is_(None), mention.c.lease_until < now)


def oldest(connection: Connection, wanted: ColumnElement[bool], limit: int) -> Select[tuple[int]] | None:
    """The first ``limit`` ids that are ``wanted``, to be taken, or one that has cost several workers; None for none."""
    first = select(mention.c.attempts).where(wanted).order_by(mention.c.id).limit(1)
    attempts = connection.execute(first).scalar_one_or_none()
    if attempts is None:
        return None
    alone = attempts >= ALONE_AFTER
    return (
        select(mention.c.id)
        .where(wanted if alone else and_(wanted, mention.c.attempts < ALONE_AFTER))
        .order_by(mention.c.id)
        .limit(1 if alone else limit)
    )


def take(connection: Connection, wanted: Select[tuple[int]], until: datetime) -> MentionClaim | None:
    """Lease the mentions whose ids ``wanted`` selects under a new token, and count the attempt; None for none."""
    free = (
        # Two workers take different rows instead of waiting for each other (SQLite has one writer and needs none).
        wanted.with_for_update(skip_locked=True)
        # As a plain subquery PostgreSQL may run it again for each row of the UPDATE, and so claim all that wait.
        .cte("free")
    )
    token = secrets.token_hex(8)
    taken = connection.execute(
        update(mention)
        .where(mention.c.id.in_(select(free.c.id)))
        .values(lease_token=token, lease_until=until, attempts=mention.c.attempts + 1)
        .returning(mention.c.id)
    )
    # Not the count of rows, which SQLite's driver does not know of an UPDATE that begins with WITH.
    if not taken.all():
        return None
    rows = connection.execute(records().where(mention.c.lease_token == token).order_by(mention.c.id))
    return MentionClaim(token=token, until=until, mentions=[record(row) for row in rows])
