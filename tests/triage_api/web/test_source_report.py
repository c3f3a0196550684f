"""The report on collecting, on the board and by the API."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import axe_playwright_python
import pytest

from sahut.core import collecting
from sahut.core.errors import PermanentError
from sahut.core.model import Budget, CredentialDraft, Currency, Gap, Period, Problem, Role, SourceDraft
from tests.fakes import FakeCollector
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def filled(world: World) -> None:
    """A source that stopped, one that is late and has a hole, and a credential that spent."""
    now = world.clock()
    with world.store.begin() as tx:
        draft = CredentialDraft(
            platform="x", name="X dinas", budgets=(Budget(currency=Currency.USD, period=Period.MONTH, amount=10),)
        )
        credential = tx.credentials.add(draft, {"bearer_token": "rahasia"}, now)
        tx.credentials.used(credential.id, now, spent={Currency.USD: 2.5})
        stopped = tx.sources.add(
            SourceDraft(platform="x", name="Sebutan", address="mentions", credential="X dinas"), now
        )
    broken = FakeCollector().then_raise(PermanentError("no", problem=Problem.REFUSED_CREDENTIAL))
    collecting.collect(stopped.id, store=world.store, collector_for=lambda _: broken, clock=world.clock)
    world.clock.forward(minutes=45)
    with world.store.begin() as tx:
        tx.sources.add_gaps(
            world.source.id, [Gap(since=now - timedelta(days=2), until=now - timedelta(days=1), reason="lost")], now
        )


def test_the_worst_off_stands_first_with_what_to_do_and_what_was_spent(world: World) -> None:
    filled(world)
    client, _ = world.signed_in("budi")
    client.headers["accept"] = "text/html"
    shown = client.get("/sources/report").text

    assert shown.index("Sebutan") < shown.index(world.source.name)
    assert "45 menit" in shown
    assert "2 hari dengan celah" in shown
    assert 'class="hole" d="M83 2h14"' in shown
    assert "US$ 2,5 dari US$ 10 bulan ini" in shown
    assert "rahasia" not in shown
    assert "/sources/report" in client.get("/sources").text


def test_the_api_tells_the_same(world: World) -> None:
    filled(world)
    told = world.program(Role.AUDITOR).get("/api/v1/sources/report").json()

    assert told["conditions"] == {"stopped": 1, "new": 1}
    first, second = told["sources"]
    assert (first["name"], first["problem"], first["late"]) == ("Sebutan", "refused_credential", None)
    assert (second["late"], len(second["days"]), len(second["days_with_gaps"])) == (2_700, 7, 2)
    (budget,) = told["spending"][0]["budgets"]
    # 2.50 on the one day of which there is anything to go by, of a month of which 6.8 days are left.
    assert budget.pop("projected") == pytest.approx(19.6094)
    assert budget == {"currency": "usd", "period": "month", "amount": 10.0, "spent": 2.5}
    assert told["spending"][0]["used_by"] == ["Sebutan"]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_the_report_has_no_fault_for_those_who_cannot_see_it(
    world: World, visitors: Visitors, width: int, theme: str
) -> None:
    filled(world)
    page = visitors.sign_in("admin", width=width, color_scheme=theme, bypass_csp=True)
    page.goto("/sources/report")
    page.evaluate(AXE)

    assert page.evaluate("axe.run().then(result => result.violations.map(one => one.id))") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
