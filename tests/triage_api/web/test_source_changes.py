"""Changing a source on the board, and what is shown of an address with a password."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from sahut.core.model import Role, SourceDraft, SourceState
from tests.triage_api.conftest import World
from triage_api import addresses

SECRET = "https://sari:rahasia@warta.example/rss"


def _at_the_desk(world: World, username: str = "admin") -> tuple[TestClient, str]:
    client, csrf = world.signed_in(username)
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def _form(world: World, csrf: str, **over: str) -> dict[str, str]:
    source = world.source
    return {
        "csrf": csrf,
        "version": str(source.version),
        "name": source.name,
        "address": source.address,
        "query": "",
        "minutes": "10",
        **over,
    }


def test_a_source_gets_another_name_address_query_and_interval(world: World) -> None:
    client, csrf = _at_the_desk(world)
    path = f"/sources/{world.source.id}"
    assert world.source.address in client.get(path).text
    new = {"name": "Warta", "address": "https://b.example/rss", "query": "banjir OR jalan", "minutes": "45"}
    answer = client.post(path, data=_form(world, csrf, **new))

    assert answer.headers["location"] == f"/sources?done=saved#source-{world.source.id}"
    with world.store.read() as tx:
        found = tx.sources.get(world.source.id)
    assert (found.name, found.address, found.query) == ("Warta", "https://b.example/rss", "banjir OR jalan")
    assert (found.interval, found.options) == (timedelta(minutes=45), world.source.options)


@pytest.mark.parametrize(
    "wrong", [{"minutes": "0"}, {"minutes": "10081"}, {"minutes": "x"}, {"address": "ftp://b.example"}]
)
def test_what_cannot_be_meant_changes_nothing(world: World, wrong: dict[str, str]) -> None:
    client, csrf = _at_the_desk(world)

    assert client.post(f"/sources/{world.source.id}", data=_form(world, csrf, **wrong)).status_code == 422
    with world.store.read() as tx:
        assert tx.sources.get(world.source.id).version == world.source.version


def test_a_second_person_sees_that_the_source_changed_and_loses_nothing(world: World) -> None:
    client, csrf = _at_the_desk(world)
    path = f"/sources/{world.source.id}"
    client.post(path, data=_form(world, csrf, name="Warta"))
    answer = client.post(path, data=_form(world, csrf, query="banjir"))

    assert (answer.status_code, "banjir" in answer.text) == (409, True)


def test_the_address_of_a_file_cannot_be_changed_from_outside(world: World) -> None:
    with world.store.begin() as tx:
        file = tx.sources.add(SourceDraft(platform="replay", name="Rekaman", address="var/posts.jsonl"), world.clock())
    client, csrf = _at_the_desk(world)
    path = f"/sources/{file.id}"
    assert 'name="address"' not in client.get(path).text
    client.post(path, data=_form(world, csrf, name="Rekaman lama", address="/etc/passwd"))

    with world.store.read() as tx:
        found = tx.sources.get(file.id)
    assert (found.name, found.address) == ("Rekaman lama", "var/posts.jsonl")


def test_a_source_is_taken_away_and_stays_so(world: World) -> None:
    client, csrf = _at_the_desk(world)
    path = f"/sources/{world.source.id}"
    answer = client.post(f"{path}/remove", data={"csrf": csrf, "version": str(world.source.version)})
    again = client.post(f"{path}/resume", data={"csrf": csrf, "version": str(world.source.version + 1)})

    assert answer.headers["location"].startswith("/sources?done=removed")
    assert (again.status_code, "sudah dihapus" in again.text) == (409, True)
    assert "sudah dihapus" in client.get(path).text
    with world.store.read() as tx:
        assert tx.sources.get(world.source.id).state is SourceState.REMOVED


def test_who_only_reads_or_decides_sees_the_settings_and_no_form(world: World) -> None:
    for username in ("sari", "budi"):
        client, csrf = _at_the_desk(world, username)
        shown = client.get(f"/sources/{world.source.id}").text
        assert "<form" not in shown.partition("<main")[2].partition("</main>")[0]
        for path in ("", "/remove"):
            answer = client.post(f"/sources/{world.source.id}{path}", data=_form(world, csrf))
            assert answer.status_code == 403


def test_a_password_in_an_address_is_shown_to_nobody_and_survives_a_change(world: World) -> None:
    with world.store.begin() as tx:
        source = tx.sources.add(SourceDraft(platform="feed", name="Tertutup", address=SECRET), world.clock())
    client, csrf = _at_the_desk(world)
    admin = world.program(Role.ADMIN)
    path = f"/sources/{source.id}"
    seen = [client.get(path).text, client.get("/sources").text, admin.get("/api/v1/sources").text]
    answer = admin.get(f"/api/v1{path}").json()
    client.post(path, data=_form(world, csrf, name="Tertutup 2", address=answer["address"]))
    body = {"platform": "feed", "name": "Tertutup 3", "address": answer["address"], "version": source.version + 1}
    changed = admin.put(f"/api/v1{path}", json=body)

    assert "rahasia" not in "".join([*seen, str(answer), changed.text])
    assert changed.status_code == 200
    with world.store.read() as tx:
        assert (tx.sources.get(source.id).name, tx.sources.get(source.id).address) == ("Tertutup 3", SECRET)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (SECRET, "https://sari:•••@warta.example/rss"),
        ("https://sari:a@b:c@warta.example/x@y:z", "https://sari:•••@warta.example/x@y:z"),
        ("https://warta.example/a:b@c", "https://warta.example/a:b@c"),
        ("https://warta.example:8443/rss?x=a:b@c", "https://warta.example:8443/rss?x=a:b@c"),
        ("https://kunci@warta.example/rss", "https://kunci@warta.example/rss"),
        ("var/posts.jsonl", "var/posts.jsonl"),
    ],
)
def test_only_a_password_is_masked(address: str, shown: str) -> None:
    assert addresses.shown(address) == shown
    assert addresses.meant(shown, address) == address
