"""Languages of invented posts, and of a public test set where it is at hand."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers.languages import BUCKETS, LABELS, LanguageFinder, buckets, words
from classifiers.train_languages import main, save
from sahut.core.errors import ClassifierError
from sahut.core.model import Language

_NUSAX = Path(__file__).parents[3] / "shared" / "data" / "nusax"
_KNOWN = {
    "indonesian": Language.INDONESIAN,
    "javanese": Language.JAVANESE,
    "sundanese": Language.SUNDANESE,
    "minangkabau": Language.MINANGKABAU,
    "english": Language.ENGLISH,
}


@pytest.fixture(scope="module")
def finder() -> LanguageFinder:
    return LanguageFinder()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Lampu jalan di depan pasar sudah seminggu mati, tolong diperbaiki", "id"),
        ("min kok gabisa login sih dari kemaren, udh dicoba berkali2 tetep aja", "id"),
        ("makasih min", "id"),
        ("wkwkwk", "id"),
        ("banjir lg banjir lg", "id"),
        ("iki dalane wis suwe rusak, kapan didandani?", "jv"),
        ("cai teu ngocor ti kamari, kumaha ieu téh", "su"),
        ("aia lah tigo hari indak iduik di rumah kami, baa ko", "min"),
        ("why is my train an hour late again, nobody tells us anything", "en"),
        ("정전이 또 됐어요", "other"),
        ("ماء مقطوع منذ يومين", "other"),
    ],
)
def test_the_language_of_a_post_is_named(finder: LanguageFinder, text: str, language: str) -> None:
    assert finder.find(text) == language


@pytest.mark.parametrize(
    "text", ["", "   ", "123 456", "😀😀", "https://contoh.example.id/a", "@pemkot #lapor", "\x00"]
)
def test_a_text_without_a_word_has_no_language(finder: LanguageFinder, text: str) -> None:
    assert finder.find(text) is None
    assert finder.probabilities(text) == {}


def test_what_is_like_no_language_is_taken_for_indonesian(finder: LanguageFinder) -> None:
    found = finder.probabilities("ok")
    assert max(found.values()) < 0.45
    assert finder.find("ok") is Language.INDONESIAN


def test_links_handles_and_stretched_letters_do_not_speak(finder: LanguageFinder) -> None:
    assert words("Tolooooong @pemkot https://contoh.example.id #lapor") == ["toloong"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400))
def test_probabilities_sum_to_one_for_any_text(finder: LanguageFinder, text: str) -> None:
    found = finder.probabilities(text)
    assert not found or (list(found) == list(LABELS) and abs(sum(found.values()) - 1) < 1e-9)


@pytest.mark.skipif(not _NUSAX.is_dir(), reason="the public test set NusaX is not at hand")
def test_nine_in_ten_sentences_of_nusax_are_named_right(finder: LanguageFinder) -> None:
    right: Counter[Language] = Counter()
    total: Counter[Language] = Counter()
    for path in sorted(_NUSAX.glob("*_test.csv")):
        language = _KNOWN.get(path.stem.removesuffix("_test"), Language.OTHER)
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                total[language] += 1
                right[language] += finder.find(row["text"]) is language
    assert right.total() / total.total() >= 0.93
    assert all(right[language] / total[language] >= 0.85 for language in Language)


def test_training_on_invented_sentences_learns_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {
        "id": "lampu jalan mati dan belum diperbaiki",
        "jv": "dalane wis suwe rusak ora didandani",
        "su": "cai teu ngocor ti kamari kumaha atuh",
        "min": "aia indak iduik baa ko lah tigo hari",
        "en": "the street light has been broken for weeks",
        "other": "el metro no funciona desde ayer por la tarde",
    }
    labelled = tmp_path / "labelled.csv"
    labelled.write_text("text,language\n" + "".join(f"{text},{label}\n" for label, text in said.items()) * 3)
    stream = tmp_path / "stream.csv"
    stream.write_text("text\nair mati di rumah kami\nwhy are the lights broken again\n")
    main(
        [
            "--labelled",
            str(labelled),
            "--stream",
            str(stream),
            "--test",
            str(labelled),
            "--output",
            str(tmp_path / "a.npz"),
        ]
    )
    made = LanguageFinder(tmp_path / "a.npz")
    assert {label: made.find(text) for label, text in said.items()} == {label: Language(label) for label in said}
    assert "jv: 3 of 3" in capsys.readouterr().out


def test_eight_bits_keep_the_weights(tmp_path: Path) -> None:
    weights = np.zeros((BUCKETS, len(LABELS)))
    weights[buckets("banjir"), 0] = 1.27
    save(weights, np.zeros(len(LABELS)), tmp_path / "a.npz")
    found = LanguageFinder(tmp_path / "a.npz").probabilities("banjir")
    assert found[Language.INDONESIAN] > 0.9


def test_a_model_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="no usable model"):
        LanguageFinder(tmp_path / "none.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(ClassifierError, match="no usable model"):
        LanguageFinder(tmp_path / "torn.npz")
    np.savez(tmp_path / "old.npz", weights=np.zeros((4, 6)), scale=np.ones(6), bias=np.zeros(6))
    with pytest.raises(ClassifierError, match="another version"):
        LanguageFinder(tmp_path / "old.npz")
