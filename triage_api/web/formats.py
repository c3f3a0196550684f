"""Times and numbers as the reader writes them, by the reader's clock: `24 Nov 2026 10.00 WIB`."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from sahut.core.model import TimeZone
from triage_api.web import languages
from triage_api.web.languages import ngettext
from triage_api.web.words import _

# English as Indonesia's neighbours write it: days before months, and 24 hours as on the Indonesian pages.
_LOCALES = {"id": ("id", "HH.mm"), "en": ("en_GB", "HH:mm")}
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def moment(at: datetime) -> str:
    """`Selasa, 24 November 2026 10.00 WIB`."""
    return _written(at, "EEEE, d MMMM y ")


def short_moment(at: datetime) -> str:
    """`24 Nov 2026 10.00 WIB`, for lists."""
    return _written(at, "d MMM y ")


def clock_time(at: datetime) -> str:
    """`14.10 WIB`."""
    return _written(at, "")


def day_name(at: date) -> str:
    """`Sel, 24 Nov`."""
    return str(format_date(at, "EEE, d MMM", locale=_LOCALES[languages.current()][0]))


def moment_at(at: datetime, clock: TimeZone) -> str:
    """As `moment`, by another clock than the reader's: `Selasa, 24 November 2026 12.00 WIT`."""
    return _written(at, "EEEE, d MMMM y ", clock)


def clock_time_at(at: datetime, clock: TimeZone) -> str:
    """As `clock_time`, by another clock."""
    return _written(at, "", clock)


def weekday_of(at: datetime, clock: TimeZone) -> str:
    """`Senin, 30 Nov`, by that clock."""
    return _day(at, clock, "EEEE, d MMM")


def day_of(at: datetime, clock: TimeZone) -> str:
    """`30 Nov 2026`, by that clock."""
    return _day(at, clock, "d MMM y")


def day_in_words(at: datetime, clock: TimeZone, language: str) -> str:
    """`Senin, 30 November 2026`, by that clock, for a text in ``language``: English, or else Indonesian."""
    return str(
        format_date(
            at.astimezone(clock.info).date(), "EEEE, d MMMM y", locale=_LOCALES.get(language, _LOCALES["id"])[0]
        )
    )


def _day(at: datetime, clock: TimeZone, pattern: str) -> str:
    return str(format_date(at.astimezone(clock.info).date(), pattern, locale=_LOCALES[languages.current()][0]))


def _written(at: datetime, day: str, clock: TimeZone | None = None) -> str:
    clock = clock or languages.time_zone()
    locale, time = _LOCALES[languages.current()]
    return f"{_formatted(at, day + time, clock.info, locale)} {clock}"


# A page of the queue writes a hundred times and numbers, nearly all as on the page before: a twentieth of its cost.
@lru_cache(maxsize=4096)
def _formatted(at: datetime, pattern: str, zone: tzinfo, locale: str) -> str:
    return str(format_datetime(at, pattern, tzinfo=zone, locale=locale))


@lru_cache(maxsize=4096)
def _decimal(value: float, locale: str) -> str:
    return str(format_decimal(value, locale=locale))


def relative(at: datetime, now: datetime) -> str:
    """`5 menit lalu`, `kemarin 14.30 WIB`; from two days on the date. A time ahead reads `dalam 5 menit`."""
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return _ahead(at, -seconds)
    if seconds < _MINUTE:
        return _("baru saja")
    if seconds < _HOUR:
        return _counted(seconds, _MINUTE, ngettext("%s menit lalu", "%s menit lalu", int(seconds // _MINUTE)))
    zone = languages.zone()
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    if days == 0 or seconds < 6 * _HOUR:
        return _counted(seconds, _HOUR, ngettext("%s jam lalu", "%s jam lalu", int(seconds // _HOUR)))
    if days == 1:
        return _("kemarin %s") % clock_time(at)
    return short_moment(at)


def _ahead(at: datetime, seconds: float) -> str:
    if seconds < _MINUTE:
        return _("sebentar lagi")
    if seconds < _HOUR:
        return _counted(seconds, _MINUTE, ngettext("dalam %s menit", "dalam %s menit", int(seconds // _MINUTE)))
    if seconds < _DAY:
        return _counted(seconds, _HOUR, ngettext("dalam %s jam", "dalam %s jam", int(seconds // _HOUR)))
    return short_moment(at)


def _counted(seconds: float, unit: int, said: str) -> str:
    return said % int(seconds // unit)


def span(length: timedelta) -> str:
    """`10 menit`, `3 jam`, `2 hari`: the largest unit that fits."""
    seconds = length.total_seconds()
    if seconds < _HOUR:
        count = max(1, round(seconds / _MINUTE))
        return ngettext("%s menit", "%s menit", count) % count
    if seconds < 2 * _DAY:
        count = round(seconds / _HOUR)
        return ngettext("%s jam", "%s jam", count) % count
    count = round(seconds / _DAY)
    return ngettext("%s hari", "%s hari", count) % count


def number(value: float) -> str:
    """`12.345`, in English `12,345`."""
    return _decimal(value, _LOCALES[languages.current()][0])


def percent(share: float) -> str:
    """A share from 0 to 1 as `87%`; never rounded up to certainty."""
    return f"{min(99, round(share * 100)) if share < 1 else 100}%"


def capped(count: int, cap: int) -> str:
    """A count that stopped at ``cap`` says so: `lebih dari 1.000`."""
    return _("lebih dari %s") % number(cap - 1) if count >= cap else number(count)
