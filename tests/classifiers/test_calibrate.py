"""Temperatures, fitted to answers of known confidence."""

import numpy as np
import pytest

from classifiers.calibrate import fit_scale_and_bias, fit_temperature


def test_an_overconfident_head_is_cooled() -> None:
    # Says 98 % and is right three times in four: log(3) / log-odds said = 1.1 / 4 under the right temperature.
    logits = np.tile([4.0, 0.0], (400, 1))
    labels = [0, 0, 0, 1] * 100

    assert fit_temperature(logits, labels) == pytest.approx(4.0 / np.log(3.0), rel=0.02)


def test_a_curve_goes_through_the_base_rate() -> None:
    chance = np.random.default_rng(3)
    scores = chance.normal(size=4_000)
    labels = (chance.random(4_000) < 1 / (1 + np.exp(-(2.0 * scores - 1.0)))).astype(int).tolist()

    scale, bias = fit_scale_and_bias(scores, labels)

    assert scale == pytest.approx(2.0, abs=0.25)
    assert bias == pytest.approx(-1.0, abs=0.2)
