"""Which item is which: the identity of feed items under a policy.

====================  ==============================================================================================
``auto`` (default)    guid, else link, else title + date, else content; reused guids are told apart (below)
``guid``              guid, and nothing tells reused ones apart; without one as ``auto``
``link``              link, else as ``auto``
``title_date``        title + date, else content
``content``           title + text: every edit is a new item
====================  ==============================================================================================

A guid that is no URL, tag: or urn: is only unique within its feed, so it is scoped with the feed's host and path.
Under ``auto``, items of one page that share a guid but differ in content are different items (some publishers put one
guid on everything): link, title and date together tell them apart, on this page and on later ones. An edit of any
other item keeps its guid, and so its identity.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

from collectors._items import Item

POLICIES = ("auto", "guid", "link", "title_date", "content")
_GLOBAL = re.compile(r"^(?:tag|urn|doi|acct|at|nntp|info|uuid):\S", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def identify(
    items: Sequence[Item], policy: str, scope_url: str, reused: frozenset[str] = frozenset()
) -> tuple[list[str], frozenset[str]]:
    """One native id per item, in order, and the ids shared by different items, here or earlier (``reused``)."""
    scope = scope_of(scope_url)
    if policy != "auto":
        return [_one(item, policy, scope) for item in items], frozenset()
    ids = [_one(item, "auto", scope) for item in items]
    contents: dict[str, set[str]] = {}
    for native_id, item in zip(ids, items, strict=True):
        contents.setdefault(native_id, set()).add(_content(item))
    shared = reused | {native_id for native_id, found in contents.items() if len(found) > 1}
    told = [
        f"{native_id}#{_apart(item)}" if native_id in shared else native_id
        for native_id, item in zip(ids, items, strict=True)
    ]
    return told, shared


def _apart(item: Item) -> str:
    if item.link or item.title or item.date:
        return _hash(same_address(item.link), item.title, item.date)
    return _content(item)


def scope_of(url: str) -> str:
    """Host and path of a feed's address: what a guid is unique within."""
    try:
        parts = urlsplit(url)
        return f"{parts.netloc.rpartition('@')[2].lower()}{parts.path}"
    except ValueError:
        return url


def same_address(url: str) -> str:
    """``url`` so that two spellings of scheme, host, default port and http/https are one."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError:
        return url.strip()
    if parts.scheme.lower() not in _PORTS or not host:
        return url.strip()
    where = host if port in {None, _PORTS[parts.scheme.lower()]} else f"{host}:{port}"
    # One article is served under both schemes: the secure one stands for both.
    return urlunsplit(("https", where, parts.path or "/", parts.query, parts.fragment))


def _one(item: Item, policy: str, scope: str) -> str:
    if policy in {"auto", "guid"} and item.guid:
        return _of_guid(item.guid, scope)
    if policy in {"auto", "guid", "link"} and item.link:
        return same_address(item.link)
    if policy == "link" and item.guid:
        return _of_guid(item.guid, scope)
    if policy != "content" and item.title:
        return f"{scope}#title:{_hash(item.title, item.date)}"
    return f"{scope}#content:{_content(item)}"


def _of_guid(guid: str, scope: str) -> str:
    if re.match(r"^https?://", guid, re.IGNORECASE):
        return same_address(guid)
    return guid if _GLOBAL.match(guid) else f"{scope}#{guid}"


def _content(item: Item) -> str:
    return _hash(item.title, item.text, "" if item.title or item.text else repr(sorted(item.raw.items())))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
