"""Examples in the document."""

from __future__ import annotations

from typing import Any


def example(*examples: dict[str, Any]) -> dict[str, Any]:
    """For a model's document; the tests send or validate each."""
    return {"examples": list(examples)}
