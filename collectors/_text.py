"""Text that any database takes."""

from __future__ import annotations

import re
from typing import Any

# NUL (PostgreSQL refuses it), other control characters but tab and newlines, and halves of surrogate pairs (no UTF-8).
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def storable(text: str) -> str:
    """``text`` without what databases refuse."""
    return _UNSTORABLE.sub("", text)


def storable_deep(value: Any) -> Any:
    """As `storable`, through lists and dictionaries of plain values; what is neither becomes its text."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_deep(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_deep(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return storable(str(value))
