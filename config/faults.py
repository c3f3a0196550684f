"""What is wrong with an operator's files and variables: every fault at once, each in one plain sentence."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from config._lines import Path
from sahut.core.errors import SettingsError

_CLOSE = 0.7

_SENTENCES: dict[str, str] = {
    "bool_parsing": "say true or false",
    "bool_type": "say true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "list_type": 'must be a list in brackets, as in ["a", "b"]',
    "dict_type": "must be a table of keys and values",
    "model_type": "must be a table of keys and values",
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "too_short": "must have at least {min_length} of them",
    "string_type": "must be text in quotes",
}


class SettingsFaultsError(SettingsError):
    """Everything that is wrong, in ``faults``; the message lists them one a line."""

    def __init__(self, faults: Sequence[SettingsError]) -> None:
        first = faults[0]
        super().__init__(first.message, file=first.file, line=first.line, key=first.key)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        """One line for each fault."""
        return "\n".join(str(fault) for fault in self.faults)


def from_validation(
    error: ValidationError, model: type[BaseModel], *, where: Callable[[Path], tuple[str, int | None, str]]
) -> list[SettingsError]:
    """One fault for each of pydantic's errors. ``where`` gives file, line and the key as written for a path."""
    faults = []
    details = error.errors()
    for detail in details:
        within = detail["loc"]
        if detail["type"] == "too_short" and any(d["loc"][: len(within)] == within and d != detail for d in details):
            continue  # pydantic does not count faulty elements: an echo of the faults within
        path: Path = tuple(part for part in detail["loc"] if part != "[key]")
        file, line, key = where(path)
        faults.append(SettingsError(_sentence(detail, model), file=file, line=line, key=key))
    return faults


def close_to(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """``" (did you mean 'x'?)"`` where a known word is close, else nothing. ``prefix`` is shown before the word."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=_CLOSE)
    return f" (did you mean '{prefix}{found[0]}'?)" if found else ""


def dotted(path: Path) -> str:
    """``("unit", 2, "topics")`` as people read it: ``unit[3].topics``, counted from one."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _sentence(detail: Any, model: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    given = detail["input"]
    if kind == "extra_forbidden":
        known = _keys_at(model, detail["loc"][:-1])
        return f"there is no such key{close_to(str(detail['loc'][-1]), known) or _known(known)}"
    if kind in {"enum", "literal_error"}:
        known = [word.strip("' ") for word in str(context["expected"]).replace(" or ", ", ").split(",")]
        return f"'{given}' is not one of the words for it{close_to(str(given), known) or _known(known)}"
    if kind == "value_error":
        return str(context["error"])
    said = _SENTENCES.get(kind, detail["msg"]).format(**context)
    return said if kind == "missing" or isinstance(given, dict | list) else f"{said}, not {given!r}"


def _known(words: Sequence[str]) -> str:
    return f": use {', '.join(words)}" if words else ""


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that the model knows at ``path``, as they are written in the file."""
    here: Any = model
    for part in path:
        if isinstance(part, int) or not (isinstance(here, type) and issubclass(here, BaseModel)):
            continue
        field = next((f for name, f in here.model_fields.items() if part in {name, f.alias}), None)
        here = _model_within(field.annotation if field else None)
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _model_within(annotation: Any) -> Any:
    """The model of ``Model``, ``tuple[Model, ...]`` or ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_within(inner)
        if found is not None:
            return found
    return None
