"""The purse of a credential: one for all that work with it, in whatever process, kept in the store.

Before a call the most that it may cost is set aside, and afterwards what it did cost is written down: however many
work at once, no budget is passed. What a lost worker had set aside is free again when its time is up.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from sahut.core import sessions
from sahut.core.model import Access, Currency, Hold
from sahut.core.ports import Clock, Store

# Longer than any call may take.
HELD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class StoredPurse:
    """See `Purse`. Each word of it is a short transaction of its own: never to be asked within one."""

    store: Store
    credential_id: int
    clock: Clock

    def left(self, currency: Currency) -> float | None:
        """See `Purse.left`."""
        with self.store.read() as tx:
            return tx.credentials.open(self.credential_id, self.clock()).left.get(currency)

    def hold(self, currency: Currency, wanted: float, *, least: float) -> Hold | None:
        """See `Purse.hold`."""
        token, now = secrets.token_hex(12), self.clock()
        with self.store.begin() as tx:
            amount = tx.credentials.reserve(
                self.credential_id, token, currency, wanted, least=least, now=now, until=now + HELD_FOR
            )
        return None if amount is None else _Held(self, token, currency, amount)

    def spend(self, currency: Currency, amount: float) -> bool:
        """See `Purse.spend`."""
        token, now = secrets.token_hex(12), self.clock()
        with self.store.begin() as tx:
            held = tx.credentials.reserve(
                self.credential_id, token, currency, amount, least=amount, now=now, until=now + HELD_FOR
            )
            if held is not None:
                tx.credentials.settle(self.credential_id, token, now, {currency: amount})
        return held is not None

    def news(self) -> dict[Currency, float]:
        """Nothing: all is written down at once."""
        return {}


def opened(store: Store, credential_id: int, clock: Clock) -> Access:
    """A credential's secrets in clear, with its purse and its session's keeper. Raises NotFoundError, StoreError."""
    with store.read() as tx:
        access = tx.credentials.open(credential_id, clock())
    return replace(
        access,
        shared=StoredPurse(store, credential_id, clock),
        keeper=sessions.StoredSession(store, credential_id, clock),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    purse: StoredPurse
    token: str
    currency: Currency
    amount: float

    def settle(self, cost: float) -> None:
        with self.purse.store.begin() as tx:
            tx.credentials.settle(
                self.purse.credential_id, self.token, self.purse.clock(), {self.currency: round(cost, 6)}
            )
