"""One installation of the real program, and a newspaper for it to read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Feed, Sahut, feed, installation


@pytest.fixture
def site() -> Iterator[Feed]:
    with feed() as made:
        yield made


@pytest.fixture
def sahut(tmp_path: Path) -> Iterator[Sahut]:
    with installation(tmp_path) as made:
        yield made
