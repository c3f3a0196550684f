"""The policy's part on persons: from whom authors are hidden, and how long what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sahut.core.model import PrivacyPolicy, RetentionPolicy, Role

Days = Annotated[int, Field(ge=1, le=36_500)]


class PrivacySection(BaseModel):
    """How the agency keeps personal data (Law 27/2022)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    authors_hidden_from: Annotated[
        tuple[Role, ...], Field(description="Roles that see no author's name and no link until they reveal it")
    ] = (Role.UNIT, Role.AUDITOR)


def privacy_policy(section: PrivacySection) -> PrivacyPolicy:
    """The value that the core works with."""
    return PrivacyPolicy(authors_hidden_from=frozenset(section.authors_hidden_from))


class RetentionSection(BaseModel):
    """How long data are kept, in days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    raw_days: Annotated[Days, Field(description="The platforms' own payloads, from collecting on")] = 90
    filed_days: Annotated[Days, Field(description="Mentions that were never flagged, from their last change on")] = 365
    dismissed_days: Annotated[Days, Field(description="Mentions that were dismissed, from their last change on")] = 365
    ticket_days: Annotated[
        Days,
        Field(description="Tickets, their mentions and what these were answered, from the last change of a closed one"),
    ] = 1825
    set_aside_days: Annotated[
        Days, Field(description="Items that could not be read, mentions that could not be judged, from then on")
    ] = 90


def retention_policy(section: RetentionSection) -> RetentionPolicy:
    """The value that the core works with."""
    return RetentionPolicy(
        raw=timedelta(days=section.raw_days),
        filed=timedelta(days=section.filed_days),
        dismissed=timedelta(days=section.dismissed_days),
        tickets=timedelta(days=section.ticket_days),
        set_aside=timedelta(days=section.set_aside_days),
    )
