"""What a text says beside its kind: the place it names and the language it is in."""

from __future__ import annotations

from dataclasses import dataclass

from sahut.core.model.words import Language, PlaceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An official area: its dotted code as Kemendagri gives it, its name with the areas around it, nearest first."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The most specific place that a text names; ``text`` is a piece of it, as written.

    ``code`` is set where that is one official area, and empty for a street or a landmark and for a name that several
    areas bear: then ``candidates`` lists these (the first few). ``area`` is the code of the smallest area that surely
    holds the place (its own code, what its candidates share, what the text says around a street), ``name`` its name.
    """

    text: str
    level: PlaceLevel
    code: str = ""
    name: str = ""
    area: str = ""
    candidates: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What is read beside an assessment; None where the text says nothing of it."""

    place: Place | None = None
    language: Language | None = None
