"""Every route against everybody, from the app's own list of routes."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts

from sahut.core.model import Policy, Role, Topic, Unit
from tests.triage_api.conftest import World
from triage_api.permissions import CLOSED, GRANTS, ROUTES, Permission, may
from triage_api.web.roles import permission_words

UNITS = Policy(
    units=(
        Unit(code="pu", name="Dinas Pekerjaan Umum Contoh", topics=frozenset({Topic.ROADS})),
        Unit(code="air", name="Perumda Air Contoh", topics=frozenset({Topic.WATER_SUPPLY})),
    )
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
PAGE = {"Accept": "text/html"}


@pytest.fixture
def offices(sqlite_store, clock) -> World:
    """Two units, of which the officer Tono belongs to the first."""
    return World(sqlite_store, clock, policy=UNITS)


def _routes(world: World) -> list[tuple[str, str]]:
    """Every route that the app itself has, as (method, template)."""
    return [
        (method, context.path or "")
        for context in iter_route_contexts(world.app.routes)
        for method in context.methods or ()
        if method != "HEAD"
    ]


def _path(template: str, number: int = 999_999) -> str:
    words = {"hashed_name": "x.css", "state": "pause", "act": "close", "handle": "0" * 16, "platform": "feed"}
    return re.sub(r"{\w+_id}", str(number), template).format(**words)


def _is_api(path: str) -> bool:
    return path.startswith(("/api/", "/hooks/")) or path in {"/metrics", "/healthz", "/readyz"}


def _turned_away(answer) -> bool:
    to_the_door = answer.headers.get("location", "").startswith("/sign-in?")
    return answer.status_code in {401, 403} or to_the_door


def test_every_route_stands_in_the_permission_table_and_the_table_names_no_other(world: World) -> None:
    assert set(_routes(world)) == set(ROUTES)
    assert len(_routes(world)) > 80


def test_each_route_of_the_api_lets_in_whom_the_table_says_and_nobody_else(world: World) -> None:
    wrong = []
    for method, template in filter(lambda route: _is_api(route[1]), _routes(world)):
        path, permission = _path(template), ROUTES[method, template]
        status = world.browser().request(method, path).status_code
        if (permission is Permission.OPEN) == (status == 401):
            wrong.append((method, path, "nobody", status))
        for role in Role:
            status = world.program(role).request(method, path).status_code
            if may(role, permission) != (status not in {401, 403}):
                wrong.append((method, path, role, status))
    assert wrong == []


def test_each_page_of_the_board_lets_in_whom_the_table_says_and_nobody_else(world: World) -> None:
    wrong = []
    browsers = {role: world.signed_in(name) for role, name in _NAMES.items()}
    assert set(browsers) == set(Role)
    # Signing out comes last: the session is wanted until then.
    pages = sorted((r for r in _routes(world) if not _is_api(r[1])), key=lambda r: r[1] == "/sign-out")
    for method, template in pages:
        path, permission = _path(template), ROUTES[method, template]
        asked = {"headers": PAGE, "follow_redirects": False}
        away = _turned_away(world.browser().request(method, path, **asked))
        # An empty form to sign in with is answered with 401 by itself.
        if away == (permission is Permission.OPEN) and (method, path) != ("POST", "/sign-in"):
            wrong.append((method, path, "nobody", 0))
        for role, (browser, csrf) in browsers.items():
            data = {"csrf": csrf} if method == "POST" else None
            answer = browser.request(method, path, data=data, **asked)
            away = _turned_away(answer) or (path == "/" and answer.headers.get("location") == "/tickets")
            if may(role, permission) == away and template != "/sign-in":
                wrong.append((method, path, role, answer.status_code))
    assert wrong == []


class Case:
    """A mention in a ticket of a unit, answered in public."""

    def __init__(self, world: World, unit: str, word: str) -> None:
        (self.mention,) = world.flagged(1, text=f"Saluran {word} bocor sejak kemarin, mohon diperbaiki segera")
        body = {"mentions": [{"id": self.mention}], "title": f"Perkara {word}", "topic": "roads", "unit": unit}
        made = world.program().post("/api/v1/tickets", json=body).json()
        self.ticket, self.decision = made["ticket"]["id"], made["decisions"][0]["id"]
        self.number = made["ticket"]["number"]
        self.reply = world.reply(mention_id=self.mention)["id"]

    def ids(self) -> dict[str, int]:
        return {
            "ticket_id": self.ticket,
            "mention_id": self.mention,
            "decision_id": self.decision,
            "reply_id": self.reply,
        }


def _of_a_case(world: World, case: Case) -> Iterator[tuple[str, str]]:
    """Every route that names something of a case, with the case's own ids."""
    for method, template in _routes(world):
        names = re.findall(r"{(\w+)}", template)
        if names and set(names) <= set(case.ids()):
            yield method, template.format(**case.ids())


def _refused(statuses: dict[tuple[str, str], int]) -> set[tuple[str, str]]:
    return {route for route, status in statuses.items() if status == 403}


def test_a_unit_officer_reaches_the_own_units_cases_and_no_id_of_another(offices: World) -> None:
    own, other = Case(offices, "pu", "selatan"), Case(offices, "air", "utara")
    program, (browser, csrf) = offices.program(Role.UNIT), offices.signed_in("tono")
    seen = []
    for case in (own, other):
        statuses = {}
        for method, path in _of_a_case(offices, case):
            if _is_api(path):
                body = {"purpose": "check"} if path.endswith("/reveal") else {"version": 1}
                answer = program.request(method, path, json=body if method != "GET" else None)
            else:
                data = {"csrf": csrf, "version": "1", "purpose": "check"} if method == "POST" else None
                answer = browser.request(method, path, data=data, headers=PAGE, follow_redirects=False)
            statuses[method, re.sub(r"(?<=/)\d+(?=/|$)", "N", path)] = answer.status_code
            assert case is own or "utara" not in answer.text.lower()
        seen.append(statuses)
    own_seen, other_seen = seen
    assert {status for route, status in other_seen.items()} <= {403, 404}
    assert all(
        own_seen[route] not in {403, 404}
        for route in [("GET", "/api/v1/tickets/N"), ("PATCH", "/api/v1/tickets/N"), ("GET", "/tickets/N")]
    )
    # Whoever may not come near at all gets the same answer for both; what is theirs in kind is not there.
    assert _refused(other_seen) == _refused(own_seen)


def test_lists_counts_search_and_filters_of_a_unit_officer_hold_their_own_units_alone(offices: World) -> None:
    own, other = Case(offices, "pu", "selatan"), Case(offices, "air", "utara")
    program, (browser, _csrf) = offices.program(Role.UNIT), offices.signed_in("tono")

    def listed(query: str = "") -> list[int]:
        return [item["id"] for item in program.get(f"/api/v1/tickets{query}").json()["items"]]

    assert listed() == [own.ticket]
    assert listed("?unit=air") == []
    assert listed("?unit=air&unit=pu") == [own.ticket]
    assert listed("?q=Perkara") == [own.ticket]
    assert listed(f"?q={other.number}") == []
    page = browser.get("/tickets?status=all").text
    assert own.number in page
    assert other.number not in page
    assert '<span class="count">1</span>' in page
    assert other.number not in browser.get("/tickets?q=utara&status=all").text
    assert 'id="flash"' not in browser.get(f"/tickets/{own.ticket}?did={other.decision}").text
    assert {user["username"] for user in program.get("/api/v1/users").json()["items"]} == {"tono"}
    assert browser.get("/", follow_redirects=False).headers["location"] == "/tickets"


def test_a_unit_officer_without_a_unit_sees_nothing(offices: World) -> None:
    own = Case(offices, "pu", "selatan")
    with offices.store.begin() as tx:
        tx.accounts.set_role(offices.users[Role.UNIT], Role.UNIT, ())
    program = offices.program(Role.UNIT)
    assert program.get("/api/v1/tickets").json()["items"] == []
    assert program.get(f"/api/v1/tickets/{own.ticket}").status_code == 404


def test_a_unit_officer_moves_a_ticket_but_gives_it_no_other_unit_topic_or_title(offices: World) -> None:
    own = Case(offices, "pu", "selatan")
    program = offices.program(Role.UNIT)
    url = f"/api/v1/tickets/{own.ticket}"
    for change in ({"unit": "air"}, {"topic": "health"}, {"title": "Lain"}, {"priority": "urgent"}):
        refused = program.patch(url, json={"version": 1, **change})
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:sahut:problem:role")
    moved = program.patch(url, json={"version": 1, "status": "forwarded", "assignee_id": offices.users[Role.UNIT]})
    assert (moved.status_code, moved.json()["assignee_name"]) == (200, "Tono Contoh")


def test_a_ticket_goes_to_no_officer_who_could_not_see_it(offices: World) -> None:
    other = Case(offices, "air", "utara")
    refused = offices.program().patch(
        f"/api/v1/tickets/{other.ticket}", json={"version": 1, "assignee_id": offices.users[Role.UNIT]}
    )
    assert refused.json()["type"] == "urn:sahut:problem:assignee_unit"


def test_a_unit_officer_gives_a_ticket_to_nobody_outside_and_learns_no_name_by_trying(offices: World) -> None:
    own = Case(offices, "pu", "selatan")
    program, url = offices.program(Role.UNIT), f"/api/v1/tickets/{own.ticket}"
    for role in Role:
        if role is Role.UNIT:
            continue
        refused = program.patch(url, json={"version": 1, "assignee_id": offices.users[role]})
        nobody = program.patch(url, json={"version": 1, "assignee_id": 999_999})
        assert (refused.status_code, nobody.status_code) == (404, 404)
        with offices.store.read() as tx:
            assert tx.accounts.user(offices.users[role]).name not in refused.text


def test_a_mention_that_was_anothers_before_does_not_tell_its_ticket(offices: World) -> None:
    other = Case(offices, "air", "utara")
    assert offices.program().post(f"/api/v1/decisions/{other.decision}/undo").status_code == 200
    body = {"mentions": [{"id": other.mention}], "title": "Perkara", "topic": "roads", "unit": "pu"}
    own = offices.program().post("/api/v1/tickets", json=body).json()["ticket"]["id"]
    found = offices.program(Role.UNIT).get(f"/api/v1/mentions/{other.mention}").json()
    assert [one.get("ticket_id") for one in found["decisions"]] == [None, None, own]


def test_the_table_of_roles_is_a_page_and_an_answer_that_say_the_same(world: World) -> None:
    browser, _csrf = world.signed_in("budi")
    page = browser.get("/roles").text
    assert "Petugas unit kerja" in page
    assert "peran Anda" in page
    said = world.program(Role.UNIT).get("/api/v1/roles").json()
    by_role = {one["role"]: set(one["permissions"]) for one in said["items"]}
    assert by_role == {role.value: {one.value for one in GRANTS[role]} for role in Role}
    assert page.count(">ya<") == sum(len(having) for having in by_role.values())


def test_every_permission_has_words(world: World) -> None:
    assert [one for one in Permission if one not in CLOSED and permission_words(one) == one.value] == []


def test_a_route_missing_in_the_table_is_closed_even_to_an_admin(world: World, monkeypatch) -> None:
    monkeypatch.delitem(ROUTES, ("GET", "/api/v1/policy"))

    assert world.program(Role.ADMIN).get("/api/v1/policy").status_code == 403


def test_an_auditor_reads_and_never_writes() -> None:
    writing = {route for route in ROUTES if route[0] != "GET" and ROUTES[route] not in {Permission.OWN, *CLOSED}}

    assert [route for route in writing if may(Role.AUDITOR, ROUTES[route])] == []
    assert Permission.DECIDE not in GRANTS[Role.AUDITOR]


def test_only_health_and_signing_in_are_open() -> None:
    opened = {path for (_, path), need in ROUTES.items() if need is Permission.OPEN}
    # How a page looks is chosen before signing in too.
    others = {"/static/{hashed_name}", "/display", "/welcome", "/api/v1/welcome", "/sign-in/code"}
    others |= {"/sign-in/provider", "/sign-in/provider/back"}
    assert opened - others == {"/api/v1/health", "/api/v1/session", "/healthz", "/readyz", "/sign-in"}


def test_metrics_need_a_token_and_count_what_is_stored(world: World) -> None:
    world.flagged(3)
    world.program().get("/api/v1/mentions/1")

    assert world.browser().get("/metrics").status_code == 401
    text = world.program(Role.AUDITOR).get("/metrics").text
    assert 'sahut_mentions{state="flagged"} 3.0' in text
    assert 'route="/api/v1/mentions/{mention_id}",status="200"' in text


def test_metrics_are_open_where_the_operator_says_so(make_world) -> None:
    assert make_world(open_metrics=True).browser().get("/metrics").status_code == 200
