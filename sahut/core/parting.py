"""A text that is too long for its platform, as numbered parts: "… (1/3)". Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

# Of more nobody reads the last; and so the number has one digit.
MOST_PARTS = 9
_WORD = re.compile(r"\S+")


def split(text: str, fits: Callable[[str, int], bool]) -> tuple[str, ...]:
    """The fewest parts that hold all of ``text``, cut between words, each with its number at the end.

    ``fits`` says whether the platform takes a text as the so-manieth part, from 1. () where the text fits whole, where
    a word fits no part, and where more than nine were needed.
    """
    words = [found.span() for found in _WORD.finditer(text)]
    if not words or fits(text, 1):
        return ()
    for total in range(2, MOST_PARTS + 1):
        if parts := _cut(text, words, total, fits):
            return parts
    return ()


def _cut(text: str, words: list[tuple[int, int]], total: int, fits: Callable[[str, int], bool]) -> tuple[str, ...]:
    """Each part as long as it may be; () where they do not come out."""
    parts: list[str] = []
    begin = 0
    for number in range(1, total + 1):
        if begin == len(words):
            return ()

        def part(end: int, begin: int = begin, number: int = number) -> str:
            return f"{text[words[begin][0] : words[end - 1][1]]} ({number}/{total})"

        low, high = begin, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            if fits(part(middle), number):
                low = middle
            else:
                high = middle - 1
        if low == begin:
            return ()
        parts.append(part(low))
        begin = low
    return tuple(parts) if begin == len(words) else ()
