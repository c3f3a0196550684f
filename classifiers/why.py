"""Why a text was flagged: the words whose absence moves the decision (occlusion, as Li, Monroe and Jurafsky 2016).

Every number here is an experiment on the classifier itself: a stretch of the original text is taken out, the rest is
judged again, and the change of the log-odds is the stretch's weight. Attention and gradients would be cheaper and say
less: neither is what the text would have been judged as without the word. Only `predict` is needed, so every
classifier can be asked.

Phrases come first, then the words inside those that matter, so that a text costs a bounded number of judgements: at
most 16 up to 30 words, at most 24 beyond, where only the first 80 words are looked into (some 128 tokens hold
about as many). On the invented posts of the demonstration this finds words that lower the log-odds by nine tenths of
what leaving out each single word in turn would find, at two thirds of its cost.

A good complaint says it twice ("mati semua, mohon diperbaiki"), and then no phrase is missed: the others say as much.
Such a text (three flagged ones in ten) is asked the other way round: what is each phrase judged as alone, with all else
taken out, and what without a word of it? That too ends at 24 judgements, the later ones of a few words each.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sahut.core.model import Assessment, Kind, WhySpan
from sahut.core.ports import Classifier

FEW_RUNS = 16
MANY_RUNS = 24
_FEW_WORDS = 30
_MOST_WORDS = 80
_PHRASE_WORDS = 5
_MOST_PHRASES = 8

# What a text is read of at most (as the cleaning does), before any pattern runs.
_READ = 8_000
# Below this change of the log-odds, and below this share of the strongest, a stretch decides nothing.
_LEAST_WEIGHT = 0.1
_LEAST_SHARE = 0.34
# A phrase none of whose words carries this share of its weight speaks as a whole ("belum juga", "entah kapan").
_CARRIES = 0.3
# Where the strongest stretch weighs less than this, the rest of the text says as much as it does.
_MISSED = 1.0
_LEAST_PROBABILITY = 1e-9

_PIECES = re.compile(
    # Tags and hard spaces are layout: taking half a tag out would lay its other half open.
    r"(?P<layout></?[a-zA-Z][^<>]{0,300}>|<!--.*?-->|&(?:nbsp|#160|#xa0);)"
    # The cleaning reads a long number or an address as one sign; a part of one is another sign.
    r"|(?P<word>(?:https?://|www\.)[^\s<>]+|(?<!\w)\+?\d(?:[ .-]?\d){7,}(?!\w)"
    r"|[<&]?[^\s\x00-\x1f\x7f-\x9f<&]+)",
    re.DOTALL | re.IGNORECASE,
)

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Neighbouring words and what they weigh together; ``within`` is the text around them, of log-odds ``said``."""

    words: tuple[Stretch, ...]
    weight: float
    within: Stretch
    said: float

    @property
    def stretch(self) -> Stretch:
        return _around(self.words)


class Occlusion:
    """Explains ``classifier``'s decision for ``kinds`` together: what a policy flags."""

    def __init__(self, classifier: Classifier, *, kinds: Collection[Kind] = (Kind.COMPLAINT,)) -> None:
        self._classifier = classifier
        self._kinds = frozenset(kinds)
        self.model = classifier.model

    def explain(self, text: str) -> list[WhySpan]:
        """The stretches of ``text`` that carried the decision, in order; none overlaps another.

        A weight is in log-odds (natural): positive spoke for the kinds, negative against. Offsets count characters of
        ``text`` as given. The same text gives the same answer. Raises ClassifierError as `predict` does.
        """
        text = text[:_READ]
        words = _words(text)
        if len(words) > _MOST_WORDS:
            # What lies behind would slide into the model's window when something before it is taken out.
            words = words[:_MOST_WORDS]
            text = text[: words[-1][1]]
        if not words:
            return []
        everything = (0, len(text))
        grouped = _phrases(text, words)
        short = len(words) < FEW_RUNS
        first = words if short else [_around(group) for group in grouped]
        whole, *without = self._judge([text, *(_left(text, everything, one) for one in first)])
        weights = [whole - rest for rest in without]
        spent = 1 + len(first)
        if whole > 0 and max(weights) < _MISSED and len(grouped) > 1:
            alone = self._alone(text, grouped)
            return _telling(self._look_into(text, alone, runs=MANY_RUNS - spent - len(grouped) - 1))
        if short:
            return _telling(list(zip(words, weights, strict=True)))
        phrases = [
            _Phrase(tuple(group), weight, everything, whole) for group, weight in zip(grouped, weights, strict=True)
        ]
        runs = FEW_RUNS if len(words) <= _FEW_WORDS else MANY_RUNS
        return _telling(self._look_into(text, phrases, runs=runs - spent))

    def _alone(self, text: str, grouped: Sequence[Sequence[Stretch]]) -> list[_Phrase]:
        """The phrases that decide by themselves, or else the one that comes nearest; one judgement each and one."""
        stretches = [_around(group) for group in grouped]
        nothing, *alone = self._judge(["", *(text[start:end] for start, end in stretches)])
        phrases = [
            _Phrase(tuple(group), said - nothing, stretch, said)
            for group, stretch, said in zip(grouped, stretches, alone, strict=True)
        ]
        return [one for one in phrases if one.said >= 0] or [max(phrases, key=lambda one: one.said)]

    def _look_into(self, text: str, phrases: Sequence[_Phrase], *, runs: int) -> list[tuple[Stretch, float]]:
        """The phrases with their weights, the weightiest replaced by parts of them: single words, as ``runs`` allow."""
        parts: list[tuple[_Phrase, list[Stretch]]] = []
        whole: list[_Phrase] = []
        for phrase in sorted(phrases, key=lambda one: -abs(one.weight)):
            affordable = min(len(phrase.words), runs)
            if affordable > 1:
                parts.append((phrase, _pieces(phrase.words, affordable)))
                runs -= affordable
            else:
                whole.append(phrase)
        judged = iter(self._judge([_left(text, phrase.within, one) for phrase, some in parts for one in some]))
        found = [(phrase.stretch, phrase.weight) for phrase in whole]
        for phrase, some in parts:
            mine = [(one, phrase.said - next(judged)) for one in some]
            carries = max(weight * math.copysign(1.0, phrase.weight) for _, weight in mine)
            found += mine if carries >= _CARRIES * abs(phrase.weight) else [(phrase.stretch, phrase.weight)]
        return found

    def _judge(self, texts: Sequence[str]) -> list[float]:
        """The log-odds of each text."""
        return [self._log_odds(found) for found in self._classifier.predict(texts)] if texts else []

    def _log_odds(self, found: Assessment) -> float:
        wanted = sum(share for kind, share in found.kinds.items() if kind in self._kinds)
        others = sum(share for kind, share in found.kinds.items() if kind not in self._kinds)
        return math.log(max(wanted, _LEAST_PROBABILITY)) - math.log(max(others, _LEAST_PROBABILITY))


def _left(text: str, within: Stretch, taken: Stretch) -> str:
    """What is left of the text ``within`` when a stretch of it is taken out."""
    return f"{text[within[0] : taken[0]]} {text[taken[1] : within[1]]}"


def _around(words: Sequence[Stretch]) -> Stretch:
    return words[0][0], words[-1][1]


def _words(text: str) -> list[Stretch]:
    """Where the words of a text stand, without the punctuation around them; signs alone are none, emoji are."""
    found = []
    for piece in _PIECES.finditer(text):
        if piece.group("word") is None:
            continue
        start, end = piece.span()
        while start < end and _is_rim(text[start]) and text[start] not in "@#":
            start += 1
        while start < end and _is_rim(text[end - 1]):
            end -= 1
        if any(sign.isalnum() or unicodedata.category(sign) == "So" for sign in text[start:end]):
            found.append((start, end))
    return found


def _is_rim(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PC" or sign in "<>`^|~+=$"


def _phrases(text: str, words: Sequence[Stretch]) -> list[list[Stretch]]:
    """The words in groups of about five, rather cut where the text has a comma or a full stop."""
    count = max(1, min(_MOST_PHRASES, round(len(words) / _PHRASE_WORDS)))
    size = len(words) / count
    found: list[list[Stretch]] = [[]]
    for word, after in zip(words, [*words[1:], None], strict=True):
        found[-1].append(word)
        if after is None or len(found) == count:
            continue
        pause = any(sign in ".,;:!?\n" for sign in text[word[1] : after[0]])
        if len(found[-1]) >= size or (pause and len(found[-1]) >= size - 1):
            found.append([])
    return found


def _pieces(words: Sequence[Stretch], count: int) -> list[Stretch]:
    """The words in ``count`` runs as even as can be, each as one stretch."""
    bounds = [round(at * len(words) / count) for at in range(count + 1)]
    return [(words[a][0], words[b - 1][1]) for a, b in pairwise(bounds)]


def _telling(weighed: Sequence[tuple[Stretch, float]]) -> list[WhySpan]:
    """The stretches that weigh something beside the strongest, in the order of the text."""
    strongest = max(abs(weight) for _, weight in weighed)
    least = max(_LEAST_WEIGHT, _LEAST_SHARE * strongest)
    return [
        WhySpan(start=start, end=end, weight=round(weight, 3))
        for (start, end), weight in sorted(weighed)
        if abs(weight) >= least
    ]
