"""Second factors: secrets sealed, recovery codes and waiting sign-ins as hashes. One statement decides each race."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import RefusedError
from sahut.core.model import Proof, SecondFactor
from storage.people_tables import recovery_code, second_factor, sign_in_challenge
from storage.sealing import Seal
from storage.types import storable


class SqlSecondFactors:
    """The second factors of one transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def of(self, user_id: int) -> SecondFactor | None:
        """The account's, also one that is not confirmed yet. Raises StoreError where the key is not known."""
        row: Any = self._connection.execute(
            select(second_factor).where(second_factor.c.account_id == user_id)
        ).one_or_none()
        if row is None:
            return None
        left = select(func.count()).select_from(recovery_code).where(recovery_code.c.account_id == user_id)
        return SecondFactor(
            user_id=row.account_id,
            secret=self._seal.open(row.sealed)["secret"],
            confirmed=row.confirmed,
            created_at=row.created_at,
            codes_left=self._connection.execute(left).scalar_one(),
        )

    def is_on(self, user_id: int) -> bool:
        """Whether the account has a confirmed one."""
        asked = select(second_factor.c.confirmed).where(second_factor.c.account_id == user_id)
        return bool(self._connection.execute(asked).scalar_one_or_none())

    def begin(self, user_id: int, secret: str, now: datetime) -> None:
        """Keep a secret to be confirmed. Raises RefusedError(rule="second_factor_on")."""
        table = second_factor
        self._connection.execute(delete(table).where(table.c.account_id == user_id, table.c.confirmed.is_(False)))
        values = {
            "account_id": user_id,
            "sealed": self._seal.seal({"secret": secret}),
            "confirmed": False,
            "last_step": -1,
            "created_at": now,
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(table.insert().values(values))
        except IntegrityError as error:
            raise RefusedError("the account has a second factor", rule="second_factor_on") from error

    def confirm(self, user_id: int) -> bool:
        """From now on it is asked for. False where there is none, or it was confirmed before."""
        written = self._connection.execute(
            update(second_factor)
            .where(second_factor.c.account_id == user_id, second_factor.c.confirmed.is_(False))
            .values(confirmed=True)
        )
        return written.rowcount == 1

    def drop(self, user_id: int) -> bool:
        """Forget it with its recovery codes and waiting sign-ins; whether there was one."""
        self._connection.execute(delete(sign_in_challenge).where(sign_in_challenge.c.account_id == user_id))
        self._connection.execute(delete(recovery_code).where(recovery_code.c.account_id == user_id))
        gone = self._connection.execute(delete(second_factor).where(second_factor.c.account_id == user_id))
        return gone.rowcount == 1

    def use_step(self, user_id: int, step: int) -> bool:
        """Use the code of that time step up; one UPDATE decides between those who try at the same time."""
        written = self._connection.execute(
            update(second_factor)
            .where(second_factor.c.account_id == user_id, second_factor.c.last_step < step)
            .values(last_step=step)
        )
        return written.rowcount == 1

    def set_recovery_codes(self, user_id: int, hashes: Collection[str]) -> None:
        """These and no earlier ones."""
        self._connection.execute(delete(recovery_code).where(recovery_code.c.account_id == user_id))
        self._connection.execute(
            recovery_code.insert(), [{"account_id": user_id, "code_hash": one} for one in sorted(hashes)]
        )

    def use_recovery_code(self, user_id: int, code_hash: str) -> bool:
        """Use it up; one DELETE decides between those who try at the same time."""
        gone = self._connection.execute(
            delete(recovery_code).where(recovery_code.c.account_id == user_id, recovery_code.c.code_hash == code_hash)
        )
        return gone.rowcount == 1

    def challenge(
        self,
        user_id: int,
        token_hash: str,
        *,
        now: datetime,
        expires_at: datetime,
        proof: Proof = Proof.PASSWORD,
        told: str = "",
    ) -> None:
        """Keep that somebody gave ``proof`` and owes the code, and what was told of them; what expired goes."""
        table = sign_in_challenge
        self._connection.execute(delete(table).where(table.c.expires_at <= now))
        self._connection.execute(
            table.insert().values(
                account_id=user_id, token_hash=token_hash, expires_at=expires_at, proof=proof, told=storable(told)
            )
        )

    def challenged(self, token_hash: str, now: datetime) -> int | None:
        """Whose waiting sign-in this is, if it still can be finished."""
        table = sign_in_challenge
        found: int | None = self._connection.execute(
            select(table.c.account_id).where(table.c.token_hash == token_hash, table.c.expires_at > now)
        ).scalar_one_or_none()
        return found

    def given(self, token_hash: str) -> tuple[Proof, str]:
        """What was given before the code of this waiting sign-in, and what was told of whom."""
        table = sign_in_challenge
        found = self._connection.execute(
            select(table.c.proof, table.c.told).where(table.c.token_hash == token_hash)
        ).one_or_none()
        return (Proof.PASSWORD, "") if found is None else (Proof(found.proof), found.told)

    def end_challenges(self, user_id: int) -> None:
        """No sign-in of the account waits for its code any more."""
        self._connection.execute(delete(sign_in_challenge).where(sign_in_challenge.c.account_id == user_id))

    def end_challenge(self, token_hash: str, now: datetime) -> bool:
        """Use it up; one DELETE decides between those who try at the same time."""
        table = sign_in_challenge
        gone = self._connection.execute(delete(table).where(table.c.token_hash == token_hash, table.c.expires_at > now))
        return gone.rowcount == 1

    def reseal(self) -> int:
        """Seal every secret with the first key; how many there are."""
        every = select(second_factor.c.account_id, second_factor.c.sealed).order_by(second_factor.c.account_id)
        rows: Any = self._connection.execute(every.with_for_update()).all()
        for row in rows:
            self._connection.execute(
                update(second_factor)
                .where(second_factor.c.account_id == row.account_id)
                .values(sealed=self._seal.reseal(row.sealed))
            )
        return len(rows)
