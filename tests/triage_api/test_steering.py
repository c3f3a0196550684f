"""What the board does with mentions before they are decided, through the API."""

from sahut.core.model import Role
from tests.triage_api.conftest import World


def test_a_mention_is_put_off_handed_on_corrected_and_each_is_undone(each_world: World) -> None:
    (one,) = each_world.flagged(1)
    client, mentions = each_world.program(), [{"id": one}]
    acts = [
        ("assign", {"assignee_id": each_world.users[Role.ADMIN], "unit": "pu"}),
        ("correct", {"kind": "inquiry", "topic": "waste"}),
        ("snooze", {"until": "2026-11-25T01:00:00Z"}),
    ]
    made = [client.post(f"/api/v1/decisions/{act}", json={"mentions": mentions, **body}) for act, body in acts]
    assert [answer.status_code for answer in made] == [201, 201, 201]

    found = client.get(f"/api/v1/mentions/{one}").json()
    names = ("state", "kind", "topic", "assignee_name", "unit", "snoozed_until", "corrected")
    assert [found[name] for name in names] == [
        "snoozed",
        "inquiry",
        "waste",
        "Admin Contoh",
        "pu",
        "2026-11-25T01:00:00Z",
        {"kind": "inquiry", "topic": "waste"},
    ]
    mine = client.get("/api/v1/decisions?mine=true").json()["items"]
    assert [act["kind"] for act in mine] == ["snoozed", "corrected", "assigned"]
    assert each_world.program(Role.ADMIN).get("/api/v1/decisions?mine=true").json()["items"] == []
    for act in mine:
        assert client.post(f"/api/v1/decisions/{act['id']}/undo").status_code == 200
        assert client.post(f"/api/v1/decisions/{act['id']}/undo").status_code == 409
    found = client.get(f"/api/v1/mentions/{one}").json()
    assert [found[name] for name in names] == ["flagged", "complaint", "street_lighting", "", "", None, {}]


def test_what_says_nothing_is_refused_in_words(world: World) -> None:
    (one,) = world.flagged(1)
    client, mentions = world.program(), [{"id": one}]
    for act, body, code in (
        ("snooze", {"until": "2026-11-24T00:00:00Z"}, "snooze_time"),
        ("correct", {"kind": "complaint"}, "nothing_corrected"),
        ("correct", {}, "nothing_corrected"),
        ("assign", {"unit": "tidak ada"}, "invalid"),
    ):
        answer = client.post(f"/api/v1/decisions/{act}", json={"mentions": mentions, **body})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, code)
    missing = client.post("/api/v1/decisions/assign", json={"mentions": mentions, "assignee_id": 999})
    assert missing.status_code == 404


def test_who_only_writes_replies_puts_nothing_off(world: World) -> None:
    (one,) = world.flagged(1)
    body = {"mentions": [{"id": one}], "until": "2026-11-25T01:00:00Z"}
    assert world.program(Role.COMMS).post("/api/v1/decisions/snooze", json=body).status_code == 403
