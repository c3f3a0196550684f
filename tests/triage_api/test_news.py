"""The poll of an open queue: what is new since it was read, in few bytes, and without keeping anybody signed in."""

from typing import Any

import pytest

from sahut.core.model import Role
from tests.triage_api.conftest import World


def _wire(answer: Any) -> int:
    """Bytes of an answer over HTTP/1.1, but for what uvicorn adds (date, server: 58)."""
    return len(answer.content) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + 26


def test_a_program_asks_what_is_new_and_gets_nothing_where_nothing_is(world: World) -> None:
    program = world.program(Role.AUDITOR)
    world.flagged(2)
    first = program.get("/api/v1/mention-news").json()
    assert first["new"] == 0
    world.flagged(3)

    answer = program.get("/api/v1/mention-news", params={"mark": first["mark"]})
    assert answer.json()["new"] == 3
    assert answer.json()["mark"] > first["mark"]
    asked = {"mark": first["mark"], "topic": "roads"}
    assert program.get("/api/v1/mention-news", params=asked).json()["new"] == 0
    again = program.get(
        "/api/v1/mention-news", params={"mark": first["mark"]}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_asks_in_a_few_hundred_bytes_and_hears_who_reads_what(world: World) -> None:
    (one,) = world.flagged(1)
    browser, _csrf = world.signed_in()
    assert "/queue/news?mark=" in browser.get("/").text
    assert "/queue/news" not in browser.get("/?state=filed").text
    world.program(Role.COMMS).put(f"/api/v1/mentions/{one}/viewing")

    quiet = browser.get("/queue/news", params={"mark": 999_999})
    assert quiet.json() == {"say": "", "open": {str(one): "Rina Contoh sedang membaca ini"}}
    full = browser.get("/queue/news", params={"mark": 0})
    assert full.json()["say"] == "1 sebutan baru"
    same = browser.get("/queue/news", params={"mark": 0}, headers={"If-None-Match": full.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert _wire(same) < 200
    assert len(full.content) < 120
    world.flagged(1)
    changed = browser.get("/queue/news", params={"mark": 0}, headers={"If-None-Match": full.headers["etag"]})
    assert changed.json()["say"] == "2 sebutan baru"


@pytest.mark.parametrize("path", ["/queue/news?mark=0", "/api/v1/mention-news"])
def test_a_queue_that_stands_open_keeps_no_session_alive(world: World, clock: Any, path: str) -> None:
    browser, _csrf = world.signed_in()
    clock.forward(seconds=world.settings.session_idle.total_seconds() - 5)
    assert browser.get(path).status_code == 200
    clock.forward(seconds=10)
    assert browser.get(path, follow_redirects=False).status_code in {401, 303}
