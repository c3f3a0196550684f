"""An open queue says what came, and moves nothing until it is asked to."""

import pytest

from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

pytestmark = pytest.mark.browser
WAKE = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.mark.parametrize("width", [360, 1280])
def test_what_came_is_a_bar_over_the_queue_that_loads_on_a_key_and_moves_nothing_before(
    world: World, visitors: Visitors, width: int
) -> None:
    world.flagged(12)
    page = visitors.sign_in(width=width)
    page.clock.install()
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    reading = page.evaluate("document.activeElement.id")
    before = page.locator(f"#{reading}").bounding_box()
    assert page.locator("#news").is_hidden()
    assert page.locator(f"#{reading} .readers").inner_html() == ""

    world.flagged(3)
    page.clock.run_for(40_000)
    page.get_by_role("link", name="3 sebutan baru").wait_for()
    assert page.title().startswith("(3) ")
    assert page.locator(".mention").count() == 12
    assert page.evaluate("document.activeElement.id") == reading
    assert page.locator(f"#{reading}").bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("n")
    page.locator(".mention").nth(14).wait_for()
    assert page.locator("#news").is_hidden()
    assert visitors.complaints == []


def test_a_hidden_page_asks_nothing_and_a_server_in_trouble_is_asked_ever_more_rarely(
    world: World, visitors: Visitors
) -> None:
    world.flagged(1)
    page = visitors.sign_in()
    page.clock.install()
    asked: list[str] = []

    def refuse(route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503)

    page.route("**/queue/news*", refuse)
    page.goto("/")
    for _ in range(10):
        page.clock.run_for(60_000)
        page.wait_for_timeout(50)
    # Half a minute, one, two, four: not twenty in ten minutes.
    assert 3 <= len(asked) <= 5
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})")
    page.evaluate(WAKE)
    before = len(asked)
    page.clock.run_for(3_600_000)
    page.wait_for_timeout(50)
    assert len(asked) == before
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => false, configurable: true})")
    page.evaluate(WAKE)
    page.clock.run_for(1_000)
    page.wait_for_timeout(200)
    assert len(asked) == before + 1
