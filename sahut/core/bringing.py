"""Files that people bring: what they may be, and what is written down when one comes or goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO

from sahut.core.errors import RefusedError
from sahut.core.model import Actor, AuditAct, AuditDraft
from sahut.core.model.imports import FileImport, ImportDraft
from sahut.core.ports import Tx

# What a part of a file has, so that neither a row nor a reader grows large.
PART = 64 * 1024
_HEAD = 4_096
_LONGEST_NAME = 100
_MARKS = (b"\xff\xfe", b"\xfe\xff")
# A quarter of zeroes: text in UTF-16 has a half, a picture or a program has fewer, in runs.
_WIDE = 0.25
FIELDS = ("text", "title", "at", "time", "author", "author_name", "id", "url", "parent", "language", "reach")
"""What a column may be, in the order in which they are asked for."""
ZONES = ("WIB", "WITA", "WIT")


def parts(file: BinaryIO) -> Iterator[bytes]:
    """The file's bytes from where it stands. Raises RefusedError(rule="import_form") for what is no table of rows."""
    head = file.read(_HEAD)
    check(head)
    part = head
    while part:
        yield part
        part = file.read(PART)


def check(head: bytes) -> None:
    """Whether a file that begins so can be CSV, JSON lines or XLSX: its name says nothing. Raises RefusedError."""
    if not head.strip():
        raise RefusedError("the file is empty", rule="import_form")
    if head.startswith(b"PK\x03\x04"):
        return
    wide = head.startswith(_MARKS) or head.count(0) > len(head) * _WIDE
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    strange = (0 in head and not wide) or any(byte < 9 or 13 < byte < 27 for byte in head.replace(b"\x00", b""))  # noqa: PLR2004 - control signs but the ends of lines and ESC
    if strange or start.startswith((b"%pdf", b"<!doctype", b"<html", b"<?xml")):
        raise RefusedError("the file is neither CSV nor JSON lines nor XLSX", rule="import_form")


def name_of(file: str) -> str:
    """The file's own name as it was sent, without any folder."""
    kept = "".join(letter for letter in file.replace("\\", "/").rpartition("/")[2] if letter.isprintable()).strip()
    return kept[-_LONGEST_NAME:] or "file"


def source_of(file: str) -> str:
    """What the source is called unless somebody says otherwise: newer exports of one tool keep one name."""
    return PurePath(name_of(file)).stem[:_LONGEST_NAME] or "file"


def keep(tx: Tx, draft: ImportDraft, file: BinaryIO, *, actor: Actor, now: datetime) -> FileImport:
    """Keep a file, to be looked through by a worker. Raises RefusedError."""
    kept = tx.imports.add(draft, parts(file), by=actor.name, now=now)
    note(tx, "brought", kept, actor=actor, now=now)
    return kept


def note(tx: Tx, did: str, item: FileImport, *, actor: Actor, now: datetime) -> None:
    """Write down that a file was brought, read in or taken back; never what it is called, which may name somebody."""
    said = {"what": did, "bytes": item.size}
    tx.audit.add(AuditDraft(act=AuditAct.SOURCE, at=now, actor=actor, kind="import", key=str(item.id), detail=said))
