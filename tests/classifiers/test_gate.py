"""The gate: surely better on held-out decisions, no worse on fixed test sets."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from classifiers import gate
from classifiers._corpus import CLASSES
from classifiers.evaluate import LabelledRow
from sahut.core.model import Assessment, Kind
from tests.builders import an_assessment


class Judge:
    """Knows a share of the complaints for certain, by a hash of the row's number, and guesses at the others."""

    name = "judge"

    def __init__(self, model: str, *, knows: float, seed: int = 1) -> None:
        self.model = model
        self.knows = knows
        self.seed = seed

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Assessment:
        chance = random.Random(f"{self.seed} {text}")
        truth = text.startswith("complaint")
        sure = chance.random()
        says = truth if chance.random() < self.knows else chance.random() < 0.5
        kind = Kind.COMPLAINT if says else Kind.OTHER
        return an_assessment(kind, sure=0.6 + 0.39 * sure, model=self.model)


def rows(count: int = 300, *, complaints: float = 0.4) -> list[LabelledRow]:
    found = []
    for number in range(count):
        kind = "complaint" if number < count * complaints else "other"
        text = f"{kind} {number}"
        found.append(
            LabelledRow(text=text, raw=text, set="invented", where=str(number), kind=CLASSES["kind"].index(kind))
        )
    return found


WEAK, STRONG = Judge("weak@1", knows=0.5), Judge("strong@1", knows=0.9, seed=2)
TESTS = {"fixed.csv": rows(400)}


def compare(current: Judge, candidate: Judge, decisions: list[LabelledRow], tests=TESTS) -> gate.Comparison:  # type: ignore[no-untyped-def]
    return gate.compare(current, candidate, decisions, tests, lambda _: None)


def test_a_candidate_that_is_better_everywhere_passes() -> None:
    found = compare(WEAK, STRONG, rows())
    assert found.passes, found.reasons
    decisive = found.differences[0]
    assert (decisive.rows_of, decisive.measure) == (gate.DECISIONS, "complaint average precision")
    assert decisive.low > 0
    assert decisive.surely_better == 1.0
    assert decisive.change == pytest.approx(decisive.candidate - decisive.current)


def test_a_worse_candidate_and_the_same_model_do_not() -> None:
    worse = compare(STRONG, WEAK, rows())
    assert any("not surely better" in reason for reason in worse.reasons)
    assert any("worse on fixed.csv: complaint average precision" in reason for reason in worse.reasons)
    same = compare(STRONG, STRONG, rows())
    assert len(same.reasons) == 1
    assert "not surely better" in same.reasons[0]
    assert {one.change for one in same.differences} == {0.0}


def test_better_on_decisions_is_not_enough_where_a_test_set_falls() -> None:
    class Forgetful(Judge):
        """Knows what staff decided, and has forgotten the test set."""

        def _one(self, text: str) -> Assessment:
            return (STRONG if int(text.split()[1]) < 300 else WEAK)._one(text)

    later = [row for row in rows(800) if int(row.where) >= 300]
    found = compare(STRONG, Forgetful("forgetful@1", knows=0), rows(), {"later.csv": later})
    assert [reason for reason in found.reasons if "later.csv" in reason]


def test_noise_alone_is_not_held_against_a_candidate() -> None:
    refused = 0
    for seed in range(20):
        current, candidate = Judge("a@1", knows=0.85, seed=seed), Judge("b@1", knows=0.85, seed=seed + 100)
        found = gate.differences(
            "fixed.csv",
            TESTS["fixed.csv"],
            *(judge.predict([row.raw for row in TESTS["fixed.csv"]]) for judge in (current, candidate)),
        )
        refused += any(one.high < 0 for one in found)
    assert refused <= 3


def test_too_few_decisions_and_no_test_set_are_said_in_words() -> None:
    found = compare(WEAK, STRONG, rows(40, complaints=0.2), {})
    assert len(found.reasons) == 2
    assert "8 complaints and 32 that are none" in found.reasons[0]
    assert "no fixed test set" in found.reasons[1]
    assert not compare(WEAK, STRONG, []).passes


def test_rows_of_a_single_class_measure_nothing() -> None:
    assert gate.differences("one", rows(5, complaints=1), *[WEAK.predict(["x"] * 5)] * 2) == []
