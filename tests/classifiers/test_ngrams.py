"""The linear reader of n-grams: the same places on every machine, and scores that come from them alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers._ngrams import BUCKETS, FILE, Ngrams, buckets
from sahut.core.errors import ClassifierError


def a_model(**at: int) -> Ngrams:
    """Two labels of one head; the place of each named token votes for its label."""
    weights = np.zeros((BUCKETS, 2), dtype=np.int8)
    for token, label in at.items():
        [place] = buckets([int(token.removeprefix("t"))])
        weights[place, label] = 100
    return Ngrams(
        weights=weights,
        scale=np.full(2, 0.01, dtype=np.float32),
        bias=np.array([0.0, 0.5], dtype=np.float32),
        rarity=np.ones(BUCKETS, dtype=np.float32),
        columns={"kind": slice(0, 2)},
    )


def test_places_are_the_same_on_every_machine() -> None:
    # Computed once with Python's own integers: what a model learnt under these places, it must find there.
    def place(tokens: list[int]) -> int:
        hashed = 0
        for token in tokens:
            hashed = ((hashed ^ (token + 7)) * 0x9E3779B97F4A7C15) % 2**64
            hashed ^= hashed >> 29
        hashed = (hashed + len(tokens) * 0xBF58476D1CE4E5B9) % 2**64
        return (hashed ^ (hashed >> 32)) % BUCKETS

    runs = ([5], [600], [39_999], [5, 600], [600, 39_999], [5, 600, 39_999])
    assert buckets([5, 600, 39_999]).tolist() == sorted({place(run) for run in runs})


def test_a_token_said_twice_counts_once() -> None:
    assert a_model(t9=0).scores([9, 9])["kind"][0] == pytest.approx(1.0 / np.sqrt(2))


def test_a_text_of_nothing_scores_the_base_rates() -> None:
    assert a_model(t9=0).scores([])["kind"].tolist() == [0.0, 0.5]


def test_a_saved_model_scores_as_before(tmp_path: Path) -> None:
    model = a_model(t9=0, t12=1)
    model.save(tmp_path)
    read = Ngrams.load(tmp_path)
    for ids in ([9], [12, 9], [1, 2, 3]):
        assert read.scores(ids)["kind"].tolist() == model.scores(ids)["kind"].tolist()


@pytest.mark.parametrize("broken", [b"", b"not a zip", None])
def test_a_broken_or_missing_file_is_named(tmp_path: Path, broken: bytes | None) -> None:
    if broken is not None:
        (tmp_path / FILE).write_bytes(broken)
    with pytest.raises(ClassifierError, match=FILE):
        Ngrams.load(tmp_path)


def test_a_model_of_another_size_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / FILE,
        weights=np.zeros((16, 2), dtype=np.int8),
        scale=np.ones(2),
        bias=np.zeros(2),
        rarity=np.ones(16),
        kind_labels=[0, 2],
    )
    with pytest.raises(ClassifierError, match=r"\(16, 2\)"):
        Ngrams.load(tmp_path)
