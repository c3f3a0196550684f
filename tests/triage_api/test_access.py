"""Every route against everybody, from the app's own list of routes."""

import re

from fastapi.routing import iter_route_contexts

from sahut.core.model import Role
from tests.triage_api.conftest import World
from triage_api.permissions import GRANTS, ROUTES, Permission, may


def _routes(world: World) -> list[tuple[str, str]]:
    found = []
    for context in iter_route_contexts(world.app.routes):
        path = context.path or ""
        if path.startswith(("/api/", "/hooks/")) or path in {"/metrics", "/healthz", "/readyz"}:
            found += [(method, path) for method in context.methods or ()]
    return found


def test_every_route_stands_in_the_permission_table_and_the_table_names_no_other(world: World) -> None:
    assert set(_routes(world)) == set(ROUTES)
    assert len(_routes(world)) > 30


def test_each_route_lets_in_whom_the_table_says_and_nobody_else(world: World) -> None:
    wrong = []
    for method, template in _routes(world):
        path = template.replace("{", "").replace("}", "")
        for noun in ("source", "credential", "mention", "decision", "ticket", "letter", "token", "reply"):
            path = path.replace(f"{noun}_id", "999999")
        permission = ROUTES[method, template]
        status = world.browser().request(method, path).status_code
        if (permission is Permission.OPEN) == (status == 401):
            wrong.append((method, path, "nobody", status))
        for role in Role:
            status = world.program(role).request(method, path).status_code
            if may(role, permission) != (status not in {401, 403}):
                wrong.append((method, path, role, status))
    assert wrong == []


def test_no_page_of_the_board_is_open_but_the_door_itself(world: World) -> None:
    client = world.browser()
    open_pages = set()
    for context in iter_route_contexts(world.app.routes):
        path = re.sub(r"{\w+}", "1", context.path or "")
        if path in {"/healthz", "/readyz"} or path.startswith("/api/"):
            continue
        for method in context.methods or ():
            answer = client.request(method, path, headers={"Accept": "text/html"}, follow_redirects=False)
            turned_away = answer.status_code in {401, 403} or answer.headers.get("location", "").startswith("/sign-in")
            if not turned_away:
                open_pages.add((method, context.path))
    assert open_pages <= {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/static/{hashed_name}")}
    assert ("GET", "/sign-in") in open_pages


def test_a_route_missing_in_the_table_is_closed_even_to_an_admin(world: World, monkeypatch) -> None:
    monkeypatch.delitem(ROUTES, ("GET", "/api/v1/policy"))

    assert world.program(Role.ADMIN).get("/api/v1/policy").status_code == 403


def test_an_auditor_reads_and_never_writes() -> None:
    writing = [route for route in ROUTES if route[0] != "GET" and may(Role.AUDITOR, ROUTES[route])]

    assert all("/session" in path for _, path in writing)
    assert Permission.DECIDE not in GRANTS[Role.AUDITOR]


def test_only_health_and_signing_in_are_open() -> None:
    assert sorted(path for (_, path), need in ROUTES.items() if need is Permission.OPEN) == [
        "/api/v1/health",
        "/api/v1/session",
        "/healthz",
        "/readyz",
    ]


def test_metrics_need_a_token_and_count_what_is_stored(world: World) -> None:
    world.flagged(3)
    world.program().get("/api/v1/mentions/1")

    assert world.browser().get("/metrics").status_code == 401
    text = world.program(Role.AUDITOR).get("/metrics").text
    assert 'sahut_mentions{state="flagged"} 3.0' in text
    assert 'route="/api/v1/mentions/{mention_id}",status="200"' in text


def test_metrics_are_open_where_the_operator_says_so(make_world) -> None:
    assert make_world(open_metrics=True).browser().get("/metrics").status_code == 200
