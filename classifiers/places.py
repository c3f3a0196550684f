"""The most specific place that a text names, with its official code where that is settled.

Two kinds of names are found: those that a word announces ("Jl. Suci", "Kec. Coblong", "stasiun Bekasi") and those
that the gazetteer knows ("di Coblong", "Bandung"). A name that several areas bear is narrowed by the other areas that
the text names, then by the agency's own area (the ``home`` that the caller gives); what remains ambiguous stays so. A
street or a landmark has no code, but an area around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers import _place_words as words
from classifiers._place_tokens import Token, is_flat, tokens
from classifiers._place_words import ALIASES
from classifiers.gazetteer import Codes, Gazetteer, common_area, level_of, shipped, within
from sahut.core.model import Area, Place, PlaceLevel

# A post of 50 kB is a document; where it happened stands at the beginning.
_LONGEST = 4_000
_MOST_CANDIDATES = 8
_LONGEST_NAME = 6
_LONGEST_FLAT_NAME = 4

_SPECIFIC = {PlaceLevel.PROVINCE: 1, PlaceLevel.REGENCY: 2, PlaceLevel.DISTRICT: 3, PlaceLevel.VILLAGE: 4}
_GUESSED, _HOOD, _QUARTER, _LANDMARK, _STREET, _ALLEY = 2, 4, 5, 6, 7, 8
# People say Jakarta and Yogyakarta as they say the names of cities.
_CITY_PROVINCES = frozenset({31, 34})
# Lower-case words of these shapes are verbs and the like.
_VERB = re.compile(r"(?:me(?:ng|m|n|r|l|w)|ber|ter|di)[a-z]{4,}$|[a-z]+nya$")
_ROMAN = re.compile(r"[ivx]{1,4}$")
_NUMBER_OR_LETTER = re.compile(r"\d{1,4}[a-z]?$|[a-z]$")
_ANNOUNCING = words.ADMIN.keys() | words.STREETS | words.LANDMARKS | words.QUARTERS
_ENDINGS = _ANNOUNCING | words.STOPS | {"rt", "rw"}
_NUMBER = re.compile(r"\d{1,4}[a-z]?$|\d{1,3}/\d{1,3}$")


@dataclass(frozen=True, slots=True)
class _Found:
    """A named place: tokens ``first`` to before ``last``; ``codes`` of every area that it may be; its rank.

    ``located`` when a word says that something is there, ``spoken_of`` when it may also be who governs there,
    ``sure`` when a single code is more than a likeness of names: its kind is said, or the name is that of a large area.
    """

    first: int
    last: int
    rank: int
    codes: Codes = ()
    street: bool = False
    typed: bool = False
    located: bool = False
    sure: bool = False
    spoken_of: bool = False


class PlaceFinder:
    """Finds places with a gazetteer (the shipped one when None, which is read now)."""

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        self._gazetteer = gazetteer or shipped()

    def find(self, text: str, *, home: str = "") -> Place | None:
        """The most specific place of ``text``; None when it names none.

        ``home`` is the code of the area that the reader serves ("35.78"), empty when unknown: it settles which of
        several areas of one name is meant. Raises ValueError where there is no such area.
        """
        own = self._home(home)
        line = tokens(text[:_LONGEST])
        found = list(self._named(line))
        if not found:
            return None
        best = max(found, key=lambda one: (one.rank, one.typed, one.located, -one.first))
        written = text[line[best.first].start : line[best.last - 1].end]
        if best.rank >= _QUARTER or not best.codes:
            around = self._around(best, found, own)
            holds = self._area(around)
            return Place(text=written, level=PlaceLevel.SPOT, area=holds.code, name=holds.name)
        codes, confirmed = self._narrowed(best, found, own)
        if len(codes) == 1 and (best.sure or confirmed or len(codes) < len(_top(best.codes, None))):
            own_area = self._area(codes[0])
            return Place(
                text=written,
                level=level_of(codes[0]),
                code=own_area.code,
                area=own_area.code,
                name=own_area.name,
            )
        holds = self._area(common_area(codes))
        return Place(
            text=written,
            level=level_of(codes[0]),
            area=holds.code,
            name=holds.name,
            candidates=tuple(self._gazetteer.area(code) for code in codes[:_MOST_CANDIDATES]),
        )

    def _area(self, code: int | None) -> Area:
        return Area(code="", name="") if code is None else self._gazetteer.area(code)

    def _home(self, home: str) -> int | None:
        if not home:
            return None
        digits = home.replace(".", "")
        if not digits.isdigit() or not self._gazetteer.known(int(digits)):
            raise ValueError(f"no area of Indonesia has the code {home!r}")
        return int(digits)

    # --- what is named --------------------------------------------------------------------------------------------

    def _named(self, line: Sequence[Token]) -> Iterator[_Found]:
        flat = is_flat(line)
        at = 0
        while at < len(line):
            found = self._announced(line, at, flat) or self._known(line, at, flat) or self._guessed(line, at, flat)
            if found is None:
                at += 1
                continue
            yield found
            # Inside "stasiun Bekasi" the city is named too, inside "Jl. Raya Bogor" it is not.
            if found.rank >= _QUARTER and not found.street:
                yield from self._inside(line, found)
            at = found.last

    def _inside(self, line: Sequence[Token], outer: _Found) -> Iterator[_Found]:
        for at in range(outer.first + 1, outer.last):
            for last in range(outer.last, at, -1):
                codes = self._gazetteer.codes(" ".join(token.low for token in line[at:last]))
                if codes := tuple(code for code in codes if len(str(code)) <= 4):  # noqa: PLR2004 - down to a regency
                    yield _Found(at, last, _SPECIFIC[_highest(codes)], codes)
                    return

    def _announced(self, line: Sequence[Token], at: int, flat: bool) -> _Found | None:
        """A place whose kind is said: "Jl. Suci", "Kec. Coblong", "alun-alun Kidul"."""
        token = line[at]
        start = at + 1
        pair = (token.low, line[start].low) if start < len(line) and not line[start].cut else ("", "")
        if pair in words.TWO_WORDS:
            rank, start = _LANDMARK, start + 1
        elif token.low in words.ADMIN:
            return self._official(line, at, flat)
        elif token.low in words.STREETS:
            rank = _ALLEY if token.low in words.ALLEYS else _STREET
        elif token.low in words.LANDMARKS or (token.low in words.OFFICES and _located(line, at)):
            rank = _LANDMARK
        elif token.low in ("rt", "rw"):
            return self._neighbourhood(line, at)
        elif token.low in words.QUARTERS:
            rank = _QUARTER
        else:
            return None
        last = self._end_of_name(line, start, flat, weak=token.low in words.WEAK)
        if last == start or (token.low == "kawasan" and self._big(line[start].low)):
            return None
        return _Found(at, last, rank, street=token.low in words.STREETS, typed=True)

    def _neighbourhood(self, line: Sequence[Token], at: int) -> _Found | None:
        """RT and RW, the smallest units: "RT 02 RW 05", "RT 3/5"."""
        last = at + 1
        if last == len(line) or not line[last].low[0].isdigit():
            return None
        last += 1
        if last + 1 < len(line) and line[last].low == "rw" and line[last + 1].low[0].isdigit():
            last += 2
        return _Found(at, last, _HOOD, typed=True)

    def _guessed(self, line: Sequence[Token], at: int, flat: bool) -> _Found | None:
        """Capitals after "di" that nothing else explains."""
        token = line[at]
        if flat or token.cut or at == 0 or line[at - 1].low not in words.AT:
            return None
        if not token.capital or token.low in words.COMMON or token.low in words.NO_PLACES or len(token.low) < 3:  # noqa: PLR2004
            return None
        last = self._end_of_name(line, at, flat, weak=True)
        return None if last == at else _Found(at, last, _GUESSED, located=True)

    def _big(self, name: str) -> bool:
        """Whether a province, regency or city has this name."""
        return any(len(str(code)) <= 4 for code in self._gazetteer.codes(name))  # noqa: PLR2004 - as its code says

    def _official(self, line: Sequence[Token], at: int, flat: bool) -> _Found | None:
        token = line[at]
        level = words.ADMIN[token.low]
        start = at + 1
        if start == len(line) or line[start].low in words.STOPS or (at > 0 and line[at - 1].low == "wali"):
            return None
        if line[start].low in words.COMMON and (flat or not line[start].capital):
            return None
        while start < len(line) and line[start].low in ("adm", "administrasi") and not line[start].cut:
            start += 1
        for last in range(min(start + 5, len(line)), start, -1):
            if any(one.cut for one in line[start:last]):
                continue
            codes = _of_kind(self._gazetteer.codes(" ".join(one.low for one in line[start:last])), token.low)
            codes = tuple(code for code in codes if level_of(code) is level or code in _CITY_PROVINCES)
            if codes:
                return _Found(at, last, _SPECIFIC[level], codes, typed=True, sure=True)
        if level in (PlaceLevel.PROVINCE, PlaceLevel.REGENCY):
            return None
        # A name that the gazetteer spells otherwise is still a place.
        last = self._end_of_name(line, start, flat, weak=True)
        return None if last == start else _Found(at, last, _SPECIFIC[level], typed=True)

    def _known(self, line: Sequence[Token], at: int, flat: bool) -> _Found | None:
        """A name that the gazetteer has, where it can hardly be an ordinary word or a person."""
        reach = self._gazetteer.reach.get(line[at].low, 0)
        located = _located(line, at)
        if line[at].low in words.REGIONS:
            return _Found(at, at + 1, _SPECIFIC[PlaceLevel.PROVINCE], located=located)
        if line[at].low in words.LOCALITIES:
            return _Found(at, at + 1, _SPECIFIC[PlaceLevel.DISTRICT], located=located)
        for last in range(min(at + reach, len(line)), at, -1):
            name = line[at:last]
            if any(token.cut for token in name[1:]):
                continue
            codes = self._gazetteer.codes(" ".join(token.low for token in name))
            if codes and _is_place(line, at, last, codes, flat=flat, located=located):
                titled = _titled(line, at)
                codes = _of_kind(codes, line[at - 1].low) if titled else codes
                rank = _rank(codes)
                small = rank > _SPECIFIC[PlaceLevel.DISTRICT]
                sure = not small and (rank < _SPECIFIC[PlaceLevel.DISTRICT] or (line[at].capital and not flat))
                return _Found(at, last, rank, codes, located=located and not titled, sure=sure, spoken_of=located)
        return None

    def _end_of_name(self, line: Sequence[Token], start: int, flat: bool, *, weak: bool) -> int:
        """Where the name that begins at ``start`` is over; ``start`` itself when none begins there.

        ``weak`` marks an announcing word that daily speech uses as well ("pasar", "jalan"): only a capital, a number or
        an uncommon word makes a name of what follows.
        """
        at = start
        while at < len(line) and line[at].low in words.FILLERS and not line[at].cut:
            at += 1
        if at == len(line) or line[at].cut or not _begins_name(line[at], flat, weak=weak):
            return start
        capitals = line[at].capital and not flat
        most = at + (_LONGEST_NAME if capitals else _LONGEST_FLAT_NAME)
        at += 1
        while at < min(len(line), most) and not line[at].cut and self._goes_on(line, at, capitals=capitals, flat=flat):
            at += 1
        return at

    def _goes_on(self, line: Sequence[Token], at: int, *, capitals: bool, flat: bool) -> bool:
        token = line[at]
        following = line[at + 1] if at + 1 < len(line) and not line[at + 1].cut else None
        if _NUMBER.match(token.low):
            return following is None or following.low not in words.UNITS
        if token.low in ("no", "gg", "gang", "blok", "km", "nomor"):
            return following is not None and bool(_NUMBER_OR_LETTER.match(following.low) or _ROMAN.match(following.low))
        if token.low in _ENDINGS or self._big(token.low):
            return False
        if _ROMAN.match(token.low) or token.low in words.DIRECTIONS:
            return True
        if capitals:
            return token.capital and (token.low not in words.COMMON or token.low in words.IN_NAMES)
        if token.capital and not flat:
            return True
        return token.low not in words.COMMON and token.low not in words.LOCATIVES and not _VERB.match(token.low)

    # --- which one is meant ---------------------------------------------------------------------------------------

    def _narrowed(self, one: _Found, found: Sequence[_Found], home: int | None) -> tuple[Codes, bool]:
        """Which of its areas a name means, and whether another area, or the reader's own, says so."""
        codes = one.codes
        confirmed = False
        for other in sorted(found, key=lambda other: abs(other.first - one.first)):
            inside = tuple(
                code for code in codes if any(code != outer and within(code, outer) for outer in other.codes)
            )
            if other is not one and inside:
                codes, confirmed = inside, True
        if not one.typed:
            codes = _top(codes, home)
        if home is not None:
            codes = _near(codes, home) if len(codes) > 1 else codes
            confirmed = confirmed or all(within(code, home) for code in codes)
        return codes, confirmed

    def _around(self, spot: _Found, found: Sequence[_Found], home: int | None) -> int | None:
        """The smallest area that the text, or else the reader's own, puts around a spot.

        The text does by naming areas behind it ("Jl. Suci, Coblong, Bandung"), in it, with their kind, or only one.
        """
        areas = [other for other in found if other is not spot and other.codes and other.rank < _HOOD + other.typed]
        end = spot.last
        near: list[_Found] = []
        for other in areas:
            if other.typed or spot.first <= other.first <= end + 2:
                near.append(other)
                end = max(end, other.last)
        if not near and len({other.codes for other in areas}) == 1 and areas[0].rank <= _SPECIFIC[PlaceLevel.REGENCY]:
            near = [other for other in areas[:1] if other.spoken_of]
        best: int | None = None
        for other in near:
            shared = common_area(self._narrowed(other, near, home)[0])
            if shared is not None and (best is None or within(shared, best)):
                best = shared
        return home if best is None else best


def _of_kind(codes: Codes, word: str) -> Codes:
    """The regencies or the cities among ``codes``, as the word before the name says; all where it says nothing."""
    if word in words.OF_CITY:
        return tuple(code for code in codes if str(code)[2:3] == "7") or codes
    if word in words.OF_REGENCY:
        return tuple(code for code in codes if str(code)[2:3] != "7") or codes
    return codes


def _rank(codes: Codes) -> int:
    if any(code in _CITY_PROVINCES for code in codes):
        return _SPECIFIC[PlaceLevel.REGENCY]
    return _SPECIFIC[_highest(codes)]


def _highest(codes: Codes) -> PlaceLevel:
    return level_of(min(codes, key=lambda code: len(str(code))))


def _top(codes: Codes, home: int | None) -> Codes:
    """A bare name means the largest area of that name, or a smaller one of the reader's own area."""
    largest = min(len(str(code)) for code in codes)
    if home is not None and largest > 4:  # noqa: PLR2004 - nobody says Bandung and means a village at home
        near = tuple(code for code in codes if within(code, home))
        if near:
            codes, largest = near, min(len(str(code)) for code in near)
    return tuple(code for code in codes if len(str(code)) == largest)


def _near(codes: Codes, home: int) -> Codes:
    """Those in the reader's own area; where none is, those in its regency, then in its province."""
    digits = str(home)
    for width in (10, 6, 4, 2):
        near = tuple(code for code in codes if within(code, int(digits[:width])))
        if near:
            return near
    return codes


def _located(line: Sequence[Token], at: int) -> bool:
    return at > 0 and not line[at].cut and line[at - 1].low in words.LOCATIVES


def _titled(line: Sequence[Token], at: int) -> bool:
    """Whether the area is named for who governs it: "Wali Kota Bekasi", "Gubernur DKI"."""
    before = [token.low for token in line[max(0, at - 2) : at]]
    return any(word in words.TITLES for word in before)


def _is_place(line: Sequence[Token], at: int, last: int, codes: Codes, *, flat: bool, located: bool) -> bool:
    """Whether a name of the gazetteer is one here: some village is called Bahagia, and so is many a person."""
    token = line[at]
    if token.low in words.NO_PLACES or token.low in _ANNOUNCING or token.low in words.DIRECTIONS:
        return False
    capital = token.capital and not flat
    common = all(one.low in words.COMMON and one.low not in ALIASES for one in line[at:last])
    if last == at + 1 and token.low in words.FAINT_ALIASES:
        return located
    level = _highest(codes)
    if len(token.low) < 3 and last == at + 1:  # noqa: PLR2004 - "di", "ai"
        return False
    if level in (PlaceLevel.PROVINCE, PlaceLevel.REGENCY):
        return not common or (located and (capital or flat)) or (capital and not token.cut)
    if common or sum(len(one.low) for one in line[at:last]) <= 3:  # noqa: PLR2004 - "KAI"
        return False
    if level is PlaceLevel.DISTRICT:
        return located or (capital and not _beside_name(line, at, last))
    return located and (capital or last > at + 1 or (line[at - 1].low in words.AT and line[at - 1].low != "di"))


def _beside_name(line: Sequence[Token], at: int, last: int) -> bool:
    """Whether capitals stand on either side without a break: "Rini Cempaka", "Senen Raya Foundation"."""
    before = at > 0 and not line[at].cut and line[at - 1].capital and line[at - 1].low not in words.LOCATIVES
    after = last < len(line) and not line[last].cut and line[last].capital
    return before or after


def _begins_name(token: Token, flat: bool, *, weak: bool) -> bool:
    if token.low in words.STOPS or token.low in words.UNITS:
        return False
    if _NUMBER.match(token.low):
        return not weak
    if token.capital and not flat:
        return True
    if weak and (_VERB.match(token.low) or len(token.low) < 4):  # noqa: PLR2004 - "jalan tuh"
        return False
    if not weak and token.low in words.IN_NAMES:
        return True
    return token.low not in words.COMMON and len(token.low) > 1
