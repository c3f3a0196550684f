"""Credentials under /api/v1: kept sealed, proven by a live call, never told again."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sahut import bootstrap
from sahut.core.model import Currency, Role, SourceDraft
from sahut.core.ports import Store
from tests.collectors.platform_server import Fault
from tests.collectors.world_reddit import World as Reddit
from tests.triage_api.conftest import World

SECRETS = {"client_secret": "rahasia-aplikasi", "password": "kata-sandi-dinas"}
PATH = "/api/v1/credentials"


@pytest.fixture
def reddit() -> Iterator[Reddit]:
    made = Reddit()
    yield made
    made.close()


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    from collectors import registry
    from collectors.registry import CollectorSettings

    return World(
        sqlite_store,
        clock,
        collector_for=lambda platform: registry.load(platform, settings=CollectorSettings(allow_hosts=("127.0.0.1",))),
        platforms=bootstrap.platforms(),
    )


@pytest.fixture
def admin(world: World) -> TestClient:
    return world.program(Role.ADMIN)


def a_body(reddit: Reddit, **over: Any) -> dict[str, Any]:
    settings = dict(reddit.access.settings)
    budgets = [{"currency": "replies", "period": "day", "amount": 20}]
    body = {"platform": "reddit", "name": "Reddit dinas", "settings": settings, "secrets": SECRETS, "budgets": budgets}
    return body | over


def test_a_credential_is_proven_kept_and_its_secrets_are_told_by_no_answer(
    world: World, admin: TestClient, reddit: Reddit
) -> None:
    added = admin.post(PATH, json=a_body(reddit))
    assert added.status_code == 201, added.text
    one = f"{PATH}/{added.json()['id']}"
    proven = admin.post(f"{one}/prove")
    answers = [added, proven, admin.get(PATH), admin.get(one)]

    assert added.json()["account"] == proven.json()["account"] != ""
    kept = {"currency": "replies", "period": "day", "amount": 20.0, "spent": 0.0, "projected": 0.0}
    assert added.json()["budgets"] == [kept]
    for secret in SECRETS.values():
        assert secret not in "".join(answer.text for answer in answers)
    with world.store.read() as tx:
        assert tx.credentials.open(added.json()["id"], world.clock()).secrets == SECRETS


def test_one_that_the_platform_refuses_is_not_kept_unless_it_is_not_proven(admin: TestClient, reddit: Reddit) -> None:
    reddit.server.break_at(0, Fault.UNAUTHORIZED)
    refused = admin.post(PATH, json=a_body(reddit))
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:sahut:problem:refused_credential")
    assert admin.get(PATH).json()["items"] == []
    assert admin.post(PATH, json=a_body(reddit, prove=False)).json()["account"] == ""


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"secrets": {}}, "#/secrets/client_secret"),
        ({"secrets": {**SECRETS, "warna": "biru"}}, "#/secrets/warna"),
        ({"settings": {}}, "#/settings/client_id"),
        ({"platform": "feed"}, "#/platform"),
        ({"platform": "tidakada"}, "#/platform"),
    ],
)
def test_what_is_missing_or_not_wanted_is_pointed_at(
    admin: TestClient, reddit: Reddit, over: dict[str, Any], pointer: str
) -> None:
    refused = admin.post(PATH, json=a_body(reddit, **over))

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


def test_new_secrets_come_in_place_once_the_platform_takes_them(
    world: World, admin: TestClient, reddit: Reddit
) -> None:
    one = admin.post(PATH, json=a_body(reddit, secrets={**SECRETS, "client_secret": "salah"}, prove=False)).json()
    path = f"{PATH}/{one['id']}/rotate"
    refused = admin.post(path, json={"secrets": {**SECRETS, "password": "salah"}, "version": one["version"]})
    with world.store.read() as tx:
        assert tx.credentials.open(one["id"], world.clock()).secrets["client_secret"] == "salah"
    rotated = admin.post(path, json={"secrets": SECRETS, "version": one["version"]})
    stale = admin.post(path, json={"secrets": SECRETS, "version": one["version"]})

    assert (refused.status_code, rotated.status_code, stale.status_code) == (422, 200, 409)
    assert rotated.json()["account"]
    with world.store.read() as tx:
        assert tx.credentials.open(one["id"], world.clock()).secrets == SECRETS


def test_budgets_change_without_the_secrets_and_say_what_is_spent(
    world: World, admin: TestClient, reddit: Reddit
) -> None:
    one = admin.post(PATH, json=a_body(reddit)).json()
    with world.store.begin() as tx:
        tx.credentials.used(one["id"], world.clock(), spent={Currency.REPLIES: 3.0})
    body = {
        "name": "Reddit kota",
        "settings": one["settings"],
        "budgets": [{"currency": "replies", "period": "month", "amount": 5}],
        "version": one["version"],
    }
    changed = admin.put(f"{PATH}/{one['id']}", json=body)

    assert changed.status_code == 200, changed.text
    # Three today; the month has 6.875 days left.
    kept = {"currency": "replies", "period": "month", "amount": 5.0, "spent": 3.0, "projected": 23.625}
    assert changed.json()["budgets"] == [kept]
    assert changed.json()["spent_today"] == {"replies": 3.0}
    with world.store.read() as tx:
        assert tx.credentials.open(one["id"], world.clock()).secrets == SECRETS


def test_kept_secrets_are_not_sent_to_another_address(admin: TestClient, reddit: Reddit) -> None:
    one = admin.post(PATH, json=a_body(reddit)).json()
    settings = {**one["settings"], "base_url": "https://elsewhere.example"}
    body = {"name": one["name"], "settings": settings, "budgets": [], "version": one["version"]}

    refused = admin.put(f"{PATH}/{one['id']}", json=body)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "#/settings/base_url"
    assert admin.get(f"{PATH}/{one['id']}").json()["settings"] == one["settings"]


def test_one_in_use_is_not_removed_and_the_refusal_names_the_source(
    world: World, admin: TestClient, reddit: Reddit
) -> None:
    one = admin.post(PATH, json=a_body(reddit)).json()
    draft = SourceDraft(platform="reddit", name="Bandung", address="r/bandung", credential="Reddit dinas")
    with world.store.begin() as tx:
        source = tx.sources.add(draft, world.clock())
    refused = admin.delete(f"{PATH}/{one['id']}")
    assert admin.get(f"{PATH}/{one['id']}").json()["used_by"] == ["Bandung"]
    admin.delete(f"/api/v1/sources/{source.id}")

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sahut:problem:credential_in_use")
    assert "Bandung" in refused.json()["detail"]
    assert admin.delete(f"{PATH}/{one['id']}").status_code == 204
    assert admin.get(f"{PATH}/{one['id']}").status_code == 404


def test_a_secret_of_our_making_is_told_once_and_not_to_a_repeat(world: World, admin: TestClient) -> None:
    body = {"platform": "webhook", "name": "Loket"}
    headers = {"Idempotency-Key": "satu"}
    first, again = admin.post(PATH, json=body, headers=headers), admin.post(PATH, json=body, headers=headers)
    with world.store.read() as tx:
        kept = tx.credentials.open(first.json()["id"], world.clock()).secrets

    assert first.json()["made"] == kept
    assert (again.json()["id"], again.json()["made"]) == (first.json()["id"], None)


def test_every_platform_is_listed_with_what_brings_its_library_and_says_what_it_wants(admin: TestClient) -> None:
    listed = {one["platform"]: one["extra"] for one in admin.get("/api/v1/platforms").json()["items"]}
    reddit = admin.get("/api/v1/platforms/reddit").json()

    assert (listed["mastodon"], listed["feed"], "file" in listed) == ("mastodon", "", False)
    assert {need["key"]: need["secret"] for need in reddit["needs"]}["client_secret"]
    assert len(reddit["steps"]) > 3
    assert admin.get("/api/v1/platforms/feed").json()["needs"] == []


def test_every_change_of_a_credential_is_an_entry_of_the_log_without_a_secret(
    world: World, admin: TestClient, reddit: Reddit
) -> None:
    one = admin.post(PATH, json=a_body(reddit)).json()
    path = f"{PATH}/{one['id']}"
    rotated = admin.post(f"{path}/rotate", json={"secrets": SECRETS, "version": one["version"]}).json()
    body = {"name": "Reddit kota", "settings": one["settings"], "budgets": [], "version": rotated["version"]}
    assert admin.put(path, json=body).status_code == 200
    assert admin.delete(path).status_code == 204

    log = world.program(Role.AUDITOR).get("/api/v1/audit", params={"kind": "credential", "key": str(one["id"])})
    entries = log.json()["items"]
    assert [entry["detail"]["what"] for entry in reversed(entries)] == ["added", "renewed", "changed", "removed"]
    assert {entry["actor_id"] for entry in entries} == {world.users[Role.ADMIN]}
    assert not [secret for secret in SECRETS.values() if secret in log.text]
