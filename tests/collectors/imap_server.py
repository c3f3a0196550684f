"""A real IMAP server (pymap) on 127.0.0.1, and a wire before it that breaks on request at any command."""

from __future__ import annotations

import asyncio
import imaplib
import socket
import socketserver
import struct
import threading
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import BuiltinHash

USER, PASSWORD = "pengaduan@kota.example", "kata-sandi-surat"


class ImapServer:
    """Mailboxes of one user, in memory."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    def append(self, *mails: bytes, folder: str = "INBOX", at: datetime | Sequence[datetime] | None = None) -> None:
        """Let mails arrive."""
        times = at if isinstance(at, Sequence) else [at or datetime.now(UTC)] * len(mails)
        with self.client() as client:
            for mail, moment in zip(mails, times, strict=True):
                assert client.append(folder, "", moment, mail)[0] == "OK"

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """A connection of somebody else's mail program."""
        client = imaplib.IMAP4("127.0.0.1", self.port)
        # It sends a mail in three pieces, and would wait 40 ms for each to be acknowledged.
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def create(self, folder: str) -> None:
        with self.client() as client:
            client.create(folder)

    def delete(self, folder: str) -> None:
        with self.client() as client:
            assert client.delete(folder)[0] == "OK"

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """Those of every mail."""
        with self.client() as client:
            client.select(folder, readonly=True)
            return [line for line in client.fetch("1:*", "(FLAGS)")[1] if isinstance(line, bytes)]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        args = Namespace(
            debug=False, host="127.0.0.1", port=0, cert=None, key=None, tls=False, proxy_protocol=None,
            passlib_cfg=None, demo_data=False, demo_user=USER, demo_password=PASSWORD,
        )  # fmt: skip
        # The server's own costly hash of passwords would be worked out at every sign-in.
        backend, config = await DictBackend.init(args, hash_context=BuiltinHash(rounds=1))
        answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
        server = await asyncio.start_server(answer, host="127.0.0.1", port=0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stop.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Break(StrEnum):
    """What goes wrong at a command. The greeting counts as the answer to the first."""

    RESET = "a reset connection"
    CLOSED = "a closed connection"
    HALF = "half of an answer"
    DRIP = "a byte now and then"
    NO = "a refusal for now"
    BYE = "a good-bye"
    GARBAGE = "something else than IMAP"


class Wire:
    """Carries a conversation to ``port``. ``commands`` are those that came, the opening of a connection as "HELLO"."""

    def __init__(self, port: int) -> None:
        self.commands: list[str] = []
        self._behind = port
        self._breaks: dict[int, Break] = {}
        self._server = socketserver.ThreadingTCPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"wire": self}), bind_and_activate=True
        )
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def calls(self) -> int:
        return len(self.commands)

    def break_at(self, call: int, how: Break) -> None:
        """Break at the ``call``-th command from now, counted from 0; once."""
        self._breaks[self.calls + call] = how

    def mend(self) -> None:
        self._breaks.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spoil(self, command: str) -> bool:
        """Whether the server says no to ``command``, and goes on."""
        return False

    def meet(self, command: str) -> Break | None:
        """Note a command: what goes wrong at it."""
        how = self._breaks.pop(self.calls, None)
        self.commands.append(command)
        return how


class _Handler(socketserver.BaseRequestHandler):
    wire: Wire

    def handle(self) -> None:
        client: socket.socket = self.request
        # Either side may hang up.
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.wire._behind)) as server:
            with client.makefile("rb") as asked, server.makefile("rb") as answered:
                broken = self._carry(client, asked, server, answered)
            if broken is not None:
                self._fail(broken[0], client, broken[1])
        client.close()

    def _carry(
        self, client: socket.socket, asked: Any, server: socket.socket, answered: Any
    ) -> tuple[Break, bytes] | None:
        """Until the client hangs up: None; or until something breaks: what, and the command's tag."""
        how = self.wire.meet("HELLO")
        if how is not None:
            return how, b"*"
        client.sendall(answered.readline())
        tag, begun = b"", False
        while line := asked.readline():
            if not begun:
                tag = line.partition(b" ")[0]
                how = self.wire.meet(line.decode("latin-1").partition(" ")[2].strip())
                if how is not None and how is not Break.HALF:
                    return how, tag
                if self.wire.spoil(self.wire.commands[-1]):
                    client.sendall(tag + b" NO it is broken\r\n")
                    continue
            server.sendall(line)
            answer = _whole(answered, tag)
            client.sendall(answer[: len(answer) // 2] if how else answer)
            if how is not None:
                return how, tag
            begun = answer.startswith(b"+")
        return None

    def _fail(self, how: Break, client: socket.socket, tag: bytes) -> None:
        if how is Break.RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how is Break.NO:
            client.sendall(tag + b" NO [SERVERBUG] try again later\r\n")
            time.sleep(0.2)
        elif how is Break.BYE:
            client.sendall(b"* BYE [UNAVAILABLE] too many connections\r\n")
        elif how is Break.GARBAGE:
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        elif how is Break.DRIP:
            for byte in b"* OK [ALERT] " + b"." * 600:
                client.sendall(bytes([byte]))
                time.sleep(0.05)


def _whole(answered: Any, tag: bytes) -> bytes:
    """Everything up to the tagged line, literals included."""
    found = b""
    while True:
        line = answered.readline()
        if not line:
            return found
        found += line
        if line.rstrip().endswith(b"}") and b"{" in line:
            found += answered.read(int(line.rstrip()[line.rstrip().rindex(b"{") + 1 : -1]))
        elif line.startswith((tag + b" ", b"+")):
            return found
