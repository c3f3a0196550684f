"""What an agency decided about an identity provider (OpenID Connect): whose word counts here, and for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sahut.core.model.words import Role


class Match(StrEnum):
    """What of the provider's word finds an account the first time. Afterwards only issuer and subject do."""

    EMAIL = "email"  # an e-mail address that the provider has verified is the user name
    USERNAME = "username"  # the provider's user name (preferred_username) is the user name


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderGrant:
    """Whoever has ``value`` in the provider's claim has this role here; ``units`` are codes of the policy."""

    value: str
    role: Role
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPolicy:
    """``match`` finds an account at the first sign-in. ``mfa`` are values of amr or acr that stand for a second factor.

    ``require`` are claims that must say just that, as ``hd`` at Google, which vouches for everybody.
    ``claim`` is where the provider says what somebody is, as in ``groups`` or ``realm_access.roles``, and ``grants``
    are what that means here, first come first served; with any, they decide at each sign-in. ``create``: whoever the
    grants let in and has no account gets one.
    """

    match: frozenset[Match] = frozenset({Match.EMAIL})
    mfa: frozenset[str] = frozenset({"mfa"})
    require: Mapping[str, str] = field(default_factory=dict)
    create: bool = False
    claim: str = ""
    grants: tuple[ProviderGrant, ...] = ()

    def granted(self, values: Collection[str]) -> tuple[Role, tuple[str, ...]] | None:
        """Role and units of whoever has these values; None where no grant names any of them.

        The first grant that fits gives the role; units are those of all grants of that role that fit.
        """
        fitting = [grant for grant in self.grants if grant.value in values]
        if not fitting:
            return None
        role = fitting[0].role
        return role, tuple(sorted({unit for grant in fitting if grant.role is role for unit in grant.units}))
