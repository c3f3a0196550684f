"""Who may not read a report learns nothing of it by asking: no word, no place, no count, no order tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sahut.core.model import Author, MentionFilter, Role
from sahut.core.ports import Store
from sahut.core.sight import SeenStore, Sight
from tests.builders import a_mention
from tests.conftest import Clock
from tests.triage_api.conftest import World
from tests.triage_api.test_discretion import HANDLE, IN_CHARGE, POLICY, WORD, Case

NAMES = {Role.TRIAGE: "sari", Role.COMMS: "rina", Role.AUDITOR: "budi", Role.SUPERVISOR: "wati", Role.APPROVER: "dewi"}
BLIND = {Role.AUDITOR, Role.COMMS, Role.APPROVER}


@pytest.fixture
def open_world(store: Store, clock: Clock) -> World:
    """On SQLite and PostgreSQL, with a policy that hides no author."""
    return World(store, clock, policy=POLICY)


def answers(world: World, role: Role, words: str) -> Iterator[str]:
    """What every way of asking for words answers, without the words themselves, which pages repeat."""
    program, (browser, _csrf) = world.program(role), world.signed_in(NAMES[role])
    for path in (
        *(f"/api/v1/mentions?state=converted&order={order}&q=" for order in ("newest", "relevant", "pressing")),
        "/api/v1/tickets?q=",
        "/?state=converted&q=",
        "/?state=converted&order=relevant&q=",
        "/?state=filed&q=",
        "/tickets?status=all&q=",
    ):
        answer = (program if path.startswith("/api") else browser).get(f"{path}{words}")
        assert answer.status_code == 200, answer.text
        # What a page says, without its marks: each answer has keys of its own in them.
        said = answer.text if path.startswith("/api") else re.sub(r"<[^>]*>", "", answer.text)
        yield said.replace(words.replace("+", " "), "…")


@pytest.mark.parametrize("role", sorted(BLIND))
def test_a_word_of_a_confidential_report_answers_as_one_that_stands_nowhere(open_world: World, role: Role) -> None:
    Case(open_world, confidential=True)
    asked, other = (list(answers(open_world, role, one)) for one in (WORD, "qwertyuiop"))
    assert asked == other
    # What must not be there asks the same question the other way round.
    for there, nowhere in ((f"pungli+-{WORD}", "pungli+-qwertyuiop"), (f"-{WORD}", "-qwertyuiop")):
        asked, other = (list(answers(open_world, role, one)) for one in (there, nowhere))
        assert asked == other


def test_those_in_charge_find_it_by_its_words_and_everybody_by_its_number(open_world: World) -> None:
    case = Case(open_world, confidential=True)
    number = open_world.program().get(f"/api/v1/tickets/{case.ticket}").json()["ticket"]["number"]
    for role in Role:
        program = open_world.program(role)
        found = program.get(f"/api/v1/tickets?q={WORD}").json()["items"]
        assert [one["id"] for one in found] == ([case.ticket] if role in IN_CHARGE else []), role
        assert [one["id"] for one in program.get(f"/api/v1/tickets?q={number}").json()["items"]] == [case.ticket], role
        if role is Role.UNIT:
            continue
        listed = program.get(f"/api/v1/mentions?q={WORD}").json()["items"]
        assert [one["id"] for one in listed] == ([case.mention] if role in IN_CHARGE else []), role
        # A list that asks for no word shows that it is there.
        assert case.mention in [one["id"] for one in program.get("/api/v1/mentions").json()["items"]], role


def seen(world: World, role: Role) -> SeenStore:
    return SeenStore(world.store, Sight(role=role, authors=True))


def ways(store: SeenStore, where: MentionFilter) -> tuple[int, int, int, list[int]]:
    with store.read() as tx:
        return (
            tx.mentions.count(where, cap=9),
            tx.mentions.facets(where, cap=9).total,
            tx.mentions.fresh(where, 0, cap=9),
            tx.mentions.waiting_by([where], most=9),
        )


@pytest.mark.parametrize("hung", ["copy", "first", "beside", "thread", "below", "answer", "sibling", "root"])
def test_what_hangs_on_a_confidential_report_is_found_by_its_words_by_those_in_charge_alone(
    open_world: World, hung: str
) -> None:
    """Each way to hang that `storage/ticket_discretion.py` knows; else search would tell what its page closes."""
    world, her = open_world, Author(handle=HANDLE)
    (upper,) = world.store_mentions([a_mention("Utas", platform="feed", native_id="atas", author=her)])
    thread = {"parent": "atas", "root": "atas"} if hung in {"sibling", "root"} else {}
    said = a_mention(f"Pungli di {WORD} kota", platform="feed", native_id="lapor", author=her, **thread)
    (reported,) = world.store_mentions([said])
    more = {
        "thread": {"root": "lapor", "parent": "x"},
        "below": {"parent": "lapor"},
        "sibling": {"root": "atas", "parent": "y", "author": her},
    }.get(hung, {})
    (other,) = world.flagged(1, f"Katanya {WORD} longsor", **more)
    if hung in {"copy", "beside"}:
        world.tie(other, reported if hung == "copy" else upper)
    if hung == "beside":
        world.tie(reported, upper)
    if hung == "first":
        world.tie(reported, other)
    if hung == "answer":
        reply = world.reply("Kami periksa", mention_id=reported)
        _answers(world, other, reply["id"])
    if hung == "root":
        other = upper
    ticket = {"mentions": [{"id": reported}], "title": "Pungli", "topic": "roads", "unit": "pu", "confidential": True}
    made = world.program().post("/api/v1/tickets", json=ticket)
    assert made.status_code == 201, made.text
    where = MentionFilter(search="utas" if hung == "root" else "longsor")
    plain = ways(seen(world, Role.TRIAGE), where)
    closed = world.program(Role.AUDITOR).get(f"/api/v1/mentions/{other}").json()["text"]
    assert ("rahasia" in closed, plain[:2]) == (True, (1, 1)), "the case is not what this test means"
    for role in BLIND:
        assert ways(seen(world, role), where) == (0, 0, 0, [0]), role
        with seen(world, role).read() as tx:
            assert tx.mentions.count(MentionFilter(), cap=9) == 3
    assert ways(seen(world, Role.SUPERVISOR), where) == plain


def _answers(world: World, mention_id: int, reply_id: int) -> None:
    from sqlalchemy import text

    with world.store._engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("UPDATE mention SET answers = :r WHERE id = :m"), {"r": reply_id, "m": mention_id})


def test_a_place_of_a_confidential_report_is_no_filter_for_who_may_not_read_it(open_world: World) -> None:
    from sqlalchemy import text

    case = Case(open_world, confidential=True)
    with open_world.store._engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("UPDATE mention SET place_area = '32.73' WHERE id = :m"), {"m": case.mention})
    for role in Role:
        if role is not Role.UNIT:
            total = ways(seen(open_world, role), MentionFilter(area="32"))[:2]
            assert total == ((1, 1) if role in IN_CHARGE else (0, 0)), role


def test_a_name_around_an_anonymous_report_is_no_word_for_who_does_not_learn_it(open_world: World) -> None:
    case = Case(open_world, anonymous=True)
    with open_world.store.read() as tx:
        root = tx.mentions.get(case.mention).mention.native_id
    (below,) = open_world.store_mentions(
        [a_mention(f"@{HANDLE} sabar di terowongan ya", platform="feed", parent=root, root=root)]
    )
    for role, knows in ((Role.TRIAGE, True), (Role.COMMS, True), (Role.SUPERVISOR, False), (Role.AUDITOR, False)):
        program = open_world.program(role)
        for words in (HANDLE, f"sabar {HANDLE[:4]}"):
            found = [one["id"] for one in program.get(f"/api/v1/mentions?q={words}").json()["items"]]
            assert found == ([below] if knows else []), (role, words)
        found = [one["id"] for one in program.get(f"/api/v1/mentions?q={WORD}").json()["items"]]
        assert case.mention in found, role


def test_who_searches_for_a_number_is_told_that_it_is_masked_and_what_to_do(world: World) -> None:
    world.store_mentions([a_mention("Hubungi 081234567890", platform="feed")])
    program, (browser, _csrf) = world.program(), world.signed_in()
    for words in ("081234567890", "fulan%40surel.example", "NIK 3273014508900001"):
        for name in ("mentions", "tickets"):
            answer = program.get(f"/api/v1/{name}?q={words}").json()
            assert (answer["items"], "/persons/look" in answer["note"]) == ([], True)
        for page in ("/", "/tickets"):
            assert "Akun → Data seseorang" in browser.get(f"{page}?q={words}").text
    assert program.get("/api/v1/mentions?q=jalan+2026").json()["note"] == ""
    assert "Akun → Data seseorang" not in browser.get("/?q=hubungi").text
