"""What the suite of faults needs to know of a platform: its world.

A world is a platform-shaped server with posts on it, a source that reads them, and the access that lets it in. Each
platform's module ``tests/collectors/world_PLATFORM.py`` has a class of this shape called ``World``; the contract suite
and the fault layer find it by the platform's name in the registry.
"""

from __future__ import annotations

from typing import Protocol

from sahut.core.model import Access, Source
from tests.collectors.platform_server import PlatformServer


class PlatformWorld(Protocol):
    """``expected`` are the native ids that a whole reading brings, in no order; enough of them for three pages."""

    server: PlatformServer
    source: Source
    access: Access
    expected: set[str]

    def add(self, text: str) -> str:
        """Somebody posts: its native id."""
        ...

    def close(self) -> None: ...
