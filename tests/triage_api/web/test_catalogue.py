"""The English catalogue says all that the board says, and nothing else."""

import ast
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from triage_api.web import languages, pages

ROOT = Path(__file__).parents[3]
WEB = ROOT / "triage_api" / "web"
_HOLE = re.compile(r"%(?:\(\w+\))?[sd]|%%")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make catalogue` finds in the sources."""
    target = tmp_path_factory.mktemp("catalogue") / "board.pot"
    command = ["pybabel", "--quiet", "extract", "-F", str(ROOT / "pyproject.toml"), "--no-default-keywords"]
    CommandLineInterface().run([*command, "-k", "_ N_ gettext ngettext:1,2", "-o", str(target), str(WEB)])
    with target.open("rb") as said:
        return read_po(said)


@pytest.fixture(scope="module")
def english() -> Catalog:
    with languages.path_of("en").open("rb") as said:
        return read_po(said, locale="en")


def test_every_text_of_the_board_is_in_english_and_no_text_is_left_over(extracted: Catalog, english: Catalog) -> None:
    wanted, had = ({message.id for message in one if message.id} for one in (extracted, english))
    assert wanted - had == set(), "run `make catalogue` and translate these"
    assert had - wanted == set(), "run `make catalogue`: nobody says these any more"
    for message in english:
        if message.id:
            assert not message.fuzzy, message.id
            said = message.string if isinstance(message.id, tuple) else (message.string,)
            assert all(said), f"not translated: {message.id}"
    assert len(wanted) > 400


def test_every_translation_has_the_holes_of_its_source(english: Catalog) -> None:
    for message in english:
        if not message.id:
            continue
        many = isinstance(message.id, tuple)
        for source, said in zip(
            message.id if many else (message.id,), message.string if many else (message.string,), strict=True
        ):
            assert sorted(_HOLE.findall(said)) == sorted(_HOLE.findall(source)), (source, said)
            assert said[-1:] == source[-1:] or source[-1:] not in {".", ":", "?", "…"}, (source, said)


class _Module(ast.NodeVisitor):
    """Collects calls that choose a word while a module is read, when nobody's language is known."""

    def __init__(self) -> None:
        self.found: list[int] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Runs later."""

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"_", "gettext", "ngettext"}:
            self.found.append(node.lineno)
        self.generic_visit(node)


def test_no_word_is_chosen_while_a_module_is_read() -> None:
    for path in WEB.glob("*.py"):
        visitor = _Module()
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        assert visitor.found == [], f"{path.name}: mark these with N_ and translate them when they are shown"


class _Words(HTMLParser):
    """Words that a page would show as they stand in its template."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code = tag == "code"
        self.found += [said for name, said in attrs if said and name in {"alt", "aria-label", "placeholder", "title"}]

    def handle_endtag(self, tag: str) -> None:
        self._code = False

    def handle_data(self, data: str) -> None:
        if not self._code:
            # A macro may write attributes alone, for a tag that stands elsewhere.
            self.found.append(re.sub(r'[\w-]+="[^"]*"', " ", data))


@pytest.mark.parametrize("path", sorted((WEB / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_template_holds_a_word_that_is_not_marked(path: Path) -> None:
    tokens = pages.environment().lex(path.read_text(encoding="utf-8"))
    # An expression becomes a space, so that what stands around it remains HTML.
    words = _Words()
    words.feed("".join(text if kind == "data" else " " for _line, kind, text in tokens))
    allowed = {"Sahut", "https", "US", "demo", "id"}
    left = [word for text in words.found for word in re.findall(r"[^\W\d_]{2,}", text) if word not in allowed]
    assert left == [], "put these into {{ _(…) }}"


def test_two_readers_at_the_same_time_each_read_their_own_language() -> None:
    def read(language: str) -> set[str]:
        languages.speak(language)
        return {languages.gettext("Antrean") for _ in range(2_000)}

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(Context().run, read, language) for language in ("id", "en") * 8]
    assert [job.result() for job in jobs] == [{"Antrean"}, {"Queue"}] * 8


def test_a_language_that_does_not_exist_is_indonesian() -> None:
    def read() -> str:
        languages.speak("../../etc")
        return languages.gettext("Antrean")

    assert Context().run(read) == "Antrean"
