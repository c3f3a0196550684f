"""The words around Indonesian place names, from ``place_words.toml`` and ``common_words.txt``.

The second file lists words that are ordinary in posts, although some village bears most of them as its name: they were
counted in 36,000 posts and reports (in lower case at least 30 times, in annotated places hardly ever).
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from sahut.core.model import PlaceLevel

_FOLDER = resources.files("classifiers")
_WORDS: dict[str, Any] = tomllib.loads((_FOLDER / "place_words.toml").read_text(encoding="utf-8"))

ALIASES: dict[str, int] = _WORDS["aliases"]
ADMIN = {word: PlaceLevel(level) for word, level in _WORDS["admin"].items()}
TWO_WORDS = frozenset(
    {("rumah", "sakit"), ("fly", "over"), ("under", "pass"), ("alun", "alun"), ("pintu", "tol"), ("lampu", "merah")}
)
COMMON = frozenset((_FOLDER / "common_words.txt").read_text(encoding="utf-8").split())


def _words(key: str) -> frozenset[str]:
    return frozenset(_WORDS[key])


REGIONS = _words("regions")
LOCALITIES = _words("localities")
FAINT_ALIASES = _words("faint_aliases")
OF_REGENCY = _words("of_regency")
OF_CITY = _words("of_city")
STREETS = _words("streets")
ALLEYS = _words("alleys")
QUARTERS = _words("quarters")
LANDMARKS = _words("landmarks")
OFFICES = _words("offices")
WEAK = _words("weak")
TITLES = _words("titles")
IN_NAMES = _words("in_names")
DIRECTIONS = _words("directions")
FILLERS = _words("fillers")
LOCATIVES = _words("locatives")
AT = _words("at")
NO_PLACES = _words("no_places")
STOPS = _words("stops")
UNITS = _words("units")
