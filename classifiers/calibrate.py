"""What turns scores into probabilities that mean what they say, fitted on rows kept from training.

Each head's answer is a softmax of the network's log-shares and the n-grams' scores, each times a factor; the factors
are those under which the labels are likeliest. Without n-grams this is temperature scaling (Guo et al. 2017, "On
Calibration of Modern Neural Networks") with the factor for one over the temperature. For ``urgent``, whose training
weighted the rare class up, a scale and a bias.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NETWORK = np.round(np.arange(0.25, 1.55, 0.05), 2)
_WORDS = np.round(np.arange(0.0, 1.25, 0.05), 2)
_FLATTEST = 0.05


def log_shares(scores: Floats) -> Floats:
    """Logarithm of the softmax over the last axis."""
    lowered: Floats = scores - scores.max(axis=-1, keepdims=True)
    found: Floats = lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))
    return found


def fit_blend(network: Floats, words: Floats | None, labels: Sequence[int]) -> tuple[float, float]:
    """Factors of the network's log-shares and of the n-grams' scores, (rows, classes) each, from ``labels`` (rows,).

    The second is 0 where ``words`` is None.
    """
    rows = np.arange(len(labels))
    said = np.asarray(labels)
    shares = log_shares(network)

    def surprise(factors: tuple[float, float]) -> float:
        mixed = factors[0] * shares if words is None else factors[0] * shares + factors[1] * words
        return float(-log_shares(mixed)[rows, said].mean())

    tried = [(float(a), float(b)) for a in _NETWORK for b in (_WORDS if words is not None else (0.0,))]
    return min(tried, key=surprise)


def fit_scale_and_bias(scores: Floats, labels: Sequence[int]) -> tuple[float, float]:
    """Scale and bias of a logistic curve through ``scores`` (rows,) and 0/1 ``labels``, the likeliest ones.

    A light pull towards scale 1 keeps a handful of positives from asking for an infinite slope, and the scale stays
    positive: the curve never turns the ranking round. Newton's plain steps do not do: with six positives among
    hundreds they overshoot and never come back.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 -- the service reads this module too, and fits nothing

    said = np.asarray(labels, dtype=np.float64)

    def surprise(weights: Floats) -> float:
        at = weights[0] * scores + weights[1]
        likely = np.logaddexp(0.0, at) - said * at
        return float(likely.sum() + 0.5 * (weights[0] - 1.0) ** 2 + 0.005 * weights[1] ** 2)

    found = minimize(surprise, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(_FLATTEST, None), (None, None)])
    return float(found.x[0]), float(found.x[1])
