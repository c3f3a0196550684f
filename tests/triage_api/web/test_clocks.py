"""Times are written and read by the clock of who looks: the agency's, or that of the reader's unit."""

import re
from datetime import UTC, datetime

import pytest

from sahut.core.model import Policy, TimeZone, Unit
from tests.triage_api.conftest import World
from triage_api.web import formats, languages

EAST = Policy(
    time_zone=TimeZone.WIT,
    units=(
        Unit(code="pu", name="Dinas Pekerjaan Umum Contoh", time_zone=TimeZone.WITA),
        Unit(code="air", name="Perumda Air Contoh"),
    ),
)


@pytest.mark.parametrize(
    ("units", "zone"),
    [((), "WIT"), (("pu",), "WITA"), (("air",), "WIT"), (("pu", "air"), "WIT"), (("gone",), "WIT")],
)
def test_a_unit_keeps_its_own_clock_and_those_of_differing_units_the_agencys(units: tuple[str, ...], zone: str) -> None:
    assert EAST.time_zone_of(units) == zone


def test_an_officer_reads_times_by_the_units_clock_and_others_by_the_agencys(sqlite_store, clock) -> None:
    world = World(sqlite_store, clock, policy=EAST)
    pages = {name: world.signed_in(name)[0].get("/account").text for name in ("tono", "wati")}

    zones = {name: set(re.findall(r"\d\d\.\d\d (WIB|WITA|WIT)\b", page)) for name, page in pages.items()}

    assert zones == {"tono": {"WITA"}, "wati": {"WIT"}}


def test_outside_a_request_the_western_clock_holds_and_nobody_changes_it() -> None:
    languages.keep_time(TimeZone.WIT)

    assert formats.moment(datetime(2026, 11, 24, 3, tzinfo=UTC)) == "Selasa, 24 November 2026 10.00 WIB"
