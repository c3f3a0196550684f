"""The second factor: set up, asked for, used up, given up, reset; on the board without JavaScript and by the API."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text

from sahut.core.model import AuditFilter, Policy, Role
from tests.triage_api.conftest import PASSWORD, POLICY, World
from triage_api import auth, one_time_codes

SIGN_IN = "/api/v1/session"
OWN = "/api/v1/session/second-factor"
PAGE = {"Accept": "text/html"}


def _code(world: World, secret: str, by: int = 0) -> str:
    return pyotp.TOTP(secret).at(world.clock() + timedelta(seconds=30 * by))


def _switch_on(world: World, username: str = "sari") -> tuple[str, list[str]]:
    """Secret and recovery codes; afterwards it is a minute later, so that the next code is a fresh one."""
    client, csrf = world.signed_in(username)
    headers = {"X-CSRF-Token": csrf}
    secret = client.post(OWN, headers=headers).json()["secret"]
    body = {"password": PASSWORD, "code": _code(world, secret)}
    answer = client.post(f"{OWN}/confirm", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    world.clock.forward(minutes=1)
    return secret, answer.json()["recovery_codes"]


def _sign_in(world: World, code: str = "", username: str = "sari"):
    body = {"username": username, "password": PASSWORD}
    return world.browser().post(SIGN_IN, json=body | ({"code": code} if code else {}))


def _problem(answer) -> str:
    return answer.json()["type"].removeprefix("urn:sahut:problem:")


def _said(world: World) -> list[str]:
    with world.store.read() as tx:
        found = tx.audit.page(AuditFilter(), limit=50).items
    return [f"{one.act}:{one.detail.get('what', '')}" for one in reversed(found)]


def test_a_right_password_alone_opens_no_session_once_the_second_factor_is_on(world: World) -> None:
    secret, codes = _switch_on(world)
    assert len(set(codes)) == 10
    refused = _sign_in(world)
    assert (refused.status_code, _problem(refused)) == (401, "second_factor_needed")
    assert "sahut_session" not in refused.cookies
    assert _sign_in(world, _code(world, secret)).status_code == 200
    assert _sign_in(world, username="budi").status_code == 200


@pytest.mark.parametrize("by", [-1, 0, 1])
def test_a_clock_that_is_half_a_minute_off_still_signs_in(world: World, by: int) -> None:
    secret, _ = _switch_on(world)
    assert _sign_in(world, _code(world, secret, by)).status_code == 200


@pytest.mark.parametrize("by", [-3, -2, 2, 3])
def test_a_code_of_another_time_is_refused(world: World, by: int) -> None:
    secret, _ = _switch_on(world)
    assert _problem(_sign_in(world, _code(world, secret, by))) == "bad_second_factor"


def test_a_code_signs_in_once_and_none_before_it_ever(world: World) -> None:
    secret, _ = _switch_on(world)
    earlier, code = _code(world, secret, -1), _code(world, secret)
    assert _sign_in(world, code).status_code == 200
    assert [_problem(_sign_in(world, one)) for one in (code, earlier)] == ["bad_second_factor"] * 2


def test_a_recovery_code_signs_in_once_however_it_is_typed(world: World) -> None:
    _, codes = _switch_on(world)
    assert _sign_in(world, codes[0].upper().replace("-", " ")).status_code == 200
    assert _problem(_sign_in(world, codes[0])) == "bad_second_factor"
    assert _sign_in(world, codes[1]).status_code == 200
    with world.store.read() as tx:
        assert tx.second_factors.of(world.users[Role.TRIAGE]).codes_left == 8
    assert _said(world).count("account:recovery_code_used") == 2


def test_of_many_who_use_one_code_at_the_same_time_one_comes_in(each_world: World, run_together) -> None:
    secret, codes = _switch_on(each_world)
    for code in (_code(each_world, secret), codes[0]):
        found = run_together(4, lambda _, code=code: _sign_in(each_world, code).status_code)
        assert sorted(found) == [200, 401, 401, 401]


def test_of_many_who_finish_one_sign_in_at_the_same_time_one_comes_in(each_world: World, run_together) -> None:
    _, codes = _switch_on(each_world)
    first = each_world.browser()
    first.post("/sign-in", data={"username": "sari", "password": PASSWORD}, follow_redirects=False)
    challenge = first.cookies["sahut_challenge"]

    def finish(number: int) -> int:
        client = each_world.browser()
        client.cookies.set("sahut_challenge", challenge)
        return client.post("/sign-in/code", data={"code": codes[number]}, follow_redirects=False).status_code

    assert sorted(run_together(3, finish)) == [303, 410, 410]
    with each_world.store.read() as tx:
        # Those who came too late have not used up their codes.
        assert tx.second_factors.of(each_world.users[Role.TRIAGE]).codes_left == 9


def test_wrong_codes_lock_the_account_as_wrong_passwords_do(world: World) -> None:
    secret, _ = _switch_on(world)
    assert [_sign_in(world, "000000").status_code for _ in range(10)] == [401] * 10
    assert _sign_in(world, _code(world, secret)).status_code == 429
    assert "sign_in_failed:second_factor" in _said(world)


def test_wrong_codes_on_the_board_lock_it_too_whatever_number_of_challenges(world: World) -> None:
    secret, _ = _switch_on(world)
    for _ in range(5):
        client = world.browser()
        client.post("/sign-in", data={"username": "sari", "password": PASSWORD})
        assert [client.post("/sign-in/code", data={"code": "000000"}).status_code for _ in range(2)] == [401] * 2
    assert client.post("/sign-in/code", data={"code": _code(world, secret)}).status_code == 429


def test_on_the_board_the_second_step_opens_a_new_session_and_ends_the_planted_one(world: World) -> None:
    secret, _ = _switch_on(world)
    attacker, _ = world.signed_in("budi")
    planted = attacker.cookies["sahut_session"]
    client = world.browser()
    client.cookies.set("sahut_session", planted)
    first = client.post(
        "/sign-in", data={"username": "sari", "password": PASSWORD, "back": "/tickets"}, follow_redirects=False
    )
    assert first.headers["location"] == "/sign-in/code?next=%2Ftickets"
    assert "sahut_session" not in first.cookies
    assert "httponly" in first.headers["set-cookie"].lower()
    assert 'value="/tickets"' in client.get(first.headers["location"]).text
    challenge = client.cookies["sahut_challenge"]
    data = {"code": _code(world, secret), "back": "/tickets"}
    done = client.post("/sign-in/code", data=data, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/tickets")
    assert done.cookies["sahut_session"] not in {planted, challenge}
    assert attacker.get(SIGN_IN).status_code == 401
    assert "sahut_challenge" not in client.cookies
    client.cookies.set("sahut_challenge", challenge)
    assert client.get("/sign-in/code").status_code == 410


def test_the_challenge_is_no_session_and_ends_with_its_time_and_with_the_password(world: World) -> None:
    secret, _ = _switch_on(world)

    def begun():
        client = world.browser()
        client.post("/sign-in", data={"username": "sari", "password": PASSWORD})
        return client

    client = begun()
    thief = world.browser()
    thief.cookies.set("sahut_session", client.cookies["sahut_challenge"])
    assert thief.get(SIGN_IN).status_code == 401
    with world.store.read() as tx:
        assert tx.second_factors.challenged(client.cookies["sahut_challenge"], world.clock()) is None
        assert tx.second_factors.challenged(auth.hash_secret(client.cookies["sahut_challenge"]), world.clock())
    challenge = client.cookies["sahut_challenge"]
    world.clock.forward(minutes=5)
    client.cookies.set("sahut_challenge", challenge)
    assert client.post("/sign-in/code", data={"code": _code(world, secret)}).status_code == 410

    client = begun()
    world.program(Role.ADMIN).post(f"/api/v1/users/{world.users[Role.TRIAGE]}/reset-password")
    assert client.post("/sign-in/code", data={"code": _code(world, secret)}).status_code == 410


def test_a_form_from_another_site_finishes_no_sign_in(world: World) -> None:
    secret, _ = _switch_on(world)
    client = world.browser()
    client.post("/sign-in", data={"username": "sari", "password": PASSWORD})
    answer = client.post(
        "/sign-in/code", data={"code": _code(world, secret)}, headers={"Origin": "https://jahat.example"}
    )
    assert answer.status_code == 403


def test_the_pages_lead_through_it_without_javascript(world: World) -> None:
    client, csrf = world.signed_in("sari")
    assert 'href="/account/second-factor"' in client.get("/account").text
    url = "/account/second-factor"
    page = client.post(f"{url}/begin", data={"csrf": csrf}).text
    secret = re.search(r'<p class="mono secret">([A-Z2-7]{32})</p>', page)[1]
    svg = re.search(r"<svg.*?</svg>", page, re.DOTALL)[0]
    assert "style" not in svg
    assert "script" not in svg
    wrong = client.post(f"{url}/confirm", data={"csrf": csrf, "password": "salah", "code": _code(world, secret)})
    assert (wrong.status_code, "Kata sandi yang sekarang tidak cocok." in wrong.text) == (422, True)
    wrong = client.post(f"{url}/confirm", data={"csrf": csrf, "password": PASSWORD, "code": "000000"})
    assert (wrong.status_code, "Kode itu tidak cocok" in wrong.text) == (422, True)
    page = client.post(f"{url}/confirm", data={"csrf": csrf, "password": PASSWORD, "code": _code(world, secret)}).text
    codes = re.findall(r"<li>(\w{4}-\w{4}-\w{4}-\w{4})</li>", page)
    assert len(codes) == 10
    page = client.get(url).text
    assert "Tinggal 10 kode pemulihan." in page
    assert codes[0] not in page
    assert secret not in page
    renewed = client.post(f"{url}/renew", data={"csrf": csrf, "password": PASSWORD, "code": codes[0]}).text
    assert codes[1] not in renewed
    assert client.post(f"{url}/off", data={"csrf": csrf, "password": PASSWORD, "code": codes[1]}).status_code == 422
    world.clock.forward(minutes=1)
    off = client.post(f"{url}/off", data={"csrf": csrf, "password": PASSWORD, "code": _code(world, secret)})
    assert "Langkah kedua dimatikan." in off.text
    assert _sign_in(world).status_code == 200
    assert [one for one in _said(world) if one.startswith("account:")] == [
        "account:second_factor_begun",
        "account:second_factor_on",
        "account:recovery_code_used",
        "account:recovery_codes_renewed",
        "account:second_factor_off",
    ]


def test_neither_the_password_nor_a_code_alone_switches_it_off(world: World) -> None:
    secret, codes = _switch_on(world)
    client = world.browser()
    body = {"username": "sari", "password": PASSWORD, "code": codes[0]}
    headers = {"X-CSRF-Token": client.post(SIGN_IN, json=body).json()["csrf"]}
    code = _code(world, secret)
    for wrong in ({"password": "salah sekali", "code": code}, {"password": PASSWORD, "code": "000000"}):
        assert client.post(f"{OWN}/off", json=wrong, headers=headers).status_code == 401
    assert client.get(OWN).json() == {"on": True, "required": False, "recovery_codes_left": 9}
    assert _problem(client.post(OWN, headers=headers)) == "second_factor_on"
    assert client.post(f"{OWN}/off", json={"password": PASSWORD, "code": code}, headers=headers).status_code == 204
    assert client.get(OWN).json()["on"] is False


def test_switching_it_on_ends_the_other_sessions_and_a_forgotten_setup_is_worth_nothing(world: World) -> None:
    other, _ = world.signed_in("sari")
    client, csrf = world.signed_in("sari")
    headers = {"X-CSRF-Token": csrf}
    secret = client.post(OWN, headers=headers).json()["secret"]
    world.clock.forward(minutes=15)
    body = {"password": PASSWORD, "code": _code(world, secret)}
    assert _problem(client.post(f"{OWN}/confirm", json=body, headers=headers)) == "second_factor_off"
    assert _sign_in(world).status_code == 200
    assert other.get(SIGN_IN).status_code == 200
    _switch_on(world)
    assert [one.get(SIGN_IN).status_code for one in (client, other)] == [401, 401]


def test_a_program_has_no_second_factor_and_its_key_goes_on_working(world: World) -> None:
    _switch_on(world)
    assert world.program().get(SIGN_IN).status_code == 200
    assert world.program().post(OWN).status_code == 422


def test_the_store_keeps_no_secret_and_no_recovery_code_in_the_clear(world: World) -> None:
    secret, codes = _switch_on(world)
    with world.store._engine.connect() as connection:  # type: ignore[attr-defined]
        rows = [
            str(connection.execute(text(f"SELECT * FROM {table}")).all())
            for table in ("second_factor", "recovery_code", "audit_entry")
        ]
    assert all(rows)
    for hidden in (secret, *codes, *(one.replace("-", "") for one in codes)):
        assert not any(hidden in row for row in rows)


def test_an_administrator_resets_anothers_and_never_the_own(world: World) -> None:
    secret, _ = _switch_on(world)
    sari, admin = world.users[Role.TRIAGE], world.users[Role.ADMIN]
    holder = world.browser()
    body = {"username": "sari", "password": PASSWORD, "code": _code(world, secret)}
    assert holder.post(SIGN_IN, json=body).status_code == 200
    program = world.program(Role.ADMIN)
    assert program.get(f"/api/v1/users/{sari}").json()["second_factor"] is True
    answer = program.post(f"/api/v1/users/{sari}/reset-second-factor")
    assert (answer.status_code, answer.json()["second_factor"]) == (200, False)
    assert holder.get(SIGN_IN).status_code == 401
    assert _sign_in(world).status_code == 200
    assert _problem(program.post(f"/api/v1/users/{sari}/reset-second-factor")) == "second_factor_off"
    _switch_on(world, "admin")
    own = program.post(f"/api/v1/users/{admin}/reset-second-factor")
    assert (own.status_code, _problem(own)) == (403, "second_factor_own")
    assert "account:second_factor_reset" in _said(world)


def test_the_page_of_an_account_resets_its_second_factor(world: World) -> None:
    _switch_on(world)
    client, csrf = world.signed_in("admin")
    url = f"/users/{world.users[Role.TRIAGE]}"
    assert f'action="{url}/reset-second-factor"' in client.get(url).text
    assert client.post(f"{url}/reset-second-factor", data={"csrf": csrf}).status_code == 200
    assert f'action="{url}/reset-second-factor"' not in client.get(url).text


def test_who_must_have_one_sets_it_up_before_anything_else(sqlite_store, clock) -> None:
    world = World(
        sqlite_store, clock, policy=Policy(units=POLICY.units, second_factor=frozenset({Role.ADMIN, Role.UNIT}))
    )
    assert world.signed_in("sari")[0].get("/", headers=PAGE, follow_redirects=False).status_code == 200
    assert world.program(Role.ADMIN).get("/api/v1/users").status_code == 200
    for username in ("admin", "tono"):
        client, csrf = world.signed_in(username)
        for path in ("/tickets", "/account"):
            led = client.get(path, headers=PAGE, follow_redirects=False)
            assert (led.status_code, led.headers["location"]) == (303, "/account/second-factor")
        assert _problem(client.get("/api/v1/tickets")) == "second_factor_required"
        page = client.get("/account/second-factor").text
        assert "Peran Anda memerlukan langkah kedua." in page
        headers = {"X-CSRF-Token": csrf}
        secret = client.post(OWN, headers=headers).json()["secret"]
        assert _problem(client.get("/api/v1/tickets")) == "second_factor_required"
        body = {"password": PASSWORD, "code": _code(world, secret)}
        assert client.post(f"{OWN}/confirm", json=body, headers=headers).status_code == 200
        assert client.get("/api/v1/tickets").status_code == 200
        assert client.get("/tickets", headers=PAGE, follow_redirects=False).status_code == 200


def test_the_picture_says_what_the_app_needs(world: World) -> None:
    client, csrf = world.signed_in("sari")
    made = client.post(OWN, headers={"X-CSRF-Token": csrf}).json()
    read = pyotp.parse_uri(made["uri"])
    assert (read.secret, read.name, read.issuer) == (made["secret"], "sari", "Sahut")
    assert read.at(world.clock()) == _code(world, made["secret"])
    assert one_time_codes.picture(made["uri"]).startswith("<svg")
