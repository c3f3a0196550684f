"""Accounts and identities at a provider: linked, made, unlinked. Runs inside the caller's transaction; all is noted.

An account is found by name once, the first time; afterwards by issuer and subject alone. So whoever gets another's
e-mail address or user name at the provider later does not get their account here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sahut.core import people
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import Actor, Identity, Match, ProviderPolicy, Role, User
from sahut.core.ports import Tx

PROVIDER = "identity provider"
"""Who did it, in the audit log, where a sign-in there made, linked or changed an account here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Whom a provider vouches for. ``email`` is one that it has verified, else "".

    ``username`` is what it calls them; it may be theirs to choose. ``values`` is what the policy's claim says of them.
    """

    issuer: str
    subject: str
    email: str = ""
    username: str = ""
    name: str = ""
    values: frozenset[str] = frozenset()

    @property
    def told(self) -> str:
        """All of it in one line, which `of` reads again."""
        return json.dumps({**asdict(self), "values": sorted(self.values)})

    @classmethod
    def of(cls, told: str) -> Somebody:
        """Of what `told` wrote."""
        said = json.loads(told)
        return cls(**{**said, "values": frozenset(said["values"])})

    @property
    def shown(self) -> str:
        """What people recognise them by."""
        return self.email or self.username or self.name


def known(tx: Tx, somebody: Somebody, policy: ProviderPolicy) -> User | None:
    """The account that is theirs or would be, as long as nothing is written; None where there is none yet.

    Raises RefusedError with the rule ``identity_closed`` or ``identity_no_grant``, as `account_of`.
    """
    if policy.grants and policy.granted(somebody.values) is None:
        raise RefusedError("no grant of the policy names anything that the provider says", rule="identity_no_grant")
    identity = tx.identities.find(somebody.issuer, somebody.subject)
    user = tx.accounts.user(identity.user_id) if identity is not None else _named(tx, somebody, policy)
    if user is not None and not user.active:
        raise RefusedError(f"{user.username} is closed", rule="identity_closed")
    return user


def account_of(
    tx: Tx, somebody: Somebody, policy: ProviderPolicy, *, no_password: str, now: datetime, only: int | None = None
) -> tuple[User, Identity]:
    """The account of whom the provider vouches for: linked before, found by name now, or made; ``only`` that one.

    Raises RefusedError with the rule ``identity_unknown`` where there is none, ``identity_closed`` where it is closed,
    ``identity_no_grant`` where grants decide and none fits, ``last_admin`` where the grants take the last
    administrator's role.
    """
    granted = policy.granted(somebody.values)
    identity = tx.identities.find(somebody.issuer, somebody.subject)
    user = known(tx, somebody, policy)
    if only is not None and (user is None or user.id != only):
        raise RefusedError("the account is no longer theirs", rule="identity_unknown")
    if user is None and policy.create and granted is not None:
        user = _made(tx, somebody, policy, granted, no_password, now)
    if user is None:
        raise RefusedError("nobody here is linked to this identity", rule="identity_unknown")
    if identity is None:
        identity = tx.identities.add(
            user.id, issuer=somebody.issuer, subject=somebody.subject, name=somebody.shown, now=now
        )
        # Who came this way needs no link to choose a password by; whoever else has it gets nothing.
        tx.invitations.drop(user.id)
        people.note(tx, user, "identity_linked", None, now, by=PROVIDER, issuer=somebody.issuer)
    elif not tx.identities.touch(identity.id, name=somebody.shown, now=now):
        raise RefusedError("the identity was unlinked just now", rule="identity_unknown")
    if granted is not None and (user.role, user.units) != granted:
        user = people.change_role(tx, user.id, *granted, actor=None, now=now, by=PROVIDER)
    return tx.accounts.user(user.id), identity


def unlink(tx: Tx, user_id: int, identity_id: int, *, actor: Actor | None, now: datetime, kept: str = "") -> Identity:
    """Take an identity off an account, whose sessions end but for the one ``kept`` (its hash). Raises NotFoundError."""
    user = tx.accounts.user(user_id)
    identity = next((one for one in tx.identities.of(user_id) if one.id == identity_id), None)
    if identity is None:
        raise NotFoundError("identity", identity_id)
    tx.identities.remove(identity_id)
    tx.accounts.end_sessions(user_id, but=kept)
    tx.second_factors.end_challenges(user_id)
    people.note(tx, user, "identity_unlinked", actor, now, issuer=identity.issuer)
    return identity


def _named(tx: Tx, somebody: Somebody, policy: ProviderPolicy) -> User | None:
    """The account that was made for them. Never one that already is somebody else's of the same provider."""
    names: Mapping[Match, str] = {Match.EMAIL: somebody.email, Match.USERNAME: somebody.username}
    for match in Match:
        name = names[match]
        user = tx.accounts.user_named(name) if match in policy.match and _is_plain(name) else None
        if user is not None and all(one.issuer != somebody.issuer for one in tx.identities.of(user.id)):
            return user
    return None


def _made(
    tx: Tx,
    somebody: Somebody,
    policy: ProviderPolicy,
    granted: tuple[Role, tuple[str, ...]],
    no_password: str,
    now: datetime,
) -> User | None:
    # A user name that looks like an address is somebody's claim to it: only a verified one counts.
    own = somebody.username if Match.USERNAME in policy.match and "@" not in somebody.username else ""
    username = somebody.email or own
    if not _is_plain(username) or tx.accounts.user_named(username) is not None:
        return None
    role, units = granted
    user = tx.accounts.add_user(
        username=username,
        name=somebody.name or username,
        role=role,
        password_hash=no_password,
        must_change=False,
        now=now,
        units=units,
    )
    people.note(tx, user, "identity_made", None, now, by=PROVIDER, role=str(role), units=list(units))
    return user


def _is_plain(name: str) -> bool:
    """Whether it can only be read as it is written.

    Case folds other letters onto ours (the Kelvin sign is a k) and a NUL is not kept: somebody else's address must not
    become this one.
    """
    return bool(name) and name.isascii() and name.isprintable()
