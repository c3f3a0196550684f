"""Bodies that are too large or too slow, heads that never end: over real sockets, on the server that Sahut runs."""

import socket
import time
from contextlib import ExitStack
from typing import Any

import pytest

from sahut.core.model import Role
from tests.abuse.conftest import routes, served
from tests.triage_api.conftest import World
from tests.triage_api.test_access import _is_api, _path
from triage_api.app import UPLOADS
from triage_api.permissions import ROUTES, Permission


def _open(place: tuple[str, int]) -> socket.socket:
    door = socket.create_connection(place, timeout=10)
    door.settimeout(10)
    return door


def _answer(door: socket.socket) -> bytes:
    """Everything until the other side closes."""
    read = b""
    while True:
        try:
            more = door.recv(65_536)
        except (ConnectionResetError, BrokenPipeError):
            return read
        if not more:
            return read
        read += more


def _head(world: World, *lines: str, path: str = "/api/v1/sources/test", method: str = "POST") -> bytes:
    token = world.tokens[Role.ADMIN]
    said = [f"{method} {path} HTTP/1.1", "Host: sahut.example", f"Authorization: Bearer {token}", *lines, "", ""]
    return "\r\n".join(said).encode()


def _still_answers(place: tuple[str, int]) -> float:
    """How many seconds the next one waits."""
    begun = time.monotonic()
    with _open(place) as door:
        door.sendall(b"GET /healthz HTTP/1.1\r\nHost: sahut.example\r\nConnection: close\r\n\r\n")
        assert b" 200 OK" in _answer(door).split(b"\r\n")[0]
    return time.monotonic() - begun


def test_no_route_reads_more_than_it_may(world: World) -> None:
    """Declared or not, and whether or not anybody is signed in."""
    program, (browser, csrf) = world.program(Role.ADMIN), world.signed_in("admin")
    large = b"x" * (1_048_576 + 1)

    def undeclared() -> Any:
        yield from (large[:70_000] for _ in range(16))

    wrong = []
    for method, template in routes(world):
        if method == "GET" or template in UPLOADS:
            continue
        for content in (large, undeclared()):
            client = program if _is_api(template) else browser
            headers = {"X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded"}
            if _is_api(template):
                headers["Content-Type"] = "application/json"
            answer = client.request(method, _path(template), content=content, headers=headers, follow_redirects=False)
            # A route without a body reads none of what nobody declared; its own answer is as good.
            if answer.status_code != 413 and (content is large or ROUTES[method, template] is Permission.SIGNED):
                wrong.append((method, template, answer.status_code))
            if answer.status_code >= 500:
                wrong.append((method, template, answer.status_code))
    assert wrong == []


def test_a_false_length_gains_nothing(world: World) -> None:
    with served(world) as place:
        for lines in (
            ("Content-Length: 99999999999999999999",),
            ("Content-Length: -1",),
            ("Content-Length: 5, 6",),
            ("Content-Length: 5", "Content-Length: 6"),
            ("Content-Length: 5", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: gzip, chunked",),
            ("Transfer-Encoding: xchunked",),
        ):
            with _open(place) as door:
                door.sendall(_head(world, *lines, "Connection: close") + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")
                answers = _answer(door)
            assert answers.count(b"HTTP/1.1 ") == 1, lines
            assert answers.split(b" ")[1] in {b"400", b"413", b"422", b"501"}, (lines, answers[:200])
        assert _still_answers(place) < 8


def test_a_head_that_does_not_end_is_cut_off(world: World) -> None:
    with served(world) as place, _open(place) as door:
        line = b"X-Long: " + b"a" * 1_000 + b"\r\n"
        door.sendall(b"GET / HTTP/1.1\r\nHost: sahut.example\r\n")
        try:
            for _ in range(1_000):
                door.sendall(line)
        except OSError:
            pass
        assert b"400" in _answer(door)[:20]
        assert _still_answers(place) < 8


_BEGINNINGS = (
    b"",
    b"GE",
    b"GET / HTTP/1.1\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: sahut.example\r\n\r\n",  # and after its answer a second one, unfinished
)


def _was_closed(door: socket.socket, line: bytes) -> bool:
    """Send a further line and look whether the other side is gone."""
    door.settimeout(0.01)
    try:
        door.sendall(line)
        return door.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_who_never_finishes_a_head_loses_the_connection_and_holds_up_nobody(world: World) -> None:
    with served(world, head_seconds=3.0) as place, ExitStack() as held:
        doors = []
        for number in range(60):
            door, beginning = held.enter_context(_open(place)), _BEGINNINGS[number % 4]
            doors.append((door, beginning))
            door.sendall(beginning)
            if beginning.endswith(b"\r\n\r\n"):
                assert b"200" in door.recv(65_536)
                door.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert _still_answers(place) < 8
        begun, left = time.monotonic(), doors
        while left and time.monotonic() - begun < 40:
            left = [
                (door, said) for door, said in left if not _was_closed(door, b"X: 1\r\n" if b"\r\n" in said else b"")
            ]
        assert left == []
        assert _still_answers(place) < 8


def test_who_answers_slowly_is_not_cut_off_while_the_app_works(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = world.store.read

    def slow() -> Any:
        time.sleep(0.7)
        return read()

    monkeypatch.setattr(world.store, "read", slow)
    with served(world, head_seconds=0.5) as place, _open(place) as door:
        door.sendall(_head(world, "Connection: close", path="/api/v1/policy", method="GET"))
        assert b"200 OK" in _answer(door)[:20]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_body_that_trickles_in_is_given_up(make_world: Any, kind: str) -> None:
    world = make_world(body_seconds=1.0, token_per_minute=0)
    with served(world) as place, ExitStack() as held:
        doors = [held.enter_context(_open(place)) for _ in range(40)]
        for door in doors:
            door.sendall(_head(world, f"Content-Type: {kind}", "Content-Length: 100000"))
        begun = time.monotonic()
        for _ in range(4):
            for door in doors:
                try:
                    door.sendall(b"-")
                except OSError:
                    continue
            assert _still_answers(place) < 8
            time.sleep(0.3)
        answers = {_answer(door).split(b"\r\n")[0] for door in doors}
        assert answers == {b"HTTP/1.1 408 Request Timeout"}
        assert time.monotonic() - begun < 25
        assert _still_answers(place) < 8
