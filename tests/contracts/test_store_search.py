"""Searching in either store: phrases, what must not be there, what fits best, and whatever somebody types."""

from __future__ import annotations

import pytest

from sahut.core.errors import RefusedError
from sahut.core.model import MentionFilter, MentionOrder
from sahut.core.ports import Store
from tests.builders import a_mention
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import collect, follow

TEXTS = {
    "one": "Jalan rusak berat di depan pasar, sudah tiga bulan",
    "two": "Rusak parah jalan ini, jalan tol ke bandara",
    "three": "Lampu jalan padam, tiangnya berkarat",
    "four": "Kaki saya patah karena jalanan rusak",
}
HOSTILE = [
    '"', '""', "'", "''; DROP TABLE mention; --", "NEAR(a b)", "title:jalan", "{title text}: x", "^jalan", "jalan*",
    "*", "AND", "OR NOT", "NOT", "-", "--", '-"', '"a" OR "b', "a & b | !c <-> d:*", "\\", "\x00jalan", "(((", ":*",
    "%_", "'a':*", "jalan\u202erusak", "\ud800", "🙂", "x" * 5_000, '"' * 300, "- " * 200, "ſ ŉ ﬁ", "٣ ४", "日本語",
]  # fmt: skip


@pytest.fixture
def filled(store: Store, clock: Clock) -> Store:
    found = [a_mention(text, native_id=name) for name, text in TEXTS.items()]
    collect(store, clock, follow(store, clock), FakeCollector().page(*found))
    return store


def found(store: Store, search: str, order: MentionOrder = MentionOrder.NEWEST) -> list[str]:
    with store.read() as tx:
        page = tx.mentions.page(MentionFilter(search=search), order=order, limit=10)
        assert tx.mentions.count(MentionFilter(search=search), cap=10) == len(page.items)
    return [one.mention.native_id for one in page.items]


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("jalan rusak", {"one", "two"}),
        ("rusak jalan", {"one", "two", "four"}),
        ('"jalan rusak"', {"one"}),
        ('"rusak berat di"', {"one"}),
        ("jalan -tol", {"one", "three"}),
        ("jalan -tol -lampu", {"one"}),
        ('jalan -"jalan rusak"', {"two", "three"}),
        ("-tol", {"one", "three", "four"}),
        ("-tol -lampu", {"one", "four"}),
        ("lamp", {"three"}),
        ("lamp jalan", set()),
        ("", {"one", "two", "three", "four"}),
        ("!?", {"one", "two", "three", "four"}),
    ],
)
def test_words_phrases_and_what_must_not_be_there(filled: Store, search: str, names: set[str]) -> None:
    # What is typed last may go on: "jalan" at the end finds "jalanan" too.
    assert set(found(filled, search)) == names


@pytest.mark.parametrize("order", [MentionOrder.NEWEST, MentionOrder.RELEVANT])
def test_whatever_is_typed_is_no_syntax_to_any_database(filled: Store, order: MentionOrder) -> None:
    for search in HOSTILE:
        found(filled, search, order)


def test_what_fits_best_comes_first_page_by_page(filled: Store) -> None:
    assert found(filled, "jalan rusak", MentionOrder.RELEVANT)[0] == "two"
    assert found(filled, "rusak", MentionOrder.RELEVANT) == ["four", "two", "one"]
    with filled.read() as tx:
        where, seen, after = MentionFilter(search="rusak"), [], None
        while True:
            page = tx.mentions.page(where, order=MentionOrder.RELEVANT, limit=2, after=after)
            seen += [one.mention.native_id for one in page.items]
            after = page.next
            if after is None:
                break
        assert seen == ["four", "two", "one"]
        with pytest.raises(RefusedError):
            tx.mentions.page(where, order=MentionOrder.RELEVANT, limit=2, after="zzzz")
        newest = tx.mentions.page(MentionFilter(), order=MentionOrder.RELEVANT, limit=10).items
        assert [one.mention.native_id for one in newest] == ["four", "three", "two", "one"]
