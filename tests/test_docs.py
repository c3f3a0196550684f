"""The documents keep up with the code."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from config.settings import PREFIX, Settings
from triage_api.web import languages

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]

    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_every_setting_is_explained_to_operators():
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

    assert [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in text] == []


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in folder.glob("0*.md") if f"({page.name})" not in index] == []


def _begins_on_the_board(said: str) -> bool:
    """Whether a text of the board begins with this, whatever stands in its holes."""
    with languages.path_of("en").open("rb") as kept:
        texts = [one for m in read_po(kept, locale="en") for one in (m.id if isinstance(m.id, tuple) else (m.id,))]
    patterns = [re.escape(text).replace("%\\(", "%(").replace("\\)s", ")s") for text in texts if text]
    whole = [re.sub(r"%\(\w+\)s", ".+", pattern) for pattern in patterns]
    return any(text.startswith(said) for text in texts if text) or any(re.fullmatch(one, said) for one in whole)


def test_the_keys_of_the_staff_guide_are_those_that_the_board_tells():
    told = re.findall(
        r"<dt>(.+?)</dt><dd>\{\{ _\(\"(.+?)\"\) \}\}</dd>",
        (ROOT / "triage_api/web/templates/base.html").read_text(encoding="utf-8"),
    )
    board = [(re.findall(r"<kbd>(.+?)</kbd>", keys), said) for keys, said in told if "<kbd>" in keys]
    guide = (ROOT / "docs/panduan.md").read_text(encoding="utf-8").partition("| tombol | |")[2].partition("\n\n")[0]
    rows = [
        (re.findall(r"`(.+?)`", keys), said)
        for keys, said in re.findall(r"^\| (`.+?) \| (.+) \|$", guide, re.MULTILINE)
    ]

    assert len(board) > 15
    assert rows == board


def test_what_the_staff_guide_sets_in_italics_stands_on_the_board():
    text = (ROOT / "docs/panduan.md").read_text(encoding="utf-8")
    plain = re.sub(r"\s+", " ", re.sub(r"\*\*[^*]+\*\*|^\* ", "", text, flags=re.MULTILINE))
    quoted = {part for said in re.findall(r"\*([^*]+)\*", plain) for part in re.split(" › |: ", said)}

    assert len(quoted) > 60
    assert sorted(part for part in quoted if not _begins_on_the_board(part)) == []
