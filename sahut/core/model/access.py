"""What lets Sahut into a platform, and what that may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sahut.core.model.words import Problem

# Anything shorter is a word that a message may well hold by chance.
_SHORTEST_SECRET = 5


class Currency(StrEnum):
    """What a platform counts when it charges or rations: US dollars, YouTube's quota units, its searches, replies."""

    USD = "usd"
    UNITS = "units"
    SEARCHES = "searches"
    REPLIES = "replies"


class Period(StrEnum):
    """Over what a budget runs, by the UTC calendar."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a platform wants to be told before it lets us in. ``secret`` ones are never shown again.

    ``words`` say to an operator what it is and where it is found. ``made`` ones are made by Sahut, and shown once.
    """

    key: str
    words: str
    secret: bool = True
    required: bool = True
    made: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """How an operator gets into a platform: ``steps`` in their order, then what to copy from there.

    ``currencies`` is what the platform charges or rations, where reading does so: worth a budget.
    """

    steps: Sequence[str]
    needs: Sequence[Need]
    currencies: Sequence[Currency] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that a credential may spend in a period."""

    currency: Currency
    period: Period
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDraft:
    """What an operator says about a credential. ``settings`` are the needs that are no secrets, ``base_url`` too."""

    platform: str
    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    budgets: Sequence[Budget] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An account or key of ours on a platform, without its secrets.

    ``not_before`` is when its platform lets it call again, ``problem`` why it was refused, None while it works.
    ``account`` is what the platform calls us, "" until a live call has told.
    """

    id: int
    platform: str
    name: str
    account: str
    settings: Mapping[str, str]
    budgets: Sequence[Budget]
    not_before: datetime | None
    problem: Problem | None
    created_at: datetime
    rotated_at: datetime
    used_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An opened credential, for one piece of work: never stored, logged or shown.

    ``settings`` hold what is no secret, ``base_url`` where another server stands in for the platform's. ``session`` is
    what an earlier call got for the secrets (tokens that run out), ``left`` what may still be spent; a
    currency that is not in it has no limit.
    """

    name: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, str] = field(default_factory=dict, repr=False)
    left: Mapping[Currency, float] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """Where the platform is, without a slash at the end; "" for its usual address."""
        return self.settings.get("base_url", "").rstrip("/")

    def blanked(self, text: str) -> str:
        """``text`` without our secrets, which client libraries like to put into what they complain of."""
        for value in sorted((*self.secrets.values(), *self.session.values()), key=len, reverse=True):
            if len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, "…")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A hole in a source that cannot be closed: what was posted from ``since`` to ``until`` may be missing.

    None is an end that is not known. ``reason`` says in words how it came about.
    """

    since: datetime | None
    until: datetime | None
    reason: str
