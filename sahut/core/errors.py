"""What can go wrong, by what the caller should do about it.

::

    SahutError
    ├── SettingsError        an operator's file or variable is wrong: names file, line and key
    ├── CollectError         one source could not be read; carries the source's problem code
    │   ├── TransientError   try again later (``not_before`` when the platform said when)
    │   ├── PermanentError   stop the source, visibly, until somebody acts
    │   └── InDoubtError     a reply may or may not stand on its platform: look it up, never send it again
    ├── ClassifierError      a model could not be loaded, or could not judge a text
    ├── NotFoundError        no such mention, ticket, source …
    ├── StaleWriteError      somebody else changed it first; says what is there now
    ├── RefusedError         the rules do not allow this; says which rule, in words
    ├── LeaseLostError       another worker took the work over: write nothing
    └── StoreError           the database is missing, too old or too new
        └── BusyError        two transactions waited for each other and this one was given up: nothing of it happened

An adapter decides once whether a failure is transient or permanent, by the class that it raises; everything above
branches on the class. Every message names the thing (source, mention, ticket), and causes are chained with ``from``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sahut.core.model import Problem


class SahutError(Exception):
    """Root of the tree. ``str(error)`` is one sentence that a person can act on."""


class SettingsError(SahutError):
    """A settings, source or policy value is wrong.

    ``file`` is the path or ``"environment"``, ``line`` is 1-based or None when there is none, ``key`` is dotted.
    """

    def __init__(self, message: str, *, file: str = "environment", line: int | None = None, key: str = "") -> None:
        self.message = message
        self.file = file
        self.line = line
        self.key = key
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {key}: {message}" if key else f"{where}: {message}")


class CollectError(SahutError):
    """A source could not be read. ``problem`` is the code that screens translate; the message has the detail."""

    def __init__(self, message: str, *, problem: Problem) -> None:
        self.problem = problem
        super().__init__(message)


class TransientError(CollectError):
    """It may work later: a time-out, a 5xx, a limit. ``not_before`` (aware, UTC) when the platform named a time.

    ``whole_account``: the limit is the credential's, so that every source of it has to wait.
    """

    def __init__(
        self, message: str, *, problem: Problem, not_before: datetime | None = None, whole_account: bool = False
    ) -> None:
        self.not_before = not_before
        self.whole_account = whole_account
        super().__init__(message, problem=problem)


class PermanentError(CollectError):
    """It will not work until a person changes something: gone, blocked, refused credentials."""


class InDoubtError(CollectError):
    """A reply was handed to its platform, and nobody knows whether it stands there."""


class ClassifierError(SahutError):
    """A model is missing or broken, or a text could not be judged."""


class NotFoundError(SahutError):
    """There is no such thing. ``kind`` is the word for it, ``key`` its id or name."""

    def __init__(self, kind: str, key: object) -> None:
        self.kind = kind
        self.key = key
        super().__init__(f"no {kind} {key}")


class StaleWriteError(SahutError):
    """The row changed since the caller read it.

    ``expected`` and ``current`` are versions; ``changes`` says in order what happened in between
    (``{"what", "who", "when"}``), so that a screen can show what the other person did.
    """

    def __init__(self, kind: str, key: object, *, expected: int, current: int, changes: list[dict[str, str]]) -> None:
        self.kind = kind
        self.key = key
        self.expected = expected
        self.current = current
        self.changes = changes
        super().__init__(f"{kind} {key} was changed by somebody else (version {current}, yours was {expected})")


class RefusedError(SahutError):
    """The rules do not allow it. ``rule`` is a stable code for screens, the message says why."""

    def __init__(self, message: str, *, rule: str) -> None:
        self.rule = rule
        super().__init__(message)


class LeaseLostError(SahutError):
    """The lease on claimed work ran out and another worker has it now."""


class StoreError(SahutError):
    """The database cannot be used as it is; the message says which command helps."""


class BusyError(StoreError):
    """The database gave this transaction up for another's sake. Nothing of it happened, and the same may go through."""

    def __init__(self) -> None:
        super().__init__("somebody else was changing the same; nothing was done, send it again in a moment")
