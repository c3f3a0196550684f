"""Instagram of a professional account: comments on our own media, media that tag us; answers as the account.

A source's address is "me", the account that the credential names. Its option ``read`` names what is read: "comments",
"tags", both unless told. Instagram lists comments newest first with their answers inside, and gives a post a count of
comments but no time of the last one: a post is read again when its count has moved, and young ones now and then.

A mention by @name in a post or comment of others is told by webhook alone: no list holds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from collectors import _graph_context
from collectors._graph import MissingError
from collectors._graph_member import WATCH_DAYS, GraphMember, Look, count, granted, same_words, utf16_length
from collectors._graph_walk import Edge, Shape, Within, moment, read_item
from collectors._instagram_context import InstagramLooker, post_link
from collectors._text import storable, storable_deep
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import (
    Access,
    Author,
    Batch,
    Capability,
    Caps,
    Context,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import Choice, FieldKind, FormField, PlaceSort, SourceForm

LONGEST_COMMENT = 2_200
_READS = ("comments", "tags")
_ASK = "instagram_basic and instagram_manage_comments"
_MEDIA = "id,caption,timestamp,permalink,media_type,username,comments_count,like_count"
_NAMED = "id,caption,timestamp,username,media_type,like_count"
_ANSWER = "id,text,timestamp,username,from{id,username},like_count,parent_id"
_COMMENT = f"{_ANSWER},replies.limit(50){{{_ANSWER}}}"
_ID = re.compile(r"[0-9]+")
_YOUNG = timedelta(days=2)


class InstagramCollector(GraphMember):
    """Reads and answers as one professional account."""

    platform = "instagram"
    title = "Instagram"
    home = "https://graph.facebook.com"
    version = "v26.0"
    who_fields = "id,username"
    recheck_fields = "id,timestamp"  # what comments and media both have: neither can be read as the other
    recheck_asks = _ASK
    own_list = "media"
    tag_list = "tags"
    guide = Guide(
        steps=(
            "Make the agency's Instagram account a professional one and link it to the agency's Facebook Page.",
            "On developers.facebook.com create an app of type Business, and let the agency's business be verified.",
            "In App Review ask for instagram_basic, instagram_manage_comments, pages_show_list, pages_read_engagement,",
            "and for webhooks also pages_manage_metadata.",
            "In Business settings make a system user with a role on Page and account, and a token without end.",
            "With it ask GET /me/accounts?fields=instagram_business_account: there stands the account's id.",
            "Copy the token, that id and, from the app's basic settings, the app secret.",
        ),
        needs=(
            Need(key="access_token", words="the access token"),
            Need(key="user_id", words="the id of the Instagram account, a long number", secret=False),
            Need(key="app_secret", words="the app secret: signs our calls, and proves webhooks", required=False),
            Need(key="verify_token", words="a word of your own that Meta repeats to set webhooks up", required=False),
        ),
    )

    form = SourceForm(
        places=(PlaceSort(key="ours", words="our account", address="me"),),
        options=(
            FormField(
                key="read",
                words="what is read there",
                kind=FieldKind.CHOICE,
                choices=(
                    Choice(value="comments,tags", words="both"),
                    Choice(value="comments", words="only comments on our posts"),
                    Choice(value="tags", words="only posts that tag our account"),
                ),
                default="comments,tags",
            ),
            WATCH_DAYS,
        ),
    )

    def who(self, access: Access) -> str:
        """The account that the credential names: a token may be good for several."""
        user_id = access.settings.get("user_id", "")
        if not _ID.fullmatch(user_id):
            raise PermanentError(
                f"credential '{access.name}': user_id is '{user_id}'; it is the number of an Instagram account",
                problem=Problem.BAD_SETTINGS,
            )
        return user_id

    def plan(self, source: Source, us: Mapping[str, str]) -> list[Edge]:
        """Our media, then media that tag us."""
        if source.address.strip() not in {"", "me", us["id"], us["name"], f"@{us['name']}"}:
            raise PermanentError(
                f"source '{source.name}': '{source.address}' is not the account of the credential; write 'me'",
                problem=Problem.BAD_SETTINGS,
            )
        params = {"fields": _MEDIA, "limit": "50"}
        edges = {
            "comments": Edge(
                name="media", path=f"{us['id']}/media", params=params, kind="media", asks=_ASK, threaded=True
            ),
            "tags": Edge(name="tags", path=f"{us['id']}/tags", params=params, kind="media", asks=_ASK),
        }
        return [edges[one] for one in self.reads(source, _READS)]

    def shape(self, us: Mapping[str, str], now: datetime) -> Shape:
        """Media and comments; our name tells which are our own."""
        return Shape(
            read=lambda kind, item, within: _mention(kind, item, within, us, now),
            mark=lambda media: _mark(media, now),
            comments=lambda media: _comments(media, "comments", _COMMENT),
            replies=lambda comment: _comments(comment, "replies", _ANSWER),
            nested=lambda comment: comment.get("replies") or {},
        )

    def surely_gone(self, look: Look, access: Access, us: Mapping[str, str], now: datetime) -> list[str]:
        """Media of others are shown only by our mention in them, or among those that tag us."""
        gone = super().surely_gone(look, access, us, now)
        return [one for one in gone if not self._mentions_us(one, access, us, now)]

    def _mentions_us(self, media: str, access: Access, us: Mapping[str, str], now: datetime) -> bool:
        try:
            fields = f"mentioned_media.media_id({media}){{id}}"
            answer = self._graph.get(access, us["id"], {"fields": fields}, asks=_ASK, now=now)
        except PermanentError as error:
            if error.problem is Problem.REFUSED_CREDENTIAL:
                raise
            return False
        return "mentioned_media" in answer

    def hear(
        self, source: Source, words: Sequence[Mapping[str, Any]], *, now: datetime, access: Access | None = None
    ) -> Batch:
        """What names us by @name in posts and comments of others: no list shows it, a webhook tells the ids."""
        opened = granted(access, self.title)
        us = dict(source.cursor.get("us") or self.us(opened, now))
        shape = self.shape(us, now)
        found: dict[str, Mention] = {}
        notes: list[str] = []
        for word in words:
            if word.get("account") != us["id"]:
                continue
            try:
                mention = self._told(word, opened, us, shape, now)
            except (MissingError, ValueError) as error:
                notes.append(f"a mention that Instagram told of cannot be read: {error}")
                continue
            found[mention.native_id] = mention
        return Batch(mentions=list(found.values()), seen=len(found), notes=notes)

    def _told(
        self, word: Mapping[str, Any], access: Access, us: Mapping[str, str], shape: Shape, now: datetime
    ) -> Mention:
        """Raises ValueError for what is no id, MissingError for what is gone."""
        media, comment = str(word.get("media_id", "")), str(word.get("comment_id", ""))
        if not _ID.fullmatch(comment or media):
            raise ValueError("it names no id")
        name = "mentioned_comment" if comment else "mentioned_media"
        asked = (
            f"{name}.comment_id({comment}){{id,text,timestamp,like_count,media{{id}}}}"
            if comment
            else f"{name}.media_id({media}){{{_NAMED}}}"
        )
        answer = self._graph.get(access, us["id"], {"fields": asked}, asks=_ASK, now=now)
        item = answer.get(name)
        below = item.get("media") if isinstance(item, dict) else None
        root = str(below.get("id") or media) if isinstance(below, dict) else media
        return read_item(shape, "comment" if comment else "media", item, Within(root=root if comment else ""))

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """A call each for the comment above and the media, and one for each list of those beside and below."""
        usual = self.looker(access, now)
        looker = InstagramLooker(
            graph=usual.graph,
            access=usual.access,
            shape=usual.shape,
            fields=_ANSWER,
            asks=_ASK,
            now=now,
            media=_MEDIA,
            named=_NAMED,
            us=self.who(usual.access),
            link=post_link(mention.permalink),
        )
        return _graph_context.levels(looker, mention, caps)

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """Comments can be answered, and posts of others that name us; not those that only tag us in the picture."""
        able = access is not None and access.secrets.get("access_token") and access.settings.get("user_id")
        if access is not None and able and (mention.root or _names_us(mention, access)):
            return Capability.API
        return Capability.MANUAL if mention.permalink else Capability.NONE

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - one rule for all
        """2,200 characters, counted in UTF-16, so that we never count less than Instagram. Links are not clickable."""
        links = ("Instagram does not make links in comments clickable",) if "://" in text else ()
        return ReplyRules(used=utf16_length(text), limit=LONGEST_COMMENT, warnings=links)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - Instagram knows no such keys
        """Comment under ``mention``. Raises InDoubtError where it may stand there."""
        path, form = _way(mention, self.who(access))
        answer = self._graph.post(access, path, {**form, "message": text}, asks=_ASK, now=now)
        return self.sent(answer, path, now)

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Our comment with these words under ``mention``. Raises PermanentError where Instagram does not show any."""
        us = self._known_us(access, now)
        path, _ = _way(mention, us["id"])
        for item in self._answers(mention, path, us, now, access):
            at = moment(item.get("timestamp"), now)
            if _writer(item) == us["name"] and same_words(item.get("text"), text) and (at is None or at >= since):
                return SentReply(native_id=str(item["id"]), sent_at=at)
        return None

    def _answers(
        self, mention: Mention, path: str, us: Mapping[str, str], now: datetime, access: Access
    ) -> list[dict[str, Any]]:
        if path.endswith("/replies"):
            edge = _comments(path.removesuffix("/replies"), "replies", _ANSWER)
            return list(self.listed(edge, "", since=now, now=now, access=access))
        if mention.root:
            raise PermanentError(
                "Instagram does not show answers below a comment of others: look there", problem=Problem.LACKS_ACCESS
            )
        fields = f"mentioned_media.media_id({mention.native_id}){{comments{{id,text,timestamp,username}}}}"
        answer = self._graph.get(access, us["id"], {"fields": fields}, asks=_ASK, now=now)
        media = answer.get("mentioned_media")
        comments = media.get("comments") if isinstance(media, dict) else None
        found = comments.get("data", []) if isinstance(comments, dict) else []
        if not isinstance(found, list) or (isinstance(comments, dict) and (comments.get("paging") or {}).get("next")):
            raise TransientError("Instagram shows only part of the comments there", problem=Problem.NOT_READABLE)
        return [item for item in found if isinstance(item, dict)]


def _comments(parent: str, edge: str, fields: str) -> Edge:
    # Answers come with the comment that they answer, which keeps its place by its own age: hence the week.
    return Edge(
        name=edge,
        path=f"{parent}/{edge}",
        params={"fields": fields, "limit": "50"},
        kind="comment",
        asks=_ASK,
        overlap=timedelta(days=7),
    )


def _way(mention: Mention, user_id: str) -> tuple[str, dict[str, str]]:
    """Where to post an answer, and with what. Instagram keeps answers to an answer under the first comment."""
    if mention.root and mention.parent:
        above = mention.parent if mention.parent != mention.root else mention.native_id
        return f"{above}/replies", {}
    if mention.root:
        return f"{user_id}/mentions", {"media_id": mention.root, "comment_id": mention.native_id}
    return f"{user_id}/mentions", {"media_id": mention.native_id}


def _names_us(mention: Mention, access: Access) -> bool:
    name = access.session.get("name") or access.settings.get("account", "")
    return bool(name) and re.search(rf"@{re.escape(name)}(?![\w.])", mention.text, re.IGNORECASE) is not None


def _mark(media: Mapping[str, Any], now: datetime) -> str:
    comments = media.get("comments_count")
    if comments == 0:
        return ""
    posted = moment(media.get("timestamp"), now)
    # An equal count may hide a comment that came as another went.
    often = timedelta(hours=1) if posted is not None and now - posted < _YOUNG else timedelta(days=1)
    return f"{comments}@{int(now.timestamp() // often.total_seconds())}"


def _mention(kind: str, item: Mapping[str, Any], within: Within, us: Mapping[str, str], now: datetime) -> Mention:
    native_id = str(item.get("id") or "")
    if not _ID.fullmatch(native_id):
        raise ValueError(f"{'media' if kind == 'media' else 'a comment'} without an id")
    said = item.get("caption" if kind == "media" else "text")
    if kind == "comment" and not isinstance(said, str):
        raise ValueError("a comment without text")
    if kind == "again":
        raise ValueError("only looked whether it stands")
    name = _writer(item)
    own = bool(us.get("name")) and name.casefold() == us["name"].casefold()
    parent = str(item.get("parent_id") or within.parent) if kind == "comment" else ""
    link = storable(str(item.get("permalink") or ""))
    return Mention(
        platform="instagram",
        native_id=native_id,
        text=storable(said).strip() if isinstance(said, str) else "",
        collected_at=now,
        published_at=moment(item.get("timestamp"), now),
        author=Author(handle=name, url=f"https://www.instagram.com/{name}/") if name else None,
        permalink=link or (f"{within.link}c/{native_id}/" if within.link.endswith("/") else within.link),
        root=within.root,
        parent=parent,
        reach=count(item.get("like_count")),
        own=own,
        to_us=within.ours and parent == within.parent and not own,
        raw=storable_deep({key: value for key, value in item.items() if key != "replies"}),
    )


def _writer(item: Mapping[str, Any]) -> str:
    writer = item.get("from")
    found = (writer.get("username") if isinstance(writer, dict) else None) or item.get("username")
    return storable(found) if isinstance(found, str) else ""
