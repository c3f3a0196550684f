"""Invented posts for the benchmarks, as many as wanted, no two alike, in the proportions of a real keyword stream."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_DEMO = Path(__file__).parents[1] / "sahut" / "demo" / "posts.jsonl"
_START = datetime(2026, 1, 5, tzinfo=UTC)
_TAILS = (
    "mohon dicek ya min", "dari tadi pagi", "sudah dua minggu begini", "di depan rumah saya", "kata tetangga begitu",
    "semoga cepat beres", "tolong diteruskan", "ini lokasinya dekat pasar", "barusan lewat situ", "fotonya menyusul",
)  # fmt: skip


def texts(count: int, *, seed: int = 1) -> Iterator[str]:
    """``count`` distinct texts of the demonstration's lengths and kinds."""
    chance = random.Random(seed)
    base = [str(json.loads(line)["text"]) for line in _DEMO.read_text(encoding="utf-8").splitlines()]
    for number in range(count):
        words = chance.choice(base).split()
        # Words of another post in the middle keep the near-duplicate search at realistic work.
        other = chance.choice(base).split()
        at = chance.randrange(len(words) + 1)
        some = other[: chance.randrange(2, 7)]
        yield " ".join([*words[:at], *some, *words[at:], chance.choice(_TAILS), f"no {number}"])


def posts(count: int, *, seed: int = 1) -> Iterator[dict[str, Any]]:
    """``count`` posts as lines of a replay file; one in twenty comes a second time, as overlapping pages bring it."""
    chance = random.Random(seed + 1)
    for number, text in enumerate(texts(count, seed=seed)):
        shown = number if number == 0 or chance.random() > 0.05 else number - 1
        name = f"warga{shown % 5000}"
        profile = f"https://contoh.id/{name}"
        yield {
            "id": f"p{shown}",
            "text": text if shown == number else f"{text} (lagi)",
            "author": {"handle": name, "name": name.title(), "url": profile, "followers": shown % 900},
            "url": f"{profile}/{shown}",
            "at": (_START + timedelta(seconds=20 * shown)).isoformat(),
            "reach": shown % 90,
        }
