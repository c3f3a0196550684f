"""The policy's deadlines: what is right becomes a value, what is wrong is named with file, line and key."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from config.faults import SettingsFaultsError
from config.files import SHIPPED_POLICY, read_policy
from sahut.core.model import DeadlinePolicy, OfficeHours, Topic

_UNIT = '[[unit]]\ncode = "pu"\nname = "Dinas Pekerjaan Umum Contoh"\n'


def test_the_shipped_policy_says_what_holds_without_one() -> None:
    assert read_policy(SHIPPED_POLICY).deadlines == DeadlinePolicy()


def test_every_key_reaches_the_value_and_a_unit_keeps_hours_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        "[deadlines]\nworking_days = 7\nurgent_hours = 4\nurgent_around_the_clock = false\njoint_leave_off = false\n"
        'days_off = [2026-06-22]\nopens = "08:00"\ncloses = 15:30:00\nwork_days = ["mon", "sat"]\n'
        f'[deadlines.topics]\nintegrity = 14\n{_UNIT}opens = "09:00"\n'
    )
    policy = read_policy(file)
    assert policy.deadlines == DeadlinePolicy(
        working_days=7,
        topic_days={Topic.INTEGRITY: 14},
        urgent_hours=4,
        urgent_around_the_clock=False,
        joint_leave_off=False,
        days_off=frozenset({date(2026, 6, 22)}),
        office=OfficeHours(opens=time(8), closes=time(15, 30), days=frozenset({0, 5})),
    )
    assert policy.office_of("pu") == OfficeHours(opens=time(9), closes=time(15, 30), days=frozenset({0, 5}))
    assert policy.office_of("") == policy.deadlines.office


@pytest.mark.parametrize(
    ("said", "line", "told"),
    [
        ("[deadlines]\nopens = 730\n", 2, '"07:30"'),
        ('[deadlines]\nopens = "7 pagi"\n', 2, '"07:30"'),
        ('[deadlines]\nopens = "17:00"\n', 1, "17:00 is not before 16:00"),
        ("[deadlines]\nworking_days = -1\n", 2, "0"),
        ("[deadlines]\nwork_days = []\n", 2, "1"),
        ('[deadlines]\nwork_days = ["senin"]\n', 2, "mon"),
        ("[deadlines]\ndays_off = [2026]\n", 2, "date"),
        ("[deadlines.topics]\njalan = 3\n", 2, "roads"),
        ("[deadlines]\nworking_day = 3\n", 2, "working_days"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, said: str, line: int, told: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(said + _UNIT)
    with pytest.raises(SettingsFaultsError) as caught:
        read_policy(file)
    (fault,) = caught.value.faults
    assert (fault.line, told in str(fault)) == (line, True), str(fault)


def test_a_unit_that_never_opens_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'{_UNIT}opens = "16:30"\n')
    with pytest.raises(SettingsFaultsError) as caught:
        read_policy(file)
    assert "unit pu: an office opens before it closes" in str(caught.value.faults[0])
