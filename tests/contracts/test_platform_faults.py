"""Every platform × every fault × every call: nothing lost, nothing doubled, and the error says what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from collectors import registry
from collectors.registry import CollectorSettings
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Batch, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault
from tests.collectors.worlds import PlatformWorld

PLATFORMS = [name for name in registry.COLLECTORS if name not in {"feed", "replay", "webhook", "file", "mail"}]
# A drip is cut off after this. Nothing else is read against such a clock: a busy machine may be as slow.
QUICK = replace(SETTINGS, total_timeout_s=0.3, read_timeout_s=0.3)

EXPECTED: dict[Fault, tuple[type[CollectError], set[Problem]]] = {
    Fault.UNAUTHORIZED: (PermanentError, {Problem.REFUSED_CREDENTIAL}),
    Fault.NO_CREDITS: (PermanentError, {Problem.NO_CREDITS}),
    Fault.FORBIDDEN: (PermanentError, {Problem.LACKS_ACCESS}),
    Fault.NOT_FOUND: (PermanentError, {Problem.NOT_FOUND}),
    Fault.TOO_MANY_WITH_RESET: (TransientError, {Problem.RATE_LIMITED}),
    Fault.TOO_MANY: (TransientError, {Problem.RATE_LIMITED}),
    Fault.HTML_503: (TransientError, {Problem.SERVER_ERROR}),
    Fault.HTML_200: (TransientError, {Problem.NOT_READABLE}),
    Fault.TRUNCATED: (TransientError, {Problem.UNREACHABLE, Problem.NOT_READABLE}),
    Fault.DRIP: (TransientError, {Problem.TOO_SLOW}),
    Fault.RESET: (TransientError, {Problem.UNREACHABLE}),
}


@dataclass
class Kept:
    """What a store would hold after some readings: the last wording by identity, and the source's cursor."""

    source: Source
    by_key: dict[tuple[str, str], Mention] = field(default_factory=dict)
    twice_in_a_page: list[str] = field(default_factory=list)
    session: dict[str, str] = field(default_factory=dict)
    gaps: int = 0

    def save(self, batch: Batch) -> None:
        ids = [mention.native_id for mention in batch.mentions]
        self.twice_in_a_page += [i for i in set(ids) if ids.count(i) > 1]
        self.by_key |= {mention.key: mention for mention in batch.mentions}
        self.source = replace(self.source, cursor=batch.cursor)
        self.gaps += len(batch.gaps)
        if batch.session is not None:
            self.session = dict(batch.session)

    def read(
        self, world: PlatformWorld, *, later: timedelta = timedelta(0), settings: CollectorSettings = SETTINGS
    ) -> CollectError | None:
        """One reading as the pipeline does it; the error that ended it."""
        access = replace(world.access, session=self.session)
        try:
            collector = registry.load(self.source.platform, settings=settings)
            for batch in collector.collect(self.source, now=NOW + later, access=access):
                self.save(batch)
        except CollectError as error:
            return error
        return None


@pytest.fixture(params=PLATFORMS)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[], PlatformWorld]]:
    module: Any = import_module(f"tests.collectors.world_{request.param}")
    worlds: list[PlatformWorld] = []

    def a_world() -> PlatformWorld:
        worlds.append(module.World())
        return worlds[-1]

    yield a_world
    for world in worlds:
        world.close()


def ids(kept: Kept) -> set[str]:
    return {native_id for _, native_id in kept.by_key}


def test_a_whole_reading_brings_everything_once(make: Callable[[], PlatformWorld]) -> None:
    world = make()
    kept = Kept(world.source)

    assert kept.read(world) is None
    assert ids(kept) == world.expected
    assert not kept.twice_in_a_page
    assert world.server.calls >= 3, "a world needs enough posts for three calls"


def test_what_is_posted_later_comes_with_the_next_reading(make: Callable[[], PlatformWorld]) -> None:
    world = make()
    kept = Kept(world.source)
    kept.read(world)
    added = world.add("Air mati di RT 04 sejak pagi")

    assert kept.read(world, later=timedelta(minutes=10)) is None
    assert ids(kept) == world.expected | {added}


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_a_fault_at_any_call_loses_and_doubles_nothing(make: Callable[[], PlatformWorld], fault: Fault) -> None:
    healthy = make()
    Kept(healthy.source).read(healthy)
    kind, problems = EXPECTED[fault]
    for call in range(healthy.server.calls):
        world = make()
        kept = Kept(world.source)
        world.server.break_at(call, fault)
        error = kept.read(world, settings=QUICK if fault is Fault.DRIP else SETTINGS)

        assert isinstance(error, kind), f"call {call}: {error!r}"
        assert error.problem in problems, f"call {call}: {error.problem} ({error})"
        if fault is Fault.TOO_MANY_WITH_RESET:
            assert isinstance(error, TransientError)
            assert error.not_before is not None
            assert error.not_before > NOW
        added = world.add("Lampu padam di gang mawar")
        world.server.mend()
        assert kept.read(world, later=timedelta(minutes=20)) is None
        assert ids(kept) == world.expected | {added}, f"call {call}"


def test_credentials_stand_in_no_error_and_no_cursor(make: Callable[[], PlatformWorld]) -> None:
    world = make()
    kept = Kept(world.source)
    world.server.break_at(0, Fault.UNAUTHORIZED)
    said = str(kept.read(world))
    kept.read(world)

    for secret in world.access.secrets.values():
        assert secret not in said
        assert secret not in str(kept.source.cursor)


def test_proving_a_credential_is_one_live_call_with_a_name(make: Callable[[], PlatformWorld]) -> None:
    world = make()
    collector: Any = registry.load(world.source.platform, settings=SETTINGS)

    assert collector.prove(world.access, now=NOW)
    world.server.break_at(0, Fault.UNAUTHORIZED)
    with pytest.raises(PermanentError) as caught:
        collector.prove(world.access, now=NOW)
    assert caught.value.problem is Problem.REFUSED_CREDENTIAL


def test_a_guide_says_what_to_create_and_what_to_copy(make: Callable[[], PlatformWorld]) -> None:
    world = make()
    guide = registry.load(world.source.platform, settings=SETTINGS).guide

    assert guide is not None
    assert guide.steps
    assert {need.key for need in guide.needs if need.required and need.secret} <= set(world.access.secrets)
    assert all(need.words for need in guide.needs)
