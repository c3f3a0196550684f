"""Getting into platforms: the rules that the command line, the API and the board share."""

from datetime import UTC, datetime, timedelta

import pytest

from sahut.core import admission
from sahut.core.admission import NeedError, Spent
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Access, Budget, CredentialDraft, Currency, Guide, Need, Period, Problem
from sahut.core.ports import Store
from tests.builders import NOW
from tests.fakes import FakeCollector

GUIDE = Guide(
    steps=("Make an account.",),
    needs=(
        Need(key="user", words="its name", secret=False),
        Need(key="token", words="its token"),
        Need(key="spare", words="another", required=False),
        Need(key="made", words="ours", made=True),
    ),
)


class FakeMember(FakeCollector):
    platform = "mastodon"
    guide = GUIDE

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def prove(self, access: Access, *, now: object) -> str:
        if self.error is not None:
            raise self.error
        return "@dinas"


def test_what_was_left_empty_is_not_kept() -> None:
    assert admission.settings_of(GUIDE, {"user": " dinas ", "base_url": ""}) == {"user": "dinas"}
    assert admission.secrets_of(GUIDE, {"token": "t", "spare": "  "}) == {"token": "t"}


@pytest.mark.parametrize(
    ("given", "key", "rule"),
    [
        ({}, "token", "need_missing"),
        ({"token": " "}, "token", "need_missing"),
        ({"token": "t", "made": "m"}, "made", "need_unknown"),
    ],
)
def test_a_secret_that_is_missing_or_not_ours_to_give_is_named(given: dict[str, str], key: str, rule: str) -> None:
    with pytest.raises(NeedError) as refused:
        admission.secrets_of(GUIDE, given)

    assert (refused.value.key, refused.value.rule) == (key, rule)


def test_secrets_of_our_making_are_fresh_each_time() -> None:
    one, other = admission.made_secrets(GUIDE), admission.made_secrets(GUIDE)

    assert one.keys() == {"made"}
    assert one != other
    assert len(one["made"]) >= 32


def test_every_platform_takes_another_address_once() -> None:
    own = Guide(steps=(), needs=(Need(key="base_url", words="the server", secret=False),))

    assert [need.key for need in admission.plain_needs(GUIDE)] == ["user", "base_url"]
    assert [need.words for need in admission.plain_needs(own)] == ["the server"]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (
            PermanentError("token rahasia-sekali is revoked", problem=Problem.REFUSED_CREDENTIAL),
            Problem.REFUSED_CREDENTIAL,
        ),
        (TransientError("GET /?key=rahasia-sekali timed out", problem=Problem.TOO_SLOW), Problem.TOO_SLOW),
        (RuntimeError("rahasia-sekali"), Problem.UNEXPECTED),
    ],
)
def test_a_refusal_says_what_is_wrong_without_the_secret(error: Exception, problem: Problem) -> None:
    access = Access(name="x", secrets={"token": "rahasia-sekali"})
    with pytest.raises((PermanentError, TransientError)) as refused:
        admission.prove(FakeMember(error), access, NOW)

    assert refused.value.problem is problem
    assert isinstance(refused.value, type(error) if problem is not Problem.UNEXPECTED else PermanentError)
    assert "rahasia-sekali" not in str(refused.value)


def test_a_budget_counts_its_own_currency_and_period() -> None:
    spent = Spent(day={Currency.USD: 1.5}, month={Currency.USD: 20.0, Currency.REPLIES: 3.0})

    counted = [
        spent.of(Budget(currency=currency, period=period, amount=1))
        for currency in (Currency.USD, Currency.REPLIES)
        for period in Period
    ]
    assert counted == [1.5, 20.0, 0.0, 3.0]


def test_the_present_rate_leads_to_the_months_end(sqlite_store: Store) -> None:
    """Ten days old, one dollar on each day but two today: the mean of the last seven days goes on."""
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    month = Budget(currency=Currency.USD, period=Period.MONTH, amount=20)
    day = Budget(currency=Currency.USD, period=Period.DAY, amount=2)
    with sqlite_store.begin() as tx:
        draft = CredentialDraft(platform="x", name="X dinas", budgets=(day, month))
        one = tx.credentials.add(draft, {"bearer_token": "rahasia"}, noon - timedelta(days=10))
        for back in range(11):
            tx.credentials.used(one.id, noon - timedelta(days=back), spent={Currency.USD: 1.0 if back else 2.0})
        found = admission.spent(tx, one, noon)
    assert (found.day, found.month) == ({Currency.USD: 2.0}, {Currency.USD: 12.0})
    assert found.rate[Currency.USD] == pytest.approx(8 / 6.5)
    # Nine and a half days are left of November.
    assert found.month_end[Currency.USD] == pytest.approx(12 + 9.5 * 8 / 6.5)
    assert (found.outgrows(month), found.outgrows(day)) == (True, False)


def test_a_young_credential_is_no_reason_for_an_alarm_by_its_first_minutes(sqlite_store: Store) -> None:
    with sqlite_store.begin() as tx:
        one = tx.credentials.add(CredentialDraft(platform="x", name="X dinas"), {"bearer_token": "rahasia"}, NOW)
        nothing = admission.spent(tx, one, NOW)
        tx.credentials.used(one.id, NOW + timedelta(minutes=5), spent={Currency.USD: 0.3})
        found = admission.spent(tx, one, NOW + timedelta(minutes=5))
    assert (nothing.rate, nothing.month_end) == ({}, {})
    assert found.rate == {Currency.USD: pytest.approx(0.3)}
