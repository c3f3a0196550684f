"""Looks at places on behalf of people who wait for the answer, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Generic, TypeVar

from sahut.core.errors import NotFoundError, SahutError
from sahut.core.model import SourceDraft
from triage_api.errors import ApiError, InvalidError

# A slow place holds a thread for up to half a minute, and the web side has forty.
_AT_ONCE = 4

Found = TypeVar("Found")


class BusyError(ApiError):
    """So many places are being looked at that another must wait."""

    status = 429
    code = "looking_busy"


class Gate:
    """Lets a few through at once: everything for which a request waits on another server."""

    def __init__(self) -> None:
        self._free = BoundedSemaphore(_AT_ONCE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises BusyError at once where too many are inside."""
        if not self._free.acquire(blocking=False):
            raise BusyError(
                f"{_AT_ONCE} places are being looked at; try again in a moment", headers={"Retry-After": "10"}
            )
        try:
            yield
        finally:
            self._free.release()


class Looks(Generic[Found]):
    """Wraps the look, or the question for its price, that the app was given. Without one, each is refused."""

    def __init__(self, look: Callable[[SourceDraft], Found] | None, gate: Gate | None = None) -> None:
        self._look = look
        self._gate = gate or Gate()

    def __call__(self, draft: SourceDraft) -> Found:
        """Raises BusyError, InvalidError for a platform that nobody brings, CollectError for one not installed."""
        if self._look is None:
            raise SahutError("this process was given no way to look at a place")
        with self._gate.turn():
            try:
                return self._look(draft)
            except NotFoundError as error:
                raise InvalidError(str(error), pointer="#/platform") from error
