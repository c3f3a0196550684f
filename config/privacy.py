"""The policy's part on persons: from whom authors are hidden."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sahut.core.model import PrivacyPolicy, Role


class PrivacySection(BaseModel):
    """How the agency keeps personal data (Law 27/2022)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    authors_hidden_from: Annotated[
        tuple[Role, ...], Field(description="Roles that see no author's name and no link until they reveal it")
    ] = (Role.UNIT, Role.AUDITOR)


def privacy_policy(section: PrivacySection) -> PrivacyPolicy:
    """The value that the core works with."""
    return PrivacyPolicy(authors_hidden_from=frozenset(section.authors_hidden_from))
