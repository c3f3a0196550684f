"""Credentials: what lets us into platforms, sealed; what they spent; until when their platforms want no call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import (
    Access,
    Budget,
    Credential,
    CredentialDraft,
    Currency,
    Period,
    Problem,
)
from storage.credential_sessions import CredentialSessions
from storage.engine import insert_into
from storage.reservation_tables import reservation
from storage.sealing import Seal
from storage.sign_in_tables import sign_in
from storage.tables import credential, source, spending

# What sums of fractions miss.
_CRUMB = 1e-9


class SqlCredentials(CredentialSessions):
    """The credentials of one transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def add(self, draft: CredentialDraft, secrets: Mapping[str, str], now: datetime) -> Credential:
        """Raises RefusedError(rule="credential_exists") when the name is taken."""
        values = {
            **_columns(draft),
            "account": "",
            "sealed": self._seal.seal(secrets),
            "created_at": now,
            "rotated_at": now,
            "version": 1,
        }
        try:
            with self._connection.begin_nested():
                made = self._connection.execute(credential.insert().values(values).returning(credential.c.id))
                credential_id: int = made.scalar_one()
        except IntegrityError as error:
            raise _exists(draft.name) from error
        return self.get(credential_id)

    def get(self, credential_id: int) -> Credential:
        """Raises NotFoundError."""
        row = self._connection.execute(select(credential).where(credential.c.id == credential_id)).one_or_none()
        if row is None:
            raise NotFoundError("credential", credential_id)
        return _value(row)

    def find(self, name: str) -> Credential | None:
        """The credential of that name."""
        row = self._connection.execute(select(credential).where(credential.c.name == name)).one_or_none()
        return None if row is None else _value(row)

    def all(self) -> list[Credential]:
        """Every credential, by platform and name."""
        rows = self._connection.execute(select(credential).order_by(credential.c.platform, credential.c.name))
        return [_value(row) for row in rows]

    def change(
        self,
        credential_id: int,
        draft: CredentialDraft,
        secrets: Mapping[str, str] | None,
        *,
        version: int | None,
        now: datetime,
    ) -> Credential:
        """Set what an operator says; with ``secrets`` also rotate: sources that were refused may try again at once.

        Raises NotFoundError, StaleWriteError, RefusedError(rule="credential_exists" or "credential_platform").
        """
        before = self._locked(credential_id)
        if version is not None and before.version != version:
            raise StaleWriteError("credential", credential_id, expected=version, current=before.version, changes=[])
        if draft.platform != before.platform:
            raise RefusedError(
                f"credential {before.name!r} is for {before.platform}; add another for {draft.platform}",
                rule="credential_platform",
            )
        values: dict[str, Any] = {**_columns(draft), "version": before.version + 1}
        if secrets is not None:
            values |= {
                "sealed": self._seal.seal(secrets),
                "session": None,
                "session_token": None,
                "session_refused_at": None,
                "problem": None,
                "not_before": None,
                "rotated_at": now,
            }
        try:
            with self._connection.begin_nested():
                self._connection.execute(update(credential).where(credential.c.id == credential_id).values(values))
        except IntegrityError as error:
            raise _exists(draft.name) from error
        return self.get(credential_id)

    def remove(self, credential_id: int) -> None:
        """Forget it. Its sources stay, without a credential. Raises NotFoundError."""
        self.get(credential_id)
        self._connection.execute(
            update(source).where(source.c.credential_id == credential_id).values(credential_id=None)
        )
        for table in (spending, reservation, sign_in):
            self._connection.execute(table.delete().where(table.c.credential_id == credential_id))
        self._connection.execute(credential.delete().where(credential.c.id == credential_id))

    def open(self, credential_id: int, now: datetime) -> Access:
        """The secrets in clear, for one piece of work. Raises NotFoundError, StoreError."""
        row = self._connection.execute(select(credential).where(credential.c.id == credential_id)).one_or_none()
        if row is None:
            raise NotFoundError("credential", credential_id)
        found = _value(row)
        return Access(
            name=found.name,
            secrets=self._seal.open(row.sealed),
            settings={**found.settings, **({"account": found.account} if found.account else {})},
            session={} if row.session is None else self._seal.open(row.session),
            left=self._left(found, now),
        )

    def proven(self, credential_id: int, account: str, now: datetime) -> None:
        """A live call succeeded: what the platform calls us, and that nothing is wrong."""
        self._connection.execute(
            update(credential)
            .where(credential.c.id == credential_id)
            .values(account=account, problem=None, used_at=now)
        )

    def used(
        self,
        credential_id: int,
        now: datetime,
        *,
        spent: Mapping[Currency, float] | None = None,
        session: Mapping[str, str] | None = None,
    ) -> None:
        """Write down what a piece of work spent, and the session that it got."""
        values: dict[str, Any] = {"used_at": now}
        if session is not None:
            values["session"] = self._seal.seal(session)
        self._connection.execute(update(credential).where(credential.c.id == credential_id).values(values))
        for currency, amount in sorted((spent or {}).items()):
            row = insert_into(self._connection, spending).values(
                credential_id=credential_id, day=now.date().isoformat(), currency=currency, amount=amount
            )
            self._connection.execute(
                row.on_conflict_do_update(
                    index_elements=["credential_id", "day", "currency"],
                    set_={"amount": spending.c.amount + row.excluded.amount},
                )
            )

    def reserve(
        self,
        credential_id: int,
        token: str,
        currency: Currency,
        wanted: float,
        *,
        least: float,
        now: datetime,
        until: datetime,
    ) -> float | None:
        """Set aside up to ``wanted`` for one call; what was set aside, None where less than ``least`` is left.

        Until it is settled under its ``token``, or ``until`` has passed, it counts as spent. Where no budget limits
        the currency, nothing needs to be set aside. Raises NotFoundError.
        """
        # The lock on the credential makes one reservation of it wait for the other.
        found = self._locked(credential_id)
        same = and_(reservation.c.token == token, reservation.c.currency == currency)
        over = and_(reservation.c.credential_id == credential_id, reservation.c.until <= now)
        self._connection.execute(reservation.delete().where(or_(same, over)))
        left = self._left(found, now).get(currency)
        if left is None:
            return wanted
        if left + _CRUMB < least:
            return None
        amount = min(wanted, left)
        self._connection.execute(
            reservation.insert().values(
                token=token, currency=currency, credential_id=credential_id, amount=amount, until=until
            )
        )
        return amount

    def settle(self, credential_id: int, token: str, now: datetime, spent: Mapping[Currency, float]) -> None:
        """Let go of what was set aside under ``token``, and write down what was ``spent`` instead, if anything."""
        # In the order in which `reserve` takes them.
        self._locked(credential_id)
        self._connection.execute(reservation.delete().where(reservation.c.token == token))
        self.used(credential_id, now, spent={currency: amount for currency, amount in spent.items() if amount})

    def hold(self, credential_id: int, *, not_before: datetime | None, problem: Problem | None) -> None:
        """Leave its platform alone until ``not_before``: all its sources wait. A later time that stands, stays."""
        before = self._locked(credential_id)
        if before.not_before is not None and (not_before is None or before.not_before > not_before):
            not_before = before.not_before
        self._connection.execute(
            update(credential).where(credential.c.id == credential_id).values(not_before=not_before, problem=problem)
        )

    def well(self, credential_id: int, now: datetime) -> None:
        """It works: forget what was wrong, but not a limit that another source has met meanwhile."""
        over = or_(credential.c.not_before.is_(None), credential.c.not_before <= now)
        self._connection.execute(
            update(credential).where(credential.c.id == credential_id, over).values(not_before=None, problem=None)
        )

    def spent(self, credential_id: int, since: date, until: date) -> dict[Currency, float]:
        """What was spent from ``since`` to ``until``, both days of UTC included."""
        rows = self._connection.execute(
            select(spending.c.currency, func.sum(spending.c.amount))
            .where(
                spending.c.credential_id == credential_id,
                spending.c.day >= since.isoformat(),
                spending.c.day <= until.isoformat(),
            )
            .group_by(spending.c.currency)
        )
        return {Currency(row[0]): float(row[1]) for row in rows}

    def reseal(self) -> int:
        """Seal every secret anew with the first key; how many credentials there are."""
        every = select(credential.c.id, credential.c.sealed, credential.c.session).order_by(credential.c.id)
        rows = self._connection.execute(every.with_for_update()).all()
        for row in rows:
            self._connection.execute(
                update(credential)
                .where(credential.c.id == row.id)
                .values(
                    sealed=self._seal.reseal(row.sealed),
                    session=None if row.session is None else self._seal.reseal(row.session),
                )
            )
        return len(rows)

    def _locked(self, credential_id: int) -> Credential:
        row = self._connection.execute(
            select(credential).where(credential.c.id == credential_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise NotFoundError("credential", credential_id)
        return _value(row)

    def _left(self, found: Credential, now: datetime) -> dict[Currency, float]:
        """The least that any budget of a currency leaves, never below nothing."""
        today = now.date()
        reserved = self._reserved(found.id, now) if found.budgets else {}
        left: dict[Currency, float] = {}
        for budget in found.budgets:
            since = today if budget.period is Period.DAY else today.replace(day=1)
            rest = budget.amount - self.spent(found.id, since, today).get(budget.currency, 0.0)
            rest -= reserved.get(budget.currency, 0.0)
            left[budget.currency] = max(0.0, min(rest, left.get(budget.currency, rest)))
        return left

    def _reserved(self, credential_id: int, now: datetime) -> dict[str, float]:
        rows = self._connection.execute(
            select(reservation.c.currency, func.sum(reservation.c.amount))
            .where(reservation.c.credential_id == credential_id, reservation.c.until > now)
            .group_by(reservation.c.currency)
        )
        return {row[0]: float(row[1]) for row in rows}


def _columns(draft: CredentialDraft) -> dict[str, Any]:
    return {
        "platform": draft.platform,
        "name": draft.name,
        "settings": dict(draft.settings),
        "budgets": [[one.currency, one.period, one.amount] for one in draft.budgets],
    }


def _value(row: Row[Any]) -> Credential:
    return Credential(
        id=row.id,
        platform=row.platform,
        name=row.name,
        account=row.account,
        settings=row.settings,
        budgets=tuple(
            Budget(currency=Currency(currency), period=Period(period), amount=amount)
            for currency, period, amount in row.budgets
        ),
        not_before=row.not_before,
        problem=None if row.problem is None else Problem(row.problem),
        created_at=row.created_at,
        rotated_at=row.rotated_at,
        used_at=row.used_at,
        version=row.version,
    )


def _exists(name: str) -> RefusedError:
    return RefusedError(f"there is a credential {name!r} already", rule="credential_exists")
