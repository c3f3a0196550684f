"""Versions of the model: a small file says which one holds, and workers notice."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers.onnx import SHIPPED_MODEL
from classifiers.versions import SHIPPED, USES, Current, Versions
from sahut.core.errors import ClassifierError, NotFoundError, RefusedError
from sahut.core.ports import Classifier
from tests.fakes import FakeClassifier

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    found = Versions(tmp_path / "models")
    for name in ("a", "b"):
        add(found, name)
    return found


def add(versions: Versions, name: str) -> None:
    """A version with a card, which is all that its keeping needs."""
    card = json.loads((SHIPPED_MODEL / "card.json").read_text(encoding="utf-8"))
    folder = versions.root / name
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps(card | {"name": "own", "version": name}), encoding="utf-8")


def test_without_any_use_the_shipped_version_holds(tmp_path: Path) -> None:
    nothing = Versions(tmp_path / "no such folder")
    assert nothing.current() == SHIPPED
    assert [version.name for version in nothing.all()] == [SHIPPED]
    assert nothing.get(SHIPPED).folder == SHIPPED_MODEL


def test_the_shipped_version_is_always_among_them(versions: Versions) -> None:
    versions.use("a", NOW)
    assert [(version.name, version.model) for version in versions.all()][1:] == [("a", "own@a"), ("b", "own@b")]
    versions.use(SHIPPED, NOW)
    assert versions.current() == SHIPPED


def test_going_back_takes_uses_back_one_by_one(versions: Versions) -> None:
    versions.use("a", NOW)
    versions.use("b", NOW, forced=True, why=["it is worse"])
    assert (versions.uses()[-1].forced, versions.uses()[-1].why) == (True, ["it is worse"])
    assert versions.roll_back(NOW).version == "a"
    assert versions.roll_back(NOW).version == SHIPPED
    with pytest.raises(RefusedError, match="first version"):
        versions.roll_back(NOW)
    assert [use.version for use in versions.uses()] == ["a", "b", "a", SHIPPED], "and nothing is forgotten"
    assert versions.was_current("b")


def test_a_version_that_is_current_or_not_there_is_refused(versions: Versions) -> None:
    versions.use("a", NOW)
    with pytest.raises(RefusedError, match="already"):
        versions.use("a", NOW)
    for name in ("c", "../a", "", ".", "tests"):
        with pytest.raises(NotFoundError):
            versions.use(name, NOW)
    assert versions.current() == "a"


def test_a_use_that_a_crash_cut_off_counts_as_not_written(versions: Versions) -> None:
    versions.use("a", NOW)
    with (versions.root / USES).open("a", encoding="utf-8") as lines:
        lines.write('{"version": "b", "at')
    assert versions.current() == "a"
    versions.use("b", NOW)
    assert versions.current() == "b"
    assert versions.roll_back(NOW).version == "a"


def test_a_new_name_is_one_that_nobody_has(versions: Versions) -> None:
    assert versions.new_name(NOW) == "20261124-1"
    add(versions, "20261124-1")
    assert versions.new_name(NOW) == "20261124-2"
    assert versions.new_name(NOW + timedelta(days=1)) == "20261125-1"


class Loader:
    """Loads a fake by its folder's name, and can be told to fail."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.broken: set[str] = set()

    def __call__(self, folder: Path) -> Classifier:
        if folder.name in self.broken:
            raise ClassifierError(f"{folder.name} is damaged")
        self.loaded.append(folder.name)
        made = FakeClassifier()
        made.model = f"own@{folder.name}"
        return made


def test_a_worker_takes_another_version_with_its_next_question_and_loads_each_once(versions: Versions) -> None:
    loader = Loader()
    current = Current(versions, loader)
    assert current() is current()
    versions.use("a", NOW)
    assert current().model == "own@a"
    assert current() is current()
    versions.roll_back(NOW)
    assert current().model == "own@model"
    assert loader.loaded == ["model", "a", "model"]


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_at_work(
    versions: Versions, caplog: pytest.LogCaptureFixture
) -> None:
    loader = Loader()
    current = Current(versions, loader)
    versions.use("a", NOW)
    current()
    loader.broken.add("b")
    with caplog.at_level(logging.ERROR):
        versions.use("b", NOW)
        assert current().model == "own@a"
        assert current().model == "own@a"
    assert caplog.text.count("b is damaged") == 1, "said once, not with every batch"


def test_a_current_version_that_is_not_on_this_machine_is_said_so(versions: Versions) -> None:
    versions.use("a", NOW)
    (versions.root / "a" / "card.json").unlink()
    with pytest.raises(ClassifierError, match="copy it there"):
        Current(versions, Loader())()


def test_a_use_is_what_was_said_of_it(versions: Versions) -> None:
    use = versions.use("a", NOW, why=["x"])
    assert versions.uses() == [replace(use, before=[SHIPPED])]
    assert use.at == NOW.isoformat()
