"""Edits word by word: what went, what came, and nothing of it is markup."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sahut.core.model import MentionVersion
from tests.core.test_rules import a_record
from triage_api.web.differences import between, edits


def bare(html: str) -> str:
    """As it is seen: without what only screen readers say."""
    return re.sub(r'<span class="unseen">.*?</span>', "", html)


def without(html: str, tag: str) -> list[str]:
    """The words that are left when what stands in ``tag`` is taken away."""
    return re.sub(r"<[^>]*>", "", re.sub(rf"<{tag}>.*?</{tag}>", "", bare(html), flags=re.DOTALL)).split()


def test_only_the_words_that_changed_are_marked_each_as_what_it_is() -> None:
    found = between("Lampu jalan padam sejak Senin", "Lampu jalan padam sejak Minggu lalu")
    assert bare(found) == "Lampu jalan padam sejak <del>Senin</del> <ins>Minggu lalu</ins> "
    assert '<del><span class="unseen">[dihapus: </span>Senin<span class="unseen">]</span></del>' in found


def test_two_equal_texts_have_no_marks_and_an_added_one_is_all_new() -> None:
    assert between("Lampu padam", "Lampu padam") == "Lampu padam"
    assert bare(between("", "Lampu padam")) == "<ins>Lampu padam</ins> "
    assert between("", "") == ""


@given(st.text(alphabet="ab <>&", max_size=30), st.text(alphabet="ab <>&", max_size=30))
def test_taking_away_either_side_leaves_the_other_text(old: str, new: str) -> None:
    html = str(between(old, new)).replace("&lt;", "‹").replace("&gt;", "›").replace("&amp;", "+")
    shown = [text.replace("<", "‹").replace(">", "›").replace("&", "+").split() for text in (old, new)]
    assert [without(html, "ins"), without(html, "del")] == shown


def test_markup_and_personal_data_in_an_edit_stay_text_and_masked() -> None:
    found = between("halo <script>alert(1)</script>", "halo <img src=x onerror=alert(1)> 081234567890")
    assert "<script" not in found
    assert "<img" not in found
    assert "081234567890" not in found


def test_a_flood_of_one_word_and_an_article_are_compared_quickly() -> None:
    began = time.perf_counter()
    between("a " * 1_400 + "b", "c " + "a " * 1_400)
    between("kata " * 20_000, "lain " * 20_000)
    assert time.perf_counter() - began < 60  # by the square of it: hours


def test_each_wording_is_held_against_the_one_that_followed_it_latest_first() -> None:
    at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    wordings = [
        MentionVersion(mention_id=9, number=n, title="", text=t, seen_at=at) for n, t in ((1, "a b"), (2, "a c"))
    ]
    latest, first = edits(wordings, a_record("a d"))
    assert (bare(first.text), bare(latest.text)) == ("a <del>b</del> <ins>c</ins> ", "a <del>c</del> <ins>d</ins> ")
    assert [latest.number, first.number] == [2, 1]
    assert edits([], a_record("a d")) == []
