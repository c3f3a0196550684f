"""Hiding persons: what names somebody is sealed value by value, and known again by keyed hashes.

AES-256-GCM (`cryptography`) with a fresh nonce for each value, under a key that HKDF derives from the installation's;
Fernet, which seals the credentials, costs four times as much, and here every collected post pays. A stored value says
by which key it was sealed, so that a key can be changed while the rows are sealed anew at leisure::

    p1.KEYIDKEY.base64(nonce ‖ ciphertext ‖ tag)
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sahut.core.errors import StoreError

MARK = "p1."
_NONCE = 12
_ID_CHARACTERS = 8
_SEALED_FOR = b"sahut personal"
_NO_KEY = "there is no key to seal persons' data with: set SAHUT_KEY, or run `sahut migrate`, which makes a key file"


class _Key(NamedTuple):
    name: str
    cipher: AESGCM


class Box:
    """Seals and opens values with the installation's keys: the first one seals, all of them open."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        try:
            made = [_derived(base64.urlsafe_b64decode(key)) for key in keys]
        except (ValueError, binascii.Error) as error:
            raise StoreError("a key must be 32 bytes in URL-safe base64; `sahut key new` makes one") from error
        self._first = made[0] if made else None
        self._known = {key.name: key.cipher for key in made}

    @property
    def prefix(self) -> str:
        """What every value begins with that the first key sealed. Raises StoreError where there is no key."""
        return f"{MARK}{self._sealer().name}."

    def seal(self, text: str) -> str:
        """The text so that nobody without a key can read or change it. Raises StoreError where there is no key."""
        key = self._sealer()
        nonce = os.urandom(_NONCE)
        hidden = nonce + key.cipher.encrypt(nonce, text.encode(), _SEALED_FOR)
        return f"{MARK}{key.name}.{base64.b64encode(hidden).decode('ascii')}"

    def open(self, stored: str) -> str:
        """The text again; one that was stored before there was sealing is itself.

        Raises StoreError for a value of a key that is not known here, and for one that was tampered with.
        """
        if not stored.startswith(MARK):
            return stored
        name, _, rest = stored[len(MARK) :].partition(".")
        cipher = self._known.get(name)
        if cipher is None:
            if self._first is None:
                raise StoreError(_NO_KEY)
            raise StoreError(
                f"a person's data were sealed with another key ({name}): name it in SAHUT_KEY or the key file, after "
                "the present one"
            )
        try:
            hidden = base64.b64decode(rest, validate=True)
            return cipher.decrypt(hidden[:_NONCE], hidden[_NONCE:], _SEALED_FOR).decode()
        except (InvalidTag, ValueError) as error:
            raise StoreError("a sealed value was changed in the database by something else than Sahut") from error

    def _sealer(self) -> _Key:
        if self._first is None:
            raise StoreError(_NO_KEY)
        return self._first


def _derived(key: bytes) -> _Key:
    """The cipher, and a name that tells keys apart and nothing of them."""
    name = _hkdf(key, b"sahut personal key name", _ID_CHARACTERS // 2).hex()
    return _Key(name, AESGCM(_hkdf(key, b"sahut personal aes-256-gcm", 32)))


def _hkdf(key: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(key)
