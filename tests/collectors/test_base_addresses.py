"""A credential's own address of a platform does not lie inside the network, unless an operator allows that."""

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from collectors import registry
from collectors.registry import CollectorSettings
from sahut.core import admission
from sahut.core.errors import CollectError, PermanentError
from sahut.core.model import Access, Problem
from tests.builders import NOW

# Those that call with a library's own client; a key that a library would parse as a certificate is never sent first.
PLATFORMS = ["x", "reddit", "mastodon", "youtube", "telegram", "facebook", "bluesky"]


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server inside the network, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def _access(platform: str, base_url: str) -> Access:
    guide = registry.load(platform, settings=CollectorSettings()).guide
    return Access(
        name="uji",
        secrets={need.key: "12345:" + "A" * 35 for need in admission.secret_needs(guide)},
        settings={need.key: "uji" for need in admission.plain_needs(guide)} | {"base_url": base_url},
    )


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_base_address_inside_the_network_is_refused_before_anything_is_sent(
    platform: str, listener: tuple[str, list[str]]
) -> None:
    base_url, asked = listener
    strict = admission.member(registry.load(platform, settings=CollectorSettings(total_timeout_s=10)))

    with pytest.raises(PermanentError) as said:
        strict.prove(_access(platform, base_url), now=NOW)

    assert said.value.problem is Problem.BLOCKED_ADDRESS, str(said.value)
    assert asked == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_allowed_host_inside_the_network_is_asked(platform: str, listener: tuple[str, list[str]]) -> None:
    base_url, asked = listener
    settings = CollectorSettings(allow_hosts=("localhost",), total_timeout_s=10)

    with contextlib.suppress(CollectError):  # the answer is none of the platform's
        admission.member(registry.load(platform, settings=settings)).prove(_access(platform, base_url), now=NOW)

    assert asked != []
