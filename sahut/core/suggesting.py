"""Which open tickets a mention likely belongs to, and which mentions tell of the same: by place, topic and words.

Each of the three alone misleads: a city has a hundred broken lamps, a street has lamps and holes, and "mohon segera
diperbaiki" is said of everything. So a suggestion needs two of them, or words that are nearly the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sahut.core.likeness import Grams, Words, grams
from sahut.core.model import (
    Alike,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionState,
    Nearness,
    Place,
    SimilarMention,
    Ticket,
    TicketCandidate,
    TicketSuggestion,
    Topic,
)
from sahut.core.ports import Tx
from sahut.core.rules import plain_words

# Digits and dots of a regency's or a city's code: "32.73".
_REGENCY = 5
_LEAST = 0.4
_BY_WORDS, _BY_PLACE, _BY_TOPIC = 0.5, 0.3, 0.2
_NEAR_COUNTS = 0.6
_MOST_CANDIDATES = 60
# Of a topic the latest so many are looked through: an archive that was brought in last may hold nothing recent.
_MOST_READ = 2_000
_LOOKING_BACK = timedelta(days=90)
_TOLD = (
    MentionState.FLAGGED,
    MentionState.SNOOZED,
    MentionState.FILED,
    MentionState.CONVERTED,
    MentionState.MERGED,
)
_FEWEST_WORDS_OF_A_SPOT = 2


def tickets_for(tx: Tx, records: Sequence[MentionRecord], *, limit: int) -> list[TicketSuggestion]:
    """The likeliest open tickets for mentions that are to be merged, the likeliest first."""
    found = tx.tickets.candidates(
        topics=sorted({one.topic for one in records if one.topic}),
        areas=_areas(one.place for one in records),
        beside=[one.id for one in records],
        limit=_MOST_CANDIDATES,
    )
    return suggestions(
        [(one.mention.body, one.topic, one.place) for one in records],
        [one for one in found if one.ticket.id not in {record.ticket_id for record in records}],
        limit=limit,
    )


def tickets_like(tx: Tx, ticket: Ticket, *, limit: int) -> list[TicketSuggestion]:
    """The likeliest open tickets for a ticket that is to be merged, the likeliest first."""
    page = tx.mentions.page(MentionFilter(ticket_id=ticket.id), order=MentionOrder.NEWEST, limit=5)
    places = [one.place for one in page.items if one.place]
    found = tx.tickets.candidates(topics=[ticket.topic], areas=_areas(places), beside=[], limit=_MOST_CANDIDATES)
    body = f"{ticket.title}\n{ticket.description}"
    return suggestions(
        [(body, ticket.topic, place) for place in places] or [(body, ticket.topic, None)],
        [one for one in found if one.ticket.id != ticket.id],
        limit=limit,
    )


def suggestions(
    asked: Sequence[tuple[str, Topic | None, Place | None]],
    candidates: Sequence[TicketCandidate],
    *,
    limit: int,
) -> list[TicketSuggestion]:
    """The candidates that are likely enough for one of ``asked`` (text, topic, place), the likeliest first. Pure."""
    told = {
        one.ticket.id: [grams(body) for body in (f"{one.ticket.title} {one.ticket.description}", *one.bodies)]
        for one in candidates
    }
    texts = [grams(body) for body, _, _ in asked]
    words = Words([*texts, *(text for some in told.values() for text in some)])
    found = []
    for one in candidates:
        best = max(
            (
                _alike(
                    words,
                    (text, told[one.ticket.id]),
                    topic=topic is not None and topic is one.ticket.topic,
                    place=_nearest(place, one.places, one.ticket.place),
                )
                for text, (_, topic, place) in zip(texts, asked, strict=True)
            ),
            key=lambda alike: alike.score,
        )
        if best.score >= _LEAST:
            found.append(TicketSuggestion(ticket=one.ticket, alike=best))
    return sorted(found, key=lambda one: (-one.alike.score, -one.ticket.id))[:limit]


def mentions_like(tx: Tx, record: MentionRecord, *, now: datetime, limit: int) -> list[SimilarMention]:
    """What others say of the same trouble in their own words, the likeliest first. Copies are tied already: not these.

    Looked for among the newest of the last 90 days of the same topic, and of the same city or regency.
    """
    if record.topic is None or not record.mention.body:
        return []
    since = now - _LOOKING_BACK
    near = next(iter(_areas([record.place])), "")
    wheres = [MentionFilter(states=_TOLD, folded=False, topics=(record.topic,), since=since, newest=_MOST_READ)]
    if near:
        wheres.insert(0, MentionFilter(states=_TOLD, folded=False, area=near, since=since))
    others = {
        one.id: one
        for where in wheres
        for one in tx.mentions.page(where, order=MentionOrder.NEWEST, limit=_MOST_CANDIDATES).items
        if one.mention.body and one.id != record.id and not _tied(one, record)
    }
    texts = {one.id: grams(one.mention.body) for one in others.values()}
    own = grams(record.mention.body)
    words = Words([own, *texts.values()])
    found = [
        SimilarMention(
            record=one,
            alike=_alike(
                words,
                (own, [texts[one.id]]),
                topic=one.topic is record.topic,
                place=_nearest(record.place, [one.place] if one.place else [], ""),
            ),
        )
        for one in others.values()
    ]
    likely = [one for one in found if one.alike.score >= _LEAST]
    return sorted(likely, key=lambda one: (-one.alike.score, -one.record.id))[:limit]


def _tied(one: MentionRecord, other: MentionRecord) -> bool:
    return (one.first_id or one.id) == (other.first_id or other.id)


def _alike(words: Words, texts: tuple[Grams, Sequence[Grams]], *, topic: bool, place: Nearness | None) -> Alike:
    own, others = texts
    likeness = max((words.likeness(own, other) for other in others), default=0.0)
    nearness = {None: 0.0, Nearness.NEAR: _NEAR_COUNTS, Nearness.SAME: 1.0}[place]
    score = _BY_WORDS * likeness + _BY_PLACE * nearness + _BY_TOPIC * topic
    return Alike(place=place, topic=topic, likeness=likeness, score=score)


def _areas(places: Iterable[Place | None]) -> list[str]:
    """The cities and regencies that places surely lie in: a whole province is no place to look in."""
    return sorted({one.area[:_REGENCY] for one in places if one is not None and len(one.area) >= _REGENCY})


def _nearest(place: Place | None, others: Sequence[Place], said: str) -> Nearness | None:
    """``said`` is what a person wrote as the ticket's place."""
    if place is None:
        return None
    if any(_same(place, other) for other in others) or _names(said, place):
        return Nearness.SAME
    regency = place.area[:_REGENCY]
    near = len(regency) == _REGENCY and any(other.area[:_REGENCY] == regency for other in others)
    return Nearness.NEAR if near else None


def _same(one: Place, other: Place) -> bool:
    if len(one.code) > _REGENCY and one.code == other.code:
        return True
    if one.code or other.code:
        return False
    # Streets and landmarks have no code; "Jalan Melati" of another city is another one.
    apart = one.area and other.area and not (one.area.startswith(other.area) or other.area.startswith(one.area))
    return not apart and plain_words(one.text) == plain_words(other.text)


def _names(said: str, place: Place) -> bool:
    spot = plain_words(place.text)
    if place.code and len(place.code) <= _REGENCY:
        return False
    return len(spot) >= _FEWEST_WORDS_OF_A_SPOT and f" {' '.join(spot)} " in f" {' '.join(plain_words(said))} "
