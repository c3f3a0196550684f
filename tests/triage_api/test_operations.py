"""Dead letters, and what rings the queue."""

from types import SimpleNamespace
from typing import Any

import pytest

from sahut import jobs
from sahut.core.errors import NotFoundError
from sahut.core.model import DeadItem, Role
from tests.fakes import FakeCollector
from tests.triage_api.conftest import World


class Bell:
    """Remembers rings; broken, it raises."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, Any]] = []
        self.broken = False

    def ring(self, job: str, *, key: str = "", args: Any = None) -> None:
        if self.broken:
            raise OSError("no connection")
        self.rings.append((job, args))


def _collector_for(platform: str) -> FakeCollector:
    if platform != "feed":
        raise NotFoundError("platform", platform)
    return FakeCollector()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def rung(sqlite_store: Any, clock: Any, bell: Bell) -> World:
    return World(sqlite_store, clock, queue=bell, collector_for=_collector_for)


BODY = {"platform": "feed", "name": "Warta", "address": "https://warta.example/rss"}


def test_a_new_source_is_read_soon_and_a_repeated_create_rings_no_second_time(rung: World, bell: Bell) -> None:
    admin = rung.program(Role.ADMIN)
    key = {"Idempotency-Key": "k"}
    made = admin.post("/api/v1/sources", json=BODY, headers=key).json()
    admin.post("/api/v1/sources", json=BODY, headers=key)

    assert bell.rings == [("collect", {"source_id": made["id"]})]
    assert {job for job, _ in bell.rings} <= set(jobs.table(SimpleNamespace()))


def test_a_lost_ring_costs_no_answer(rung: World, bell: Bell) -> None:
    bell.broken = True

    assert rung.program(Role.ADMIN).post("/api/v1/sources", json=BODY).status_code == 201


def test_a_platform_that_nobody_brings_is_refused(rung: World) -> None:
    answer = rung.program(Role.ADMIN).post("/api/v1/sources", json=BODY | {"platform": "friendster"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/platform")


def test_dead_letters_are_listed_by_page_and_retried(rung: World, bell: Bell) -> None:
    items = [DeadItem(reason="no text", native_id=f"d{n}", raw={"id": f"d{n}"}) for n in range(3)]
    healed = DeadItem(reason="no text", native_id="d9", raw={"id": "d9", "text": "Selokan meluap di Jalan Teratai"})
    with rung.store.begin() as tx:
        tx.dead_letters.add(rung.source.id, [*items, healed], rung.clock())
    admin = rung.program(Role.ADMIN)
    first = admin.get("/api/v1/dead-letters", params={"limit": 3}).json()
    second = admin.get("/api/v1/dead-letters", params={"limit": 3, "after": first["next"]}).json()
    found = {letter["native_id"]: letter["id"] for letter in first["items"] + second["items"]}

    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 1, None)
    still = admin.post(f"/api/v1/dead-letters/{found['d0']}/retry")
    assert (still.status_code, "still no text" in still.json()["detail"]) == (422, True)
    assert admin.post(f"/api/v1/dead-letters/{found['d9']}/retry").json() == {"brought": 1}
    assert admin.post(f"/api/v1/dead-letters/{found['d9']}/retry").status_code == 404
    assert bell.rings == [("assess", None)]
