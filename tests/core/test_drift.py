"""Whether a month differs from the one before: certain, large enough to matter, and said in words."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sahut.core import drift
from sahut.core.model import SourceMonth

USUAL = (600, 150, 60, 30, 20, 20, 20, 30, 30, 40)
MONTH = SourceMonth(
    source="kota",
    judged=1000,
    histogram=USUAL,
    models={"own@1": 1000},
    flagged=140,
    decided=100,
    confirmed=60,
    not_complaints=30,
    found_by_search=3,
)


def findings(this: SourceMonth, last: SourceMonth = MONTH) -> dict[str, drift.Finding]:
    said = drift.compare("2026-11", [this], [last])
    return {finding.what: finding for finding in said.findings}


def test_the_index_is_the_textbooks_sum() -> None:
    # Two bins, 50:50 expected and 40:60 seen: (0.4-0.5)·ln(0.4/0.5) + (0.6-0.5)·ln(0.6/0.5).
    expected = -0.1 * math.log(0.8) + 0.1 * math.log(1.2)
    assert drift.stability_index([50, 50], [40, 60]) == pytest.approx(expected)
    assert drift.stability_index(USUAL, [2 * count for count in USUAL]) == pytest.approx(0)
    assert math.isfinite(drift.stability_index([100, 0], [0, 100]))


def test_the_same_month_again_moves_nothing() -> None:
    said = drift.compare("2026-11", [MONTH], [MONTH])
    assert not said.moved
    assert [finding.moved for finding in said.findings] == [False] * 5
    assert (said.index, said.before) == (0.0, "2026-10")


def test_chance_alone_moves_nothing() -> None:
    chance = random.Random(1)
    weights = [count / 1000 for count in USUAL]

    def drawn(count: int) -> SourceMonth:
        posts = chance.choices(range(10), weights, k=count)
        return replace(MONTH, judged=count, histogram=[posts.count(at) for at in range(10)], flagged=count // 7)

    moved = sum(findings(drawn(120), drawn(150))["scores"].moved is True for _ in range(200))
    assert moved < 20, "small months have large indexes by chance"


def test_scores_that_moved_are_named_with_their_source_and_what_to_do() -> None:
    flood = replace(MONTH, source="banjir", histogram=USUAL[::-1])
    said = drift.compare("2026-11", [MONTH, flood], [MONTH, replace(MONTH, source="banjir")])
    (finding,) = [one for one in said.findings if one.what == "scores"]
    assert finding.moved
    assert "much" in finding.words
    assert "banjir" in finding.words
    assert "kota" not in finding.words
    assert "sahut evaluate" in finding.advice
    assert said.sources[0][0].source == "banjir", "what moved most comes first"


def test_a_source_that_came_or_went_is_compared_with_nothing() -> None:
    said = drift.compare("2026-11", [replace(MONTH, source="baru")], [MONTH])
    assert [(one.source, other.judged, index) for one, other, index in said.sources] == [
        ("baru", 0, None),
        ("kota", 1000, None),
    ]


@pytest.mark.parametrize(
    ("change", "what", "advice"),
    [
        ({"not_complaints": 60}, "dismissed", "Raise the threshold for kota"),
        ({"not_complaints": 5}, "dismissed", "Good news"),
        ({"flagged": 300}, "flagged", "threshold"),
        ({"found_by_search": 40}, "missed", "Lower the threshold"),
        ({"models": {"own@2": 1000}}, "model", "sahut reassess"),
    ],
)
def test_what_staff_made_of_it_has_its_own_advice(change: dict[str, object], what: str, advice: str) -> None:
    found = findings(replace(MONTH, **change))  # type: ignore[arg-type]
    assert found[what].moved
    assert advice in found[what].advice
    assert [name for name, finding in found.items() if finding.moved] == [what]


def test_a_difference_that_is_sure_and_small_does_not_matter() -> None:
    many = replace(MONTH, judged=1_000_000, flagged=140_000, histogram=[1000 * count for count in USUAL])
    assert findings(replace(many, flagged=143_000), many)["flagged"].moved is False


def test_too_little_to_tell_is_said_and_is_no_move() -> None:
    said = drift.compare("2026-11", [], [MONTH])
    assert not said.moved
    assert {finding.moved for finding in said.findings} == {None}
    assert findings(replace(MONTH, decided=10, not_complaints=10))["dismissed"].moved is None


def test_months_begin_by_the_agencys_clock() -> None:
    assert drift.month_of(datetime(2026, 10, 31, 17, 0, tzinfo=UTC)) == "2026-11"
    begin, end = drift.bounds("2026-12")
    assert (begin.astimezone(UTC), end.astimezone(UTC)) == (
        datetime(2026, 11, 30, 17, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 17, 0, tzinfo=UTC),
    )
    assert [drift.month_before(month) for month in ("2026-01", "2026-03", "2026-12")] == [
        "2025-12",
        "2026-02",
        "2026-11",
    ]
    for month in ("2026-13", "november", "2026"):
        with pytest.raises(ValueError, match=r"does not match|unconverted"):
            drift.bounds(month)
