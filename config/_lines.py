"""Where each key of a TOML document stands: tomllib gives values without lines.

The scanner only looks for keys, so it may assume what `tomllib.loads` has accepted before.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]
"""A value's place as pydantic names it: table names, keys, and indexes of arrays."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_ESCAPED = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def key_lines(text: str) -> dict[Path, int]:
    """The 1-based line of every key, table header and array element of a valid TOML document."""
    return _Scanner(text).scan()


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of ``path``, or of its nearest enclosing table: a missing key has no line of its own."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip_space():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> Path:
        start = self._at
        repeated = self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        path: Path = ()
        for name in self._dotted():
            path = self._into(path)
            path = (*path, name)
        self._at += 2 if repeated else 1
        if repeated:
            self._counts[path] = self._counts.get(path, -1) + 1
            self._note(path, start)
            path = (*path, self._counts[path])
        else:
            path = self._into(path)
        self._note(path, start)
        return path

    def _into(self, path: Path) -> Path:
        """A header's name that is an array of tables means its last element."""
        return (*path, self._counts[path]) if path in self._counts else path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = table
        for name in self._dotted():
            path = (*path, name)
            self._note(path, start)
        self._at += 1  # the equals sign
        self._value(path)

    def _dotted(self) -> list[str]:
        names = []
        while True:
            self._skip_space()
            names.append(self._name())
            self._skip_space()
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _name(self) -> str:
        quote = self._text[self._at]
        if quote in "\"'":
            start = self._at
            self._string(quote)
            return str(tomllib.loads(f"name = {self._text[start : self._at]}")["name"])
        found = _BARE.match(self._text, self._at)
        if found is None:  # a document that tomllib refuses
            raise ValueError(f"no key at offset {self._at}")
        self._at = found.end()
        return found.group()

    def _value(self, path: Path) -> None:
        self._skip_space()
        first = self._text[self._at]
        if first in "\"'":
            self._string(first)
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            found = _SCALAR.match(self._text, self._at)
            self._at = len(self._text) if found is None else found.end()

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._skip_space() and self._text[self._at] != "]":
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1
            self._skip_comma()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._skip_space() and self._text[self._at] != "}":
            self._pair(path)
            self._skip_comma()
        self._at += 1

    def _string(self, quote: str) -> None:
        """Step over a string of any of the four kinds."""
        if not self._text.startswith(quote * 3, self._at):
            found = _ESCAPED.match(self._text, self._at) if quote == '"' else None
            self._at = found.end() if found else self._text.index(quote, self._at + 1) + 1
            return
        end = self._at + 3
        while not self._text.startswith(quote * 3, end):
            end += 2 if quote == '"' and self._text[end] == "\\" else 1
        end += 3
        while self._text.startswith(quote, end):  # up to two quotes may stand before the closing three
            end += 1
        self._at = end

    def _skip_space(self) -> bool:
        found = _SPACE.match(self._text, self._at)
        if found:
            self._at = found.end()
        return self._at < len(self._text)

    def _skip_comma(self) -> None:
        if self._skip_space() and self._text[self._at] == ",":
            self._at += 1

    def _note(self, path: Path, at: int) -> None:
        self._lines.setdefault(path, self._text.count("\n", 0, at) + 1)
