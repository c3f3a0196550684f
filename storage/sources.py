"""Sources: what to read, when, by whom, and how it went."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import LeaseLostError, NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import (
    Health,
    Problem,
    Reading,
    Source,
    SourceClaim,
    SourceDraft,
    SourceState,
)
from storage.source_days import SourceDays
from storage.tables import credential, source

_FRESH = {"failures": 0, "last_error": "", "problem": None, "not_before": None}


def _all() -> Select[Any]:
    return select(source, credential.c.name.label("credential")).outerjoin(
        credential, credential.c.id == source.c.credential_id
    )


class SqlSources(SourceDays):
    """The sources of one transaction."""

    def add(self, draft: SourceDraft, now: datetime) -> Source:
        """A new source, due at once. Raises RefusedError(rule="source_exists")."""
        self._refuse_taken(draft, apart_from=None)
        values = {
            **_columns(draft),
            "credential_id": self._credential_id(draft),
            **_FRESH,
            "demo": draft.demo,
            "state": SourceState.ACTIVE,
            "cursor": {},
            "due_at": now,
            "seen": 0,
            "kept": 0,
            "notes": [],
            "created_at": now,
            "version": 1,
        }
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(source.insert().values(values).returning(source.c.id))
                source_id: int = result.scalar_one()
        except IntegrityError as error:
            raise _exists(draft.name) from error
        return self.get(source_id)

    def get(self, source_id: int) -> Source:
        """Raises NotFoundError."""
        row = self._connection.execute(_all().where(source.c.id == source_id)).one_or_none()
        if row is None:
            raise NotFoundError("source", source_id)
        return _value(row)

    def find(self, name: str) -> Source | None:
        """The source of that name, unless it was removed."""
        removed = source.c.state == SourceState.REMOVED
        row = self._connection.execute(_all().where(source.c.name == name, ~removed)).one_or_none()
        return None if row is None else _value(row)

    def all(self, *, removed: bool = False) -> list[Source]:
        """Every source by name."""
        query = _all().order_by(source.c.name)
        if not removed:
            query = query.where(source.c.state != SourceState.REMOVED)
        return [_value(row) for row in self._connection.execute(query)]

    def change(self, source_id: int, draft: SourceDraft, *, version: int | None, now: datetime) -> Source:
        """Set what an operator says; a new address begins with an empty cursor and is due at once."""
        before = self._checked(source_id, version)
        _refuse_removed(before)
        self._refuse_taken(draft, apart_from=source_id)
        values: dict[str, Any] = {
            **_columns(draft),
            "credential_id": self._credential_id(draft),
            "version": before.version + 1,
        }
        if (draft.platform, draft.address) != (before.platform, before.address):
            values |= {**_FRESH, "cursor": {}, "due_at": now, "lease_token": None, "lease_until": None}
        try:
            with self._connection.begin_nested():
                self._connection.execute(update(source).where(source.c.id == source_id).values(values))
        except IntegrityError as error:
            raise _exists(draft.name) from error
        return self.get(source_id)

    def set_state(self, source_id: int, state: SourceState, *, version: int | None, now: datetime) -> Source:
        """Pause, resume or remove. Resuming forgets failures and makes the source due; removing frees its name.

        Raises RefusedError(rule="source_removed") for a source that was removed, whose place another may have now.
        """
        before = self._checked(source_id, version)
        if state is not SourceState.REMOVED:
            _refuse_removed(before)
        values: dict[str, Any] = {"state": state, "version": before.version + 1}
        if state is SourceState.ACTIVE:
            values |= {**_FRESH, "due_at": now}
        if state is SourceState.REMOVED and before.state is not SourceState.REMOVED:
            values["name"] = f"{before.name} #{source_id}"
        self._connection.execute(update(source).where(source.c.id == source_id).values(values))
        return self.get(source_id)

    def due(self, now: datetime, limit: int) -> list[int]:
        """Active, due and free, most overdue first."""
        query = (
            select(source.c.id)
            .where(
                source.c.state == SourceState.ACTIVE,
                source.c.due_at <= now,
                *_may_call(now),
                _free(now),
            )
            .order_by(source.c.due_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def claim(self, source_id: int, *, now: datetime, until: datetime) -> SourceClaim | None:
        """One conditional UPDATE; None when the source is not active, held, or its platform wants no call yet."""
        token = secrets.token_hex(8)
        taken = self._connection.execute(
            update(source)
            .where(source.c.id == source_id, source.c.state == SourceState.ACTIVE, *_may_call(now), _free(now))
            .values(lease_token=token, lease_until=until)
        )
        if not taken.rowcount:
            return None
        return SourceClaim(source=self.get(source_id), token=token, until=until)

    def advance(self, claim: SourceClaim, cursor: Mapping[str, Any], *, until: datetime) -> None:
        """Save the cursor and extend the lease. Raises LeaseLostError."""
        self._write_held(claim, {"cursor": dict(cursor), "lease_until": until})

    def release(self, claim: SourceClaim, reading: Reading) -> None:
        """Write how the reading ended and give the lease back. Raises LeaseLostError."""
        health = reading.health
        # Somebody who hurried it meanwhile knew of more than this reading may have seen.
        hurried = and_(source.c.due_at != claim.source.due_at, source.c.due_at < reading.due_at)
        values: dict[str, Any] = {
            "due_at": case((hurried, source.c.due_at), else_=literal(reading.due_at, source.c.due_at.type)),
            "not_before": reading.not_before,
            "last_success_at": health.last_success_at,
            "last_error_at": health.last_error_at,
            "last_error": health.last_error,
            "problem": health.problem,
            "failures": health.failures,
            "seen": health.seen,
            "kept": health.kept,
            "last_new_at": health.last_new_at,
            "rhythm_s": None if health.rhythm is None else health.rhythm.total_seconds(),
            "notes": list(health.notes),
            "lease_token": None,
            "lease_until": None,
        }
        self._write_held(claim, values)
        self.count_reading(claim.source, reading)
        if reading.state is SourceState.STOPPED:
            # A person who paused or removed it meanwhile has the last word.
            self._connection.execute(
                update(source)
                .where(source.c.id == claim.source.id, source.c.state == SourceState.ACTIVE)
                .values(state=SourceState.STOPPED, version=source.c.version + 1)
            )

    def hurry(self, source_ids: Sequence[int], when: datetime) -> None:
        """Make them due at ``when`` at the latest; one that is being read is read again then (see `release`)."""
        self._connection.execute(
            update(source)
            .where(
                source.c.id.in_(source_ids),
                source.c.state == SourceState.ACTIVE,
                or_(source.c.due_at > when, source.c.lease_token.is_not(None)),
            )
            .values(due_at=when)
        )

    def brought(self, source_id: int, now: datetime, *, seen: int, new: int) -> None:
        """Count what came by itself as a reading that went well."""
        values: dict[str, Any] = {
            **_FRESH,
            "seen": source.c.seen + seen,
            "kept": source.c.kept + new,
            "last_success_at": now,
        }
        if new:
            values["last_new_at"] = now
        self._connection.execute(update(source).where(source.c.id == source_id).values(values))
        self.count(source_id, now.date(), failures=0, new=new)

    def _write_held(self, claim: SourceClaim, values: Mapping[str, Any]) -> None:
        written = self._connection.execute(
            update(source).where(source.c.id == claim.source.id, source.c.lease_token == claim.token).values(**values)
        )
        if not written.rowcount:
            raise LeaseLostError(f"source {claim.source.id} ({claim.source.name}) is no longer ours")

    def _credential_id(self, draft: SourceDraft) -> int | None:
        if not draft.credential:
            return None
        row = self._connection.execute(
            select(credential.c.id, credential.c.platform).where(credential.c.name == draft.credential)
        ).one_or_none()
        if row is None:
            raise NotFoundError("credential", repr(draft.credential))
        if row.platform != draft.platform:
            raise RefusedError(
                f"credential {draft.credential!r} is for {row.platform}, not for {draft.platform}",
                rule="credential_platform",
            )
        found: int = row.id
        return found

    def _checked(self, source_id: int, version: int | None) -> Source:
        row = self._connection.execute(_all().where(source.c.id == source_id).with_for_update(of=source)).one_or_none()
        if row is None:
            raise NotFoundError("source", source_id)
        found = _value(row)
        if version is not None and found.version != version:
            raise StaleWriteError("source", source_id, expected=version, current=found.version, changes=[])
        return found

    def _refuse_taken(self, draft: SourceDraft, *, apart_from: int | None) -> None:
        same_place = and_(
            source.c.platform == draft.platform, source.c.address == draft.address, source.c.query == draft.query
        )
        query = select(source.c.name).where(
            source.c.state != SourceState.REMOVED, or_(source.c.name == draft.name, same_place)
        )
        if apart_from is not None:
            query = query.where(source.c.id != apart_from)
        taken = self._connection.execute(query.limit(1)).scalar_one_or_none()
        if taken is not None:
            raise _exists(taken)


def _refuse_removed(before: Source) -> None:
    if before.state is SourceState.REMOVED:
        raise RefusedError(f"source '{before.name}' was removed; add it anew", rule="source_removed")


def _exists(name: str) -> RefusedError:
    return RefusedError(f"there is a source {name!r} for this name or address already", rule="source_exists")


def _free(now: datetime) -> Any:
    return or_(source.c.lease_until.is_(None), source.c.lease_until < now)


def _may_call(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Neither the source's own limit nor its credential's keeps its platform from being called."""
    held = select(credential.c.id).where(credential.c.not_before > now)
    return (
        or_(source.c.not_before.is_(None), source.c.not_before <= now),
        or_(source.c.credential_id.is_(None), source.c.credential_id.not_in(held)),
    )


def _columns(draft: SourceDraft) -> dict[str, Any]:
    return {
        "platform": draft.platform,
        "name": draft.name,
        "address": draft.address,
        "query": draft.query,
        "interval_s": draft.interval.total_seconds(),
        "expected_every_s": None if draft.expected_every is None else draft.expected_every.total_seconds(),
        "options": dict(draft.options),
    }


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _value(row: Row[Any]) -> Source:
    return Source(
        id=row.id,
        platform=row.platform,
        name=row.name,
        address=row.address,
        query=row.query,
        interval=timedelta(seconds=row.interval_s),
        expected_every=_span(row.expected_every_s),
        options=row.options,
        demo=row.demo,
        state=SourceState(row.state),
        cursor=row.cursor,
        due_at=row.due_at,
        not_before=row.not_before,
        health=Health(
            last_success_at=row.last_success_at,
            last_error_at=row.last_error_at,
            last_error=row.last_error,
            problem=None if row.problem is None else Problem(row.problem),
            failures=row.failures,
            seen=row.seen,
            kept=row.kept,
            last_new_at=row.last_new_at,
            rhythm=_span(row.rhythm_s),
            notes=tuple(row.notes),
        ),
        created_at=row.created_at,
        version=row.version,
        credential=row.credential or "",
        credential_id=row.credential_id,
    )
