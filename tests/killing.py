"""Workers that are killed at a chosen line of sending, against a platform-shaped server of one list of posts.

One process with everything imported waits for orders and makes a child for each, so that a death costs milliseconds:
``python -m tests.killing DATABASE_URL SERVER_URL`` reads a line number per line of its input. The child turns to the
reply that is due, and kills itself before the so-many-th line of code that has to do with it; 0 lets it live.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from sahut.core import outbox
from sahut.core.errors import InDoubtError, TransientError
from sahut.core.model import Access, Capability, Mention, Problem, ReplyRules, SentReply
from sahut.core.outbox import Means
from storage.store import open_store
from tests.builders import NOW
from tests.collectors.platform_server import PlatformServer, Reply, Request
from tests.conftest import KEY

# Every line of these may be the last one.
WATCHED = tuple(
    str(Path(__file__).parents[1] / name)
    for name in ("sahut/core/outbox.py", "storage/repl", "storage/store.py", "tests/killing.py", "collectors/")
)


class Board:
    """A platform that knows no idempotency keys: it posts whatever it is sent."""

    def __init__(self) -> None:
        self.posts: list[dict[str, str]] = []
        self._numbers = count(1)
        self.server = PlatformServer(self._answer)

    def _answer(self, request: Request) -> Reply:
        if request.method == "POST":
            self.posts.append({"id": f"n{next(self._numbers)}", **request.json})
            return Reply(json=self.posts[-1])
        return Reply(json=[post for post in self.posts if post["parent"] == request.query["parent"]])

    def below(self, native_id: str) -> list[dict[str, str]]:
        return [post for post in self.posts if post["parent"] == native_id]


class BoardReplier:
    """Answers on a `Board`."""

    platform = "replay"

    def __init__(self, url: str) -> None:
        self._url = url

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        return Capability.API

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:
        return ReplyRules(used=len(text), limit=280)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:
        body = json.dumps({"parent": mention.native_id, "text": text}).encode()
        asked = urllib.request.Request(f"{self._url}/posts", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                said = json.load(answer)
        except (OSError, ValueError) as error:
            raise InDoubtError(str(error), problem=Problem.UNREACHABLE) from error
        return SentReply(native_id=said["id"], sent_at=now)

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        return replace(mention, native_id=above.native_id, parent=mention.native_id)

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        query = urllib.parse.urlencode({"parent": mention.native_id})
        try:
            with urllib.request.urlopen(f"{self._url}/posts?{query}", timeout=20) as answer:
                found = [post for post in json.load(answer) if post["text"] == text]
        except (OSError, ValueError) as error:
            raise TransientError(str(error), problem=Problem.UNREACHABLE) from error
        return SentReply(native_id=found[0]["id"]) if found else None


def means(url: str) -> Means:
    replier = BoardReplier(url)
    return Means(replier_for=lambda platform: replier, access_for=lambda source_id: Access(name="akun"))


def die_before(line: int) -> None:
    """Kill this process, as the machine would, before the ``line``-th watched line of code."""
    left = count(1)

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(WATCHED):
            return None
        if event == "line" and next(left) == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def work_in_a_child(database_url: str, made: Means, line: int, *, now: datetime = NOW) -> bool:
    """Let a child turn to the reply that is due at ``now``; whether it lived to the end."""
    child = os.fork()
    if child == 0:
        store = open_store(database_url, keys=[KEY])
        if line:
            die_before(line)
        outbox.deliver(store=store, means=made, clock=lambda: now)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def stop_in_a_child(database_url: str, made: Means, seam: str, *, now: datetime = NOW) -> bool:
    """As `work_in_a_child`, killed at a seam of sending instead of a line: ``claimed`` before the platform is asked,
    ``posted`` once it has said yes and nobody here has heard, ``written`` once that is in the store.
    """
    child = os.fork()
    if child == 0:
        store = open_store(database_url, keys=[KEY])
        if seam == "written":
            outbox.deliver(store=store, means=made, clock=lambda: now)
        else:
            outbox.deliver(store=store, means=_deadly(made, seam), clock=lambda: now)
        os.kill(os.getpid(), signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _deadly(made: Means, seam: str) -> Means:
    """The same, that kill this process at the platform's door: before they go through it, or on the way back."""

    def replier_for(platform: str) -> Any:
        inner = made.replier_for(platform)

        class Deadly:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def reply(self, *arguments: Any, **named: Any) -> SentReply:
                if seam == "posted":
                    inner.reply(*arguments, **named)  # type: ignore[union-attr]
                os.kill(os.getpid(), signal.SIGKILL)
                raise AssertionError("a dead process goes on")

        return Deadly()

    return Means(replier_for=replier_for, access_for=made.access_for)


if __name__ == "__main__":
    for order in sys.stdin:
        print(json.dumps(work_in_a_child(sys.argv[1], means(sys.argv[2]), int(order))), flush=True)  # noqa: T201 - its answer
