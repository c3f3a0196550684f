"""Occlusion: the words that carried a decision come out, in the original text, within a bound of judgements."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import registry
from classifiers._text import clean
from classifiers.onnx import OnnxClassifier
from classifiers.why import FEW_RUNS, MANY_RUNS, Occlusion
from sahut.core.model import Assessment, Kind
from tests.builders import an_assessment

ANY_TEXT = st.text(st.characters(codec=None), max_size=400)


class WeighingClassifier:
    """Adds up known weights of the words that it reads: its log-odds of a complaint are their sum."""

    name = "weighing"
    model = "weighing@1"

    def __init__(self, weights: Mapping[str, float], *, start: float = 0.0) -> None:
        self.weights = weights
        self.start = start
        self.judged: list[str] = []

    def log_odds(self, text: str) -> float:
        return self.start + sum(self.weights.get(word, 0.0) for word in re.findall(r"\w+", clean(text).casefold()))

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        self.judged += texts
        return [an_assessment(sure=1 / (1 + math.exp(-self.log_odds(text)))) for text in texts]


class EitherClassifier(WeighingClassifier):
    """Complains as soon as one of its words is there; a second one adds nothing."""

    def log_odds(self, text: str) -> float:
        return 3.0 if set(re.findall(r"\w+", clean(text).casefold())) & set(self.weights) else -3.0


def told(classifier: WeighingClassifier, text: str) -> dict[str, float]:
    return {text[one.start : one.end]: one.weight for one in Occlusion(classifier).explain(text)}


def filler(count: int) -> list[str]:
    return [f"kata{number}" for number in range(count)]


def test_a_short_text_gives_back_exactly_the_weights_of_its_words() -> None:
    classifier = WeighingClassifier({"rusak": 2.0, "parah": 1.0, "katanya": -1.5, "jalan": 0.01})
    assert told(classifier, "Jalan depan pasar rusak parah, katanya.") == {"rusak": 2.0, "parah": 1.0, "katanya": -1.5}


@pytest.mark.parametrize("count", [15, 16, 24, 30, 31, 60, 80])
@pytest.mark.parametrize("where", [0.0, 0.4, 0.99])
def test_in_a_long_text_the_word_that_decides_is_found_wherever_it_stands(count: int, where: float) -> None:
    words = filler(count)
    words[int(where * count)] = "rusak"
    found = told(WeighingClassifier({"rusak": 3.0}), " ".join(words))
    (said,) = found
    assert "rusak" in said.split()
    assert len(said.split()) <= 2, "only in a text of many words two may stay together"
    assert found[said] == pytest.approx(3.0, abs=1e-3)


def test_two_words_far_apart_are_both_found() -> None:
    words = filler(26)
    words[3], words[22] = "padam", "tolong"
    first, second = told(WeighingClassifier({"padam": 2.0, "tolong": 1.5}), " ".join(words)).items()
    assert first == ("padam", 2.0)
    # The budget may end before the last word stands alone.
    assert (second[0].split()[0], second[1]) == ("tolong", 1.5)


def test_words_that_say_the_same_in_one_phrase_are_named_as_that_phrase() -> None:
    words = filler(20)
    words[6:8] = ["rusak", "parah"]
    found = told(EitherClassifier({"rusak": 1, "parah": 1}), " ".join(words))
    (said,) = found
    assert "rusak parah" in said
    assert len(said.split()) <= 6
    assert found[said] == pytest.approx(6.0, abs=1e-2)


@pytest.mark.parametrize("count", [12, 20, 30])
def test_of_what_is_said_twice_neither_is_missed_and_both_are_named(count: int) -> None:
    words = filler(count)
    words[1], words[-2] = "padam", "diperbaiki"
    classifier = EitherClassifier({"padam": 1, "diperbaiki": 1})
    found = told(classifier, " ".join(words))
    first, second = found
    assert ("padam" in first.split(), "diperbaiki" in second.split()) == (True, True)
    assert "padam" in found, "the first at least as a single word"
    assert list(found.values()) == pytest.approx([6.0, 6.0], abs=1e-2)
    assert len(classifier.judged) <= MANY_RUNS


def test_where_every_word_says_the_same_one_phrase_stands_for_all() -> None:
    found = Occlusion(WeighingClassifier({"rusak": 0.2})).explain("rusak " * 40)
    assert 1 <= len(found) <= MANY_RUNS
    assert all(one.weight > 0 for one in found)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (" ".join(filler(25)), FEW_RUNS),
        (" ".join(filler(30)), FEW_RUNS),
        (" ".join(filler(31)), MANY_RUNS),
        ("jalan rusak, " * 4_000, MANY_RUNS),
        ("<" * 50_000, MANY_RUNS),
        ("&nbsp;" * 9_000, MANY_RUNS),
        ("a" * 50_000, FEW_RUNS),
        ("😭 " * 9_000, MANY_RUNS),
    ],
)
def test_no_text_costs_more_judgements_than_promised(text: str, bound: int) -> None:
    classifier = WeighingClassifier({"rusak": 1.0, "kata7": 2.0})
    Occlusion(classifier).explain(text)
    assert len(classifier.judged) <= bound


@pytest.mark.parametrize("text", ["", " \n\t", "...", "!?", "\u200b", "<br>", "\x00"])
def test_a_text_without_words_has_no_reasons_and_costs_nothing(text: str) -> None:
    classifier = WeighingClassifier({}, start=2.0)
    assert Occlusion(classifier).explain(text) == []
    assert classifier.judged == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("air keruh (rusak), lapor", "rusak"),
        ("air <b class='x y'>rusak</b> lagi", "rusak"),
        ("air&nbsp;rusak&nbsp;lagi", "rusak"),
        ("air ru\u200bsak lagi", "ru\u200bsak"),
        ("air \u202erusak\u202c lagi", "rusak"),
        ("air 𝐫𝐮𝐬𝐚𝐤 lagi", "𝐫𝐮𝐬𝐚𝐤"),
        ("😭😭 rusak\x00lagi", "rusak"),
        ("\ud800 rusak \udfff", "rusak"),
        ("Kabar\nrusak\r\nlagi", "rusak"),
        ("مرحبا rusak 道路", "rusak"),
    ],
)
def test_offsets_are_of_the_text_as_it_was_given(text: str, said: str) -> None:
    assert told(WeighingClassifier({"rusak": 2.0}), text) == {said: 2.0}


def test_a_link_and_a_long_number_are_one_word_each_and_a_tag_is_none() -> None:
    classifier = WeighingClassifier({"http": 2.0, "000": 1.0})
    text = "<p title='a b c'>lihat https://warga.example/a?b=1 atau 0812 3456 7890 ya</p>"
    assert told(classifier, text) == {"https://warga.example/a?b=1": 2.0, "0812 3456 7890": 1.0}


@given(ANY_TEXT)
def test_any_text_gets_stretches_in_order_apart_and_inside(text: str) -> None:
    found = Occlusion(WeighingClassifier({word: (-1.0) ** len(word) for word in text.casefold().split()})).explain(text)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        assert math.isfinite(one.weight)
        at = one.end


def test_the_same_text_is_explained_the_same_twice() -> None:
    text = "Lampu jalan mati sejak Senin dan belum juga diperbaiki, gelap sekali kalau malam, tolong ya pak lurah"
    explainer = Occlusion(registry.load("keywords"))
    assert explainer.explain(text) == explainer.explain(text) != []


def test_the_baseline_is_explained_by_its_own_keywords() -> None:
    text = "Kami warga gang sempit, lampu jalan padam sejak Senin lalu, sampah menumpuk semua"
    first, second = (one for one in Occlusion(registry.load("keywords")).explain(text) if one.weight > 0)
    assert text[first.start : first.end] == "padam"
    assert "menumpuk" in text[second.start : second.end]


def test_another_kind_can_be_asked_about() -> None:
    text = "Syarat mengurus kartu keluarga apa saja ya"
    found = Occlusion(registry.load("keywords"), kinds=[Kind.INQUIRY]).explain(text)
    assert [text[one.start : one.end] for one in found] == ["Syarat"]


def posts() -> list[str]:
    raw = (resources.files("sahut.demo") / "posts.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["text"] for line in raw.splitlines()]


def without(text: str, stretches: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(stretches, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


def test_without_its_marked_words_a_post_is_far_less_a_complaint_than_without_as_many_others() -> None:
    classifier = OnnxClassifier()
    explainer = Occlusion(classifier)
    some = random.Random(20).sample(posts(), 90)
    flagged = [
        (text, found.complaint)
        for text, found in zip(some, classifier.predict(some), strict=True)
        if found.complaint >= 0.5
    ]
    assert len(flagged) >= 20
    marked, others = 0.0, 0.0
    for text, sure in flagged[:24]:
        stretches = [(one.start, one.end) for one in explainer.explain(text) if one.weight > 0]
        words = [(word.start(), word.end()) for word in re.finditer(r"\S+", text)]
        many = sum(any(a < end and start < b for a, b in stretches) for start, end in words)
        draw = random.Random(text)
        left = classifier.predict([without(text, stretches), *(without(text, draw.sample(words, many)) for _ in "ab")])
        marked += sure - left[0].complaint
        others += sure - (left[1].complaint + left[2].complaint) / 2
    assert marked > 1.8 * others
    assert marked / 24 > 0.35
