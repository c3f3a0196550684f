"""Answers on X: how a post can be answered, what a text costs, sending, and looking up what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import requests
import tweepy

from collectors import _x_posts as posts
from collectors._sessions import never_left, unanswered
from collectors._settings import CollectorSettings
from collectors._x_client import OWNED, USER, Meter, XClient, account, as_user, ask, opened, refused
from collectors._x_length import LIMIT, links, weighted, without_links
from sahut.core.errors import InDoubtError, PermanentError
from sahut.core.model import Access, Capability, Mention, Problem, ReplyRules, SentReply
from sahut.core.rules import plain_words

# US dollars for a post of ours (docs.x.com, pricing, 2026): an answer to somebody who named us, any other, one with a
# link.
SUMMONED, UNSUMMONED, _WITH_LINK = 0.010, 0.015, 0.20
_CONTINUED = "continues our own"
_PAGE = 100
_FORBIDDEN = 403
# A time-out or failure of X's may come after the post was made; other answers are given in its place.
_UNCLEAR = frozenset({408, *range(500, 600)})
# X's clock and ours differ.
_SKEW = timedelta(minutes=1)
_RECENT = timedelta(days=1)
_YES = frozenset({"yes", "ya", "true", "1"})
_FIELDS = {
    "tweet_fields": ["author_id", "created_at", "edit_history_tweet_ids", "entities", "note_tweet", "referenced_tweets"]
}


class XReplier:
    """Answers as the account whose keys the credential holds."""

    platform = "x"
    _settings: CollectorSettings

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """By API only where the author named or quoted our account, or X has exempted our app; else by hand."""
        named = _named(mention, access)
        if mention.own or (mention.raw.get("reply_settings") == "mentionedUsers" and not named):
            return Capability.NONE
        if access is None or mention.repost_of or not as_user(access):
            return Capability.MANUAL
        return Capability.API if named or exempt(access) else Capability.MANUAL

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:
        """In weighted characters of 280; with what sending costs and whether a link makes it dear."""
        by_api = self.capability(mention, access) is Capability.API
        cost = _cost(text, mention, access) if by_api else 0.0
        warnings = []
        if by_api and (found := links(text)):
            usual = _cost(without_links(text), mention, access)
            warnings.append(
                f"the link {found[0]} makes X charge {cost:.2f} USD for this reply, {usual:.3f} without: "
                "leave it out where a ticket number will do"
            )
        return ReplyRules(used=weighted(text.strip()), limit=LIMIT, cost_usd=cost, warnings=tuple(warnings))

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - X knows no such keys
        """Post ``text`` under ``mention``. Raises as `Replier.reply` says."""
        if self.capability(mention, access) is not Capability.API:
            raise PermanentError(
                "X takes no answer by API here: its author neither mentioned nor quoted our account, or our account's "
                "keys are missing. Copy the text, open the post on X, answer there, and mark it as answered",
                problem=Problem.LACKS_ACCESS,
            )
        # Whoever sends has set the price aside in the shared purse.
        with Meter(replace(access, shared=None), now).room(_cost(text, mention, access)):
            pass
        with opened(access, self._settings, now) as client:
            answer = self._create(client, mention, text, now, access)
        data = answer.get("data") if isinstance(answer, dict) else None
        native_id = str(data.get("id") or "") if isinstance(data, dict) else ""
        if not native_id.isdecimal():
            raise _in_doubt("X answered without the id of the post")
        return SentReply(native_id=native_id, permalink=_permalink(native_id, access), sent_at=now)

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        """Our answer, to be continued; X takes a post below one of our own, at the price of any other."""
        raw = {name: value for name, value in mention.raw.items() if name != "version"}
        return replace(
            mention,
            native_id=above.native_id,
            permalink=above.permalink,
            parent=mention.native_id,
            published_at=above.sent_at,
            raw={**raw, _CONTINUED: True},
        )

    def _create(self, client: XClient, mention: Mention, text: str, now: datetime, access: Access) -> Any:
        version = str(mention.raw.get("version") or mention.native_id)
        try:
            return client.create_tweet(text=text, in_reply_to_tweet_id=version, user_auth=True)
        except tweepy.HTTPException as error:
            if error.response.status_code in _UNCLEAR:
                raise _in_doubt(
                    f"X answered {error.response.status_code}; where it always answers 503 to posts, the account's "
                    "plan does not allow posting: see its credits in X's developer console"
                ) from error
            if error.response.status_code == _FORBIDDEN and "duplicate" in str(error).lower():
                return self._duplicate(client, mention, text, now, access)
            raise refused("the reply", error.response, now) from error
        except requests.RequestException as error:
            if never_left(error):
                raise unanswered("X: the reply", error) from error
            raise _in_doubt("the connection ended before X answered") from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise _in_doubt("X answered what cannot be read") from error

    def _duplicate(self, client: XClient, mention: Mention, text: str, now: datetime, access: Access) -> dict[str, Any]:
        """X says that we posted the text already: under this post, or under another."""
        for post in _own_answers(client, mention, text, now - _RECENT, now, access):
            return {"data": {"id": post.native_id}}
        raise PermanentError(
            "X refuses the reply since our account said the same lately under another post: say it in other words",
            problem=Problem.BAD_SETTINGS,
        )

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Looked for in our account's own timeline; links and punctuation do not count, since X changes links."""
        with opened(access, self._settings, now) as client:
            for post in _own_answers(client, mention, text, since, now, access):
                permalink = _permalink(post.native_id, access)
                return SentReply(native_id=post.native_id, permalink=permalink, sent_at=post.published_at)
        return None


def _named(mention: Mention, access: Access | None) -> bool:
    """Whether the author named or quoted the account that answers: X calls that summoned."""
    if access is None:
        return False
    ours = posts.Ours.of(access)
    named = mention.raw.get("mentions") or {}
    answering = posts.handles(access)[:1]
    return (
        any(handle in named for handle in answering)
        or bool(ours.ids & set(map(str, named.values())))
        or str(mention.raw.get("quoted_author", "")) in ours.ids
    )


def exempt(access: Access) -> bool:
    """Whether X lets it answer anybody."""
    return access.settings.get("answers_anyone", "").strip().lower() in _YES


def _cost(text: str, mention: Mention, access: Access | None) -> float:
    if links(text):
        return _WITH_LINK
    return SUMMONED if _named(mention, access) and not mention.raw.get(_CONTINUED) else UNSUMMONED


def _permalink(native_id: str, access: Access) -> str:
    return f"https://x.com/{next(iter(posts.handles(access)), 'i')}/status/{native_id}"


def _in_doubt(words: str) -> InDoubtError:
    return InDoubtError(f"X: whether the reply stands there is not known: {words}", problem=Problem.UNREACHABLE)


def _own_answers(
    client: XClient, mention: Mention, text: str, since: datetime, now: datetime, access: Access
) -> Iterator[Mention]:
    """Our posts under ``mention`` that say ``text``. Raises TransientError, PermanentError as `find_reply`."""
    meter, ours = Meter(access, now), posts.Ours.of(access)
    us = next(iter(ours.ids), "")
    if not us:
        with meter.room(USER):
            us = account(client, "our own account", now, partial(client.get_me, user_auth=True))["id"]
            meter.charge(USER)
    answered = {mention.native_id, str(mention.raw.get("version") or mention.native_id)}
    wanted = plain_words(without_links(text))
    asked: dict[str, Any] = {"start_time": since - _SKEW, "user_auth": True, **_FIELDS}
    while True:
        with meter.room(OWNED, most=_PAGE, least=5) as size:
            asked["max_results"] = size
            answer = ask(client, "our own posts", now, partial(client.get_users_tweets, us, **asked))
            meter.charge(posts.price(answer, each=OWNED))
        for post in posts.take_apart(answer, ours, now, {}).mentions:
            if post.parent in answered and plain_words(without_links(post.text)) == wanted:
                yield post
        asked["pagination_token"] = (answer.get("meta") or {}).get("next_token")
        if not asked["pagination_token"]:
            return
