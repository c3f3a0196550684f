"""Getting into platforms: what an operator says of a credential, checked; one live call; taking one back.

The command line, the API and the board let people in by these same steps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

from sahut.core import noting
from sahut.core.errors import CollectError, PermanentError, RefusedError, TransientError
from sahut.core.model import (
    Access,
    Actor,
    Budget,
    Credential,
    CredentialDraft,
    Currency,
    Guide,
    Need,
    Period,
    Problem,
    SourceState,
    Wallet,
)
from sahut.core.ports import BrowserMember, Collector, Member, Tx

_MADE_BYTES = 32
# By so many days it is told what is spent at present: weekends are quieter than workdays.
_RATE_DAYS = 7
BASE_URL = Need(
    key="base_url",
    words="Another address in place of the platform's own (a gateway, a test server); empty for the usual one.",
    secret=False,
    required=False,
)


# Settings that say where secrets go, and how well they are wrapped on the way.
_WHERE_TO = ("base_url", "host", "port", "security")


class NeedError(RefusedError):
    """What an operator said does not fit what the platform wants; ``key`` names the need.

    ``rule`` is need_missing, need_unknown or need_secrets.
    """

    def __init__(self, key: str, message: str, *, rule: str) -> None:
        self.key = key
        super().__init__(message, rule=rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a credential spent today and this month, by the UTC calendar.

    ``rate`` is what it spends a day at present: the mean of the last seven days, or of fewer where it is younger.
    ``month_end`` is what the month will have cost should it go on so.
    """

    day: Mapping[Currency, float]
    month: Mapping[Currency, float]
    rate: Mapping[Currency, float] = field(default_factory=dict)
    month_end: Mapping[Currency, float] = field(default_factory=dict)

    def of(self, budget: Budget) -> float:
        """What counts against that budget."""
        return (self.day if budget.period is Period.DAY else self.month).get(budget.currency, 0.0)

    def ahead(self, budget: Budget) -> float:
        """What a month's budget will have been asked for at its end, or what a day's is at the present rate."""
        return (self.rate if budget.period is Period.DAY else self.month_end).get(budget.currency, 0.0)

    def outgrows(self, budget: Budget) -> bool:
        """Whether the present rate goes beyond it."""
        return self.ahead(budget) > budget.amount


def member(collector: Collector) -> Member:
    """The collector as one that wants a credential. Raises RefusedError(rule="credential_needless")."""
    if not isinstance(collector, Member) or collector.guide is None:
        raise RefusedError(f"{collector.platform} needs no credential: anybody may read it", rule="credential_needless")
    return collector


def plain_needs(guide: Guide) -> list[Need]:
    """What the platform wants that is no secret, and another address for it, which every platform takes."""
    wanted = [need for need in guide.needs if not need.secret]
    return wanted if any(need.key == BASE_URL.key for need in wanted) else [*wanted, BASE_URL]


def secret_needs(guide: Guide) -> list[Need]:
    """The secrets that an operator brings."""
    return [need for need in guide.needs if need.secret and not need.made]


def settings_of(guide: Guide, given: Mapping[str, str]) -> dict[str, str]:
    """What is no secret, checked; empty values are left out. Raises NeedError."""
    return _checked(plain_needs(guide), given)


def check_destination(before: Credential, settings: Mapping[str, str]) -> None:
    """Raise NeedError where new ``settings`` would send the secrets that are kept to another place.

    Who may change settings could else have them sent to a server of their own, and read there what is shown nowhere.
    """
    for key in _WHERE_TO:
        if settings.get(key, "") != before.settings.get(key, ""):
            told = f"'{key}' is where the secrets go: to change it, keep a new credential and give it to the sources"
            raise NeedError(key, told, rule="need_secrets")


def secrets_of(guide: Guide, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets that an operator brings, checked; empty ones are left out. Raises NeedError."""
    return _checked(secret_needs(guide), given)


def made_secrets(guide: Guide) -> dict[str, str]:
    """The secrets that are ours to make, fresh ones: to be shown once."""
    return {need.key: token_urlsafe(_MADE_BYTES) for need in guide.needs if need.made}


def _checked(wanted: Collection[Need], given: Mapping[str, str]) -> dict[str, str]:
    known = {need.key: need for need in wanted}
    for key in sorted(given):
        if key not in known:
            raise NeedError(key, f"'{key}' is not wanted; wanted are {', '.join(known)}", rule="need_unknown")
    said = {key: value.strip() for key, value in given.items() if value.strip()}
    for need in wanted:
        if need.required and need.key not in said:
            raise NeedError(need.key, f"{need.key} is missing: {need.words}", rule="need_missing")
    return said


def draft_of(one: Credential) -> CredentialDraft:
    """What an operator said about it."""
    return CredentialDraft(platform=one.platform, name=one.name, settings=one.settings, budgets=one.budgets)


def prove(collector: Member, access: Access, now: datetime) -> str:
    """Make one live call; what the platform calls us, "" where somebody has to sign in first.

    Raises CollectError, without any secret in its words.
    """
    if isinstance(collector, BrowserMember) and collector.awaits_sign_in(access):
        return ""
    try:
        return collector.prove(access, now=now)
    except CollectError as error:
        shown = access.blanked(str(error))
        if shown == str(error):
            raise
        if isinstance(error, TransientError):
            raise TransientError(
                shown, problem=error.problem, not_before=error.not_before, whole_account=error.whole_account
            ) from None
        raise PermanentError(shown, problem=error.problem) from None
    except Exception as failure:
        # A client library's own words may hold what it was given.
        raise PermanentError(f"unexpected {type(failure).__name__}", problem=Problem.UNEXPECTED) from None


def opened(draft: CredentialDraft, secrets: Mapping[str, str]) -> Access:
    """What is not kept yet, as a live call takes it."""
    return Access(name=draft.name, secrets=secrets, settings=draft.settings, shared=Wallet())


def charge(tx: Tx, credential_id: int, access: Access, now: datetime) -> None:
    """Write down what the live call with ``access`` cost, once there is a credential to charge."""
    tx.credentials.used(credential_id, now, spent=access.purse().news())


def add(
    tx: Tx,
    draft: CredentialDraft,
    secrets: Mapping[str, str],
    account: str,
    now: datetime,
    *,
    access: Access,
    actor: Actor | None = None,
    name: str = "",
) -> Credential:
    """Keep it, sealed; ``account`` is what the platform called us, "" unproven. Raises RefusedError.

    What the live call with ``access`` cost is charged, and who did it noted: ``actor``, or else ``name``.
    """
    made = tx.credentials.add(draft, secrets, now)
    _proven(tx, made.id, account, access, now)
    noting.credential(tx, "added", made.id, now=now, actor=actor, name=name)
    return tx.credentials.get(made.id)


def rotate(
    tx: Tx,
    one: Credential,
    secrets: Mapping[str, str],
    account: str,
    *,
    version: int,
    now: datetime,
    access: Access,
    actor: Actor | None = None,
    name: str = "",
) -> Credential:
    """New secrets in place: sources keep their places. Charges and notes as `add`.

    Raises NotFoundError, StaleWriteError.
    """
    tx.credentials.change(one.id, draft_of(one), secrets, version=version, now=now)
    _proven(tx, one.id, account, access, now)
    noting.credential(tx, "renewed", one.id, now=now, actor=actor, name=name)
    return tx.credentials.get(one.id)


def _proven(tx: Tx, credential_id: int, account: str, access: Access, now: datetime) -> None:
    if account:
        tx.credentials.proven(credential_id, account, now)
    charge(tx, credential_id, access, now)


def users(tx: Tx) -> dict[int, list[str]]:
    """Credential id → names of the sources that use it."""
    found: dict[int, list[str]] = {}
    for source in tx.sources.all():
        if source.credential_id is not None and source.state is not SourceState.REMOVED:
            found.setdefault(source.credential_id, []).append(source.name)
    return found


def remove(tx: Tx, credential_id: int) -> None:
    """Forget it. Raises NotFoundError, RefusedError(rule="credential_in_use") that names the sources which use it."""
    one = tx.credentials.get(credential_id)
    used_by = users(tx).get(credential_id)
    if used_by:
        raise RefusedError(
            f"'{one.name}' is used by {', '.join(used_by)}: give them another credential, or remove them, first",
            rule="credential_in_use",
        )
    tx.credentials.remove(credential_id)


def spent(tx: Tx, one: Credential, now: datetime) -> Spent:
    """What it spent so far, and where that leads."""
    moment = now.astimezone(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    today = moment.date()
    began = max(midnight - timedelta(days=_RATE_DAYS - 1), one.created_at.astimezone(UTC))
    # In its first hours a day's worth is too little to go by: what was spent then is the day's.
    passed = max(1.0, (moment - began) / timedelta(days=1))
    week = tx.credentials.spent(one.id, began.date(), today)
    month = tx.credentials.spent(one.id, today.replace(day=1), today)
    rate = {currency: amount / passed for currency, amount in week.items()}
    left = (_next_month(midnight) - moment) / timedelta(days=1)
    return Spent(
        day=tx.credentials.spent(one.id, today, today),
        month=month,
        rate=rate,
        month_end={currency: month.get(currency, 0.0) + rate.get(currency, 0.0) * left for currency in {*month, *rate}},
    )


def _next_month(midnight: datetime) -> datetime:
    return (midnight.replace(day=28) + timedelta(days=4)).replace(day=1)
