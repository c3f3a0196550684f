# ruff: noqa: INP001 - a script, not importable
"""Draws triage_api/web/static/indonesia.svg: `python docs/outline.py countries-50m.json`.

The file is Natural Earth's outline of the countries at 1:50 million (public domain), as the npm package world-atlas
2.0.2 brings it in TopoJSON. What is drawn is Indonesia alone, simplified to what a picture of some 300 pixels shows.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

# As in triage_api/web/locator.py, which puts the mark on it.
WEST, NORTH, SCALE = 94.5, 6.5, 20
WIDTH, HEIGHT = 940, 360
_CODE = "360"  # Indonesia in ISO 3166-1
_TOLERANCE = 0.03  # degrees: three kilometres
_SMALLEST = 0.004  # square degrees: an island of seven kilometres

Point = tuple[float, float]


def _arcs(topology: dict[str, Any]) -> list[list[Point]]:
    (sx, sy), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    found = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((x * sx + dx, y * sy + dy))
        found.append(line)
    return found


def _ring(arcs: list[list[Point]], numbers: list[int]) -> list[Point]:
    ring: list[Point] = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += line[1:] if ring else line
    return ring


def _area(ring: list[Point]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def _simplified(line: list[Point]) -> list[Point]:
    """Douglas and Peucker 1973."""
    if len(line) < 3:  # noqa: PLR2004 - a stretch has two ends
        return line
    (ax, ay), (bx, by) = line[0], line[-1]
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5

    def off(p: Point) -> float:
        if not length:
            return ((p[0] - ax) ** 2 + (p[1] - ay) ** 2) ** 0.5
        return abs((bx - ax) * (ay - p[1]) - (ax - p[0]) * (by - ay)) / length

    at = max(range(1, len(line) - 1), key=lambda i: off(line[i]))
    if off(line[at]) <= _TOLERANCE:
        return [line[0], line[-1]]
    return _simplified(line[: at + 1])[:-1] + _simplified(line[at:])


def _path(ring: list[Point]) -> str:
    dots = [(round((x - WEST) * SCALE), round((NORTH - y) * SCALE)) for x, y in ring]
    dots = [dot for i, dot in enumerate(dots) if i == 0 or dot != dots[i - 1]]
    if len(dots) < 4:  # noqa: PLR2004 - three corners and the first again
        return ""
    steps = [f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(dots[:-1])]
    return f"M{dots[0][0]} {dots[0][1]}l{' '.join(steps)}z".replace(" -", "-")


def main() -> None:
    """Read the atlas, write the picture, say how large it is."""
    topology = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    (country,) = [one for one in topology["objects"]["countries"]["geometries"] if one.get("id") == _CODE]
    arcs = _arcs(topology)
    rings = [_ring(arcs, polygon[0]) for polygon in country["arcs"]]
    land = "".join(_path(_simplified(ring)) for ring in rings if _area(ring) >= _SMALLEST)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><path id="land" d="{land}"/></svg>\n'
    where = Path(__file__).parents[1] / "triage_api/web/static/indonesia.svg"
    where.write_text(svg, "utf-8")
    print(f"{where}: {len(svg)} bytes, {len(rings)} islands")  # noqa: T201 - what a script says


if __name__ == "__main__":
    main()
