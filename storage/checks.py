"""The sample of filed mentions: whose turn it is, and what was found."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, case, exists, func, select, type_coerce

from sahut.core import checking
from sahut.core.model import CheckTally, DecisionKind, DismissReason, MentionState, Stratum
from storage.case_tables import decision
from storage.tables import mention, source

_WORDS = (DecisionKind.CHECKED, DecisionKind.CORRECTED)
_TICKETED = (MentionState.CONVERTED, MentionState.MERGED)
_WAITING = (MentionState.FLAGGED, MentionState.SNOOZED)
_COMPLAINTS = (DismissReason.DUPLICATE, DismissReason.HANDLED)
_NONE = (DismissReason.NOT_COMPLAINT, DismissReason.SPAM)


class SqlChecks:
    """The checks of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def turn(self, since: datetime, until: datetime, stratum: int, limit: int) -> list[int]:
        """The ids of the lowest lots that nobody has checked."""
        said = exists().where(decision.c.mention_id == mention.c.id, decision.c.kind.in_(_WORDS), _stands())
        query = (
            select(mention.c.id)
            .join(source, source.c.id == mention.c.source_id)
            .where(*_within(since, until), mention.c.state == MentionState.FILED, _stratum() == stratum, ~said)
            .order_by(_lot(), mention.c.id)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def tally(self, since: datetime, until: datetime) -> CheckTally:
        """What was published, or else first seen, from ``since`` to ``until``, in numbers."""
        checked, missed = self._checked(since, until)
        filed = self._by_stratum(since, until, mention.c.state == MentionState.FILED)
        found, refuted, waiting, searched = self._flagged(since, until)
        return CheckTally(
            strata=[
                # A miss that was found is filed no longer, but it was of those that the lots were drawn among.
                Stratum(number=at, population=filed[at] + missed[at], checked=checked[at], missed=missed[at])
                for at in range(len(checking.BOUNDS) + 1)
            ],
            found=found,
            refuted=refuted,
            waiting=waiting,
            searched=searched,
        )

    def _by_stratum(self, since: datetime, until: datetime, *where: ColumnElement[bool]) -> Counter[int]:
        query = (
            select(_stratum().label("stratum"), func.count().label("many"))
            .join(source, source.c.id == mention.c.source_id)
            .where(*_within(since, until), *where)
            .group_by("stratum")
        )
        return Counter({row.stratum: row.many for row in self._connection.execute(query)})

    def _checked(self, since: datetime, until: datetime) -> tuple[Counter[int], Counter[int]]:
        """How many of the sample were checked and are where that put them, and how many of these were misses."""
        query = (
            select(decision.c.kind, mention.c.state, mention.c.score, mention.c.id)
            .join(mention, mention.c.id == decision.c.mention_id)
            .join(source, source.c.id == mention.c.source_id)
            .where(*_within(since, until), *_sampled())
        )
        checked: Counter[int] = Counter()
        missed: Counter[int] = Counter()
        for row in self._connection.execute(query):
            miss = row.kind == DecisionKind.CORRECTED and row.state != MentionState.FILED
            if miss or row.state == MentionState.FILED:
                checked[checking.stratum(row.score)] += 1
                missed[checking.stratum(row.score)] += miss
        return checked, missed

    def _flagged(self, since: datetime, until: datetime) -> tuple[int, int, int, int]:
        """Of those that no sample brought: complaints, others, those that wait, and complaints found by searching."""
        sampled = exists().where(decision.c.mention_id == mention.c.id, *_sampled())
        last = decision.alias("last")
        reason = (
            select(last.c.reason)
            .where(last.c.mention_id == mention.c.id, last.c.kind == DecisionKind.DISMISSED, _stands(last.c))
            .order_by(last.c.id.desc())
            .limit(1)
            .correlate(mention)
            .scalar_subquery()
        )
        by_hand = exists().where(
            decision.c.mention_id == mention.c.id, decision.c.before == MentionState.FILED, _stands(),
            decision.c.kind.in_([DecisionKind.CONVERTED, DecisionKind.MERGED, DecisionKind.CORRECTED]),
        )  # fmt: skip
        query = (
            select(mention.c.state, reason.label("reason"), by_hand.label("searched"), func.count().label("many"))
            .join(source, source.c.id == mention.c.source_id)
            .where(
                *_within(since, until),
                mention.c.state.in_([*_TICKETED, *_WAITING, MentionState.DISMISSED]),
                ~sampled,
            )
            .group_by(mention.c.state, "reason", "searched")
        )
        found = refuted = waiting = searched = 0
        for row in self._connection.execute(query):
            complaint = row.state in _TICKETED or (row.state == MentionState.DISMISSED and row.reason in _COMPLAINTS)
            if row.searched:
                searched += row.many if complaint else 0
            elif complaint:
                found += row.many
            elif row.state in _WAITING:
                waiting += row.many
            elif row.reason in _NONE:
                refuted += row.many
        return found, refuted, waiting, searched


def _within(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """What stands for itself: a copy was filed with the one that it counts on."""
    return [
        mention.c.shown_at >= since,
        mention.c.shown_at < until,
        mention.c.first_id.is_(None),
        mention.c.model != "",
        ~mention.c.own,
        ~source.c.demo,
    ]


def _sampled() -> list[ColumnElement[bool]]:
    # No other decision of these kinds names a sample.
    return [decision.c.kind.in_(_WORDS), type_coerce(decision.c.detail, Text).contains('"sample"'), _stands()]


def _stands(of: Any = decision.c) -> ColumnElement[bool]:
    undo = decision.alias("undo")
    undone = exists().where(undo.c.mention_id == of.mention_id, undo.c.undoes == of.id)
    return ~undone.correlate_except(undo)


def _stratum() -> Any:
    low, high = checking.BOUNDS
    return case((mention.c.score < low, 0), (mention.c.score < high, 1), else_=2)


def _lot() -> Any:
    """As `checking.lot`: every step stays within 64 bits."""
    drawn: Any = mention.c.id % checking.PRIME
    for mix in checking.MIX:
        drawn = drawn * (drawn + mix) % checking.PRIME
    return drawn
