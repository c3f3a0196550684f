"""Months in numbers, by source: how mentions were scored, and what people made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from sahut.core.model import BINS, DecisionKind, DismissReason, MentionState, SourceMonth
from storage.case_tables import decision
from storage.tables import mention, source

_DECIDED = (MentionState.DISMISSED, MentionState.MERGED, MentionState.CONVERTED)
_DECIDING = (DecisionKind.DISMISSED, DecisionKind.MERGED, DecisionKind.CONVERTED)
_NO_COMPLAINT = {DismissReason.NOT_COMPLAINT, DismissReason.SPAM}


@dataclass(slots=True)
class _Counts:
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    models: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    decided: int = 0
    confirmed: int = 0
    not_complaints: int = 0
    found_by_search: int = 0


class SqlMonths:
    """The months of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self, since: datetime, until: datetime) -> list[SourceMonth]:
        """What came of the mentions published, or else first seen, from ``since`` to ``until``, by source's name.

        The demonstration is left out, and so is what was not judged yet.
        """
        judged = and_(
            mention.c.shown_at >= since,
            mention.c.shown_at < until,
            mention.c.state.not_in([MentionState.COLLECTED, MentionState.CONTEXT, MentionState.HELD, MentionState.OWN]),
            ~source.c.demo,
        )
        found: dict[str, _Counts] = {}
        self._count_scores(judged, found)
        self._count_decisions(judged, found)
        return [
            SourceMonth(
                source=name,
                judged=sum(one.histogram),
                histogram=one.histogram,
                models=one.models,
                flagged=one.flagged,
                decided=one.decided,
                confirmed=one.confirmed,
                not_complaints=one.not_complaints,
                found_by_search=one.found_by_search,
            )
            for name, one in sorted(found.items())
        ]

    def _count_scores(self, judged: ColumnElement[bool], found: dict[str, _Counts]) -> None:
        # Not a cast to a whole number, which one database rounds and the other cuts.
        edges = [(mention.c.score < (at + 1) / BINS, at) for at in range(BINS - 1)]
        place = case(*edges, else_=BINS - 1)
        query = (
            select(source.c.name, mention.c.model, mention.c.state, place.label("bin"), func.count().label("many"))
            .join(source, source.c.id == mention.c.source_id)
            .where(judged)
            .group_by(source.c.name, mention.c.model, mention.c.state, place)
        )
        for row in self._connection.execute(query):
            one = found.setdefault(row.name, _Counts())
            one.histogram[row.bin] += row.many
            one.models[row.model] += row.many
            if row.state in {MentionState.FLAGGED, MentionState.SNOOZED}:
                one.flagged += row.many

    def _count_decisions(self, judged: ColumnElement[bool], found: dict[str, _Counts]) -> None:
        """In a decided state, the last decision that can give one is the one that did."""
        later = decision.alias("later")
        last = (
            select(func.max(later.c.id))
            .where(later.c.mention_id == mention.c.id, later.c.kind.in_(_DECIDING))
            .scalar_subquery()
        )
        alone = mention.c.first_id.is_(None).label("alone")
        query = (
            select(
                source.c.name, decision.c.kind, decision.c.reason, decision.c.before, alone, func.count().label("many")
            )
            .join(source, source.c.id == mention.c.source_id)
            .join(decision, decision.c.id == last)
            .where(judged, mention.c.state.in_(_DECIDED))
            .group_by(source.c.name, decision.c.kind, decision.c.reason, decision.c.before, alone)
        )
        for row in self._connection.execute(query):
            one = found[row.name]
            was_flagged = row.before == MentionState.FLAGGED
            in_ticket = row.kind != DecisionKind.DISMISSED
            one.flagged += row.many if was_flagged else 0
            if not row.alone:
                continue
            one.decided += row.many if was_flagged else 0
            one.confirmed += row.many if was_flagged and in_ticket else 0
            one.not_complaints += row.many if was_flagged and row.reason in _NO_COMPLAINT else 0
            one.found_by_search += row.many if not was_flagged and in_ticket else 0
