"""How people come in beside their password: invitations, second factors, identities at a provider."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sahut.core.model import Departure, Identity, Invitation, Proof, SecondFactor


class Invitations(Protocol):
    """One-time links to accounts that nobody has used yet, known by the hash of their secret."""

    def put(self, user_id: int, token_hash: str, *, now: datetime, expires_at: datetime) -> None:
        """The account's only one: an earlier one no longer works."""
        ...

    def of(self, user_id: int) -> Invitation | None: ...
    def open_until(self, token_hash: str, now: datetime) -> Invitation | None:
        """The one under this hash, if it can still be used."""
        ...

    def take(self, token_hash: str, now: datetime) -> int | None:
        """Use it up: the account's id for one of those who try at the same time, None for all others."""
        ...

    def drop(self, user_id: int) -> None: ...


class SecondFactors(Protocol):
    """Second factors, sealed; their recovery codes and the sign-ins that wait for a code, known by hashes alone."""

    def of(self, user_id: int) -> SecondFactor | None:
        """The account's, also one that is not confirmed yet. Raises StoreError where the key is not known."""
        ...

    def is_on(self, user_id: int) -> bool:
        """Whether the account has a confirmed one."""
        ...

    def begin(self, user_id: int, secret: str, now: datetime) -> None:
        """Keep a secret to be confirmed, in place of an earlier one that never was.

        Raises RefusedError(rule="second_factor_on").
        """
        ...

    def confirm(self, user_id: int) -> bool:
        """From now on it is asked for. False where there is none, or it was confirmed before."""
        ...

    def drop(self, user_id: int) -> bool:
        """Forget it with its recovery codes and waiting sign-ins; whether there was one."""
        ...

    def use_step(self, user_id: int, step: int) -> bool:
        """Use the code of that time step up: True for one of those who try it, if no later one was used before."""
        ...

    def set_recovery_codes(self, user_id: int, hashes: Collection[str]) -> None:
        """These and no earlier ones."""
        ...

    def use_recovery_code(self, user_id: int, code_hash: str) -> bool:
        """Use it up: True for one of those who try it at the same time."""
        ...

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
        """Keep that somebody gave ``proof`` and owes the code; ``told`` is what a provider said of them."""
        ...

    def given(self, token_hash: str) -> tuple[Proof, str]:
        """What was given before the code of this waiting sign-in, and what was told of whom."""
        ...

    def end_challenges(self, user_id: int) -> None:
        """No sign-in of the account waits for its code any more."""
        ...

    def challenged(self, token_hash: str, now: datetime) -> int | None:
        """Whose waiting sign-in this is, if it still can be finished."""
        ...

    def end_challenge(self, token_hash: str, now: datetime) -> bool:
        """Use it up: True for one of those who try at the same time, and not after it expired."""
        ...

    def reseal(self) -> int:
        """Seal every secret with the first key; how many there are."""
        ...


class Identities(Protocol):
    """Who signs in to which account by an identity provider's word, and the browsers that were sent there.

    A departure is known by the hashes of two values that the browser alone has together: one went through the provider.
    """

    def find(self, issuer: str, subject: str) -> Identity | None: ...
    def of(self, user_id: int) -> list[Identity]:
        """The account's, the oldest first."""
        ...

    def every(self) -> list[Identity]: ...
    def add(self, user_id: int, *, issuer: str, subject: str, name: str, now: datetime) -> Identity:
        """Link it. Raises RefusedError(rule="identity_taken") where it or the account is linked already."""
        ...

    def touch(self, identity_id: int, *, name: str, now: datetime) -> bool:
        """It was used; False where it is no longer there."""
        ...

    def remove(self, identity_id: int) -> bool:
        """Unlink it; whether it was there."""
        ...

    def depart(self, state_hash: str, browser_hash: str, *, back: str, now: datetime, expires_at: datetime) -> None:
        """Keep that a browser was sent to the provider; ``back`` is where it wanted to go."""
        ...

    def arrive(self, state_hash: str, browser_hash: str, now: datetime) -> Departure | None:
        """Use it up: for one of those who try at the same time, in that browser, and not after it expired."""
        ...
