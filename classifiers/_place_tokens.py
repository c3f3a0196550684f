"""A text as words with what a finder of names wants to know of each: its case, and whether a phrase ends before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Names of accounts, tags and addresses name no place that the writer speaks of.
_SKIPPED = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w.-]+|[@#]\w+|<\w+>"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:id|com|org|net|gov)\b(?:/\S*)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"\d{1,3}/\d{1,3}(?!\d)|[^\W_]+(?:['’][^\W_]+)*")
_BREAK = re.compile(r"[^\s.\-]|\.\s|\n|\s-+\s")
# A dot after these shortens a word and ends no phrase.
_SHORTENED = frozenset(
    {
        "jl",
        "jln",
        "gg",
        "kel",
        "kec",
        "kab",
        "ds",
        "dsn",
        "kp",
        "prov",
        "no",
        "st",
        "sta",
        "psr",
        "perum",
        "komp",
        "jend",
        "let",
        "mayjend",
        "brigjend",
        "kol",
        "ir",
        "dr",
        "kh",
    }
)
# Written in one with the word before it: "dijln Suci".
_GLUED = frozenset({"jl", "jln", "jalan", "daerah", "kota", "desa", "kecamatan", "kelurahan"})
_APOSTROPHES = re.compile("['’]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: ``start`` to before ``end`` in the text; ``cut`` when punctuation parts it from the one before."""

    low: str
    start: int
    end: int
    capital: bool
    upper: bool
    cut: bool


def tokens(text: str) -> list[Token]:
    """The words of ``text`` in order, without those of links, addresses, handles and tags."""
    plain = _SKIPPED.sub(lambda found: "|" * len(found.group()), text)
    line: list[Token] = []
    end = 0
    for found in _WORD.finditer(plain):
        word = found.group()
        low = _APOSTROPHES.sub("", word.lower())
        start = found.start()
        cut = not line or _parted(plain[end:start], line[-1])
        if low[:2] == "di" and low[2:] in _GLUED:
            line.append(Token("di", start, start + 2, word[0].isupper(), False, cut))
            start, word, low, cut = start + 2, word[2:], low[2:], False
        end = found.end()
        line.append(Token(low, start, end, word[0].isupper(), word.isupper(), cut))
    return line


def _parted(between: str, before: Token) -> bool:
    if between == " ":
        return False
    if (before.low in _SHORTENED or (before.upper and len(before.low) <= 2)) and between.strip() in (".", ".:", ":"):  # noqa: PLR2004 - "MT. Haryono"
        return False
    return bool(_BREAK.search(between))


def is_flat(line: Sequence[Token]) -> bool:
    """Whether capitals say nothing here: a text in capitals throughout, or without any."""
    letters = [token for token in line if not token.low[0].isdigit()]
    if not letters:
        return True
    capitals = sum(token.capital for token in letters)
    shouted = sum(token.upper for token in letters)
    return capitals == 0 or shouted > 0.6 * len(letters) or (len(letters) > 5 and capitals > 0.9 * len(letters))  # noqa: PLR2004 - shares
