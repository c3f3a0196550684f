"""Threads: answers to our own posts, posts that mention us, searches by keyword or topic; answers as the account.

A source's address is "me" (our posts' conversations, and mentions), or "search:some words", or "tag:topic". Its option
``read`` names what "me" reads: "replies", "mentions", both unless told. A conversation has neither a count nor a time
of its last answer, so the younger a post is, the more often its conversation is read.

A search is rationed: each call takes one from the credential's budget in searches (Threads allows 2,200 in 24 hours).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import emoji

from collectors import _graph_context
from collectors._graph_member import WATCH_DAYS, GraphMember, Look, same_words
from collectors._graph_walk import ALWAYS, Edge, Shape, Within, moment
from collectors._text import storable, storable_deep
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import (
    Access,
    Author,
    Capability,
    Caps,
    Context,
    Currency,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import Choice, FieldKind, FormField, PlaceSort, SourceForm

LONGEST_POST = 500
_READS = ("replies", "mentions")
_ASK = "threads_basic and threads_read_replies"
_MENTIONS_ASK = "threads_manage_mentions"
_SEARCH_ASK = "threads_keyword_search"
_REPLY_ASK = "threads_content_publish and threads_manage_replies"
_FIELDS = (
    "id,text,timestamp,permalink,username,media_type,has_replies,is_reply,root_post,replied_to,is_reply_owned_by_me,"
    "reposted_post"
)
_POST = "id,text,timestamp,permalink,username,media_type,has_replies,is_reply,root_post,replied_to,reposted_post"
_ID = re.compile(r"[0-9]+")
# A search's index is late by minutes; a wider overlap would cost searches.
_SEARCH_OVERLAP = timedelta(hours=1)
# A token lives for 60 days, and can be renewed from its second day on.
_RENEW_AFTER = timedelta(days=30)
_RENEW_AGAIN = timedelta(days=1)
_YOUNG = timedelta(days=2)
_OLD = timedelta(days=7)


class ThreadsCollector(GraphMember):
    """Reads and answers as one account."""

    platform = "threads"
    title = "Threads"
    home = "https://graph.threads.net"
    version = "v1.0"
    who_fields = "id,username"
    recheck_fields = _FIELDS
    recheck_asks = _ASK
    recheck_many = 1  # Threads knows no ``ids``
    guide = Guide(
        steps=(
            "On developers.facebook.com create an app with the use case 'Access the Threads API'.",
            "In App Review ask for threads_basic, threads_read_replies, threads_manage_mentions,",
            "threads_keyword_search (before it is approved a search finds our own posts alone)",
            "and, to answer, threads_content_publish and threads_manage_replies.",
            "Let the agency's account accept the invitation as a tester, or sign in through the app.",
            "Make a long-lived token; Sahut renews it while it is used at least every month.",
        ),
        currencies=(Currency.SEARCHES,),
        needs=(
            Need(key="access_token", words="the long-lived access token"),
            Need(key="app_secret", words="the app secret: signs our calls, and proves webhooks", required=False),
            Need(key="verify_token", words="a word of your own that Meta repeats to set webhooks up", required=False),
        ),
    )

    form = SourceForm(
        places=(
            PlaceSort(key="ours", words="answers to our posts, and posts that mention us", address="me"),
            PlaceSort(
                key="search",
                words="public posts with some words",
                address="search:{}",
                asks=FormField(key="words", words="the words to look for", required=True, example="air mati"),
            ),
            PlaceSort(
                key="topic",
                words="public posts with a topic",
                address="tag:{}",
                asks=FormField(key="topic", words="the topic", required=True, example="pdam"),
            ),
        ),
        options=(
            FormField(
                key="read",
                words="what is read there",
                kind=FieldKind.CHOICE,
                choices=(
                    Choice(value="replies,mentions", words="both"),
                    Choice(value="replies", words="only answers to our posts"),
                    Choice(value="mentions", words="only posts that mention us"),
                ),
                default="replies,mentions",
            ),
            WATCH_DAYS,
        ),
    )

    def plan(self, source: Source, us: Mapping[str, str]) -> list[Edge]:
        """Our conversations and mentions, or one search."""
        address = source.address.strip()
        kind, _, words = address.partition(":")
        if kind in {"search", "tag"} and words.strip():
            params = {
                "q": words.strip().lstrip("#"),
                "search_type": "RECENT",
                "search_mode": "TAG" if kind == "tag" else "KEYWORD",
                "fields": _POST,
                "limit": "100",
            }
            return [
                Edge(
                    name="search",
                    path="keyword_search",
                    params=params,
                    kind="post",
                    asks=_SEARCH_ASK,
                    overlap=_SEARCH_OVERLAP,
                    costs={Currency.SEARCHES: 1.0},
                )
            ]
        if address not in {"", "me", us["id"], us["name"], f"@{us['name']}"}:
            raise PermanentError(
                f"source '{source.name}': '{address}' is neither 'me' nor 'search:words' nor 'tag:topic'",
                problem=Problem.BAD_SETTINGS,
            )
        edges = {
            "replies": Edge(
                name="posts",
                path="me/threads",
                params={"fields": _POST, "limit": "50"},
                kind="post",
                asks=_ASK,
                threaded=True,
            ),
            "mentions": Edge(
                name="mentions",
                path="me/mentions",
                params={"fields": _POST, "limit": "50"},
                kind="post",
                asks=_MENTIONS_ASK,
            ),
        }
        return [edges[one] for one in self.reads(source, _READS)]

    def shape(self, us: Mapping[str, str], now: datetime) -> Shape:
        """Posts and answers; our name tells which are our own."""
        return Shape(
            read=lambda kind, item, within: _mention(kind, item, within, us, now),
            mark=lambda post: _mark(post, now),
            comments=_conversation,
            replies=_conversation,
            nested=lambda _item: {},
        )

    def renewed(self, access: Access, now: datetime) -> Access:
        """``access`` with a token that lives on. A failed renewal is tried again tomorrow: the old one still works."""
        when = access.session.get("renew_at", "")
        if not when:
            return replace(access, session={**access.session, "renew_at": (now + _RENEW_AFTER).isoformat()})
        if now < datetime.fromisoformat(when):
            return access
        session = {**access.session, "renew_at": (now + _RENEW_AGAIN).isoformat()}
        try:
            params = {"grant_type": "th_refresh_token"}
            answer = self._graph.get(access, "/refresh_access_token", params, asks=_ASK, now=now)
        except CollectError:
            return replace(access, session=session)
        token = answer.get("access_token")
        if isinstance(token, str) and token:
            session |= {"token": token, "renew_at": (now + _RENEW_AFTER).isoformat()}
        return replace(access, session=session)

    def surely_gone(self, look: Look, access: Access, us: Mapping[str, str], now: datetime) -> list[str]:  # noqa: ARG002 - what was found tells
        """Only where posts of others are shown when asked for by id does it mean anything that some are not."""
        shown = any(_writer(item) not in {"", us["name"]} for item in look.found.values() if isinstance(item, dict))
        return look.missing if shown else []

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """The conversation of the root by one call a page, and a call for each post above that is not in it."""
        return _graph_context.flat(self.looker(access, now), mention, caps)

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """Whatever we find can be answered, as far as asking nobody tells: its author may have limited answers."""
        if access is not None and access.secrets.get("access_token"):
            return Capability.API
        return Capability.MANUAL if mention.permalink else Capability.NONE

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - one rule for all
        """500 characters, of which an emoji takes as many as it has bytes in UTF-8."""
        found = emoji.emoji_list(text)
        plain = len(text) - sum(one["match_end"] - one["match_start"] for one in found)
        return ReplyRules(
            used=plain + sum(len(one["emoji"].encode()) for one in found),
            limit=LONGEST_POST,
        )

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - Threads knows no such keys
        """Draft an answer, then publish it. Only the second step can leave a post in doubt."""
        draft = {"media_type": "TEXT", "text": text, "reply_to_id": mention.native_id}
        try:
            made = self._graph.post(access, "me/threads", draft, asks=_REPLY_ASK, now=now)
        except InDoubtError as error:
            raise TransientError(f"{error}; but a draft is nowhere shown", problem=error.problem) from error
        if not made.get("id"):
            raise TransientError("Threads: me/threads gave no id for a draft", problem=Problem.NOT_READABLE)
        answer = self._graph.post(
            access, "me/threads_publish", {"creation_id": str(made["id"])}, asks=_REPLY_ASK, now=now
        )
        return self.sent(answer, "me/threads_publish", now)

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        """Our answer, to be continued."""
        return replace(
            mention,
            native_id=above.native_id,
            permalink=above.permalink,
            parent=mention.native_id,
            published_at=above.sent_at,
        )

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Among our answers the one to ``mention`` with these words."""
        edge = Edge(
            name="listed",
            path="me/replies",
            params={"fields": _FIELDS, "limit": "50"},
            kind="post",
            asks=_ASK,
        )
        for item in self.listed(edge, "timestamp", since=since, now=now, access=access):
            at = moment(item.get("timestamp"), now)
            here = _below(item.get("replied_to")) == mention.native_id
            if here and same_words(item.get("text"), text) and (at is None or at >= since):
                return SentReply(native_id=str(item["id"]), permalink=_link(item), sent_at=at)
        return None


def _conversation(post: str) -> Edge:
    return Edge(
        name="conversation",
        path=f"{post}/conversation",
        params={"fields": _FIELDS, "reverse": "true", "limit": "100"},
        kind="reply",
        asks=_ASK,
    )


def _mark(post: Mapping[str, Any], now: datetime) -> str:
    if post.get("has_replies") is False:
        return ""
    posted = moment(post.get("timestamp"), now)
    age = timedelta(0) if posted is None else now - posted
    if age < _YOUNG:
        return ALWAYS
    often = timedelta(hours=1) if age < _OLD else timedelta(days=1)
    return str(int(now.timestamp() // often.total_seconds()))


def _mention(kind: str, item: Mapping[str, Any], within: Within, us: Mapping[str, str], now: datetime) -> Mention:
    native_id = str(item.get("id") or "")
    if not _ID.fullmatch(native_id):
        raise ValueError("a post without an id")
    said = item.get("text")
    reposted = _below(item.get("reposted_post"))
    if not isinstance(said, str) and kind == "reply" and not item.get("media_type"):
        raise ValueError("an answer with neither text nor picture")
    name = _writer(item)
    own = item.get("is_reply_owned_by_me") is True or (bool(us.get("name")) and name == us["name"])
    root = _below(item.get("root_post")) or within.root
    parent = _below(item.get("replied_to")) or within.parent
    return Mention(
        platform="threads",
        native_id=native_id,
        text=storable(said).strip() if isinstance(said, str) else "",
        collected_at=now,
        published_at=moment(item.get("timestamp"), now),
        author=Author(handle=name, url=f"https://www.threads.com/@{name}") if name else None,
        permalink=_link(item),
        root="" if root == native_id else root,
        parent=parent,
        repost_of=reposted,
        own=own,
        to_us=within.ours and parent == within.parent and not own,
        raw=storable_deep(dict(item)),
    )


def _writer(item: Mapping[str, Any]) -> str:
    found = item.get("username")
    return storable(found) if isinstance(found, str) else ""


def _link(item: Mapping[str, Any]) -> str:
    found = item.get("permalink")
    return storable(found) if isinstance(found, str) else ""


def _below(value: object) -> str:
    """The id of what is named, "" for nothing."""
    found = value.get("id") if isinstance(value, dict) else value
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
