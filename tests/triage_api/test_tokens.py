"""Keys of programs: every route against every scope, and how a key is made, shown, used up and taken back."""

import re
from datetime import timedelta
from typing import Any

import pytest

from sahut.core.model import AuditFilter, Role
from tests.triage_api.conftest import World
from tests.triage_api.test_access import PAGE, _is_api, _path, _routes
from triage_api.auth import hash_secret, new_token
from triage_api.permissions import CLOSED, ROUTES, Permission, may, scopes_of

TOKENS = "/api/v1/tokens"


def _key(world: World, role: Role, *scopes: str, **over: Any) -> dict[str, Any]:
    body = {"name": "dasbor", "user_id": world.users[role], "scopes": list(scopes), **over}
    answer = world.program(Role.ADMIN).post(TOKENS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _with(world: World, key: str) -> Any:
    client = world.browser()
    client.headers["Authorization"] = f"Bearer {key}"
    return client


def _acts(world: World) -> list[tuple[str, str, str]]:
    with world.store.read() as tx:
        entries = tx.audit.page(AuditFilter(kind="token"), limit=50).items
    return [(one.detail["what"], one.actor_name, one.detail["username"]) for one in entries]


@pytest.mark.parametrize("role", list(Role))
def test_each_route_lets_a_key_in_by_its_scope_and_never_beyond_the_role(world: World, role: Role) -> None:
    wrong = []
    keys = {}
    # The last one is given what the role does not grant, as a key is whose holder was given a smaller role since.
    beyond = tuple(one for one in Permission if one not in scopes_of(role))
    for scopes in (*((one,) for one in scopes_of(role)), beyond):
        shown, token_hash = new_token()
        with world.store.begin() as tx:
            tx.accounts.add_token(
                user_id=world.users[role],
                name="uji",
                token_hash=token_hash,
                scopes=[str(one) for one in scopes],
                expires_at=None,
                now=world.clock(),
            )
        keys[scopes] = _with(world, shown)
    walked = 0
    for method, template in filter(lambda route: _is_api(route[1]), _routes(world)):
        permission = ROUTES[method, template]
        if permission in CLOSED:
            continue
        for scopes, program in keys.items():
            status = program.request(method, _path(template)).status_code
            allowed = permission in scopes and may(role, permission)
            walked += 1
            if allowed != (status not in {401, 403}):
                wrong.append((method, template, scopes, status))
    assert wrong == []
    assert walked > 80 * len(keys)


def test_a_key_opens_no_page_of_the_board_whatever_cookie_comes_with_it(world: World) -> None:
    program = world.program(Role.ADMIN)
    browser, csrf = world.signed_in("admin")
    both = {**PAGE, "Authorization": program.headers["Authorization"], "X-CSRF-Token": csrf}
    for method, template in _routes(world):
        if _is_api(template) or ROUTES[method, template] is Permission.OPEN:
            continue
        for answer in (
            program.request(method, _path(template), headers=PAGE, follow_redirects=False),
            browser.request(method, _path(template), headers=both, data={"csrf": csrf}, follow_redirects=False),
        ):
            to_the_door = answer.headers.get("location", "").startswith("/sign-in?")
            assert answer.status_code == 401 or to_the_door, (method, template, answer.status_code)


def test_no_cookie_counts_beside_a_key_and_no_answer_to_a_key_sets_one(world: World) -> None:
    browser, csrf = world.signed_in("admin")
    weak = _key(world, Role.AUDITOR, "read")["token"]
    beside = {"Authorization": f"Bearer {weak}", "X-CSRF-Token": csrf}
    assert browser.get("/api/v1/mentions", headers=beside).status_code == 200
    assert browser.get("/api/v1/audit", headers=beside).status_code == 403
    assert browser.get("/api/v1/session", headers=beside).status_code == 403
    own = _with(world, _key(world, Role.AUDITOR, "own")["token"])
    for method, template in filter(lambda route: _is_api(route[1]), _routes(world)):
        if ROUTES[method, template] not in CLOSED:
            assert "set-cookie" not in own.request(method, _path(template)).headers, (method, template)
    assert browser.get("/api/v1/session").json()["user"]["username"] == "admin"


def test_a_key_needs_no_csrf_value_and_no_page_of_ours(world: World) -> None:
    (mention,) = world.flagged(1)
    program = _with(world, _key(world, Role.TRIAGE, "decide")["token"])
    body = {"mentions": [{"id": mention}], "reason": "spam"}
    strange = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert program.post("/api/v1/decisions/dismiss", json=body, headers=strange).status_code == 201
    assert program.get("/api/v1/mentions").status_code == 403


def test_a_key_is_given_nothing_that_its_holders_role_lacks(world: World) -> None:
    for role in Role:
        beyond = [one for one in Permission if one not in CLOSED and one not in scopes_of(role)]
        for scope in beyond:
            body = {"name": "x", "user_id": world.users[role], "scopes": [scope]}
            refused = world.program(Role.ADMIN).post(TOKENS, json=body)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/scopes"), (role, scope)
    for scopes in ([], ["open"], ["signed"], ["everything"], None):
        body = {"name": "x", "user_id": world.users[Role.ADMIN], "scopes": scopes}
        assert world.program(Role.ADMIN).post(TOKENS, json=body).status_code == 422


def test_a_key_that_administers_accounts_makes_no_key_with_more_than_it_has(world: World) -> None:
    narrow = _with(world, _key(world, Role.ADMIN, "accounts", "own")["token"])
    body = {"name": "x", "user_id": world.users[Role.ADMIN]}
    assert narrow.post(TOKENS, json={**body, "scopes": ["approve"]}).status_code == 403
    assert narrow.post(TOKENS, json={**body, "scopes": ["accounts"]}).status_code == 201


def test_a_smaller_role_takes_from_its_keys_at_once(world: World) -> None:
    program = _with(world, _key(world, Role.TRIAGE, "decide", "read")["token"])
    url = f"/api/v1/users/{world.users[Role.TRIAGE]}"
    assert world.program(Role.ADMIN).patch(url, json={"role": "auditor"}).status_code == 200
    assert program.get("/api/v1/mentions").status_code == 200
    assert program.post("/api/v1/decisions/99/undo").status_code == 403


def test_a_key_always_ends_and_within_a_year(world: World, clock: Any) -> None:
    usual = _key(world, Role.AUDITOR, "own")
    assert usual["expires_at"].startswith("2027-02-22")
    for days in (-1, 0, 367):
        body = {
            "name": "x",
            "user_id": 1,
            "scopes": ["own"],
            "expires_at": (clock() + timedelta(days=days)).isoformat(),
        }
        refused = world.program(Role.ADMIN).post(TOKENS, json=body)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:sahut:problem:token_time")
    clock.forward(days=91)
    assert _with(world, usual["token"]).get("/api/v1/session").status_code == 401


def test_only_the_hash_of_a_key_is_stored_and_making_and_revoking_it_is_noted(world: World) -> None:
    made = _key(world, Role.AUDITOR, "audit", "own")
    with world.store.read() as tx:
        assert tx.accounts.token(made["token"]) is None
        kept = tx.accounts.token(hash_secret(made["token"]))
        log = str(tx.audit.page(AuditFilter(), limit=50).items)
    assert kept is not None
    assert kept.scopes == ("audit", "own")
    assert made["token"] not in log
    assert kept.token_hash not in log
    assert world.program(Role.ADMIN).delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert world.program(Role.ADMIN).delete(f"{TOKENS}/{made['id']}").status_code == 204
    by_admin = "Admin Contoh (uji)"
    assert _acts(world) == [("revoked", by_admin, "budi"), ("made", by_admin, "budi")]


def test_closing_an_account_revokes_its_keys_for_good_and_notes_it(world: World) -> None:
    made = _key(world, Role.AUDITOR, "own")
    admin, url = world.program(Role.ADMIN), f"/api/v1/users/{world.users[Role.AUDITOR]}"
    assert admin.patch(url, json={"active": False}).status_code == 200
    assert admin.patch(url, json={"active": True}).status_code == 200
    assert _with(world, made["token"]).get("/api/v1/session").status_code == 401
    assert [one[0] for one in _acts(world)].count("revoked") == 2
    assert admin.patch(url, json={"active": False}).status_code == 200
    body = {"name": "x", "user_id": world.users[Role.AUDITOR], "scopes": ["own"]}
    assert admin.post(TOKENS, json=body).json()["type"] == "urn:sahut:problem:token_closed_account"


def test_people_see_and_revoke_what_acts_in_their_name_and_nobody_elses(world: World) -> None:
    mine, other = _key(world, Role.AUDITOR, "own"), _key(world, Role.TRIAGE, "own")
    client, csrf = world.signed_in("budi")
    own = "/api/v1/session/tokens"
    assert {one["user_id"] for one in client.get(own).json()["items"]} == {world.users[Role.AUDITOR]}
    sent = {"X-CSRF-Token": csrf}
    assert client.delete(f"{own}/{other['id']}", headers=sent).status_code == 404
    form = {"csrf": csrf, "token": other["id"]}
    assert client.post("/account/tokens", data=form, headers=PAGE, follow_redirects=False).status_code == 404
    assert _with(world, other["token"]).get("/api/v1/session").status_code == 200
    assert "dasbor" in client.get("/account").text
    assert client.post("/account/tokens", data=form | {"token": mine["id"]}, follow_redirects=False).status_code == 303
    assert _with(world, mine["token"]).get("/api/v1/session").status_code == 401
    assert "dasbor" not in client.get("/account").text


def test_a_key_signs_nobody_out_and_tells_nobodys_places(world: World) -> None:
    client, _csrf = world.signed_in("budi")
    program = _with(world, _key(world, Role.AUDITOR, "own")["token"])
    for method, path in (("GET", "/all"), ("DELETE", "/all"), ("DELETE", "/all/" + "0" * 16)):
        assert program.request(method, "/api/v1/session" + path).status_code == 422
    assert program.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/session").status_code == 200


def test_a_program_that_asks_too_often_waits_and_others_do_not(make_world, clock: Any) -> None:
    world = make_world(token_per_minute=5)
    program = world.program(Role.AUDITOR)
    statuses = [program.get("/api/v1/session").status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refused = program.get("/api/v1/session")
    assert refused.json()["type"] == "urn:sahut:problem:too_many_requests"
    assert refused.headers["retry-after"] == "12"
    assert world.program(Role.TRIAGE).get("/api/v1/session").status_code == 200
    clock.forward(seconds=12)
    assert [program.get("/api/v1/session").status_code for _ in range(2)] == [200, 429]


def test_an_address_that_tries_wrong_keys_waits(make_world, clock: Any) -> None:
    world = make_world(wrong_token_per_minute=3)
    statuses = [_with(world, f"sahut_{n}").get("/api/v1/session").status_code for n in range(5)]
    assert statuses == [401] * 3 + [429] * 2
    assert world.signed_in()[0].get("/api/v1/session").status_code == 200
    clock.forward(minutes=1)
    assert world.program().get("/api/v1/session").status_code == 200


def test_an_administrator_makes_and_revokes_a_key_on_the_board(world: World) -> None:
    browser, csrf = world.signed_in("admin")
    page = browser.get("/tokens").text
    assert page.count("Tanpa batas") == len(Role)
    form = {"csrf": csrf, "name": "=dasbor\u202e", "holder": world.users[Role.AUDITOR], "days": 30}
    for wrong in (
        {},
        {"scope": "decide"},
        {"scope": "all"},
        {"scope": "read", "days": 31},
        {"scope": "read", "name": ""},
    ):
        assert browser.post("/tokens", data=form | wrong, headers=PAGE).status_code == 422
    made = browser.post("/tokens", data=form | {"scope": ["read", "cases"]}, headers=PAGE)
    (key,) = re.findall(r"sahut_[\w-]{40,}", made.text)
    assert _with(world, key).get("/api/v1/mentions").status_code == 200
    with world.store.read() as tx:
        token = tx.accounts.token(hash_secret(key))
    assert token.expires_at == world.clock() + timedelta(days=30)
    later = browser.get("/tokens").text
    assert key not in later
    assert "\u202e" not in later
    gone = browser.post(f"/tokens/{token.id}/revoke", data={"csrf": csrf}, follow_redirects=False)
    assert gone.status_code == 303
    assert _with(world, key).get("/api/v1/mentions").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users", {"username": "baru", "name": "Baru Contoh", "role": "admin"}),
        ("PATCH", "/users/N", {"role": "triage"}),
        ("PATCH", "/users/N", {"active": False}),
        ("POST", "/users/N/invite", {}),
        ("POST", "/users/N/reset-password", {}),
        ("POST", "/users/N/reset-second-factor", {}),
    ],
)
def test_a_key_of_accounts_alone_takes_over_no_account_that_may_more(
    world: World, method: str, path: str, body: dict[str, Any]
) -> None:
    program = _with(world, _key(world, Role.ADMIN, "accounts")["token"])
    with world.store.begin() as tx:
        other = tx.accounts.add_user(
            username="kepala",
            name="Kepala Contoh",
            role=Role.ADMIN,
            password_hash="x",
            must_change=False,
            now=world.clock(),
            units=(),
        )

    answer = program.request(method, "/api/v1" + path.replace("N", str(other.id)), json=body)

    assert answer.status_code == 403, answer.text
    assert "was not given" in answer.json()["detail"]


def test_a_key_of_cases_reads_mentions_of_tickets_and_no_others(world: World) -> None:
    ticket = world.ticket()
    (waiting,) = world.flagged(1)
    program = _with(world, _key(world, Role.TRIAGE, "cases")["token"])
    (of_ticket,) = [one["id"] for one in world.program().get(f"/api/v1/mentions?ticket={ticket['id']}").json()["items"]]

    assert program.get(f"/api/v1/mentions/{of_ticket}").status_code == 200
    assert program.get(f"/api/v1/mentions/{waiting}").status_code == 404
    own = _with(world, _key(world, Role.TRIAGE, "own")["token"])
    for one in (of_ticket, waiting):
        assert own.put(f"/api/v1/mentions/{one}/viewing").status_code == 404


def test_a_key_closes_itself_and_no_other_of_its_holder(world: World) -> None:
    one, other = (_key(world, Role.TRIAGE, "own") for _ in range(2))
    program = _with(world, one["token"])

    assert program.delete(f"/api/v1/session/tokens/{other['id']}").status_code == 404
    assert program.delete(f"/api/v1/session/tokens/{one['id']}").status_code == 204
    assert _with(world, other["token"]).get("/api/v1/session/tokens").status_code == 200
