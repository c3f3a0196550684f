"""Posts of X in, mentions out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collectors._text import storable, storable_deep
from collectors._x_client import POST, USER
from sahut.core.model import Access, Author, DeadItem, Mention

# Not asked for, since each user that comes along may cost 0.010 USD and none of them is shown: the authors of posts
# referred to, and whom a reply answers. Their ids stand in the posts themselves.
FIELDS: Mapping[str, Any] = {
    "expansions": ["author_id", "geo.place_id", "referenced_tweets.id", "attachments.media_keys"],
    "tweet_fields": [
        "attachments", "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities", "geo",
        "in_reply_to_user_id", "lang", "note_tweet", "public_metrics", "referenced_tweets", "reply_settings",
        "withheld",
    ],
    "user_fields": ["name", "public_metrics", "username"],
    "place_fields": ["country_code", "full_name", "place_type"],
    "media_fields": ["alt_text", "media_key", "preview_image_url", "type", "url"],
}  # fmt: skip
# A post, its author, and the two posts that it can refer to.
DEAREST = 3 * POST + USER

_REPOST = re.compile(r"RT @\w+: ")
# X's codes where they are not ISO 639: an old one for Indonesian, and those for posts of no language.
_LANGUAGES = {"in": "id", "iw": "he", "und": "", "zxx": "", "art": ""}
_NO_LANGUAGE = re.compile(r"q[a-z]{2}")
_OTHERS = ("users", "tweets", "media", "places")


@dataclass(frozen=True, slots=True)
class Ours:
    """Our accounts: ``handles`` in lower case without @, ``ids`` as far as known."""

    handles: frozenset[str]
    ids: frozenset[str]

    @classmethod
    def of(cls, access: Access | None) -> Ours:
        """What a credential says: the accounts named in its settings, and the one that its token is for."""
        if access is None:
            return cls(frozenset(), frozenset())
        token_of = access.session.get("id") or access.secrets.get("access_token", "").partition("-")[0]
        return cls(frozenset(handles(access)), frozenset({token_of} if token_of.isdecimal() else ()))


def handles(access: Access) -> list[str]:
    """Our accounts' handles as an operator wrote them, the one that answers first; lower case, without @."""
    named = re.split(r"[,\s]+", access.settings.get("accounts", ""))
    return [handle for one in named if (handle := one.strip("@ ").lower())]


@dataclass(slots=True)
class Page:
    """One answer taken apart."""

    mentions: list[Mention] = field(default_factory=list)
    dead: list[DeadItem] = field(default_factory=list)
    seen: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    moments: dict[int, datetime | None] = field(default_factory=dict)


def take_apart(answer: Mapping[str, Any], ours: Ours, now: datetime, known: Mapping[str, int]) -> Page:
    """The posts of an answer as mentions, each identity once, in the newest wording on the page.

    ``known`` gives the newest version met before of posts that were edited, by identity: an older one is left out,
    lest it overwrite the newer. ``versions`` are those met on this page, ``moments`` the time of each post by its id.
    """
    page = Page()
    posts = _list(answer, "data")
    others = _others(answer.get("includes"))
    best: dict[str, tuple[int, Mention]] = {}
    for post in posts:
        page.seen += 1
        try:
            version = int(_id(_object(post), "id"))
            page.moments[version] = moment(post.get("created_at"))
            found = mention(post, others, ours, now)
        except Exception as error:
            # One malformed post never costs its page.
            reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            page.dead.append(_dead(post, others, ours, reason))
            continue
        newest = max(known.get(found.native_id, 0), best[found.native_id][0] if found.native_id in best else 0)
        if version < newest:
            continue
        best[found.native_id] = (version, found)
        if len(_history(post)) > 1:
            page.versions[found.native_id] = version
    page.mentions = [found for _, found in best.values()]
    return page


def mention(post: Any, others: Mapping[str, Mapping[str, Any]], ours: Ours, now: datetime) -> Mention:
    """One post. Raises ValueError with the reason where it cannot be one."""
    post = _object(post)
    version = _id(post, "id")
    native_id = identity(post)
    author = _author(others["users"].get(str(post.get("author_id", ""))))
    said = _mentioned(post)
    ids = ours.ids | {user_id for handle, user_id in said.items() if handle in ours.handles}
    parent, repost_of, quoted = (_reference(post, kind, others) for kind in ("replied_to", "retweeted", "quoted"))
    quoted_author = str(others["tweets"].get(_referred(post, "quoted"), {}).get("author_id", ""))
    root = str(post.get("conversation_id") or "")
    handle = author.handle if author else ""
    raw = {
        "version": version if version != native_id else "",
        "mentions": said,
        "quoted": quoted,
        "quoted_author": quoted_author,
        "author_id": str(post.get("author_id") or ""),
        "media": _media(post, others),
        "place": str(others["places"].get(_place_id(post), {}).get("full_name", "")),
        "reply_settings": str(post.get("reply_settings") or ""),
    }
    own = handle.lower() in ours.handles or raw["author_id"] in ours.ids
    return Mention(
        platform="x",
        native_id=native_id,
        text=_text(post, others),
        collected_at=now,
        published_at=moment(post.get("created_at")),
        author=author,
        permalink=f"https://x.com/{handle or 'i'}/status/{version}",
        language=_language(post.get("lang")),
        parent=parent,
        root="" if root in {native_id, version} else root,
        repost_of=repost_of,
        reach=_count(post, "impression_count"),
        own=own,
        to_us=not own and (str(post.get("in_reply_to_user_id", "")) in ids or (quoted_author in ids and not repost_of)),
        raw=storable_deep({key: value for key, value in raw.items() if value}),
    )


def revived(raw: Mapping[str, Any], now: datetime) -> Mention:
    """Read a dead post again. Raises ValueError with the reason."""
    accounts = raw.get("accounts")
    named = accounts if isinstance(accounts, Mapping) else {}
    ours = Ours(frozenset(map(str, named.get("handles", ()))), frozenset(map(str, named.get("ids", ()))))
    return mention(raw.get("post"), _others(raw.get("includes")), ours, now)


def identity(post: Mapping[str, Any]) -> str:
    """The id of a post's first version: each edit has an id of its own."""
    history = _history(post)
    return history[0] if history else _id(post, "id")


def latest(post: Mapping[str, Any]) -> str:
    """The id of a post's last version as far as the post itself tells."""
    history = _history(post)
    return history[-1] if history else _id(post, "id")


def outdated(post: Mapping[str, Any]) -> bool:
    """Whether a later version of the post is known."""
    return latest(post) != str(post.get("id"))


def price(answer: Mapping[str, Any], *, each: float = POST) -> float:
    """What an answer costs in US dollars, with what came along; ``each`` is for a post asked for."""
    includes = answer.get("includes")
    extra = includes if isinstance(includes, Mapping) else {}
    asked = len(_list(answer, "data"))
    return asked * each + len(_list(extra, "tweets")) * POST + len(_list(extra, "users")) * USER


def moment(value: object) -> datetime | None:
    """X's time in UTC, None where it is none."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _list(answer: Mapping[str, Any], key: str) -> list[Any]:
    value = answer.get(key)
    return value if isinstance(value, list) else []


def _objects(values: Iterable[Any], key: str) -> dict[str, Any]:
    return {str(one[key]): one for one in values if isinstance(one, dict) and one.get(key)}


def _others(includes: object) -> dict[str, dict[str, Any]]:
    found = includes if isinstance(includes, Mapping) else {}
    return {kind: _objects(_list(found, kind), "media_key" if kind == "media" else "id") for kind in _OTHERS}


def _dead(post: Any, others: Mapping[str, Mapping[str, Any]], ours: Ours, reason: str) -> DeadItem:
    """Kept with what its author and the posts it refers to are needed for, so that it can be read again."""
    kept: dict[str, list[Any]] = {}
    native_id = ""
    if isinstance(post, Mapping):
        wanted = {str(post.get("author_id")), _place_id(post), *_media_keys(post)}
        wanted |= {_referred(post, kind) for kind in ("replied_to", "retweeted", "quoted")}
        kept = {kind: [one for key, one in others[kind].items() if key in wanted] for kind in _OTHERS}
        native_id = storable(str(post.get("id") or ""))[:64]
    accounts = {"handles": sorted(ours.handles), "ids": sorted(ours.ids)}
    return DeadItem(
        reason=reason,
        native_id=native_id,
        raw=storable_deep({"post": post, "includes": kept, "accounts": accounts}),
    )


def _object(post: Any) -> Mapping[str, Any]:
    if not isinstance(post, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - one type for all that makes a post unreadable
    return post


def _id(value: Mapping[str, Any], key: str) -> str:
    found = str(value.get(key) or "")
    if not (found.isascii() and found.isdecimal()):
        raise ValueError(f"'{key}' is no id of X: {found[:40]!r}")
    return found


def _history(post: Mapping[str, Any]) -> list[str]:
    history = post.get("edit_history_tweet_ids")
    known = [str(one) for one in history] if isinstance(history, list) else []
    return known if all(one.isascii() and one.isdecimal() for one in known) else []


def _referred(post: Mapping[str, Any], kind: str) -> str:
    for one in _list(post, "referenced_tweets"):
        if isinstance(one, Mapping) and one.get("type") == kind:
            return str(one.get("id") or "")
    return ""


def _reference(post: Mapping[str, Any], kind: str, others: Mapping[str, Mapping[str, Any]]) -> str:
    """The identity of the post referred to, which may have been edited since."""
    referred = _referred(post, kind)
    other = others["tweets"].get(referred)
    return identity(other) if other else referred


def _mentioned(post: Mapping[str, Any]) -> dict[str, str]:
    """Ids of the accounts that a post names, by handle in lower case."""
    entities = post.get("entities")
    named = _list(entities, "mentions") if isinstance(entities, Mapping) else []
    return {
        str(one["username"]).lower(): str(one.get("id") or "")
        for one in named
        if isinstance(one, Mapping) and one.get("username")
    }


def _place_id(post: Mapping[str, Any]) -> str:
    geo = post.get("geo")
    return str(geo.get("place_id") or "") if isinstance(geo, Mapping) else ""


def _media_keys(post: Mapping[str, Any]) -> list[str]:
    attachments = post.get("attachments")
    return list(map(str, _list(attachments, "media_keys"))) if isinstance(attachments, Mapping) else []


def _media(post: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    found = [others["media"][key] for key in _media_keys(post) if key in others["media"]]
    return [
        {
            "type": str(one.get("type", "")),
            "url": str(one.get("url") or one.get("preview_image_url") or ""),
            "alt": str(one.get("alt_text") or ""),
        }
        for one in found
    ]


def _text(post: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole text, with links as they lead and without those to the post's own pictures.

    A repost's own text is cut: its original's stands in its place.
    """
    original = others["tweets"].get(_referred(post, "retweeted"))
    if original is not None and isinstance(post.get("text"), str):
        head = _REPOST.match(post["text"])
        return (head[0] if head else "") + _text(original, others)
    note = post.get("note_tweet")
    whole = note if isinstance(note, Mapping) and isinstance(note.get("text"), str) else post
    text = whole.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("no text")
    pictures = []
    for url, leads_to, own_picture in _links(whole, post):
        text = text.replace(url, "" if own_picture else leads_to)
        pictures += [leads_to] if own_picture else []
    # X escapes &, < and > in texts.
    plain = storable(html.unescape(text)).strip()
    shown = " ".join(dict.fromkeys(pictures))
    return plain or " ".join(one["alt"] for one in _media(post, others) if one["alt"]).strip() or storable(shown)


def _links(*places: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Short link, where it leads, and whether to a picture of the post itself."""
    found = {}
    for place in places:
        entities = place.get("entities")
        for one in _list(entities, "urls") if isinstance(entities, Mapping) else []:
            if isinstance(one, Mapping) and isinstance(one.get("url"), str) and one["url"]:
                # Escaped, since the text around it is unescaped as a whole.
                leads_to = html.escape(str(one.get("expanded_url") or one["url"]), quote=False)
                found[one["url"]] = (one["url"], leads_to, bool(one.get("media_key")))
    return list(found.values())


def _language(value: object) -> str:
    code = str(value or "")
    return "" if _NO_LANGUAGE.fullmatch(code) else storable(_LANGUAGES.get(code, code))


def _author(user: Any) -> Author | None:
    if not isinstance(user, Mapping) or not user.get("username"):
        return None
    handle = storable(str(user["username"]))
    return Author(
        handle=handle,
        name=storable(str(user.get("name") or "")),
        url=f"https://x.com/{handle}",
        followers=_count(user, "followers_count") if user.get("public_metrics") else None,
    )


def _count(value: Mapping[str, Any], key: str) -> int:
    metrics = value.get("public_metrics")
    found = metrics.get(key) if isinstance(metrics, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**53 else 0
