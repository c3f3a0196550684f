"""Adds the demonstration's two sources; `tx.operations.clear_demo()` takes them away with all that came of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sahut.core.model import Source, SourceDraft
from sahut.core.ports import Tx

POSTS_PATH = Path(__file__).with_name("posts.jsonl")
POSTS_NAME = "Peragaan: sepekan di Kota Tirtamas"
FEED_NAME = "Peragaan: Koran Tirtamas"


def load(tx: Tx, now: datetime, *, feed_url: str = "") -> list[Source]:
    """Add the posts, and the feed where ``feed_url`` says where it is served. Returns the demo's sources.

    Safe to repeat: what is there stays as it is, only an address that has moved (a new folder, a new port) is
    corrected. The file's dates are shifted by whole days, so that its newest post is less than a day old.
    """
    drafts = [
        SourceDraft(
            platform="replay",
            name=POSTS_NAME,
            address=str(POSTS_PATH),
            interval=timedelta(days=1),
            # A file that is read to its end is meant to be silent.
            expected_every=timedelta(days=3650),
            options={"anchor": "now", "scope": "demo:"},
            demo=True,
        )
    ]
    if feed_url:
        drafts.append(
            SourceDraft(
                platform="feed",
                name=FEED_NAME,
                address=feed_url,
                interval=timedelta(minutes=15),
                expected_every=timedelta(days=3650),
                demo=True,
            )
        )
    return [_placed(tx, draft, now) for draft in drafts]


def _placed(tx: Tx, draft: SourceDraft, now: datetime) -> Source:
    source = tx.sources.find(draft.name)
    if source is None:
        return tx.sources.add(draft, now)
    if not source.demo or source.address == draft.address:
        return source
    return tx.sources.change(source.id, draft, version=None, now=now)
