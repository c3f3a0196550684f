"""Deadlines by the API and on the board: promised, shown by the unit's clock, found, counted, moved, told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sahut.core.model import (
    Language,
    Policy,
    ReplyPolicy,
    Role,
    Template,
    TimeZone,
    Topic,
    Unit,
)
from tests.triage_api.conftest import World

TEMPLATES = (
    Template(name="janji", text="Kami jawab paling lambat {deadline}."),
    Template(name="promise", text="We answer by {deadline}.", language=Language.ENGLISH),
)
POLICY = Policy(
    units=(
        Unit(code="pu", name="Dinas Pekerjaan Umum Contoh", topics=frozenset({Topic.ROADS}), time_zone=TimeZone.WIT),
        Unit(code="air", name="Perumda Air Contoh"),
    ),
    replies=ReplyPolicy(templates=TEMPLATES),
)
# Tuesday 24 November 2026, 10.00 WIB; five working days on, 16.00 in Jayapura is 14.00 in Jakarta.
PROMISED = "2026-12-01T07:00:00Z"


@pytest.fixture
def world(sqlite_store: Any, clock: Any) -> World:
    return World(sqlite_store, clock, policy=POLICY)


def _ticket(world: World, **over: Any) -> dict[str, Any]:
    (mention,) = world.flagged(1)
    body = {"mentions": [{"id": mention}], "title": "Jalan rusak", "topic": "roads", "unit": "pu"} | over
    made = world.program().post("/api/v1/tickets", json=body)
    assert made.status_code == 201, made.text
    return made.json()["ticket"] | {"mention": mention}


def _csrf(page: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]  # type: ignore[index]


def _post(client: TestClient, ticket: dict[str, Any], **said: str) -> Any:
    page = client.get(f"/tickets/{ticket['id']}").text
    form = {"csrf": _csrf(page), "version": str(ticket["version"]), **said}
    return client.post(f"/tickets/{ticket['id']}", data=form, follow_redirects=False)


def test_both_doors_promise_an_answer(world: World) -> None:
    assert _ticket(world)["due_at"] == PROMISED
    (mention,) = world.flagged(1)
    client, csrf = world.signed_in()
    form = {"csrf": csrf, "pick": str(mention), "title": "Jalan", "topic": "roads", "priority": "urgent", "unit": "pu"}
    where = client.post("/tickets", data=form, follow_redirects=False).headers["location"]
    found = world.program().get(f"/api/v1/tickets/{re.search(r'/tickets/([0-9]+)', where)[1]}").json()  # type: ignore[index]
    assert (found["ticket"]["due_at"], found["due"]) == ("2026-11-25T03:00:00Z", "soon")


def test_the_api_moves_it_for_a_reason_alone_and_a_unit_does_not(world: World) -> None:
    ticket = _ticket(world)
    path, later = f"/api/v1/tickets/{ticket['id']}", {"due_at": "2026-12-15T16:00:00+09:00", "version": 1}
    assert world.program().patch(path, json=later).json()["type"].endswith("due_reason")
    refused = world.program(Role.UNIT).patch(path, json=later | {"reason": "sibuk"})
    assert refused.status_code == 403
    moved = world.program(Role.SUPERVISOR).patch(path, json=later | {"reason": "menunggu alat"})
    assert (moved.status_code, moved.json()["due_at"]) == (200, "2026-12-15T07:00:00Z"), moved.text
    (event,) = [one for one in world.program().get(path).json()["history"] if one["kind"] == "due"]
    assert event["detail"]["reason"] == "menunggu alat"
    assert world.program().patch(path, json={"due_at": "kapan-kapan", "version": 2}).status_code == 422


def test_lists_narrow_and_sort_by_deadline_and_counts_are_true(world: World, clock: Any) -> None:
    first = _ticket(world)
    urgent = _ticket(world, priority="urgent")
    other = _ticket(world, unit="air", topic="water_supply")
    clock.forward(days=2)
    program = world.program()

    def ids(query: str, client: TestClient = program) -> list[int]:
        return [one["id"] for one in client.get(f"/api/v1/tickets?{query}").json()["items"]]

    assert ids("due=overdue") == [urgent["id"]]
    assert ids("due=soon") == []
    assert ids("order=due") == [urgent["id"], first["id"], other["id"]]
    assert ids(f"due_from={PROMISED}&due_before=2026-12-01T09:00:00Z") == [first["id"]]
    told = program.get("/api/v1/tickets/due").json()
    assert {name: told[name] for name in ("overdue", "soon", "later", "none")} == {
        "overdue": 1, "soon": 0, "later": 2, "none": 0,
    }  # fmt: skip
    # A unit officer counts their own alone.
    clock.forward(days=30)
    assert world.program(Role.UNIT).get("/api/v1/tickets/due").json()["overdue"] == 2
    assert program.get("/api/v1/tickets/due").json()["overdue"] == 3
    metrics = world.program(Role.ADMIN).get("/metrics").text
    assert 'sahut_tickets_due{due="overdue"} 3.0' in metrics


def test_the_board_says_it_as_people_do_by_the_units_clock(world: World, clock: Any) -> None:
    ticket = _ticket(world)

    def said() -> str:
        row = world.signed_in("wati")[0].get("/tickets").text
        return re.search(r'data-label="Tenggat"><span[^>]*>([^<]+)', row)[1]  # type: ignore[index]

    assert said() == "1 Des 2026"
    for days, words in ((4, "Selasa, 1 Des"), (1, "lusa"), (1, "besok"), (1, "hari ini 16.00 WIT")):
        clock.forward(days=days)
        assert said() == words
    clock.forward(hours=4, seconds=1)
    assert said() == "baru saja lewat"
    clock.forward(hours=2)
    assert said() == "lewat 2 jam"
    # 22.00 on 1 December in Jakarta is the 2nd already in Jayapura.
    clock.forward(hours=6)
    assert said() == "lewat 1 hari"
    client, _ = world.signed_in("wati")
    assert "16.00 WIT" in client.get(f"/tickets/{ticket['id']}").text
    page = client.get("/tickets?due=overdue&order=due").text
    assert '<span class="urgent-mark">Lewat tenggat</span> 1' in page
    assert ticket["number"] in page
    assert ticket["number"] not in client.get("/tickets?due=soon").text


def test_the_form_takes_a_day_by_the_units_clock_and_the_history_tells_it(world: World) -> None:
    ticket = _ticket(world)
    client, _ = world.signed_in("wati")
    assert _post(client, ticket, due_day="2026-12-15").status_code == 409
    assert _post(client, ticket, due_day="kapan", reason="x").status_code == 422
    assert _post(client, ticket, due_day="2026-12-15", reason="menunggu alat").status_code == 303
    page = client.get(f"/tickets/{ticket['id']}").text
    assert "menjadi Selasa, 15 Desember 2026 16.00 WIT: menunggu alat" in page
    unit, _ = world.signed_in("tono")
    assert "due_day" not in unit.get(f"/tickets/{ticket['id']}").text


def test_a_reason_is_not_told_to_who_may_not_read_the_ticket(world: World) -> None:
    ticket = _ticket(world, confidential=True)
    change = {"due_at": "2026-12-15T07:00:00Z", "reason": "pelapor @warga_contoh sakit", "version": 1}
    path = f"/api/v1/tickets/{ticket['id']}"
    assert world.program().patch(path, json=change).status_code == 200
    told = world.program(Role.AUDITOR).get(path)
    assert told.status_code == 200
    assert "warga_contoh" not in told.text
    assert "sakit" not in told.text
    assert "sakit" in world.program().get(path).text


def test_templates_name_the_day_in_their_own_language_while_there_is_one(world: World, clock: Any) -> None:
    ticket = _ticket(world)

    def texts() -> dict[str, str]:
        answer = world.program(Role.COMMS).get(f"/api/v1/replies/templates?mention={ticket['mention']}").json()
        return {one["name"]: one["text"] for one in answer["items"]}

    assert texts() == {
        "janji": "Kami jawab paling lambat Selasa, 1 Desember 2026.",
        "promise": "We answer by Tuesday, 1 December 2026.",
    }
    client, _ = world.signed_in("rina")
    written = client.get(f"/mentions/{ticket['mention']}/reply", params={"template": "janji"}).text
    assert "paling lambat Selasa, 1 Desember 2026." in written
    clock.now += timedelta(days=8)
    assert texts()["janji"] == "Kami jawab paling lambat {deadline}."


def test_a_template_stays_in_braces_without_a_ticket(world: World) -> None:
    (mention,) = world.flagged(1)
    answer = world.program(Role.COMMS).get(f"/api/v1/replies/templates?mention={mention}").json()
    assert answer["items"][0]["text"] == "Kami jawab paling lambat {deadline}."
