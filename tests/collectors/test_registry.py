from importlib.metadata import EntryPoint

import pytest

from collectors import registry
from sahut.core.errors import NotFoundError, PermanentError
from sahut.core.model import Problem
from tests.collectors.feed_server import SETTINGS


def test_an_unknown_platform_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(NotFoundError, match="feed, replay"):
        registry.load("pigeon", settings=SETTINGS)


def test_a_missing_library_names_itself_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.COLLECTORS, "pigeon", "pigeon_post_client:Collector")
    monkeypatch.setitem(registry.EXTRAS, "pigeon", "pigeon")
    with pytest.raises(PermanentError, match=r"pigeon_post_client.*sahut\[pigeon\]") as caught:
        registry.load("pigeon", settings=SETTINGS)
    assert caught.value.problem is Problem.MISSING_LIBRARY


def test_a_plug_in_brings_a_platform_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = EntryPoint(name="pigeon", value="collectors.replay:ReplayCollector", group="sahut.collectors")
    monkeypatch.setattr(
        registry, "entry_points", lambda *, group, name=None: [plugged] if name in {None, plugged.name} else []
    )

    assert registry.platforms() == [*registry.COLLECTORS, "pigeon"]
    assert registry.load("pigeon", settings=SETTINGS).platform == "replay"
