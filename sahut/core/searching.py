"""What somebody looks for in texts: understood, marked where it stands, put in order; the same on every store.

Words are runs of letters and digits; nothing else of a search ever reaches a database, where it would be syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sahut.core import personal

LONGEST = 200
"""Characters of a search that are read."""
_MOST_TERMS = 12
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_PART = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_MINUSES = str.maketrans(dict.fromkeys("−–‐‑", "-"))
# BM25's usual constants (Robertson and Zaragoza 2009, "The probabilistic relevance framework", §3.5).
_SATURATION, _LENGTH = 1.2, 0.75
_TITLE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Words that stand next to each other, folded; ``prefix``: the last may go on as a longer word."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """All of ``wanted`` and none of ``unwanted``."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Whether it narrows anything."""
        return bool(self.wanted or self.unwanted)


def parse(said: str) -> Search:
    """Words, "phrases" and -what must not be there. The last word, where it is none of a phrase, may be unfinished."""
    text = said[:LONGEST].translate(_QUOTES)
    found: list[tuple[bool, bool, tuple[str, ...]]] = []
    for minus, phrase, word in _PART.findall(text.translate(_MINUSES)):
        words = tuple(_folded(one) for one in _tokens(phrase or word))
        if words:
            found.append((bool(minus), bool(word), words))
    some = found[:_MOST_TERMS]
    # What is typed last may be a word that is not finished yet.
    open_at = len(some) - 1 if some and some[-1][1] and not some[-1][0] else -1
    return Search(
        wanted=tuple(Term(words=words, prefix=at == open_at) for at, (minus, _, words) in enumerate(some) if not minus),
        unwanted=tuple(Term(words=words) for minus, _, words in some if minus),
    )


def asks_for_hidden(said: str) -> bool:
    """Whether what somebody looks for is itself what texts hide, a telephone number for one: it stands nowhere then."""
    return bool(personal.find(said[:LONGEST]))


def spans(text: str, search: Search) -> list[tuple[int, int]]:
    """Where what is wanted stands in a text, from start to before end, in order and apart."""
    places = [(one.start(), one.end()) for one in _WORD.finditer(text)]
    words = [_folded(text[start:end]) for start, end in places]
    hit = [False] * len(words)
    for term in search.wanted:
        size = len(term.words)
        for at in range(len(words) - size + 1):
            if _stands(term, words, at):
                hit[at : at + size] = [True] * size
    return [place for place, marked in zip(places, hit, strict=True) if marked]


def rank(texts: Sequence[tuple[str, str]], search: Search) -> list[int]:
    """The places of (title, text) pairs, what fits best first; of equals the earlier in the list.

    How often each term stands there, less and less for every further time and the less the longer the text: BM25
    without the rarity of words, since every text has them all. A term in the title counts twice.
    """
    words = [([_folded(w) for w in _tokens(title)], [_folded(w) for w in _tokens(text)]) for title, text in texts]
    average = sum(len(text) for _, text in words) / max(1, len(words)) or 1.0
    scores = []
    for title, text in words:
        long = 1 - _LENGTH + _LENGTH * len(text) / average
        score = 0.0
        for term in search.wanted:
            often = _TITLE * _count(term, title) + _count(term, text)
            score += often / (often + _SATURATION * long)
        scores.append(score)
    return sorted(range(len(texts)), key=lambda at: (-scores[at], at))


def _count(term: Term, words: Sequence[str]) -> int:
    return sum(_stands(term, words, at) for at in range(len(words) - len(term.words) + 1))


def _stands(term: Term, words: Sequence[str], at: int) -> bool:
    *first, last = term.words
    end = at + len(first)
    if list(words[at:end]) != first:
        return False
    return words[end].startswith(last) if term.prefix else words[end] == last


_WORD = re.compile(r"[^\W_]+")


def _tokens(text: str) -> list[str]:
    return _WORD.findall(text)


def _folded(word: str) -> str:
    """Without case and accents, letter for letter."""
    return "".join(unicodedata.normalize("NFD", letter)[0].casefold()[:1] or letter for letter in word)
