"""What an administrator does for a person who asks: look, report, erase; and how long things are kept."""

from datetime import timedelta
from pathlib import Path

from sahut import exported
from sahut.core.model import Author, MentionState, Role
from tests.builders import a_mention
from tests.triage_api.conftest import World

HANDLE, TEXT = "fulanah_karangan", "Qwrtzbocor di jalan kami"
HER = {"platform": "feed", "handle": f"@{HANDLE}"}


def plant(world: World) -> int:
    (one,) = world.store_mentions([a_mention(TEXT, platform="feed", author=Author(handle=HANDLE), raw={"by": HANDLE})])
    return one


def test_a_person_is_counted_reported_and_erased_by_the_api(each_world: World) -> None:
    one, program = plant(each_world), each_world.program(Role.ADMIN)
    looked = program.post("/api/v1/persons/look", json=HER).json()
    assert (looked["mentions"], looked["erased"]) == (1, False)
    report = program.post("/api/v1/persons/report", json=HER).json()["text"]
    assert TEXT in report
    assert f"@{HANDLE}" in report
    erased = program.post("/api/v1/persons/erase", json=HER)
    assert (erased.status_code, erased.json()["reached"]["mentions"]) == (200, 1)
    assert program.get(f"/api/v1/mentions/{one}").json()["text"] == ""
    assert program.post("/api/v1/persons/look", json=HER).json()["erased"] is True
    log = program.get("/api/v1/audit?kind=person").json()["items"]
    assert [entry["act"] for entry in log] == ["erasure", "access_report"]
    assert HANDLE not in str(log)
    unclear = program.post("/api/v1/persons/look", json={"platform": "feed"})
    assert (unclear.status_code, unclear.json()["type"]) == (422, "urn:sahut:problem:person")


def test_what_is_no_address_and_no_name_finds_nobody(each_world: World) -> None:
    program = each_world.program(Role.ADMIN)
    for said in ({"link": "http://["}, {"handle": "%_\\'\"(\u202e"}, {"link": "x" * 2_000}, {"handle": "(" * 300}):
        answer = program.post("/api/v1/persons/erase", json={"platform": "feed", **said})
        assert (answer.status_code, answer.json()["reached"]["mentions"]) == (200, 0)


def test_a_person_is_erased_on_the_board_in_two_steps_with_tables_on_disk(world: World, tmp_path: Path) -> None:
    one = plant(world)
    world.app.state.deps = _with_exports(world, tmp_path)
    (tmp_path / "labels.csv").write_text(f"text,mention_id\nx,{one}\n", encoding="utf-8")
    browser, csrf = world.signed_in("admin")
    assert 'href="/persons"' in browser.get("/account").text
    form = {"csrf": csrf, "platform": "feed", "handle": HANDLE}
    counted = browser.post("/persons", data={**form, "act": "look"}).text
    assert "Hapus selamanya" in counted
    report = browser.post("/persons", data={**form, "act": "report"})
    assert report.headers["content-disposition"].startswith("attachment")
    assert TEXT in report.text
    unsure = browser.post("/persons", data={**form, "act": "erase"}, headers={"Accept": "text/html"})
    assert unsure.status_code == 422
    assert TEXT in browser.get(f"/mentions/{one}").text
    done = browser.post("/persons", data={**form, "act": "erase", "sure": "yes"}).text
    assert "Sudah dihapus" in done
    assert "1 baris tabel" in done
    assert TEXT not in browser.get(f"/mentions/{one}").text
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8") == "text,mention_id\n"


def _with_exports(world: World, folder: Path) -> object:
    from dataclasses import replace

    return replace(world.app.state.deps, forget_exports=lambda ids: exported.forget(folder, ids))


def test_how_long_things_are_kept_and_what_is_due_is_told(world: World) -> None:
    one = plant(world)
    with world.store.begin() as tx:
        tx.mentions.set_state([one], MentionState.DISMISSED, ticket_id=None, now=world.clock())
    program = world.program(Role.ADMIN)
    said = program.get("/api/v1/retention").json()
    assert said["days"] == {"tickets": 1825, "dismissed": 365, "filed": 365, "raw": 90, "set_aside": 90}
    assert said["due"]["dismissed"] == 0
    world.clock.now += timedelta(days=400)
    browser, csrf = world.signed_in("admin")
    assert "1 jatuh tempo" in browser.post("/persons", data={"csrf": csrf, "act": "due"}).text
