"""A mailbox with complaints in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count

from sahut.core.model import Access, Source
from tests.builders import NOW
from tests.collectors.feed_server import a_source
from tests.collectors.imap_server import PASSWORD, USER, ImapServer, Wire

CITIZEN = "Budi Santoso <budi@warga.example>"
_numbers = count(1)


def a_mail(
    text: str | None, *, subject: str = "", sender: str = CITIZEN, at: datetime = NOW, **headers: str
) -> EmailMessage:
    """``headers`` by name, with _ for -; a ``message_id`` of its own unless told."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = USER
    mail["Date"] = format_datetime(at)
    if subject:
        mail["Subject"] = subject
    mail["Message-ID"] = headers.pop("message_id", f"<{next(_numbers)}@warga.example>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    if text is not None:
        mail.set_content(text)
    return mail


def sent(mail: EmailMessage) -> bytes:
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class World:
    """``mails`` are in the order in which they came."""

    def __init__(self) -> None:
        self.server = ImapServer()
        self.wire = Wire(self.server.port)
        self.source: Source = a_source("INBOX", platform="mail")
        self.access = Access(
            name="surat",
            secrets={"password": PASSWORD},
            settings={"username": USER, "base_url": f"imap://127.0.0.1:{self.wire.port}"},
        )

    def add(self, *texts: str, at: datetime = NOW) -> None:
        mails = [a_mail(text, at=at) for text in texts]
        self.server.append(*map(sent, mails), at=at)

    def close(self) -> None:
        self.wire.close()
        self.server.close()


class Contract(World):
    """A folder of its own, so that it can go; one mail amid the others is broken."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self.server.create("Pengaduan")
        self.source = replace(self.source, address="Pengaduan")
        mails = [sent(a_mail(text, at=NOW - timedelta(hours=1))) for text in texts]
        mails.insert(700, b"\r\n")
        self.server.append(*mails, folder="Pengaduan", at=NOW - timedelta(hours=1))

    def append(self, text: str) -> None:
        self.server.append(sent(a_mail(text)), folder="Pengaduan", at=NOW)

    def remove(self) -> None:
        self.server.delete("Pengaduan")


def contract(texts: Sequence[str]) -> Contract:
    return Contract(texts)
