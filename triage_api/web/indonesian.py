"""Times and numbers as Indonesians write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from triage_api.web.words import _

WIB = ZoneInfo("Asia/Jakarta")
_LOCALE = "id"
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def moment(at: datetime) -> str:
    """`Selasa, 24 November 2026 10.00 WIB`."""
    return str(format_datetime(at, "EEEE, d MMMM y HH.mm", tzinfo=WIB, locale=_LOCALE)) + " WIB"


def short_moment(at: datetime) -> str:
    """`24 Nov 2026 10.00 WIB`, for lists."""
    return str(format_datetime(at, "d MMM y HH.mm", tzinfo=WIB, locale=_LOCALE)) + " WIB"


def day_name(at: date) -> str:
    """`Sel, 24 Nov`."""
    return str(format_date(at, "EEE, d MMM", locale=_LOCALE))


def relative(at: datetime, now: datetime) -> str:
    """`5 menit lalu`, `kemarin 14.30`; from two days on the date. A time ahead reads `dalam 5 menit`."""
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return _ahead(at, -seconds)
    if seconds < _MINUTE:
        return _("baru saja")
    if seconds < _HOUR:
        return _("%s menit lalu") % int(seconds // _MINUTE)
    days = (now.astimezone(WIB).date() - at.astimezone(WIB).date()).days
    if days == 0 or seconds < 6 * _HOUR:
        return _("%s jam lalu") % int(seconds // _HOUR)
    if days == 1:
        return _("kemarin %s") % format_datetime(at, "HH.mm", tzinfo=WIB, locale=_LOCALE)
    return short_moment(at)


def _ahead(at: datetime, seconds: float) -> str:
    if seconds < _MINUTE:
        return _("sebentar lagi")
    if seconds < _HOUR:
        return _("dalam %s menit") % int(seconds // _MINUTE)
    if seconds < _DAY:
        return _("dalam %s jam") % int(seconds // _HOUR)
    return short_moment(at)


def span(length: timedelta) -> str:
    """`10 menit`, `3 jam`, `2 hari`: the largest unit that fits."""
    seconds = length.total_seconds()
    if seconds < _HOUR:
        return _("%s menit") % max(1, round(seconds / _MINUTE))
    if seconds < 2 * _DAY:
        return _("%s jam") % round(seconds / _HOUR)
    return _("%s hari") % round(seconds / _DAY)


def number(value: float) -> str:
    """`12.345`."""
    return str(format_decimal(value, locale=_LOCALE))


def percent(share: float) -> str:
    """A share from 0 to 1 as `87%`; never rounded up to certainty."""
    return f"{min(99, round(share * 100)) if share < 1 else 100}%"


def capped(count: int, cap: int) -> str:
    """A count that stopped at ``cap`` says so: `lebih dari 1.000`."""
    return _("lebih dari %s") % number(cap - 1) if count >= cap else number(count)
