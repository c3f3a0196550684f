"""An evaluation → plots and one self-contained page that a supervisor can read without knowing statistics."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from classifiers import _plots
from classifiers._words import MEANINGS, kinds_in_words, word
from classifiers.evaluate import Evaluation

REPORT = "report.html"
_MIX_UPS = 8


def write(found: Evaluation, folder: Path, *, show_texts: bool, now: datetime) -> list[Path]:
    """Write report.html, and each plot as SVG and PNG, into ``folder``; the files, the report first. Raises OSError."""
    pictures = _plots.draw(found)
    report = folder / REPORT
    inline = {name: _inline(name, _plots.svg(picture)) for name, picture in pictures.items()}
    report.write_text(_page(found, inline, show_texts=show_texts, now=now), encoding="utf-8")
    files = [report]
    for name, picture in pictures.items():
        files += _plots.write(name, picture, folder)
    return files


def _page(found: Evaluation, pictures: dict[str, Markup], *, show_texts: bool, now: datetime) -> str:
    environment = Environment(
        loader=PackageLoader("classifiers", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"comma": _comma, "hundred": _hundred, "thousands": _thousands}
    return environment.get_template("report.html.jinja").render(
        found=found,
        pictures=pictures,
        what=kinds_in_words(found.kinds),
        meanings=MEANINGS,
        word=word,
        mix_ups={head: one.mix_ups()[:_MIX_UPS] for head, one in found.confusions.items()},
        show_texts=show_texts,
        date=format_date(now, "d MMMM y", locale="id"),
        date_english=f"{now:%Y-%m-%d}",
    )


def _comma(number: float, digits: int = 2) -> str:
    """A number as Indonesian writes it: 0,74."""
    return f"{number:.{digits}f}".replace(".", ",")


def _thousands(number: int) -> str:
    """A whole number as Indonesian writes it: 8.666."""
    return f"{number:,}".replace(",", ".")


def _hundred(share: float) -> int:
    """How many of a hundred."""
    return round(100 * share)


def _inline(name: str, document: str) -> Markup:
    """An SVG document as a part of the page: as wide as its column, coloured by the page's theme.

    Ids get the picture's name before them, since on a page they must differ between pictures.
    """
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
    for role, colour in _plots.COLOURS.items():
        svg = svg.replace(colour, f"var(--{role})")
    # The first tag's own size would win over the page's style sheet.
    svg = re.sub(r'\s(?:width|height)="[^"]*pt"', "", svg, count=2)
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" ', 1))  # noqa: S704 -- drawn here, words escaped by matplotlib
