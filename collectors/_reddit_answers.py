"""Comments of ours on Reddit: what may be said where, saying it, and finding out whether it was said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors import _reddit_posts
from collectors._reddit_line import Line
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Capability, Mention, Problem, ReplyRules, SentReply

LIMIT = 10_000
_PAGE = 100
_CLOCKS = timedelta(minutes=2)  # how far Reddit's clock and ours may be apart
_WAIT = re.compile(r"(\d+)\s*(second|minute|hour)")
_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_LONGEST_WAIT = timedelta(minutes=10)
_MARKDOWN = re.compile(r"^\s{0,3}(#|>|[-*+]\s|\d+[.)]\s|    )|[*_~^`\\]", re.MULTILINE)
_REMOVED = frozenset({"[removed]", "[deleted]"})
_LINE_BREAK = re.compile(r"[^\n]\n[^\n]")
_WORDS = {
    "THREAD_LOCKED": "the conversation is locked",
    "DELETED_COMMENT": "the comment was deleted",
    "DELETED_LINK": "the post was deleted",
    "TOO_OLD": "the conversation is archived",
    "TOO_LONG": "the text is too long",
    "NO_TEXT": "there is no text",
    "SUBREDDIT_NOTALLOWED": "our account may not write in this subreddit",
    "SUBREDDIT_OUTBOUND_LINKING_DISALLOWED": "links are not allowed in this subreddit",
    "USER_BLOCKED": "the writer blocked our account, or the other way round",
}


def capability(mention: Mention, access: Access | None) -> Capability:
    """See `RedditCollector.capability`."""
    if mention.raw.get("locked") or mention.raw.get("archived"):
        return Capability.NONE
    signed = access is not None and (access.secrets.get("password") or access.secrets.get("refresh_token"))
    return Capability.API if signed and access is not None and access.settings.get("username") else Capability.MANUAL


def measure(text: str) -> ReplyRules:
    """See `RedditCollector.measure`."""
    warnings = []
    if _MARKDOWN.search(text):
        warnings.append("Reddit reads Markdown: # > * _ ~ ^ ` \\ and lists change how the text looks")
    if _LINE_BREAK.search(text):
        warnings.append("Reddit joins lines: only an empty line makes a new paragraph")
    return ReplyRules(used=len(text.strip()), limit=LIMIT, warnings=tuple(warnings))


def reply(line: Line, mention: Mention, text: str, *, now: datetime) -> SentReply:
    """See `Replier.reply`."""
    _need_account(line)
    try:
        answer = line.call("POST", "api/comment/", data={"thing_id": mention.native_id, "text": text})
    except TransientError as error:
        if line.in_doubt:
            raise InDoubtError(
                f"Reddit did not say whether the answer to {mention.native_id} was taken ({error})",
                problem=error.problem,
            ) from error
        raise
    body = answer.get("json") if isinstance(answer, dict) else None
    if isinstance(body, dict) and body.get("errors"):
        raise _refused(body, mention, now)
    things = body.get("data") if isinstance(body, dict) else None
    for comment in _comments(things.get("things") if isinstance(things, dict) else None):
        return _sent(comment)
    raise InDoubtError(
        f"Reddit answered our comment on {mention.native_id} without naming it", problem=Problem.NOT_READABLE
    )


def find(line: Line, mention: Mention, text: str, *, since: datetime) -> SentReply | None:
    """See `Replier.find_reply`.

    A long conversation hides comments, and the list of what an account wrote may lag: only both together can say no.
    """
    _need_account(line)
    begin = (since - _CLOCKS).timestamp()
    for comment in [*_below(line, mention), *_written(line, begin)]:
        data = comment["data"]
        # A moderator's removal leaves no text to compare; sent it was all the same.
        same = _plain(str(data.get("body"))) in {_plain(text), *_REMOVED}
        ours = str(data.get("author", "")).lower() == line.account.lower()
        late = (_reddit_posts.created(comment) or 0.0) >= begin
        if data.get("parent_id") == mention.native_id and ours and late and same:
            return _sent(comment)
    return None


def _need_account(line: Line) -> None:
    if not line.account:
        raise PermanentError(
            "Reddit: this credential only reads; give it the account's name with a password or a refresh token",
            problem=Problem.LACKS_ACCESS,
        )


def _refused(body: Mapping[str, Any], mention: Mention, now: datetime) -> TransientError | PermanentError:
    errors = body["errors"] if isinstance(body["errors"], list) else [body["errors"]]
    first = errors[0] if isinstance(errors[0], list) else [errors[0]]
    code, said = (str(part) for part in [*first, "", ""][:2])
    what = f"Reddit did not take the answer to {mention.native_id}"
    if code == "RATELIMIT":
        return TransientError(
            f"{what}: we answer too often ({said})", problem=Problem.RATE_LIMITED, not_before=now + _wait(body, said)
        )
    return PermanentError(f"{what}: {_WORDS.get(code, said or code)}", problem=Problem.LACKS_ACCESS)


def _wait(body: Mapping[str, Any], said: str) -> timedelta:
    seconds = body.get("ratelimit")
    if isinstance(seconds, int | float) and 0 < seconds < timedelta(days=1).total_seconds():
        return timedelta(seconds=seconds)
    found = _WAIT.search(said)
    return timedelta(seconds=(int(found[1][:5]) + 1) * _UNITS[found[2]]) if found else _LONGEST_WAIT


def _comments(children: Any) -> Iterator[dict[str, Any]]:
    """Readable comments, those below them included."""
    for child in children if isinstance(children, list) else []:
        try:
            comment = _reddit_posts.fullname(child).startswith(_reddit_posts.COMMENT)
        except ValueError:
            continue
        if comment:
            yield child
            yield from _comments(_listed(child["data"].get("replies")))


def _listed(listing: Any) -> Any:
    data = listing.get("data") if isinstance(listing, dict) else None
    return data.get("children") if isinstance(data, dict) else None


def _below(line: Line, mention: Mention) -> list[dict[str, Any]]:
    comment = mention.native_id.startswith(f"{_reddit_posts.COMMENT}_")
    thread = (mention.root if comment else mention.native_id).partition("_")[2]
    if not thread:
        return []
    params = {"sort": "new", "limit": "500", "depth": "1"}
    if comment:
        params |= {"comment": mention.native_id.partition("_")[2], "context": "0", "depth": "2"}
    answer = line.call("GET", f"comments/{thread}/", params=params)
    return list(_comments(_listed(answer[1]))) if isinstance(answer, list) and len(answer) > 1 else []


def _written(line: Line, begin: float) -> Iterator[dict[str, Any]]:
    """What our account wrote, newest first, down to ``begin``."""
    after = ""
    while True:
        params = {"sort": "new", "limit": str(_PAGE)} | ({"after": after} if after else {})
        answer = line.call("GET", f"user/{line.account}/comments/", params=params)
        children = _listed(answer)
        if not isinstance(children, list):
            raise TransientError("Reddit did not list what our account wrote", problem=Problem.NOT_READABLE)
        found = list(_comments(children))
        yield from found
        following = answer["data"].get("after")
        oldest = min((_reddit_posts.created(one) or begin for one in found), default=begin)
        if not isinstance(following, str) or following == after or oldest < begin or not found:
            return
        after = following


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _sent(comment: Mapping[str, Any]) -> SentReply:
    data, at = comment["data"], _reddit_posts.created(comment)
    path = data.get("permalink")
    return SentReply(
        native_id=_reddit_posts.fullname(comment),
        permalink=_reddit_posts.WWW + path if isinstance(path, str) and path.startswith("/") else "",
        sent_at=None if at is None else datetime.fromtimestamp(at, UTC),
    )
