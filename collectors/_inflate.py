"""Unpacking that cannot be made to fill the memory."""

from __future__ import annotations

import zlib


class TooLargeError(Exception):
    """More bytes than allowed."""


class Inflater:
    """Unpacks gzip, zlib or raw deflate piece by piece, never holding more than ``limit`` bytes unpacked.

    `feed` returns what a piece unpacks to; raises TooLargeError past the limit and zlib.error for damaged data.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False

    def feed(self, piece: bytes) -> bytes:
        """Unpack one piece of the packed stream."""
        out: list[bytes] = []
        while piece:
            try:
                part = self._engine.decompress(piece, self._left + 1)
            except zlib.error:
                if self._begun:
                    raise
                # Some servers call a stream "deflate" that has no zlib header (RFC 9110, 8.4.1.2).
                self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
                part = self._engine.decompress(piece, self._left + 1)
            self._begun = True
            self._left -= len(part)
            if self._left < 0:
                raise TooLargeError
            out.append(part)
            piece = self._engine.unconsumed_tail
            if self._engine.eof:
                # A gzip file may have several members; zeros after the last are padding.
                piece = self._engine.unused_data.lstrip(b"\x00")
                self._engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
        return b"".join(out)


def inflate(packed: bytes, limit: int) -> bytes:
    """All of ``packed``; what could be unpacked of a truncated stream. Raises TooLargeError, zlib.error."""
    return Inflater(limit).feed(packed)
