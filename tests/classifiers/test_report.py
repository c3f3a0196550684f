"""The report and its plots: complete, alone in the world, safe from what posts say, readable on a phone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python import sync_playwright as axe
from playwright.sync_api import Browser

from classifiers import report
from classifiers.evaluate import Evaluation, evaluate
from sahut.core.model import Kind, Policy, Sentiment, Topic
from tests.builders import an_assessment
from tests.classifiers.test_evaluate import Judged, a_row, a_stream, evaluation, judged

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script><img src=https://jahat.example/x.png> \"'&{{ 7*7 }} ajg\u202e"
AXE = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def everything() -> Evaluation:
    """Of rows with every label, two sources and languages, and every topic: each part of the report is there."""
    stream: Judged = []
    for at, (row, scored) in enumerate(a_stream(240)):
        labelled = a_row(
            Kind.COMPLAINT if row.kind == 0 else list(Kind)[at % 6],
            text=f"{HOSTILE} {at}",
            where=f"row {at + 2}",
            topic=at % 19,
            sentiment=at % 3,
            urgent=int(at % 24 == 0),
            source=("Kabar Kota <b>", "Warga")[at % 2],
            language=("id", "su")[at % 2],
        )
        topic, sentiment = list(Topic)[(at + at % 2) % 19], list(Sentiment)[at % 3]
        stream.append((labelled, replace(an_assessment(topic=topic, sentiment=sentiment), kinds=scored.kinds)))
    found = evaluation(stream)
    return replace(found, baseline=found.figures)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return everything()


@pytest.fixture(scope="module")
def folder(found: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the report without texts was written to."""
    folder = tmp_path_factory.mktemp("report")
    report.write(found, folder, show_texts=False, now=NOW)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shown(found: Evaluation, folder: Path) -> tuple[Path, list[Path]]:
    """The report with texts, beside the one without, and every file that writing it named."""
    inside = folder / "with-texts"
    inside.mkdir()
    files = report.write(found, inside, show_texts=True, now=NOW)
    return files[0], files


def test_every_file_is_written_and_is_what_its_name_says(shown: tuple[Path, list[Path]]) -> None:
    _, files = shown

    names = ["precision-recall", "reliability", "confusion-kind", "confusion-sentiment", "confusion-topic"]
    assert [file.name for file in files] == ["report.html", *(f"{n}.{kind}" for n in names for kind in ("svg", "png"))]
    assert sorted(files[0].parent.iterdir()) == sorted(files)
    for file in files[1:]:
        if file.suffix == ".svg":
            assert ET.parse(file).getroot().tag.endswith("svg")
        else:
            assert file.read_bytes().startswith(b"\x89PNG")


def test_the_same_evaluation_draws_the_same_pictures(folder: Path, shown: tuple[Path, list[Path]]) -> None:
    assert all(file.read_bytes() == (folder / file.name).read_bytes() for file in shown[1][1:])


def test_the_report_says_what_was_measured_in_both_languages(found: Evaluation, page: str) -> None:
    assert "240 baris berlabel dari rows.csv" in page
    assert "24 November 2026" in page
    assert found.in_force is not None
    assert f"<b>{round(100 * found.in_force.recall.value)}</b>" in page
    assert found.policy_lines[2].replace('"', "&#34;") in page
    for words in ("Memilih ambang", "Choosing a cut-off", "Apakah peluangnya jujur?", "Menurut sumber", "By language"):
        assert words in page
    for name in ("Topik yang tertukar", "Kesalahan terbesar", "Semua angka", "Pembanding"):
        assert name in page


def test_texts_are_shown_only_when_asked_for_and_cannot_break_out(page: str, shown: tuple[Path, list[Path]]) -> None:
    with_texts = shown[0].read_text(encoding="utf-8")

    assert "{{ 7*7 }} ajg" in with_texts
    assert "ajg" not in page
    for one in (page, with_texts):
        assert not re.search("<script|<img|Kota <b>", one)


def test_ids_differ_across_the_pictures_of_a_page(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    used = re.findall(r'(?:url\(|href=")#([^")]+)', page)

    assert len(ids) == len(set(ids)) > 100
    assert set(used) <= set(ids)


@pytest.mark.parametrize(
    "stream",
    [
        [judged(Kind.COMPLAINT, 0.9), judged(Kind.NEWS, 0.1), judged(Kind.OTHER, 0.7)],
        [judged(Kind.COMPLAINT, 0.9)],
        [judged(Kind.NEWS, 0.0), judged(Kind.OTHER, 1.0)],
        [(a_row(topic=0), an_assessment())],
        [(a_row(urgent=1), an_assessment())],
        [judged(Kind.COMPLAINT, 1.0), judged(Kind.NEWS, 0.0)],
    ],
    ids=["three rows", "one complaint", "no complaint", "topics alone", "one urgent", "nothing wrong"],
)
def test_data_that_carry_little_still_make_a_report(stream: Judged, tmp_path: Path) -> None:
    rows, assessments = zip(*stream, strict=True)
    little = evaluate(rows, assessments, data="rows.csv", policy=Policy(), resamples=10)

    page = report.write(little, tmp_path, show_texts=True, now=NOW)[0].read_text(encoding="utf-8")

    assert "Semua angka" in page
    assert "Yang perlu diketahui dulu" in page
    assert not re.search(r"\bnan\b", page)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_asks_for_nothing_and_has_no_barrier(
    shown: tuple[Path, list[Path]], chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    file = shown[0]
    with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        opened = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: said.append(message.text))
        opened.goto(file.as_uri())

        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
        assert said == []
        opened.evaluate(AXE)
        barriers = "axe.run().then(result => result.violations.map(one => [one.id, one.nodes[0].html]))"
        assert opened.evaluate(barriers) == []
