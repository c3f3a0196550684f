"""Post texts, names and links come from strangers: what may reach a page of them, and how.

Escaping is Jinja's; this module takes out what survives escaping: characters that reorder, hide or break text, and
addresses that are not plain web pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

# Direction marks, embeddings, overrides and isolates (Unicode TR 36), invisible separators and fillers, tag characters.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Joiners belong between signs of emoji and of several scripts, and nowhere beside plain ASCII.
_STRAY_JOINER = re.compile("(?:(?<=[\x00-\x7f])|^)[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\x7f]|$)")
_MARK_PILE = re.compile(
    r"((?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]){3})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^\u201c\u201d]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}»…"
_LONGEST_URL = 2000


def plain(text: str) -> str:
    """The text without what hides or reorders it. Line ends become newlines; a lone surrogate becomes U+FFFD."""
    text = _SURROGATE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    text = _CONTROL.sub("", _HIDDEN.sub("", text))
    return _MARK_PILE.sub(r"\1", _STRAY_JOINER.sub("", text))


def shown(value: Any) -> Any:
    """What a template writes: a text as `plain` gives it, so that no template can forget to ask for that."""
    if type(value) is not str or (value.isascii() and not _CONTROL.search(value)):
        return value
    return plain(value)


def line(text: str) -> str:
    """As `plain`, on one line."""
    return " ".join(plain(text).split())


def web_address(url: str) -> str | None:
    """An http(s) address that may become a link, its host in punycode; None for everything else."""
    url = url.strip()
    if len(url) > _LONGEST_URL or plain(url) != url or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or "@" in parts.netloc:
        return None
    ascii_host = _punycode(host)
    if ascii_host is None:
        return None
    where = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    netloc = where if port is None else f"{where}:{port}"
    return parts._replace(scheme=parts.scheme.lower(), netloc=netloc).geturl()


def _punycode(host: str) -> str | None:
    if host.isascii():
        return host.lower()
    try:
        return unicodedata.normalize("NFKC", host).encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None


def host_of(url: str) -> str:
    """The host of a web address, for a link's words."""
    return urlsplit(url).hostname or url


def linked(text: str, marks: Sequence[tuple[int, int]] = (), *, links: bool = True) -> Markup:
    """The text as HTML: escaped, its web addresses as links that show where they lead and give nothing away.

    ``marks`` are stretches (start, end) of the text, which then is `plain` already; they may not overlap. An address is
    marked whole or not at all.
    """
    text = plain(text)
    done: list[Markup] = []
    at = 0
    for found in _URL.finditer(text) if links else ():
        shown = found.group().rstrip(_TRAILING)
        href = web_address(shown)
        if href is None:
            continue
        end = found.start() + len(shown)
        whole = any(start <= found.start() and end <= stop for start, stop in marks)
        done += [_marked(text, at, found.start(), marks), _mark(link(href)) if whole else link(href)]
        at = end
    done.append(_marked(text, at, len(text), marks))
    return Markup("").join(done)


def _marked(text: str, at: int, end: int, marks: Sequence[tuple[int, int]]) -> Markup:
    """The stretch of a text from ``at`` to ``end``, escaped, with what is marked of it."""
    done: list[Markup] = []
    for begins, ends in sorted(marks):
        start, stop = max(begins, at), min(ends, end)
        if start < stop:
            done += [escape(text[at:start]), _mark(escape(text[start:stop]))]
            at = stop
    done.append(escape(text[at:end]))
    return Markup("").join(done)


def _mark(inside: Markup) -> Markup:
    return Markup("<mark>{}</mark>").format(inside)


def link(href: str) -> Markup:
    """A link to an address that `web_address` gave, shown as the address itself."""
    return Markup(
        '<a class="out" dir="ltr" href="{0}" target="_blank" rel="noopener nofollow noreferrer">{0}</a>'
    ).format(href)
