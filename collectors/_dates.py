"""Dates as Indonesian sites write them, next to the standard ones.

feedparser reads "10:00:00 WIB" as UTC, seven hours late, and "Selasa, 24 November 2026" or "24/11/2026" not at all, so
the raw string comes here first.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from time import struct_time

ZONES = {"WIB": 7, "WITA": 8, "WIT": 9}
_MONTHS = {
    "januari": "Jan", "jan": "Jan", "january": "Jan", "pebruari": "Feb", "februari": "Feb", "feb": "Feb",
    "february": "Feb",
    "maret": "Mar", "mar": "Mar", "march": "Mar", "april": "Apr", "apr": "Apr", "mei": "May", "may": "May",
    "juni": "Jun", "jun": "Jun", "june": "Jun", "juli": "Jul", "jul": "Jul", "july": "Jul", "agustus": "Aug",
    "agu": "Aug", "agt": "Aug", "ags": "Aug", "aug": "Aug", "august": "Aug", "september": "Sep", "sept": "Sep",
    "sep": "Sep", "oktober": "Oct", "okt": "Oct", "oct": "Oct", "october": "Oct", "november": "Nov", "nopember": "Nov",
    "nov": "Nov", "nop": "Nov", "desember": "Dec", "des": "Dec", "dec": "Dec", "december": "Dec",
}  # fmt: skip
_NUMBER = {name: i + 1 for i, name in enumerate(dict.fromkeys(_MONTHS.values()))}
_DAYS = frozenset(
    [
        "senin",
        "sen",
        "selasa",
        "sel",
        "rabu",
        "rab",
        "kamis",
        "kam",
        "jumat",
        "jum'at",
        "jum",
        "sabtu",
        "sab",
        "minggu",
        "min",
        "ahad",
    ]
)
_ZONE = re.compile(r"\b(WIB|WITA|WIT)\b\.?", re.IGNORECASE)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-])(\d{1,2}):?(\d{2})?\s*$", re.IGNORECASE)
_UNIVERSAL = re.compile(r"\s+(?:UTC|GMT)$")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:?\d{2}.*)?$")
_TIME = (
    r"(?:[\s,T|\-–]*(?:pukul|jam)?\s*(?P<h>\d{1,2})[.:](?P<i>\d{2})(?:[.:](?P<s>\d{2}))?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?)?"
)
_NAMED = re.compile(
    r"^(?:[a-z'’.]+,?\s+)?(?P<d>\d{1,2})[\s\-]+(?P<m>[a-z]+)\.?[\s\-,]+(?P<y>\d{4})" + _TIME, re.IGNORECASE
)
_SLASHED = re.compile(
    r"^(?:[a-z'’.]+,?\s+)?(?P<d>\d{1,2})[/.\-](?P<m>\d{1,2})[/.\-](?P<y>\d{4})" + _TIME, re.IGNORECASE
)
_YEAR_FIRST = re.compile(r"^(?P<y>\d{4})[/\-](?P<m>\d{1,2})[/\-](?P<d>\d{1,2})" + _TIME)
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
FARTHEST = timedelta(days=1)


def read(raw: str, parsed: struct_time | None = None, *, local: timedelta | None = None) -> datetime | None:
    """The moment that ``raw`` names, in UTC; else ``parsed`` (UTC, a library's reading); None for neither.

    Without a zone an Indonesian form (month or day names, day/month/year) counts as WIB, a standard one as UTC; as
    ``local`` hours ahead of UTC, both of them, where that is given.
    """
    text = " ".join(raw.split())
    if not text:
        return None
    try:
        return _indonesian(text, local) or _standard(text, parsed, local)
    except (ValueError, OverflowError):
        return None


def usable(moment: datetime | None, now: datetime) -> datetime | None:
    """``moment`` unless it is before 1995 or more than a day ahead of ``now``: such dates are slips."""
    return moment if moment is not None and EARLIEST <= moment <= now + FARTHEST else None


def _indonesian(text: str, local: timedelta | None) -> datetime | None:
    zone = _ZONE.search(text)
    offset = None if zone is None else timedelta(hours=ZONES[zone[1].upper()])
    if zone is not None:
        text = " ".join((text[: zone.start()] + text[zone.end() :]).split())
        text = re.sub(r"\s*\(.*\)$", "", text)
        if _ISO.match(text):
            return _at(datetime.fromisoformat(text), offset)
    elif _ISO.match(text):
        return None
    for form in (_NAMED, _SLASHED, _YEAR_FIRST):
        found = form.match(text)
        if found is None:
            continue
        rest = text[found.end() :].strip(" ,|-–")
        english = form is _NAMED and (_MONTHS.get(found["m"].lower()) or "").lower() == found["m"].lower()
        if zone is None and ((form is _YEAR_FIRST and (local is None or rest)) or (english and rest)):
            return None
        if rest:
            said = _offset(text[found.end() :].strip())
            offset = offset if said is None else said
        moment = _built(found)
        if moment is None:
            return None
        if offset is None and english and not _starts_indonesian(text):
            offset = local or timedelta(0)
        return _at(moment, (local or timedelta(hours=ZONES["WIB"])) if offset is None else offset)
    return None


def _starts_indonesian(text: str) -> bool:
    return text.split(" ", maxsplit=1)[0].strip(",.").lower().replace("’", "'") in _DAYS


def _built(found: re.Match[str]) -> datetime | None:
    month = found["m"]
    number = int(month) if month.isdigit() else _NUMBER.get(_MONTHS.get(month.lower(), ""))
    if number is None:
        return None
    hour = int(found["h"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return datetime(  # noqa: DTZ001 - the zone is put on by the caller
        int(found["y"]), number, int(found["d"]), hour, int(found["i"] or 0), int(found["s"] or 0)
    )


def _offset(text: str) -> timedelta | None:
    if text.upper() in {"UTC", "GMT", "Z"}:
        return timedelta(0)
    found = _OFFSET.match(text)
    if found is None:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -size if found[1] == "-" else size


def _at(moment: datetime, offset: timedelta | None) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(offset or timedelta(0)))
    return moment.astimezone(UTC)


def _standard(text: str, parsed: struct_time | None, local: timedelta | None) -> datetime | None:
    if _ISO.match(text):
        try:
            return _at(datetime.fromisoformat(_UNIVERSAL.sub("+00:00", text)), local)
        except ValueError:
            pass
    if parsed is not None:
        return datetime.fromtimestamp(timegm(parsed), UTC)
    found = parsedate_tz(text)
    if found is None:
        return None
    offset = (local or timedelta(0)) if found[9] is None else timedelta(seconds=found[9])
    return _at(datetime(*found[:6]), offset)  # noqa: DTZ001 - the zone is put on at once
