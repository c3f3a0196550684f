"""What lets Sahut into a platform, and what that may cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sahut.core.model.words import Problem

# Anything shorter is a word that a message may well hold by chance.
_SHORTEST_SECRET = 5
# What sums of fractions miss.
_CRUMB = 1e-9


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


class Hold(Protocol):
    """Money set aside for one call."""

    @property
    def amount(self) -> float:
        """What was set aside."""
        ...

    def settle(self, cost: float) -> None:
        """Write down what the call cost, nothing included, and let go of the rest."""
        ...


class Purse(Protocol):
    """What may be spent with a credential: asked before every call, told after it."""

    def left(self, currency: Currency) -> float | None:
        """What nobody has spent or set aside; None where there is no limit."""
        ...

    def hold(self, currency: Currency, wanted: float, *, least: float) -> Hold | None:
        """Set aside up to ``wanted``, or what there is of it; None where that is less than ``least``."""
        ...

    def spend(self, currency: Currency, amount: float) -> bool:
        """Take ``amount``, or nothing and say False where there is not so much."""
        ...

    def news(self) -> dict[Currency, float]:
        """What was spent since this was asked last and nobody has written down yet."""
        ...


class Wallet:
    """A purse of one piece of work alone, which writes nothing down: whoever gave it asks for its `news`."""

    def __init__(self, left: Mapping[Currency, float] | None = None) -> None:
        self._left = dict(left or {})
        self._news: dict[Currency, float] = {}

    def left(self, currency: Currency) -> float | None:
        """See `Purse.left`."""
        return self._left.get(currency)

    def hold(self, currency: Currency, wanted: float, *, least: float) -> Hold | None:
        """See `Purse.hold`."""
        left = self._left.get(currency)
        if left is None:
            return _Held(self, currency, wanted)
        if left + _CRUMB < least:
            return None
        taken = min(wanted, left)
        self._left[currency] = left - taken
        return _Held(self, currency, taken)

    def spend(self, currency: Currency, amount: float) -> bool:
        """See `Purse.spend`."""
        held = self.hold(currency, amount, least=amount)
        if held is not None:
            held.settle(amount)
        return held is not None

    def news(self) -> dict[Currency, float]:
        """See `Purse.news`."""
        news, self._news = self._news, {}
        return {currency: round(amount, 6) for currency, amount in news.items()}

    def settled(self, currency: Currency, held: float, cost: float) -> None:
        """``cost`` was spent of what was ``held``."""
        if currency in self._left:
            self._left[currency] += held - cost
        if cost:
            self._news[currency] = self._news.get(currency, 0.0) + cost


@dataclass(frozen=True, slots=True)
class _Held:
    wallet: Wallet
    currency: Currency
    amount: float

    def settle(self, cost: float) -> None:
        self.wallet.settled(self.currency, self.amount, cost)


class SessionKeeper(Protocol):
    """Where the session of a credential is kept for all that work with it, in whatever process."""

    def renewed(
        self, held: Mapping[str, str], make: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        """A session other than ``held``: what somebody else has got meanwhile, or what ``make`` of it gets now.

        Of several that hold the same one session only one makes another, and the others wait for it. It is stored when
        this returns. Raises what ``make`` raises, PermanentError where it was refused a moment ago, TransientError
        where another works on it for too long.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOffer:
    """A sign-in by a browser that somebody has begun: ``address`` is where they agree, once.

    ``state`` comes back with the platform's answer, at ``redirect``; ``verifier`` is shown to nobody but the platform,
    with that answer.
    """

    address: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTurn:
    """Whose it is to renew a session: ours where ``mine``; else the ``session`` that another got, None for not yet.

    ``refused_at`` is when the platform refused to renew this very session, None where it did not lately.
    """

    mine: bool = False
    session: Mapping[str, str] | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An opened credential, for one piece of work: never stored, logged or shown.

    ``settings`` hold what is no secret, ``base_url`` where another server stands in for the platform's. ``session`` is
    what an earlier call got for the secrets (tokens that run out), ``left`` what may still be spent; a
    currency that is not in it has no limit. ``shared`` is the purse of all that work with the credential at the same
    moment, ``keeper`` where they keep its session; None where nobody else does.
    """

    name: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, str] = field(default_factory=dict, repr=False)
    left: Mapping[Currency, float] = field(default_factory=dict)
    shared: Purse | None = field(default=None, repr=False, compare=False)
    keeper: SessionKeeper | None = field(default=None, repr=False, compare=False)

    def purse(self) -> Purse:
        """What to pay from in one piece of work: ask for it once."""
        return Wallet(self.left) if self.shared is None else self.shared

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
