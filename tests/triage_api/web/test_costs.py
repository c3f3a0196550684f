"""What a source on X will cost, and where spending leads: on the board, by the API and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from collectors import registry
from collectors.registry import CollectorSettings
from config.keys import make_key_file
from config.settings import Settings
from sahut import looking
from sahut.cli import Options, app
from sahut.core.model import Budget, CredentialDraft, Currency, Period, Role
from sahut.core.ports import Store
from tests.collectors.platform_server import Fault
from tests.collectors.world_x import BEARER, KEYS, XServer, a_access
from tests.triage_api.conftest import World

FORM = {"platform": "x", "place": "search", "query": "banjir", "minutes": "60", "credential": "X dinas"}
BODY = {"platform": "x", "address": "search", "query": "banjir", "interval": 3600, "credential": "X dinas"}


@pytest.fixture
def x() -> Iterator[XServer]:
    """Ten posts a day for the last week, by the machine's own clock: looks and the command line go by that."""
    server = XServer(now=datetime.now(UTC))
    for number in range(70):
        ago = timedelta(days=7) - timedelta(hours=2.4 * number, minutes=1)
        server.post(f"banjir {number}", at=datetime.now(UTC) - ago)
    yield server
    server.http.close()


@pytest.fixture
def world(sqlite_store: Store, clock: Any, x: XServer) -> World:
    settings = Settings(allow_hosts=("127.0.0.1",))
    with sqlite_store.begin() as tx:
        budgets = (Budget(currency=Currency.USD, period=Period.MONTH, amount=20),)
        kept = CredentialDraft(
            platform="x", name="X dinas", settings=a_access(base_url=x.http.url).settings, budgets=budgets
        )
        tx.credentials.add(kept, BEARER | KEYS, clock() - timedelta(days=3))
    return World(
        sqlite_store,
        clock,
        collector_for=lambda name: registry.load(name, settings=CollectorSettings(allow_hosts=("127.0.0.1",))),
        look=lambda draft: looking.look(settings, draft, sqlite_store),
        price=lambda draft: looking.price(settings, draft, sqlite_store),
    )


@pytest.fixture
def desk(world: World) -> tuple[TestClient, str]:
    client, csrf = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def test_the_form_tells_what_a_source_will_cost_before_it_is_added(
    world: World, desk: tuple[TestClient, str], x: XServer
) -> None:
    client, csrf = desk
    assert 'formaction="/sources/estimate"' in client.get("/sources/new/x").text
    assert 'formaction="/sources/estimate"' not in client.get("/sources/new/feed").text
    page = client.post("/sources/estimate", data={**FORM, "csrf": csrf})
    assert page.status_code == 200
    # Ten finds a day at 0.015, five later looks at each, and what stands around a fifth of them.
    for shown in ("Perkiraan biaya", "Membaca 10 temuan sehari", "US$ 0,15", "US$ 0,75", "US$ 0,1<", "US$ 30"):
        assert shown in page.text, shown
    assert "Dibaca 24 kali sehari" in page.text
    assert "melewati anggaran kredensialnya: US$ 20 sebulan" in page.text
    assert 'value="banjir"' in page.text
    assert [one.path for one in x.http.seen] == ["/2/tweets/counts/recent"]
    with world.store.read() as tx:
        assert tx.sources.find("banjir") is None
        (credential,) = tx.credentials.all()
        assert (
            sum(tx.credentials.spent(credential.id, datetime.now(UTC).date(), datetime.now(UTC).date()).values())
            == 0.005
        )


def test_a_source_that_is_there_is_estimated_as_its_form_is_filled_in(
    world: World, desk: tuple[TestClient, str], x: XServer
) -> None:
    client, csrf = desk
    client.post("/sources", data={**FORM, "csrf": csrf, "name": "Banjir"})
    with world.store.read() as tx:
        source = tx.sources.find("Banjir")
        (credential,) = tx.credentials.all()
    assert source is not None
    with world.store.begin() as tx:
        tx.credentials.used(credential.id, world.clock(), spent={Currency.USD: 9.0})
    page = client.post(f"/sources/{source.id}/estimate", data={**FORM, "csrf": csrf, "query": "lampu", "version": "1"})
    assert "Perkiraan biaya" in page.text
    assert x.http.seen[-1].query["query"] == "lampu"
    shown = client.get(f"/sources/{source.id}").text
    assert "Pengeluaran kredensialnya" in shown
    assert "US$ 9 dari US$ 20 bulan ini" in shown
    assert "Akhir bulan menjadi kira-kira US$ " in shown
    assert "Akhir bulan menjadi kira-kira US$ " in client.get(f"/credentials/{credential.id}").text


def test_why_it_cannot_be_told_is_said_on_the_form(desk: tuple[TestClient, str], x: XServer) -> None:
    client, csrf = desk
    x.http.break_at(0, Fault.FORBIDDEN)
    page = client.post("/sources/estimate", data={**FORM, "csrf": csrf})
    assert "Biayanya tidak dapat diperkirakan." in page.text
    assert client.post("/sources/estimate", data={**FORM, "csrf": csrf, "query": ""}).status_code == 422


def test_a_test_of_a_source_tells_the_cost_too(desk: tuple[TestClient, str], x: XServer) -> None:
    client, csrf = desk
    page = client.post("/sources/test", data={**FORM, "csrf": csrf}).text
    assert "Perkiraan biaya" in page
    assert [one.path for one in x.http.seen] == ["/2/tweets/counts/recent", "/2/tweets/search/recent"]


def test_the_api_tells_the_same(world: World, x: XServer) -> None:
    admin = world.program(Role.ADMIN)
    found = admin.post("/api/v1/sources/estimate", json=BODY).json()["estimate"]
    assert (found["ok"], found["finds"], found["day"], found["month"]) == (True, 10, 1.0, 30.0)
    assert found["passed"] == [{"currency": "usd", "period": "month", "amount": 20.0}]
    made = admin.post("/api/v1/sources", json={**BODY, "name": "Banjir"}).json()
    again = admin.post(f"/api/v1/sources/{made['id']}/estimate").json()["estimate"]
    assert again["readings"] == 24
    tested = admin.post("/api/v1/sources/test", json=BODY).json()
    assert tested["estimate"]["day"] == 1.0
    feed = {"platform": "feed", "address": "https://warta.example/rss"}
    assert admin.post("/api/v1/sources/estimate", json=feed).json() == {"estimate": None}
    x.http.break_at(0, Fault.UNAUTHORIZED)
    refused = admin.post("/api/v1/sources/estimate", json=BODY).json()["estimate"]
    assert (refused["ok"], refused["error"]["problem"]) == (False, "refused_credential")


def test_the_api_tells_where_spending_leads(world: World) -> None:
    with world.store.begin() as tx:
        (credential,) = tx.credentials.all()
        tx.credentials.used(credential.id, world.clock(), spent={Currency.USD: 9.0})
    (one,) = world.program(Role.ADMIN).get("/api/v1/credentials").json()["items"]
    (budget,) = one["budgets"]
    assert (budget["spent"], budget["projected"]) == (9.0, one["month_end"]["usd"])
    assert budget["projected"] > 9.0
    (spending,) = world.program(Role.ADMIN).get("/api/v1/sources/report").json()["spending"]
    assert spending["budgets"] == [budget]


# --- the command line --------------------------------------------------------------------------------------------

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, x: XServer) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SAHUT_ALLOW_HOSTS", "127.0.0.1")
    monkeypatch.delenv("SAHUT_KEY", raising=False)
    make_key_file(tmp_path / "sahut.key")

    def command(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(arguments), obj=Options(), input=stdin or None)

    secrets = "".join(f"{key}={value}\n" for key, value in (BEARER | KEYS).items())
    settings = ("--set", f"base_url={x.http.url}", "--set", "accounts=DinasKota", "--budget", "usd/month=20")
    added = command("credential", "add", "x", "X dinas", *settings, "--stdin", stdin=secrets)
    assert added.exit_code == 0, added.output
    return command


def test_the_command_line_tells_the_cost_before_a_source_is_added(run: Run, x: XServer) -> None:
    only = run("source", "test", "x", "search", "--query", "banjir", "--credential", "X dinas", "--cost", "--json")
    assert only.exit_code == 0, only.output
    assert json.loads(only.stdout)["estimate"]["day"] == 1.0
    assert x.http.seen[-1].path == "/2/tweets/counts/recent"
    added = run("source", "add", "x", "search", "--query", "banjir", "--name", "Banjir", "--every", "60")
    assert added.exit_code == 0, added.output
    assert "Together about 1.00 usd a day, 30.00 in 30 days." in " ".join(added.stderr.split())
    assert "beyond the budget of 20 usd a month" in " ".join(added.stderr.split())
    tested = run("source", "test", "Banjir", "--json")
    assert json.loads(tested.stdout)["estimate"]["readings"] == 24
    none = run("source", "test", "feed", "http://127.0.0.1:9/rss", "--cost")
    assert "charges nothing" in none.stderr


def test_why_the_command_line_cannot_tell_it_is_said(run: Run, x: XServer) -> None:
    x.http.break_at(0, Fault.FORBIDDEN)
    refused = run("source", "test", "x", "search", "--query", "banjir", "--credential", "X dinas", "--cost")
    assert refused.exit_code == 1
    assert "could not be told" in refused.stderr


def test_doctor_and_the_list_tell_where_spending_leads(run: Run) -> None:
    for _ in range(2):
        run("source", "test", "x", "search", "--query", "banjir", "--credential", "X dinas", "--cost")
    shown = json.loads(run("doctor", "--json").stdout)["findings"]
    (budget,) = [one["words"] for one in shown if one["what"] == "credential 'X dinas'"]
    # One call to prove the credential, two to count.
    assert budget.startswith("0.02 of 20 usd this month, ")
    (listed,) = json.loads(run("credential", "list", "--json").stdout)
    assert listed["month_end"]["usd"] >= 0.02
