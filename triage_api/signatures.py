"""Proofs that a delivery is from whom it says: HMAC-SHA256 over what was sent, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from triage_api.errors import ApiError

# A delivery that was written down by somebody on the way is worth nothing after this.
WINDOW = timedelta(minutes=5)
_SECONDS = re.compile(r"[0-9]{1,12}")


class BadSignatureError(ApiError):
    """It is not signed as it should be; never says what is wrong with it, nor whether there is such a place."""

    status = 401
    code = "bad_signature"

    def __init__(self) -> None:
        super().__init__("the signature, the word or the time does not fit")


async def body_of(request: Request) -> bytes:
    """The bytes of the body, as they were signed."""
    return await request.body()


RawBody = Annotated[bytes, Depends(body_of)]


def signed_by(secret: str, said: bytes, signature: str) -> bool:
    """Whether ``signature`` ("sha256=" and hex digits) is that of ``said``; never under an empty ``secret``."""
    wanted = "sha256=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().lower().encode("utf-8", "replace")) and bool(secret)


def recent(timestamp: str, now: datetime) -> bool:
    """Whether ``timestamp`` (seconds since 1970) is within five minutes of ``now``, before or after."""
    if not _SECONDS.fullmatch(timestamp.strip()):
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()


def same(one: str, other: str) -> bool:
    """Whether two words are the same, in constant time; empty ones never are."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace")) and bool(one)


def stamped(timestamp: str, source_id: int, key: str, body: bytes) -> bytes:
    """What is signed: the time, the source's number and the delivery's key, a line each, then the body.

    So what was signed for one source is worth nothing for another, nor under a key of somebody else's making. No header
    can hold the end of a line, which is why nothing can be moved from one part to the next.
    """
    head = f"{timestamp.strip()}\n{source_id}\n{key}\n"
    return head.encode("utf-8", "replace") + body
