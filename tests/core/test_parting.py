"""Texts that are too long, as numbered parts: nothing lost, nothing cut inside a word, as few as can be, and cut where
sentences end as far as that goes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import grapheme
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors import registry
from collectors._settings import CollectorSettings
from sahut.core.model import Access, Mention
from sahut.core.parting import MOST_PARTS, split
from sahut.core.ports import Replier
from tests.builders import NOW

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


# --- where it is cut ---------------------------------------------------------------------------------------------


def ends(text: str, limit: int) -> list[str]:
    return [NUMBERED.sub("", part) for part in split(text, at_most(limit))]


def test_a_part_ends_with_a_sentence_where_one_ends_in_its_last_third() -> None:
    text = "Lampu sudah kami catat. Petugas datang besok pagi, kira-kira pukul delapan. Terima kasih banyak."
    assert ends(text, 70) == [
        "Lampu sudah kami catat. Petugas datang besok pagi,",
        "kira-kira pukul delapan. Terima kasih banyak.",
    ]
    assert ends(text, 84) == [
        "Lampu sudah kami catat. Petugas datang besok pagi, kira-kira pukul delapan.",
        "Terima kasih banyak.",
    ]


def test_a_sentence_that_ends_too_early_leaves_no_half_empty_part() -> None:
    text = "Baik. Petugas kami datang besok pagi ke tempat yang Bapak sebut tadi untuk melihat"
    assert ends(text, 60)[0] == "Baik. Petugas kami datang besok pagi ke tempat yang"


def test_a_line_break_and_a_quoted_stop_end_a_sentence_too() -> None:
    assert ends("Kami sudah mencatatnya\nPetugas datang besok", 34)[0] == "Kami sudah mencatatnya"
    assert (
        ends("Kata warga \u201clampu mati.\u201d Petugas datang besok", 40)[0] == "Kata warga \u201clampu mati.\u201d"
    )


@pytest.mark.parametrize("short", ["Jl. Melati", "No. 12", "a.n. Rina", "Kab. Bogor", "Rp. 50.000", "H. Amin"])
def test_a_full_stop_of_an_abbreviation_ends_no_sentence(short: str) -> None:
    first, rest = short.split(" ", 1)
    text = f"Kami sudah kirim petugas ke {first} {rest} pagi ini juga"
    cut = text.index(rest) + len(rest)
    whole, less = cut + len(" (1/2)"), cut - len(rest) + len(" (1/2)")
    assert ends(text, whole)[0] == text[:cut]
    assert ends(text, less)[0] == "Kami sudah kirim petugas ke"


def test_the_number_of_a_point_stays_with_it_and_one_at_the_end_of_a_sentence_ends_it() -> None:
    assert ends("Yang kami kerjakan:\n1. Lampu padam di pasar", 29)[0] == "Yang kami kerjakan:"
    assert ends("Petugas datang ke RT 12. Terima kasih", 35)[0] == "Petugas datang ke RT 12."


def test_no_part_more_is_made_for_a_better_end() -> None:
    text = "Satu dua tiga empat. Lima enam tujuh delapan sembilan sepuluh"
    assert ends(text, 37) == ["Satu dua tiga empat. Lima enam", "tujuh delapan sembilan sepuluh"]


TOKENS = st.one_of(
    st.text("abcdefg", min_size=1, max_size=9),
    st.text("abcdefg", min_size=1, max_size=7).map(lambda word: f"{word}."),
    st.text("abcdefg", min_size=1, max_size=7).map(lambda word: f"{word},"),
    st.sampled_from(["@dinas.contoh", "@DinasKota", "#LampuMati", "https://kota.example/tiket/A-1.2", "kota.example"]),
    st.sampled_from(["Jl.", "No.", "12.", "(lihat)", "\u201csudah.\u201d", "!", "dll."]),
    # A family of four, a flag, a thumb of a colour, a letter with a mark of its own, and a space that bears one.
    st.sampled_from(["\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f1ee\U0001f1e9"]),
    st.sampled_from(["\U0001f44d\U0001f3fd", "e\u0301", "a \u0301b"]),
)  # fmt: skip
GAPS = st.sampled_from([" ", " ", " ", "  ", "\n", "\n\n"])
TEXTS = st.lists(st.tuples(TOKENS, GAPS), min_size=4, max_size=120).map(
    lambda pairs: "".join(token + gap for token, gap in pairs).strip()
)


def a_replier(platform: str) -> Callable[[str, int], bool]:
    replier = registry.load(platform, settings=CollectorSettings())
    assert isinstance(replier, Replier)
    under = Mention(platform=platform, native_id="1", text="lampu", collected_at=NOW)
    return lambda text, _number: replier.measure(text, under, Access(name="akun")).fits


COUNTS = {
    "characters": at_most(60),
    "graphemes": lambda text, _number: grapheme.length(text) <= 40,
    "x": a_replier("x"),
    "bluesky": a_replier("bluesky"),
    "threads": a_replier("threads"),
    "mastodon": a_replier("mastodon"),
}


@pytest.mark.parametrize("count", COUNTS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
@example(text=("Petugas @DinasKota datang ke https://kota.example/a. " * 12).strip())
def test_parts_fit_as_the_platform_counts_and_no_link_name_tag_or_grapheme_is_cut(count: str, text: str) -> None:
    fits = COUNTS[count]
    parts = split(text, fits)
    if fits(text, 1):
        assert parts == ()
        return
    boundaries = {0}
    for one in grapheme.graphemes(text):
        boundaries.add(max(boundaries) + len(one))
    position = 0
    for number, part in enumerate(parts, 1):
        assert fits(part, number)
        body = NUMBERED.sub("", part)
        begin = text.index(body, position)
        assert not text[position:begin].strip()
        position = begin + len(body)
        assert {begin, position} <= boundaries
        assert position == len(text) or text[position].isspace()
    assert not parts or position == len(text)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, limit=st.integers(24, 90))
def test_a_part_ends_amid_a_sentence_only_where_none_ends_that_could_be_taken(text: str, limit: int) -> None:
    """A slow look at each cut: no earlier sentence end of the last third leaves a rest that the parts left can hold."""
    parts = split(text, at_most(limit))
    begin = 0
    for number, part in enumerate(parts[:-1], 1):
        body = NUMBERED.sub("", part)
        begin = text.index(body, begin)
        end = begin + len(body)
        if not sentence_ends(text, end) and text[end - 1] not in ".!\u201d":
            longest = max(e for b, e in spans(text, begin) if e - begin + len(" (1/2)") <= limit)
            for _, other in spans(text, begin):
                if begin + (longest - begin) * 2 / 3 <= other <= longest and sentence_ends(text, other):
                    assert not holds(text, other, len(parts) - number, limit), (body, text[begin:other])
        begin = end


def spans(text: str, after: int) -> list[tuple[int, int]]:
    """Of words, a space that bears a mark being none between them."""
    return [found.span() for found in re.finditer(r"\S+(?:\s\u0301\S*)*", text) if found.start() >= after]


def sentence_ends(text: str, end: int) -> bool:
    """By rules of its own, narrower than those that are tested: what surely is one."""
    following = text[end:].lstrip()
    if "\n" in text[end : len(text) - len(following)]:
        return True
    return bool(re.search(r"(?<![\w.])[abcdefg]{4,}\.$", text[:end])) and not following[:1].islower()


def holds(text: str, after: int, parts: int, limit: int) -> bool:
    """Whether so many parts hold all after a place, each filled as far as it goes."""
    left = spans(text, after)
    for _ in range(parts):
        if not left:
            return False
        taken = [span for span in left if span[1] - left[0][0] + len(" (1/2)") <= limit]
        if not taken:
            return False
        left = left[len(taken) :]
    return not left
