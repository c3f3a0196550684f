"""Temperatures: what turns a network's scores into probabilities that mean what they say.

Fitted on rows kept from training (Guo et al. 2017, "On Calibration of Modern Neural Networks"): one temperature per
head, by the likelihood of the labels; for ``urgent``, whose training weighted the rare class up, a scale and a bias.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TEMPERATURES = np.geomspace(0.3, 4.0, 200)


def fit_temperature(logits: Floats, labels: Sequence[int]) -> float:
    """The temperature under which ``labels`` (rows,) are likeliest given ``logits`` (rows, classes)."""
    rows = np.arange(len(labels))

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_shares = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-log_shares[rows, np.asarray(labels)].mean())

    return float(min(_TEMPERATURES, key=surprise))


def fit_scale_and_bias(scores: Floats, labels: Sequence[int]) -> tuple[float, float]:
    """Scale and bias of a logistic curve through ``scores`` (rows,) and 0/1 ``labels``, by Newton's method.

    A light pull towards scale 1 keeps a handful of positives from asking for an infinite slope.
    """
    features = np.stack([scores, np.ones_like(scores)], axis=1)
    said = np.asarray(labels, dtype=np.float64)
    prior = np.diag([1.0, 0.01])
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        likely = 1.0 / (1.0 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (likely - said) + prior @ (weights - np.array([1.0, 0.0]))
        curve = features.T @ (features * (likely * (1 - likely))[:, None]) + prior
        weights = weights - np.linalg.solve(curve, gradient)
    return float(weights[0]), float(weights[1])
