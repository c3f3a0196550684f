"""Who has a mention open, by the API: seen by others, gone by itself, in nobody's way."""

from typing import Any

import pytest

from sahut.core.model import MentionState, Role
from tests.triage_api.conftest import World


def _names(world: World, *mention_ids: int, role: Role = Role.ADMIN) -> list[str]:
    answer = world.program(role).get("/api/v1/viewings", params={"mention": mention_ids})
    return [one["name"] for one in answer.json()["items"]]


def test_an_open_mention_is_seen_by_others_until_it_runs_out_and_blocks_nobody(world: World, clock: Any) -> None:
    one, two = world.flagged(2)
    path = f"/api/v1/mentions/{one}/viewing"

    assert world.program().put(path).json() == {"items": []}
    (seen,) = world.program(Role.COMMS).put(path).json()["items"]
    assert (seen["name"], seen["mention_id"]) == ("Sari Contoh", one)
    assert _names(world) == _names(world, one) == ["Sari Contoh", "Rina Contoh"]
    assert _names(world, two) == []
    # What another has open can be decided all the same.
    done = world.program(Role.ADMIN).post(
        "/api/v1/decisions/dismiss", json={"mentions": [{"id": one, "version": 1}], "reason": "spam"}
    )
    assert done.status_code in {201, 409}
    assert world.program().delete(path).status_code == 204
    assert _names(world) == ["Rina Contoh"]
    clock.forward(seconds=121)
    assert _names(world) == []
    assert world.program().put("/api/v1/mentions/999999/viewing").status_code == 404


def test_who_only_reads_leaves_no_trace_and_a_unit_officer_learns_nothing(world: World) -> None:
    ticket = world.ticket(one := world.flagged(1)[0])
    moved = world.program().patch(f"/api/v1/tickets/{ticket['id']}", json={"version": ticket["version"], "unit": "pu"})
    assert moved.status_code == 200, moved.text
    world.program().put(f"/api/v1/mentions/{one}/viewing")

    for role in (Role.AUDITOR, Role.SUPERVISOR, Role.UNIT):
        answer = world.program(role).put(f"/api/v1/mentions/{one}/viewing")
        assert answer.status_code == 200
        assert (answer.json()["items"] == []) == (role is Role.UNIT)
    assert _names(world) == ["Sari Contoh"]


@pytest.mark.parametrize("act", ["put", "delete"])
def test_a_page_that_stands_open_keeps_no_session_alive(world: World, clock: Any, act: str) -> None:
    (one,) = world.flagged(1)
    browser, csrf = world.signed_in()
    idle = world.settings.session_idle
    clock.forward(seconds=idle.total_seconds() - 5)
    for _ in range(2):
        # Refreshed by nothing that the page does by itself.
        assert browser.request(act, f"/api/v1/mentions/{one}/viewing", headers={"X-CSRF-Token": csrf}).is_success
    assert browser.post(f"/mentions/{one}/viewing", data={"csrf": csrf, "key": "a"}).is_success
    clock.forward(seconds=10)
    assert browser.get("/api/v1/session").status_code == 401

    again, _csrf = world.signed_in()
    clock.forward(seconds=idle.total_seconds() - 5)
    assert again.get(f"/mentions/{one}").status_code == 200
    clock.forward(seconds=10)
    assert again.get("/api/v1/session").status_code == 200


def test_a_renewal_from_another_site_is_refused(world: World) -> None:
    (one,) = world.flagged(1)
    browser, _csrf = world.signed_in()
    forged = browser.post(f"/mentions/{one}/viewing", data={"key": "a"}, headers={"Origin": "https://evil.example"})
    assert forged.status_code == 403
    assert _names(world) == []


def test_a_refused_write_says_who_did_what_and_why(world: World) -> None:
    (one,) = world.flagged(1)
    seen = world.program().get(f"/api/v1/mentions/{one}").json()["version"]
    body = {"mentions": [{"id": one, "version": seen}], "reason": "not_ours"}
    assert world.program(Role.ADMIN).post("/api/v1/decisions/dismiss", json=body).status_code == 201

    stale = world.program().post("/api/v1/decisions/dismiss", json={**body, "reason": "spam"})
    assert stale.status_code == 409
    (change,) = stale.json()["changes"]
    assert (change["what"], change["who"], change["reason"]) == ("dismissed", "Admin Contoh (uji)", "not_ours")
    with world.store.read() as tx:
        assert tx.mentions.get(one).state is MentionState.DISMISSED
