"""Answers on Mastodon: how long a text is, sending it, and finding it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import methodcaller
from typing import Any

from mastodon import Mastodon
from mastodon.utility import url_regex

from collectors import _mastodon_statuses as statuses
from collectors._html import clean
from collectors._mastodon_line import LIMIT, LINK, Home, Line
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Capability, Mention, Problem, ReplyRules, SentReply
from sahut.core.rules import plain_words

_PAGE = 40
_SKEW = timedelta(minutes=2)
_NAMED = re.compile(r"(?<![\w/])@([\w.-]+(?:@[\w.:-]+)?)")


def capability(mention: Mention, access: Access | None) -> Capability:
    """See `MastodonCollector.capability`."""
    if mention.own:
        return Capability.NONE
    home = Home.kept(access.session) if access is not None else None
    if access is None or not access.secrets.get("access_token") or (home and home.domain != mention.raw.get("home")):
        return Capability.MANUAL
    return Capability.API


def measure(text: str, mention: Mention, access: Access | None) -> ReplyRules:
    """See `MastodonCollector.measure`: graphemes, a link as 23 (or what the server says), names without their server.

    The server's own limit is known once a source was read with the credential; before, Mastodon's usual one counts.
    """
    home = Home.kept(access.session) if access is not None else None
    whole = _whole(text.strip(), mention)
    used = Mastodon.get_status_length(whole) if text.strip() else 0
    if home is not None and home.link != LINK and used:
        used += (home.link - LINK) * len(url_regex.findall(whole))
    return ReplyRules(used=used, limit=home.limit if home is not None else LIMIT)


def reply(line: Line, mention: Mention, text: str, *, key: str) -> SentReply:
    """See `Replier.reply`."""
    home = line.home()
    local = statuses.local_id(mention.native_id, home)
    if not local:
        raise PermanentError(
            f"Mastodon: {mention.native_id} was read on another server than {home.domain}, where our account is",
            problem=Problem.BAD_SETTINGS,
        )
    try:
        answer = line.ask(
            "the answer",
            lambda client: client.status_post(
                _whole(text, mention), in_reply_to_id=local, visibility="public", idempotency_key=key
            ),
        )
    except TransientError as error:
        if line.in_doubt:
            raise InDoubtError(
                f"Mastodon did not say whether the answer to {mention.native_id} was taken ({error})",
                problem=error.problem,
            ) from error
        raise
    sent = _sent(answer, home, line)
    if sent is None:
        raise InDoubtError(
            f"Mastodon took the answer to {mention.native_id} without naming it", problem=Problem.NOT_READABLE
        )
    return sent


def find(line: Line, mention: Mention, text: str, *, since: datetime) -> SentReply | None:
    """See `Replier.find_reply`."""
    home = line.home()
    local, begin, below = statuses.local_id(mention.native_id, home), since - _SKEW, ""
    while True:
        bounds = {"max_id": below} if below else {}
        page = line.ask(
            "our own posts",
            methodcaller("account_statuses", home.account_id, limit=_PAGE, **bounds),
        )
        if not isinstance(page, list):
            raise TransientError("Mastodon did not list our own posts", problem=Problem.NOT_READABLE)
        for status in page:
            if _is_it(status, local, text, begin):
                return _sent(status, home, line)
        ids = [one for one in map(statuses.id_of, page) if one]
        oldest = min(ids, key=lambda one: (len(one), one), default="")
        times = [at for at in map(statuses.made_at, page) if at is not None]
        if not oldest or oldest == below or min(times, default=begin) < begin:
            return None
        below = oldest


def _is_it(status: Any, local: str, text: str, begin: datetime) -> bool:
    if not isinstance(status, dict) or status.get("in_reply_to_id") != local:
        return False
    at = statuses.made_at(status)
    return at is not None and at >= begin and _words(clean(str(status.get("content")))) == _words(text)


def _words(text: str) -> list[str]:
    """Without names, which some servers show without and some with their server."""
    return plain_words(_NAMED.sub(" ", text))


def _whole(text: str, mention: Mention) -> str:
    """The text with the name of whom it answers: without it a server tells them nothing."""
    handle = mention.author.handle if mention.author is not None else ""
    name, _, server = handle.lower().partition("@")
    known = {handle.lower()} | ({name} if server == mention.raw.get("home") else set())
    named = {found.lower() for found in _NAMED.findall(text)}
    return f"@{handle} {text}" if handle and not known & named else text


def _sent(status: Any, home: Home, line: Line) -> SentReply | None:
    local = statuses.id_of(status)
    if not local:
        return None
    found: Mapping[str, Any] = status
    return SentReply(
        native_id=statuses.identity(local, home),
        permalink=statuses.link_to(found),
        sent_at=statuses.made_at(found),
        session=line.fresh,
    )
