"""Credentials without their secrets, and what each platform wants to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from sahut.core import admission
from sahut.core.admission import Spent
from sahut.core.model import Budget, Credential, CredentialDraft, Currency, Guide, Period, Problem
from sahut.core.model.forms import FieldKind, FormField, QueryUse, SourceForm
from triage_api.fields import Answer, Body, Line, NamedLine, Version
from triage_api.schemas._example import example

_MOST = 20
LARGEST_BUDGET = 1e9
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
# A service account's key is a whole file.
SecretText = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
Settings = Annotated[dict[Key, Line], Field(max_length=_MOST)]
Secrets = Annotated[
    dict[Key, SecretText], Field(max_length=_MOST, repr=False, description="Never answered again by any route")
]


class BudgetBody(Body):
    """The most that may be spent in a day or a month of UTC; at that amount everything with the credential stops."""

    currency: Currency
    period: Period
    amount: Annotated[float, Field(gt=0, le=LARGEST_BUDGET, allow_inf_nan=False)]

    def budget(self) -> Budget:
        """As the core takes it."""
        return Budget(currency=self.currency, period=self.period, amount=self.amount)


class _Settings(Body):
    name: NamedLine
    settings: Settings = Field(default_factory=dict)
    budgets: Annotated[list[BudgetBody], Field(max_length=_MOST)] = Field(default_factory=list)

    def draft_for(self, platform: str, settings: Mapping[str, str]) -> CredentialDraft:
        """As the core takes it, with the settings that were checked."""
        budgets = {(one.currency, one.period): one.budget() for one in self.budgets}
        return CredentialDraft(platform=platform, name=self.name, settings=settings, budgets=tuple(budgets.values()))


class CredentialBody(_Settings):
    """An account or key of ours on a platform. ``prove`` makes one live call first, and keeps nothing if it fails."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "platform": "mastodon",
                "name": "Mastodon dinas",
                "settings": {"base_url": "https://mastodon.example"},
                "secrets": {"access_token": "contoh-token"},
                "budgets": [{"currency": "replies", "period": "day", "amount": 50}],
                "prove": False,
            }
        )
    )

    platform: Key
    secrets: Secrets = Field(default_factory=dict)
    prove: bool = True


class CredentialChangeBody(_Settings):
    """Name, settings and budgets, all of them, and the version that they are based on (or If-Match)."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "name": "Mastodon dinas",
                "settings": {"base_url": "https://mastodon.example"},
                "budgets": [{"currency": "replies", "period": "day", "amount": 20}],
                "version": 1,
            }
        )
    )

    version: Version | None = None


class RotateBody(Body):
    """New secrets in place of all the old ones. ``prove`` makes one live call first; if it fails nothing changes."""

    model_config = ConfigDict(
        json_schema_extra=example({"secrets": {"access_token": "contoh-token-baru"}, "prove": False, "version": 1})
    )

    secrets: Secrets = Field(default_factory=dict)
    prove: bool = True
    version: Version | None = None


class SignInBody(Body):
    """``redirect`` is where the platform sends the browser back to: an address that its site was told; the board's
    own where it is left out.
    """

    model_config = ConfigDict(
        json_schema_extra=example({"redirect": "https://sahut.dinas.example/credentials/callback"})
    )

    redirect: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\x00-\x20#]+$")] | None = None


class SignInAnswer(Answer):
    """A sign-in that was begun: what to open in the browser, and until when its answer is taken."""

    address: str
    redirect: str
    expires_at: datetime


class SignInAnswerBody(Body):
    """``address`` is the one at which the browser ended, with its code and state."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"address": "https://sahut.dinas.example/credentials/callback?state=contoh&code=contoh"}
        )
    )

    address: Annotated[str, Field(max_length=4_000)]


class BudgetAnswer(Answer):
    """A budget, and what counts against it so far.

    ``projected`` is where the present rate leads: a month's end, or a day.
    """

    currency: Currency
    period: Period
    amount: float
    spent: float
    projected: float

    @classmethod
    def of(cls, one: Budget, spent: Spent) -> BudgetAnswer:
        """With what was ``spent``."""
        return cls(
            currency=one.currency,
            period=one.period,
            amount=one.amount,
            spent=spent.of(one),
            projected=round(spent.ahead(one), 4),
        )


class CredentialAnswer(Answer):
    """A credential without its secrets. ``account`` is what its platform calls us, empty until a live call has told.

    ``month_end`` is what this month will have cost at the rate of the last seven days.
    ``problem`` is why its platform refused it, null while it works; until ``not_before`` the platform wants no call.
    """

    id: int
    platform: str
    name: str
    account: str
    settings: dict[str, str]
    budgets: list[BudgetAnswer]
    spent_today: dict[Currency, float]
    spent_this_month: dict[Currency, float]
    month_end: dict[Currency, float]
    used_by: list[str]
    problem: Problem | None
    not_before: datetime | None
    created_at: datetime
    rotated_at: datetime
    used_at: datetime | None
    version: int

    @classmethod
    def of(cls, one: Credential, spent: Spent, used_by: Sequence[str]) -> CredentialAnswer:
        """From the core's values."""
        return cls(
            id=one.id,
            platform=one.platform,
            name=one.name,
            account=one.account,
            settings=dict(one.settings),
            budgets=[BudgetAnswer.of(b, spent) for b in one.budgets],
            spent_today=dict(spent.day),
            spent_this_month=dict(spent.month),
            month_end=rounded(spent.month_end),
            used_by=list(used_by),
            problem=one.problem,
            not_before=one.not_before,
            created_at=one.created_at,
            rotated_at=one.rotated_at,
            used_at=one.used_at,
            version=one.version,
        )


class MadeCredentialAnswer(CredentialAnswer):
    """A credential, and the secrets that were made for it: shown in this answer and never again."""

    made: dict[str, str] | None = None


class CredentialList(Answer):
    """Every credential."""

    items: list[CredentialAnswer]


class ProofAnswer(Answer):
    """A live call succeeded: what the platform calls us."""

    account: str


class NeedAnswer(Answer):
    """One thing that a platform wants to be told; ``made`` ones are made here."""

    key: str
    words: str
    secret: bool
    required: bool
    made: bool


class ChoiceAnswer(Answer):
    """One of the values that an option takes."""

    value: str
    words: str


class FieldAnswer(Answer):
    """One thing to be filled in; ``default`` is what holds where it stays empty, ``least`` and ``most`` are days."""

    key: str
    words: str
    help: str
    kind: FieldKind
    required: bool
    choices: list[ChoiceAnswer]
    default: str
    least: float | None
    most: float | None
    example: str

    @classmethod
    def of(cls, one: FormField) -> FieldAnswer:
        """From the collector's words."""
        days = one.kind is FieldKind.DAYS
        return cls(
            key=one.key,
            words=one.words,
            help=one.help,
            kind=one.kind,
            required=one.required,
            choices=[ChoiceAnswer(value=c.value, words=c.words) for c in one.choices],
            default=one.default,
            least=one.least if days else None,
            most=one.most if days else None,
            example=one.example,
        )


class PlaceAnswer(Answer):
    """One sort of place: a source's ``address`` is this one, with what ``asks`` is told in place of {}.

    ``query`` says what a source's query does there: filter here, be the platform's own search (which needs one),
    narrow what is asked, or nothing.
    """

    key: str
    words: str
    address: str
    asks: FieldAnswer | None
    query: QueryUse


class PlatformAnswer(Answer):
    """A platform. ``steps`` say in their order how to get into it; ``needs`` is empty where anybody may read.

    ``places`` are what a source of it may read, ``options`` what its `options` may hold.
    """

    platform: str
    steps: list[str]
    needs: list[NeedAnswer]
    places: list[PlaceAnswer]
    options: list[FieldAnswer]

    @classmethod
    def of(cls, platform: str, guide: Guide | None, form: SourceForm) -> PlatformAnswer:
        """From its guide and its form."""
        wanted = () if guide is None else (*admission.plain_needs(guide), *(n for n in guide.needs if n.secret))
        return cls(
            platform=platform,
            steps=[] if guide is None else list(guide.steps),
            places=[
                PlaceAnswer(
                    key=one.key,
                    words=one.words,
                    address=one.address,
                    asks=None if one.asks is None else FieldAnswer.of(one.asks),
                    query=one.query,
                )
                for one in form.places
            ],
            options=[FieldAnswer.of(one) for one in form.options],
            needs=[
                NeedAnswer(key=n.key, words=n.words, secret=n.secret, required=n.required, made=n.made) for n in wanted
            ],
        )


class OfferedAnswer(Answer):
    """A platform that can be followed. ``extra`` brings its client library: `pip install 'sahut[EXTRA]'`."""

    platform: str
    extra: str


class PlatformList(Answer):
    """Every platform that can be followed."""

    items: list[OfferedAnswer]


def rounded(amounts: Mapping[Currency, float]) -> dict[Currency, float]:
    """Amounts that were worked out."""
    return {currency: round(amount, 4) for currency, amount in amounts.items()}
