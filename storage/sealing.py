"""Sealing: what only this installation may read is encrypted before it reaches the database.

AES-128-CBC with HMAC-SHA256, as Fernet puts it (`cryptography`). Several keys may be known: the first one seals, all
of them open, so that a key can be changed without a moment at which something cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from sahut.core.errors import StoreError

_NO_KEY = "there is no key to seal secrets with: set SAHUT_KEY, or run `sahut migrate`, which makes a key file"


class Seal:
    """Seals and opens values with the installation's keys. Raises StoreError where there is none, or a wrong one."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        try:
            self._box = MultiFernet([Fernet(key) for key in keys]) if keys else None
        except ValueError as error:
            raise StoreError("a key must be 32 bytes in URL-safe base64; `sahut key new` makes one") from error

    def seal(self, value: Mapping[str, Any]) -> str:
        """The value as text that nobody without a key can read or change."""
        return self._opener().encrypt(json.dumps(dict(value)).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """The value again. Raises StoreError where it was sealed with a key that is not known here."""
        opener = self._opener()
        try:
            found: dict[str, Any] = json.loads(opener.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise StoreError(
                "a secret was sealed with another key: name it in SAHUT_KEY or the key file, after the present one"
            ) from error
        return found

    def reseal(self, sealed: str) -> str:
        """The same value under the first key."""
        return self.seal(self.open(sealed))

    def _opener(self) -> MultiFernet:
        if self._box is None:
            raise StoreError(_NO_KEY)
        return self._box
