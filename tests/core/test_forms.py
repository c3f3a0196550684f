"""What platforms ask about a place: to an address and back, and what is wrong with what was filled in."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from collectors import registry
from collectors.registry import CollectorSettings
from sahut.core import forms
from sahut.core.model import SourceDraft
from sahut.core.model.forms import FaultKind, SourceForm

SHIPPED = [name for name in registry.COLLECTORS if name not in {"file", "replay"}]


def form_of(platform: str) -> SourceForm:
    return forms.of(registry.load(platform, settings=CollectorSettings()))


def a_draft(**over: Any) -> SourceDraft:
    return SourceDraft(**{"platform": "mastodon", "name": "a", "address": "#lampu", **over})


def wrong(platform: str, **over: Any) -> list[tuple[str, FaultKind]]:
    return [(one.field, one.kind) for one in forms.faults(form_of(platform), a_draft(platform=platform, **over))]


@pytest.mark.parametrize("platform", SHIPPED)
def test_every_place_of_a_shipped_platform_is_found_again_by_its_address(platform: str) -> None:
    form = form_of(platform)
    assert form.places
    for place in form.places:
        address = forms.address_of(place, "sesuatu")
        told = "sesuatu" if place.asks is not None else ""
        assert forms.place_of(form, address) == (place, told)
        assert (forms.address_of(place, "") == "") == (place.asks is not None)
    keys = [one.key for one in (*form.places, *form.options)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("platform", [name for name in SHIPPED if name not in {"feed", "webhook"}])
def test_the_source_that_a_platform_is_tested_with_fits_its_form(platform: str) -> None:
    world = import_module(f"tests.collectors.world_{platform}").World()
    try:
        assert forms.faults(form_of(platform), world.source.draft) == []
        assert forms.place_of(form_of(platform), world.source.address)[0] is not forms.AS_WRITTEN
    finally:
        world.close()


def test_the_whole_address_means_the_same_as_what_is_asked() -> None:
    hashtag = form_of("mastodon").places[0]
    assert {forms.address_of(hashtag, said) for said in ("lampu", "#lampu", "  # lampu ")} == {"#lampu"}


def test_an_address_that_no_place_covers_stays_as_it_was_written() -> None:
    address = "https://a.example/@warga"
    assert forms.place_of(form_of("mastodon"), address) == (forms.AS_WRITTEN, address)
    assert forms.faults(form_of("mastodon"), a_draft(address=address)) == []


@pytest.mark.parametrize(
    ("platform", "over", "expected"),
    [
        ("mastodon", {"address": " "}, ("address", FaultKind.MISSING)),
        ("mastodon", {"address": "search"}, ("query", FaultKind.MISSING)),
        ("mastodon", {"options": {"first_days": "lama"}}, ("options.first_days", FaultKind.NOT_NUMBER)),
        ("mastodon", {"options": {"first_days": "nan"}}, ("options.first_days", FaultKind.NOT_NUMBER)),
        ("mastodon", {"options": {"first_days": "-1"}}, ("options.first_days", FaultKind.OUT_OF_RANGE)),
        ("mastodon", {"options": {"lama": "1"}}, ("options.lama", FaultKind.UNKNOWN)),
        ("facebook", {"address": "me", "options": {"watch_days": "0"}}, ("options.watch_days", FaultKind.OUT_OF_RANGE)),
        ("facebook", {"address": "me", "options": {"watch_days": "1.5"}}, ("options.watch_days", FaultKind.NOT_NUMBER)),
        ("facebook", {"address": "me", "options": {"read": "all"}}, ("options.read", FaultKind.NOT_A_CHOICE)),
        ("feed", {"address": "ftp://a.example"}, ("address", FaultKind.NOT_WEB)),
        ("feed", {"address": "https://"}, ("address", FaultKind.NOT_WEB)),
        ("feed", {"address": "https://a", "options": {"comments": "ya"}}, ("options.comments", FaultKind.NOT_A_CHOICE)),
    ],
)
def test_what_cannot_be_meant_is_said_of_its_field(
    platform: str, over: dict[str, Any], expected: tuple[str, FaultKind]
) -> None:
    assert wrong(platform, **over) == [expected]


def test_an_option_that_a_source_had_before_may_stay() -> None:
    draft = a_draft(platform="feed", address="https://a.example", options={"category": "Berita", "comments": True})
    assert [one.field for one in forms.faults(form_of("feed"), draft)] == ["options.category"]
    assert forms.faults(form_of("feed"), draft, kept={"category"}) == []


@pytest.mark.parametrize(("named", "expected"), [("", FaultKind.MISSING), ("lain", FaultKind.UNKNOWN), ("dinas", None)])
def test_a_credential_is_one_of_those_that_there_are(named: str, expected: FaultKind | None) -> None:
    found = forms.faults(form_of("mastodon"), a_draft(credential=named), credentials=["dinas"])
    assert [one.kind for one in found] == ([] if expected is None else [expected])


class Plugin:
    """A collector of somebody else's, which asks for nothing in particular."""


def test_a_plug_in_without_a_form_takes_any_address_and_any_option() -> None:
    form = forms.of(Plugin())  # type: ignore[arg-type]  # the protocol's other members do not matter here
    assert form is forms.OPEN
    assert forms.faults(form, a_draft(platform="plugin", address="apa saja", options={"a": 1})) == []
