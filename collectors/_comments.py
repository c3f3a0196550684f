"""The feeds of comments below a feed's items: which there are, and which to read next. Pure; `feeds` fetches.

The feed's cursor keeps them under "comments", the newest item's first, each::

    url, parent         the feed of comments, and the native id of the item that it belongs to
    seen                when the item was published, or first seen: it is watched for thirty days from then
    read                when its comments were last read, "" for never: the longest ago comes first
    after               not to be asked again before
    failures            in a row
    etag, modified      the validators, sent back byte for byte
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sahut.core.errors import SettingsError
from sahut.core.model import Mention, Source

Watched = dict[str, Any]
# Of one reading of the feed, so that a site with hundreds of articles is asked a few times and no more.
PER_READING = 5
_MOST = 50
_FOR = timedelta(days=30)
_LONGEST_WAIT = timedelta(days=1)


def wanted(source: Source) -> bool:
    """Whether comments are to be read. Raises SettingsError for an option that is neither yes nor no."""
    said = str(source.options.get("comments", "no")).strip().lower()
    if said not in {"yes", "no", "true", "false"}:
        raise SettingsError(f"'{said}' is neither yes nor no", file="source", key="options.comments")
    return said in {"yes", "true"}


def watched(known: Sequence[Watched], items: Iterable[Mention], now: datetime) -> list[Watched]:
    """What to watch from now on: ``known`` and what ``items`` of the feed lead to, without what is old."""
    by_parent = {str(one["parent"]): dict(one) for one in known}
    for item in items:
        url = item.raw.get("comments")
        if url:
            seen = (item.published_at or now).isoformat()
            one = by_parent.setdefault(item.native_id, {"parent": item.native_id, "seen": seen, "read": ""})
            one["url"] = url
    recent = [one for one in by_parent.values() if now - _time(one["seen"]) < _FOR]
    return sorted(recent, key=lambda one: str(one["seen"]), reverse=True)[:_MOST]


def due(found: Sequence[Watched], interval: timedelta, now: datetime) -> list[Watched]:
    """Which to read now: those read longest ago, never twice within the feed's interval."""
    ready = [
        one
        for one in found
        if ("after" not in one or _time(one["after"]) <= now)
        and (not one["read"] or now - _time(one["read"]) >= interval * 0.9)
    ]
    return sorted(ready, key=lambda one: str(one["read"]))[:PER_READING]


def validators(one: Watched) -> dict[str, str]:
    """The headers that ask whether there is anything new."""
    pairs = (("If-None-Match", one.get("etag")), ("If-Modified-Since", one.get("modified")))
    return {name: str(value) for name, value in pairs if value}


def forget_validators(found: Iterable[Watched]) -> None:
    """Ask for everything again: it is to be read another way."""
    for one in found:
        one.pop("etag", None)
        one.pop("modified", None)


def answered(one: Watched, headers: Mapping[str, str] | None, next_check: datetime | None, now: datetime) -> None:
    """Write down that it was read; ``headers`` are those of a new document, None for an unchanged one."""
    one["read"] = now.isoformat()
    one.pop("failures", None)
    one.pop("after", None)
    if next_check is not None:
        one["after"] = next_check.isoformat()
    if headers is not None:
        forget_validators([one])
        for key, header in (("etag", "etag"), ("modified", "last-modified")):
            if headers.get(header):
                one[key] = headers[header]


def failed(one: Watched, interval: timedelta, not_before: datetime | None, now: datetime) -> None:
    """Let it wait, twice as long after each failure, up to a day, or as long as its server said."""
    one["failures"] = int(one.get("failures", 0)) + 1
    wait = now + min(interval * 2 ** min(one["failures"], 16), _LONGEST_WAIT)
    one["read"] = now.isoformat()
    one["after"] = max(wait, not_before or wait).isoformat()


def hold_host(found: Iterable[Watched], limited: Watched) -> None:
    """A limit is the server's: whatever else stands on it waits as long."""
    for one in found:
        if _host(one) == _host(limited):
            one["after"] = max(str(one.get("after", "")), limited["after"])


def as_comment(mention: Mention, parent: str) -> Mention:
    """A post of a feed of comments, below the item that it speaks of."""
    return replace(
        mention,
        # "Comment on TITLE by NAME" are its publisher's words, and would be judged as the citizen's.
        title="" if mention.text else mention.title,
        parent=parent,
        root=parent,
        raw={**mention.raw, "parent": parent},
    )


def _host(one: Watched) -> str:
    try:
        return urlsplit(str(one["url"])).netloc.lower()
    except ValueError:
        return ""


def _time(written: Any) -> datetime:
    return datetime.fromisoformat(str(written))
