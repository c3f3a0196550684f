"""What comes by itself: mentions that other systems deliver, and platforms that say that something happened.

A word of a platform makes its sources due, and the queue rings: the reading itself brings what was meant, so that a
word that never comes costs nothing but time. What no list of a platform shows is kept for the source's collector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sahut.core.collecting import save_mentions
from sahut.core.errors import RefusedError
from sahut.core.model import Batch, DeadItem, Mention, Source, SourceState
from sahut.core.ports import Collector, Tx

MOST_ITEMS = 500
# A post that many comment on makes its platform speak every second; one reading answers for all of them.
BREATH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One delivered item that cannot be read: its place in the delivery, from 0, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a delivery: native ids of what is new, edited or known, and what went to the dead letters."""

    new: Sequence[str]
    edited: Sequence[str]
    known: Sequence[str]
    dead: Sequence[Refused]


def take(tx: Tx, source: Source, items: Sequence[Any], collector: Collector, now: datetime) -> Taken:
    """Store what was delivered for ``source``. An item that comes twice in one delivery counts by its last wording.

    Raises RefusedError(rule="source_paused" or "too_many_items").
    """
    if source.state is not SourceState.ACTIVE:
        raise RefusedError(f"source '{source.name}' takes nothing now: it is {source.state}", rule="source_paused")
    if len(items) > MOST_ITEMS:
        raise RefusedError(f"a delivery may hold {MOST_ITEMS} items, this one has {len(items)}", rule="too_many_items")
    mentions: dict[tuple[str, str], Mention] = {}
    dead: list[DeadItem] = []
    refused: list[Refused] = []
    for index, item in enumerate(items):
        raw = item if isinstance(item, dict) else {"item": item}
        try:
            mention = collector.revive(source, raw, now=now)
        except ValueError as error:
            dead.append(DeadItem(reason=str(error), raw=raw))
            refused.append(Refused(index=index, reason=str(error)))
            continue
        mentions[mention.key] = mention
    before = {key: one.content_hash for key, one in tx.mentions.known(list(mentions)).items()}
    new, _ = save_mentions(tx, source.id, Batch(mentions=list(mentions.values()), dead=dead), now)
    tx.sources.brought(source.id, now, seen=len(items), new=new)
    same = {key for key, one in mentions.items() if before.get(key) == one.content_hash}
    return Taken(
        new=[one.native_id for key, one in mentions.items() if key not in before],
        edited=[one.native_id for key, one in mentions.items() if key in before and key not in same],
        known=[one.native_id for key, one in mentions.items() if key in same],
        dead=refused,
    )


def hurry(tx: Tx, sources: Sequence[Source], now: datetime) -> list[int]:
    """Have active sources read soon, but each no sooner than a breath after its last reading; ids of those due now."""
    soon: list[int] = []
    for source in sources:
        if source.state is not SourceState.ACTIVE:
            continue
        times = (source.health.last_success_at, source.health.last_error_at)
        when = max([now, *(at + BREATH for at in times if at is not None)])
        tx.sources.hurry([source.id], when)
        if when == now:
            soon.append(source.id)
    return soon
