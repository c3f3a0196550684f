"""Walks through the archive: which mentions another model judged, handed out in order of id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from sahut.core.errors import NotFoundError
from sahut.core.model import MentionClaim, MentionState, Walk, WalkDraft, WalkState
from storage import leases
from storage.tables import mention, walk


class SqlWalks:
    """The walks of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, draft: WalkDraft, now: datetime) -> Walk:
        """Begin a walk, or join one that runs with the same aim. Running walks for another model are stopped."""
        for running in self.running():
            if running.draft == draft:
                return running
            if running.draft.model != draft.model:
                self.stop(running.id, now)
        last: int = self._connection.execute(select(func.coalesce(func.max(mention.c.id), 0))).scalar_one()
        wanted = _outdated(draft, after=0, last_id=last)
        # What an earlier walk could not judge, this one tries again.
        self._connection.execute(update(mention).where(wanted, mention.c.attempts > 0).values(attempts=0))
        total = self._connection.execute(select(func.count()).select_from(mention).where(wanted)).scalar_one()
        started: int = self._connection.execute(
            walk.insert()
            .values(
                model=draft.model,
                judged_by=draft.judged_by,
                source_id=draft.source_id,
                since=draft.since,
                state=WalkState.RUNNING if total else WalkState.DONE,
                position=0 if total else last,
                last_id=last,
                total=total,
                judged=0,
                flagged=0,
                filed=0,
                failed=0,
                started_at=now,
                updated_at=now,
                finished_at=None if total else now,
            )
            .returning(walk.c.id)
        ).scalar_one()
        return self.get(started)

    def get(self, walk_id: int) -> Walk:
        """Raises NotFoundError."""
        row = self._connection.execute(select(walk).where(walk.c.id == walk_id)).one_or_none()
        if row is None:
            raise NotFoundError("walk", walk_id)
        return _value(row)

    def running(self) -> list[Walk]:
        """Those under way, oldest first."""
        query = select(walk).where(walk.c.state == WalkState.RUNNING).order_by(walk.c.id)
        return [_value(row) for row in self._connection.execute(query)]

    def recent(self, limit: int) -> list[Walk]:
        """The latest, newest first."""
        return [_value(row) for row in self._connection.execute(select(walk).order_by(walk.c.id.desc()).limit(limit))]

    def stop(self, walk_id: int, now: datetime) -> None:
        """End a walk where it stands; one that is over stays as it is."""
        self._connection.execute(
            update(walk)
            .where(walk.c.id == walk_id, walk.c.state == WalkState.RUNNING)
            .values(state=WalkState.STOPPED, updated_at=now, finished_at=now)
        )

    def claim(
        self, walking: Walk, *, now: datetime, until: datetime, limit: int, max_attempts: int
    ) -> MentionClaim | None:
        """Lease the next mentions of a walk under a new token; None when all are done or in other hands."""
        wanted = and_(
            _outdated(walking.draft, after=walking.position, last_id=walking.last_id),
            mention.c.attempts < max_attempts,
            leases.unleased(now),
        )
        free = leases.oldest(self._connection, wanted, limit)
        return None if free is None else leases.take(self._connection, free, until)

    def skip(self, claim: MentionClaim, mention_ids: Sequence[int], *, max_attempts: int) -> None:
        """Leave mentions that cannot be judged as they are; this walk does not try them again."""
        self._connection.execute(
            update(mention)
            .where(mention.c.lease_token == claim.token, mention.c.id.in_(mention_ids))
            .values(lease_token=None, lease_until=None, attempts=max_attempts)
        )

    def advance(
        self,
        walk_id: int,
        now: datetime,
        *,
        max_attempts: int,
        judged: int = 0,
        flagged: int = 0,
        filed: int = 0,
        failed: int = 0,
    ) -> Walk:
        """Count what was done, move the position up to the first mention that is left, and end the walk at the last."""
        walking = self.get(walk_id)
        left = _outdated(walking.draft, after=walking.position, last_id=walking.last_id)
        ahead = self._first(and_(left, mention.c.attempts < max_attempts))
        # A mention in somebody's hands at its last attempt may still fail, and counts as left until then. It is looked
        # for only before the first of the others: beyond that lies the whole archive.
        before = mention.c.id < (walking.last_id + 1 if ahead is None else ahead)
        rest = self._first(and_(left, before, mention.c.lease_until >= now)) or ahead
        values: dict[str, Any] = {
            "judged": walk.c.judged + judged,
            "flagged": walk.c.flagged + flagged,
            "filed": walk.c.filed + filed,
            "failed": walk.c.failed + failed,
            "updated_at": now,
            "position": walking.last_id if rest is None else rest - 1,
        }
        if rest is None and walking.state is WalkState.RUNNING:
            # Those whose workers were lost each time are known only now.
            given_up = _outdated(walking.draft, after=0, last_id=walking.last_id)
            values |= {
                "state": WalkState.DONE,
                "finished_at": now,
                "failed": select(func.count()).select_from(mention).where(given_up).scalar_subquery(),
            }
        self._connection.execute(update(walk).where(walk.c.id == walk_id).values(values))
        return self.get(walk_id)

    def _first(self, where: ColumnElement[bool]) -> int | None:
        found: int | None = self._connection.execute(
            select(mention.c.id).where(where).order_by(mention.c.id).limit(1)
        ).scalar_one_or_none()
        return found


def _outdated(draft: WalkDraft, *, after: int, last_id: int) -> ColumnElement[bool]:
    """Judged by another model, in order of id.

    What waits or is held is left out by what it is not, and ``since`` is compared inside a function: SQLite would
    otherwise take the index of state or time, and sort the whole archive for every batch.
    """
    wanted = [
        mention.c.id > after,
        mention.c.id <= last_id,
        mention.c.model != draft.model,
        mention.c.state.not_in([MentionState.COLLECTED, MentionState.CONTEXT, MentionState.HELD, MentionState.OWN]),
    ]
    if draft.judged_by:
        wanted.append(mention.c.model == draft.judged_by)
    if draft.source_id is not None:
        wanted.append(mention.c.source_id == draft.source_id)
    if draft.since is not None:
        wanted.append(func.coalesce(mention.c.shown_at, mention.c.shown_at) >= draft.since)
    return and_(*wanted)


def _value(row: Row[Any]) -> Walk:
    return Walk(
        id=row.id,
        draft=WalkDraft(model=row.model, judged_by=row.judged_by, source_id=row.source_id, since=row.since),
        state=WalkState(row.state),
        position=row.position,
        last_id=row.last_id,
        total=row.total,
        judged=row.judged,
        flagged=row.flagged,
        filed=row.filed,
        failed=row.failed,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )
