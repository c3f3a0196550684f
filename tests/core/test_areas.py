"""Provinces and regencies, chosen by what somebody types."""

import pytest

from sahut.core.areas import NOWHERE, AreaNames

NAMES = AreaNames(
    {
        "32": "Jawa Barat",
        "32.04": "Kabupaten Bandung",
        "32.17": "Kabupaten Bandung Barat",
        "32.73": "Kota Bandung",
        "35": "Jawa Timur",
        "35.73": "Kota Malang",
    }
)


def _found(said: str) -> list[str]:
    return [area.code for area in NAMES.find(said, limit=10)]


def test_a_whole_name_comes_first_then_what_begins_with_it_then_what_holds_every_word() -> None:
    assert _found("kabupaten bandung") == ["32.04", "32.17"]
    assert _found("jawa") == ["32", "35", "32.04", "32.17", "32.73", "35.73"]
    assert _found("Bandung") == ["32.04", "32.17", "32.73"]
    assert _found("mala") == ["35.73"]
    assert _found("kota jawa timur") == ["35.73"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Kabupaten Bandung", "32.04"),
        ("kota bandung, JAWA BARAT", "32.73"),
        ("malang", "35.73"),
        ("Jawa Barat", "32"),
        ("bandung", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_only_what_is_surely_meant_is_taken(said: str, code: str | None) -> None:
    only = NAMES.only(said)
    assert (only and only.code) == code


def test_a_code_is_called_by_the_smallest_area_that_is_known() -> None:
    assert NAMES.name("32.73") == "Kota Bandung, Jawa Barat"
    assert NAMES.name("32.73.02.1001") == "Kota Bandung, Jawa Barat"
    assert NAMES.name("91.01") == "91.01"
    assert NOWHERE.find("bandung", limit=3) == []
