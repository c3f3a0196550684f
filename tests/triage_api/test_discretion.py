"""Anonim and rahasia, as SP4N-LAPOR! has them: who learns of the reporter, who reads the report."""

import re

import pytest

from sahut.core.model import (
    Actor,
    Author,
    DecisionDraft,
    DecisionKind,
    MentionState,
    Policy,
    PrivacyPolicy,
    Role,
    SentReply,
    Topic,
    Unit,
)
from sahut.core.ports import Store
from tests.builders import a_mention
from tests.conftest import Clock
from tests.triage_api.conftest import World

# The policy hides no author, so that what is hidden is hidden by the flag.
POLICY = Policy(
    units=(Unit(code="pu", name="Dinas Pekerjaan Umum Contoh", topics=frozenset({Topic.ROADS})),),
    privacy=PrivacyPolicy(authors_hidden_from=frozenset()),
)
HANDLE, WORD = "budisantoso77", "terowongan"
_NAMES = {
    Role.TRIAGE: "sari",
    Role.ADMIN: "admin",
    Role.AUDITOR: "budi",
    Role.COMMS: "rina",
    Role.APPROVER: "dewi",
    Role.UNIT: "tono",
    Role.SUPERVISOR: "wati",
}
KNOW = {Role.ADMIN, Role.TRIAGE, Role.COMMS, Role.APPROVER}
IN_CHARGE = {Role.ADMIN, Role.TRIAGE, Role.SUPERVISOR, Role.UNIT}


class Case:
    """A ticket of one mention that asks for discretion."""

    def __init__(self, world: World, **flags: bool) -> None:
        said = a_mention(
            f"Pungli di {WORD} kota",
            platform="feed",
            author=Author(handle=HANDLE),
            permalink=f"https://a.example/{HANDLE}/1",
        )
        (self.mention,) = world.store_mentions([said])
        body = {"mentions": [{"id": self.mention}], "title": f"Pungli {WORD}", "topic": "roads", "unit": "pu"}
        made = world.program().post("/api/v1/tickets", json={**body, "description": f"Di {WORD}", **flags})
        assert made.status_code == 201, made.text
        self.ticket = made.json()["ticket"]["id"]

    def paths(self) -> list[str]:
        return [
            *(f"/api/v1/mentions/{self.mention}{more}" for more in ("", "/conversation")),
            *(f"/api/v1/tickets{more}" for more in ("", f"/{self.ticket}")),
            f"/mentions/{self.mention}",
            f"/mentions/{self.mention}/reply",
            f"/tickets/{self.ticket}",
            "/tickets?status=all",
            "/?state=converted",
            "/api/v1/mentions?state=converted",
        ]

    def seen(self, world: World, role: Role) -> str:
        program, (browser, _csrf) = world.program(role), world.signed_in(_NAMES[role])
        found = [client.get(path) for path in self.paths() for client in (program, browser)]
        return "\n".join(answer.text for answer in found if answer.status_code == 200)


@pytest.fixture
def open_world(store: Store, clock: Clock) -> World:
    """On SQLite and PostgreSQL, with a policy that hides no author."""
    return World(store, clock, policy=POLICY)


def test_who_reported_an_anonymous_ticket_is_known_to_those_who_sort_and_answer_alone(open_world: World) -> None:
    case = Case(open_world, anonymous=True)
    seen = {role: case.seen(open_world, role) for role in Role}
    assert {role for role in Role if HANDLE in seen[role]} == KNOW
    assert {role for role in Role if WORD in seen[role]} == set(Role)
    shown = open_world.program(Role.UNIT).post(f"/api/v1/mentions/{case.mention}/reveal", json={"purpose": "contact"})
    assert (shown.status_code, shown.json()["author"], shown.json()["permalink"]) == (200, None, "")
    assert HANDLE not in shown.text
    told = open_world.program(Role.TRIAGE).post(f"/api/v1/mentions/{case.mention}/reveal", json={"purpose": "contact"})
    assert told.json()["author"]["handle"] == HANDLE


def test_a_confidential_report_is_read_by_those_in_charge_alone(open_world: World) -> None:
    case = Case(open_world, confidential=True)
    seen = {role: case.seen(open_world, role) for role in Role}
    assert {role for role in Role if WORD in seen[role]} == IN_CHARGE
    assert {role for role in Role if HANDLE in seen[role]} == IN_CHARGE
    others = [seen[role] for role in Role if role not in IN_CHARGE]
    assert all("••• rahasia •••" in text for text in others)


def test_a_ticket_without_flags_hides_nothing(open_world: World) -> None:
    case = Case(open_world)
    assert {role for role in Role if HANDLE in case.seen(open_world, role)} == set(Role)


def test_a_ticket_goes_anonymous_later_and_its_history_says_so(open_world: World) -> None:
    case = Case(open_world)
    unit, path = open_world.program(Role.UNIT), f"/api/v1/tickets/{case.ticket}"
    assert HANDLE in unit.get(path).text
    refused = unit.patch(path, json={"anonymous": True, "version": 1})
    assert refused.status_code == 403
    browser, csrf = open_world.signed_in("sari")
    page = browser.get(f"/tickets/{case.ticket}").text
    names = set(re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', page))
    kept = {"title": f"Pungli {WORD}", "topic": "roads", "unit": "pu", "priority": "normal", "description": ""}
    assert {"anonymous", "confidential", "flags"} <= names
    form = {"csrf": csrf, "version": "1", "flags": "1", "anonymous": "1", **kept}
    assert browser.post(f"/tickets/{case.ticket}", data=form, follow_redirects=False).status_code == 303
    assert HANDLE not in unit.get(path).text
    page = browser.get(f"/tickets/{case.ticket}").text
    assert "menandai anonim" in page
    # Another form of the page (a move) leaves the boxes as they are.
    moved = {"csrf": csrf, "version": "2", "status": "forwarded"}
    assert browser.post(f"/tickets/{case.ticket}", data=moved, follow_redirects=False).status_code == 303
    assert open_world.program().get(path).json()["ticket"]["anonymous"] is True


@pytest.mark.parametrize("flag", ["anonymous", "confidential"])
def test_a_merge_keeps_what_either_reporter_was_promised_and_parting_gives_back_what_was(
    open_world: World, flag: str
) -> None:
    left = Case(open_world, **{flag: True})
    kept = open_world.ticket()["id"]
    client = open_world.program()
    hidden_from, what = (Role.UNIT, HANDLE) if flag == "anonymous" else (Role.COMMS, WORD)
    moved = client.patch(f"/api/v1/tickets/{kept}", json={"unit": "pu", "version": 1})
    assert moved.status_code == 200
    merged = client.post(f"/api/v1/tickets/{left.ticket}/merge", json={"into": kept})
    assert merged.json()[flag] is True
    assert what not in left.seen(open_world, hidden_from)
    assert what not in open_world.program(hidden_from).get(f"/api/v1/tickets/{kept}").text
    told = client.get(f"/api/v1/tickets/{kept}").json()["history"][-1]
    assert (told["kind"], told["detail"][flag]) == ("took_over", [False, True])
    browser, _csrf = open_world.signed_in("sari")
    assert f"menandai {'anonim' if flag == 'anonymous' else 'rahasia'}" in browser.get(f"/tickets/{kept}").text
    parted = client.post(f"/api/v1/tickets/{left.ticket}/part", json={})
    assert (parted.status_code, parted.json()[flag]) == (200, True)
    assert client.get(f"/api/v1/tickets/{kept}").json()["ticket"][flag] is False
    assert what not in left.seen(open_world, hidden_from)


def test_a_ticket_that_was_anonymous_before_a_merge_is_so_after_it_was_taken_back(open_world: World) -> None:
    left, kept = Case(open_world, anonymous=True), Case(open_world, anonymous=True)
    client = open_world.program()
    for act, body in (("merge", {"into": kept.ticket}), ("part", {})):
        assert client.post(f"/api/v1/tickets/{left.ticket}/{act}", json=body).status_code == 200
        assert client.get(f"/api/v1/tickets/{kept.ticket}").json()["ticket"]["anonymous"] is True


def test_a_flag_is_set_by_everybody_who_handles_tickets_and_taken_away_by_those_who_know_anyway(
    open_world: World,
) -> None:
    case, supervisor = Case(open_world), open_world.program(Role.SUPERVISOR)
    path = f"/api/v1/tickets/{case.ticket}"
    assert supervisor.patch(path, json={"anonymous": True, "confidential": True, "version": 1}).status_code == 200
    refused = supervisor.patch(path, json={"anonymous": False, "version": 2})
    assert (refused.status_code, HANDLE in supervisor.get(f"/api/v1/mentions/{case.mention}").text) == (403, False)
    # They read what is confidential, so that flag is theirs to take away; the other stays in their form.
    assert supervisor.patch(path, json={"confidential": False, "version": 2}).status_code == 200
    browser, _csrf = open_world.signed_in("wati")
    page = browser.get(f"/tickets/{case.ticket}").text
    assert '<input type="hidden" name="anonymous" value="1">' in page
    assert open_world.program().patch(path, json={"anonymous": False, "version": 3}).json()["anonymous"] is False


@pytest.mark.parametrize("way", ["copy", "thread"])
def test_what_hangs_on_a_discreet_mention_without_a_ticket_is_as_discreet(open_world: World, way: str) -> None:
    case = Case(open_world, anonymous=True, confidential=True)
    with open_world.store.read() as tx:
        root = tx.mentions.get(case.mention).mention.native_id
    # Of the same person: the same words once more, or a word more below them.
    hung = "" if way == "copy" else root
    said = a_mention(f"Pungli di {WORD} kota", platform="feed", author=Author(handle=HANDLE), parent=hung, root=hung)
    (later,) = open_world.store_mentions([said])
    if way == "copy":
        open_world.tie(later, case.mention)
    paths = [f"/api/v1/mentions/{one}{more}" for one in (later, case.mention) for more in ("", "/conversation")]
    seen = {role: "".join(open_world.program(role).get(path).text for path in paths) for role in (*KNOW, Role.AUDITOR)}
    assert {role for role in seen if WORD in seen[role]} == {Role.ADMIN, Role.TRIAGE}
    assert {role for role in seen if HANDLE in seen[role]} == {Role.ADMIN, Role.TRIAGE}
    supervisor = "".join(open_world.program(Role.SUPERVISOR).get(path).text for path in paths)
    assert (WORD in supervisor, HANDLE in supervisor) == (True, False)


def test_a_note_on_a_confidential_report_is_closed_and_one_on_an_anonymous_one_names_nobody(open_world: World) -> None:
    for flag, other in (("confidential", Role.AUDITOR), ("anonymous", Role.UNIT)):
        case = Case(open_world, **{flag: True})
        with open_world.store.begin() as tx:
            (made,) = tx.decisions.of_mention(case.mention)
            draft = DecisionDraft(
                mention_id=case.mention,
                kind=DecisionKind.CHECKED,
                before=MentionState.CONVERTED,
                group=f"g-{flag}",
                actor=Actor(user_id=made.actor_id, name=made.actor_name, role=Role.TRIAGE),
                at=open_world.clock(),
                note=f"@{HANDLE} menelepon tentang {WORD}",
            )
            tx.decisions.add(draft)
        path = f"/api/v1/mentions/{case.mention}"
        assert HANDLE in open_world.program().get(path).text
        hidden = open_world.program(other).get(path).text
        assert HANDLE not in hidden
        assert (WORD in hidden) is (flag == "anonymous")


def test_a_reply_tells_its_unit_nothing_of_who_reported_an_anonymous_ticket(open_world: World) -> None:
    case = Case(open_world, anonymous=True)
    reply = open_world.reply(f"@{HANDLE} terima kasih", mention_id=case.mention)
    unit, _csrf = open_world.signed_in("tono")
    supervisor, path = open_world.program(Role.SUPERVISOR), f"/mentions/{case.mention}"
    assert "terima kasih" not in unit.get(path).text, "what is still being written is no matter of a unit's"
    shown = supervisor.get(f"/api/v1/replies/{reply['id']}").text
    assert ("terima kasih" in shown, HANDLE in shown) == (True, False)
    with open_world.store.begin() as tx:
        now = open_world.clock()
        address = f"https://a.example/{HANDLE}/9"
        tx.replies.stands(reply["id"], SentReply(native_id=f"{HANDLE}/9", permalink=address, sent_at=now), now=now)
    page = unit.get(path).text
    assert ("terima kasih" in page, HANDLE in page) == (True, False)
    assert HANDLE not in supervisor.get(f"/api/v1/replies/{reply['id']}").text
    assert HANDLE in open_world.program(Role.COMMS).get(f"/api/v1/replies/{reply['id']}").text


@pytest.mark.parametrize("flags", [{"confidential": True}, {"anonymous": True, "confidential": True}])
def test_who_writes_and_approves_a_reply_on_a_confidential_ticket_is_not_told_whom_it_names(
    open_world: World, flags: dict[str, bool]
) -> None:
    case = Case(open_world, **flags)
    comms, approver = open_world.program(Role.COMMS), open_world.program(Role.APPROVER)
    # Longer than its platform takes, so that it goes out in parts, and each of these repeats the text.
    text = f"@{HANDLE} terima kasih. " + "Laporan sudah kami terima dan kami teruskan. " * 12
    body = {"mention_id": case.mention, "text": text, "split": True}
    answers = [comms.post("/api/v1/replies", json=body)]
    path = f"/api/v1/replies/{answers[0].json()['id']}"
    answers.append(comms.get(path))
    answers.append(comms.patch(path, json={"text": text, "split": True, "version": 1}))
    for client, act in ((comms, "submit"), (approver, "reject"), (comms, "submit"), (approver, "approve")):
        said = {"version": answers[-1].json()["version"]} | ({"note": f"tanpa @{HANDLE}"} if act == "reject" else {})
        answers.append(client.post(f"{path}/{act}", json=said))
        answers.append(client.get(path))
    assert {one.status_code for one in answers} == {200, 201}, [one.text for one in answers]
    assert answers[-1].json()["state"] == "approved"
    assert "terima kasih" in answers[-1].text
    assert [one.text for one in answers if HANDLE in one.text] == []
    # What goes out names whom it answers, and those in charge read it.
    with open_world.store.read() as tx:
        assert HANDLE in tx.replies.get(answers[0].json()["id"]).text
    assert HANDLE in open_world.program(Role.TRIAGE).get(path).text


def test_the_board_names_nobody_to_who_approves_a_reply_on_a_confidential_ticket(open_world: World) -> None:
    case = Case(open_world, confidential=True)
    reply = open_world.reply(f"@{HANDLE} terima kasih", mention_id=case.mention)
    comms = open_world.program(Role.COMMS)
    sent = comms.post(f"/api/v1/replies/{reply['id']}/submit", json={"version": reply["version"]}).json()
    browser, csrf = open_world.signed_in("dewi")
    before = browser.get(f"/replies/{reply['id']}").text
    form = {"csrf": csrf, "version": str(sent["version"])}
    after = browser.post(f"/replies/{reply['id']}/approve", data=form).text
    stale = browser.post(f"/replies/{reply['id']}/approve", data=form).text
    assert ["terima kasih" in one for one in (before, after)] == [True, True]
    assert [HANDLE in one for one in (before, after, stale)] == [False, False, False]
