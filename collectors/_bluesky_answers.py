"""Answers on Bluesky: sending one so that it can stand only once, and finding it again.

The atproto library comes along: as `collectors._bluesky_line`, imported where a call is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from atproto_client import models
from atproto_client.utils.facet_detection import detect_facets, detect_mentions
from pydantic import ValidationError

from collectors import _bluesky_posts as posts
from collectors._bluesky_line import Line
from sahut.core.errors import CollectError, InDoubtError, PermanentError, TransientError
from sahut.core.model import Mention, Problem, SentReply
from sahut.core.rules import plain_words

_PAGE = 100
_SKEW = timedelta(minutes=2)
_MOST_NAMES = 5
_CREATE, _GET, _LIST = "com.atproto.repo.createRecord", "com.atproto.repo.getRecord", "com.atproto.repo.listRecords"


def reply(line: Line, mention: Mention, text: str, *, key: str, now: datetime) -> SentReply:
    """See `Replier.reply`. Where the server refuses, or does not say, our own record decides."""
    line.sign_in()
    record, rkey = _record(line, mention, text, now), posts.record_key(mention, key)
    try:
        answer = line.procedure(_CREATE, repo=line.did, collection=posts.POST, rkey=rkey, record=record)
    except (InDoubtError, PermanentError) as error:
        if error.problem in {Problem.REFUSED_CREDENTIAL, Problem.LACKS_ACCESS, Problem.NO_CREDITS}:
            raise
        standing = _standing(line, rkey, error)
        if standing is None:
            raise
        return standing
    uri = answer.get("uri")
    if not isinstance(uri, str) or not uri.startswith("at://"):
        raise InDoubtError(
            f"Bluesky took the answer to {mention.native_id} without naming it", problem=Problem.NOT_READABLE
        )
    return SentReply(native_id=uri, permalink=posts.link_to(uri), sent_at=now, session=line.fresh)


def find(line: Line, mention: Mention, text: str, *, since: datetime) -> SentReply | None:
    """See `Replier.find_reply`. Read from our own account's records, which no index lags behind."""
    line.sign_in()
    least, cursor, passed = posts.least_key(mention), "", set[str]()
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = line.query(_LIST, repo=line.did, collection=posts.POST, limit=_PAGE, **more)
        records = answer.get("records")
        if not isinstance(records, list):
            raise TransientError("Bluesky did not list our own posts", problem=Problem.NOT_READABLE)
        for one in records:
            if _is_it(one, mention, text, since - _SKEW):
                return _sent(one, line)
        keys = [str(one.get("uri")).rpartition("/")[2] for one in records if isinstance(one, dict)]
        following = answer.get("cursor")
        if not keys or min(keys) < least or not isinstance(following, str) or following in passed or not following:
            return None
        passed.add(following)
        cursor = following


def _record(line: Line, mention: Mention, text: str, now: datetime) -> Any:
    parent = {"uri": mention.native_id, "cid": str(mention.raw.get("cid", "")) or _our_version(line, mention.native_id)}
    if not parent["cid"]:
        raise PermanentError(
            f"Bluesky: {mention.native_id} was read without its version, so that it cannot be answered",
            problem=Problem.BAD_SETTINGS,
        )
    root = {"uri": str(mention.raw.get("root_uri", "")), "cid": str(mention.raw.get("root_cid", ""))}
    strong = models.ComAtprotoRepoStrongRef.Main
    above = models.AppBskyFeedPost.ReplyRef(
        parent=strong(**parent), root=strong(**(root if all(root.values()) else parent))
    )
    facets = [*detect_facets(text), *_names(line, mention, text)]
    facets.sort(key=lambda facet: facet.index.byte_start)
    made = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        return models.AppBskyFeedPost.Record(text=text, created_at=made, reply=above, facets=facets or None)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise PermanentError(
            f"Bluesky takes no such answer to {mention.native_id}: {first['msg']}", problem=Problem.BAD_SETTINGS
        ) from error


def _our_version(line: Line, uri: str) -> str:
    """That of a post of ours, as it stands among our records; "" for anybody else's."""
    if not uri.startswith(f"at://{line.did}/"):
        return ""
    return str(line.query(_GET, repo=line.did, collection=posts.POST, rkey=uri.rpartition("/")[2]).get("cid", ""))


def _names(line: Line, mention: Mention, text: str) -> list[Any]:
    """Marks for the people named in the text: without them nobody is told. Names of nobody stay words."""
    known = {mention.author.handle.lower(): str(mention.raw.get("did", ""))} if mention.author is not None else {}
    facets = []
    for found in detect_mentions(text)[:_MOST_NAMES]:
        did = known.get(found.handle.lower()) or _did(line, found.handle)
        known[found.handle.lower()] = did
        if did:
            index = models.AppBskyRichtextFacet.ByteSlice(byte_start=found.byte_start, byte_end=found.byte_end)
            features: list[Any] = [models.AppBskyRichtextFacet.Mention(did=did)]
            facets.append(models.AppBskyRichtextFacet.Main(features=features, index=index))
    return facets


def _did(line: Line, handle: str) -> str:
    try:
        return str(line.query("com.atproto.identity.resolveHandle", handle=handle).get("did", ""))
    except PermanentError:
        return ""


def _standing(line: Line, rkey: str, error: CollectError) -> SentReply | None:
    """Our record of that key, None where there is none. Raises InDoubtError where that cannot be said."""
    try:
        found = line.query(_GET, repo=line.did, collection=posts.POST, rkey=rkey)
    except PermanentError as missing:
        if missing.problem in {Problem.NOT_FOUND, Problem.BAD_SETTINGS}:
            return None
        raise InDoubtError(f"{error}; and whether it stands there: {missing}", problem=error.problem) from missing
    except TransientError as unsaid:
        raise InDoubtError(f"{error}; and whether it stands there: {unsaid}", problem=error.problem) from unsaid
    return _sent(found, line)


def _is_it(one: Any, mention: Mention, text: str, begin: datetime) -> bool:
    value = one.get("value") if isinstance(one, dict) else None
    above = value.get("reply") if isinstance(value, dict) else None
    parent = above.get("parent") if isinstance(above, dict) else None
    if not isinstance(value, dict) or not isinstance(parent, dict) or parent.get("uri") != mention.native_id:
        return False
    at = posts.moment(value.get("createdAt"))
    return at is not None and at >= begin and plain_words(str(value.get("text"))) == plain_words(text)


def _sent(one: Mapping[str, Any], line: Line) -> SentReply:
    uri, value = str(one.get("uri", "")), one.get("value")
    at = posts.moment(value.get("createdAt")) if isinstance(value, dict) else None
    return SentReply(native_id=uri, permalink=posts.link_to(uri), sent_at=at, session=line.fresh)
