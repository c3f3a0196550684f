"""Tickets merged through the API: led on, refused when stale, taken back; two people at once."""

from typing import Any

from sahut.core.model import Role, TicketStatus
from tests.triage_api.conftest import World
from tests.triage_api.test_likely import two_of_one_trouble


def merged(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    old, into = world.ticket(), world.ticket()
    answer = world.program().post(
        f"/api/v1/tickets/{old['id']}/merge", json={"into": into["id"], "version": 1, "into_version": 1}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["mentions"]) == (into["id"], 2)
    return old, into


def test_the_old_number_leads_on_wherever_it_is_asked_for_and_a_merge_is_taken_back(each_world: World) -> None:
    old, into = merged(each_world)
    client = each_world.program()
    left = client.get(f"/api/v1/tickets/{old['id']}").json()
    names = ("status", "merged_into", "merged_into_number")
    assert [left["ticket"][name] for name in names] == ["merged", into["id"], into["number"]]
    assert left["history"][-1]["detail"]["number"] == into["number"], "a number is no telephone number"
    for said in (old["number"], old["tracking_code"]):
        found = client.get("/api/v1/tickets", params={"q": said, "status": "new"}).json()["items"]
        assert [one["id"] for one in found] == [into["id"]]
    (another,) = each_world.flagged(1)
    decided = client.post("/api/v1/decisions/merge", json={"mentions": [{"id": another}], "ticket_id": old["id"]})
    assert decided.json()["ticket"]["id"] == into["id"]
    moved_on = client.post(f"/api/v1/tickets/{old['id']}/part", json={})
    assert (moved_on.status_code, moved_on.json()["type"].rpartition(":")[2]) == (409, "ticket_moved_on")


def test_a_merge_is_taken_back_while_nothing_else_happened(each_world: World) -> None:
    old, into = merged(each_world)
    client = each_world.program()
    back = client.post(f"/api/v1/tickets/{old['id']}/part", json={"version": 2})
    assert (back.status_code, back.json()["status"], back.json()["mentions"]) == (200, "new", 1)
    assert client.get(f"/api/v1/tickets/{into['id']}").json()["ticket"]["mentions"] == 1


def test_a_merge_that_is_stale_on_either_side_changes_neither_and_says_why(each_world: World) -> None:
    old, into = each_world.ticket(), each_world.ticket()
    client = each_world.program()
    for one in (old, into):
        touched = client.patch(f"/api/v1/tickets/{one['id']}", json={"place": "Jalan Melati", "version": 1})
        assert touched.status_code == 200
        seen = {old["id"]: 1, into["id"]: 1} if one is old else {old["id"]: 2, into["id"]: 1}
        body = {"into": into["id"], "version": seen[old["id"]], "into_version": seen[into["id"]]}
        answer = client.post(f"/api/v1/tickets/{old['id']}/merge", json=body)
        assert answer.status_code == 409
        assert answer.json()["changes"][0]["what"] == "place"
    for one in (old, into):
        assert client.get(f"/api/v1/tickets/{one['id']}").json()["ticket"]["status"] == "new"


def test_of_two_people_who_merge_two_tickets_into_each_other_one_is_refused(
    each_world: World, run_together: Any
) -> None:
    for _ in range(5):
        one, two = each_world.ticket()["id"], each_world.ticket()["id"]
        clients = [each_world.program(), each_world.program()]

        def merge(number: int, pair: tuple[int, int] = (one, two), who: Any = clients) -> int:
            old, into = pair if number == 0 else pair[::-1]
            status: int = who[number].post(f"/api/v1/tickets/{old}/merge", json={"into": into}).status_code
            return status

        assert sorted(run_together(2, merge)) == [200, 409]
        with each_world.store.read() as tx:
            states = [tx.tickets.get(ticket).status for ticket in (one, two)]
        assert sorted(states) == sorted([TicketStatus.MERGED, TicketStatus.NEW])


def test_a_ticket_names_others_that_are_likely_the_same_case(world: World) -> None:
    one, two = (world.ticket(mention) for mention in two_of_one_trouble(world))
    (found,) = world.program().get(f"/api/v1/tickets/{two['id']}/similar").json()["items"]
    assert (found["ticket"]["id"], found["alike"]["topic"]) == (one["id"], True)


def test_only_who_decides_merges_tickets(world: World) -> None:
    old, into = world.ticket(), world.ticket()
    for role in (Role.UNIT, Role.SUPERVISOR, Role.AUDITOR, Role.COMMS):
        answer = world.program(role).post(f"/api/v1/tickets/{old['id']}/merge", json={"into": into["id"]})
        assert answer.status_code == 403, role
