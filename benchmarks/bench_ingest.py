"""Ingest: JSON lines → stored and de-duplicated, no classifier, against obsei 1.1 on the same file in the same run.

Set-up: 20,000 invented posts (`_posts.py`; one in twenty comes a second time with other words, as an edit). Each side
is a command of its own, from start to exit, and the time of the same command on one post is taken off, so that neither
pays for its imports:

* Sahut: ``sahut collect`` of a replay source into an empty SQLite file. Every post becomes a row under a unique
  identity, edits become versions, the full-text index is filled, and every page is committed with its cursor.
* obsei 1.1.1, installed with pip into ``.tools/obsei`` (never a dependency of ours): ``obsei run -c`` of one pipeline
  with a ``jsonl`` source, ``batch_size: 500``, redaction off, an unencrypted store in an empty folder, no
  enricher and no sink. Its fields: ``text``, ``id``, ``created_at``, ``author``, ``url``.

Where obsei cannot be installed, ours is measured alone. Run: ``python benchmarks/bench_ingest.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from _posts import posts
from _result import save

POSTS = 20_000
ROUNDS = 3
ROOT = Path(__file__).parents[1]
OBSEI = ROOT / ".tools" / "obsei"
PEER = "obsei==1.1.1"
CONFIG = """
store:
  path: {folder}/store.duckdb
  unencrypted: true
privacy:
  redact: false
pipelines:
  - name: ingest
    batch_size: 500
    sources:
      - type: jsonl
        key: posts
        config:
          path: {file}
          fields: {{text: text, id: id, created_at: created_at, author: author, url: url}}
"""


def write(path: Path, count: int, *, peer: bool) -> None:
    """``count`` posts as each side wants its lines."""
    with path.open("w", encoding="utf-8") as lines:
        for post in islice(posts(POSTS), count):
            lines.write(json.dumps(_flat(post) if peer else post, ensure_ascii=False) + "\n")


def _flat(post: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": post["id"],
        "text": post["text"],
        "author": post["author"]["handle"],
        "url": post["url"],
        "created_at": post["at"],
    }


def ours(count: int) -> float:
    """Seconds of ``sahut collect`` on ``count`` posts into an empty database."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "posts.jsonl", count, peer=False)
        environment = {**os.environ, "SAHUT_VAR_DIR": str(folder / "var")}
        sahut = [sys.executable, "-m", "sahut"]
        _run([*sahut, "migrate"], folder, environment)
        _run([*sahut, "source", "add", "replay", str(folder / "posts.jsonl"), "--name", "bench"], folder, environment)
        return _run([*sahut, "collect", "bench"], folder, environment)


def theirs(count: int) -> float:
    """Seconds of ``obsei run`` on ``count`` posts into an empty store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "posts.jsonl", count, peer=True)
        config = folder / "obsei.yaml"
        config.write_text(CONFIG.format(folder=folder, file=folder / "posts.jsonl"), encoding="utf-8")
        return _run([str(OBSEI / "bin" / "obsei"), "run", "-c", str(config)], folder, dict(os.environ))


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began


def install_peer() -> bool:
    """Whether obsei is there, or could be put there."""
    if (OBSEI / "bin" / "obsei").exists():
        return True
    subprocess.run([sys.executable, "-m", "venv", str(OBSEI)], check=True)
    pip = [str(OBSEI / "bin" / "python"), "-m", "pip", "install", "--quiet", PEER]
    return subprocess.run(pip, check=False).returncode == 0


def main() -> None:
    """Measure both and keep the result."""
    start = min(ours(1) for _ in range(ROUNDS))
    rate = POSTS / (min(ours(POSTS) for _ in range(ROUNDS)) - start)
    result: dict[str, Any] = {
        "posts": POSTS,
        "sahut_mentions_per_s": round(rate),
        "sahut_start_s": round(start, 2),
        "wanted_mentions_per_s": 2000,
    }
    if install_peer():
        start = min(theirs(1) for _ in range(ROUNDS))
        peer = POSTS / (theirs(POSTS) - start)
        result |= {
            "peer": PEER,
            "peer_posts_per_s": round(peer),
            "peer_start_s": round(start, 2),
            "ratio": round(rate / peer, 1),
            "wanted_ratio": 10,
        }
    save("ingest", result, packages=("sahut", "sqlalchemy"))


if __name__ == "__main__":
    main()
