"""Every page of the board under axe: no fault of access, no scrolling sideways, in both themes, wide and narrow."""

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest

from collectors import registry
from collectors.registry import CollectorSettings
from sahut import bootstrap
from sahut.core.ports import Collector, Store
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors
from tests.triage_api.web.every_page import addresses

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
NARROW, WIDE = 360, 1280
# Everything that axe finds, as (rule, the first elements it is about).
_VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(result => result.violations.map(
    one => [one.id, one.nodes.slice(0, 3).map(node => node.html)]))"""


def _load(platform: str) -> Collector:
    return registry.load(platform, settings=CollectorSettings(allow_hosts=("127.0.0.1",)))


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    """With the platforms that there are: a credential's page shows what its platform asks for."""
    return World(sqlite_store, clock, collector_for=_load, platforms=bootstrap.platforms())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_that_there_is_has_a_fault_of_access_or_scrolls_sideways(
    world: World, visitors: Visitors, theme: str
) -> None:
    known = addresses(world)
    page = visitors.sign_in("admin", color_scheme=theme, bypass_csp=True)
    # The door is shown to nobody who is already inside: it comes last, when everybody has left.
    doors = [template for template, address in known.items() if address.startswith("/sign-in")]
    assert doors
    found = {}
    for template in [one for one in known if one not in doors] + doors:
        if template in doors:
            page.context.clear_cookies()
        # A page is loaded once for both widths; wide first, where the filters unfold.
        page.set_viewport_size({"width": WIDE, "height": 800})
        answer = page.goto(known[template])
        assert answer is not None
        assert answer.status == (404 if template == "nothing there" else 200), (template, answer.status)
        if not page.evaluate("document.documentElement.lang"):
            continue  # A part of a page, which stands in one of the others.
        page.evaluate(AXE)
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 800})
            for rule, elements in page.evaluate(_VIOLATIONS):
                found[template, width, rule] = elements
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found[template, NARROW, "scrolls sideways"] = [str(page.evaluate("document.documentElement.scrollWidth"))]

    assert found == {}


def test_the_look_itself_finds_a_fault(world: World, visitors: Visitors) -> None:
    page = visitors.sign_in("admin", bypass_csp=True)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")
    page.evaluate(AXE)

    assert [rule for rule, _ in page.evaluate(_VIOLATIONS)] == ["label"]
