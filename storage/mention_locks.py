"""Mentions that people act on: locked in one order, with their copies, against the versions that were seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, union

from sahut.core.errors import NotFoundError, StaleWriteError
from sahut.core.model import MentionRecord
from storage.case_tables import decision, ticket
from storage.mention_rows import record, records
from storage.parts import in_parts
from storage.tables import mention, mention_version


class MentionLocks:
    """The part of the mentions that locks."""

    _connection: Connection
    _dialect: str

    def lock(self, mention_ids: Sequence[int]) -> None:
        """Lock mentions, what they count on and what counts on them, in order of id, until the commit.

        A change of one of these changes the others. Locked in one order, nobody waits for somebody who waits for them.
        """
        if self._dialect == "sqlite":
            return  # the transaction is the only writer already
        family: set[int] = set()
        for some in in_parts(mention_ids):
            asked = mention.c.id.in_(some)
            query = union(
                select(mention.c.id).where(asked),
                select(mention.c.first_id).where(asked, mention.c.first_id.is_not(None)),
                select(mention.c.id).where(mention.c.first_id.in_(some)),
            )
            family.update(self._connection.execute(query).scalars())
        for some in in_parts(sorted(family)):
            ordered = select(mention.c.id).where(mention.c.id.in_(some)).order_by(mention.c.id)
            self._connection.execute(ordered.with_for_update())

    def for_update(self, mention_id: int, *, version: int | None = None) -> MentionRecord:
        """Lock the row until the commit. Raises NotFoundError, StaleWriteError."""
        row = self._connection.execute(
            records().where(mention.c.id == mention_id).with_for_update(of=mention)
        ).one_or_none()
        if row is None:
            raise NotFoundError("mention", mention_id)
        self._check_fresh(row, version)
        return record(row)

    def all_for_update(self, versions: Mapping[int, int | None]) -> list[MentionRecord]:
        """As `for_update` for each of ``versions`` (by id; None for whatever is there now), in order of id."""
        found: dict[int, Row[Any]] = {}
        for some in in_parts(sorted(versions)):
            query = records().where(mention.c.id.in_(some)).order_by(mention.c.id).with_for_update(of=mention)
            found |= {row.id: row for row in self._connection.execute(query)}
        for mention_id in sorted(versions):
            if mention_id not in found:
                raise NotFoundError("mention", mention_id)
            self._check_fresh(found[mention_id], versions[mention_id])
        return [record(row) for row in found.values()]

    def _check_fresh(self, row: Row[Any], version: int | None) -> None:
        if version is not None and row.version != version:
            changes = self._changes_since(row.id, version)
            raise StaleWriteError("mention", row.id, expected=version, current=row.version, changes=changes)

    def _changes_since(self, mention_id: int, version: int) -> list[dict[str, str]]:
        decided = (
            select(decision, ticket.c.number)
            .outerjoin(ticket, ticket.c.id == decision.c.ticket_id)
            .where(decision.c.mention_id == mention_id, decision.c.at_version >= version)
        )
        edited = select(mention_version.c.at_version).where(
            mention_version.c.mention_id == mention_id, mention_version.c.at_version >= version
        )
        changes = [
            {"what": row.kind, "who": row.actor_name, "when": row.at.isoformat(), **_particulars(row)}
            for row in self._connection.execute(decided.order_by(decision.c.id))
        ]
        if self._connection.execute(edited.limit(1)).first():
            updated = self._connection.execute(select(mention.c.updated_at).where(mention.c.id == mention_id))
            changes.append({"what": "edited", "who": "", "when": updated.scalar_one().isoformat()})
        return changes

    def folded_behind(self, mention_ids: Sequence[int]) -> list[MentionRecord]:
        """The copies that wait behind mentions, by id, locked until the commit.

        What was decided while its lock was waited for is folded no more and left out: the database looks again.
        """
        found: dict[int, MentionRecord] = {}
        for some in in_parts(mention_ids):
            query = records().where(mention.c.first_id.in_(some), mention.c.folded).order_by(mention.c.id)
            rows = self._connection.execute(query.with_for_update(of=mention))
            found |= {row.id: record(row) for row in rows}
        return [found[one] for one in sorted(found)]


def _particulars(row: Row[Any]) -> dict[str, str]:
    """What a decision says beside what it is: the ``reason``, the ``ticket``'s number, ``to`` whom it was given."""
    to = (row.detail or {}).get("to", {})
    said = {"reason": row.reason, "ticket": row.number, "to": to.get("assignee") or to.get("unit")}
    return {name: str(value) for name, value in said.items() if value}
