"""Indonesia's holidays, from the tables of the library `holidays`: public ones, and joint leave (cuti bersama).

Joint leave is decreed a year at a time, in the autumn before; for a year that the library does not know yet there is
none here, and the agency's own `days_off` in the policy can name it until the next upgrade.
"""

from __future__ import annotations

from datetime import date
from threading import Lock

from holidays import country_holidays

_FIRST, _LAST = 1946, 2100


class Indonesia:
    """A calendar for `sahut.core.deadlines`. Safe in several threads; a year is worked out when first asked for."""

    def __init__(self) -> None:
        self._years: dict[int, tuple[dict[date, str], dict[date, str]]] = {}
        self._lock = Lock()

    def public(self, day: date) -> str:
        """The name of the public holiday, in Indonesian; "" where it is none."""
        return self._of(day.year)[0].get(day, "")

    def joint_leave(self, day: date) -> str:
        """The name of the joint leave, in Indonesian; "" where it is none."""
        return self._of(day.year)[1].get(day, "")

    def _of(self, year: int) -> tuple[dict[date, str], dict[date, str]]:
        # Outside the library's tables a week is a week.
        if not _FIRST <= year <= _LAST:
            return {}, {}
        with self._lock:
            if year not in self._years:
                self._years[year] = _named(year, "public"), _named(year, "government")
            return self._years[year]


def _named(year: int, category: str) -> dict[date, str]:
    return dict(country_holidays("ID", years=year, categories=(category,), language="id").items())
