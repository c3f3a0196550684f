"""Finding persons in sealed columns: keyed hashes of who wrote a post, of its address and of its id."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select, update

from storage.engine import READ, insert_into
from storage.person_tables import lookup_key
from storage.sealing import Seal

_ONLY = 1
_BYTES = 16


class LookupKey:
    """The installation's key for hashes, fetched once. Raises StoreError where the key that sealed it is not known."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._known: bytes | None = None
        self._lock = threading.Lock()

    def within(self, connection: Connection) -> Lookup:
        """For one transaction."""
        return Lookup(self, connection)

    def reseal(self, connection: Connection) -> None:
        """Seal it with the first key. Its hashes stay."""
        query = select(lookup_key.c.sealed).where(lookup_key.c.id == _ONLY).with_for_update()
        sealed = connection.execute(query).scalar_one_or_none()
        if sealed is not None:
            connection.execute(update(lookup_key).values(sealed=self._seal.reseal(sealed)))

    def of(self, connection: Connection) -> bytes:
        """The key; made in this transaction where there is none yet."""
        with self._lock:
            if self._known is not None:
                return self._known
        found = self._stored(connection)
        if found is not None:
            with self._lock:
                self._known = found
            return found
        options = connection.get_execution_options()
        if options.get(READ) or options.get("postgresql_readonly"):
            # Nobody has stored a hash yet, so there is nothing that any key would find.
            return os.urandom(32)
        fresh = self._seal.seal({"key": os.urandom(32).hex()})
        row = insert_into(connection, lookup_key).values(id=_ONLY, sealed=fresh)
        connection.execute(row.on_conflict_do_nothing())
        # Not kept beyond this transaction, which may come to nothing; another process may have been first.
        made = self._stored(connection)
        assert made is not None  # noqa: S101 - it stands there now
        return made

    def _stored(self, connection: Connection) -> bytes | None:
        sealed = connection.execute(select(lookup_key.c.sealed).where(lookup_key.c.id == _ONLY)).scalar_one_or_none()
        return None if sealed is None else bytes.fromhex(self._seal.open(sealed)["key"])


class Lookup:
    """Hashes within one transaction."""

    def __init__(self, key: LookupKey, connection: Connection) -> None:
        self._source = key
        self._connection = connection
        self._key: bytes | None = None

    def author(self, platform: str, handle: str) -> str:
        """Of who writes there under this name, with or without @, whatever its case."""
        return self._hash("author", platform, handle.strip().removeprefix("@").casefold())

    def link(self, platform: str, address: str) -> str:
        """Of a post's address, whatever its scheme, "www." and fragment."""
        return self._hash("link", platform, plain_address(address))

    def post(self, platform: str, native_id: str) -> str:
        """Of a post's id."""
        return self._hash("post", platform, native_id)

    def columns(self, platform: str, author: Mapping[str, Any] | None, permalink: str | None) -> dict[str, str | None]:
        """What a mention's row holds to be found by."""
        handle = "" if author is None else str(author.get("handle") or author.get("name") or "")
        return {
            # An author without a name is found by nothing, which is not the same as one that nobody has looked at yet.
            "author_key": None if author is None else self.author(platform, handle) if handle.strip() else "",
            "link_key": None if permalink is None else self.link(platform, permalink),
        }

    def _hash(self, *parts: str) -> str:
        if self._key is None:
            self._key = self._source.of(self._connection)
        said = "\x00".join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, hashlib.sha256)[:_BYTES].hex()


def plain_address(address: str) -> str:
    """The same for every way to write one address; what is none, as it stands: strangers write permalinks too."""
    try:
        parts = urlsplit(address.strip() if "://" in address else f"https://{address.strip()}")
    except ValueError:
        return address.strip()
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.casefold().removeprefix('www.')}{parts.path.rstrip('/')}{query}"
