"""Factors and curves, fitted to answers of known confidence."""

import numpy as np
import pytest

from classifiers.calibrate import fit_blend, fit_scale_and_bias


def test_an_overconfident_head_is_cooled() -> None:
    # Says 98 % and is right three times in four: its log-odds of 4 should be log(3).
    logits = np.tile([4.0, 0.0], (400, 1))
    labels = [0, 0, 0, 1] * 100

    network, words = fit_blend(logits, None, labels)

    assert network == pytest.approx(np.log(3.0) / 4.0, abs=0.03)
    assert words == 0.0


def test_the_better_of_two_voices_is_trusted_more() -> None:
    chance = np.random.default_rng(5)
    labels = chance.integers(0, 3, 3_000)
    sure = np.eye(3)[labels] * 2.0 + chance.normal(0, 1.0, (3_000, 3))
    guess = np.eye(3)[labels] * 0.3 + chance.normal(0, 1.0, (3_000, 3))

    sure_first = fit_blend(sure, guess, labels.tolist())
    guess_first = fit_blend(guess, sure, labels.tolist())

    assert sure_first[0] > 3 * sure_first[1]
    assert guess_first[1] > 3 * guess_first[0] - 0.75  # the network's factor has a floor of a quarter


def test_a_curve_goes_through_the_base_rate() -> None:
    chance = np.random.default_rng(3)
    scores = chance.normal(size=4_000)
    labels = (chance.random(4_000) < 1 / (1 + np.exp(-(2.0 * scores - 1.0)))).astype(int).tolist()

    scale, bias = fit_scale_and_bias(scores, labels)

    assert scale == pytest.approx(2.0, abs=0.25)
    assert bias == pytest.approx(-1.0, abs=0.2)


def test_a_few_positives_among_many_neither_turn_the_curve_round_nor_throw_it_off() -> None:
    # Six alarms among six hundred posts that the network is very sure about, as a small calibration set has them.
    chance = np.random.default_rng(7)
    scores = np.concatenate([chance.normal(-9.0, 2.0, 594), chance.normal(1.0, 5.0, 6)])
    labels = [0] * 594 + [1] * 6

    scale, bias = fit_scale_and_bias(scores, labels)

    assert 0.0 < scale < 5.0
    assert abs(bias) < 10.0
    alarms = 1 / (1 + np.exp(-(scale * scores + bias)))
    assert alarms.sum() == pytest.approx(6.0, abs=1.0)
