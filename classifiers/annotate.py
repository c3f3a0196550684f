"""What is read beside an assessment: the place and the language, each by its finder."""

from __future__ import annotations

from classifiers.languages import LanguageFinder
from classifiers.places import PlaceFinder
from sahut.core.errors import ClassifierError
from sahut.core.model import Annotation


class TextAnnotator:
    """Reads with the shipped list of areas and model of languages. Raises ClassifierError where one cannot be read."""

    def __init__(self) -> None:
        self._places = PlaceFinder()
        self._languages = LanguageFinder()

    def annotate(self, text: str, *, area: str = "") -> Annotation:
        """For any text. Raises ClassifierError for an ``area`` that does not exist."""
        try:
            place = self._places.find(text, home=area)
        except ValueError as error:
            raise ClassifierError(str(error)) from error
        return Annotation(place=place, language=self._languages.find(text))
