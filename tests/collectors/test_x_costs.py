"""What following a place on X will cost, told by one call for X's count of posts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from collectors.registry import load
from sahut import probe
from sahut.core import estimating
from sahut.core.model import Access, Budget, Caps, ConversationPolicy, Currency, Estimate, Forecast, Period, Problem
from sahut.core.model import SourceDraft as Draft
from sahut.core.ports import Estimator
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_x import XServer, a_place, always, entry, found, read, spent

POLICY = ConversationPolicy()
SEARCH = Draft(platform="x", name="Banjir", address="search", query="banjir lang:in")


@pytest.fixture
def x() -> Iterator[XServer]:
    """With 70 posts in the last week, ten a day, of which 14 name us; and some before that."""
    server = XServer()
    with closing(server.http):
        for number in range(70):
            name = "@DinasKota " if number % 5 == 0 else ""
            server.post(f"{name}banjir {number}", at=NOW - timedelta(days=7) + timedelta(hours=2.4 * number, minutes=1))
        for number in range(30):
            server.post(f"banjir lama {number}", at=NOW - timedelta(days=9, minutes=number))
        yield server


def forecast(x: XServer, draft: Draft, access: Access | None = None, policy: ConversationPolicy = POLICY) -> Forecast:
    collector = load("x", settings=SETTINGS)
    assert isinstance(collector, Estimator)
    return collector.forecast(probe.unstored(draft, NOW), policy, now=NOW, access=access or entry(x))


def price(x: XServer, draft: Draft = SEARCH, access: Access | None = None, **over: object) -> Estimate:
    told = probe.price(draft, load("x", settings=SETTINGS), POLICY, NOW, access or entry(x), **over)  # type: ignore[arg-type]
    assert told is not None
    return told


def test_a_search_is_counted_by_one_call_that_is_paid_for(x: XServer) -> None:
    access = entry(x, left=1.0)
    purse = access.purse()
    told = forecast(x, SEARCH, replace(access, shared=purse))
    assert x.http.calls == 1
    assert (x.http.seen[0].path, x.http.seen[0].query["query"]) == ("/2/tweets/counts/recent", "banjir lang:in")
    assert purse.news() == {Currency.USD: 0.005}
    assert told.asked == 0.005
    assert told.finds == pytest.approx(10)
    assert (told.each, told.dearest, told.again) == pytest.approx((0.015, 0.025, 0.015))
    assert told.first_days == 1


def test_mentions_are_counted_by_name_and_cost_less_where_they_are_ours(x: XServer) -> None:
    ours = Draft(platform="x", name="Kami", address="mentions")
    theirs = replace(ours, address="mentions:@tetangga")
    told, other = forecast(x, ours), forecast(x, theirs)
    assert x.http.seen[0].query["query"] == "@dinaskota"
    assert told.finds == pytest.approx(2)
    assert (told.each, told.reply, told.first_days) == pytest.approx((0.011, 0.010, 7))
    assert (other.finds, other.each) == pytest.approx((0, 0.015))


def test_what_stands_around_follows_the_policy_and_answers_what_x_lets_us_send(x: XServer) -> None:
    assert forecast(x, SEARCH).around == pytest.approx(0.05)
    wide = ConversationPolicy(platforms={"x": Caps(above=2, beside=10)})
    assert forecast(x, SEARCH, policy=wide).around == pytest.approx(0.3)
    assert forecast(x, SEARCH).reply == 0
    assert forecast(x, SEARCH, entry(x, answers_anyone="yes")).reply == pytest.approx(0.015)
    mentions = Draft(platform="x", name="Kami", address="mentions")
    assert forecast(x, mentions, entry(x, keys=False)).reply == 0


def test_an_estimate_adds_up_and_names_the_budgets_that_are_too_small(x: XServer) -> None:
    budgets = [
        Budget(currency=Currency.USD, period=Period.DAY, amount=2),
        Budget(currency=Currency.USD, period=Period.MONTH, amount=10),
        Budget(currency=Currency.REPLIES, period=Period.DAY, amount=0.01),
    ]
    told = price(x, replace(SEARCH, interval=timedelta(hours=1)), share=0.5, budgets=budgets)
    assert (told.problem, told.readings, told.first) == (None, 24, pytest.approx(0.15))
    assert (told.reading, told.again, told.around) == pytest.approx((0.15, 0.75, 0.25))
    assert (told.day, told.month, told.most) == pytest.approx((1.15, 34.5, 0.25))
    assert (told.flagged, told.measured) == (0.5, True)
    assert list(told.passed) == [budgets[1]]
    assumed = price(x)
    assert (assumed.flagged, assumed.measured) == (estimating.ASSUMED_FLAGGED, False)


def test_a_reading_costs_what_was_told_of_it(x: XServer) -> None:
    """The estimate against the meter: the first reading of a day's posts, each by its own author."""
    other = XServer()
    with closing(other.http):
        for number in range(12):
            other.users[str(5000 + number)] = {"id": str(5000 + number), "username": f"warga{number}", "name": "W"}
            other.post(f"banjir {number}", at=NOW - timedelta(hours=1, minutes=number), by=str(5000 + number))
        batches, *_rest = read(other, a_place("search", query=SEARCH.query))
        told = price(other)
    assert len(found(batches)) == 12
    # A day's rate is told by a week's count.
    assert told.reading * 7 == pytest.approx(spent(batches))


def test_why_it_cannot_be_told_is_said(x: XServer) -> None:
    x.http.break_at(0, Fault.FORBIDDEN)
    refused = price(x)
    assert refused.problem is Problem.LACKS_ACCESS
    assert "count of recent posts" in refused.reason
    always(x, Reply(json={"data": [], "meta": {}}))
    assert price(x).problem is Problem.NOT_READABLE


def test_without_money_left_nothing_is_asked(x: XServer) -> None:
    poor = price(x, access=entry(x, left=0.004))
    assert (poor.problem, x.http.calls) == (Problem.BUDGET_SPENT, 0)


def test_a_platform_that_charges_nothing_has_no_estimate() -> None:
    draft = Draft(platform="feed", name="Warta", address="https://warta.example/rss")
    assert probe.price(draft, load("feed", settings=SETTINGS), POLICY, NOW) is None
