"""Sessions, passwords, tokens, and requests from strange pages."""

import pytest
from argon2 import PasswordHasher

from sahut.core.model import Role
from tests.triage_api.conftest import PASSWORD, World
from triage_api import auth

SIGN_IN = "/api/v1/session"


def _try(client, username: str = "sari", password: str = "salah sekali"):
    return client.post(SIGN_IN, json={"username": username, "password": password})


def test_a_session_opens_shows_its_holder_and_ends(world: World) -> None:
    client, csrf = world.signed_in()

    assert client.get(SIGN_IN).json()["user"]["username"] == "sari"
    assert client.delete(SIGN_IN, headers={"X-CSRF-Token": csrf}).status_code == 204
    assert client.get(SIGN_IN).status_code == 401


def test_an_ended_session_cannot_be_revived_with_its_old_cookie(world: World) -> None:
    client, csrf = world.signed_in()
    cookie = client.cookies["sahut_session"]
    client.delete(SIGN_IN, headers={"X-CSRF-Token": csrf})

    thief = world.browser()
    thief.cookies.set("sahut_session", cookie)
    assert thief.get(SIGN_IN).status_code == 401


def test_the_store_has_the_hash_of_a_session_and_never_its_value(world: World) -> None:
    client, _ = world.signed_in()
    cookie = client.cookies["sahut_session"]

    with world.store.read() as tx:
        assert tx.accounts.session(cookie) is None
        assert tx.accounts.session(auth.hash_secret(cookie)) is not None


def test_signing_in_gives_a_new_cookie_and_ends_the_one_that_was_planted(world: World) -> None:
    attacker, _ = world.signed_in("budi")
    planted = attacker.cookies["sahut_session"]
    victim = world.browser()
    victim.cookies.set("sahut_session", planted)

    answer = _try(victim, password=PASSWORD)

    assert answer.cookies["sahut_session"] != planted
    assert attacker.get(SIGN_IN).status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    header = _try(world.browser(), password=PASSWORD).headers["set-cookie"].lower()

    assert "httponly" in header
    assert "samesite=lax" in header
    assert "path=/" in header
    assert "secure" not in header


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(make_world) -> None:
    world = make_world(cookie_secure=True, base_url="https://sahut.example")
    client = world.browser("https://sahut.example")
    answer = _try(client, password=PASSWORD)
    header = answer.headers["set-cookie"]

    assert header.startswith("__Host-sahut_session=")
    assert "; Secure" in header
    assert "Domain" not in header
    assert client.get(SIGN_IN).status_code == 200
    assert answer.headers["strict-transport-security"]


def test_a_session_idles_out_and_lives_on_while_it_is_used(world: World, clock) -> None:
    client, _ = world.signed_in()
    for _ in range(3):
        clock.forward(hours=11)
        assert client.get(SIGN_IN).status_code == 200
    clock.forward(hours=12)
    assert client.get(SIGN_IN).status_code == 401


def test_a_session_ends_after_a_week_however_much_it_is_used(world: World, clock) -> None:
    client, _ = world.signed_in()
    for _ in range(16):
        clock.forward(hours=10)
        assert client.get(SIGN_IN).status_code == 200
    clock.forward(hours=10)
    assert client.get(SIGN_IN).status_code == 401


@pytest.mark.parametrize("username", ["sari", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(world: World, username: str) -> None:
    answer = _try(world.browser(), username)

    assert answer.status_code == 401
    assert answer.json()["detail"] == "the user name or the password is wrong"


def test_an_unknown_name_costs_a_hash_as_a_known_one_does(world: World, monkeypatch) -> None:
    checked = []
    real = auth.verify_password
    monkeypatch.setattr(auth, "verify_password", lambda h, p: checked.append(h) or real(h, p))
    _try(world.browser(), "nobody")
    _try(world.browser(), "sari")

    assert [h.split("$")[3] for h in checked] == ["m=19456,t=2,p=1"] * 2


def test_ten_wrong_passwords_lock_the_account_for_a_while_even_for_the_right_one(world: World, clock) -> None:
    client = world.browser()
    assert [_try(client).status_code for _ in range(11)] == [401] * 10 + [429]
    answer = _try(client, password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert _try(client, "budi", PASSWORD).status_code == 200

    clock.forward(minutes=16)
    assert _try(client, password=PASSWORD).status_code == 200


def test_one_address_cannot_try_one_password_on_every_account(make_world) -> None:
    client = make_world(failed_per_address=5).browser()
    statuses = [_try(client, f"user{i}").status_code for i in range(7)]

    assert statuses == [401] * 5 + [429] * 2


def test_a_burst_of_guesses_gets_no_more_answers_than_a_slow_one(make_world, run_together) -> None:
    world = make_world(failed_per_account=3)
    statuses = run_together(8, lambda _: _try(world.browser()).status_code)

    assert sorted(statuses) == [401] * 3 + [429] * 5


def test_on_either_database_guesses_of_many_threads_are_counted_one_after_another(each_world, run_together) -> None:
    world = each_world

    def guess(number: int) -> int:
        said = {"username": "Sari", "password": f"salah nomor {number}"}
        return world.browser().post("/api/v1/session", json=said).status_code

    answers = run_together(24, guess)
    assert (answers.count(401), answers.count(429)) == (10, 14)


def test_a_burst_of_wrong_present_passwords_is_no_way_around_the_limit(each_world, run_together) -> None:
    world = each_world
    client, csrf = world.signed_in()

    def guess(number: int) -> int:
        said = {"current": f"salah nomor {number}", "new": "lampu taman menyala"}
        return client.put("/api/v1/session/password", json=said, headers={"X-CSRF-Token": csrf}).status_code

    answers = run_together(24, guess)
    assert answers.count(429) == 14, answers


def test_a_closed_account_can_neither_sign_in_nor_use_its_session_or_token(world: World) -> None:
    client, _ = world.signed_in()
    with world.store.begin() as tx:
        tx.accounts.set_active(world.users[Role.TRIAGE], False)

    assert client.get(SIGN_IN).status_code == 401
    assert world.program().get(SIGN_IN).status_code == 401
    assert _try(world.browser(), password=PASSWORD).status_code == 401


def test_a_one_time_password_opens_nothing_but_the_change_of_itself(world: World) -> None:
    once = auth.new_one_time_password()
    with world.store.begin() as tx:
        tx.accounts.set_password(world.users[Role.TRIAGE], auth.hash_password(once), must_change=True)
    client = world.browser()
    csrf = _try(client, password=once).json()["csrf"]

    refused = client.get("/api/v1/mentions")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:sahut:problem:password_change_required")
    changed = client.put(
        SIGN_IN + "/password", json={"current": once, "new": "lampu taman menyala"}, headers={"X-CSRF-Token": csrf}
    )
    assert changed.json()["must_change"] is False
    assert client.get("/api/v1/mentions").status_code == 200


def test_a_changed_password_ends_the_accounts_other_sessions(world: World) -> None:
    elsewhere, _ = world.signed_in()
    client, csrf = world.signed_in()
    body = {"current": PASSWORD, "new": "lampu taman menyala"}

    assert client.put(SIGN_IN + "/password", json=body, headers={"X-CSRF-Token": csrf}).status_code == 200
    assert elsewhere.get(SIGN_IN).status_code == 401
    assert client.get(SIGN_IN).status_code == 200


def test_a_hash_of_an_older_cost_is_renewed_by_signing_in(world: World) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    with world.store.begin() as tx:
        tx.accounts.set_password(world.users[Role.TRIAGE], old, must_change=False)
    client, _ = world.signed_in()

    with world.store.read() as tx:
        assert "m=19456,t=2,p=1" in tx.accounts.user(world.users[Role.TRIAGE]).password_hash
    assert client.get(SIGN_IN).status_code == 200


# --- requests from strange pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-CSRF-Token": "guessed"}, 403),
        ({"X-CSRF-Token": "é"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[broken"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({"Origin": "http://testserver"}, 404),
    ],
)
def test_a_write_by_cookie_must_come_from_a_page_of_ours(world: World, headers: dict[str, str], status: int) -> None:
    client, _ = world.signed_in()
    sent = {name: value.encode() for name, value in headers.items()}

    assert client.post("/api/v1/decisions/99/undo", headers=sent).status_code == status


def test_the_sessions_own_csrf_value_vouches_but_not_against_the_browsers_word(world: World) -> None:
    client, csrf = world.signed_in()
    good = {"X-CSRF-Token": csrf}

    assert client.post("/api/v1/decisions/99/undo", headers=good).status_code == 404
    strange = good | {"Origin": "https://evil.example"}
    assert client.post("/api/v1/decisions/99/undo", headers=strange).status_code == 403


def test_a_page_at_the_public_name_is_ours_though_a_proxy_rewrites_the_host(make_world) -> None:
    client, _ = make_world(base_url="https://sahut.example").signed_in()

    ours = {"Origin": "https://sahut.example"}
    assert client.post("/api/v1/decisions/99/undo", headers=ours).status_code == 404
    assert client.post("/api/v1/decisions/99/undo", headers={"Origin": "https://x.example"}).status_code == 403


def test_another_site_cannot_sign_a_browser_in(world: World) -> None:
    body = {"username": "sari", "password": PASSWORD}
    answer = world.browser().post(SIGN_IN, json=body, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


# --- tokens ------------------------------------------------------------------------------------------------------


def test_a_token_works_until_it_is_revoked(world: World) -> None:
    admin = world.program(Role.ADMIN)
    body = {"name": "dasbor", "user_id": world.users[Role.AUDITOR], "scopes": ["read"]}
    made = admin.post("/api/v1/tokens", json=body).json()
    client = world.browser()
    client.headers["Authorization"] = f"Bearer {made['token']}"

    assert made["token"].startswith("sahut_")
    assert client.get("/api/v1/mentions").status_code == 200
    used = next(token for token in admin.get("/api/v1/tokens").json()["items"] if token["id"] == made["id"])
    assert used["used_at"] is not None
    assert made["token"] not in admin.get("/api/v1/tokens").text
    assert admin.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert client.get("/api/v1/mentions").status_code == 401


def test_a_token_ends_at_its_time(world: World, clock) -> None:
    body = {"name": "sebentar", "user_id": world.users[Role.AUDITOR], "scopes": ["own"]}
    body["expires_at"] = "2026-11-24T12:00:00+07:00"
    made = world.program(Role.ADMIN).post("/api/v1/tokens", json=body).json()
    client = world.browser()
    client.headers["Authorization"] = f"Bearer {made['token']}"

    assert client.get(SIGN_IN).status_code == 200
    clock.forward(hours=2)
    assert client.get(SIGN_IN).status_code == 401


def test_a_wrong_token_is_not_helped_by_a_good_cookie(world: World) -> None:
    client, _ = world.signed_in()

    assert client.get(SIGN_IN, headers={"Authorization": "Bearer sahut_wrong"}).status_code == 401


def test_one_time_passwords_and_tokens_never_repeat() -> None:
    assert len({auth.new_one_time_password() for _ in range(1000)}) == 1000
    assert len({auth.new_token() for _ in range(1000)}) == 1000
