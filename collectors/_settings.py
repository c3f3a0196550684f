"""What an operator may set for all collectors, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def _version() -> str:
    try:
        return version("sahut")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"


MAX_BYTES = 16 * 1024 * 1024
MAX_ITEMS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """Limits and manners of reading.

    ``allow_hosts`` names hosts inside the network that may be read all the same, each "host" (any port) or
    "host:port". ``contact`` (a URL or an e-mail address) goes into the user agent, so that a site's owner can find who
    reads. ``max_bytes`` bounds a document both on the wire and unpacked, ``total_timeout_s`` the seconds from the
    first look-up to the last byte, redirects included. ``base_dir`` is where relative file addresses begin.
    """

    allow_hosts: tuple[str, ...] = ()
    contact: str = ""
    user_agent: str = ""
    max_bytes: int = MAX_BYTES
    max_items: int = MAX_ITEMS
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    total_timeout_s: float = 60.0
    per_host: int = 2
    base_dir: Path = Path()

    @property
    def agent(self) -> str:
        """The User-Agent header: the operator's own, else Sahut's with the contact."""
        if self.user_agent:
            return self.user_agent
        return f"Sahut/{_version()} (feed reader{f'; +{self.contact}' if self.contact else ''})"
