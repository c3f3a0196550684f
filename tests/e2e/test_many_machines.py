"""The same service on PostgreSQL, as five processes: one board, two workers, two schedulers."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.harness import Feed, Sahut, eventually, feed, installation

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.timeout(600)]

SITES = 4
ITEMS = 60


@pytest.fixture
def sahut(tmp_path: Path, empty_postgres_url: str) -> Iterator[Sahut]:
    url = empty_postgres_url.replace("postgresql+psycopg://", "postgresql://")
    with installation(tmp_path, {"SAHUT_DATABASE_URL": url}) as made:
        yield made


@pytest.fixture
def sites() -> Iterator[list[Feed]]:
    with ExitStack() as stack:
        made = [stack.enter_context(feed()) for _ in range(SITES)]
        for number, site in enumerate(made):
            site.title = f"Kabar {number}"
        yield made


def complaint(site: int, number: int) -> str:
    return f"Jalan Anggrek nomor {number} di kecamatan {site} rusak dan berlubang, sudah {number} hari dibiarkan"


def everything(sahut: Sahut, token: str) -> list[tuple[str, str]]:
    """(text, state) of every stored mention."""
    found: list[tuple[str, str]] = []
    after = None
    with sahut.api(token) as api:
        while True:
            answer = api.get("/mentions", params={"limit": 200} | ({"after": after} if after else {}))
            page = answer.json()
            found += [(m["text"].split("\n")[-1], m["state"]) for m in page["items"]]
            after = page["next"]
            if after is None:
                return found


def alive(sahut: Sahut) -> dict[str, int]:
    """Role → processes at work, as `doctor` counts them."""
    findings = json.loads(sahut.command("doctor", "--json"))["findings"]
    roles = {"web", "worker", "scheduler"}
    return {f["what"]: int(f["words"].split(" ")[0]) for f in findings if f["what"] in roles and f["level"] == "good"}


def test_two_workers_and_two_schedulers_lose_nothing_and_double_nothing_even_when_killed(
    sahut: Sahut, sites: list[Feed]
) -> None:
    for s, site in enumerate(sites):
        for n in range(ITEMS):
            site.add(f"Keluhan {s}-{n}", complaint(s, n))
    expected = sorted((complaint(s, n), "flagged") for s in range(SITES) for n in range(ITEMS))

    sahut.command("migrate")
    password = sahut.command("user", "add", "admin", "--role", "admin").strip()
    assert len(password) >= 12
    token = sahut.key()
    for site in sites:
        sahut.command("source", "add", "feed", site.url, "--every", "1")

    sahut.start("web")
    schedulers = [sahut.start("scheduler") for _ in range(2)]
    workers = [sahut.start("worker") for _ in range(2)]
    sahut.ready()
    eventually("something is stored", lambda: everything(sahut, token))
    sahut.kill(workers[0])
    sahut.kill(schedulers[0])
    sahut.start("worker")
    sahut.start("scheduler")
    eventually("all is judged after the kills", lambda: sorted(everything(sahut, token)) == expected)
    eventually("every role shows", lambda: alive(sahut).keys() == {"web", "worker", "scheduler"})

    late = sites[0].add("Keluhan susulan", complaint(99, 1))
    sahut.command("collect", sites[0].title)
    expected = sorted([*expected, (complaint(99, 1), "flagged")])
    eventually(f"'{late}' is judged", lambda: sorted(everything(sahut, token)) == expected)

    with sahut.api(token) as api:
        (one,) = api.get("/mentions", params={"q": "kecamatan 99"}).json()["items"]
        body = {"mentions": [{"id": one["id"]}], "title": "Jalan Anggrek", "topic": "roads"}
        first = api.post("/tickets", json=body, headers={"Idempotency-Key": "one-act"})
        second = api.post("/tickets", json=body, headers={"Idempotency-Key": "one-act"})
        assert first.status_code == 201, first.text
        assert second.json() == first.json()
    for process in sahut.processes:
        if process.poll() is None:
            assert sahut.stop(process) == 0


def test_processes_that_start_together_on_an_empty_database_prepare_it_once(sahut: Sahut) -> None:
    for process in [sahut.start("migrate") for _ in range(3)]:
        assert process.wait(120) == 0, sahut.output
    findings = json.loads(sahut.command("doctor", "--json"))["findings"]
    assert next(f for f in findings if f["what"] == "database")["level"] == "good"
