"""Every error is problem+json, and every answer is guarded."""

import pytest

from sahut.core import errors as core
from sahut.core.errors import StoreError
from tests.triage_api.conftest import World
from triage_api.errors import STATUS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v1/mentions/", 404),
        ("PUT", "/api/v1/health", 405),
        ("TRACE", "/api/v1/health", 405),
        ("GET", "/api/v1/mentions/77", 404),
        ("GET", "/api/v1/mentions/x", 422),
    ],
)
def test_errors_are_problem_json_with_the_fields_of_rfc_9457(world: World, method: str, path: str, status: int) -> None:
    answer = world.program().request(method, path)
    problem = answer.json()

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance"} <= problem.keys()
    assert (problem["status"], problem["instance"]) == (status, path)
    if status == 405:
        assert answer.headers["allow"]


def test_a_missing_thing_is_named(world: World) -> None:
    problem = world.program().get("/api/v1/mentions/77").json()

    assert (problem["kind"], problem["key"], problem["mention"]) == ("mention", "77", 77)


def test_a_defect_of_ours_is_a_problem_without_a_word_of_the_inside(world: World, monkeypatch) -> None:
    def broken() -> None:
        raise ValueError("secret path /var/lib")

    monkeypatch.setattr(world.store, "read", broken)
    answer = world.program().get("/api/v1/policy")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_error_page_that_fails_itself_does_not_leave_a_browser_without_an_answer(world: World, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no template")

    monkeypatch.setattr(world.store, "read", broken)
    monkeypatch.setattr(world.app.state, "error_page", broken, raising=False)
    client = world.browser()
    client.cookies.set("sahut_session", "x")
    answer = client.get("/metrics", headers={"Accept": "text/html"})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_readiness_fails_with_the_database_and_liveness_does_not(world: World, monkeypatch) -> None:
    def gone() -> None:
        raise StoreError("the database at 10.0.0.7 cannot be reached")

    client = world.browser()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(world.store, "ping", gone)

    assert client.get("/healthz").status_code == 200
    for path in ("/readyz", "/api/v1/health"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused_whether_it_says_its_length_or_not(make_world, chunked: bool) -> None:
    world = make_world(max_body=1000)
    body = b'{"username": "' + b"a" * 2000 + b'"}'
    content = (body[i : i + 100] for i in range(0, len(body), 100)) if chunked else body
    answer = world.browser().post("/api/v1/session", content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/health", "/nothing", "/api/v1/mentions"])
def test_every_answer_carries_the_headers_that_guard_a_browser(world: World, path: str) -> None:
    headers = world.browser().get(path).headers

    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


def test_a_strange_host_is_refused_where_hosts_are_named(make_world) -> None:
    world = make_world(allowed_hosts=("sahut.example",))

    assert world.browser("http://sahut.example").get("/healthz").status_code == 200
    assert world.browser("http://evil.example").get("/healthz").status_code == 400


def test_every_error_of_the_core_has_a_status() -> None:
    classes = [value for value in vars(core).values() if isinstance(value, type) and issubclass(value, core.SahutError)]

    assert {cls for cls in classes if not any(base in STATUS for base in cls.__mro__)} == set()
    assert set(classes) - set(STATUS) <= {core.CollectError}
