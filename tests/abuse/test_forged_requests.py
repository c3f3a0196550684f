"""Requests that another site makes a browser send, sessions that an attacker planted, and ways to lead people away."""

import re
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest

from sahut.core.model import Role
from tests.abuse.conftest import routes
from tests.abuse.corpus import LINKS
from tests.triage_api.conftest import PASSWORD, World
from tests.triage_api.test_access import _path
from triage_api import auth
from triage_api.auth import SAFE_METHODS
from triage_api.permissions import ROUTES, Permission

PAGE = {"Accept": "text/html"}
EVIL = "https://evil.example"
# What a browser says of a request that another site made it send; the last are those that say nothing at all.
FORGED = (
    {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://testserver.evil.example", "Referer": "http://testserver/"},
    {"Origin": "http://testserver:81"},
    {},
    {"X-CSRF-Token": "guessed", "Referer": "http://testserver/"},
)
_SENT = (
    {"json": {}},
    {"content": b'{"a":1}', "headers": {"Content-Type": "text/plain"}},
    {"data": {"csrf": "guessed", "key": "k"}},
    {"content": b"csrf=\xff%00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
)


def test_no_route_that_changes_anything_believes_another_site(world: World) -> None:
    browser, _csrf = world.signed_in("admin")
    walked, wrong = 0, []
    for method, template in routes(world):
        permission = ROUTES[method, template]
        if method in SAFE_METHODS or permission in {Permission.OPEN, Permission.SIGNED}:
            continue
        for number, headers in enumerate(FORGED):
            sent = dict(_SENT[number % len(_SENT)])
            said = {**sent.pop("headers", {}), **headers}  # type: ignore[dict-item]
            answer = browser.request(method, _path(template), headers=said, **sent)  # type: ignore[arg-type]
            walked += 1
            if answer.status_code != 403 or "set-cookie" in answer.headers:
                wrong.append((method, template, headers, answer.status_code))
    assert wrong == []
    assert walked > 500
    assert browser.get("/api/v1/session").status_code == 200


@pytest.mark.parametrize("headers", FORGED[:7])
def test_another_site_signs_nobody_in_and_changes_nobodys_display(world: World, headers: dict[str, str]) -> None:
    said = {"username": "sari", "password": PASSWORD, "language": "en", "token": "x", "new": "x" * 12, "code": "1"}
    for path in ("/sign-in", "/sign-in/code", "/welcome", "/display"):
        answer = world.browser().post(path, data=said, headers=headers, follow_redirects=False)
        assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None), path
    for path in ("/api/v1/session", "/api/v1/welcome"):
        body = {name: said[name] for name in (("username", "password") if "session" in path else ("token", "password"))}
        answer = world.browser().post(path, json=body, headers=headers)
        assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None), path


def test_a_method_in_disguise_stays_what_it_is(world: World) -> None:
    browser, _csrf = world.signed_in("admin")
    url = f"/api/v1/users/{world.users[Role.TRIAGE]}"
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "PATCH"}, {"X-HTTP-Method": "PUT"}):
        assert browser.get(url + "?_method=PATCH&active=false", headers=headers).json()["active"] is True


def test_no_get_changes_anything(world: World) -> None:
    """Every GET of every page and answer, by an administrator: the audit log gains exports alone."""
    world.flagged(2)
    browser, _csrf = world.signed_in("admin")
    with world.store.read() as tx:
        before = len(tx.audit.entries(after=0, limit=100))
    for method, template in routes(world):
        if method == "GET":
            browser.get(_path(template, 1), headers=PAGE, follow_redirects=False)
    with world.store.read() as tx:
        acts = {one.act for one in tx.audit.entries(after=before, limit=100)}
    assert acts <= {"export"}


# --- sessions ----------------------------------------------------------------------------------------------------


def test_a_planted_cookie_never_becomes_a_session(world: World) -> None:
    for planted in ("attacker", "x" * 43, "", "' OR 1=1", "%00", "a=b"):
        browser = world.browser()
        browser.cookies.set("sahut_session", planted)
        browser.cookies.set("sahut_challenge", planted)
        signed = browser.post("/sign-in", data={"username": "sari", "password": PASSWORD}, follow_redirects=False)
        (given,) = re.findall(r"sahut_session=([^;]+)", signed.headers["set-cookie"])
        assert given not in {planted, ""}
        thief = world.browser()
        thief.cookies.set("sahut_session", planted)
        assert thief.get("/api/v1/session").status_code == 401


def test_every_step_up_brings_a_new_cookie_and_ends_the_old_one(world: World) -> None:
    browser, csrf = world.signed_in()
    first = browser.cookies["sahut_session"]
    browser.post("/sign-in", data={"username": "sari", "password": PASSWORD})
    second = browser.cookies["sahut_session"]
    csrf = browser.get("/api/v1/session").json()["csrf"]
    form = {"csrf": csrf, "current": PASSWORD, "new": "lampu taman menyala", "again": "lampu taman menyala"}
    assert browser.post("/password", data=form, follow_redirects=False).status_code == 303
    third = browser.cookies["sahut_session"]
    assert len({first, second, third}) == 3
    for old in (first, second):
        thief = world.browser()
        thief.cookies.set("sahut_session", old)
        assert thief.get("/api/v1/session").status_code == 401


def test_what_opens_one_door_opens_no_other(world: World) -> None:
    """A session's hash, its handle, its CSRF value, a key: none of them is a session."""
    browser, csrf = world.signed_in()
    cookie = browser.cookies["sahut_session"]
    handle = browser.get("/api/v1/session/all").json()["items"][0]["handle"]
    for value in (auth.hash_secret(cookie), handle, csrf, world.tokens[Role.ADMIN], cookie.upper(), cookie + "x"):
        thief = world.browser()
        thief.cookies.set("sahut_session", value)
        assert thief.get("/api/v1/session").status_code == 401
        assert thief.get("/api/v1/session", headers={"Authorization": f"Bearer {cookie}"}).status_code == 401
        assert thief.get("/", headers={"X-Session": cookie, **PAGE}, follow_redirects=False).status_code == 303


def test_two_cookies_of_one_name_are_one_answer_and_no_error(world: World) -> None:
    browser, _csrf = world.signed_in()
    cookie = browser.cookies["sahut_session"]
    stranger = world.browser()
    for said in (
        f"sahut_session=a; sahut_session={cookie}",
        f"sahut_session={cookie}; sahut_session=a",
        "=;;=",
        "a" * 9000,
    ):
        assert stranger.get("/api/v1/session", headers={"Cookie": said}).status_code in {200, 401}


# --- led away ----------------------------------------------------------------------------------------------------

AWAY = (
    *LINKS,
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "/\r\n\r\n<script>alert(1)</script>",
    "https:/evil.example",
    "https:evil.example",
    "http:evil.example",
    ".evil.example",
    "@evil.example",
    "/@evil.example/..//evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/x/../..//evil.example",
    "/;@evil.example",
    "/\u2028//evil.example",
    "/\u00a0/evil.example",
    "\u3000//evil.example",
    "/\uff0fevil.example",
)


def _safe(location: str) -> bool:
    """Whether a browser that follows it stays here: a path, also once dots in it are resolved."""
    plain = location.isascii() and location.isprintable() and "\\" not in location
    return (
        plain and location.startswith("/") and urlsplit(urljoin("http://testserver/", location)).netloc == "testserver"
    )


@pytest.mark.parametrize("away", AWAY)
def test_nobody_is_led_to_another_site_after_a_form(world: World, away: str) -> None:
    (mention,) = world.flagged(1)
    signed = world.browser().post(
        "/sign-in", data={"username": "sari", "password": PASSWORD, "back": away}, follow_redirects=False
    )
    browser, csrf = world.signed_in("admin")
    answers = [
        signed,
        browser.post("/display", data={"csrf": csrf, "language": "en", "back": away}, follow_redirects=False),
        browser.get("/sign-in", params={"next": away}, follow_redirects=False),
        browser.post(
            "/mentions/dismiss",
            data={"csrf": csrf, "pick": str(mention), "reason": "spam", "back": away},
            follow_redirects=False,
        ),
    ]
    for answer in answers:
        assert answer.status_code == 303
        assert _safe(answer.headers["location"]), answer.headers["location"]
        assert "evil" not in str({name: value for name, value in answer.headers.items() if name != "location"})


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver@evil.example", "evil.example:80", "testserver, evil.example"]
)
def test_a_false_host_stands_in_no_answer(make_world: Any, host: str) -> None:
    world = make_world(base_url="http://testserver", token_per_minute=0)
    headers = {"Host": host, "X-Forwarded-Host": host, "Forwarded": f"host={host}", **PAGE}
    browser, csrf = world.signed_in("admin")
    for path in ("/", "/sign-in", "/users", "/tokens", "/nothing", "/api/v1/session", "/api/v1/openapi.json"):
        answer = browser.get(path, headers=headers, follow_redirects=False)
        assert "evil" not in answer.text + str(answer.headers), path
    body = {"username": "joko", "name": "Joko", "role": "auditor"}
    invited = world.program(Role.ADMIN).post("/api/v1/users", json=body, headers={"Host": host})
    assert invited.json()["link"].startswith("http://testserver/welcome?token=")
    forged = {"Origin": f"http://{host}", "X-Forwarded-Host": host}
    assert browser.post("/sign-out", data={"csrf": csrf}, headers=forged).status_code == 403


def test_no_header_of_an_answer_holds_a_line_that_somebody_wrote(world: World) -> None:
    browser, csrf = world.signed_in("admin")
    injected = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>"
    for path in (*(f"/{room}/{quote(injected)}" for room in ("tickets", "static", "sources")), "/sign-in"):
        answer = browser.get(path, params={"next": injected, "q": injected}, headers=PAGE, follow_redirects=False)
        assert "evil" not in str(answer.headers.get("set-cookie", ""))
    key = browser.post("/api/v1/tickets", json={}, headers={"X-CSRF-Token": csrf, "Idempotency-Key": "a%0d%0aEvil: 1"})
    assert "evil" not in {name.lower() for name in key.headers}
