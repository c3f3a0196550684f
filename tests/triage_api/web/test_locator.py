"""The map of a mention's place: every province on it, on land, and asked of nobody but ourselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from classifiers.gazetteer import regencies
from sahut.core.model import Annotation, Area, Place, PlaceLevel
from tests.builders import a_mention
from tests.triage_api.conftest import World
from triage_api.web import locator

PROVINCES = sorted(code for code in regencies() if len(code) == 2)
BANDUNG = Place(
    text="Coblong", level=PlaceLevel.DISTRICT, code="32.73.02", area="32.73.02", name="Coblong, Kota Bandung"
)
UNSURE = Place(
    text="Sukajadi",
    level=PlaceLevel.DISTRICT,
    candidates=(Area(code="32.73.07", name="a"), Area(code="21.71.09", name="b")),
)


def dots() -> list[tuple[int, int]]:
    """The corners of the outline."""
    svg = (Path(locator.__file__).parent / "static" / "indonesia.svg").read_text()
    found = []
    for start_x, start_y, steps in re.findall(r"M(-?\d+) ?(-?\d+)l([^z]*)z", svg):
        x, y = int(start_x), int(start_y)
        found.append((x, y))
        numbers = [int(one) for one in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
    return found


def test_every_province_is_marked_within_the_map_and_near_its_coast() -> None:
    corners = dots()
    assert len(corners) > 500
    for code in PROVINCES:
        place = Place(text="x", level=PlaceLevel.PROVINCE, code=code, area=code)
        found = locator.spot(place)
        assert found is not None, code
        assert 0 < found.x < 940, code
        assert 0 < found.y < 360, code
        # Capitals lie at the sea or, at the most, three degrees from it.
        assert min((found.x - x) ** 2 + (found.y - y) ** 2 for x, y in corners) < 60**2, code
    assert locator.spot(UNSURE) is locator.spot(None) is None


def test_a_place_is_shown_on_a_map_that_no_other_host_is_asked_for(world: World, visitors: Any) -> None:
    (one,) = world.store_mentions([a_mention(platform="feed")], annotation=Annotation(place=BANDUNG))
    page: Page = visitors.sign_in(width=360)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/mentions/{one}")
    picture = page.get_by_role("img", name="Peta Indonesia dengan tanda di")
    expect(picture).to_be_visible()
    # The outline has come and takes its colour from the page.
    land = picture.locator("use")
    page.wait_for_load_state("networkidle")
    assert land.evaluate("one => one.getBBox().width") > 800
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(page.url).netloc}
    assert any("indonesia." in url for url in asked)
    assert visitors.complaints == []


@pytest.mark.parametrize("place", [None, UNSURE])
def test_without_a_sure_place_there_is_no_map(world: World, place: Place | None) -> None:
    (one,) = world.store_mentions([a_mention(platform="feed")], annotation=Annotation(place=place))
    browser, _ = world.signed_in()
    assert "locator" not in browser.get(f"/mentions/{one}").text
