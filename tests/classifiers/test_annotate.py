"""Place and language together, as the pipeline asks for them."""

import pytest

from classifiers.annotate import TextAnnotator
from sahut.core.errors import ClassifierError
from sahut.core.model import Language


@pytest.fixture(scope="module")
def annotator() -> TextAnnotator:
    return TextAnnotator()


def test_a_text_gets_its_place_and_its_language(annotator: TextAnnotator) -> None:
    found = annotator.annotate("Lampu jalan di Kec. Coblong sudah seminggu mati")
    assert found.place is not None
    assert (found.place.code, found.language) == ("32.73.02", Language.INDONESIAN)


def test_a_text_that_says_nothing_gets_neither(annotator: TextAnnotator) -> None:
    found = annotator.annotate("\x00 😀 123")
    assert (found.place, found.language) == (None, None)


def test_the_area_of_the_source_settles_a_name(annotator: TextAnnotator) -> None:
    place = annotator.annotate("Bandung banjir", area="32.73").place
    assert place is not None
    assert place.code == "32.73"


def test_an_area_that_does_not_exist_is_an_error_for_every_text(annotator: TextAnnotator) -> None:
    for text in ("", "Bandung banjir"):
        with pytest.raises(ClassifierError, match="99"):
            annotator.annotate(text, area="99")


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "Jl. " * 12_000, "di Bandung " * 5_000, "\u202eBandung", "Kel. " + "😀" * 999]
)
def test_hostile_texts_are_annotated(annotator: TextAnnotator, text: str) -> None:
    annotator.annotate(text)
