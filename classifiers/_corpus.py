"""Labelled tables → examples for training, as a recipe file says.

The recipe (``recipe.toml`` beside this file documents its keys) is data, so that a new set, or staff's own decisions
exported as a table, joins the training without a change of code.
"""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from classifiers._text import clean
from sahut.core.errors import SettingsError
from sahut.core.model import Kind, Sentiment, Topic

CLASSES: Mapping[str, list[str]] = {
    "kind": [str(kind) for kind in Kind],
    "sentiment": [str(sentiment) for sentiment in Sentiment],
    "topic": [str(topic) for topic in Topic],
}
UNKNOWN = -1

_WORD = re.compile(r"[^\W_]+")
_SHINGLE_WORDS = 4
_NEAR_DUPLICATE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled text. Class numbers index CLASSES; UNKNOWN where the set does not say."""

    text: str
    set: str
    kind: int = UNKNOWN
    sentiment: int = UNKNOWN
    topic: int = UNKNOWN
    urgent: int = UNKNOWN
    complaint: int = UNKNOWN
    weight: float = 1.0
    own_scale: bool = False

    @property
    def labelled(self) -> bool:
        """Whether any head can learn from it."""
        return max(self.kind, self.sentiment, self.topic, self.urgent, self.complaint) > UNKNOWN


class Annotated(StrEnum):
    """What the labels of ``annotations.csv`` mean to a set."""

    IGNORED = "ignored"
    PREFERRED = "preferred"  # they replace the set's own
    REQUIRED = "required"  # rows without one are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """One ``[[set]]`` or ``[[held_out]]`` of a recipe."""

    files: list[str]
    name: str = "held out"
    per_pass: int = 0
    only: Mapping[str, list[str]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    own_scale: bool = False
    calibrate: int = 0
    folds: int = 0
    annotated: Annotated = Annotated.IGNORED
    annotations: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def read(self, root: Path) -> Iterator[Example]:
        """The set's examples, cleaned; rows without a usable label are passed over, but for a set that names none."""
        for row in self._rows(root):
            example = self._example(row)
            if (example.labelled or not self.labels) and example.text:
                yield example

    def texts(self, root: Path) -> Iterator[str]:
        """The cleaned texts alone, labelled or not."""
        return (clean(row["text"]) for row in self._rows(root))

    def _rows(self, root: Path) -> Iterator[dict[str, str]]:
        for name in self.files:
            with (root / name).open(encoding="utf-8", newline="") as table:
                for plain in csv.DictReader(table):
                    row = self._with_annotation(plain)
                    if row and all(row.get(column) in values for column, values in self.only.items()):
                        yield row

    def _with_annotation(self, row: dict[str, str]) -> dict[str, str]:
        """The row with our own labels over it; nothing for a row without, where only labelled rows count."""
        if self.annotated is Annotated.IGNORED:
            return row
        ours = self.annotations.get(annotation_key(row["text"]))
        if ours is None:
            return row if self.annotated is Annotated.PREFERRED else {}
        return {**row, **ours}

    def _example(self, row: Mapping[str, str]) -> Example:
        weight = self.weight
        for column, factors in self.weights.items():
            weight *= factors.get(row[column], 1.0)
        numbers: dict[str, Any] = {head: self._number(head, source, row) for head, source in self.labels.items()}
        return replace(
            Example(text=clean(row["text"]), set=self.name, weight=weight, own_scale=self.own_scale), **numbers
        )

    def _number(self, head: str, source: str, row: Mapping[str, str]) -> int:
        said = source[1:] if source.startswith("=") else row[source]
        value = self.values.get(said, said)
        if value == "":
            return UNKNOWN
        if head in CLASSES:
            if value not in CLASSES[head]:
                raise SettingsError(f"{value!r} is no {head}", file=self.files[0], key=self.name)
            return CLASSES[head].index(value)
        return int(value)


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a training run reads: ``sets`` in the recipe's order, ``calibration`` kept apart from them."""

    sets: list[tuple[LabelledSet, list[Example]]]
    calibration: list[Example]


def load_corpus(recipe: Path, root: Path) -> Corpus:
    """Read every set of ``recipe`` below ``root``, without near copies of held-out rows.

    Raises SettingsError for a recipe that does not parse or a label that is none of ours, OSError for a missing file.
    """
    try:
        said = tomllib.loads(recipe.read_text(encoding="utf-8"))
        ours = _read_annotations(recipe.with_name(said["annotations"])) if "annotations" in said else {}
        sets = [_labelled_set(entry, ours) for entry in said["set"]]
        held_out = [LabelledSet(**entry) for entry in said.get("held_out", [])]
        calibrating = [LabelledSet(**entry) for entry in said.get("calibration", [])]
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"not a training recipe: {error}", file=str(recipe)) from error
    seen = NearDuplicates(text for one in held_out for text in one.texts(root))
    kept: list[tuple[LabelledSet, list[Example]]] = []
    calibration: list[Example] = []
    for one in calibrating:
        calibration += sorted(one.read(root), key=_order)[: one.calibrate or None]
    for one in sets:
        examples = [example for example in one.read(root) if not seen.holds(example.text)]
        if one.folds:
            examples = [example for example in examples if fold(example.text, one.folds) < one.folds - 1]
        # Ordered by hash: the same rows are kept apart whatever else the table gains or loses.
        examples.sort(key=_order)
        calibration += examples[: one.calibrate]
        kept.append((one, examples[one.calibrate :]))
    return Corpus(sets=kept, calibration=calibration)


def annotation_key(text: str) -> str:
    """What ``annotations.csv`` calls a text as it stands in its table: twelve hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _labelled_set(entry: Mapping[str, Any], annotations: Mapping[str, Mapping[str, str]]) -> LabelledSet:
    one = LabelledSet(**entry, annotations=annotations)
    return replace(one, annotated=Annotated(one.annotated))


def _read_annotations(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return {row.pop("key"): row for row in csv.DictReader(table)}


def fold(text: str, folds: int) -> int:
    """Which of ``folds`` a text belongs to: by hash, so the same on every machine and in every order."""
    return int(_digest(text)[:8], 16) % folds


def _order(example: Example) -> str:
    return _digest(example.text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.casefold().encode("utf-8", "replace")).hexdigest()


class NearDuplicates:
    """Finds texts that share at least half of their word four-grams with one of the given texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._where: dict[str, set[int]] = defaultdict(set)
        for number, text in enumerate(texts):
            for shingle in _shingles(text):
                self._where[shingle].add(number)

    def holds(self, text: str) -> bool:
        """Whether ``text`` nearly repeats a text given at construction."""
        shingles = _shingles(text)
        shared: dict[int, int] = defaultdict(int)
        for shingle in shingles:
            for number in self._where.get(shingle, ()):
                shared[number] += 1
        return max(shared.values(), default=0) >= _NEAR_DUPLICATE * len(shingles)


def _shingles(text: str) -> set[str]:
    """Runs of four words, lower case, without handles and links; of a short text, the text itself."""
    words = _WORD.findall(re.sub(r"@\w+|http", " ", text.casefold()))
    if len(words) < _SHINGLE_WORDS:
        return {" ".join(words)}
    return {" ".join(words[at : at + _SHINGLE_WORDS]) for at in range(len(words) - _SHINGLE_WORDS + 1)}
