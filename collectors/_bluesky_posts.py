"""Posts of Bluesky in our words. The identity of a post is its address (at://DID/app.bsky.feed.post/KEY)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from collectors import _dates
from collectors._html import tidy
from collectors._text import storable, storable_deep
from sahut.core.model import Author, DeadItem, Mention, SentReply

POST = "app.bsky.feed.post"
WEB = "https://bsky.app/profile"
_REPOST = "app.bsky.feed.defs#reasonRepost"
_LONGEST_TEXT = 200_000
_LONGEST_WORD = 3_000
_MAX_COUNT = 2**53
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH = 13
_SPREAD_US = 3_600_000_000  # an hour of microseconds


def moment(value: Any) -> datetime | None:
    """A time in UTC, None where it is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if found is None else found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def sorted_at(item: Any) -> datetime | None:
    """The time by which Bluesky sorts: when a post was indexed, or made where it says that it was made before."""
    view, reason = _view(item), _dict(item, "reason")
    if reason.get("$type") == _REPOST:
        return moment(reason.get("indexedAt"))
    times = [at for at in (moment(_dict(view, "record").get("createdAt")), moment(_get(view, "indexedAt"))) if at]
    return min(times, default=None)


def listed_at(item: Any) -> datetime | None:
    """When a notification came."""
    return moment(_get(item, "indexedAt"))


def mention(item: Any, did: str, *, now: datetime) -> Mention:
    """A post as searches, feeds or notifications give it. ``did`` is our account.

    Raises ValueError with the reason for what cannot be read.
    """
    view = _view(item)
    uri, record = _word(view, "uri"), _dict(view, "record")
    if not uri.startswith("at://") or f"/{POST}/" not in uri:
        raise ValueError("the item has no address of a post")
    text = _text(record)
    if not text:
        raise ValueError("neither text nor pictures with a description")
    author, reply, repost = _dict(view, "author"), _dict(record, "reply"), _reposted(item)
    native_id = _repost_id(item, uri) if repost else uri
    parent, root = (_word(_dict(reply, part), "uri") for part in ("parent", "root"))
    who = _dict(_dict(item, "reason"), "by") if repost else author
    own = _word(who, "did") == did
    quoted = _quoted(record)
    return Mention(
        platform="bluesky",
        native_id=native_id,
        text=text,
        collected_at=now,
        published_at=_dates.usable(sorted_at(item), now),
        author=_author(who),
        permalink=link_to(uri),
        language=next((one for one in _list(record, "langs") if isinstance(one, str)), ""),
        parent="" if repost else parent,
        root="" if repost or root == uri else root,
        repost_of=uri if repost else "",
        reach=_count(view, "likeCount") + _count(view, "repostCount"),
        own=own,
        to_us=not own and not repost and (_by(parent, did) or _by(quoted, did)),
        raw=storable_deep(_raw(view, record, quoted)),
    )


def dead(item: Any, reason: str, did: str) -> DeadItem:
    """Kept with what it takes to read it again."""
    return DeadItem(reason=reason, native_id=_word(_view(item), "uri"), raw=storable_deep({"item": item, "did": did}))


def revived(raw: Mapping[str, Any], *, now: datetime) -> Mention:
    """Read a dead item again. Raises ValueError with the reason."""
    return mention(raw.get("item"), str(raw.get("did", "")), now=now)


def link_to(uri: str) -> str:
    """Where people see a post."""
    did, _, key = uri.removeprefix("at://").partition(f"/{POST}/")
    return f"{WEB}/{did}/post/{key}" if key else ""


def record_key(answered: Mention, key: str) -> str:
    """The key of our answer's record, always the same for the same answer (``key``) to the same post.

    Bluesky wants a timestamp here, and lists an account's records by it: up to an hour after that of the post answered.
    """
    digest = hashlib.sha256(f"{answered.native_id}\x00{key}".encode()).digest()
    spread = int.from_bytes(digest[:8], "big") % _SPREAD_US
    return _tid(_time_of(answered) + spread, int.from_bytes(digest[8:10], "big") % 1024)


def least_key(answered: Mention) -> str:
    """No answer of ours to a post has a key before this."""
    return _tid(_time_of(answered), 0)


def beneath(mention: Mention, above: SentReply) -> Mention:
    """Our answer to ``mention``, as what the next part of it answers: the conversation's first post stays the same."""
    begun = {"root_uri": mention.native_id, "root_cid": mention.raw.get("cid", "")}
    if mention.raw.get("root_uri") and mention.raw.get("root_cid"):
        begun = {name: mention.raw[name] for name in ("root_uri", "root_cid")}
    return replace(
        mention,
        native_id=above.native_id,
        permalink=above.permalink,
        parent=mention.native_id,
        published_at=above.sent_at,
        raw={**mention.raw, **begun, "cid": ""},
    )


def _tid(microseconds: int, clock: int) -> str:
    number = ((microseconds << 10) + clock) & (2**63 - 1)
    return "".join(_TID[number >> shift & 31] for shift in range(60, -1, -5))


def _time_of(answered: Mention) -> int:
    """Microseconds since 1970 in the key of a post's record; where that is of another kind, when it was published."""
    key = answered.native_id.rpartition("/")[2]
    if len(key) == _TID_LENGTH and set(key) <= set(_TID) and key[0] <= "j":
        number = 0
        for letter in key:
            number = number * 32 + _TID.index(letter)
        return number >> 10
    return 0 if answered.published_at is None else int(answered.published_at.timestamp() * 1_000_000)


def _view(item: Any) -> Any:
    """The post itself, where it comes in an entry of a feed."""
    return item["post"] if isinstance(item, dict) and isinstance(item.get("post"), dict) else item


def _reposted(item: Any) -> bool:
    return _dict(item, "reason").get("$type") == _REPOST


def _repost_id(item: Any, uri: str) -> str:
    reason = _dict(item, "reason")
    return _word(reason, "uri") or f"{uri}#repost:{_word(_dict(reason, 'by'), 'did')}"


def _author(who: Mapping[str, Any]) -> Author | None:
    handle, did = _word(who, "handle"), _word(who, "did")
    if not handle and not did:
        return None
    return Author(handle=handle or did, name=tidy(_word(who, "displayName")), url=f"{WEB}/{did or handle}")


def _text(record: Mapping[str, Any]) -> str:
    """What a reader sees, with links as they lead; of a post without words what its pictures show."""
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError("'text' is not text")  # noqa: TRY004 - one type for all that makes a post unreadable
    embed = _dict(record, "embed")
    media = _dict(embed, "media") or embed
    shown = [_word(one, "alt") for one in _list(media, "images")] + [_word(media, "alt")]
    external = _dict(media, "external")
    shown += [_word(external, "title"), _word(external, "uri")]
    written = tidy(_with_links(text, record))
    return (written or tidy("\n".join(one for one in shown if one)) or _quoted(record))[:_LONGEST_TEXT]


def _with_links(text: str, record: Mapping[str, Any]) -> str:
    """Offsets of facets are in bytes of UTF-8."""
    encoded = text.encode("utf-8", "surrogatepass")
    links: list[tuple[int, int, str]] = []
    for facet in _list(record, "facets"):
        start, end = (_dict(facet, "index").get(name) for name in ("byteStart", "byteEnd"))
        uri = next((_word(one, "uri") for one in _list(facet, "features") if _word(one, "uri")), "")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(encoded) and uri:
            links.append((start, end, uri))
    for start, end, uri in sorted(links, reverse=True):
        shown = encoded[start:end].decode("utf-8", "replace")
        cut = shown.removesuffix("...").removesuffix("…")
        whole = uri if cut in uri else f"{shown} ({uri})"
        encoded = encoded[:start] + whole.encode("utf-8", "surrogatepass") + encoded[end:]
    return encoded.decode("utf-8", "replace")


def _quoted(record: Mapping[str, Any]) -> str:
    """The address of a post that it quotes."""
    quoted = _dict(_dict(record, "embed"), "record")
    uri = _word(quoted, "uri") or _word(_dict(quoted, "record"), "uri")
    return uri if f"/{POST}/" in uri else ""


def _by(uri: str, did: str) -> bool:
    return bool(did) and uri.startswith(f"at://{did}/")


def _raw(view: Any, record: Mapping[str, Any], quoted: str) -> dict[str, Any]:
    """What an answer needs: which version it answers, and that of the conversation's first post."""
    root = _dict(_dict(record, "reply"), "root")
    kept = {
        "cid": _word(view, "cid"),
        "root_uri": _word(root, "uri"),
        "root_cid": _word(root, "cid"),
        "did": _word(_dict(view, "author"), "did"),
        "quoted": quoted,
        "closed": _dict(view, "viewer").get("replyDisabled") is True,
    }
    return {key: value for key, value in kept.items() if value}


def _get(thing: Any, key: str) -> Any:
    return thing.get(key) if isinstance(thing, dict) else None


def _dict(thing: Any, key: str) -> dict[str, Any]:
    value = _get(thing, key)
    return value if isinstance(value, dict) else {}


def _list(thing: Any, key: str) -> list[Any]:
    value = _get(thing, key)
    return value if isinstance(value, list) else []


def _word(thing: Any, key: str) -> str:
    value = _get(thing, key)
    return storable(value).strip()[:_LONGEST_WORD] if isinstance(value, str) else ""


def _count(thing: Any, key: str) -> int:
    value = _get(thing, key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_COUNT else 0
