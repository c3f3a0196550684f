"""What the benchmarks of the board begin with: an archive by the real pipeline, and an account to read it with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from _posts import posts

from sahut import jobs
from sahut.core import collecting
from sahut.core.model import Role, SourceDraft
from triage_api.auth import hash_password

USERNAME = "bench"
PASSWORD = "jalan mulus 2026"


def fill(made: jobs.Parts, folder: Path, count: int) -> None:
    """Collect ``count`` invented posts from a file in ``folder``, judge them, and let `USERNAME` sign in."""
    file = folder / "posts.jsonl"
    # One post in twenty comes twice.
    distinct = {post["id"]: post for post in posts(count + count // 8 + 100)}
    file.write_text("".join(json.dumps(post) + "\n" for post in list(distinct.values())[:count]), encoding="utf-8")
    with made.store.begin() as tx:
        source = tx.sources.add(SourceDraft(platform="replay", name="bench", address=str(file)), datetime.now(UTC))
        tx.accounts.add_user(
            username=USERNAME,
            name="Bench",
            role=Role.TRIAGE,
            password_hash=hash_password(PASSWORD),
            must_change=False,
            now=made.clock(),
        )
    collecting.collect(source.id, store=made.store, collector_for=made.collector_for, clock=made.clock)
    jobs.assess(made)
