"""Texts that are too long, as numbered parts: nothing lost, nothing cut inside a word, as few as can be."""

from __future__ import annotations

import random
import re

import pytest

from sahut.core.parting import MOST_PARTS, split

NUMBERED = re.compile(r" \((\d)/(\d)\)$")


def at_most(limit: int):  # type: ignore[no-untyped-def]  # the shape of `split`'s second argument
    return lambda text, _number: len(text) <= limit


def test_a_text_that_fits_is_not_split() -> None:
    assert split("Terima kasih.", at_most(20)) == ()
    assert split("   ", at_most(2)) == ()


def test_a_text_is_cut_between_words_and_each_part_says_which_it_is() -> None:
    assert split("satu dua tiga empat lima", at_most(17)) == ("satu dua (1/3)", "tiga empat (2/3)", "lima (3/3)")


def test_a_word_that_fits_no_part_cannot_be_split() -> None:
    assert split("lihat https://kota.example/" + "a" * 40 + " ya", at_most(30)) == ()


def test_more_than_nine_parts_are_none() -> None:
    words = " ".join(["panjang"] * 10)
    assert split(words, at_most(14)) == ()
    assert len(split(" ".join(["panjang"] * 9), at_most(14))) == MOST_PARTS


def test_a_later_part_may_have_less_room() -> None:
    parts = split("aa bb cc ddd", lambda text, number: len(text) <= (11 if number == 1 else 9))
    assert parts == ("aa bb (1/3)", "cc (2/3)", "ddd (3/3)")


@pytest.mark.parametrize("seed", range(60))
def test_parts_hold_all_words_in_order_fit_and_are_as_few_as_a_slow_search_finds(seed: int) -> None:
    chance = random.Random(seed)
    spaces = [" ", "  ", "\n\n"]
    words = ["k" * chance.randint(1, 14) for _ in range(chance.randint(5, 40))]
    text = "".join(word + chance.choice(spaces) for word in words).strip()
    limit = chance.randint(20, 60)
    parts = split(text, at_most(limit))
    fewest = slow(text, limit)
    if len(text) <= limit or fewest is None:
        assert parts == ()
        return
    assert all(len(part) <= limit for part in parts)
    marks = [NUMBERED.search(part) for part in parts]
    assert [mark and mark.groups() for mark in marks] == [(str(n), str(len(parts))) for n in range(1, len(parts) + 1)]
    assert " ".join(NUMBERED.sub("", part) for part in parts).split() == words
    assert len(parts) == fewest


def slow(text: str, limit: int) -> int | None:
    """The fewest parts of any way to cut, by trying all of them; None where more than nine are needed."""
    spans = [found.span() for found in re.finditer(r"\S+", text)]
    reach = {0}
    for count in range(1, MOST_PARTS + 1):
        reach = {
            end
            for begin in reach
            for end in range(begin + 1, len(spans) + 1)
            if spans[end - 1][1] - spans[begin][0] + len(" (1/2)") <= limit
        }
        if len(spans) in reach and count > 1:
            return count
    return None
