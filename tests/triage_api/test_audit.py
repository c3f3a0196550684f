"""What people do through the API leaves an entry; who checks reads them, and nobody else does. On both databases."""

from __future__ import annotations

from typing import Any

import pytest

from sahut.core import audit
from sahut.core.model import Role
from tests.triage_api.conftest import World


def entries(world: World, **where: Any) -> list[dict[str, Any]]:
    answer = world.program(Role.AUDITOR).get("/api/v1/audit", params=where)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_each_decision_is_an_entry_with_who_what_and_from_where(each_world: World) -> None:
    world = each_world
    first, second = world.flagged(2)
    picks = [{"id": first}, {"id": second}]
    answer = world.program().post("/api/v1/decisions/dismiss", json={"mentions": picks, "reason": "spam"})
    assert answer.status_code == 201
    (entry,) = entries(world, kind="mention", key=str(second))
    assert entry["act"] == "decision"
    assert entry["actor_id"] == world.users[Role.TRIAGE]
    assert entry["actor_role"] == "triage"
    assert entry["token_id"] is not None
    assert entry["address"] == "testclient"
    assert entry["detail"]["what"] == "dismissed"
    assert entry["detail"]["reason"] == "spam"
    undo = answer.json()["items"][0]["id"]
    assert world.program().post(f"/api/v1/decisions/{undo}/undo").status_code == 200
    assert [one["detail"]["what"] for one in entries(world, act="decision", key=str(first))] == ["undone", "dismissed"]


def test_a_tickets_course_is_in_the_log_without_what_people_typed(world: World) -> None:
    ticket = world.ticket()
    change = {"status": "forwarded", "title": "Ibu Fulanah Karangan mengadu", "version": ticket["version"]}
    assert world.program().patch(f"/api/v1/tickets/{ticket['id']}", json=change).status_code == 200
    changed, created = entries(world, act="ticket", key=str(ticket["id"]))
    assert created["detail"]["what"] == "created"
    assert changed["detail"]["changed"] == {"status": ["new", "forwarded"], "title": []}
    assert "Fulanah" not in str(entries(world))


def test_replies_and_sources_are_in_the_log(world: World) -> None:
    reply = world.reply("Terima kasih, Bapak Karangan.")
    assert world.act(reply, "submit").status_code == 200
    assert [one["detail"]["act"] for one in entries(world, act="reply")] == ["submitted", "drafted"]
    admin = world.program(Role.ADMIN)
    source = admin.post("/api/v1/sources", json={"platform": "feed", "address": "https://b.example/rss", "name": "b"})
    assert source.status_code == 201, source.text
    made = source.json()
    assert admin.post(f"/api/v1/sources/{made['id']}/pause", json={"version": made["version"]}).status_code == 200
    assert [one["detail"]["what"] for one in entries(world, act="source")] == ["paused", "added"]
    assert "Karangan" not in str(entries(world))


def test_what_is_refused_leaves_no_entry(world: World) -> None:
    (mention,) = world.flagged(1)
    body = {"mentions": [{"id": mention, "version": 99}], "reason": "spam"}
    assert world.program().post("/api/v1/decisions/dismiss", json=body).status_code == 409
    assert entries(world) == []


@pytest.mark.parametrize("role", [Role.TRIAGE, Role.COMMS, Role.APPROVER])
def test_who_only_works_does_not_read_the_log(world: World, role: Role) -> None:
    assert world.program(role).get("/api/v1/audit").status_code == 403


def test_pages_of_the_log_are_walked_from_the_newest_and_the_chain_is_whole(world: World) -> None:
    picks = [{"id": one} for one in world.flagged(5)]
    world.program().post("/api/v1/decisions/dismiss", json={"mentions": picks, "reason": "spam"})
    auditor = world.program(Role.AUDITOR)
    first = auditor.get("/api/v1/audit", params={"limit": 3}).json()
    rest = auditor.get("/api/v1/audit", params={"limit": 3, "after": first["next"]}).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    assert rest["next"] is None
    with world.store.read() as tx:
        assert audit.first_broken(tx.audit.entries(after=0, limit=100)) is None
