"""A source's own filter: words, "phrases", AND, OR, NOT, -exclusions, parentheses and a * at a word's beginning or end.

Words side by side must all occur. Case does not count, and a word matches whole words only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from luqum import tree
from luqum.exceptions import ParseError
from luqum.thread import parse as parse_lucene  # the plain parser keeps state between threads

from sahut.core.errors import SettingsError

Matches = Callable[[str], bool]


def compiled(query: str) -> Matches:
    """A function that says whether a text matches; every text matches an empty query.

    Raises SettingsError (key "query") that names the position of what is wrong.
    """
    if not query.strip():
        return lambda _text: True
    try:
        root = parse_lucene(query)
    except (ParseError, RecursionError) as error:
        raise _fault(query, str(error), error) from error
    matches = _build(root, query)
    return lambda text: matches(_folded(text))


def _fault(query: str, reason: str, cause: Exception | None = None) -> SettingsError:
    if cause is not None and "position" not in reason:
        reason = f"it breaks off at position {len(query)}"
    return SettingsError(f"the query '{query}' cannot be read: {reason}", file="source", key="query")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _build(node: tree.Item, query: str) -> Matches:
    if isinstance(node, tree.Word | tree.Phrase):
        return _words(node, query)
    if isinstance(node, tree.Group | tree.Plus):
        return _build(node.children[0], query)
    if isinstance(node, tree.Not | tree.Prohibit):
        inner = _build(node.children[0], query)
        return lambda text: not inner(text)
    if isinstance(node, tree.OrOperation):
        parts = [_build(child, query) for child in node.children]
        return lambda text: any(part(text) for part in parts)
    if isinstance(node, tree.AndOperation | tree.UnknownOperation):
        parts = [_build(child, query) for child in node.children]
        return lambda text: all(part(text) for part in parts)
    where = "" if node.pos is None else f" at position {node.pos}"
    raise _fault(query, f"'{str(node).strip()}'{where} is no word or phrase")


def _words(node: tree.Item, query: str) -> Matches:
    plain = _folded(re.sub(r"\\(.)", r"\1", str(node.value).strip('"')))
    words = [word for word in (part.strip(".,;:!?()") for part in plain.split()) if word.strip("*")]
    where = "" if node.pos is None else f" at position {node.pos}"
    if not words:
        raise _fault(query, f"'{str(node).strip()}'{where} holds no word")
    if any("*" in word.strip("*") for word in words):
        # Stars inside a word make a pattern that takes exponential time on some texts.
        raise _fault(query, f"'{str(node).strip()}'{where} has a * inside; it may stand at a word's beginning or end")
    pattern = re.compile(r"(?<!\w)" + r"\W+".join(map(_pattern, words)) + r"(?!\w)")
    return lambda text: pattern.search(text) is not None


def _pattern(word: str) -> str:
    start, end = (r"\w*" if word[place] == "*" else "" for place in (0, -1))
    return start + re.escape(word.strip("*")) + end
