"""Sessions that many work with: of those that find one run out, one renews it; a refusal counts for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectors import registry
from sahut.core import collecting, purses, sessions
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Access, CredentialDraft, Problem
from sahut.core.ports import Store
from storage.store import open_store
from tests.builders import a_source_draft
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault
from tests.collectors.world_bluesky import World
from tests.conftest import KEY, Clock

STALE = {"token": "lama"}
Renewed = Mapping[str, str]


@pytest.fixture
def second(store: Store, database_url: str) -> Iterator[Store]:
    """The same store, as another process has it open."""
    made = open_store(database_url, keys=[KEY])
    yield made
    made.close()


def a_credential(store: Store, clock: Clock, session: Mapping[str, str] | None = None, **over: Any) -> int:
    with store.begin() as tx:
        draft = CredentialDraft(platform="bluesky", name="Akun kota", settings=over.get("settings", {}))
        made = tx.credentials.add(draft, over.get("secrets", {"app_password": "rahasia-sekali"}), clock()).id
        tx.credentials.used(made, clock(), session=STALE if session is None else session)
    return made


def kept(store: Store, credential_id: int, clock: Clock) -> Mapping[str, str]:
    with store.read() as tx:
        return tx.credentials.open(credential_id, clock()).session


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do them at the same time; what each brought, an error in its place."""
    found: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place: int) -> None:
        start.wait(10)
        try:
            found[place] = works[place]()
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return found


class Platform:
    """Gives a new token for the last one that it gave, and for no other, as platforms that rotate do."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.asked: list[Mapping[str, str]] = []
        self._refuses = refuses
        self._slow = threading.Event()

    def renew(self, held: Mapping[str, str]) -> Renewed:
        self.asked.append(dict(held))
        self._slow.wait(0.3)
        if self._refuses is not None:
            raise self._refuses
        return {"token": f"baru-{len(self.asked)}"}


def test_of_two_processes_that_hold_one_worn_out_session_one_renews_it(
    store: Store, second: Store, clock: Clock
) -> None:
    credential_id = a_credential(store, clock)
    platform = Platform()
    keepers = [sessions.StoredSession(one, credential_id, clock) for one in (store, second, store, second)]
    found = together(*(lambda one=one: one.renewed(STALE, platform.renew) for one in keepers))

    assert platform.asked == [STALE]
    assert found == [{"token": "baru-1"}] * 4
    assert kept(store, credential_id, clock) == {"token": "baru-1"}
    assert keepers[0].renewed({"token": "baru-1"}, platform.renew) == {"token": "baru-2"}


def test_a_refusal_counts_for_all_and_ends_with_new_secrets(store: Store, second: Store, clock: Clock) -> None:
    credential_id = a_credential(store, clock)
    refusal = PermanentError("401", problem=Problem.REFUSED_CREDENTIAL)
    platform = Platform(refusal)
    keepers = [sessions.StoredSession(one, credential_id, clock) for one in (store, second)]
    found = together(*(lambda one=one: one.renewed(STALE, platform.renew) for one in keepers))

    assert all(isinstance(one, PermanentError) for one in found)
    assert {one.problem for one in found} == {Problem.REFUSED_CREDENTIAL}
    assert len(platform.asked) == 1
    with store.begin() as tx:
        found_one = tx.credentials.get(credential_id)
        draft = CredentialDraft(platform="bluesky", name=found_one.name)
        tx.credentials.change(credential_id, draft, {"app_password": "yang-baru"}, version=None, now=clock())
    assert keepers[1].renewed({}, Platform().renew) == {"token": "baru-1"}


def test_a_refusal_is_forgotten_after_a_while(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store, clock)
    keeper = sessions.StoredSession(store, credential_id, clock)
    with pytest.raises(PermanentError):
        keeper.renewed(STALE, Platform(PermanentError("401", problem=Problem.REFUSED_CREDENTIAL)).renew)
    clock.forward(seconds=sessions.REFUSED_FOR.total_seconds() + 1)
    assert keeper.renewed(STALE, Platform().renew) == {"token": "baru-1"}


@pytest.mark.parametrize(
    "failure",
    [
        TransientError("503", problem=Problem.SERVER_ERROR),
        PermanentError("?", problem=Problem.BAD_SETTINGS),
        KeyError(),
    ],
    ids=["server", "settings", "defect"],
)
def test_what_fails_otherwise_gives_the_turn_to_the_next(store: Store, clock: Clock, failure: Exception) -> None:
    credential_id = a_credential(store, clock)
    keeper = sessions.StoredSession(store, credential_id, clock)
    with pytest.raises(type(failure)):
        keeper.renewed(STALE, Platform(failure).renew)
    assert keeper.renewed(STALE, Platform().renew) == {"token": "baru-1"}


def test_a_turn_that_its_process_did_not_survive_is_over_in_minutes(store: Store, second: Store, clock: Clock) -> None:
    credential_id = a_credential(store, clock)
    with store.begin() as tx:
        now = clock()
        turn = tx.credentials.take_session(
            credential_id, "hilang", STALE, now=now, until=now + sessions.LEASE, refused_since=now
        )
    assert turn.mine
    keeper = sessions.StoredSession(second, credential_id, clock, patience=0.3)
    with pytest.raises(TransientError) as caught:
        keeper.renewed(STALE, Platform().renew)
    assert caught.value.problem is Problem.TOO_SLOW
    clock.forward(seconds=sessions.LEASE.total_seconds())
    assert keeper.renewed(STALE, Platform().renew) == {"token": "baru-1"}
    with store.begin() as tx:
        assert not tx.credentials.keep_session(credential_id, "hilang", {"token": "terlambat"})
    assert kept(store, credential_id, clock) == {"token": "baru-1"}


def test_a_session_that_was_got_for_secrets_of_before_is_not_kept(store: Store, second: Store, clock: Clock) -> None:
    credential_id = a_credential(store, clock)

    def rotated_meanwhile(_: Mapping[str, str]) -> Renewed:
        with second.begin() as tx:
            draft = CredentialDraft(platform="bluesky", name="Akun kota")
            tx.credentials.change(credential_id, draft, {"app_password": "lain"}, version=None, now=clock())
        return {"token": "untuk-yang-lama"}

    assert sessions.StoredSession(store, credential_id, clock).renewed(STALE, rotated_meanwhile) == {}
    assert kept(store, credential_id, clock) == {}


# --- Bluesky


@pytest.fixture
def world() -> Iterator[World]:
    with closing(World()) as made:
        yield made


def an_account(store: Store, clock: Clock, world: World) -> tuple[int, list[int]]:
    """A credential whose session has run out, and two sources of it."""
    world.lasts = timedelta(minutes=-5)
    collector = registry.load("bluesky", settings=SETTINGS)
    old: Mapping[str, str] = {}
    for batch in collector.collect(world.source, now=clock(), access=world.access):
        old = batch.session or old
    world.lasts = timedelta(hours=2)
    made = a_credential(store, clock, old, secrets=dict(world.access.secrets), settings=dict(world.access.settings))
    with store.begin() as tx:
        sources = [
            tx.sources.add(
                a_source_draft(
                    platform="bluesky",
                    name=f"Bluesky {number}",
                    address=world.source.address,
                    query=f"{world.source.query}{number}",
                    credential="Akun kota",
                ),
                clock(),
            ).id
            for number in range(2)
        ]
    return made, sources


def calls(world: World, name: str) -> int:
    return sum(name in one.path for one in world.server.seen)


def collect(store: Store, clock: Clock, source_id: int) -> Any:
    return collecting.collect(
        source_id, store=store, collector_for=lambda name: registry.load(name, settings=SETTINGS), clock=clock
    )


def test_two_processes_refresh_a_session_of_bluesky_once(
    store: Store, second: Store, clock: Clock, world: World
) -> None:
    credential_id, (one, other) = an_account(store, clock, world)
    before = (calls(world, "createSession"), calls(world, "refreshSession"))
    reports = together(lambda: collect(store, clock, one), lambda: collect(second, clock, other))

    assert [report.error for report in reports] == [None, None]
    assert (calls(world, "createSession"), calls(world, "refreshSession")) == (before[0], before[1] + 1)
    assert kept(store, credential_id, clock)["refresh"] in world.refresh_tokens


def test_a_refused_refresh_logs_in_again_once_for_all(store: Store, second: Store, clock: Clock, world: World) -> None:
    _, (one, other) = an_account(store, clock, world)
    world.refreshes = False
    before = calls(world, "createSession")
    reports = together(lambda: collect(store, clock, one), lambda: collect(second, clock, other))

    assert [report.error for report in reports] == [None, None]
    assert calls(world, "createSession") == before + 1


def test_a_log_in_that_is_refused_too_stops_both_and_stands_on_the_credential(
    store: Store, second: Store, clock: Clock, world: World
) -> None:
    credential_id, (one, other) = an_account(store, clock, world)
    world.refreshes = False
    world.access = replace(world.access, secrets={"app_password": "sudah-diganti"})
    before = (calls(world, "createSession"), calls(world, "refreshSession"))
    for place in range(8):
        world.server.break_at(place, Fault.UNAUTHORIZED)
    reports = together(lambda: collect(store, clock, one), lambda: collect(second, clock, other))

    assert [type(report.error) for report in reports] == [PermanentError] * 2
    assert calls(world, "createSession") == before[0] + 1
    assert calls(world, "refreshSession") == before[1] + 1
    with store.read() as tx:
        assert tx.credentials.get(credential_id).problem is Problem.REFUSED_CREDENTIAL


def test_a_session_that_another_process_got_is_not_written_over(
    store: Store, second: Store, clock: Clock, world: World
) -> None:
    credential_id, (one, _) = an_account(store, clock, world)
    access: Access = purses.opened(second, credential_id, clock)
    assert collect(store, clock, one).error is None
    first = kept(store, credential_id, clock)

    collector = registry.load("bluesky", settings=SETTINGS)
    batches = list(collector.collect(world.source, now=clock(), access=access))

    assert [batch.session for batch in batches if batch.session is not None] == []
    assert kept(store, credential_id, clock) == first
