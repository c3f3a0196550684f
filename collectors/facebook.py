"""Facebook: comments on a Page's posts, posts of visitors, posts that tag the Page; answers as the Page.

A source's address is the Page's id, or "me" for the Page whose token the credential holds. Its option ``read`` names
what is read: "comments", "tagged", both unless told. Comments come with their replies in one flat list, newest first;
Facebook moves a post's ``updated_time`` and its count with every comment, so only posts that have moved are read.

Facebook hides ``from`` of people who have not let our app see them: such a mention has no author.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors import _graph_context
from collectors._graph_member import WATCH_DAYS, GraphMember, count, same_words, utf16_length
from collectors._graph_walk import Edge, Shape, Within, moment
from collectors._text import storable, storable_deep
from sahut.core.errors import PermanentError
from sahut.core.model import (
    Access,
    Author,
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

LONGEST_COMMENT = 8_000
_READS = ("comments", "tagged")
_POSTS_ASK = "pages_read_engagement and pages_read_user_content"
_TAGGED_ASK = "pages_read_user_content"
_REPLY_ASK = "pages_manage_engagement"
_POST = "id,message,story,created_time,permalink_url,from{id,name},attachments{title,description}"
_COMMENT = (
    "id,message,created_time,permalink_url,from{id,name},parent{id,from{id}},like_count,attachment{title,description}"
)
# Where Facebook keeps a comment's own id from apps without a role on the Page, its link still tells.
_LINK = re.compile(r"/posts/(\d+)/?\?comment_id=(\d+)(?:&reply_comment_id=(\d+))?")
_ID = re.compile(r"[0-9]+(_[0-9]+)?")


class FacebookCollector(GraphMember):
    """Reads and answers as one Page."""

    platform = "facebook"
    title = "Facebook"
    home = "https://graph.facebook.com"
    version = "v26.0"
    who_fields = "id,name"
    recheck_fields = "id,message,created_time,permalink_url,from{id,name}"
    recheck_asks = _POSTS_ASK
    own_list = "feed"
    tag_list = "tagged"
    guide = Guide(
        steps=(
            "On developers.facebook.com create an app of type Business, and let the agency's business be verified.",
            "In App Review ask for pages_show_list, pages_read_engagement and pages_read_user_content,",
            "for webhooks also pages_manage_metadata, to answer also pages_manage_engagement.",
            "In Business settings make a system user with content and moderation on the Page, and a token without end.",
            "With it ask GET /me/accounts: there stands the Page's own token.",
            "Copy that token and, from the app's basic settings, the app secret.",
        ),
        needs=(
            Need(key="access_token", words="the Page's access token"),
            Need(key="app_secret", words="the app secret: signs our calls, and proves webhooks", required=False),
            Need(key="verify_token", words="a word of your own that Meta repeats to set webhooks up", required=False),
        ),
    )

    form = SourceForm(
        places=(
            PlaceSort(key="ours", words="our Page", address="me"),
            PlaceSort(
                key="page",
                words="another Page",
                asks=FormField(
                    key="page",
                    words="the Page's number",
                    help="Another's only with the leave 'Page Public Content Access' of Meta.",
                    required=True,
                ),
            ),
        ),
        options=(
            FormField(
                key="read",
                words="what is read there",
                kind=FieldKind.CHOICE,
                choices=(
                    Choice(value="comments,tagged", words="both"),
                    Choice(value="comments", words="only comments on our posts"),
                    Choice(value="tagged", words="only posts that tag our Page"),
                ),
                default="comments,tagged",
            ),
            WATCH_DAYS,
        ),
    )

    def plan(self, source: Source, us: Mapping[str, str]) -> list[Edge]:  # noqa: ARG002 - "me" says it
        """The Page's feed, then posts that tag it."""
        page = source.address.strip() or "me"
        if page != "me" and not _ID.fullmatch(page):
            raise PermanentError(
                f"source '{source.name}': '{page}' is no Page id; it is a number, or 'me'", problem=Problem.BAD_SETTINGS
            )
        counted = "comments.filter(stream).limit(0).summary(true)"
        edges = {
            "comments": Edge(
                name="feed",
                path=f"{page}/feed",
                params={"fields": f"{_POST},updated_time,{counted}", "limit": "50"},
                kind="post",
                asks=_POSTS_ASK,
                threaded=True,
            ),
            "tagged": Edge(
                name="tagged",
                path=f"{page}/tagged",
                params={"fields": _POST, "limit": "50"},
                kind="post",
                asks=_TAGGED_ASK,
            ),
        }
        return [edges[one] for one in self.reads(source, _READS)]

    def shape(self, us: Mapping[str, str], now: datetime) -> Shape:
        """Posts and comments; who we are tells which are our own."""
        return Shape(
            read=lambda kind, item, within: _mention(kind, item, within, us.get("id", ""), now),
            mark=_mark,
            comments=_comments,
            replies=_comments,
            nested=lambda _item: {},
        )

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """A call each for the comment above and the post, and one for each list of those beside and below."""
        return _graph_context.levels(self.looker(access, now), mention, caps)

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """Everything that we can read can be commented on by the Page, as far as asking nobody tells."""
        if access is not None and access.secrets.get("access_token"):
            return Capability.API
        return Capability.MANUAL if mention.permalink else Capability.NONE

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - one rule for all
        """8,000 characters, counted as JavaScript counts them (UTF-16), so that we never count less than Facebook."""
        return ReplyRules(used=utf16_length(text), limit=LONGEST_COMMENT)

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - Facebook knows no such keys
        """Comment under ``mention`` as the Page. Raises InDoubtError where it may stand there."""
        path = f"{_target(mention)}/comments"
        answer = self._graph.post(
            access, path, {"message": text, "fields": "id,permalink_url"}, asks=_REPLY_ASK, now=now
        )
        return self.sent(answer, path, now)

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """The Page's comment with these words under ``mention``."""
        us = self._known_us(access, now)
        for item in self.listed(_comments(_target(mention)), "created_time", since=since, now=now, access=access):
            if _is(item, us["id"]) and same_words(item.get("message"), text):
                at = moment(item.get("created_time"), now)
                if at is None or at >= since:
                    link = str(item.get("permalink_url") or "")
                    return SentReply(native_id=str(item["id"]), permalink=link, sent_at=at)
        return None


def _comments(parent: str) -> Edge:
    return Edge(
        name="comments",
        path=f"{parent}/comments",
        params={"fields": _COMMENT, "filter": "stream", "order": "reverse_chronological", "limit": "100"},
        kind="comment",
        asks=_POSTS_ASK,
    )


def _target(mention: Mention) -> str:
    """What to comment on: Facebook keeps answers to an answer under the first comment."""
    return mention.parent if mention.parent and mention.parent != mention.root else mention.native_id


def _mark(post: Mapping[str, Any]) -> str:
    comments = post.get("comments")
    summary = comments.get("summary") if isinstance(comments, dict) else None
    count = summary.get("total_count") if isinstance(summary, dict) else None
    return "" if count == 0 else f"{count}@{post.get('updated_time', '')}"


def _mention(kind: str, item: Mapping[str, Any], within: Within, us: str, now: datetime) -> Mention:
    native_id, root, parent = _place(kind, item, within)
    above = item.get("parent")
    if kind == "comment" and isinstance(above, dict) and above.get("id"):
        parent = str(above["id"])
        answers_us = _is(above, us)
    else:
        answers_us = within.ours and parent == within.parent
    own = _is(item, us)
    return Mention(
        platform="facebook",
        native_id=native_id,
        text=_text(item),
        collected_at=now,
        published_at=moment(item.get("created_time"), now),
        author=_author(_from(item)),
        permalink=storable(str(item.get("permalink_url") or "")),
        root=root,
        parent=parent,
        reach=count(item.get("like_count")),
        own=own,
        to_us=answers_us and not own,
        raw=storable_deep(dict(item)),
    )


def _is(item: Mapping[str, Any], us: str) -> bool:
    return bool(us) and str(_from(item).get("id", "")) == us


def _place(kind: str, item: Mapping[str, Any], within: Within) -> tuple[str, str, str]:
    """Id, root and parent. Raises ValueError where there is no id."""
    found = item.get("id")
    link = _LINK.search(str(item.get("permalink_url") or ""))
    if isinstance(found, str | int) and not isinstance(found, bool) and _ID.fullmatch(str(found)):
        native_id = str(found)
    elif kind != "post" and link is not None:
        native_id = f"{link[1]}_{link[3] or link[2]}"
    else:
        raise ValueError(f"a {'post' if kind == 'post' else 'comment'} without an id")
    if kind != "comment" or link is None:
        return native_id, within.root, within.parent
    root = within.root or link[1]
    return native_id, root, f"{link[1]}_{link[2]}" if link[3] else root


def _text(item: Mapping[str, Any]) -> str:
    """What was written; else what the picture, link or video says that was posted without a word."""
    said = item.get("message")
    if isinstance(said, str) and said.strip():
        return storable(said).strip()
    attachments = item.get("attachments")
    data = attachments.get("data") if isinstance(attachments, dict) else None
    shown = data[0] if isinstance(data, list) and data else item.get("attachment")
    parts = [shown.get("title"), shown.get("description")] if isinstance(shown, dict) else []
    words = [storable(part).strip() for part in [*parts, item.get("story")] if isinstance(part, str) and part.strip()]
    return "\n".join(dict.fromkeys(words[:2]))


def _from(item: Mapping[str, Any]) -> Mapping[str, Any]:
    found = item.get("from")
    return found if isinstance(found, dict) else {}


def _author(writer: Mapping[str, Any]) -> Author | None:
    handle, name = storable(str(writer.get("id") or "")), storable(str(writer.get("name") or ""))
    return Author(handle=handle or name, name=name) if handle or name else None
