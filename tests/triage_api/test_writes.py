"""What is sent twice happens once; what is stale is refused with what changed."""

import threading

import pytest

from sahut.core import actions
from sahut.core.errors import BusyError
from sahut.core.model import MentionState, Role, TicketChange, TicketDraft, Topic
from sahut.core.ports import Tx
from storage.store import SqlStore
from tests.conftest import Clock
from tests.triage_api.conftest import World
from triage_api.writes import patiently


def _convert(*ids: int) -> dict:
    return {"mentions": [{"id": one} for one in ids], "title": "Lampu padam", "topic": "street_lighting"}


def _tickets(world: World) -> int:
    return len(world.program().get("/api/v1/tickets").json()["items"])


# --- idempotency -------------------------------------------------------------------------------------------------


def test_a_create_sent_again_under_its_key_gets_the_first_answer_and_does_nothing(world: World) -> None:
    (mention,) = world.flagged(1)
    client = world.program()
    key = {"Idempotency-Key": "5f0c"}

    first = client.post("/api/v1/tickets", json=_convert(mention), headers=key)
    again = client.post("/api/v1/tickets", json=_convert(mention), headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert _tickets(world) == 1


def test_without_a_key_a_second_create_is_refused_by_the_mentions_state(world: World) -> None:
    (mention,) = world.flagged(1)
    client = world.program()
    client.post("/api/v1/tickets", json=_convert(mention))
    again = client.post("/api/v1/tickets", json=_convert(mention))

    assert (again.status_code, again.json()["type"]) == (409, "urn:sahut:problem:mention_state")


def test_a_key_that_came_with_another_request_is_refused(world: World) -> None:
    one, two = world.flagged(2)
    client = world.program()
    key = {"Idempotency-Key": "k1"}
    client.post("/api/v1/tickets", json=_convert(one), headers=key)

    other_body = client.post("/api/v1/tickets", json=_convert(two), headers=key)
    dismissal = {"mentions": [{"id": two}], "reason": "spam"}
    other_path = client.post("/api/v1/decisions/dismiss", json=dismissal, headers=key)

    for answer in (other_body, other_path):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:sahut:problem:idempotency_key_reused")
    assert client.get(f"/api/v1/mentions/{two}").json()["state"] == "flagged"


def test_two_accounts_may_use_the_same_key(world: World) -> None:
    one, two = world.flagged(2)
    key = {"Idempotency-Key": "k1"}

    assert world.program(Role.TRIAGE).post("/api/v1/tickets", json=_convert(one), headers=key).status_code == 201
    assert world.program(Role.ADMIN).post("/api/v1/tickets", json=_convert(two), headers=key).status_code == 201


def test_a_refused_create_leaves_its_key_free(world: World) -> None:
    (mention,) = world.flagged(1)
    client = world.program()
    key = {"Idempotency-Key": "k1"}

    assert client.post("/api/v1/tickets", json=_convert(999), headers=key).status_code == 404
    assert client.post("/api/v1/tickets", json=_convert(mention), headers=key).status_code == 201


def test_of_many_creates_with_one_key_at_once_one_acts_and_all_get_its_answer(each_world: World, run_together) -> None:
    (mention,) = each_world.flagged(1)
    clients = [each_world.program() for _ in range(6)]
    answers = run_together(
        6, lambda n: clients[n].post("/api/v1/tickets", json=_convert(mention), headers={"Idempotency-Key": "race"})
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert _tickets(each_world) == 1


def test_of_many_sources_added_at_once_with_one_key_there_is_one(each_world: World, run_together) -> None:
    body = {"platform": "feed", "name": "Warta", "address": "https://warta.example/rss"}
    clients = [each_world.program(Role.ADMIN) for _ in range(4)]
    answers = run_together(
        4, lambda n: clients[n].post("/api/v1/sources", json=body, headers={"Idempotency-Key": "race"})
    )

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_a_tokens_secret_is_not_kept_for_a_repeat(world: World) -> None:
    admin = world.program(Role.ADMIN)
    body = {"name": "dasbor", "user_id": world.users[Role.AUDITOR], "scopes": ["read"]}
    key = {"Idempotency-Key": "k1"}
    first = admin.post("/api/v1/tokens", json=body, headers=key).json()
    again = admin.post("/api/v1/tokens", json=body, headers=key).json()

    assert again == first | {"token": None}
    with world.store.read() as tx:
        kept = tx.accounts.answer("k1", world.users[Role.ADMIN])
    assert first["token"] not in kept.body


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
def test_a_key_that_is_no_key_is_refused(world: World, key: str) -> None:
    answer = world.program().post("/api/v1/tickets", json=_convert(1), headers={"Idempotency-Key": key.encode()})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


# --- stale writes ------------------------------------------------------------------------------------------------


def test_a_stale_change_is_refused_and_told_what_the_other_person_did(each_world: World) -> None:
    ticket = each_world.ticket()
    path = f"/api/v1/tickets/{ticket['id']}"
    first = each_world.program(Role.ADMIN).patch(path, json={"status": "in_progress", "version": ticket["version"]})
    stale = each_world.program().patch(path, json={"priority": "high", "version": ticket["version"]})
    problem = stale.json()

    assert first.status_code == 200
    assert (stale.status_code, problem["type"]) == (409, "urn:sahut:problem:stale")
    assert stale.headers["content-type"] == "application/problem+json"
    assert (problem["kind"], problem["ticket"]) == ("ticket", ticket["id"])
    assert (problem["expected"], problem["current"]) == (ticket["version"], first.json()["version"])
    assert [(c["what"], c["who"]) for c in problem["changes"]] == [("status", "Admin Contoh (uji)")]


@pytest.mark.parametrize("weak", ["", "W/"])
def test_the_etag_of_an_answer_is_what_if_match_takes(world: World, weak: str) -> None:
    path = f"/api/v1/tickets/{world.ticket()['id']}"
    client = world.program()
    etag = weak + client.get(path).headers["etag"]

    assert client.patch(path, json={"place": "Jalan Melati"}, headers={"If-Match": etag}).status_code == 200
    assert client.patch(path, json={"place": "Jalan Mawar"}, headers={"If-Match": etag}).status_code == 409
    assert client.get(path).json()["ticket"]["place"] == "Jalan Melati"


def test_a_change_that_says_no_version_is_refused(world: World) -> None:
    ticket = world.ticket()
    client = world.program()
    path = f"/api/v1/tickets/{ticket['id']}"

    assert client.patch(path, json={"place": "x"}).status_code == 428
    assert client.patch(path, json={"place": "x"}, headers={"If-Match": "*"}).status_code == 422
    contrary = client.patch(path, json={"place": "x", "version": 1}, headers={"If-Match": '"7"'})
    assert contrary.json()["errors"][0]["pointer"] == "#/version"


def test_of_two_changes_at_once_one_wins_and_one_is_told(each_world: World, run_together) -> None:
    ticket = each_world.ticket()
    clients = [each_world.program() for _ in range(4)]
    answers = run_together(
        4,
        lambda n: clients[n].patch(
            f"/api/v1/tickets/{ticket['id']}", json={"place": f"Jalan {n}", "version": ticket["version"]}
        ),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


# --- decisions ---------------------------------------------------------------------------------------------------


def test_a_bulk_dismissal_is_done_whole_or_refused_whole(world: World) -> None:
    one, two, three = world.flagged(3)
    client = world.program()
    client.post("/api/v1/tickets", json=_convert(three))
    body = {"mentions": [{"id": one}, {"id": two}, {"id": three}], "reason": "not_ours"}

    assert client.post("/api/v1/decisions/dismiss", json=body).status_code == 409
    assert client.get("/api/v1/mentions", params={"state": "dismissed"}).json()["items"] == []
    body["mentions"].pop()
    assert client.post("/api/v1/decisions/dismiss", json=body).status_code == 201
    found = client.get("/api/v1/mentions", params={"state": "dismissed"}).json()["items"]
    assert {record["id"] for record in found} == {one, two}


def test_several_mentions_become_one_ticket_that_can_be_undone(world: World) -> None:
    one, two = world.flagged(2)
    client = world.program()
    made = client.post("/api/v1/tickets", json=_convert(one, two)).json()
    ticket = made["ticket"]["id"]

    detail = client.get(f"/api/v1/tickets/{ticket}").json()
    assert {record["id"] for record in detail["mentions"]} == {one, two}
    assert [event["kind"] for event in detail["history"]] == ["created"]

    assert client.post(f"/api/v1/decisions/{made['decisions'][0]['id']}/undo").status_code == 200
    assert client.post(f"/api/v1/decisions/{made['decisions'][0]['id']}/undo").status_code == 409
    assert client.get(f"/api/v1/tickets/{ticket}").json()["ticket"]["status"] == "void"
    assert client.get(f"/api/v1/mentions/{one}").json()["state"] == MentionState.FLAGGED


def test_a_merge_adds_to_a_ticket_and_its_history(world: World) -> None:
    ticket = world.ticket()
    (late,) = world.flagged(1)
    client = world.program()
    body = {"mentions": [{"id": late}], "ticket_id": ticket["id"]}
    made = client.post("/api/v1/decisions/merge", json=body)

    assert made.status_code == 201
    assert made.json()["ticket"]["mentions"] == 2
    assert client.get(f"/api/v1/mentions/{late}").json()["ticket_id"] == ticket["id"]


def test_a_copy_is_untied_and_stands_for_itself_again(world: World) -> None:
    first, copy = world.flagged(2)
    world.tie(copy, first)
    client = world.program()

    assert [c["id"] for c in client.get(f"/api/v1/mentions/{first}").json()["copies"]] == [copy]
    assert client.post(f"/api/v1/mentions/{copy}/untie", json={}).json()["folded"] is False
    assert client.get(f"/api/v1/mentions/{first}").json()["copies"] == []


def test_a_unit_that_the_policy_does_not_name_is_refused(world: World) -> None:
    (mention,) = world.flagged(1)
    answer = world.program().post("/api/v1/tickets", json=_convert(mention) | {"unit": "dinas-entah"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/unit")


# --- sources -----------------------------------------------------------------------------------------------------


def test_a_source_is_added_changed_paused_resumed_and_removed(world: World) -> None:
    admin = world.program(Role.ADMIN)
    body = {"platform": "feed", "name": "Warta", "address": "https://warta.example/rss", "interval": 900}
    made = admin.post("/api/v1/sources", json=body).json()
    path = f"/api/v1/sources/{made['id']}"

    assert (made["condition"], made["interval"]) == ("new", 900)
    changed = admin.put(path, json=body | {"name": "Warta Baru"}, headers={"If-Match": '"1"'})
    assert changed.json()["name"] == "Warta Baru"
    assert admin.put(path, json=body, headers={"If-Match": '"1"'}).status_code == 409
    assert admin.post(path + "/pause", json={}).json()["condition"] == "paused"
    assert admin.post(path + "/resume", json={}).json()["state"] == "active"
    assert admin.delete(path).json()["state"] == "removed"
    assert made["id"] not in {source["id"] for source in admin.get("/api/v1/sources").json()["items"]}


def test_a_source_that_is_there_already_is_refused(world: World) -> None:
    body = {"platform": "feed", "name": "Lain", "address": "https://a.example/rss"}
    answer = world.program(Role.ADMIN).post("/api/v1/sources", json=body)

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sahut:problem:source_exists")


def test_files_of_the_server_cannot_be_named_from_outside(world: World) -> None:
    body = {"platform": "replay", "name": "Rahasia", "address": "/etc/passwd"}
    answer = world.program(Role.ADMIN).post("/api/v1/sources", json=body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/platform")


@pytest.mark.postgres
def test_of_two_who_wait_for_each_other_the_one_that_was_given_up_tries_again(
    postgres_store: SqlStore, clock: Clock
) -> None:
    with postgres_store.begin() as tx:
        draft = TicketDraft(title="Lampu", topic=Topic.STREET_LIGHTING)
        ids = [tx.tickets.create(draft, tracking_code=f"KODE{n}", now=clock()).id for n in range(2)]
    both, tries = threading.Barrier(2), []

    def work(name: str, order: list[int]) -> None:
        def act(tx: Tx) -> None:
            tries.append(name)
            tx.tickets.change(order[0], TicketChange(place=name), clock())
            if tries.count(name) == 1:
                both.wait(30)
            tx.tickets.change(order[1], TicketChange(place=name), clock())

        patiently(postgres_store, act)

    threads = [threading.Thread(target=work, args=said) for said in (("satu", ids), ("dua", ids[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(tries) == 3
    with postgres_store.read() as tx:
        found = [tx.tickets.get(one) for one in ids]
    # Both acts went through, each whole: the one that came again is the last.
    assert [one.version for one in found] == [3, 3]
    assert {one.place for one in found} == {tries[2]}


def test_what_is_given_up_time_after_time_is_answered_with_when_to_come_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mention,) = world.flagged(1)
    tried = []

    def busy(*_: object, **__: object) -> None:
        tried.append(1)
        raise BusyError

    monkeypatch.setattr(actions, "dismiss", busy)
    body = {"mentions": [{"id": mention}], "reason": "spam"}
    answer = world.program().post("/api/v1/decisions/dismiss", json=body)
    assert (answer.status_code, answer.headers["Retry-After"], len(tried)) == (503, "1", 4)
    assert answer.json()["type"].endswith(":busy")
