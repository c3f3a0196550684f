"""A small Telegram: a bot's queue of updates that forgets what was confirmed, and messages that the bot sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.platform_server import Fault, PlatformServer, Reply, Request

BOT = 700
TOKEN = f"{BOT}:rahasia-bot-dinas"
US = {"id": BOT, "is_bot": True, "first_name": "Dinas Kota", "username": "dinas_kota_bot"}
GROUP = {"id": -1001234, "type": "supergroup", "title": "Warga RW 05"}
BEGIN = NOW - timedelta(hours=20)


def contract(texts: list[str]) -> World:
    """Many messages and a malformed one amid them.

    A suite that reads the same place twice from its beginning finds what a bot never finds: updates that were
    confirmed before. So this queue only forgets while it is read on.
    """
    world = World(page=100, forgets=False)
    world.queue = []
    for text in texts:
        world.add(text)
    broken = {"update_id": 0, "message": {"message_id": "lima", "chat": GROUP, "text": "rusak"}}
    world.queue.insert(700, broken)
    for number, update in enumerate(world.queue, start=5_000):
        update["update_id"] = number
    world.numbers = count(9_000)
    return world


@dataclass
class World:
    """``page`` is how many updates an answer has at most."""

    page: int = 4
    forgets: bool = True
    queue: list[Any] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    gone: bool = False
    conflict: str = ""
    on_send: Callable[[], Reply | None] = lambda: None

    def __post_init__(self) -> None:
        self.numbers = count(501)
        self._messages = count(1)
        self.server = PlatformServer(self._answer, self._refuse)
        self.source: Source = a_source("bot", platform="telegram")
        self.access = Access(name="bot dinas", secrets={"token": TOKEN}, settings={"base_url": self.server.url})
        self.expected: set[str] = set()
        for number in range(10):
            self.add(f"Lampu jalan nomor {number} padam")

    def add(self, text: str) -> str:
        message = self.message(text)
        self.update("message", message)
        native_id = f"{message['chat']['id']}/{message['message_id']}"
        self.expected.add(native_id)
        return native_id

    append = add

    def remove(self) -> None:
        self.gone = True

    def message(self, text: str, *, at: datetime | None = None, **over: Any) -> dict[str, Any]:
        number = next(self._messages)
        moment = at or BEGIN + timedelta(seconds=number)
        person = {"id": 9_000 + number, "is_bot": False, "first_name": "Budi", "last_name": f"{number}"}
        made = {"message_id": number, "date": int(moment.timestamp()), "chat": GROUP, "from": person, "text": text}
        return made | over

    def update(self, kind: str, message: Any) -> None:
        self.queue.append({"update_id": next(self.numbers), kind: message})

    def close(self) -> None:
        self.server.close()

    def _answer(self, request: Request) -> Reply:
        token, _, method = request.path.removeprefix("/bot").partition("/")
        if token != TOKEN:
            return _no(401, "Unauthorized")
        if self.gone:
            return _no(404, "Not Found")
        if method.lower() == "getme":
            return Reply(json={"ok": True, "result": US})
        return self._send(request.form) if method.lower() == "sendmessage" else self._updates(request.form)

    def _updates(self, asked: dict[str, str]) -> Reply:
        if self.conflict:
            return _no(409, f"Conflict: {self.conflict}")
        assert "message" in json.loads(asked["allowed_updates"])
        offset = int(asked.get("offset", 0))
        waiting = [update for update in self.queue if update.get("update_id", offset) >= offset]
        if self.forgets:
            self.queue = waiting
        return Reply(json={"ok": True, "result": waiting[: min(self.page, int(asked["limit"]))]})

    def _send(self, form: dict[str, str]) -> Reply:
        if (answer := self.on_send()) is not None and answer.status != 504:
            return answer
        wanted = json.loads(form["reply_parameters"])
        above = {"message_id": wanted["message_id"], "chat": {**GROUP, "id": int(form["chat_id"])}, "date": 1}
        made = self.message(form["text"], at=NOW, reply_to_message=above, **{"from": US})
        self.sent.append(made | {"chat": above["chat"]})
        return answer or Reply(json={"ok": True, "result": self.sent[-1]})

    def _refuse(self, fault: Fault, _: Request) -> Reply:
        hints = {"retry_after": 300} if fault is Fault.TOO_MANY_WITH_RESET else {}
        return _no(int(fault.value[:3]), fault.value, **hints)


def _no(status: int, words: str, **hints: Any) -> Reply:
    body = {"ok": False, "error_code": status, "description": words}
    return Reply(status=status, json=body | ({"parameters": hints} if hints else {}))
