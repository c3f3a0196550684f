"""Where in Indonesia a place lies: a small map of our own, so that no other host learns what staff look at.

The map is the outline of the country (`static/indonesia.svg`, drawn by `docs/outline.py`); on it the province of a
place is marked at its capital. Nothing more exact is known: the official list of areas has no coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

from sahut.core.model import Place

# As in docs/outline.py: degrees east of the left edge and south of the upper one, and units for a degree.
_WEST, _NORTH, _SCALE = 94.5, 6.5, 20
_PROVINCE_DIGITS = 2

# Kemendagri's code of a province → its capital, degrees east and north.
_CAPITALS: dict[str, tuple[float, float]] = {
    "11": (95.32, 5.55),
    "12": (98.67, 3.59),
    "13": (100.36, -0.95),
    "14": (101.45, 0.51),
    "15": (103.61, -1.61),
    "16": (104.75, -2.98),
    "17": (102.26, -3.80),
    "18": (105.26, -5.43),
    "19": (106.11, -2.13),
    "21": (104.45, 0.92),
    "31": (106.83, -6.18),
    "32": (107.61, -6.91),
    "33": (110.42, -6.99),
    "34": (110.37, -7.80),
    "35": (112.74, -7.26),
    "36": (106.15, -6.12),
    "51": (115.22, -8.66),
    "52": (116.12, -8.58),
    "53": (123.60, -10.17),
    "61": (109.34, -0.03),
    "62": (113.92, -2.21),
    "63": (114.83, -3.44),
    "64": (117.15, -0.50),
    "65": (117.37, 2.84),
    "71": (124.84, 1.49),
    "72": (119.87, -0.90),
    "73": (119.43, -5.15),
    "74": (122.51, -3.97),
    "75": (123.06, 0.54),
    "76": (118.89, -2.68),
    "81": (128.18, -3.70),
    "82": (127.56, 0.73),
    "91": (140.70, -2.53),
    "92": (134.06, -0.86),
    "93": (140.40, -8.50),
    "94": (135.50, -3.37),
    "95": (138.95, -4.10),
    "96": (131.26, -0.88),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A mark on the map, in its own units, and the code of the province that it stands for."""

    x: int
    y: int
    province: str


def spot(place: Place | None) -> Spot | None:
    """Where to mark a place; None where its province is not sure."""
    province = "" if place is None else place.area[:_PROVINCE_DIGITS]
    if province not in _CAPITALS:
        return None
    east, north = _CAPITALS[province]
    return Spot(x=round((east - _WEST) * _SCALE), y=round((_NORTH - north) * _SCALE), province=province)
