"""Accounts by those who administer them: invited, changed, closed, helped in again; on the board and by the API."""

import re

import pytest

from sahut.core.model import AuditFilter, Role
from tests.triage_api.conftest import PASSWORD, World

NEW = "lampu taman menyala"


def _invited(world: World, **over) -> dict:
    body = {"username": "joko", "name": "Joko Contoh", "role": "unit", "units": ["pu"], **over}
    answer = world.program(Role.ADMIN).post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    said: dict = answer.json()
    return said


def _acts(world: World) -> list[str]:
    with world.store.read() as tx:
        return [f"{one.act}:{one.detail.get('what', '')}" for one in tx.audit.page(AuditFilter(), limit=50).items]


def test_an_invitation_opens_the_account_once_and_only_with_a_password_of_ones_own(world: World) -> None:
    said = _invited(world)
    path = said["link"].removeprefix("http://testserver")
    assert said["user"]["invited_until"] is not None
    for password in ("!", "", PASSWORD):
        guess = world.browser().post("/api/v1/session", json={"username": "joko", "password": password or "x"})
        assert guess.status_code == 401
    browser = world.browser()
    page = browser.get(path, headers={"Accept": "text/html"}).text
    assert "Joko Contoh" in page
    token = path.partition("token=")[2]
    short = browser.post("/welcome", data={"token": token, "new": "pendek", "again": "pendek"})
    assert short.status_code == 422
    done = browser.post("/welcome", data={"token": token, "new": NEW, "again": NEW}, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert browser.get("/account").status_code == 200
    again = world.browser().post("/api/v1/welcome", json={"token": token, "password": NEW})
    assert (again.status_code, again.json()["type"]) == (409, "urn:sahut:problem:invitation_over")
    assert world.browser().post("/api/v1/session", json={"username": "joko", "password": NEW}).status_code == 200
    assert {"account:invited", "account:accepted"} <= set(_acts(world))


def test_an_invitation_ends_after_a_week_and_when_another_is_made(world: World, clock) -> None:
    said = _invited(world)
    first = said["link"].partition("token=")[2]
    again = world.program(Role.ADMIN).post(f"/api/v1/users/{said['user']['id']}/invite")
    second = again.json()["link"].partition("token=")[2]
    assert world.browser().post("/api/v1/welcome", json={"token": first, "password": NEW}).status_code == 409
    clock.forward(days=7)
    assert world.browser().get(f"/welcome?token={second}").status_code == 410
    assert world.browser().post("/api/v1/welcome", json={"token": second, "password": NEW}).status_code == 409


def test_of_two_who_use_one_invitation_at_once_one_gets_in(each_world: World, run_together) -> None:
    token = _invited(each_world)["link"].partition("token=")[2]
    answers = run_together(
        2, lambda _: each_world.browser().post("/api/v1/welcome", json={"token": token, "password": NEW}).status_code
    )
    assert sorted(answers) == [200, 409]


def test_the_store_knows_an_invitation_by_its_hash_alone(world: World) -> None:
    token = _invited(world)["link"].partition("token=")[2]
    with world.store.read() as tx:
        assert tx.invitations.open_until(token, world.clock()) is None


def test_a_repeated_invitation_shows_no_link_again(world: World) -> None:
    program = world.program(Role.ADMIN)
    body = {"username": "joko", "name": "Joko", "role": "triage"}
    first, second = (
        program.post("/api/v1/users", json=body, headers={"Idempotency-Key": "k1"}).json() for _ in range(2)
    )
    assert first["link"] is not None
    assert second["link"] is None
    assert program.post("/api/v1/users", json=body).status_code == 409


def test_a_closed_account_loses_its_sessions_its_tokens_for_good_and_its_invitation(world: World) -> None:
    browser, _csrf = world.signed_in("sari")
    admin, program = world.program(Role.ADMIN), world.program(Role.TRIAGE)
    url = f"/api/v1/users/{world.users[Role.TRIAGE]}"
    assert admin.patch(url, json={"active": False}).json()["active"] is False
    assert browser.get("/api/v1/session").status_code == 401
    assert admin.patch(url, json={"active": True}).json()["active"] is True
    assert browser.get("/api/v1/session").status_code == 401
    assert program.get("/api/v1/mentions").status_code == 401
    assert {"account:closed", "account:opened"} <= set(_acts(world))


def test_the_last_administrator_cannot_be_closed_or_made_something_else(world: World) -> None:
    admin, url = world.program(Role.ADMIN), f"/api/v1/users/{world.users[Role.ADMIN]}"
    for change in ({"active": False}, {"role": "auditor"}):
        refused = admin.patch(url, json=change)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:sahut:problem:last_admin")
    browser, csrf = world.signed_in("admin")
    answer = browser.post(
        f"/users/{world.users[Role.ADMIN]}/close", data={"csrf": csrf}, headers={"Accept": "text/html"}
    )
    assert "administrator terakhir" in answer.text


def test_two_administrators_who_close_each_other_at_once_leave_one(each_world: World, run_together) -> None:
    world = each_world
    second = world.users[Role.TRIAGE]
    assert world.program(Role.ADMIN).patch(f"/api/v1/users/{second}", json={"role": "admin"}).status_code == 200
    closes = [(Role.ADMIN, second), (Role.TRIAGE, world.users[Role.ADMIN])]
    run_together(
        2, lambda n: world.program(closes[n][0]).patch(f"/api/v1/users/{closes[n][1]}", json={"active": False})
    )
    with world.store.read() as tx:
        assert sum(user.active and user.role is Role.ADMIN for user in tx.accounts.users()) == 1


def test_another_role_holds_at_once_and_ends_sessions(world: World) -> None:
    browser, _csrf = world.signed_in("sari")
    admin, url = world.program(Role.ADMIN), f"/api/v1/users/{world.users[Role.TRIAGE]}"
    assert admin.patch(url, json={"role": "auditor"}).json()["role"] == "auditor"
    assert browser.get("/api/v1/session").status_code == 401
    assert world.program(Role.TRIAGE).post("/api/v1/decisions/dismiss", json={}).status_code == 403


@pytest.mark.parametrize(
    "body", [{"role": "unit", "units": []}, {"units": ["bukan"]}, {"password_hash": "x"}, {"id": 1}, {"version": 9}]
)
def test_what_an_account_may_not_become_is_refused(world: World, body: dict) -> None:
    url = f"/api/v1/users/{world.users[Role.TRIAGE]}"
    assert world.program(Role.ADMIN).patch(url, json=body).status_code == 422


def test_a_reset_password_opens_nothing_but_the_change_of_itself(world: World) -> None:
    browser, _csrf = world.signed_in("sari")
    said = world.program(Role.ADMIN).post(f"/api/v1/users/{world.users[Role.TRIAGE]}/reset-password").json()
    assert said["user"]["one_time_password"] is True
    assert browser.get("/api/v1/session").status_code == 401
    fresh = world.browser()
    assert fresh.post("/api/v1/session", json={"username": "sari", "password": PASSWORD}).status_code == 401
    assert fresh.post("/api/v1/session", json={"username": "sari", "password": said["password"]}).status_code == 200
    assert fresh.get("/api/v1/mentions").json()["type"] == "urn:sahut:problem:password_change_required"


def test_the_board_invites_and_shows_the_link_once(world: World) -> None:
    browser, csrf = world.signed_in("admin")
    form = {"csrf": csrf, "username": "joko", "name": "Joko <b>Contoh", "role": "unit"}
    assert "Pilih unit kerja" in browser.post("/users", data=form).text
    page = browser.post("/users", data={**form, "unit": "pu"}).text
    assert re.search(r"http://testserver/welcome\?token=sahut_[\w-]{43}", page)
    assert "<b>Contoh" not in page
    listed = browser.get("/users").text
    assert "Diundang, belum masuk" in listed
    assert "token=" not in listed
    assert "sudah dipakai" in browser.post("/users", data={**form, "unit": "pu"}).text


def test_ones_own_sessions_are_shown_and_ended_one_or_all(world: World) -> None:
    here, csrf = world.signed_in("sari")
    there, _ = world.signed_in("sari")
    third, _ = world.signed_in("sari")
    items = here.get("/api/v1/session/all").json()["items"]
    assert sorted(one["here"] for one in items) == [False, False, True]
    assert {one["device"] for one in items} == {"testclient"}
    page = here.get("/account").text
    assert "Di sini, sekarang" in page
    handle = next(one["handle"] for one in there.get("/api/v1/session/all").json()["items"] if one["here"])
    assert here.post("/account/sessions", data={"csrf": csrf, "session": handle}).status_code == 200
    assert there.get("/api/v1/session").status_code == 401
    here.post("/account/sessions", data={"csrf": csrf})
    assert third.get("/api/v1/session").status_code == 401
    assert here.get("/api/v1/session").status_code == 200


def test_nobody_ends_anothers_session_by_its_handle(world: World) -> None:
    mine, csrf = world.signed_in("sari")
    theirs, _ = world.signed_in("admin")
    handle = theirs.get("/api/v1/session/all").json()["items"][0]["handle"]
    answer = mine.delete(f"/api/v1/session/all/{handle}", headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 404
    assert theirs.get("/api/v1/session").status_code == 200


def test_signing_in_and_out_and_failing_to_stand_in_the_log_without_what_was_typed(world: World) -> None:
    browser, csrf = world.signed_in("sari")
    browser.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
    world.browser().post("/api/v1/session", json={"username": "sari", "password": "salah-sekali"})
    world.browser().post("/api/v1/session", json={"username": "kata-sandi-di-sini", "password": "x"})
    with world.store.read() as tx:
        found = tx.audit.page(AuditFilter(), limit=10).items
    assert [one.act for one in found] == ["sign_in_failed", "sign_in_failed", "sign_out", "sign_in"]
    assert [one.key for one in found] == ["", *[str(world.users[Role.TRIAGE])] * 3]
    assert all("kata-sandi" not in f"{one}" and "salah" not in f"{one}" for one in found)
