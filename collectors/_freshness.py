"""What response headers, and a feed itself, say about when to ask again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A cache lifetime is a wish about copies, not about news: it holds back a reading by an hour at most.
_LONGEST_FRESH = timedelta(hours=1)
_LONGEST_RETRY = timedelta(days=366)
# A feed's own word on its rhythm is about news, but often a template's: it holds back a reading by a day at most.
_LONGEST_PACE = timedelta(days=1)
# RSS 1.0 module "syndication": updatePeriod is one of these, updateFrequency how often it happens in one.
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def http_date(value: str) -> datetime | None:
    """An HTTP date in UTC, None when it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The time that Retry-After names, in seconds or as an HTTP date (RFC 9110, 10.2.3); never before ``now``."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", value):
        return now + min(timedelta(seconds=float(value)), _LONGEST_RETRY)
    moment = http_date(value)
    return None if moment is None else max(moment, now)


def fresh_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when the answer counts as fresh by Cache-Control max-age or else Expires; an hour from ``now`` at most."""
    control = headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    age = re.search(r"(?<![\w-])max-age\s*=\s*\"?([0-9]{1,12})", control)
    if age is not None:
        until = now + min(timedelta(seconds=int(age[1])), _LONGEST_FRESH)
    else:
        expires = http_date(headers.get("expires", ""))
        if expires is None:
            return None
        until = min(expires, now + _LONGEST_FRESH)
    return until if until > now else None


def pace(*, ttl: str = "", period: str = "", frequency: str = "") -> timedelta | None:
    """How long a feed wants to be left alone between two readings; a day at most, None when it says nothing usable.

    ``ttl`` is RSS 2.0's <ttl> in minutes, ``period`` and ``frequency`` are sy:updatePeriod and sy:updateFrequency.
    The longer of both holds.
    """
    wishes = []
    if re.fullmatch(r"[0-9]{1,9}", ttl.strip()):
        wishes.append(timedelta(minutes=int(ttl)))
    length = _PERIODS.get(period.strip().lower())
    if length is not None:
        often = frequency.strip()
        wishes.append(length / max(1, int(often) if re.fullmatch(r"[0-9]{1,9}", often) else 1))
    longest = min(max(wishes, default=timedelta(0)), _LONGEST_PACE)
    return longest or None
