"""Files on their way in, with their bytes, sealed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, or_, select, update

from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model.imports import FileImport, ImportClaim, ImportDraft, ImportState
from storage.import_tables import file_import, file_import_part

# A file that has cost so many workers is set aside.
_MOST_ATTEMPTS = 4
_WORK = (ImportState.CHECKING, ImportState.IMPORTING)


class SqlImports:
    """The imports of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, draft: ImportDraft, parts: Iterable[bytes], *, by: str, now: datetime) -> FileImport:
        """Keep a file, to be looked through at once."""
        made = self._connection.execute(
            file_import.insert().returning(file_import.c.id),
            {
                "file": draft.file,
                "size": 0,
                "source": draft.source,
                "query": draft.query,
                "options": dict(draft.options),
                "state": ImportState.CHECKING,
                "done": 0,
                "error": "",
                "problem": "",
                "by_name": by,
                "attempts": 0,
                "created_at": now,
                "updated_at": now,
                "version": 1,
            },
        ).scalar_one()
        size = 0
        for number, part in enumerate(parts):
            size += len(part)
            row = {"import_id": made, "number": number, "data": base64.b64encode(part).decode("ascii")}
            self._connection.execute(file_import_part.insert(), row)
        self._connection.execute(update(file_import).where(file_import.c.id == made).values(size=size))
        return self.get(made)

    def get(self, import_id: int) -> FileImport:
        """Raises NotFoundError."""
        row = self._connection.execute(select(file_import).where(file_import.c.id == import_id)).one_or_none()
        if row is None:
            raise NotFoundError("import", import_id)
        return _item(row)

    def _held(self, import_id: int) -> FileImport:
        """As `get`; nobody else, person or worker, changes it until the transaction ends."""
        self._connection.execute(select(file_import.c.id).where(file_import.c.id == import_id).with_for_update())
        return self.get(import_id)

    def recent(self, limit: int) -> list[FileImport]:
        """The latest first."""
        return [
            _item(row)
            for row in self._connection.execute(select(file_import).order_by(file_import.c.id.desc()).limit(limit))
        ]

    def ask(
        self, import_id: int, state: ImportState, draft: ImportDraft, *, version: int | None, now: datetime
    ) -> FileImport:
        """See `Imports.ask`."""
        before = self._held(import_id)
        if version is not None and version != before.version:
            raise StaleWriteError("import", import_id, expected=version, current=before.version, changes=[])
        if before.state in _WORK:
            raise RefusedError(f"'{before.file}' is being worked on", rule="import_busy")
        if before.state is ImportState.DONE:
            raise RefusedError(f"'{before.file}' is in already", rule="import_over")
        self._connection.execute(
            update(file_import)
            .where(file_import.c.id == import_id)
            .values(
                state=state,
                source=draft.source,
                query=draft.query,
                options=dict(draft.options),
                done=0,
                error="",
                problem="",
                attempts=0,
                lease_token=None,
                lease_until=None,
                updated_at=now,
                version=file_import.c.version + 1,
            )
        )
        return self.get(import_id)

    def waiting(self, now: datetime) -> bool:
        """Whether there is a file for a worker."""
        return self._connection.execute(select(file_import.c.id).where(_free(now)).limit(1)).first() is not None

    def claim(self, *, now: datetime, until: datetime) -> ImportClaim | None:
        """The one that waits longest; one that has cost too many workers is set aside for good."""
        self._connection.execute(
            update(file_import)
            .where(_free(now), file_import.c.attempts >= _MOST_ATTEMPTS)
            .values(
                state=ImportState.FAILED,
                error=f"{_MOST_ATTEMPTS} workers were lost over it",
                problem="unexpected",
                updated_at=now,
                version=file_import.c.version + 1,
            )
        )
        free = select(file_import.c.id).where(_free(now)).order_by(file_import.c.updated_at, file_import.c.id).limit(1)
        token = secrets.token_hex(8)
        chosen = free.with_for_update(skip_locked=True).cte("free")
        taken = self._connection.execute(
            update(file_import)
            .where(file_import.c.id.in_(select(chosen.c.id)))
            .values(lease_token=token, lease_until=until, attempts=file_import.c.attempts + 1)
            .returning(file_import.c.id)
        ).all()
        return ImportClaim(item=self.get(taken[0].id), token=token, until=until) if taken else None

    def parts(self, import_id: int) -> Iterator[bytes]:
        """Its bytes, in order."""
        rows = (
            select(file_import_part.c.id)
            .where(file_import_part.c.import_id == import_id)
            .order_by(file_import_part.c.number)
        )
        for part_id in self._connection.execute(rows).scalars().all():
            one = select(file_import_part.c.data).where(file_import_part.c.id == part_id)
            yield base64.b64decode(self._connection.execute(one).scalar_one())

    def progress(self, claim: ImportClaim, done: int, rows: int | None, *, until: datetime) -> bool:
        """See `Imports.progress`. The version stays: nobody's form is stale because of it."""
        further = file_import.c.done < done
        changed = self._connection.execute(
            update(file_import)
            .where(_held(claim))
            .values(
                # A file that kills whoever comes to one row of it gets no further than that row.
                attempts=case((further, 0), else_=file_import.c.attempts),
                done=case((further, done), else_=file_import.c.done),
                rows=rows,
                lease_until=until,
            )
        )
        return changed.rowcount == 1

    def let_go(self, claim: ImportClaim, *, until: datetime) -> bool:
        """See `Imports.let_go`."""
        changed = self._connection.execute(
            update(file_import).where(_held(claim)).values(attempts=0, lease_until=until)
        )
        return changed.rowcount == 1

    def finish(
        self,
        claim: ImportClaim,
        state: ImportState,
        *,
        found: Mapping[str, Any],
        error: str = "",
        problem: str = "",
        source_id: int | None = None,
        now: datetime,
    ) -> bool:
        """See `Imports.finish`."""
        changed = self._connection.execute(
            update(file_import)
            .where(_held(claim))
            .values(
                state=state,
                found=dict(found),
                error=error,
                problem=problem,
                source_id=func.coalesce(source_id, file_import.c.source_id),
                lease_token=None,
                lease_until=None,
                updated_at=now,
                version=file_import.c.version + 1,
            )
        )
        if changed.rowcount and state is ImportState.DONE:
            self._drop_parts(claim.item.id)
        return changed.rowcount == 1

    def remove(self, import_id: int) -> None:
        """See `Imports.remove`."""
        before = self._held(import_id)
        held = select(file_import.c.lease_token).where(file_import.c.id == import_id)
        if before.state in _WORK and self._connection.execute(held).scalar_one() is not None:
            raise RefusedError(f"'{before.file}' is being worked on", rule="import_busy")
        self._drop_parts(import_id)
        self._connection.execute(file_import.delete().where(file_import.c.id == import_id))

    def _drop_parts(self, import_id: int) -> None:
        self._connection.execute(file_import_part.delete().where(file_import_part.c.import_id == import_id))


def _free(now: datetime) -> Any:
    lost = or_(file_import.c.lease_until.is_(None), file_import.c.lease_until < now)
    return and_(file_import.c.state.in_(_WORK), lost)


def _held(claim: ImportClaim) -> Any:
    return and_(file_import.c.id == claim.item.id, file_import.c.lease_token == claim.token)


def _item(row: Row[Any]) -> FileImport:
    return FileImport(
        id=row.id,
        file=row.file,
        size=row.size,
        source=row.source,
        query=row.query,
        options=row.options,
        state=ImportState(row.state),
        found=row.found or {},
        done=row.done,
        rows=row.rows,
        error=row.error,
        problem=row.problem,
        source_id=row.source_id,
        by=row.by_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
