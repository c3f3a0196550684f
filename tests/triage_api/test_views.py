"""Saved views by the API and through the forms: whose they are, who may share, and where somebody begins."""

from typing import Any

from sahut.core.model import Role
from tests.triage_api.conftest import PASSWORD, World


def _save(world: World, name: str, role: Role = Role.TRIAGE, **filters: str) -> dict[str, Any]:
    answer = world.program(role).post("/api/v1/views", json={"name": name, "filters": filters})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_view_keeps_what_filters_and_nothing_else(world: World) -> None:
    world.flagged(2)
    view = _save(world, "Lampu", topic="street_lighting", sentiment="happy", order="newest", evil="x", days="7")
    assert view["filters"] == {"topic": "street_lighting", "order": "newest", "days": "7"}
    _save(world, "Air", topic="water_supply")
    _save(world, "Disaring", state="filed")

    listed = world.program().get("/api/v1/views").json()["items"]
    assert [(one["name"], one["waiting"]) for one in listed] == [("Air", 0), ("Disaring", None), ("Lampu", 2)]
    again = world.program().post("/api/v1/views", json={"name": "air", "filters": {}})
    assert (again.status_code, again.json()["type"]) == (409, "urn:sahut:problem:view_exists")


def test_who_may_share_is_in_the_table_and_others_reach_no_private_view(world: World) -> None:
    view = _save(world, "Lampu", topic="street_lighting")
    url = f"/api/v1/views/{view['id']}"
    assert world.program().put(f"{url}/shared").status_code == 403
    for role in (Role.ADMIN, Role.SUPERVISOR, Role.COMMS):
        assert world.program(role).get("/api/v1/views").json()["items"] == []
        assert world.program(role).delete(url).status_code == 404
        assert world.program(role).patch(url, json={"name": "x", "version": 1}).status_code == 404
    theirs = _save(world, "Semua dinas", Role.SUPERVISOR, unit="pu")
    shared = world.program(Role.SUPERVISOR).put(f"/api/v1/views/{theirs['id']}/shared")
    assert shared.json()["shared"] is True
    (seen,) = world.program(Role.COMMS).get("/api/v1/views").json()["items"]
    assert (seen["name"], seen["owner"], seen["mine"]) == ("Semua dinas", "Wati Contoh", False)
    assert world.program(Role.COMMS).delete(f"/api/v1/views/{theirs['id']}").status_code == 403
    assert world.program(Role.UNIT).get("/api/v1/views").status_code == 403
    assert world.program(Role.ADMIN).delete(f"/api/v1/views/{theirs['id']}").status_code == 204


def test_somebody_begins_with_the_view_that_they_chose(world: World) -> None:
    view = _save(world, "Lampu", topic="street_lighting")
    assert world.program().put(f"/api/v1/views/{view['id']}/start").status_code == 204

    def enter() -> str:
        form = {"username": "sari", "password": PASSWORD, "back": "/"}
        where: str = world.browser().post("/sign-in", data=form, follow_redirects=False).headers["location"]
        return where

    assert enter() == "/?topic=street_lighting"
    browser, _csrf = world.signed_in()
    assert 'href="/?topic=street_lighting"' in browser.get("/tickets").text
    assert world.program().delete("/api/v1/views/start").status_code == 204
    assert enter() == "/"
