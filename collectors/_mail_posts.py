"""One mail in our words. Pure.

A mail is identified by its Message-ID and a digest of what it says: ids are used twice by careless senders, and a
mail that says something else is another one. Conversations are held together by root, the first Message-ID of the
References; a mail without any begins one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

from imap_tools import MailMessage

from collectors._dates import usable
from collectors._freshness import http_date
from collectors._html import tidy
from collectors._mail_text import own_words
from collectors._text import storable
from sahut.core.model import Author, Mention

_ID = re.compile(r"<([^<>\s]{1,500})>")
_DIGEST = 16
_LONGEST_TEXT = 100_000
_LONGEST_RAW = 20_000
_LONGEST_DEAD = 48_000
_MOST_NAMES = 20
# A Date that is farther than this from when the server got the mail is a slip, or a lie.
_BELIEVED = timedelta(days=2)
_DAEMONS = re.compile(r"^(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_AUTO_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "junk"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """Addresses of ours, in lower case."""

    addresses: frozenset[str]

    def wrote(self, address: str) -> bool:
        """Whether it is ours."""
        return address.lower() in self.addresses

    def gave(self, message_id: str) -> bool:
        """Whether a Message-ID was made on a domain of ours."""
        domain = message_id.rpartition("@")[2].lower()
        return bool(domain) and any(domain == one.rpartition("@")[2] for one in self.addresses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail taken apart. ``automatic`` says in a word what made it, "" for a person (or a web form)."""

    mention: Mention
    message_id: str
    digest: str
    automatic: str
    listed: bool


def read(body: bytes, ours: Ours, *, arrived: datetime | None, size: int, now: datetime) -> Mail:
    """Take a mail apart. Raises ValueError for what is none, and for an empty one, which a server could not give."""
    mail = MailMessage.from_bytes(body)
    try:
        sender, subject = mail.from_values, _line(mail.subject)
        plain, markup, names = mail.text, mail.html, [_line(one.filename) for one in mail.attachments]
    except Exception as error:
        # Mails are written by anybody; what the library stumbles over is one mail's trouble.
        raise ValueError(f"the mail cannot be taken apart: {type(error).__name__}: {error}") from error
    address = storable(sender.email).strip() if sender is not None else ""
    if not address and not subject and not (plain or markup).strip():
        raise ValueError("there is no sender, no subject and no text")
    own_id, refs = _own_id(mail.obj), _references(mail.obj)
    answers = bool(refs) or subject[:4].lower().startswith(("re:", "bls:"))
    shown = own_words(plain, markup, answers=answers)[:_LONGEST_TEXT]
    named = ", ".join(name for name in names[:_MOST_NAMES] if name)
    digest = _digest(address, mail.date_str, subject, plain, markup)
    own = ours.wrote(address)
    mention = Mention(
        platform="mail",
        native_id=f"{own_id}#{digest}",
        title=subject,
        text=f"{shown}\n📎 {named}".strip() if named else shown,
        collected_at=now,
        published_at=_when(mail.date_str, arrived, now),
        author=Author(handle=address, name=_line(sender.name if sender is not None else "")) if address else None,
        parent=refs[-1] if refs else "",
        root=refs[0] if refs else own_id,
        own=own,
        to_us=not own and any(map(ours.gave, refs)),
        raw={
            "message_id": own_id,
            "references": refs,
            "to": [storable(one) for one in (*mail.to, *mail.cc)][:_MOST_NAMES],
            "text": storable(plain or markup)[:_LONGEST_RAW],
            "attachments": names[:_MOST_NAMES],
            "size": size,
            "cut": len(body) < size,
        },
    )
    listed = bool(mail.obj.get("List-Id"))
    return Mail(
        mention=mention, message_id=own_id, digest=digest, automatic=_automatic(mail.obj, address), listed=listed
    )


def dead_raw(body: bytes, arrived: datetime | None) -> dict[str, Any]:
    """What a dead letter keeps of a mail: its first bytes."""
    return {
        "mail": base64.b64encode(body[:_LONGEST_DEAD]).decode(),
        "arrived": None if arrived is None else arrived.isoformat(),
    }


def revived(raw: Mapping[str, Any], ours: Ours, now: datetime) -> Mention:
    """Read a dead letter again. Raises ValueError."""
    body = base64.b64decode(str(raw.get("mail", "")))
    arrived = raw.get("arrived")
    at = datetime.fromisoformat(arrived) if isinstance(arrived, str) else None
    return read(body, ours, arrived=at, size=len(body), now=now).mention


def _own_id(message: Message) -> str:
    found = _ID.search(_header(message, "Message-ID"))
    return found[1] if found else ""


def _references(message: Message) -> list[str]:
    """The ids of earlier mails of the conversation, oldest first."""
    found = _ID.findall(_header(message, "References"))
    answered = _ID.findall(_header(message, "In-Reply-To"))[:1]
    ordered = list(dict.fromkeys([*found, *(one for one in answered if one not in found)]))
    return [*ordered[:1], *ordered[1:][-_MOST_NAMES:]]


def _automatic(message: Message, address: str) -> str:
    """What answers by itself: absence notes (RFC 3834) and reports of delivery. Web forms write by themselves too."""
    said = _header(message, "Auto-Submitted").strip().lower()
    if message.get_content_type() == "multipart/report" or _DAEMONS.match(address):
        return "report"
    precedence = _header(message, "Precedence").strip().lower()
    if said.startswith("auto-replied") or precedence in _AUTO_PRECEDENCE or message.get("X-Autoreply") is not None:
        return "answer"
    return ""


def _digest(*parts: str) -> str:
    """Of what the sender wrote, before any cleaning of ours, which may change with a release."""
    joined = "\x00".join("\n".join(part.split()) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def _when(date: str, arrived: datetime | None, now: datetime) -> datetime | None:
    sent = usable(http_date(date), now)
    got = None if arrived is None else usable(arrived.astimezone(UTC), now)
    if sent is None or got is None:
        return sent or got
    return sent if abs(sent - got) <= _BELIEVED else got


def _header(message: Message, name: str) -> str:
    return storable(str(message.get(name, "")))


def _line(text: str) -> str:
    return " ".join(tidy(text).split())
