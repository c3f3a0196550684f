"""Bodies, members, paths and ids that nobody was meant to send: refused, without a defect and without an effect."""

import json
import re
from typing import Any

import pytest

from sahut.core.model import Role, SourceDraft
from tests.abuse.conftest import routes
from tests.builders import NOW
from tests.triage_api.conftest import World
from tests.triage_api.test_access import PAGE, UNITS, Case, _is_api
from triage_api.permissions import ROUTES, Permission

# Members that an attacker would like to set, whatever the body is for.
WISHED = {
    "id": 1,
    "role": "admin",
    "is_admin": True,
    "active": True,
    "user_id": 1,
    "actor_id": 1,
    "assignee_id": 1,
    "password_hash": "x",
    "must_change": False,
    "created_at": "2020-01-01T00:00:00Z",
    "version": 1,
    "state": "sent",
    "status": "closed",
    "number": "X-1",
    "tracking_code": "X",
    "unit": "pu",
    "units": ["pu"],
    "scopes": ["accounts"],
    "token_hash": "x",
    "approved_by": 1,
    "__proto__": {"role": "admin"},
    "constructor": {"prototype": {}},
}


def _bodies(world: World) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """(method, path, schema, whole document) of every JSON body that the API describes."""
    document = world.program().get("/api/v1/openapi.json").json()
    found = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                name = content["schema"]["$ref"].rsplit("/", 1)[1]
                found.append((method.upper(), path, document["components"]["schemas"][name], document))
    return found


def test_every_json_body_refuses_every_member_that_it_does_not_name(world: World) -> None:
    program, (browser, csrf) = world.program(Role.ADMIN), world.signed_in("admin")
    wrong = []
    bodies = _bodies(world)
    for method, path, schema, _document in bodies:
        example = schema.get("examples", [{}])[0]
        url = re.sub(r"{\w+}", "1", path)
        for name, value in WISHED.items():
            if name in schema["properties"]:
                continue
            body = json.dumps({**example, name: value})
            for client, headers in ((program, {}), (browser, {"X-CSRF-Token": csrf})):
                said = {"Content-Type": "application/json", **headers}
                answer = client.request(method, url, content=body, headers=said)
                told = [one.get("pointer", "") for one in answer.json().get("errors", [])]
                if answer.status_code != 422 or f"#/{name}" not in told:
                    wrong.append((method, path, name, answer.status_code))
    assert wrong == []
    assert len(bodies) > 30


def test_every_object_inside_a_body_is_as_strict(world: World) -> None:
    loose = set()
    for method, path, schema, document in _bodies(world):
        todo, seen = [schema], set()
        while todo:
            one = todo.pop()
            if "$ref" in one:
                name = one["$ref"].rsplit("/", 1)[1]
                if name not in seen:
                    seen.add(name)
                    todo.append(document["components"]["schemas"][name])
                continue
            # What a platform asks for is named by its collector and checked there: another key is refused.
            free = one.get("title") in {"Options", "Settings", "Secrets"}
            if one.get("type") == "object" and one.get("additionalProperties", True) is True and not free:
                loose.add((method, path, one.get("title", "")))
            todo += [inner for inner in one.get("properties", {}).values() if isinstance(inner, dict)]
            todo += [inner for key in ("anyOf", "oneOf", "allOf") for inner in one.get(key, [])]
            todo += [one["items"]] if isinstance(one.get("items"), dict) else []
    assert loose == set()


def test_a_form_of_the_board_takes_nothing_beside_its_own_fields(world: World) -> None:
    """Mass assignment by a form: what it does not ask for changes nothing."""
    browser, csrf = world.signed_in("admin")
    form = {
        "csrf": csrf,
        "username": "joko",
        "name": "Joko",
        "role": "auditor",
        "active": "0",
        "id": "1",
        "user_id": "1",
    }
    assert browser.post("/users", data={**form, "must_change": "0", "password_hash": "x"}).status_code == 200
    with world.store.read() as tx:
        made = tx.accounts.user_named("joko")
    assert (made.role, made.active, made.must_change, made.password_hash) == (Role.AUDITOR, True, True, "!")
    ticket = world.ticket()
    change = {
        "csrf": csrf,
        "version": "1",
        "status": "forwarded",
        "number": "X-1",
        "created_at": "2020-01-01",
        "id": "9",
    }
    assert browser.post(f"/tickets/{ticket['id']}", data=change, follow_redirects=False).status_code == 303
    with world.store.read() as tx:
        assert tx.tickets.get(ticket["id"]).number == ticket["number"]


# --- ids ---------------------------------------------------------------------------------------------------------


def test_no_id_of_anything_lets_a_unit_officer_see_or_touch_what_is_not_theirs(sqlite_store: Any, clock: Any) -> None:
    world = World(sqlite_store, clock, policy=UNITS)
    own, other = Case(world, "pu", "selatan"), Case(world, "air", "rahasiautara")
    with world.store.begin() as tx:
        draft = SourceDraft(platform="feed", name="rahasiautara", address="https://a.example/rahasiautara")
        source = tx.sources.add(draft, NOW).id
        tx.accounts.add_user(
            username="lain",
            name="Rahasiautara",
            role=Role.UNIT,
            password_hash="!",
            must_change=False,
            now=NOW,
            units=("air",),
        )
    # Ids are small numbers: whoever guesses walks through them all.
    numbers = sorted({*range(1, 12), *other.ids().values(), source})
    program, (browser, csrf) = world.program(Role.UNIT), world.signed_in("tono")
    leaks, walked = [], 0
    with world.store.read() as tx:
        before = tx.tickets.get(other.ticket), tx.mentions.get(other.mention).version
    for method, template in routes(world):
        names = re.findall(r"{(\w+)}", template)
        if not any(name.endswith("_id") for name in names) or ROUTES[method, template] is Permission.SIGNED:
            continue
        for number in numbers:
            path = re.sub(r"{\w+_id}", str(number), template)
            path = re.sub(r"{\w+}", "close", path)
            walked += 1
            if _is_api(path):
                answer = program.request(method, path, json={"version": 1} if method != "GET" else None)
            else:
                data = {"csrf": csrf, "version": "1"} if method == "POST" else None
                answer = browser.request(method, path, data=data, headers=PAGE, follow_redirects=False)
            if "rahasiautara" in answer.text.lower() or other.number in answer.text or answer.status_code >= 500:
                leaks.append((method, path, answer.status_code))
    assert leaks == []
    assert walked > 400
    with world.store.read() as tx:
        assert (tx.tickets.get(other.ticket), tx.mentions.get(other.mention).version) == before
    assert own.number in browser.get("/tickets", headers=PAGE).text


# --- paths -------------------------------------------------------------------------------------------------------

CLIMBING = (
    "../auth.py",
    "..%2fauth.py",
    "..%252fauth.py",
    "%2e%2e%2fauth.py",
    "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "..\\auth.py",
    "..%5cauth.py",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "board.css%00.png",
    "%00",
    "%c0%ae%c0%ae%2fauth.py",
    "%uff0e%uff0e/auth.py",
    "file:%2f%2f%2fetc%2fpasswd",
    "..;/auth.py",
    ".env",
    ".git/config",
    "%ff%fe",
    "1%20OR%201=1",
    "1'--",
    "1e3",
    "0x1",
    "-1",
    "9" * 40,
    "\u0661",
    "a" * 5000,
)
_INSIDE = re.compile(r"root:.*:0:0|argon2|SAHUT_KEY|from __future__|\[core\]|BEGIN [A-Z ]*PRIVATE KEY")


@pytest.mark.parametrize("climbing", CLIMBING)
def test_no_parameter_of_any_path_climbs_out_or_breaks(world: World, climbing: str) -> None:
    browser, csrf = world.signed_in("admin")
    bad, walked = [], 0
    for method, template in routes(world):
        for name in re.findall(r"{(\w+)}", template):
            path = re.sub(r"{\w+}", "1", template.replace("{" + name + "}", climbing))
            said = {"X-CSRF-Token": csrf, **({} if _is_api(template) else PAGE)}
            data = {"csrf": csrf} if method == "POST" and not _is_api(template) else None
            answer = browser.request(method, path, data=data, headers=said, follow_redirects=False)
            walked += 1
            if answer.status_code >= 500 or _INSIDE.search(answer.text):
                bad.append((method, path, answer.status_code))
            if template.startswith("/static/") and answer.status_code != 404:
                bad.append((method, path, answer.status_code))
    assert bad == []
    assert walked > 60


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
MISSHAPEN = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"\xff\xfe",
    b"\x00",
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"[" * 90_000,
    b'{"a":1e999}',
    b'{"a":NaN}',
    b'{"version":' + b"9" * 5000 + b"}",
    b'{"a":"\\ud800"}',
    b'{"username":"x","username":"y"}',
)


@pytest.mark.parametrize("body", MISSHAPEN, ids=range(len(MISSHAPEN)))
def test_no_body_however_misshapen_breaks_anything(world: World, body: bytes) -> None:
    program, (browser, csrf) = world.program(Role.ADMIN), world.signed_in("admin")
    bad = []
    for method, template in routes(world):
        if method == "GET":
            continue
        path = re.sub(r"{\w+}", "1", template)
        for kind in ("application/json", "\xff") if _is_api(template) else _FORMS:
            client, said = (program, {}) if _is_api(template) else (browser, {"X-CSRF-Token": csrf})
            headers = {name: value.encode("latin-1") for name, value in {"Content-Type": kind, **said}.items()}
            status = client.request(method, path, content=body, headers=headers, follow_redirects=False).status_code
            if status >= 500:
                bad.append((method, path, kind, status))
    assert bad == []


def test_a_form_of_a_thousand_fields_or_of_files_is_refused(world: World) -> None:
    browser, csrf = world.signed_in("admin")
    many = "&".join(f"f{n}=1" for n in range(2_000))
    headers = {"Content-Type": "application/x-www-form-urlencoded", **PAGE}
    for path in ("/users", "/mentions/dismiss", "/sign-in", "/display", "/welcome"):
        assert browser.post(path, content=f"csrf={csrf}&{many}", headers=headers).status_code in {400, 413, 422}, path
        files = {"file": ("x.html", b"<script>alert(1)</script>", "text/html")}
        assert browser.post(path, data={"csrf": csrf}, files=files, headers=PAGE).status_code in {400, 413, 422}, path
