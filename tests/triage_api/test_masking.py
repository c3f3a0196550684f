"""Nobody reads a NIK, a telephone number or an e-mail address anywhere but behind the one door that writes it down."""

import re
from dataclasses import dataclass, replace
from threading import Event

import pytest
from fastapi.routing import iter_route_contexts

from collectors.files import FileCollector
from collectors.registry import CollectorSettings
from sahut import importing
from sahut.core.model import (
    Author,
    Change,
    CredentialDraft,
    DeadItem,
    Policy,
    PrivacyPolicy,
    ReplyPolicy,
    Role,
    Topic,
    Unit,
)
from sahut.core.model.imports import ImportDraft
from sahut.core.ports import Store
from sahut.core.rules import text_key
from tests.builders import a_mention
from tests.conftest import Clock
from tests.triage_api.conftest import World

NIK, PHONE, EMAIL, PLATE = "3273014508900001", "081234567890", "budi.santoso@surel.example", "B 1234 XYZ"
KK, NPWP, ACCOUNT = "3273010101100002", "09.254.294.3-407.000", "1234567890123"
SECRETS = (NIK, PHONE, EMAIL, PLATE, KK, NPWP, ACCOUNT)
SAID = f"NIK {NIK}, KK {KK}, NPWP {NPWP}, hubungi {PHONE} atau {EMAIL}, mobil plat {PLATE}, rekening BCA {ACCOUNT}"
PUBLIC = "081122223333"
HANDLE, NAME, LINK = "budisantoso77", "Budi Santoso", "https://a.example/budisantoso77/status/1"
POLICY = Policy(
    units=(Unit(code="pu", name="Dinas Pekerjaan Umum Contoh", topics=frozenset({Topic.ROADS})),),
    replies=ReplyPolicy(public_contacts=frozenset({PUBLIC})),
)
_NAMES = {
    Role.TRIAGE: "sari",
    Role.ADMIN: "admin",
    Role.AUDITOR: "budi",
    Role.COMMS: "rina",
    Role.APPROVER: "dewi",
    Role.UNIT: "tono",
    Role.SUPERVISOR: "wati",
}


@dataclass
class Planted:
    """A world in which every text of a citizen, and every text of staff about one, holds numbers of persons."""

    world: World
    ids: dict[str, int]

    def addresses(self) -> list[str]:
        """Every GET route of the app with ids that exist, and lists that were searched."""
        found = []
        for context in iter_route_contexts(self.world.app.routes):
            path = context.path or ""
            if "GET" in (context.methods or ()):
                names = set(re.findall(r"{(\w+)}", path))
                known = {"hashed_name": "x.css", "platform": "mastodon", **self.ids}
                assert names <= set(known) | {"name"}, f"say in this test what {path} may be asked for"
                found.append(path.format(**known, name="x"))
        pick, reply = self.ids["mention_id"], self.ids["other_id"]
        return [
            *found,
            *(f"/?q={word}" for word in ("jalan", "rekening")),
            "/?state=filed",
            f"/tickets/new?pick={pick}",
            f"/tickets/new?pick={reply}",
            f"/mentions/merge?pick={pick}",
            "/api/v1/mentions?q=jalan&order=pressing",
            f"/mentions/{reply}",
            f"/api/v1/mentions/{reply}",
            f"/api/v1/mentions/{reply}/conversation",
            "/replies?state=drafts",
            "/replies?state=settle",
            f"/api/v1/replies/templates?mention={reply}",
            f"/mentions/{reply}/reply?template=Salam",
            "/tickets?status=all&q=padam",
            "/decisions/mine",
            "/audit?act=reveal",
        ]


@pytest.fixture
def planted(sqlite_store: Store, clock: Clock) -> Planted:
    return plant(World(sqlite_store, clock, policy=POLICY))


def plant(world: World) -> Planted:
    author = Author(handle=HANDLE, name=f"{NAME} {PHONE}", url=f"https://a.example/{HANDLE}")
    said = {"title": f"Jalan rusak {PHONE}", "author": author, "permalink": LINK, "raw": {"nik": NIK}}
    (one,) = world.store_mentions([a_mention(f"Jalan rusak. {SAID}", platform="feed", native_id=EMAIL, **said)])
    (two,) = world.store_mentions([a_mention(f"Jalan rusak lagi. {SAID}", platform="feed", **said)])
    answering = a_mention(f"Saya juga. {SAID}", platform="feed", parent=EMAIL, root=EMAIL, **said)
    (answer,) = world.store_mentions([answering])
    world.tie(answer, one)
    world.explain(one, NIK, "rusak")
    with world.store.begin() as tx:
        before = tx.mentions.get(one)
        edited = replace(before.mention, text=f"Jalan rusak, disunting. {SAID}")
        known = tx.mentions.known([before.mention.key])[before.mention.key]
        change = Change(mention=edited, text_key=text_key(edited.body), known=known, reassess=False)
        tx.mentions.save(world.source.id, [change], world.clock())
        tx.dead_letters.add(
            world.source.id, [DeadItem(reason=f"no date near {SAID}", native_id=EMAIL, raw={"nik": NIK})], world.clock()
        )
        draft = CredentialDraft(name="Qwrtz", platform="mastodon", settings={"server": "https://a.example"})
        credential = tx.credentials.add(draft, {"access_token": "x"}, world.clock())
        rows = f'text,author,at\n"{SAID}",{PHONE},2026-11-20\n,{EMAIL},2026-11-20\n'
        brought = tx.imports.add(
            ImportDraft(file="qwrtz.csv", source="Berkas"), [rows.encode()], by="Uji", now=world.clock()
        )
    importing.work(store=world.store, collector=FileCollector(CollectorSettings()), clock=world.clock, stop=Event())
    program = world.program()
    body = {"title": f"Lampu padam {PHONE}", "description": SAID, "place": f"Rumah {EMAIL}", "topic": "roads"}
    ticket = program.post("/api/v1/tickets", json={**body, "mentions": [{"id": one}], "unit": "pu"}).json()
    changed = {"place": f"Jalan Melati, hubungi {PHONE}", "description": f"{SAID}, sudah dicek", "version": 1}
    moved = program.patch(f"/api/v1/tickets/{ticket['ticket']['id']}", json=changed)
    assert moved.status_code == 200, moved.text
    dismissed = world.flagged(1, "Bukan untuk kami")
    noted = {"mentions": [{"id": dismissed[0]}], "reason": "not_ours", "note": SAID}
    assert program.post("/api/v1/decisions/dismiss", json=noted).status_code == 201
    reply = world.reply(f"Hubungi {PUBLIC}, bukan {PHONE} atau {EMAIL}", mention_id=two)
    assert world.act(reply, "withdraw").status_code == 200
    clean = world.reply(f"Silakan hubungi {PUBLIC}", mention_id=two)
    waiting = world.act(clean, "submit")
    assert waiting.status_code == 200, waiting.text
    rejected = world.act(waiting.json(), "reject", Role.APPROVER, note=f"Jangan sebut {PHONE}")
    assert rejected.status_code == 200, rejected.text
    return Planted(
        world,
        {
            "mention_id": one,
            "other_id": two,
            "ticket_id": ticket["ticket"]["id"],
            "reply_id": reply["id"],
            "source_id": world.source.id,
            "user_id": world.users[Role.TRIAGE],
            "credential_id": credential.id,
            "import_id": brought.id,
        },
    )


def _bare(text: str) -> str:
    """The text as a reader sees it who takes out whatever may stand between digits."""
    return re.sub(r"<[^>]*>|[\s.\-]", "", text)


def _found(text: str) -> list[str]:
    bare = _bare(text)
    return [secret for secret in SECRETS if _bare(secret) in bare]


@pytest.mark.parametrize("role", list(Role))
def test_no_route_shows_any_role_a_number_of_a_person(planted: Planted, role: Role) -> None:
    program, (browser, _csrf) = planted.world.program(role), planted.world.signed_in(_NAMES[role])
    leaks, answered = [], 0
    for path in planted.addresses():
        for client, accept in ((program, "application/json"), (browser, "text/html")):
            answer = client.get(path, headers={"Accept": accept})
            answered += answer.status_code == 200
            if found := _found(answer.text):
                leaks.append((path, accept, found))
    assert leaks == []
    assert answered >= (60 if role is not Role.UNIT else 14)


def test_what_people_do_is_answered_masked_too(planted: Planted) -> None:
    world, ids = planted.world, planted.ids
    program, comms = world.program(), world.program(Role.COMMS)
    answers = [
        program.patch(f"/api/v1/tickets/{ids['ticket_id']}", json={"priority": "high", "version": 2}),
        program.patch(f"/api/v1/tickets/{ids['ticket_id']}", json={"priority": "high", "version": 1}),
        comms.post("/api/v1/replies/check", json={"mention_id": ids["other_id"], "text": f"Hubungi {PHONE}"}),
        comms.post("/api/v1/replies", json={"mention_id": world.flagged(1)[0], "text": f"Hubungi {PHONE}"}),
        program.post(
            "/api/v1/tickets", json={"mentions": [{"id": ids["other_id"]}], "title": f"T {PHONE}", "topic": "roads"}
        ),
    ]
    assert [answer.status_code for answer in answers] == [200, 409, 200, 201, 201]
    assert [_found(answer.text) for answer in answers] == [[]] * len(answers)
    again = program.post("/api/v1/tickets", json={"mentions": [{"id": 1}], "title": SAID, "topic": "roads"})
    assert again.status_code == 409
    assert _found(again.text) == []


@pytest.mark.parametrize(("role", "sees"), [(role, role not in {Role.UNIT, Role.AUDITOR}) for role in Role])
def test_who_wrote_a_post_is_shown_to_the_roles_of_the_policy_alone(planted: Planted, role: Role, sees: bool) -> None:
    program, (browser, _csrf) = planted.world.program(role), planted.world.signed_in(_NAMES[role])
    texts = [client.get(path).text for path in planted.addresses() for client in (program, browser)]
    assert any(NAME in text for text in texts) is sees
    assert any(HANDLE in text for text in texts) is sees


def test_a_policy_may_hide_authors_from_everybody(sqlite_store: Store, clock: Clock) -> None:
    policy = replace(POLICY, privacy=PrivacyPolicy(authors_hidden_from=frozenset(Role)))
    planted = plant(World(sqlite_store, clock, policy=policy))
    program, (browser, _csrf) = planted.world.program(Role.ADMIN), planted.world.signed_in("admin")
    found = [path for path in planted.addresses() for c in (program, browser) if HANDLE in c.get(path).text]
    assert found == []
    # A conversation keeps its order all the same.
    items = program.get(f"/api/v1/mentions/{planted.ids['mention_id']}/conversation").json()["items"]
    assert [one["parent"] for one in items] == ["", f"#{planted.ids['mention_id']}"]


def test_revealing_shows_everything_and_writes_down_who_what_and_why(planted: Planted) -> None:
    world, ids = planted.world, planted.ids
    asked = {"purpose": "contact", "note": f"Menelepon {PHONE}"}
    answer = world.program().post(f"/api/v1/mentions/{ids['mention_id']}/reveal", json=asked)
    assert answer.status_code == 200, answer.text
    assert sorted(_found(answer.json()["text"])) == sorted(SECRETS)
    assert answer.json()["author"]["handle"] == HANDLE
    assert answer.json()["permalink"] == LINK
    assert _found(answer.json()["versions"][0]["text"]) != []
    assert answer.headers["cache-control"] == "no-store"
    ticket = world.program().post(f"/api/v1/tickets/{ids['ticket_id']}/reveal", json={"purpose": "check"})
    assert sorted(_found(ticket.json()["description"])) == sorted(SECRETS)

    log = world.program(Role.AUDITOR).get("/api/v1/audit?act=reveal").json()["items"]
    assert [(one["actor_name"], one["kind"], one["key"], one["detail"]["purpose"]) for one in log] == [
        ("Sari Contoh (uji)", "ticket", str(ids["ticket_id"]), "check"),
        ("Sari Contoh (uji)", "mention", str(ids["mention_id"]), "contact"),
    ]
    assert log[1]["detail"]["shown"] == ["account", "author", "email", "kk", "nik", "npwp", "phone", "plate"]
    assert log[1]["detail"]["note"] == "Menelepon •••••••••890"


def test_the_board_asks_why_and_shows_it_on_a_page_that_is_kept_nowhere(planted: Planted) -> None:
    world, ids = planted.world, planted.ids
    browser, csrf = world.signed_in("sari")
    page = f"/mentions/{ids['mention_id']}"
    assert f'action="{page}/reveal"' in browser.get(page).text
    refused = browser.post(f"{page}/reveal", data={"csrf": csrf}, headers={"Accept": "text/html"})
    assert refused.status_code == 422
    assert _found(refused.text) == []
    shown = browser.post(f"{page}/reveal", data={"csrf": csrf, "purpose": "pass_on"})
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert "Meneruskan ke petugas lapangan" in shown.text
    assert NIK in shown.text
    assert HANDLE in shown.text
    shown = browser.post(f"/tickets/{ids['ticket_id']}/reveal", data={"csrf": csrf, "purpose": "pass_on"})
    assert PHONE in shown.text


@pytest.mark.parametrize("role", [Role.COMMS, Role.APPROVER, Role.AUDITOR])
def test_roles_without_the_permission_neither_see_the_door_nor_pass_it(planted: Planted, role: Role) -> None:
    world, path = planted.world, f"/mentions/{planted.ids['mention_id']}"
    browser, csrf = world.signed_in(_NAMES[role])
    assert f"{path}/reveal" not in browser.get(path).text
    assert browser.post(f"{path}/reveal", data={"csrf": csrf, "purpose": "check"}).status_code == 403
    asked = {"purpose": "check"}
    assert world.program(role).post(f"/api/v1{path}/reveal", json=asked).status_code == 403
    assert world.program(Role.AUDITOR).get("/api/v1/audit?act=reveal").json()["items"] == []


def test_an_officer_reveals_what_belongs_to_their_unit_and_nothing_else(planted: Planted) -> None:
    program, ids = planted.world.program(Role.UNIT), planted.ids
    asked = {"purpose": "contact"}
    own = program.post(f"/api/v1/mentions/{ids['mention_id']}/reveal", json=asked)
    assert own.json()["author"]["handle"] == HANDLE
    assert program.post(f"/api/v1/mentions/{ids['other_id']}/reveal", json=asked).status_code == 404


def test_a_ticket_keeps_what_was_masked_in_the_form_that_it_came_from(planted: Planted) -> None:
    world, ids = planted.world, planted.ids
    program = world.program()
    before = program.get(f"/api/v1/tickets/{ids['ticket_id']}").json()["ticket"]
    body = {"description": before["description"] + " Segera.", "place": before["place"], "version": before["version"]}
    assert program.patch(f"/api/v1/tickets/{ids['ticket_id']}", json=body).status_code == 200
    seen = program.get(f"/api/v1/mentions/{ids['other_id']}").json()
    made = program.post(
        "/api/v1/tickets",
        json={
            "mentions": [{"id": ids["other_id"]}],
            "title": seen["title"],
            "description": seen["text"],
            "topic": "roads",
        },
    ).json()["ticket"]
    with world.store.read() as tx:
        kept, new = tx.tickets.get(ids["ticket_id"]), tx.tickets.get(made["id"])
    assert kept.description == f"{SAID}, sudah dicek Segera."
    assert kept.place == f"Jalan Melati, hubungi {PHONE}"
    assert (new.title, new.description) == (f"Jalan rusak {PHONE}", f"Jalan rusak lagi. {SAID}")


def test_a_reply_with_masks_copied_into_it_does_not_go_out(world: World) -> None:
    reply = world.reply("Kami hubungi •••••••••890 segera.")
    answer = world.act(reply, "submit")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sahut:problem:reply_personal_data")
