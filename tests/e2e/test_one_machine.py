"""`sahut run` as its users meet it: a feed goes in, a ticket comes out, whatever happens in between."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.forms import form
from tests.e2e.harness import PATIENCE, Feed, Sahut, eventually, installation

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

COMPLAINT = "Jalan Kenanga rusak parah dan berlubang, sudah tiga bulan tidak diperbaiki, tolong segera ditangani!"
SECOND_COMPLAINT = "Pipa air PDAM di Perumahan Cempaka rusak dan bocor sudah lima hari, mengecewakan, kapan diperbaiki?"
NEWS = "Wali kota meresmikan taman bermain baru di pusat kota pada Senin pagi, warga menyambut dengan gembira."


def mentions(sahut: Sahut, token: str, **where: str) -> list[dict[str, Any]]:
    with sahut.api(token) as api:
        answer = api.get("/mentions", params={"limit": 200, **where})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def states(sahut: Sahut, token: str) -> dict[str, str]:
    return {mention["text"].split("\n")[-1]: mention["state"] for mention in mentions(sahut, token)}


def begin(sahut: Sahut, site: Feed) -> str:
    """A first start without the demonstration, a feed followed every minute; an administrator's key."""
    sahut.start("run", "--no-demo")
    sahut.password()
    sahut.ready()
    sahut.command("source", "add", "feed", site.url, "--every", "1")
    return sahut.key()


def test_a_complaint_is_flagged_news_is_filed_and_both_outlive_a_kill(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    site.add("Taman baru diresmikan", NEWS)
    token = begin(sahut, site)
    expected = {COMPLAINT: "flagged", NEWS: "filed"}
    eventually("both are judged", lambda: states(sahut, token) == expected)

    sahut.kill(sahut.processes[0])
    site.add("Keluhan warga Cempaka", SECOND_COMPLAINT)
    sahut.start("run")
    sahut.ready()
    assert states(sahut, token) == expected, "a kill lost or doubled something"
    sahut.command("collect")
    expected[SECOND_COMPLAINT] = "flagged"
    eventually("the new one is judged after the kill", lambda: states(sahut, token) == expected)
    assert len(mentions(sahut, token)) == 3

    (first,) = mentions(sahut, token, state="flagged", q="Kenanga")
    body = {"mentions": [{"id": first["id"], "version": first["version"]}], "title": "Jalan rusak", "topic": "roads"}
    with sahut.api(token) as api:
        made = api.post("/tickets", json=body, headers={"Idempotency-Key": "e2e-1"})
        assert made.status_code == 201, made.text

    sahut.kill(sahut.processes[1])
    sahut.start("run")
    sahut.ready()
    with sahut.api(token) as api:
        again = api.post("/tickets", json=body, headers={"Idempotency-Key": "e2e-1"})
        assert again.json() == made.json(), "the same request after a kill made something else"
        assert len(api.get("/tickets").json()["items"]) == 1
        ticket = api.get(f"/tickets/{made.json()['ticket']['id']}").json()
    assert [mention["id"] for mention in ticket["mentions"]] == [first["id"]]
    assert len(mentions(sahut, token)) == 3


def test_staff_sign_in_with_a_one_time_password_and_make_a_ticket_on_the_page(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    token = begin(sahut, site)
    eventually("it is judged", lambda: states(sahut, token) == {COMPLAINT: "flagged"})
    password = sahut.command("user", "add", "sari", "--role", "triage").strip()
    as_browser = {"Accept": "text/html"}
    with httpx.Client(base_url=sahut.url, headers=as_browser, follow_redirects=True, timeout=60) as browser:
        page = browser.get("/")
        assert page.url.path == "/sign-in"
        page = browser.post("/sign-in", data=form(page.text, "/sign-in") | {"username": "sari", "password": password})
        assert page.url.path == "/password", "a one-time password must be changed first"
        own = {"current": password, "new": "lampu taman menyala", "again": "lampu taman menyala"}
        page = browser.post("/password", data=form(page.text, "/password") | own)
        assert page.url.path == "/"
        assert "Kenanga" in page.text
        (mention,) = mentions(sahut, token, state="flagged")
        page = browser.get("/tickets/new", params={"pick": f"{mention['id']}:{mention['version']}"})
        filled = form(page.text, "/tickets")
        forged = browser.post("/tickets", data=filled | {"csrf": "guessed"})
        assert forged.status_code == 403
        page = browser.post("/tickets", data=filled)
        assert page.status_code == 200, page.text
        assert page.url.path.startswith("/tickets/")
        again = browser.post("/tickets", data=filled)
        assert again.url.path == page.url.path, "the same form sent twice made another ticket"
    sahut.kill(sahut.processes[0])
    sahut.start("run")
    sahut.ready()
    with sahut.api(token) as api:
        (ticket,) = api.get("/tickets").json()["items"]
    assert states(sahut, token) == {COMPLAINT: "converted"}
    assert page.url.path == f"/tickets/{ticket['id']}"


def test_a_kill_while_the_classifier_works_loses_and_doubles_nothing(sahut: Sahut, site: Feed) -> None:
    texts = [f"Lampu jalan di Gang Mawar {n} mati sudah {n} malam, jalan jadi gelap dan rawan" for n in range(1, 301)]
    for number, text in enumerate(texts):
        site.add(f"Keluhan {number}", text)
    token = begin(sahut, site)
    eventually("they arrive", lambda: mentions(sahut, token))
    sahut.kill(sahut.processes[0])
    sahut.start("run")
    sahut.ready()
    sahut.command("collect")

    def judged() -> bool:
        with sahut.api(token) as api:
            waiting = api.get("/mentions", params={"state": "collected", "limit": 1}).json()["items"]
        return not waiting and len(everything(sahut, token)) == len(texts)

    eventually("all are judged after the kill", judged)
    assert sorted(text.split("\n")[-1] for text in everything(sahut, token)) == sorted(texts)


def everything(sahut: Sahut, token: str) -> list[str]:
    found: list[str] = []
    after = None
    with sahut.api(token) as api:
        while True:
            params: dict[str, Any] = {"limit": 200} | ({"after": after} if after else {})
            page = api.get("/mentions", params=params).json()
            found += [mention["text"] for mention in page["items"]]
            after = page["next"]
            if after is None:
                return found


def test_a_second_start_changes_nothing_and_a_signal_stops_it_cleanly(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    token = begin(sahut, site)
    eventually("it is judged", lambda: states(sahut, token) == {COMPLAINT: "flagged"})
    eventually("it is explained", lambda: all(one["why"] is not None for one in mentions(sahut, token)))
    before = mentions(sahut, token)
    assert sahut.stop(sahut.processes[0], signal.SIGINT) == 0
    sahut.says("Stopped.")
    sahut.output = ""
    second = sahut.start("run")
    sahut.ready()
    sahut.says(f"Sahut is at {sahut.url}")
    assert "password" not in sahut.output
    assert mentions(sahut, token) == before
    assert sahut.command("source", "list", "--json").count('"name"') == 1
    assert sahut.stop(second, signal.SIGTERM) == 0


def test_a_port_in_use_is_said_in_a_sentence(sahut: Sahut) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", sahut.port))
        taken.listen()
        said = sahut.command("run", fails_with=1)
    assert f"127.0.0.1:{sahut.port} cannot be used" in said
    assert not (sahut.folder / "var/sahut.db").exists()


def test_a_source_is_tested_without_storing_anything(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    sahut.command("migrate")
    shown = json.loads(sahut.command("source", "test", "feed", site.url, "--json"))
    assert (shown["ok"], shown["seen"], len(shown["mentions"])) == (True, 1, 1)
    assert sahut.command("source", "list", "--json").strip() == "[]"
    none = json.loads(sahut.command("source", "test", "feed", site.url, "--query", "durian", "--json"))
    assert (none["seen"], none["mentions"]) == (1, [])
    assert any("0 of its 1 items match" in note for note in none["notes"])
    said = sahut.command("source", "test", "feed", site.url.replace("127.0.0.1", "127.0.0.2"), fails_with=1)
    assert "127.0.0.2" in said
    sahut.command("source", "add", "feed", "http://127.0.0.1:1/rss", fails_with=1)


def test_a_source_is_paused_resumed_and_removed_by_name(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    sahut.command("migrate")
    sahut.command("source", "add", "feed", site.url, "--name", "Kabar")

    def state() -> str:
        return str(json.loads(sahut.command("source", "list", "--removed", "--json"))[0]["state"])

    sahut.command("collect", "Kabar")
    sahut.command("assess")
    for command, expected in (("pause", "paused"), ("resume", "active"), ("remove", "removed")):
        sahut.command("source", command, "Kabar")
        assert state() == expected
    assert "no source 'Kabarr'" in sahut.command("source", "pause", "Kabarr", fails_with=1)
    doctor = json.loads(sahut.command("doctor", "--json"))
    assert doctor["ok"] is True
    assert {f["what"]: f["level"] for f in doctor["findings"]}["database"] == "good"


def test_sources_of_the_file_are_followed_at_start(sahut: Sahut, site: Feed) -> None:
    (sahut.folder / "var").mkdir()
    file = sahut.folder / "var/sources.toml"
    file.write_text(f'[[source]]\nplatform = "feed"\nname = "Kabar"\naddress = "{site.url}"\nevery_minutes = 5\n')
    first = sahut.start("run", "--no-demo")
    sahut.ready()
    listed = json.loads(sahut.command("source", "list", "--json"))
    assert [(s["name"], s["every_minutes"]) for s in listed] == [("Kabar", 5)]
    sahut.stop(first)
    file.write_text(file.read_text().replace("= 5", "= 7"))
    sahut.start("run")
    sahut.ready()
    listed = json.loads(sahut.command("source", "list", "--json"))
    assert [(s["name"], s["every_minutes"]) for s in listed] == [("Kabar", 7)]


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    """The worker hangs in a job that never ends: one signal waits for it, a second does not."""
    script = (
        "import sys, time; sys.argv = ['sahut', 'run', '--no-demo']\n"
        "from sahut import jobs\n"
        "jobs.tidy = jobs.assess = lambda parts: (print('hanging', flush=True), time.sleep(3600))\n"
        "from sahut.queues import inline\n"
        "begin = inline.InlineQueue.work\n"
        "inline.InlineQueue.work = lambda self, stop: (self.ring('tidy'), begin(self, stop))\n"
        "from sahut.cli import main; main()\n"
    )
    with installation(tmp_path) as sahut:
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=sahut.folder,
            env=sahut.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        sahut.processes.append(process)
        assert process.stdout
        for line in process.stdout:
            if "hanging" in line:
                break
        sahut.ready()
        process.send_signal(signal.SIGINT)
        for line in process.stdout:
            if "Ctrl-C again stops at once" in line:
                break
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 128 + signal.SIGINT


def test_the_first_start_brings_a_demonstration_that_goes_without_a_trace(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    sahut.start("run")
    sahut.ready()
    token = sahut.key()
    sahut.command("source", "add", "feed", site.url)
    eventually("the posts arrive, and ours with them", lambda: len(everything(sahut, token)) > 400)
    eventually("ours is judged", lambda: mentions(sahut, token, q="Kenanga rusak parah", state="flagged"))
    assert sahut.stop(sahut.processes[0]) == 0
    sahut.command("demo", "clear")
    assert [s["demo"] for s in json.loads(sahut.command("source", "list", "--json"))] == [False]
    second = sahut.start("run")
    sahut.ready()
    assert everything(sahut, token) == [mentions(sahut, token)[0]["text"]]
    assert "password" not in sahut.output.split("Stopped.")[-1]
    sahut.stop(second)
