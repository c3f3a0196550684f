"""Mentions as rows: the columns of a record, both ways, and the conditions of a filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select, text

from sahut.core import searching
from sahut.core.model import (
    Area,
    Author,
    Change,
    Kind,
    Language,
    Mention,
    MentionFilter,
    MentionRecord,
    MentionState,
    Place,
    PlaceLevel,
    Sentiment,
    Topic,
    WhySpan,
)
from storage import closed, masking
from storage.case_tables import ticket
from storage.mention_search import matches
from storage.people_tables import account
from storage.tables import mention, source

# The raw payload stays behind: it is the widest column and no list shows it.
_UNSHOWN = {
    *("raw", "content_hash", "lease_token", "lease_until", "author_key", "link_key", "forgotten_at"),
    *("masked", "masked_by"),
}
_COLUMNS = [column for column in mention.c if column.name not in _UNSHOWN]


def records() -> Select[Any]:
    """SELECT what `record` needs."""
    # Every mention has a source; an outer join keeps SQLite from walking the sources first and sorting at the end.
    join = mention.outerjoin(source, source.c.id == mention.c.source_id)
    join = join.outerjoin(account, account.c.id == mention.c.assignee_id)
    return select(
        *_COLUMNS, source.c.name.label("source_name"), func.coalesce(account.c.name, "").label("assignee_name")
    ).select_from(join)


def record(row: Row[Any]) -> MentionRecord:
    """A row of `records` as a value."""
    return MentionRecord(
        id=row.id,
        mention=Mention(
            platform=row.platform,
            native_id=row.native_id,
            text=row.text,
            collected_at=row.collected_at,
            published_at=row.published_at,
            title=row.title,
            author=None if row.author is None else Author(**row.author),
            permalink=row.permalink or "",
            language=row.language,
            parent=row.parent,
            root=row.root,
            repost_of=row.repost_of,
            reach=row.reach,
            own=row.own,
            to_us=row.to_us,
        ),
        source_id=row.source_id,
        source_name=row.source_name,
        state=MentionState(row.state),
        version=row.version,
        edited=row.edited,
        first_id=row.first_id,
        folded=row.folded,
        similar=row.similar,
        kind=None if row.kind is None else Kind(row.kind),
        sentiment=None if row.sentiment is None else Sentiment(row.sentiment),
        topic=None if row.topic is None else Topic(row.topic),
        urgent=row.urgent,
        score=row.score,
        priority=row.priority,
        pressing=row.pressing,
        model=row.model,
        ticket_id=row.ticket_id,
        updated_at=row.updated_at,
        why=why_spans(row.why),
        place=None if row.place is None else place_from(row.place),
        language=None if row.text_language is None else Language(row.text_language),
        withdrawn_at=row.withdrawn_at,
        answers=row.answers,
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        unit=row.unit,
        snoozed_until=row.snoozed_until,
        corrected=row.corrected or {},
    )


def place_value(place: Place) -> dict[str, Any]:
    """A place as its column holds it."""
    return asdict(place)


def place_from(value: Mapping[str, Any]) -> Place:
    """The place that a column holds."""
    return Place(
        **{
            **value,
            "level": PlaceLevel(value["level"]),
            "candidates": tuple(Area(**area) for area in value["candidates"]),
        }
    )


def why_value(spans: Sequence[WhySpan]) -> list[list[float]]:
    """An explanation as its column holds it."""
    return [[one.start, one.end, one.weight] for one in spans]


def why_spans(value: Any) -> list[WhySpan] | None:
    """The explanation that a column holds; None where there is none yet."""
    return None if value is None else [WhySpan(start=start, end=end, weight=weight) for start, end, weight in value]


def new_row(source_id: int, change: Change, now: datetime) -> dict[str, Any]:
    """The columns of a mention that was never seen before."""
    return {
        "platform": change.mention.platform,
        "native_id": change.mention.native_id,
        "source_id": source_id,
        **content(change),
        "collected_at": change.mention.collected_at,
        "parent": change.mention.parent,
        "root": change.mention.root,
        "repost_of": change.mention.repost_of,
        "own": change.mention.own,
        "to_us": change.mention.to_us,
        "state": _first_state(change),
        "answers": change.answers,
        "version": 1,
        "edited": 0,
        "folded": False,
        "similar": 0,
        "urgent": 0.0,
        "score": 0.0,
        "priority": 0,
        "pressing": 0,
        "model": "",
        "attempts": 0,
        "updated_at": now,
    }


def _first_state(change: Change) -> MentionState:
    if change.mention.own:
        return MentionState.OWN
    return MentionState.CONTEXT if change.context else MentionState.COLLECTED


def content(change: Change) -> dict[str, Any]:
    """The columns that a platform's edit may change."""
    found = change.mention
    return {
        **masking.said(found.title, found.text),
        "author": None if found.author is None else _author(found.author),
        "permalink": found.permalink or None,
        "raw": dict(found.raw) or None,
        "language": found.language,
        "reach": found.reach,
        "published_at": found.published_at,
        "shown_at": found.published_at or found.collected_at,
        "content_hash": found.content_hash,
        "text_key": change.text_key,
    }


def _author(author: Author) -> Mapping[str, Any]:
    return {"handle": author.handle, "name": author.name, "url": author.url, "followers": author.followers}


def conditions(where: MentionFilter, dialect: str) -> list[ColumnElement[bool]]:
    """The filter as SQL conditions, all of which must hold."""
    found: list[ColumnElement[bool]] = []
    for column, values in (
        (mention.c.state, where.states),
        (mention.c.kind, where.kinds),
        (mention.c.sentiment, where.sentiments),
        (mention.c.topic, where.topics),
        (mention.c.text_language, where.languages),
        (mention.c.platform, where.platforms),
    ):
        if len(values) == 1:
            # A plain equality lets SQLite walk an index in order; written out, it also proves a partial index.
            found.append(column == bindparam(None, values[0], literal_execute=True))
        elif values:
            found.append(column.in_(values))
    for column, value in (
        (mention.c.source_id, where.source_id),
        (mention.c.ticket_id, where.ticket_id),
        (mention.c.first_id, where.first_id),
    ):
        if value is not None:
            found.append(column == value)
    if where.ticket_units:
        theirs = select(ticket.c.id).where(ticket.c.unit.in_(where.ticket_units))
        found.append(mention.c.ticket_id.in_(theirs))
    if where.folded is not None:
        # Written as the partial index of the queue is: SQLite does not see that "folded = 0" is "NOT folded".
        found.append(text("mention.folded" if where.folded else "NOT mention.folded"))  # type: ignore[arg-type]
    if where.area:
        found.append(_lies_in(where.area, dialect))
    search = searching.parse(where.search)
    if search:
        queue = tuple(where.states) == (MentionState.FLAGGED,) and where.folded is False
        found.append(matches(search, dialect, walked=queue))
    found += closed.left_out(where, searches=bool(search))
    return [*found, *_newest(where), *_hands(where), *_ranges(where)]


def _newest(where: MentionFilter) -> list[ColumnElement[bool]]:
    if where.newest is None or not where.topics:
        return []
    near = mention.alias("newest")
    latest = select(near.c.id).where(near.c.topic == bindparam(None, where.topics[0], literal_execute=True))
    return [mention.c.id.in_(latest.order_by(near.c.id.desc()).limit(where.newest))]


def _hands(where: MentionFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.assignee_id is not None:
        # Written out, a number proves the partial index.
        theirs = mention.c.assignee_id == bindparam(None, where.assignee_id, literal_execute=True)
        found.append(theirs if where.assignee_id else mention.c.assignee_id.is_(None))
    ways: list[ColumnElement[bool]] = []
    if where.unit:
        ways.append(mention.c.unit == where.unit)
    if where.unit_topics is not None:
        ways.append(and_(mention.c.unit == "", mention.c.topic.in_(where.unit_topics)))
    return [*found, or_(*ways)] if ways else found


def _ranges(where: MentionFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.least_score is not None:
        found.append(mention.c.score >= where.least_score)
    if where.most_score is not None:
        found.append(mention.c.score <= where.most_score)
    if where.since is not None:
        found.append(mention.c.shown_at >= where.since)
    if where.until is not None:
        found.append(mention.c.shown_at < where.until)
    return found


def _lies_in(area: str, dialect: str) -> ColumnElement[bool]:
    """Of the area itself and those in it: codes are dotted, so "32.7" holds nothing of "32.73"."""
    if dialect == "sqlite":
        # LIKE walks no index there, since it knows no case; a slash is what follows a dot.
        inside = and_(mention.c.place_area >= f"{area}.", mention.c.place_area < f"{area}/")
    else:
        inside = mention.c.place_area.startswith(f"{area}.", autoescape=True)
    return or_(mention.c.place_area == area, inside)
