"""Sessions, accounts and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from sahut.core.model import (
    ApiToken,
    Role,
    User,
)
from triage_api.auth import LEAST_PASSWORD, Signed
from triage_api.fields import Answer, Body, Id, NamedLine, Secret, Time
from triage_api.permissions import Permission
from triage_api.schemas._example import example


class SignInBody(Body):
    """A user name and password; ``code`` for an account with a second factor, of its app or a recovery code."""

    model_config = ConfigDict(json_schema_extra=example({"username": "sari", "password": "jalan mulus 2026"}))

    username: NamedLine
    password: Secret
    code: Annotated[str, Field(max_length=100)] = ""


class PasswordBody(Body):
    """A new password of one's own."""

    model_config = ConfigDict(json_schema_extra=example({"current": "jalan mulus 2026", "new": "lampu taman menyala"}))

    current: Secret
    new: Annotated[str, Field(min_length=LEAST_PASSWORD, max_length=1_000)]


class UserAnswer(Answer):
    """An account, as colleagues see it."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": 1, "username": "sari", "name": "Sari Contoh", "role": "triage", "active": True}
        )
    )

    id: int
    username: str
    name: str
    role: Role
    active: bool

    @classmethod
    def of(cls, user: User) -> UserAnswer:
        """Without its password."""
        return cls.model_validate(user)


class SessionAnswer(Answer):
    """Who is signed in. ``csrf`` goes into X-CSRF-Token on unsafe requests by cookie; None for a token's holder."""

    user: UserAnswer
    must_change: bool
    csrf: str | None

    @classmethod
    def of(cls, signed: Signed) -> SessionAnswer:
        """Of a request's sender."""
        csrf = None if signed.session is None else signed.session.csrf
        return cls(user=UserAnswer.of(signed.user), must_change=signed.user.must_change, csrf=csrf)


class TokenBody(Body):
    """A key for a program, which acts as the account ``user_id`` within ``scopes``, all of which its role must grant.

    It ends at ``expires_at``, within a year; after 90 days where that is left out.
    """

    model_config = ConfigDict(
        json_schema_extra=example({"name": "dasbor dinas", "user_id": 1, "scopes": ["cases", "read"]})
    )

    name: NamedLine
    user_id: Id
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))]
    expires_at: Time | None = None


class TokenAnswer(Answer):
    """A program's key, without the key."""

    id: int
    user_id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked: bool
    scopes: list[str]

    @classmethod
    def of(cls, token: ApiToken) -> TokenAnswer:
        """Without its hash."""
        return cls.model_validate(token)


class NewTokenAnswer(TokenAnswer):
    """``token`` is shown in the first answer alone; a repeat under the same idempotency key has null."""

    token: str | None


class UserList(Answer):
    """Accounts by name."""

    items: list[UserAnswer]


class TokenList(Answer):
    """Keys, newest first."""

    items: list[TokenAnswer]
