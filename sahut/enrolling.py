"""Accounts as the command line makes them, and whose word lets people in; put together as `sahut.bootstrap` does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from sahut.core import people, tokens
from sahut.core.errors import SettingsError
from sahut.core.model import Policy, Role, User

if TYPE_CHECKING:
    from config.settings import Settings
    from sahut.jobs import Parts
    from triage_api.settings import ProviderSettings


def add_user(made: Parts, *, username: str, name: str, role: Role, units: tuple[str, ...] = ()) -> str:
    """Make an account; its one-time password. Raises RefusedError when the name is taken."""
    from triage_api.auth import hash_password, new_one_time_password

    check_units(made.policy, role, units)
    password = new_one_time_password()
    hashed = hash_password(password)
    with made.store.begin() as tx:
        user = tx.accounts.add_user(
            username=username,
            name=name,
            role=role,
            password_hash=hashed,
            must_change=True,
            now=made.clock(),
            units=units,
        )
        people.note(tx, user, "added", None, made.clock(), role=str(role), units=list(units))
    return password


def reset_password(made: Parts, user: User) -> str:
    """A new one-time password; every session of the account ends."""
    from triage_api.auth import hash_password, new_one_time_password

    password = new_one_time_password()
    hashed = hash_password(password)
    with made.store.begin() as tx:
        people.reset_password(tx, user.id, hashed, actor=None, now=made.clock())
    return password


def invite_user(
    settings: Settings, made: Parts, *, username: str, name: str, role: Role, units: tuple[str, ...]
) -> str:
    """Make an account; the link with which its holder chooses a password, once. Raises RefusedError, SettingsError."""
    from triage_api.auth import NO_PASSWORD, new_token

    check_units(made.policy, role, units)
    shown, token_hash = new_token()
    with made.store.begin() as tx:
        people.invite(
            tx,
            username=username,
            name=name,
            role=role,
            units=units,
            token_hash=token_hash,
            no_password=NO_PASSWORD,
            actor=None,
            now=made.clock(),
        )
    return f"{settings.public_url.rstrip('/') or f'http://{settings.host}:{settings.port}'}/welcome?token={shown}"


def check_units(policy: Policy, role: Role, units: tuple[str, ...]) -> None:
    """Raises SettingsError for a unit that the policy does not name, and for a unit officer without one."""
    known = [unit.code for unit in policy.units]
    for code in units:
        if code not in known:
            raise SettingsError(f"the policy names no unit '{code}'; it has {', '.join(known) or 'none'}")
    if role is Role.UNIT and not units:
        raise SettingsError("a unit officer belongs to a unit: --unit CODE")


def add_token(made: Parts, user: User, *, name: str, scopes: Collection[str], lasts: timedelta) -> str:
    """A key for a program that acts as ``user`` within ``scopes``; only its hash is kept.

    Raises RefusedError, and SettingsError for a scope that the account's role does not grant.
    """
    from triage_api.auth import new_token
    from triage_api.permissions import scopes_of

    granted = [str(one) for one in scopes_of(user.role)]
    beyond = [one for one in scopes if one not in granted]
    if beyond:
        raise SettingsError(
            f"the role {user.role} does not grant {', '.join(beyond)}; it grants {', '.join(granted)}", key="--scope"
        )
    shown, token_hash = new_token()
    now = made.clock()
    with made.store.begin() as tx:
        tokens.make(
            tx,
            user.id,
            name=name,
            token_hash=token_hash,
            scopes=scopes,
            expires_at=now + lasts,
            actor=None,
            now=now,
        )
    return shown


def provider(settings: Settings) -> ProviderSettings | None:
    """The identity provider that staff may sign in with, if any. Raises SettingsError for one that is named by half."""
    from triage_api.settings import ProviderSettings

    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise SettingsError("the identity provider knows Sahut by a client id: set it", key="SAHUT_OIDC_CLIENT_ID")
    secret = settings.oidc_client_secret.get_secret_value()
    file = settings.oidc_client_secret_file
    if not secret and file is not None:
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError("cannot be read", file=str(file), key="SAHUT_OIDC_CLIENT_SECRET_FILE") from error
    return ProviderSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret,
        scopes=settings.oidc_scopes,
        label=settings.oidc_label,
    )


def ask_provider(found: ProviderSettings) -> str:
    """One live call of the identity provider; its issuer. Raises SahutError."""
    from triage_api.provider import Provider

    return Provider(found).prove()
