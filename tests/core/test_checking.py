"""What a sample of filed mentions tells of the recall: against arithmetic, and against simulated archives."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sahut.core import checking
from sahut.core.model import CheckTally, Stratum


def tally(*strata: tuple[int, int, int], found: int = 100, waiting: int = 0, **over: int) -> CheckTally:
    """Of (population, checked, missed) by stratum."""
    made = [Stratum(number=at, population=n, checked=c, missed=m) for at, (n, c, m) in enumerate(strata)]
    return CheckTally(
        strata=made, found=found, waiting=waiting, refuted=over.get("refuted", 0), searched=over.get("searched", 0)
    )


def test_the_estimate_weighs_each_stratum_by_its_size() -> None:
    said = checking.estimate(tally((1_000, 50, 1), (200, 20, 2), (50, 10, 4)))
    assert said is not None
    assert said.missed == pytest.approx(1_000 / 50 + 200 * 2 / 20 + 50 * 4 / 10)
    assert said.recall == pytest.approx(100 / 160)
    assert said.low < said.recall < said.high
    assert said.checked == 80


def test_nothing_found_in_a_small_sample_is_no_proof_of_a_perfect_recall() -> None:
    said = checking.estimate(tally((1_000, 30, 0), (100, 10, 0), (20, 10, 0)))
    assert said is not None
    assert (said.recall, said.high) == (1.0, 1.0)
    assert said.low < 0.6


def test_what_was_checked_whole_is_known() -> None:
    said = checking.estimate(tally((10, 10, 1), (5, 5, 0), (0, 0, 0), found=9))
    assert said is not None
    assert (said.low, said.recall, said.high) == pytest.approx((0.9, 0.9, 0.9))


def test_too_few_checks_say_nothing_and_how_many_are_missing() -> None:
    few = tally((1_000, 3, 0), (2, 1, 0), (50, 9, 0))
    assert checking.still_to_check(few) == 3
    assert checking.estimate(few) is None
    assert checking.estimate(tally((0, 0, 0), (0, 0, 0), (0, 0, 0), found=0)) is None


def test_those_that_wait_count_as_those_that_were_decided() -> None:
    said = checking.estimate(tally((50, 10, 2), (0, 0, 0), (0, 0, 0), found=60, refuted=20, waiting=40, searched=5))
    assert said is not None
    assert said.recall == pytest.approx(90 / (90 + 10 + 5))


_strata = st.lists(
    st.integers(5, 3_000).flatmap(
        lambda n: st.integers(5, n).flatmap(lambda c: st.integers(0, c).map(lambda m: (n, c, m)))
    ),
    min_size=3,
    max_size=3,
)


@given(strata=_strata, found=st.integers(1, 5_000), searched=st.integers(0, 50))
def test_the_interval_holds_the_estimate_and_stays_a_share(
    strata: list[tuple[int, int, int]], found: int, searched: int
) -> None:
    said = checking.estimate(tally(*strata, found=found, searched=searched))
    assert said is not None
    assert 0 <= said.low <= said.recall + 1e-9
    assert said.recall <= said.high + 1e-9
    assert said.high <= 1
    # Whatever was found for sure was missed for sure.
    assert said.high <= found / (found + searched + sum(m for _, _, m in strata)) + 1e-9


@pytest.mark.parametrize(
    ("sizes", "rates", "checks"),
    [
        ((4_000, 600, 150), (0.002, 0.03, 0.25), (60, 60, 80)),
        ((900, 200, 60), (0.0, 0.01, 0.1), (30, 30, 40)),
        ((300, 100, 40), (0.05, 0.2, 0.5), (20, 20, 20)),
        ((20_000, 500, 100), (0.001, 0.05, 0.3), (300, 100, 100)),
    ],
)
def test_of_simulated_archives_the_interval_holds_the_truth_as_often_as_it_says(
    sizes: tuple[int, ...], rates: tuple[float, ...], checks: tuple[int, ...]
) -> None:
    rng = random.Random(str(sizes))
    held, runs, errors = 0, 300, []
    for _ in range(runs):
        truth, strata = 0, []
        for size, rate, checked in zip(sizes, rates, checks, strict=True):
            bad = sum(rng.random() < rate for _ in range(size))
            truth += bad
            # So many of the checked are bad as of a draw without putting back.
            drawn = sum(one < bad for one in rng.sample(range(size), checked))
            strata.append((size, checked, drawn))
        said = checking.estimate(tally(*strata, found=200))
        assert said is not None
        recall = 200 / (200 + truth)
        held += said.low - 1e-9 <= recall <= said.high + 1e-9
        errors.append(said.missed - truth)
    assert held / runs >= 0.92
    # Without bias: the mean error is small beside its own spread.
    mean = sum(errors) / runs
    spread = (sum((one - mean) ** 2 for one in errors) / runs) ** 0.5
    assert abs(mean) <= 4 * spread / runs**0.5


def test_lots_fall_evenly_whatever_the_ids_have_in_common() -> None:
    for step in (1, 2, 10, 1_000):
        lots = [checking.lot(one * step) for one in range(1, 20_001)]
        assert len(set(lots)) > 19_900
        tenths = Counter(one * 10 // checking.PRIME for one in lots)
        assert all(1_750 < tenths[at] < 2_250 for at in range(10)), (step, tenths)
        # The lowest tenth is no matter of where an id stands, nor of every second one.
        low = [at for at, one in enumerate(lots) if one < checking.PRIME // 10]
        assert 0.44 < sum(at < 10_000 for at in low) / len(low) < 0.56
        assert 0.44 < sum(at % 2 for at in low) / len(low) < 0.56


@pytest.mark.parametrize(
    ("left", "given_"),
    [((99, 99, 99), [3, 3, 4]), ((99, 0, 2), [8, 0, 2]), ((0, 0, 99), [0, 0, 10]), ((1, 1, 1), [1, 1, 1])],
)
def test_the_next_ten_come_from_where_there_are_any(left: tuple[int, ...], given_: list[int]) -> None:
    assert checking.shares(left, 10) == given_
