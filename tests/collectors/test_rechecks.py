"""Second looks that are cut off on the way: what was found is kept, what was not got to is left and not withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from collectors import registry
from collectors._looking import Looking
from sahut.core.errors import CollectError, TransientError
from sahut.core.model import Batch, Currency, Problem
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault
from tests.collectors.worlds import PlatformWorld

# Smaller parts than in service, so that a small world takes several calls.
PARTS = {
    "bluesky": "collectors.bluesky._MANY",
    "mastodon": "collectors.mastodon._MANY",
    "youtube": "collectors.youtube.COMMENTS_AT_ONCE",
    "facebook": "collectors.facebook.FacebookCollector.recheck_many",
    "instagram": "collectors.instagram.InstagramCollector.recheck_many",
    "threads": "",  # one by one
    "play": "",
}
PASSING = [Fault.TOO_MANY_WITH_RESET, Fault.TOO_MANY, Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED, Fault.RESET]
Made = Callable[[], PlatformWorld]


@pytest.fixture(params=PARTS)
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    if PARTS[request.param]:
        monkeypatch.setattr(PARTS[request.param], 3)
    module: Any = import_module(f"tests.collectors.world_{request.param}")
    worlds: list[PlatformWorld] = []

    def a_world() -> PlatformWorld:
        worlds.append(module.World())
        return worlds[-1]

    yield a_world
    for world in worlds:
        world.close()


def look(world: PlatformWorld, ids: list[str]) -> Batch:
    collector: Any = registry.load(world.source.platform, settings=SETTINGS)
    found: Batch = collector.recheck(ids, now=NOW, access=world.access)
    return found


def some_of(world: PlatformWorld) -> list[str]:
    """Posts that the platform shows when it is asked for them by name."""
    return [one for one in sorted(world.expected) if "#repost" not in one][:10]


def found(batch: Batch, ids: list[str]) -> set[str]:
    """Which of them were seen: Instagram tells that they stand, and not what they say."""
    if ids[0].startswith("1790"):
        return set([one for one in ids if one not in batch.left][: batch.seen])
    return {one.native_id for one in batch.mentions}


def test_a_whole_look_leaves_nothing(make: Made) -> None:
    world = make()
    ids = some_of(world)
    batch = look(world, ids)
    assert found(batch, ids) == set(ids)
    assert (list(batch.left), batch.stopped, list(batch.withdrawn)) == ([], None, [])


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name.lower())
def test_a_look_that_is_cut_off_keeps_what_was_found_and_names_what_is_left(make: Made, fault: Fault) -> None:
    healthy = make()
    ids = some_of(healthy)
    look(healthy, ids)
    kept = 0
    for call in range(healthy.server.calls):
        world = make()
        world.server.break_at(call, fault)
        told: CollectError | None = None
        try:
            batch = look(world, ids)
        except TransientError as error:
            told = error
        if told is not None:
            continue
        assert isinstance(batch.stopped, TransientError), f"call {call}"
        assert list(batch.withdrawn) == [], f"call {call}"
        assert len(found(batch, ids)) + len(batch.left) == len(ids), f"call {call}"
        assert not found(batch, ids) & set(batch.left), f"call {call}"
        assert batch.seen
        kept += 1
    assert kept >= 2


def test_a_limit_on_the_way_is_told_with_its_end(make: Made) -> None:
    world = make()
    ids = some_of(world)
    look(world, ids)
    world.server.break_at(world.server.calls - 1, Fault.TOO_MANY_WITH_RESET)
    batch = look(world, ids)
    assert isinstance(batch.stopped, TransientError)
    assert batch.stopped.problem is Problem.RATE_LIMITED
    assert batch.stopped.not_before is not None


def test_reviews_beyond_those_of_one_look_are_left_for_the_next() -> None:
    module = import_module("tests.collectors.world_play")
    world = module.World()
    ids = [world.add(f"Macet {number}") for number in range(40)]
    batch = look(world, ids)
    world.close()
    assert [one.native_id for one in batch.mentions] == ids[:25]
    assert list(batch.left) == ids[25:]
    assert batch.stopped is None


def test_comments_beyond_the_units_of_the_day_are_left() -> None:
    module = import_module("tests.collectors.world_youtube")
    world = module.World()
    ids = [world.add(f"Lubang {number}") for number in range(60)]
    world.access = replace(world.access, left={Currency.UNITS: 2.0})
    batch = look(world, ids)
    world.close()
    assert len(batch.mentions) == 50
    assert list(batch.left) == ids[50:]
    assert isinstance(batch.stopped, TransientError)
    assert batch.stopped.problem is Problem.BUDGET_SPENT


def test_what_fails_before_anything_was_found_is_raised() -> None:
    limit = TransientError("429", problem=Problem.RATE_LIMITED)
    asked: list[list[str]] = []

    def fail(part: Any) -> None:
        asked.append(list(part))
        raise limit

    with pytest.raises(TransientError):
        Looking().at(["a", "b", "c"], 2, fail)
    looking = Looking()
    looking.at(["x"], 1, lambda _: None)
    looking.at(["a", "b", "c"], 2, fail)
    assert (looking.left, looking.stopped) == (["a", "b", "c"], limit)
    assert asked == [["a", "b"], ["a", "b"]], "it asks no further"
