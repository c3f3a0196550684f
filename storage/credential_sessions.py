"""The session of a credential, renewed by one at a time: what the platform gave for the secrets, sealed as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from sahut.core.errors import NotFoundError
from sahut.core.model import SessionTurn, SignInOffer
from storage.sealing import Seal
from storage.sign_in_tables import sign_in
from storage.tables import credential

_FREE = {"session_token": None, "session_until": None}


class CredentialSessions:
    """The part of the credentials that knows sessions."""

    _connection: Connection
    _seal: Seal

    def take_session(
        self,
        credential_id: int,
        token: str,
        held: Mapping[str, str],
        *,
        now: datetime,
        until: datetime,
        refused_since: datetime,
    ) -> SessionTurn:
        """Ask for the turn to renew the session ``held``, until ``until``. Raises NotFoundError.

        A refusal of before ``refused_since`` counts no more.
        """
        row = self._connection.execute(
            select(credential).where(credential.c.id == credential_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise NotFoundError("credential", credential_id)
        kept = {} if row.session is None else self._seal.open(row.session)
        if kept != dict(held):
            return SessionTurn(session=kept)
        if row.session_refused_at is not None and row.session_refused_at >= refused_since:
            return SessionTurn(refused_at=row.session_refused_at)
        if row.session_token is not None and row.session_until > now:
            return SessionTurn()
        self._write(credential_id, {"session_token": token, "session_until": until})
        return SessionTurn(mine=True)

    def keep_session(self, credential_id: int, token: str, session: Mapping[str, str]) -> bool:
        """Store what was got in the turn of ``token``; False where that was over, and another one's counts."""
        mine = credential.c.session_token == token
        values = {"session": self._seal.seal(session), "session_refused_at": None, **_FREE}
        statement = update(credential).where(credential.c.id == credential_id, mine).values(values)
        return self._connection.execute(statement).rowcount == 1

    def leave_session(self, credential_id: int, token: str, *, refused_at: datetime | None = None) -> None:
        """Give the turn of ``token`` back; ``refused_at`` where the platform gave nothing for what we have."""
        mine = credential.c.session_token == token
        values = {"session_refused_at": refused_at, **_FREE}
        self._connection.execute(update(credential).where(credential.c.id == credential_id, mine).values(values))

    def begin_sign_in(
        self, credential_id: int, offer: SignInOffer, *, who: str, now: datetime, expires_at: datetime
    ) -> None:
        """Remember one until it ends; what has expired is forgotten. Its state is kept as a hash, the rest sealed."""
        self._connection.execute(delete(sign_in).where(sign_in.c.expires_at <= now))
        kept = {"address": offer.address, "state": offer.state, "verifier": offer.verifier, "redirect": offer.redirect}
        values = {"state_hash": _hash(offer.state), "credential_id": credential_id, "who": who}
        self._connection.execute(sign_in.insert().values(**values, sealed=self._seal.seal(kept), expires_at=expires_at))

    def end_sign_in(self, state: str, *, who: str, now: datetime) -> tuple[int, SignInOffer] | None:
        """Use one up that ``who`` began: its credential, and what was offered; one DELETE decides. None for none."""
        taken = delete(sign_in).where(
            sign_in.c.state_hash == _hash(state), sign_in.c.who == who, sign_in.c.expires_at > now
        )
        row = self._connection.execute(taken.returning(sign_in.c.credential_id, sign_in.c.sealed)).one_or_none()
        return None if row is None else (row.credential_id, SignInOffer(**self._seal.open(row.sealed)))

    def signed_in(self, credential_id: int, account: str, session: Mapping[str, str], now: datetime) -> None:
        """Keep what a sign-in gave, whatever renewal is under way: it works again. Raises NotFoundError."""
        values = {
            "session": self._seal.seal(session),
            "session_refused_at": None,
            "account": account,
            "problem": None,
            "not_before": None,
            "rotated_at": now,
            **_FREE,
        }
        statement = update(credential).where(credential.c.id == credential_id).values(values)
        if self._connection.execute(statement).rowcount != 1:
            raise NotFoundError("credential", credential_id)

    def _write(self, credential_id: int, values: Mapping[str, object]) -> None:
        self._connection.execute(update(credential).where(credential.c.id == credential_id).values(values))


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
