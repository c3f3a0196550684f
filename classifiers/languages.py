"""The language of a text: Indonesian, Javanese, Sundanese, Minangkabau, English, or another.

A linear model over words and their character n-grams, trained by `classifiers.train_languages`; its 200 kB ship with
the package. No package that brings its model along tells these languages apart: docs/place-language-personal.md has the
comparison.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from math import exp, sqrt
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sahut.core.errors import ClassifierError
from sahut.core.model import Language

SHIPPED = Path(__file__).with_name("languages.npz")
LABELS = tuple(Language)
BUCKETS = 1 << 15
# Short texts and slang look like anything: another language than Indonesian must be this likely to be believed.
LEAST = 0.45
# The last letter of the Latin blocks: what lies beyond is another script, and none of the five languages.
_LAST_LATIN = "\u024f"

# The language shows within the first hundred words.
_LONGEST = 2_000
_MOST_WORDS = 100
_LONGEST_WORD = 20
_SKIPPED = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w.-]+|[@#]\w+|<\w+>")
_STRETCHED = re.compile(r"(.)\1{2,}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def words(text: str) -> list[str]:
    """The words that speak for a language: lower case, without links, handles, tags and numbers, at most 100."""
    plain = _STRETCHED.sub(r"\1\1", _SKIPPED.sub(" ", text[:_LONGEST]).lower())
    return _WORD.findall(plain)[:_MOST_WORDS]


def buckets(word: str) -> list[int]:
    """The features of a word: itself and its n-grams of one to four characters with its ends, hashed."""
    marked = f"<{word[:_LONGEST_WORD]}>"
    grams = [marked[at : at + size] for size in range(1, 5) for at in range(len(marked) - size + 1)]
    return [zlib.crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS for gram in [marked + "=", *grams]]


class LanguageFinder:
    """Names languages with the weights in ``path``. Raises ClassifierError where they cannot be read."""

    def __init__(self, path: Path = SHIPPED) -> None:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                weights = stored["weights"]
                scale = stored["scale"]
                bias = stored["bias"]
        except (OSError, KeyError, ValueError, BadZipFile) as error:
            raise ClassifierError(f"no usable model of languages at {path}: {error}") from error
        if weights.shape != (BUCKETS, len(LABELS)):
            raise ClassifierError(f"the model of languages at {path} is of another version: train it anew")
        self._bias: list[float] = bias.tolist()

        # Words come again and again; what one speaks for need not be summed twice.
        @lru_cache(maxsize=20_000)
        def spoken_for(word: str) -> tuple[int, list[float]]:
            found = buckets(word)
            return len(found), (weights[found].sum(axis=0, dtype=np.int32) * scale).tolist()

        self._spoken_for = spoken_for

    def probabilities(self, text: str) -> dict[Language, float]:
        """Softmax over the six; empty for a text without a word."""
        spoken = words(text)
        if not spoken:
            return {}
        features = 0
        scores = [0.0] * len(LABELS)
        for word in spoken:
            count, votes = self._spoken_for(word)
            features += count
            for at, vote in enumerate(votes):
                scores[at] += vote
        # The square root keeps short texts near the prior and lets long ones be certain.
        return _softmax([score / sqrt(features) + bias for score, bias in zip(scores, self._bias, strict=True)])

    def find(self, text: str) -> Language | None:
        """The language: Indonesian unless another is likely (`LEAST`); None for a text without a word."""
        found = self.probabilities(text)
        if not found:
            return None
        letters = "".join(words(text))
        if sum(letter > _LAST_LATIN for letter in letters) > len(letters) / 2:
            return Language.OTHER
        best = max(found, key=lambda language: found[language])
        return best if found[best] >= LEAST else Language.INDONESIAN


def _softmax(scores: Sequence[float]) -> dict[Language, float]:
    highest = max(scores)
    powers = [exp(score - highest) for score in scores]
    total = sum(powers)
    return {language: power / total for language, power in zip(LABELS, powers, strict=True)}
