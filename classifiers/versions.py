"""Versions of the model: the shipped one, and those trained here. Which one is current stands in a small file.

::

    ROOT/VERSION/       a model folder as the service loads it, with training.json beside
    ROOT/tests/         fixed test sets (CSV, JSON lines) that every candidate is measured on
    ROOT/base/          weights that trainings set out from
    ROOT/uses.jsonl     one line for each time that a version became current; the last line holds

The file of uses is only ever appended to. Workers look at it before each batch, so that a change needs no restart.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from classifiers.onnx import SHIPPED_MODEL, Card
from sahut.core.errors import ClassifierError, NotFoundError, RefusedError
from sahut.core.ports import Classifier

log = logging.getLogger(__name__)

SHIPPED = "shipped"
TESTS = "tests"
BASE = "base"
USES = "uses.jsonl"
TRAINING = "training.json"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TABLES = {".csv", ".jsonl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One model: ``model`` is how assessments name it; ``training`` is what its training wrote down, if any."""

    name: str
    folder: Path
    model: str
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One time that a version became current.

    ``before`` are the versions to go back to, the nearest last. ``why`` is in words what the gate said; ``forced``
    says that it said no.
    """

    version: str
    at: str
    before: Sequence[str] = ()
    forced: bool = False
    why: Sequence[str] = ()


class Versions:
    """The versions below ``root``, a folder that need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def all(self) -> list[Version]:
        """The shipped one, then those trained here by name; folders without a readable card are passed over."""
        found = [self.get(SHIPPED)]
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else []:
            if (folder / "card.json").is_file() and _NAME.fullmatch(folder.name):
                try:
                    found.append(self.get(folder.name))
                except ClassifierError as error:
                    log.warning("version %s is passed over: %s", folder.name, error)
        return found

    def get(self, name: str) -> Version:
        """Raises NotFoundError for a version that is not there, ClassifierError for one whose card cannot be read."""
        folder = SHIPPED_MODEL if name == SHIPPED else self.root / name
        if name != SHIPPED and not (_NAME.fullmatch(name) and (folder / "card.json").is_file()):
            raise NotFoundError("version", f"'{name}'; `sahut model list` shows what there is")
        card = Card.read(folder)
        training = folder / TRAINING
        said = json.loads(training.read_text(encoding="utf-8")) if training.is_file() else {}
        return Version(name=name, folder=folder, model=f"{card.name}@{card.version}", training=said)

    def tests(self) -> list[Path]:
        """The fixed test sets that are kept with the models."""
        folder = self.root / TESTS
        return sorted(one for one in folder.iterdir() if one.suffix in _TABLES) if folder.is_dir() else []

    def new_name(self, now: datetime) -> str:
        """The day with a running number: a name that no version has yet."""
        day = f"{now:%Y%m%d}"
        return next(name for n in range(1, 1_000) if not (self.root / (name := f"{day}-{n}")).exists())

    def uses(self) -> list[Use]:
        """Oldest first. A last line that a crash cut off counts as not written."""
        try:
            lines = (self.root / USES).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found: list[Use] = []
        for line in lines:
            try:
                found.append(Use(**json.loads(line)))
            except (ValueError, TypeError):
                log.warning("a line of %s cannot be read and is passed over", self.root / USES)
        return found

    def current(self) -> str:
        """The version that holds: the last one used, else the shipped one."""
        uses = self.uses()
        return uses[-1].version if uses else SHIPPED

    def was_current(self, name: str) -> bool:
        """Whether a version held at any time; the shipped one always has."""
        return name == SHIPPED or any(use.version == name for use in self.uses())

    def use(self, name: str, now: datetime, *, forced: bool = False, why: Sequence[str] = ()) -> Use:
        """Make a version current. Raises NotFoundError, ClassifierError, RefusedError where it is so already."""
        version = self.get(name)
        uses = self.uses()
        current = uses[-1].version if uses else SHIPPED
        if name == current:
            raise RefusedError(f"{name} is the current version already", rule="current_version")
        before = [*(uses[-1].before if uses else ()), current]
        return self._append(Use(version=version.name, at=now.isoformat(), before=before, forced=forced, why=list(why)))

    def roll_back(self, now: datetime) -> Use:
        """Make the version before the current one current again. Raises RefusedError where there was none."""
        uses = self.uses()
        if not uses or not uses[-1].before:
            raise RefusedError(f"{self.current()} is the first version: nothing was before it", rule="first_version")
        *before, name = uses[-1].before
        self.get(name)
        return self._append(Use(version=name, at=now.isoformat(), before=before, why=["rolled back"]))

    def stamp(self) -> tuple[int, int]:
        """Changes whenever a version becomes current."""
        try:
            found = (self.root / USES).stat()
        except FileNotFoundError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)

    def _append(self, use: Use) -> Use:
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / USES
        cut_off = path.exists() and not path.read_bytes().endswith(b"\n")
        with path.open("a", encoding="utf-8") as lines:
            lines.write(("\n" if cut_off else "") + json.dumps(asdict(use), ensure_ascii=False) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
        return use


class Current:
    """Gives the classifier of the current version, loaded when first asked for, and anew when the version changes.

    ``load`` makes a classifier of a model folder. A new version that cannot be loaded leaves the old one at work, and
    the log says so once. Threads may share it.
    """

    def __init__(self, versions: Versions, load: Callable[[Path], Classifier]) -> None:
        self._versions = versions
        self._load = load
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._name = ""
        self._loaded: Classifier | None = None

    def __call__(self) -> Classifier:
        """Raises ClassifierError when not even a first model can be loaded."""
        with self._lock:
            stamp = self._versions.stamp()
            if self._loaded is None:
                self._take(self._versions.current())
            elif stamp != self._stamp and (name := self._versions.current()) != self._name:
                try:
                    self._take(name)
                    log.warning("the model is %s from now on", name)
                except ClassifierError as error:
                    log.error("the model stays %s: %s", self._name, error)  # noqa: TRY400 - the sentence is enough
            self._stamp = stamp
            assert self._loaded is not None  # noqa: S101 - taken above, or raised
            return self._loaded

    def _take(self, name: str) -> None:
        try:
            version = self._versions.get(name)
        except NotFoundError as error:
            raise ClassifierError(
                f"the current version {name} is not in {self._versions.root}: copy it there, or `sahut model rollback`"
            ) from error
        self._loaded = self._load(version.folder)
        self._name = name
