"""Roles, and accounts as those who administer them see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from sahut.core.model import Invitation, Role, Session, User
from triage_api.auth import LEAST_PASSWORD, Signed
from triage_api.fields import Answer, Body, Line, NamedLine
from triage_api.permissions import Permission
from triage_api.schemas._example import example

USERNAME = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$"


class OwnSessionAnswer(Answer):
    """A place where one's account is signed in; ``here`` is the session that asks."""

    handle: str
    address: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    here: bool

    @classmethod
    def of(cls, session: Session, signed: Signed) -> OwnSessionAnswer:
        """Without anything that opens it."""
        here = signed.session is not None and signed.session.token_hash == session.token_hash
        shown = {name: getattr(session, name) for name in cls.model_fields if name != "here"}
        return cls(**shown, here=here)


class SessionList(Answer):
    """The latest used first."""

    items: list[OwnSessionAnswer]


class AccountAnswer(Answer):
    """An account as an administrator sees it. ``invited_until``: nobody has used it yet."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": 7,
                "username": "tono",
                "name": "Tono Contoh",
                "role": "unit",
                "units": ["dinas-pu"],
                "active": True,
                "one_time_password": False,
                "second_factor": False,
                "invited_until": "2026-12-01T03:00:00Z",
                "created_at": "2026-11-24T03:00:00Z",
                "version": 1,
            }
        )
    )

    id: int
    username: str
    name: str
    role: Role
    units: list[str]
    active: bool
    one_time_password: bool
    second_factor: bool
    invited_until: datetime | None
    created_at: datetime
    version: int

    @classmethod
    def of(cls, user: User, invited: Invitation | None, *, second_factor: bool) -> AccountAnswer:
        """Without its password."""
        same = {"id", "username", "name", "role", "active", "created_at", "version"}
        return cls(
            **{name: getattr(user, name) for name in same},
            units=list(user.units),
            second_factor=second_factor,
            one_time_password=user.must_change and invited is None,
            invited_until=None if invited is None else invited.expires_at,
        )


class InviteBody(Body):
    """A new account; ``units`` are codes of the policy, for a unit officer."""

    model_config = ConfigDict(
        json_schema_extra=example({"username": "tini", "name": "Tini Contoh", "role": "unit", "units": ["dinas-pu"]})
    )

    username: Annotated[str, Field(pattern=USERNAME)]
    name: NamedLine
    role: Role
    units: Annotated[list[Line], Field(max_length=100, default_factory=list)]


class AccountChangeBody(Body):
    """Members to set; what is left out or null stays."""

    model_config = ConfigDict(json_schema_extra=example({"role": "supervisor", "active": True}))

    role: Role | None = None
    units: Annotated[list[Line], Field(max_length=100)] | None = None
    active: bool | None = None


class InvitedAnswer(Answer):
    """``link`` is shown in the first answer alone; a repeat under the same idempotency key has null."""

    user: AccountAnswer
    link: str | None


class OneTimeAnswer(Answer):
    """A password that opens nothing but the change of itself; shown in this answer alone."""

    user: AccountAnswer
    password: str | None


class EndedAnswer(Answer):
    """How many sessions ended."""

    ended: int


class WelcomeBody(Body):
    """An invitation's secret, and the password that its holder chose."""

    model_config = ConfigDict(json_schema_extra=example({"token": "x" * 43, "password": "lampu taman menyala"}))

    token: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=LEAST_PASSWORD, max_length=1_000)]


class RoleAnswer(Answer):
    """A role and what it may do."""

    model_config = ConfigDict(json_schema_extra=example({"role": "auditor", "permissions": ["own", "cases", "read"]}))

    role: Role
    permissions: list[Permission]


class RoleList(Answer):
    """Every role; ``permissions`` are all that there are, in the order of the table."""

    permissions: list[Permission]
    items: list[RoleAnswer]
