"""What an agency decided about its identity provider, as the policy's [sign_in] says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sahut.core.model import Match, ProviderGrant, ProviderPolicy, Role

Word = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GrantSection(_Strict):
    """What somebody is here whom the provider's claim says something of."""

    value: Annotated[Word, Field(description="A value of the claim, as in sahut-triage")]
    role: Annotated[Role, Field(description="The role that it stands for")]
    units: Annotated[tuple[Word, ...], Field(description="Codes of the units that it stands for")] = ()


class SignInSection(_Strict):
    """How people sign in with an account of an identity provider; where it is says SAHUT_OIDC_ISSUER."""

    match: Annotated[
        tuple[Match, ...],
        Field(description="What finds an account the first time: email (verified) or username (preferred_username)"),
    ] = (Match.EMAIL,)
    mfa: Annotated[tuple[Word, ...], Field(description="Values of amr or acr that stand for a second factor")] = (
        "mfa",
    )
    require: Annotated[dict[Word, Word], Field(description="Claims that must say just that, as in hd at Google")] = {}
    create: Annotated[bool, Field(description="Make an account for whoever a grant lets in")] = False
    claim: Annotated[str, Field(description="The claim that grants read, as in groups or realm_access.roles")] = ""
    grant: Annotated[tuple[GrantSection, ...], Field(description="The first that fits gives the role")] = ()

    @model_validator(mode="after")
    def _whole(self) -> SignInSection:
        if self.grant and not self.claim:
            raise ValueError("grants need `claim`: where the provider says what somebody is")
        if self.create and not self.grant:
            raise ValueError("`create` needs grants: they say which role a new account gets")
        for one in self.grant:
            if one.role is Role.UNIT and not one.units:
                raise ValueError(f"the grant '{one.value}' needs `units`: a unit officer belongs to one")
        return self


def provider_policy(said: SignInSection) -> ProviderPolicy:
    """The value that the rules work with."""
    return ProviderPolicy(
        match=frozenset(said.match),
        mfa=frozenset(said.mfa),
        require=said.require,
        create=said.create,
        claim=said.claim,
        grants=tuple(ProviderGrant(value=one.value, role=one.role, units=one.units) for one in said.grant),
    )
