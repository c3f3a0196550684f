"""How long a person's act on a group of duplicates takes, and how long it keeps everybody else from writing.

Set-up: one invented complaint and its copies (2,000 unless said otherwise), in the queue behind it, on SQLite
and on an embedded PostgreSQL. Then the group is dismissed, put off, handed to somebody and made a ticket of, each taken
back again, as the board does it: one transaction an act. Meanwhile a second writer, in a thread of its own, writes one
row a time, and each of its waits is measured. Reported: milliseconds of each act and those of its processor
(PostgreSQL's own are not among them), and the second writer's longest wait while it ran. The disk counts: each commit
is flushed to it.
Run: ``python benchmarks/bench_groups.py [COPIES]``; only the standard size is kept.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from _result import save
from bench_sources import database
from sqlalchemy import update

sys.path.insert(0, str(Path(__file__).parents[1]))

from sahut.core import actions, personal, rules, steering
from sahut.core.model import (
    Actor,
    Author,
    Change,
    Decision,
    DismissReason,
    Mention,
    MentionState,
    Role,
    SourceDraft,
    TicketDraft,
    Topic,
)
from storage import migrate
from storage.store import SqlStore, open_store
from storage.tables import mention

COPIES = 2_000
LIMIT_MS = 300
_KEY = "a" * 43 + "="
_NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
_TEXT = "Lampu jalan di Jalan Melati 4 padam sudah tiga malam, tolong diperbaiki, hubungi saya di 0812-3456-7890"


def group(store: SqlStore, copies: int) -> tuple[Actor, int]:
    """One complaint in the queue with its copies behind it; who acts, and the complaint's id."""
    with store.begin() as tx:
        user = tx.accounts.add_user(
            username="bench", name="Bench", role=Role.TRIAGE, password_hash="unset", must_change=False, now=_NOW
        )
        source = tx.sources.add(SourceDraft(platform="replay", name="bench", address="posts.jsonl"), _NOW)
        changes = [_change(number) for number in range(copies + 1)]
        tx.mentions.save(source.id, changes, _NOW)
        known = tx.mentions.known([("replay", change.mention.native_id) for change in changes])
        ids = sorted(one.id for one in known.values())
        tx.mentions.set_state(ids, MentionState.FLAGGED, ticket_id=None, now=_NOW)
        # As if each had been read, and tied to the first one.
        rows = tx.mentions._connection  # noqa: SLF001 - a benchmark's set-up
        rows.execute(update(mention).values(kind="complaint", topic="street_lighting", sentiment="negative", score=0.9))
        rows.execute(update(mention).where(mention.c.id != ids[0]).values(first_id=ids[0], folded=True))
        rows.execute(update(mention).where(mention.c.id == ids[0]).values(similar=copies))
    return Actor(user_id=user.id, name=user.name, role=Role.TRIAGE), ids[0]


def _change(number: int) -> Change:
    name = f"warga{number}"
    found = Mention(
        platform="replay",
        native_id=f"p{number}",
        text=_TEXT,
        collected_at=_NOW,
        author=Author(handle=name, name=name.title(), url=f"https://contoh.id/{name}", followers=number % 900),
        permalink=f"https://contoh.id/{name}/{number}",
        raw={"id": number, "text": _TEXT},
    )
    return Change(mention=found, text_key=rules.text_key(_TEXT), known=None, reassess=False)


class Other:
    """A second writer: one row a time, over and over, with its longest wait since it was last asked."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._longest = 0.0
        self._writes = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def _write(self) -> None:
        while not self._over.is_set():
            began = time.perf_counter()
            with self._store.begin() as tx:
                tx.operations.beat("worker", "bench", datetime.now(UTC))
            with self._lock:
                self._longest = max(self._longest, (time.perf_counter() - began) * 1e3)
                self._writes += 1
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def longest_wait(self) -> float:
        """Milliseconds, of those that are over once two more writes are; asking begins anew."""
        before = self._writes
        while self._writes < before + 2:
            time.sleep(0.002)
        with self._lock:
            found, self._longest = self._longest, 0.0
        return found


def measure(store: SqlStore, copies: int) -> dict[str, dict[str, int]]:
    """Every act once and its undo, by name."""
    actor, first = group(store, copies)
    picks = [(first, None)]
    draft = TicketDraft(title="Lampu jalan padam", description=personal.mask(_TEXT), topic=Topic.STREET_LIGHTING)
    now = _NOW + timedelta(hours=1)
    acts: dict[str, Callable[[Any], Sequence[Decision]]] = {
        "dismiss": lambda tx: actions.dismiss(tx, picks, reason=DismissReason.SPAM, note="", actor=actor, now=now),
        "snooze": lambda tx: steering.snooze(tx, picks, until=now + timedelta(days=1), actor=actor, now=now),
        "assign": lambda tx: steering.assign(tx, picks, assignee_id=actor.user_id, unit="", actor=actor, now=now),
        "convert": lambda tx: actions.convert(tx, picks, draft, actor=actor, now=now)[1],
    }
    found: dict[str, dict[str, int]] = {}
    with Other(store) as other:
        for name, act in acts.items():
            made = _timed(store, other, found, name, act)
            _timed(
                store,
                other,
                found,
                f"undo {name}",
                lambda tx, done=made[0].id: actions.undo(tx, done, actor=actor, now=now),
            )
            if len(made) != copies + 1:
                raise SystemExit(f"{name} took {len(made)} mentions along, not {copies + 1}")
    return found


def _timed(
    store: SqlStore,
    other: Other,
    found: dict[str, dict[str, int]],
    name: str,
    act: Callable[[Any], Sequence[Decision]],
) -> Sequence[Decision]:
    other.longest_wait()
    began, spent = time.perf_counter(), time.thread_time()
    with store.begin() as tx:
        made = act(tx)
    took, spent = (time.perf_counter() - began) * 1e3, (time.thread_time() - spent) * 1e3
    found[name] = {
        "milliseconds": round(took),
        "cpu": round(spent),
        "longest_wait_of_another_writer": round(other.longest_wait()),
    }
    return made


def main() -> None:
    """Measure both databases and keep the result."""
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else COPIES
    result: dict[str, Any] = {}
    for name in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="sahut-bench-") as made:
            folder = Path(made)
            folder.chmod(0o755)  # PostgreSQL may run as another user
            (folder / "var").mkdir()
            with database(folder, many=name == "postgresql") as url:
                migrate.upgrade(url)
                store = open_store(url, keys=[_KEY])
                result[name] = measure(store, copies)
                store.close()
    longest = max(figures["milliseconds"] for acts in result.values() for figures in acts.values())
    said = {"copies": copies, **result, "longest_ms": longest, "wanted_below_ms": LIMIT_MS}
    if copies == COPIES:
        save("groups", said, packages=("sahut", "sqlalchemy"))
    else:
        sys.stdout.write(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    main()
