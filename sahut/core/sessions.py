"""The session of a credential, kept in the store for all processes: of those that find it run out, one renews it.

Platforms give a new refresh token with each session and take the old one back, so that two who renew at once lock each
other out. A refusal counts for all, too: it is asked for once, and not again before a while, or before the secrets are
replaced.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Problem
from sahut.core.ports import Clock, Store

# Longer than renewing and signing in may take, each with a total deadline.
LEASE = timedelta(minutes=3)
# After that a refusal may have been mended on the platform, as a closed account that was opened again.
REFUSED_FOR = timedelta(minutes=30)
# Of seconds of the machine's clock: renewing takes a call, two at most.
_PATIENCE, _LOOK = 20.0, 0.1


@dataclass(frozen=True, slots=True)
class StoredSession:
    """See `SessionKeeper`. Each word of it is a short transaction of its own, and none is open during a call."""

    store: Store
    credential_id: int
    clock: Clock
    patience: float = _PATIENCE

    def renewed(
        self, held: Mapping[str, str], make: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        """See `SessionKeeper.renewed`."""
        token = secrets.token_hex(12)
        ends = time.monotonic() + self.patience
        while True:
            now = self.clock()
            with self.store.begin() as tx:
                turn = tx.credentials.take_session(
                    self.credential_id, token, held, now=now, until=now + LEASE, refused_since=now - REFUSED_FOR
                )
            if turn.session is not None:
                return turn.session
            if turn.refused_at is not None:
                raise PermanentError(
                    f"the platform refused at {turn.refused_at:%H:%M} UTC to let us in with this credential: replace "
                    "its secrets",
                    problem=Problem.REFUSED_CREDENTIAL,
                )
            if turn.mine:
                return self._made(token, held, make)
            if time.monotonic() >= ends:
                raise TransientError(
                    "another process is renewing the session of this credential", problem=Problem.TOO_SLOW
                )
            time.sleep(_LOOK)

    def _made(
        self, token: str, held: Mapping[str, str], make: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        try:
            made = make(held)
        except BaseException as error:
            refused = isinstance(error, PermanentError) and error.problem is Problem.REFUSED_CREDENTIAL
            with self.store.begin() as tx:
                tx.credentials.leave_session(self.credential_id, token, refused_at=self.clock() if refused else None)
            raise
        with self.store.begin() as tx:
            if tx.credentials.keep_session(self.credential_id, token, made):
                return made
            return tx.credentials.open(self.credential_id, self.clock()).session
