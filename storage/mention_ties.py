"""Ties: which mentions say the same. Candidates are found here, the rules decide."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from rensa import RMinHash
from sqlalchemy import Connection, Row, and_, bindparam, case, func, literal, or_, select, text, update

from sahut.core import rules
from sahut.core.model import Candidate, MentionRecord, MentionState, Tie, joined
from storage.engine import insert_into
from storage.parts import in_parts
from storage.tables import mention, signature, tie
from storage.types import Utc

# Locality-sensitive hashing (Leskovec, Rajaraman, Ullman 2014, §3.4): with b bands of r rows, two texts of Jaccard
# similarity s share a band with probability 1 - (1 - s^r)^b; here 0.96 at s = 0.7 and 0.10 at s = 0.3.
_BANDS = 12
_ROWS = 4
_SEED = 20_261_124
_ENOUGH = 5

# Built once: putting its two dozen conditions together costs more than running it.
_SHARING_A_BAND = (
    select(signature.c.mention_id)
    .join(mention, mention.c.id == signature.c.mention_id)
    .where(
        or_(*(and_(signature.c.band == band, signature.c.hash == bindparam(f"hash_{band}")) for band in range(_BANDS))),
        signature.c.mention_id < bindparam("mention_id"),
        mention.c.shown_at >= bindparam("since"),
    )
    .group_by(signature.c.mention_id)
    .order_by(func.count().desc(), signature.c.mention_id)
    .limit(_ENOUGH)
)


_STANDING = select(
    mention.c.priority, mention.c.similar, mention.c.shown_at, mention.c.collected_at, mention.c.pressing
)


def standing(row: Row[*tuple[Any, ...]], *, priority: int | None = None) -> int:
    """Where a mention stands in the queue, by the columns of its row and, if given, a new priority."""
    return rules.pressing(
        row.priority if priority is None else priority,
        row.similar,
        shown_at=row.shown_at,
        collected_at=row.collected_at,
    )


def stand_anew(connection: Connection, mention_id: int) -> None:
    """Write where a mention stands in the queue, if that has changed: of a growing group, once for each doubling."""
    row = connection.execute(_STANDING.where(mention.c.id == mention_id)).one()
    pressing = standing(row)
    if pressing != row.pressing:
        connection.execute(update(mention).where(mention.c.id == mention_id).values(pressing=pressing))


class MentionTies:
    """The part of the mentions that knows who repeats whom."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def candidates(self, record: MentionRecord, *, since: datetime) -> list[Candidate]:
        """Earlier mentions that ``record`` may repeat, the likeliest first, a handful at most.

        Files the record's signature on the way, for those that come after it.
        """
        found: dict[int, Candidate] = {}
        original = record.mention.repost_of
        if original:
            here = and_(mention.c.platform == record.mention.platform, mention.c.native_id == original)
            self._collect(found, here, declared=True)
        key = rules.text_key(record.mention.body)
        recent = and_(mention.c.id < record.id, mention.c.shown_at >= since)
        if key:
            # The second condition is the partial index's own: SQLite does not conclude it from the first.
            self._collect(found, and_(mention.c.text_key == key, text("mention.text_key <> ''"), recent))
        bands = _bands(record.mention.body)
        if bands:
            alike = self._sharing_a_band(record.id, bands, since)
            if alike:
                self._collect(found, mention.c.id.in_(alike))
            self._file(record.id, bands)
        if not found:
            return []
        refused = self._untied(record.id)
        return [one for one in found.values() if one.id not in refused and (one.first_id or one.id) not in refused]

    def _collect(self, found: dict[int, Candidate], where: Any, *, declared: bool = False) -> None:
        columns = (
            mention.c.id, mention.c.state, mention.c.title, mention.c.text, mention.c.text_key, mention.c.first_id,
            mention.c.shown_at,
        )  # fmt: skip
        for row in self._connection.execute(select(*columns).where(where).order_by(mention.c.id).limit(_ENOUGH)):
            found.setdefault(row.id, _candidate(row, declared=declared))

    def _sharing_a_band(self, mention_id: int, bands: Sequence[int], since: datetime) -> list[int]:
        asked = {f"hash_{band}": value for band, value in enumerate(bands)}
        rows = self._connection.execute(_SHARING_A_BAND, {**asked, "mention_id": mention_id, "since": since})
        return list(rows.scalars())

    def _file(self, mention_id: int, bands: Sequence[int]) -> None:
        self._connection.execute(signature.delete().where(signature.c.mention_id == mention_id))
        rows = [{"band": band, "hash": value, "mention_id": mention_id} for band, value in enumerate(bands)]
        self._connection.execute(signature.insert(), rows)

    def _untied(self, mention_id: int) -> set[int]:
        query = select(tie.c.first_id).where(tie.c.mention_id == mention_id, tie.c.untied_at.is_not(None))
        return set(self._connection.execute(query).scalars())

    def tie(self, found: Tie, now: datetime) -> None:
        """Count one mention, and the copies that counted on it, on an earlier one."""
        first_id = self._first_of(found.first_id)
        self._cut(found.mention_id)
        values = {
            "mention_id": found.mention_id,
            "first_id": first_id,
            "reason": found.reason,
            "similarity": found.similarity,
            "at": now,
        }
        insert = insert_into(self._connection, tie)
        self._connection.execute(
            insert.values(values).on_conflict_do_update(
                index_elements=["mention_id", "first_id"],
                set_={"reason": found.reason, "similarity": found.similarity, "at": now, "untied_at": None},
            )
        )
        moved = self._move_copies(found.mention_id, first_id, now)
        self._connection.execute(
            update(mention)
            .where(mention.c.id == found.mention_id)
            .values(first_id=first_id, state=found.state, similar=0)
        )
        self._grow(first_id, 1 + moved)
        if moved:
            stand_anew(self._connection, found.mention_id)
        # The copies that the first one had already are as they were; reading them all made a large group slow to grow.
        self.refold([first_id] if moved else [found.mention_id])

    def _grow(self, mention_id: int, by: int) -> None:
        """Count more copies, or fewer, on a mention, which may move it in the queue."""
        self._connection.execute(
            update(mention).where(mention.c.id == mention_id).values(similar=mention.c.similar + by)
        )
        stand_anew(self._connection, mention_id)

    def _first_of(self, mention_id: int) -> int:
        """What a mention counts on by now, or itself; another worker may have tied it since it was a candidate."""
        query = select(func.coalesce(mention.c.first_id, mention.c.id)).where(mention.c.id == mention_id)
        first: int = self._connection.execute(query.with_for_update()).scalar_one()
        return first

    def _move_copies(self, mention_id: int, first_id: int, now: datetime) -> int:
        """Let a mention's copies count on another one; how many. Who was untied from that one stands for itself."""
        copies = mention.c.first_id == mention_id
        if self._connection.execute(select(mention.c.id).where(copies).limit(1)).first() is None:
            return 0
        refused = select(tie.c.mention_id).where(tie.c.first_id == first_id, tie.c.untied_at.is_not(None))
        self._connection.execute(
            update(mention).where(copies, mention.c.id.in_(refused)).values(first_id=None, folded=False)
        )
        # The ties move along: one that is untied later is remembered under the first one that it has by then.
        standing = (
            select(tie.c.mention_id, literal(first_id), tie.c.reason, tie.c.similarity, literal(now, Utc))
            .join(mention, mention.c.id == tie.c.mention_id)
            .where(tie.c.first_id == mention_id, copies)
        )
        insert = insert_into(self._connection, tie)
        self._connection.execute(
            insert.from_select(
                ["mention_id", "first_id", "reason", "similarity", "at"], standing
            ).on_conflict_do_nothing()
        )
        return self._connection.execute(update(mention).where(copies).values(first_id=first_id)).rowcount

    def untie(self, mention_id: int, now: datetime) -> None:
        """The mention stands for itself again, and is not offered this first one a second time."""
        first = self._cut(mention_id)
        if first is not None:
            self._connection.execute(
                update(tie).where(tie.c.mention_id == mention_id, tie.c.first_id == first).values(untied_at=now)
            )
        self._connection.execute(
            update(mention)
            .where(mention.c.id == mention_id)
            .values(
                version=mention.c.version + 1,
                updated_at=now,
                # Only a tie files what was flagged: a repost that had followed its original returns to the queue.
                state=case((mention.c.state == MentionState.FILED, MentionState.FLAGGED), else_=mention.c.state),
            )
        )
        self.refold([mention_id])

    def _cut(self, mention_id: int) -> int | None:
        """Take a mention off its first one; the first one's id."""
        first: int | None = self._connection.execute(
            select(mention.c.first_id).where(mention.c.id == mention_id)
        ).scalar_one()
        if first is None:
            return None
        self._grow(first, -1)
        self._connection.execute(update(mention).where(mention.c.id == mention_id).values(first_id=None, folded=False))
        return first

    def refold(self, mention_ids: Sequence[int]) -> None:
        """Set who is folded anew: a copy is, exactly while both it and its first one are flagged."""
        first = mention.alias("first")
        first_state = select(first.c.state).where(first.c.id == mention.c.first_id).scalar_subquery()
        folded = and_(mention.c.state == MentionState.FLAGGED, func.coalesce(first_state, "") == MentionState.FLAGGED)
        for some in in_parts(mention_ids):
            touched = or_(and_(mention.c.id.in_(some), mention.c.first_id.is_not(None)), mention.c.first_id.in_(some))
            # Only what changes is written: of a group of thousands, one more copy is one row.
            anew = update(mention).where(touched, mention.c.folded.is_distinct_from(folded))
            self._connection.execute(anew.values(folded=folded))


def _candidate(row: Row[*tuple[Any, ...]], *, declared: bool) -> Candidate:
    return Candidate(
        id=row.id,
        state=MentionState(row.state),
        body=joined(row.title, row.text),
        text_key=row.text_key,
        first_id=row.first_id,
        published_at=row.shown_at,
        declared=declared,
    )


def _bands(body: str) -> list[int]:
    """One signed 64-bit hash per band of the text's MinHash signature; empty for a text without words."""
    shingles = rules.shingles(body)
    if not shingles:
        return []
    sketch = RMinHash(num_perm=_BANDS * _ROWS, seed=_SEED)
    sketch.update(sorted(shingles))
    digest = sketch.digest()
    return [
        int.from_bytes(
            blake2b(struct.pack(f"<{_ROWS}I", *digest[at : at + _ROWS]), digest_size=8).digest(), "little", signed=True
        )
        for at in range(0, _BANDS * _ROWS, _ROWS)
    ]
