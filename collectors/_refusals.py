"""What an unwelcome answer of a platform means for a source, where the platform has no word of its own for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from collectors._freshness import retry_after
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Problem

_PERMANENT = {
    401: (Problem.REFUSED_CREDENTIAL, "it does not take our key: sign in again, or replace the key"),
    402: (Problem.NO_CREDITS, "the credits of our account are used up"),
    403: (Problem.LACKS_ACCESS, "our account may not do this"),
    404: (Problem.NOT_FOUND, "there is no such thing"),
    410: (Problem.GONE, "it was taken down for good"),
}
_TOO_MANY = 429
_TIMED_OUT = 408
_SERVER = 500


def refusal(
    what: str,
    status: int,
    *,
    now: datetime,
    headers: Mapping[str, str] | None = None,
    not_before: datetime | None = None,
    said: str = "",
) -> CollectError:
    """The error for an answer of ``status`` that is no success, ready to be raised.

    ``what`` names the call ("X: recent search"), ``said`` is the platform's own explanation. ``not_before`` is when it
    wants to be asked again; without it ``headers`` are read for Retry-After. A limit holds for the whole account.
    Time-outs and 5xx never blame the credential.
    """
    tail = f" ({said})" if said else ""
    if status in _PERMANENT:
        problem, words = _PERMANENT[status]
        return PermanentError(f"{what} answered {status}: {words}{tail}", problem=problem)
    when = not_before or retry_after(headers or {}, now)
    if status == _TOO_MANY:
        return TransientError(
            f"{what} answered 429: we asked too often{tail}",
            problem=Problem.RATE_LIMITED,
            not_before=when,
            whole_account=True,
        )
    if status == _TIMED_OUT:
        return TransientError(f"{what} answered 408: too slow{tail}", problem=Problem.TOO_SLOW, not_before=when)
    if status >= _SERVER:
        return TransientError(f"{what} answered {status}{tail}", problem=Problem.SERVER_ERROR, not_before=when)
    return PermanentError(f"{what} answered {status}{tail}", problem=Problem.BAD_SETTINGS)
