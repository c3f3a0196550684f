"""What a search means, where it stands in a text, and what fits best."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sahut.core import searching
from sahut.core.searching import Search, Term


def words(search: Search) -> tuple[list[str], list[str]]:
    def shown(term: Term) -> str:
        return " ".join(term.words) + ("*" if term.prefix else "")

    return [shown(one) for one in search.wanted], [shown(one) for one in search.unwanted]


@pytest.mark.parametrize(
    ("said", "wanted", "unwanted"),
    [
        ("jalan rusak", ["jalan", "rusak*"], []),
        ('"jalan rusak" parah', ["jalan rusak", "parah*"], []),
        ("“jalan rusak”", ["jalan rusak"], []),
        ('jalan -tol -"hoaks lama"', ["jalan"], ["tol", "hoaks lama"]),
        ("-tol", [], ["tol"]),
        ("–tol", [], ["tol"]),
        ("pasar-minggu", ["pasar minggu*"], []),
        ('"belum ditutup', ["belum ditutup"], []),
        ("JALÁN", ["jalan*"], []),
        ('"" - -- "!?" \x00 * ^ : () NEAR', ["near*"], []),
        ("", [], []),
    ],
)
def test_quotes_hold_words_together_and_a_minus_keeps_them_out(
    said: str, wanted: list[str], unwanted: list[str]
) -> None:
    assert words(searching.parse(said)) == (wanted, unwanted)
    assert bool(searching.parse(said)) == bool(wanted or unwanted)


@pytest.mark.parametrize(
    ("said", "text", "marked"),
    [
        ("lamp jal", "Lampu jalan di Jalan Melati", ["jalan", "Jalan"]),
        ("lampu jal", "Lampu jalan di Jalan Melati", ["Lampu", "jalan", "Jalan"]),
        ('"jalan melati"', "Lampu jalan di Jalan Melati, Melati", ["Jalan", "Melati"]),
        ("melati -lampu", "Lampu di Melati", ["Melati"]),
        ("jalan", "jalán_raya", ["jalán"]),
        ("x", "<x> &x; 'x'", ["x", "x", "x"]),
    ],
)
def test_what_was_found_is_marked_where_it_stands(said: str, text: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in searching.spans(text, searching.parse(said))] == marked


def test_what_fits_best_comes_first_and_of_equals_the_earlier() -> None:
    texts = [
        ("", "rusak " + "kata " * 200),
        ("", "jembatan rusak"),
        ("Rusak", "jembatan rusak lagi"),
        ("", "jembatan rusak"),
        ("", "utuh"),
    ]
    assert searching.rank(texts, searching.parse("rusak")) == [2, 1, 3, 0, 4]
    assert searching.rank([], searching.parse("rusak")) == []


@given(said=st.text(max_size=300), text=st.text(max_size=200))
def test_whatever_is_typed_gives_words_alone_and_marks_that_lie_in_the_text(said: str, text: str) -> None:
    search = searching.parse(said)
    for term in (*search.wanted, *search.unwanted):
        assert all(word and word.isalnum() for word in term.words)
    found = searching.spans(text, search)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    assert sorted(searching.rank([("", text), (text, "")], search)) == [0, 1]
