"""The real app under attack: in this process, and served by the server that Sahut runs."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from sahut.core.ports import Store
from sahut.serving import HEAD_SECONDS, PatientProtocol, server_for
from tests.triage_api.conftest import Maker, World
from triage_api.settings import ApiSettings


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock)


@pytest.fixture
def make_world(sqlite_store: Store, clock: Any) -> Maker:
    """A world with settings of the test's choice."""
    return lambda **settings: World(sqlite_store, clock, ApiSettings(**settings))


@contextmanager
def served(world: World, *, head_seconds: float = HEAD_SECONDS) -> Iterator[tuple[str, int]]:
    """The host and port where the world's app is served as `sahut run` serves it."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    protocol = type("Protocol", (PatientProtocol,), {"head_seconds": head_seconds})
    server = server_for(world.app, access_log=False, last_answers_s=1, protocol=protocol)
    server.config.lifespan = "off"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield door.getsockname()
    server.should_exit = True
    thread.join()
    door.close()


def routes(world: World) -> list[tuple[str, str]]:
    """Every route that the app itself has, as (method, template)."""
    return [
        (method, context.path or "")
        for context in iter_route_contexts(world.app.routes)
        for method in context.methods or ()
        if method != "HEAD"
    ]
