from collections.abc import Iterator

import pytest

from tests.collectors.feed_server import FeedServer


@pytest.fixture
def server() -> Iterator[FeedServer]:
    running = FeedServer()
    yield running
    running.close()
