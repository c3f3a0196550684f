"""Mentions: stored, edited, read and listed. Work on them and ties between them are mixed in from their own modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from sahut.core import rules, searching
from sahut.core.errors import NotFoundError
from sahut.core.model import (
    Change,
    Facets,
    Known,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionState,
    MentionVersion,
    Page,
    joined,
)
from storage import paging
from storage.engine import insert_into
from storage.lookups import Lookup
from storage.mention_counts import MentionCounts
from storage.mention_locks import MentionLocks
from storage.mention_news import MentionNews
from storage.mention_rows import conditions, content, new_row, record, records
from storage.mention_search import MentionSearch
from storage.mention_steering import MentionSteering
from storage.mention_threads import MentionThreads
from storage.mention_withdrawals import MentionWithdrawals
from storage.mention_work import MentionWork
from storage.parts import in_parts
from storage.person_tables import tombstone
from storage.tables import dead_letter, mention, mention_version

# Both databases take far more parameters in one statement, but none is faster for it.
_KEYS_AT_ONCE = 400
# Any number, but the same in every process: it names the lock.
_ONE_INSERTS = 5_348_555


class SqlMentions(
    MentionLocks,
    MentionSearch,
    MentionCounts,
    MentionNews,
    MentionWork,
    MentionWithdrawals,
    MentionSteering,
    MentionThreads,
):
    """The mentions of one transaction."""

    def __init__(self, connection: Connection, lookup: Lookup) -> None:
        super().__init__(connection)
        self._lookup = lookup

    def known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]:
        """What is stored under these identities."""
        found: dict[tuple[str, str], Known] = {}
        by_platform: dict[str, list[str]] = {}
        for platform, native_id in keys:
            by_platform.setdefault(platform, []).append(native_id)
        columns = (
            mention.c.id, mention.c.platform, mention.c.native_id, mention.c.state, mention.c.content_hash,
            mention.c.title, mention.c.text,
        )  # fmt: skip
        for platform, ids in by_platform.items():
            for start in range(0, len(ids), _KEYS_AT_ONCE):
                some = ids[start : start + _KEYS_AT_ONCE]
                query = select(*columns).where(mention.c.platform == platform, mention.c.native_id.in_(some))
                for row in self._connection.execute(query):
                    found[(row.platform, row.native_id)] = Known(
                        id=row.id,
                        state=MentionState(row.state),
                        content_hash=row.content_hash,
                        body=joined(row.title, row.text),
                    )
        return found

    def save(
        self, source_id: int, changes: Sequence[Change], now: datetime, *, recheck_at: datetime | None = None
    ) -> tuple[int, int]:
        """Insert the new and version the edited ones: (inserted, edited). ``recheck_at`` is written on the new ones.

        A mention that another worker stored since `known` was asked is left as that worker stored it.
        """
        changes = self._but_buried(changes)
        new = [
            {**new_row(source_id, change, now), "recheck_at": recheck_at, **self._keys(change)}
            for change in changes
            if change.known is None
        ]
        inserted = 0
        if new:
            if self._dialect == "postgresql":
                # Two sources may bring the same mentions in opposite order; each would wait for the other's insert.
                self._connection.execute(select(func.pg_advisory_xact_lock(_ONE_INSERTS)))
            insert = insert_into(self._connection, mention)
            result = self._connection.execute(
                insert.on_conflict_do_nothing(), new, execution_options={"preserve_rowcount": True}
            )
            inserted = result.rowcount
        edited = sum(self._edit(change, now) for change in changes if change.known is not None)
        return inserted, edited

    def _keys(self, change: Change) -> dict[str, str | None]:
        said = content(change)
        if said["author"] is None and said["permalink"] is None:
            return {"author_key": None, "link_key": None}
        return self._lookup.columns(change.mention.platform, said["author"], said["permalink"])

    def _but_buried(self, changes: Sequence[Change]) -> list[Change]:
        """Without what somebody had erased, and what the same person writes since."""
        if not self._connection.execute(select(tombstone.c.hash).limit(1)).first():
            return list(changes)
        marks = [
            {
                self._lookup.post(change.mention.platform, change.mention.native_id),
                *(key for key in self._keys(change).values() if key),
            }
            for change in changes
        ]
        asked = sorted(set().union(*marks))
        buried: set[str] = set()
        for start in range(0, len(asked), _KEYS_AT_ONCE):
            some = asked[start : start + _KEYS_AT_ONCE]
            buried |= set(
                self._connection.execute(select(tombstone.c.hash).where(tombstone.c.hash.in_(some))).scalars()
            )
        return [change for change, mark in zip(changes, marks, strict=True) if not mark & buried]

    def _edit(self, change: Change, now: datetime) -> bool:
        """False where the row is gone, or another worker has stored this very wording since `known` was asked."""
        assert change.known is not None  # noqa: S101 - `save` picked these
        mention_id = change.known.id
        before = self._connection.execute(
            select(
                mention.c.title,
                mention.c.text,
                mention.c.content_hash,
                mention.c.edited,
                mention.c.version,
                mention.c.updated_at,
                mention.c.withdrawn_at,
            )
            .where(mention.c.id == mention_id)
            .with_for_update()
        ).one_or_none()
        if before is None or before.content_hash == change.mention.content_hash:
            return False
        self._connection.execute(
            mention_version.insert().values(
                mention_id=mention_id,
                number=before.edited + 1,
                title=before.title,
                text=before.text,
                seen_at=before.updated_at,
                at_version=before.version,
            )
        )
        values = {
            **content(change),
            **self._keys(change),
            "forgotten_at": None,
            "edited": before.edited + 1,
            "version": before.version + 1,
            "updated_at": now,
            # Whoever is judging the old wording has lost the claim.
            "lease_token": None,
            "lease_until": None,
            # Its stretches were of the old wording.
            "why": None,
            "withdrawn_at": None,
        }
        if before.withdrawn_at is not None:
            # The page that shows it again may be older than the look that missed it.
            values["recheck_at"] = rules.next_recheck(now, now)
        if change.reassess:
            # What people corrected was said of the old wording.
            values |= {"state": MentionState.COLLECTED, "attempts": 0, "snoozed_until": None, "corrected": None}
        self._connection.execute(update(mention).where(mention.c.id == mention_id).values(values))
        if change.reassess:
            # A held text gave way to another: a retry of its letter would pull the mention out of whatever comes next.
            self._connection.execute(dead_letter.delete().where(dead_letter.c.mention_id == mention_id))
            self._cut(mention_id)
            self.refold([mention_id])
        return True

    def get(self, mention_id: int) -> MentionRecord:
        """Raises NotFoundError."""
        row = self._connection.execute(records().where(mention.c.id == mention_id)).one_or_none()
        if row is None:
            raise NotFoundError("mention", mention_id)
        return record(row)

    def whole(self, mention_id: int) -> MentionRecord:
        """As `get`, with the platform's own payload too. Raises NotFoundError."""
        found = self.get(mention_id)
        raw = self._connection.execute(select(mention.c.raw).where(mention.c.id == mention_id)).scalar_one()
        return replace(found, mention=replace(found.mention, raw=raw or {}))

    def versions(self, mention_id: int) -> list[MentionVersion]:
        """Earlier wordings, oldest first."""
        query = select(mention_version).where(mention_version.c.mention_id == mention_id).order_by(mention_version.c.id)
        return [
            MentionVersion(
                mention_id=row.mention_id, number=row.number, title=row.title, text=row.text, seen_at=row.seen_at
            )
            for row in self._connection.execute(query)
        ]

    def page(
        self, where: MentionFilter, *, order: MentionOrder, limit: int, after: str | None = None
    ) -> Page[MentionRecord]:
        """One page. Raises RefusedError(rule="page_token")."""
        if order is MentionOrder.RELEVANT and searching.parse(where.search).wanted:
            return self._best(where, limit=limit, after=after)
        query = records().where(*conditions(where, self._dialect)).limit(limit + 1)
        if order is MentionOrder.PRESSING:
            query = query.order_by(mention.c.pressing.desc(), mention.c.id)
            if after is not None:
                pressing, last = paging.keys(after, order, 2)
                query = query.where(
                    mention.c.pressing <= pressing, or_(mention.c.pressing < pressing, mention.c.id > last)
                )
        else:
            query = query.order_by(mention.c.id.desc())
            if after is not None:
                (last,) = paging.keys(after, order, 1)
                query = query.where(mention.c.id < last)
        found = [record(row) for row in self._connection.execute(query)]
        if len(found) <= limit:
            return Page(items=found)
        end = found[limit - 1]
        keys = [end.pressing, end.id] if order is MentionOrder.PRESSING else [end.id]
        return Page(items=found[:limit], next=paging.token(order, keys))

    def _best(self, where: MentionFilter, *, limit: int, after: str | None) -> Page[MentionRecord]:
        """A page of what fits best: its token says how many came before."""
        (begins,) = paging.keys(after, MentionOrder.RELEVANT, 1) if after is not None else (0,)
        ids = self.ranked(where, conditions(where, self._dialect))[max(0, begins) :]
        rows = self._connection.execute(records().where(mention.c.id.in_(ids[:limit])))
        found = {row.id: record(row) for row in rows}
        more = paging.token(MentionOrder.RELEVANT, [max(0, begins) + limit]) if len(ids) > limit else None
        return Page(items=[found[one] for one in ids[:limit]], next=more)

    def count(self, where: MentionFilter, *, cap: int) -> int:
        """How many match, counted up to ``cap``."""
        some = select(mention.c.id).where(*conditions(where, self._dialect)).limit(cap).subquery()
        return self._connection.execute(select(func.count()).select_from(some)).scalar_one()

    def facets(self, where: MentionFilter, *, cap: int) -> Facets:
        """How many match, counted up to ``cap``, and of what they are: one walk for all fields."""
        columns = [mention.c[name] for name in ("topic", "kind", "sentiment", "platform", "source_id", "unit")]
        some = select(*columns).where(*conditions(where, self._dialect)).limit(cap).subquery()
        rows = self._connection.execute(select(*some.c, func.count().label("many")).group_by(*some.c)).all()
        total = sum(row.many for row in rows)
        if total >= cap:
            return Facets(total=cap, by=None)
        by: dict[str, Counter[str]] = {}
        for name in ("topic", "kind", "sentiment", "platform", "source_id"):
            counted = by.setdefault(name.removesuffix("_id"), Counter())
            for row in rows:
                counted[str(getattr(row, name))] += row.many
        units, free = by.setdefault("unit", Counter()), by.setdefault("free_topic", Counter())
        for row in rows:
            if row.unit:
                units[row.unit] += row.many
            else:
                free[str(row.topic)] += row.many
        return Facets(total=total, by=by)

    def set_state(
        self,
        mention_ids: Sequence[int],
        state: MentionState,
        *,
        ticket_id: int | None,
        now: datetime,
        until: datetime | None = None,
    ) -> None:
        """Give mentions a state (``until`` when, for a snooze), and refold the copies that the change touches."""
        values = {
            "state": state,
            "ticket_id": ticket_id,
            "snoozed_until": until,
            "version": mention.c.version + 1,
            "updated_at": now,
            "lease_token": None,
            "lease_until": None,
            "attempts": 0,
        }
        if state is MentionState.OWN:
            values["own"] = True
        for some in in_parts(mention_ids):
            self._connection.execute(update(mention).where(mention.c.id.in_(some)).values(values))
        # Of all together: who is folded is a matter between a copy and its first one.
        self.refold(mention_ids)
