"""Lists of feeds as feed readers exchange them (OPML 2.0, http://opml.org/spec2.opml): to and from source drafts.

Folders become the option ``category`` ("Berita/Nasional"). What OPML has no word for (query, interval, options of a
feed) goes along in attributes of our own, which other readers skip. Passwords in addresses stay at home.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit, urlunsplit
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from sahut.core.errors import RefusedError
from sahut.core.model import SourceDraft

MOST_OUTLINES = 5_000
MOST_BYTES = 8 * 1024 * 1024
_DEEPEST = 50
_LONGEST_NAME, _LONGEST_ADDRESS, _LONGEST_QUERY, _LONGEST_CATEGORY = 100, 2_000, 1_000, 200
_LEAST, _MOST = timedelta(minutes=1), timedelta(days=7)
_NAMESPACE = "https://sahut.example/opml"
_KEPT_OPTIONS = ("identity", "comments")
_PORTS = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")


@dataclass(slots=True, kw_only=True)
class Plan:
    """What to do with a list: drafts to ``add``, those followed ``already``, and ``notes`` on what was left out."""

    add: list[SourceDraft] = field(default_factory=list)
    already: list[SourceDraft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def without_password(address: str) -> str:
    """The address without the name and password that it may hold."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def write(sources: Iterable[SourceDraft], *, title: str, now: datetime) -> str:
    """An OPML document of those of ``sources`` that are feeds, in folders by their category."""
    folders: dict[str, list[SourceDraft]] = {}
    for source in sources:
        if source.platform == "feed":
            folders.setdefault(str(source.options.get("category", "")), []).append(source)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:sahut="{_NAMESPACE}">',
        f"<head>{_element('title', title)}{_element('dateCreated', format_datetime(now, usegmt=True))}</head>",
        "<body>",
    ]
    for category in sorted(folders):
        path = [part for part in category.split("/") if part]
        lines += [f"<outline {_attributes({'text': part, 'title': part})}>" for part in path]
        lines += [f"<outline {_attributes(_outline(source))}/>" for source in folders[category]]
        lines += ["</outline>"] * len(path)
    return "\n".join([*lines, "</body>", "</opml>", ""])


def _outline(source: SourceDraft) -> dict[str, str]:
    return {
        "type": "rss",
        "text": source.name,
        "title": source.name,
        "xmlUrl": without_password(source.address),
        "sahut:everyMinutes": f"{source.interval / timedelta(minutes=1):g}",
        **({"sahut:query": source.query} if source.query else {}),
        **{f"sahut:{key}": str(source.options[key]) for key in _KEPT_OPTIONS if source.options.get(key)},
    }


def _attributes(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(_UNPRINTABLE.sub(' ', value))}" for name, value in values.items())


def _element(name: str, text: str) -> str:
    plain = _UNPRINTABLE.sub(" ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{name}>{plain}</{name}>"


def read(document: bytes) -> tuple[list[SourceDraft], list[str]]:
    """The feeds of a list in their order, and notes on what was left out.

    Raises RefusedError(rule="bad_opml") for what is no OPML, is too long, or declares entities.
    """
    if len(document) > MOST_BYTES:
        raise _refused(f"it is larger than {MOST_BYTES // 1024**2} MiB")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    # Without a document type there are no entities but XML's own five, and so no bombs and no files read.
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise _refused(f"it is not well-formed XML: {error}") from error
    except (ValueError, LookupError) as error:
        raise _refused(str(error)) from error
    if not reader.is_opml:
        raise _refused("it has no element <opml>")
    return reader.drafts, reader.notes


def plan(drafts: Sequence[SourceDraft], notes: Sequence[str], followed: Iterable[SourceDraft]) -> Plan:
    """Which of ``drafts`` to add beside what is ``followed``; an address counts once, names are made unique."""
    followed = list(followed)
    addresses = {_same(source.address) for source in followed}
    names = {source.name for source in followed}
    found = Plan(notes=list(notes))
    for draft in drafts:
        if _same(draft.address) in addresses:
            found.already.append(draft)
            continue
        addresses.add(_same(draft.address))
        name = _free(draft.name, names)
        names.add(name)
        found.add.append(replace(draft, name=name))
    return found


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[: _LONGEST_NAME - 7]} ({number})"
    return free


def _same(address: str) -> str:
    """Equal for spellings of one address: the scheme's security, case of the host, the usual port, a password."""
    try:
        parts = urlsplit(address.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return address.strip()
    if parts.scheme.lower() not in _PORTS or not host:
        return address.strip()
    where = host if port in {None, _PORTS[parts.scheme.lower()]} else f"{host}:{port}"
    return urlunsplit(("", where, parts.path or "/", parts.query, ""))


def _refused(reason: str) -> RefusedError:
    return RefusedError(f"this is no list of feeds (OPML): {reason}", rule="bad_opml")


def _no_doctype(*_: object) -> None:
    raise _refused("it declares a document type, which may hide entities")


class _Reader:
    """What expat meets, as drafts."""

    def __init__(self) -> None:
        self.drafts: list[SourceDraft] = []
        self.notes: list[str] = []
        self.is_opml = False
        self._folders: list[str] = []
        self._depth = 0
        self._outlines = 0

    def start(self, tag: str, given: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _refused(f"its outlines are nested over {_DEEPEST} deep")
        if tag.lower() == "opml" and self._depth == 1:
            self.is_opml = True
        if tag.lower() != "outline":
            return
        self._outlines += 1
        if self._outlines > MOST_OUTLINES:
            raise _refused(f"it has over {MOST_OUTLINES} outlines; split it")
        values = {name.lower(): _UNPRINTABLE.sub(" ", value).strip() for name, value in given.items()}
        name = values.get("title") or values.get("text") or ""
        if "xmlurl" in values:
            self._feed(name, values)
        self._folders.append(name.replace("/", "-"))

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag.lower() == "outline":
            self._folders.pop()

    def _feed(self, name: str, values: Mapping[str, str]) -> None:
        address = values["xmlurl"]
        try:
            parts = urlsplit(address)
            usable = parts.scheme.lower() in _PORTS and bool(parts.hostname) and len(address) <= _LONGEST_ADDRESS
        except ValueError:
            usable, parts = False, urlsplit("")
        if not usable:
            self.notes.append(f"'{(name or address)[:80]}' was left out: '{address[:200]}' is no http or https address")
            return
        category = "/".join(part for part in self._folders if part) or values.get("category", "").split(",")[0].strip(
            "/ "
        )
        options = {key: values[f"sahut:{key}"] for key in _KEPT_OPTIONS if values.get(f"sahut:{key}")}
        if category:
            options["category"] = category[:_LONGEST_CATEGORY]
        self.drafts.append(
            SourceDraft(
                platform="feed",
                name=(name or parts.hostname or address)[:_LONGEST_NAME],
                address=address,
                query=values.get("sahut:query", "")[:_LONGEST_QUERY],
                interval=_interval(values.get("sahut:everyminutes", "")),
                options=options,
            )
        )


def _interval(minutes: str) -> timedelta:
    usual = timedelta(minutes=10)
    if not re.fullmatch(r"\d{1,5}(?:\.\d{1,3})?", minutes):
        return usual
    return min(max(timedelta(minutes=float(minutes)), _LEAST), _MOST)
