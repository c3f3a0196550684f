"""Public replies by the API: drafted, approved by somebody else, settled, each act once and at a known version."""

from __future__ import annotations

from typing import Any

import pytest

from sahut.core import outbox
from sahut.core.errors import InDoubtError, PermanentError
from sahut.core.model import Capability, Policy, Problem, ReplyPolicy, Role, Template, Topic
from sahut.core.ports import Store
from tests.fakes import FakeQueue, FakeReplier
from tests.triage_api.conftest import POLICY, World

TEXT = "Terima kasih, laporan Anda kami teruskan ke Dinas Pekerjaan Umum."


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock, queue=FakeQueue())


def deliver(world: World) -> None:
    outbox.deliver(store=world.store, means=world.replier.means(), clock=world.clock)


def submitted(world: World, **over: Any) -> dict[str, Any]:
    answer = world.act(world.reply(TEXT, **over), "submit")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_reply_is_written_approved_by_another_rung_for_and_sent(world: World) -> None:
    reply = submitted(world)
    assert (reply["state"], reply["author"]) == ("waiting", "Rina Contoh (uji)")
    assert ("deliver", "") not in world.queue.rings
    approved = world.act(reply, "approve", Role.APPROVER).json()
    assert (approved["state"], approved["approver"]) == ("approved", "Dewi Contoh (uji)")
    assert ("deliver", "") in world.queue.rings
    deliver(world)
    shown = world.program(Role.AUDITOR).get("/api/v1/replies/1").json()
    assert (shown["state"], shown["native_id"]) == ("sent", "r1")
    assert [(one["act"], one["actor"]) for one in shown["history"]] == [
        ("drafted", "Rina Contoh (uji)"),
        ("submitted", "Rina Contoh (uji)"),
        ("approved", "Dewi Contoh (uji)"),
        ("sending", ""),
        ("sent", ""),
    ]


def test_who_wrote_it_does_not_approve_it_and_comms_approve_nothing(world: World) -> None:
    reply = submitted(world, role=Role.APPROVER)
    own = world.act(reply, "approve", Role.APPROVER)
    assert (own.status_code, own.json()["type"]) == (409, "urn:sahut:problem:reply_own_text")
    assert world.act(reply, "approve", Role.COMMS).status_code == 403
    assert world.act(reply, "approve", Role.TRIAGE).status_code == 403
    assert world.act(reply, "approve", Role.ADMIN).status_code == 200


def test_a_draft_sent_again_under_its_key_is_one_draft(world: World) -> None:
    (mention,) = world.flagged(1)
    body, key = {"mention_id": mention, "text": TEXT}, {"Idempotency-Key": "k1"}
    first, again = (world.program(Role.COMMS).post("/api/v1/replies", json=body, headers=key) for _ in range(2))
    assert again.content == first.content
    second = world.program(Role.COMMS).post("/api/v1/replies", json=body)
    assert (second.status_code, second.json()["type"]) == (409, "urn:sahut:problem:reply_open")
    assert len(world.program().get("/api/v1/replies", params={"mention": mention}).json()["items"]) == 1


def test_a_stale_change_is_refused_with_what_happened(world: World) -> None:
    reply = world.reply(TEXT)
    url = f"/api/v1/replies/{reply['id']}"
    client = world.program(Role.COMMS)
    assert client.patch(url, json={"text": "lain"}).status_code == 428
    assert client.patch(url, json={"text": "lain"}, headers={"If-Match": '"1"'}).headers["etag"] == '"2"'
    stale = world.act(reply, "submit")
    assert (stale.status_code, stale.json()["changes"][0]["what"]) == (409, "reply_edited")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a" * 281, "too_long"),
        ("Hubungi 0812-3456-7890 ya", "personal_data"),
        ("Nomor laporan Anda {ticket}", "unfilled"),
    ],
)
def test_what_must_not_be_said_is_told_while_writing_and_refused_on_submitting(
    world: World, text: str, word: str
) -> None:
    (mention,) = world.flagged(1)
    client = world.program(Role.COMMS)
    found = client.post("/api/v1/replies/check", json={"mention_id": mention, "text": text}).json()
    assert ([one["word"] for one in found["refusals"]], found["limit"], found["used"]) == ([word], 280, len(text))
    answer = world.act(world.reply(text, mention_id=mention), "submit")
    assert (answer.status_code, answer.json()["type"]) == (409, f"urn:sahut:problem:reply_{word}")


def test_a_link_that_costs_and_a_text_said_before_are_pointed_out(world: World) -> None:
    submitted(world)
    (mention,) = world.flagged(1)
    body = {"mention_id": mention, "text": f"{TEXT} https://lapor.example/lacak"}
    found = world.program(Role.COMMS).post("/api/v1/replies/check", json=body).json()
    assert [one["word"] for one in found["cautions"]] == ["costs", "similar"]
    assert found["cost_usd"] == 0.2


def test_a_rejected_reply_returns_to_its_author_and_a_withdrawn_one_is_over(world: World) -> None:
    reply = submitted(world)
    assert world.act(reply, "reject", Role.APPROVER).status_code == 422
    back = world.act(reply, "reject", Role.APPROVER, note="Sebutkan unitnya").json()
    assert (back["state"], back["reason"]) == ("draft", "Sebutkan unitnya")
    assert world.act(back, "withdraw").json()["state"] == "withdrawn"
    assert world.reply(TEXT, mention_id=reply["mention_id"])["id"] != reply["id"]


def test_a_failed_reply_says_why_and_is_sent_again_on_request(world: World) -> None:
    world.replier.then_raise(PermanentError("token expired", problem=Problem.REFUSED_CREDENTIAL))
    world.act(submitted(world), "approve", Role.APPROVER)
    deliver(world)
    failed = world.program().get("/api/v1/replies/1").json()
    assert (failed["state"], failed["problem"], failed["reason"]) == ("failed", "refused_credential", "token expired")
    world.act(failed, "retry")
    deliver(world)
    assert world.program().get("/api/v1/replies", params={"state": "sent"}).json()["items"][0]["native_id"] == "r1"


def test_one_in_doubt_is_settled_by_a_person_with_its_address(world: World) -> None:
    world.replier.then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=True)
    world.act(submitted(world), "approve", Role.APPROVER)
    deliver(world)
    doubtful = world.program().get("/api/v1/replies/1").json()
    assert world.act(doubtful, "settle", stands=True, link="nowhere").status_code == 422
    settled = world.act(doubtful, "settle", stands=True, link="https://a.example/r1").json()
    assert (settled["state"], settled["permalink"]) == ("sent", "https://a.example/r1")


def test_what_is_answered_by_hand_is_sent_once_a_person_says_where(sqlite_store: Store, clock: Any) -> None:
    world = World(sqlite_store, clock, replier=FakeReplier(capability=Capability.MANUAL))
    approved = world.act(submitted(world), "approve", Role.APPROVER).json()
    assert (approved["state"], approved["due_at"]) == ("by_hand", None)
    done = world.act(approved, "answered", link="https://a.example/p/9")
    assert (done.status_code, done.json()["state"]) == (200, "sent")


def test_what_cannot_be_answered_gets_no_draft(sqlite_store: Store, clock: Any) -> None:
    world = World(sqlite_store, clock, replier=FakeReplier(capability=Capability.NONE))
    body = {"mention_id": world.flagged(1)[0], "text": TEXT}
    answer = world.program(Role.COMMS).post("/api/v1/replies", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sahut:problem:reply_no_way")


def test_templates_come_filled_with_what_is_known(sqlite_store: Store, clock: Any) -> None:
    templates = (
        Template(name="Terima", text="Halo {name}, laporan {ticket}: {link}, {unit}, {deadline}"),
        Template(name="Jalan", text="Soal jalan", topics=frozenset({Topic.STREET_LIGHTING})),
        Template(name="Sampah", text="Soal sampah", topics=frozenset({Topic.WASTE})),
    )
    replies = ReplyPolicy(tracking_link="https://lapor.example/{code}", templates=templates)
    world = World(sqlite_store, clock, policy=Policy(units=POLICY.units, replies=replies))
    (mention,) = world.flagged(1)
    ticket = world.ticket(mention)
    found = world.program(Role.COMMS).get("/api/v1/replies/templates", params={"mention": mention}).json()["items"]
    link = f"https://lapor.example/{ticket['tracking_code']}"
    said = f"Halo {{name}}, laporan {ticket['number']}: {link}, {{unit}}, Selasa, 1 Desember 2026"
    assert [(one["name"], one["text"]) for one in found] == [("Jalan", "Soal jalan"), ("Terima", said)]


def test_a_text_that_is_too_long_goes_out_in_the_parts_that_were_shown(world: World) -> None:
    (mention,) = world.flagged(1)
    comms, text = world.program(Role.COMMS), "Terima kasih atas laporan Anda. " * 12
    checks = [
        comms.post("/api/v1/replies/check", json={"mention_id": mention, "text": text, "split": split}).json()
        for split in (False, True)
    ]
    assert [[one["word"] for one in check["refusals"]] for check in checks] == [["too_long"], []]
    assert [len(check["parts"]) for check in checks] == [2, 2]
    made = comms.post("/api/v1/replies", json={"mention_id": mention, "text": text, "split": True}).json()
    assert (made["split"], made["part"]) == (True, "")
    waiting = world.act(made, "submit").json()
    assert world.act(waiting, "approve", Role.APPROVER).status_code == 200
    for _ in range(2):
        deliver(world)
    items = comms.get("/api/v1/replies").json()["items"]
    assert [(one["number"], one["head_id"], one["state"]) for one in items] == [(2, 1, "sent"), (1, None, "sent")]
    assert [said for _, said in world.replier.stands.values()] == checks[1]["parts"]
