"""Accounts of staff and programs, their sessions and tokens, and answers kept for idempotency keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import ApiToken, Proof, Role, Session, StoredAnswer, User
from storage.people_tables import account, api_token, failed_login, session, sign_in_challenge, stored_answer
from storage.types import storable

# Any number, but the same in every process: it names the locks.
_GUESSES = 71_825


# Whoever ended an account's sessions did not see one that a sign-in was just about to write.
_standing = select(session).join(
    account, (account.c.id == session.c.account_id) & (account.c.generation == session.c.generation)
)


class SqlAccounts:
    """The accounts of one transaction. User names are compared without regard to case."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_user(
        self,
        *,
        username: str,
        name: str,
        role: Role,
        password_hash: str,
        must_change: bool,
        now: datetime,
        units: Sequence[str] = (),
    ) -> User:
        """Raises RefusedError(rule="username_taken")."""
        values = {
            "username": username.casefold(),
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "must_change": must_change,
            "active": True,
            "created_at": now,
            "version": 1,
            "units": sorted(set(units)),
        }
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(account.insert().values(values).returning(account.c.id))
                added: int = result.scalar_one()
        except IntegrityError as error:
            raise RefusedError(f"the user name {username!r} is taken", rule="username_taken") from error
        return self.user(added)

    def user(self, user_id: int) -> User:
        """Raises NotFoundError."""
        row = self._connection.execute(select(account).where(account.c.id == user_id)).one_or_none()
        if row is None:
            raise NotFoundError("user", user_id)
        return _user(row)

    def user_named(self, username: str) -> User | None:
        """The account of that user name."""
        row = self._connection.execute(
            select(account).where(account.c.username == storable(username.casefold()))
        ).one_or_none()
        return None if row is None else _user(row)

    def users(self) -> list[User]:
        """Every account by name."""
        return [_user(row) for row in self._connection.execute(select(account).order_by(account.c.name, account.c.id))]

    def set_password(self, user_id: int, password_hash: str, *, must_change: bool) -> None:
        """Set it, and end every session of the account."""
        self._set(user_id, password_hash=password_hash, must_change=must_change)

    def set_active(self, user_id: int, active: bool) -> None:
        """Allow or forbid signing in; forbidding ends every session."""
        self._set(user_id, active=active)

    def set_role(self, user_id: int, role: Role, units: Sequence[str] = ()) -> None:
        """Give another role, and the units that it is limited to; ends every session, which may hold an old page."""
        self._set(user_id, role=role, units=sorted(set(units)))

    def _set(self, user_id: int, **values: object) -> None:
        written = self._connection.execute(
            update(account).where(account.c.id == user_id).values(**values, version=account.c.version + 1)
        )
        if not written.rowcount:
            raise NotFoundError("user", user_id)
        if values.get("active") is not True:
            self.end_sessions(user_id)
            # Whoever knew the earlier password and still owes the code begins anew.
            self._connection.execute(sign_in_challenge.delete().where(sign_in_challenge.c.account_id == user_id))

    def add_session(self, made: Session) -> None:
        """Keep a sign-in."""
        self._connection.execute(
            session.insert().values(
                token_hash=made.token_hash,
                account_id=made.user_id,
                csrf=made.csrf,
                created_at=made.created_at,
                seen_at=made.seen_at,
                expires_at=made.expires_at,
                address=made.address,
                device=made.device,
                generation=made.generation,
                proof=made.proof,
            )
        )

    def session(self, token_hash: str) -> Session | None:
        """The sign-in under this hash; None for one of an earlier generation of its account."""
        row = self._connection.execute(_standing.where(session.c.token_hash == token_hash)).one_or_none()
        return None if row is None else _session(row)

    def sessions_of(self, user_id: int) -> list[Session]:
        """Those of an account, the latest used first."""
        query = _standing.where(session.c.account_id == user_id).order_by(session.c.seen_at.desc())
        return [_session(row) for row in self._connection.execute(query)]

    def end_sessions(self, user_id: int, *, but: str = "") -> int:
        """End every session of an account but one, those too that are being opened at this moment; how many."""
        risen = update(account).where(account.c.id == user_id).values(generation=account.c.generation + 1)
        generation = self._connection.execute(risen.returning(account.c.generation)).scalar_one_or_none()
        if generation is None:
            return 0
        kept = session.c.token_hash == but
        self._connection.execute(
            update(session).where(kept, session.c.account_id == user_id).values(generation=generation)
        )
        return self._connection.execute(session.delete().where(session.c.account_id == user_id, ~kept)).rowcount

    def lock_admins(self) -> None:
        """Let nobody else change who is an administrator; SQLite has one writer at a time anyway."""
        admins = select(account.c.id).where(account.c.role == Role.ADMIN).order_by(account.c.id)
        self._connection.execute(admins.with_for_update()).all()

    def queue_up(self, username: str) -> None:
        """Let guesses at one account be counted one after another until the commit, whoever makes them.

        SQLite has one writer at a time anyway.
        """
        if self._connection.dialect.name == "postgresql":
            lock = func.pg_advisory_xact_lock(_GUESSES, func.hashtext(username.casefold()))
            self._connection.execute(select(lock))

    def touch_session(self, token_hash: str, now: datetime) -> None:
        """It was used."""
        self._connection.execute(update(session).where(session.c.token_hash == token_hash).values(seen_at=now))

    def end_session(self, token_hash: str) -> None:
        """Sign out."""
        self._connection.execute(session.delete().where(session.c.token_hash == token_hash))

    def count_failed_login(self, username: str, address: str, now: datetime) -> None:
        """Remember a failure, the address only as its hash."""
        self._connection.execute(
            failed_login.insert().values(username=username.casefold(), address_hash=_hash(address), at=now)
        )

    def failed_logins(self, username: str, address: str, since: datetime) -> int:
        """Failures since then for the name or from the address, whichever are more."""
        counts = [
            self._connection.execute(
                select(func.count()).select_from(failed_login).where(same, failed_login.c.at >= since)
            ).scalar_one()
            for same in (
                failed_login.c.username == storable(username.casefold()),
                failed_login.c.address_hash == _hash(address),
            )
        ]
        return max(counts)

    def add_token(
        self,
        *,
        user_id: int,
        name: str,
        token_hash: str,
        scopes: Sequence[str],
        expires_at: datetime | None,
        now: datetime,
    ) -> ApiToken:
        """Keep a program's key."""
        self._connection.execute(
            api_token.insert().values(
                account_id=user_id,
                name=name,
                token_hash=token_hash,
                created_at=now,
                expires_at=expires_at,
                revoked=False,
                scopes=sorted(set(scopes)),
            )
        )
        made = self.token(token_hash)
        assert made is not None  # noqa: S101 - inserted above
        return made

    def token(self, token_hash: str) -> ApiToken | None:
        """The key under this hash, revoked or not."""
        row = self._connection.execute(select(api_token).where(api_token.c.token_hash == token_hash)).one_or_none()
        return None if row is None else _token(row)

    def touch_token(self, token_id: int, now: datetime) -> None:
        """It was used."""
        self._connection.execute(update(api_token).where(api_token.c.id == token_id).values(used_at=now))

    def revoke_token(self, token_id: int) -> None:
        """Raises NotFoundError."""
        written = self._connection.execute(update(api_token).where(api_token.c.id == token_id).values(revoked=True))
        if not written.rowcount:
            raise NotFoundError("token", token_id)

    def tokens(self) -> list[ApiToken]:
        """Every key, newest first."""
        return [_token(row) for row in self._connection.execute(select(api_token).order_by(api_token.c.id.desc()))]

    def answer(self, key: str, user_id: int) -> StoredAnswer | None:
        """What was answered under this key before."""
        row = self._connection.execute(
            select(stored_answer).where(stored_answer.c.key == storable(key), stored_answer.c.account_id == user_id)
        ).one_or_none()
        if row is None:
            return None
        return StoredAnswer(
            key=row.key,
            user_id=row.account_id,
            fingerprint=row.fingerprint,
            status=row.status,
            body=row.body,
            at=row.at,
        )

    def keep_answer(self, answer: StoredAnswer) -> None:
        """Keep the first answer. Raises RefusedError(rule="answered_meanwhile") where another request kept one."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    stored_answer.insert().values(
                        key=answer.key,
                        account_id=answer.user_id,
                        fingerprint=answer.fingerprint,
                        status=answer.status,
                        body=answer.body,
                        at=answer.at,
                    )
                )
        except IntegrityError as error:
            raise RefusedError(
                f"another request with the key {answer.key!r} was answered meanwhile", rule="answered_meanwhile"
            ) from error


def _hash(address: str) -> str:
    return sha256(address.encode("utf-8", "replace")).hexdigest()


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        username=row.username,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        must_change=row.must_change,
        active=row.active,
        created_at=row.created_at,
        version=row.version,
        units=tuple(row.units),
        generation=row.generation,
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        token_hash=row.token_hash,
        user_id=row.account_id,
        csrf=row.csrf,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        address=row.address,
        device=row.device,
        generation=row.generation,
        proof=Proof(row.proof),
    )


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        user_id=row.account_id,
        name=row.name,
        token_hash=row.token_hash,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked=row.revoked,
        scopes=tuple(row.scopes),
    )
