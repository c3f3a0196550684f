"""Accounts of staff and programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sahut.core.model.words import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. ``password_hash`` is argon2id's encoded form; ``must_change`` marks a one-time password.

    ``units`` are codes of the policy's units, what a unit officer's account is limited to. ``generation`` rises when
    its sessions end: one that was opened meanwhile, on what held before, is of an earlier one and opens nothing.
    """

    id: int
    username: str
    name: str
    role: Role
    password_hash: str
    must_change: bool
    active: bool
    created_at: datetime
    version: int
    units: tuple[str, ...] = ()
    generation: int = 0


class Proof(StrEnum):
    """By what a session was opened: the own password, or the word of an identity provider.

    ``provider_mfa``: the provider said that it had asked for a second factor itself.
    """

    PASSWORD = "password"  # noqa: S105 - a word, no password
    PROVIDER = "provider"
    PROVIDER_MFA = "provider_mfa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser's sign-in, kept on the server. The cookie's value is stored only as its hash.

    ``address`` and ``device`` (the browser's own word) are for its owner to recognise it by. ``proof`` is what opened
    it.
    """

    token_hash: str
    user_id: int
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str = ""
    device: str = ""
    generation: int = 0
    proof: Proof = Proof.PASSWORD

    @property
    def handle(self) -> str:
        """What names it on a page; opens nothing."""
        return self.token_hash[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A one-time link to an account that nobody has used yet."""

    user_id: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What an account shows beside its password: codes made of ``secret`` (base32) and the time.

    Until it is ``confirmed`` by a first code it asks for nothing. ``codes_left`` are unused recovery codes.
    """

    user_id: int
    secret: str
    confirmed: bool
    created_at: datetime
    codes_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody at an identity provider who signs in to an account here: ``subject`` is who, for ``issuer``, for good.

    ``name`` is what the provider called them last (an e-mail address or a user name), for people to recognise it by;
    nothing is decided by it.
    """

    id: int
    user_id: int
    issuer: str
    subject: str
    name: str
    linked_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A browser that was sent to the identity provider and has not come back; ``back`` is where it wanted to go."""

    back: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's key. Shown once when made; stored only as its hash.

    ``scopes`` name the permissions that it was given; it never has more than its holder's role grants at the time.
    """

    id: int
    user_id: int
    name: str
    token_hash: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked: bool
    scopes: tuple[str, ...] = ()

    def over(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        return self.revoked or (self.expires_at is not None and now >= self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """The first answer to a create with an idempotency key; a repeat of the request gets it again."""

    key: str
    user_id: int
    fingerprint: str
    status: int
    body: str
    at: datetime
