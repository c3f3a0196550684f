"""Provinces and regencies by name, for people who choose one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from sahut.core.model import Area

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_PROVINCE_DIGITS = 2


class AreaNames:
    """The areas that a filter offers. ``names`` maps dotted codes of provinces and of regencies to official names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        labels = {
            code: name if len(code) == _PROVINCE_DIGITS else f"{name}, {names[code[:_PROVINCE_DIGITS]]}"
            for code, name in names.items()
        }
        self._areas = [Area(code=code, name=label) for code, label in labels.items()]
        self._labels = labels
        self._keys = [(f" {_plain(names[area.code])}", f" {_plain(area.name)}") for area in self._areas]

    def name(self, code: str) -> str:
        """What a code is called, a district by the regency around it; the code itself where nothing is known."""
        return self._labels.get(code) or self._labels.get(code[:5]) or self._labels.get(code[:_PROVINCE_DIGITS]) or code

    def find(self, said: str, *, limit: int) -> list[Area]:
        """Areas by what somebody typed: each word begins a word of the name; the whole name first, then provinces."""
        wanted = _plain(said)
        if not wanted:
            return []
        whole, begun, within = [], [], []
        for area, (own, label) in zip(self._areas, self._keys, strict=True):
            if wanted in {own[1:], label[1:]}:
                whole.append(area)
            elif own.startswith(f" {wanted}"):
                begun.append(area)
            elif all(f" {word}" in label for word in wanted.split()):
                within.append(area)
        by_size = [sorted(some, key=lambda area: (len(area.code), _own(area))) for some in (whole, begun, within)]
        return list(islice((area for some in by_size for area in some), limit))

    def only(self, said: str) -> Area | None:
        """The one area that somebody surely means: of that very name, or the only one that is alike."""
        found = self.find(said, limit=2)
        sure = [area for area in found if _plain(area.name) == _plain(said)] or found
        named = [area for area in found if _plain(_own(area)) == _plain(said)]
        if len(named) == 1:
            return named[0]
        return sure[0] if len(sure) == 1 else None


NOWHERE = AreaNames({})


def _own(area: Area) -> str:
    return area.name.partition(",")[0]


def _plain(name: str) -> str:
    return _NOT_WORD.sub(" ", name.casefold()).strip()
