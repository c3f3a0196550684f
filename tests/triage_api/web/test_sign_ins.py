"""Signing in on X's own site: on the board, by the API and on the command line, with nothing of an account copied."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
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
from sahut import bootstrap
from sahut.cli import Options, app, loopback
from sahut.core.model import AuditFilter, CredentialDraft, Role
from sahut.core.ports import Store
from tests.collectors.world_x import CLIENT, NEIGHBOUR, XServer
from tests.triage_api.conftest import World
from tests.triage_api.web.conftest import Visitors
from triage_api.settings import ApiSettings

BOARD = "https://sahut.dinas.example"
CALLBACK = f"{BOARD}/credentials/callback"


@pytest.fixture
def x() -> Iterator[XServer]:
    server = XServer()
    with closing(server.http):
        yield server


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(
        sqlite_store,
        clock,
        settings=ApiSettings(base_url=BOARD, token_per_minute=0, wrong_token_per_minute=0),
        collector_for=lambda name: registry.load(name, settings=CollectorSettings(allow_hosts=("127.0.0.1",))),
    )


def a_desk(world: World, username: str = "admin") -> tuple[TestClient, str]:
    client, csrf = world.signed_in(username)
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def added(world: World, x: XServer) -> int:
    settings = {"accounts": "DinasKota", "client_id": CLIENT, "base_url": x.http.url}
    with world.store.begin() as tx:
        return tx.credentials.add(
            CredentialDraft(platform="x", name="X dinas", settings=settings), {}, world.clock()
        ).id


def session_of(world: World, credential_id: int) -> dict[str, str]:
    with world.store.read() as tx:
        return dict(tx.credentials.open(credential_id, world.clock()).session)


def address_on(page: str) -> str:
    found = re.search(r'href="([^"]+/i/oauth2/authorize[^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def test_a_credential_is_added_without_a_secret_and_signed_in(world: World, x: XServer) -> None:
    client, csrf = a_desk(world)
    form = {"csrf": csrf, "platform": "x", "name": "X dinas", "setting.accounts": "DinasKota"}
    # Without a token and without a client there is no way in: the live call says so.
    assert client.post("/credentials", data={**form, "setting.base_url": x.http.url}).status_code == 422
    kept = client.post("/credentials", data={**form, "setting.client_id": CLIENT, "setting.base_url": x.http.url})
    assert kept.status_code == 303, kept.text
    where = kept.headers["location"].partition("?")[0]
    page = client.get(where).text
    assert "Masuk lewat peramban" in page
    assert CALLBACK in page
    begun = client.post(f"{where}/sign-in", data={"csrf": csrf})
    assert "Pastikan peramban ini masuk di X" in begun.text
    back = client.get(x.agree(address_on(begun.text)).removeprefix(BOARD))
    assert (back.status_code, back.headers["location"]) == (303, f"{where}?done=credential_signed_in")
    assert "masuk lewat peramban; Sahut memperbarui" in client.get(where).text
    kept_session = session_of(world, int(where.rpartition("/")[2]))
    for page in (client.get(where).text, begun.text):
        assert not any(kept_session[key] in page for key in ("access", "refresh"))
    with world.store.read() as tx:
        entries = tx.audit.page(AuditFilter(kind="credential"), limit=10)
    assert [entry.detail["what"] for entry in entries.items][:1] == ["signed_in"]
    assert entries.items[0].actor_name == "Admin Contoh"


def test_an_answer_for_another_session_a_used_one_and_a_late_one_are_refused(world: World, x: XServer) -> None:
    one = added(world, x)
    client, csrf = a_desk(world)
    other, _ = a_desk(world)
    answer = x.agree(address_on(client.post(f"/credentials/{one}/sign-in", data={"csrf": csrf}).text))
    path = answer.removeprefix(BOARD)
    refused = other.get(path)
    assert (refused.status_code, "bukan dari sesi ini" in refused.text) == (422, True)
    assert client.get(path).status_code == 303
    again = client.get(path)
    assert (again.status_code, "sudah dipakai" in again.text) == (422, True)
    late = x.agree(address_on(client.post(f"/credentials/{one}/sign-in", data={"csrf": csrf}).text))
    world.clock.forward(minutes=15)
    assert client.get(late.removeprefix(BOARD)).status_code == 422


def test_who_did_not_agree_and_who_is_the_wrong_account_are_told(world: World, x: XServer) -> None:
    one = added(world, x)
    client, csrf = a_desk(world)
    denied = client.get("/credentials/callback?error=access_denied&state=x")
    assert (denied.status_code, "membatalkan persetujuan" in denied.text) == (422, True)
    x.agrees = NEIGHBOUR
    begun = client.post(f"/credentials/{one}/sign-in", data={"csrf": csrf}).text
    wrong = client.get(x.agree(address_on(begun)).removeprefix(BOARD))
    assert (wrong.status_code, "signed in as @tetangga" in wrong.text) == (422, True)
    assert session_of(world, one) == {}


def test_an_answer_may_be_pasted_and_only_by_who_may(world: World, x: XServer) -> None:
    one = added(world, x)
    client, csrf = a_desk(world)
    begun = client.post(f"/credentials/{one}/sign-in", data={"csrf": csrf}).text
    empty = client.post("/credentials/callback", data={"csrf": csrf, "answer": "https://x.com/home"})
    assert (empty.status_code, "tidak memuat jawaban" in empty.text) == (422, True)
    pasted = client.post("/credentials/callback", data={"csrf": csrf, "answer": x.agree(address_on(begun))})
    assert pasted.status_code == 303
    reader, theirs = a_desk(world, "sari")
    assert reader.get("/credentials/callback?code=a&state=b").status_code == 403
    assert reader.post(f"/credentials/{one}/sign-in", data={"csrf": theirs}).status_code == 403
    assert world.browser().get("/credentials/callback?code=a&state=b", follow_redirects=False).status_code != 200


def test_a_platform_without_such_a_way_in_says_so(world: World) -> None:
    with world.store.begin() as tx:
        made = tx.credentials.add(CredentialDraft(platform="reddit", name="Reddit"), {"password": "p"}, world.clock())
    admin = world.program(Role.ADMIN)
    refused = admin.post(f"/api/v1/credentials/{made.id}/sign-in", json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sahut:problem:sign_in_elsewhere")


def test_the_api_does_the_same_for_the_key_that_began_it(world: World, x: XServer) -> None:
    one = added(world, x)
    admin = world.program(Role.ADMIN)
    path = f"/api/v1/credentials/{one}/sign-in"
    begun = admin.post(path, json={"redirect": "http://127.0.0.1:9/cb"}).json()
    assert begun["redirect"] == "http://127.0.0.1:9/cb"
    assert admin.post(path, json={}).json()["redirect"] == CALLBACK
    assert admin.post(path, json={"redirect": "javascript:alert(1)"}).status_code == 422
    answer = x.agree(begun["address"])
    client, csrf = a_desk(world)
    other = client.post(f"{path}/answer", json={"address": answer}, headers={"X-CSRF-Token": csrf})
    assert (other.status_code, other.json()["type"]) == (409, "urn:sahut:problem:sign_in_state")
    ended = admin.post(f"{path}/answer", json={"address": answer})
    assert (ended.status_code, ended.json()["account"]) == (200, "@DinasKota"), ended.text
    assert session_of(world, one)["name"] == "DinasKota"
    assert admin.post(f"{path}/answer", json={"address": "nothing"}).status_code == 422
    with world.store.begin() as tx:
        tx.credentials.remove(one)


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

    settings = ("--set", f"base_url={x.http.url}", "--set", "accounts=DinasKota", "--set", f"client_id={CLIENT}")
    kept = command("credential", "add", "x", "X dinas", *settings, "--stdin", stdin="\n")
    assert kept.exit_code == 0, kept.output
    assert "sahut credential sign-in 'X dinas'" in kept.stderr
    return command


def kept_account() -> str:
    store = bootstrap.store(Settings())
    with store.read() as tx:
        found = tx.credentials.find("X dinas")
    store.close()
    return found.account if found else ""


def test_the_command_line_waits_for_the_browser_at_this_machine(
    run: Run, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(loopback.Listener("127.0.0.1", 0, "/")) as probe:
        port = probe._server.server_port
    seen: list[bytes] = []
    begun = threading.Event()

    def browser() -> None:
        for _ in range(200):
            if begun.wait(0.05):
                break
        for path in ("/favicon.ico", answers[0]):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as said:
                    seen.append(said.read())
            except OSError:
                time.sleep(0.05)

    answers: list[str] = []
    echo = loopback.Listener.answer

    def agreeing(self: loopback.Listener, patience: float = 20.0) -> str:
        begun.set()
        return echo(self, 20.0)

    monkeypatch.setattr(loopback.Listener, "answer", agreeing)
    offered = x_offers(monkeypatch, x, answers)
    thread = threading.Thread(target=browser)
    thread.start()
    done = run("credential", "sign-in", "X dinas", "--redirect", f"http://127.0.0.1:{port}/callback")
    thread.join()
    assert done.exit_code == 0, done.output
    assert offered[0] in done.stdout
    assert b"Kembali ke terminal" in seen[-1]
    assert kept_account() == "@DinasKota"


def x_offers(monkeypatch: pytest.MonkeyPatch, x: XServer, answers: list[str]) -> list[str]:
    """Lets the citizen at the browser agree as soon as an address is offered."""
    from sahut.core import signing_in

    begin, offered = signing_in.begin, []

    def noticed(*arguments: Any, **named: Any) -> Any:
        offer = begin(*arguments, **named)
        offered.append(offer.address)
        back = x.agree(offer.address)
        answers.append("/" + back.partition("//")[2].partition("/")[2])
        return offer

    monkeypatch.setattr(signing_in, "begin", noticed)
    return offered


def test_the_command_line_takes_a_pasted_address(run: Run, x: XServer, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str] = []
    x_offers(monkeypatch, x, answers)
    monkeypatch.setattr("sahut.cli.credentials.typer.prompt", lambda *_, **__: f"https://a.example{answers[0]}")
    done = run("credential", "sign-in", "X dinas", "--redirect", CALLBACK)
    assert done.exit_code == 0, done.output
    assert "calls us @DinasKota" in done.stderr
    assert "rahasia" not in done.output


def test_the_command_line_says_what_is_no_answer_and_that_a_port_is_taken(
    run: Run, x: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sahut.cli.credentials.typer.prompt", lambda *_, **__: "https://a.example/")
    refused = run("credential", "sign-in", "X dinas", "--paste")
    assert refused.exit_code != 0
    with closing(loopback.Listener("127.0.0.1", 0, "/")) as taken:
        port = taken._server.server_port
        busy = run("credential", "sign-in", "X dinas", "--redirect", f"http://127.0.0.1:{port}/callback")
    assert busy.exit_code != 0
    assert "--paste" in str(busy.exception) + busy.output
    assert kept_account() == ""


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_two_steps_in_a_browser(world: World, visitors: Visitors, x: XServer, scripts: bool) -> None:
    one = added(world, x)
    page = visitors.sign_in("admin", width=360, java_script_enabled=scripts)
    page.goto(f"/credentials/{one}")
    page.get_by_role("button", name="Masuk lewat peramban").click()
    link = page.get_by_role("link", name="Buka X untuk menyetujui")
    address = link.get_attribute("href")
    assert address is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(x.agree(address).removeprefix(BOARD))
    page.get_by_text("Akun ini masuk lewat peramban").wait_for()
