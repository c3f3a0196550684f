"""A text that is too long for its platform, as numbered parts: "… (1/3)". Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Of more nobody reads the last; and so the number has one digit.
MOST_PARTS = 9
_WORD = re.compile(r"\S+")
_SENTENCE, _CLAUSE, _SPACE, _BOUND = 0, 1, 2, 3
_CLOSING = "\"'”’»)]}"
_STOPS, _PAUSES = ".!?…。！？", ",;:–—、，；："
# What a full stop follows without ending a sentence, and what is after it belongs to: "Jl. Melati", "a.n. Rina".
_SHORT = frozenset(
    {
        "an",
        "bpk",
        "blok",
        "cq",
        "dr",
        "dra",
        "drs",
        "ds",
        "gg",
        "hj",
        "hlm",
        "ibu",
        "ir",
        "jl",
        "jln",
        "kab",
        "kec",
        "kel",
    }
    | {
        "kh",
        "kp",
        "lt",
        "mr",
        "mrs",
        "no",
        "pkl",
        "prof",
        "prov",
        "rp",
        "rt",
        "rw",
        "sdr",
        "sdri",
        "tgl",
        "ub",
        "up",
        "yth",
    }
)
_ZWJ = "\u200d"


def split(text: str, fits: Callable[[str, int], bool]) -> tuple[str, ...]:
    """The fewest parts that hold all of ``text``, cut between words, each with its number at the end.

    A part ends with a sentence where one ends in the last third of what it could hold, else with a clause, else with a
    word; never where that would take one part more. ``fits`` says whether the platform takes a text as the
    so-manieth part, from 1. () where the text fits whole, where a word fits no part, and where more than nine were
    needed.
    """
    words = _words(text)
    if not words or fits(text, 1):
        return ()
    for total in range(2, MOST_PARTS + 1):
        if parts := _Cutter(text, words, total, fits).parts():
            return parts
    return ()


def _words(text: str) -> list[tuple[int, int]]:
    """Where each begins and ends. A space that bears a mark is no gap: what the reader sees as one stays together."""
    found: list[tuple[int, int]] = []
    for word in _WORD.finditer(text):
        begin, end = word.span()
        if found and _continues(text[begin]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _continues(character: str) -> bool:
    """Whether it belongs to what stands before it, whatever that is."""
    return character == _ZWJ or unicodedata.category(character) in {"Mn", "Mc", "Me"}


def _rank(text: str, words: list[tuple[int, int]], end: int) -> int:
    """How bad it is to cut before the word ``end``: 0 where a sentence ends, 1 a clause, 2 neither, 3 amid "Jl. X"."""
    (begin, stop), following = words[end - 1], words[end][0]
    if "\n" in text[stop:following]:
        return _SENTENCE
    bare = text[begin:stop].rstrip(_CLOSING)
    if bare.endswith(tuple(_STOPS)):
        before = words[end - 2][1] if end > 1 else 0
        if _is_short(bare, begins_line=before == 0 or "\n" in text[before:begin]):
            return _BOUND
        return _CLAUSE if text[following].islower() else _SENTENCE
    pauses = text[stop - 1] in ")]}" or bare.endswith(tuple(_PAUSES)) or text[following] in "(–—"
    return _CLAUSE if pauses else _SPACE


def _is_short(word: str, *, begins_line: bool) -> bool:
    """Whether its full stop is one of an abbreviation, an initial, or the number of a point in a list."""
    if not word.endswith(".") or word.endswith(".."):
        return False
    said = word.rstrip(".").lstrip("\"'“‘«([{")
    if said.isdecimal():
        return begins_line
    return len(said) <= 1 or said.replace(".", "").lower() in _SHORT


class _Cutter:
    """Ways to cut a text into ``total`` parts."""

    def __init__(self, text: str, words: list[tuple[int, int]], total: int, fits: Callable[[str, int], bool]) -> None:
        self._text, self._words, self._total, self._fits = text, words, total, fits

    def parts(self) -> tuple[str, ...]:
        """Those that end best; () where they do not come out."""
        earliest = self._earliest()
        if not earliest or earliest[1] > 0:
            return ()
        parts: list[str] = []
        begin = 0
        for number in range(1, self._total + 1):
            left = self._total - number
            last = min(self._longest(begin, number), len(self._words) - left)
            first = max(begin + 1, earliest.get(number + 1, len(self._words)))
            if first > last:
                return ()
            end = self._best(begin, first, last) if left else last
            parts.append(self._part(begin, end, number))
            begin = end
        return tuple(parts) if begin == len(self._words) else ()

    def _part(self, begin: int, end: int, number: int) -> str:
        return f"{self._text[self._words[begin][0] : self._words[end - 1][1]]} ({number}/{self._total})"

    def _earliest(self) -> dict[int, int]:
        """By the number of a part the first word with which it and those after it hold all the rest; {} for none."""
        found: dict[int, int] = {}
        end = len(self._words)
        for number in range(self._total, 0, -1):
            low, high = 0, end
            while low < high:
                middle = (low + high) // 2
                if self._fits(self._part(middle, end, number), number):
                    high = middle
                else:
                    low = middle + 1
            if low == end > 0:
                return {}
            found[number] = end = low
        return found

    def _longest(self, begin: int, number: int) -> int:
        """Before which word the part ends that holds the most."""
        low, high = begin, len(self._words)
        while low < high:
            middle = (low + high + 1) // 2
            if self._fits(self._part(begin, middle, number), number):
                low = middle
            else:
                high = middle - 1
        return low

    def _best(self, begin: int, first: int, last: int) -> int:
        """Of the ends from ``first`` to ``last`` that give up a third at most the best, and of equals the last."""
        start, stop = self._words[begin][0], self._words[last - 1][1]
        chosen, rank = last, _BOUND + 1
        for end in range(last, first - 1, -1):
            if 3 * (self._words[end - 1][1] - start) < 2 * (stop - start):
                break
            if (this := _rank(self._text, self._words, end)) < rank:
                chosen, rank = end, this
        return chosen
