"""X: what it costs, what it refuses, what it forgets, and looking again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.registry import load
from collectors.x import XCollector
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Batch, Currency, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_x import (
    NEIGHBOUR,
    PROBLEM,
    XServer,
    a_place,
    always,
    entry,
    found,
    gaps,
    read,
    spent,
)

MONTH_END = datetime(2026, 12, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def x() -> Iterator[XServer]:
    server = XServer()
    yield server
    server.http.close()


@pytest.fixture
def collector() -> XCollector:
    found = load("x", settings=replace(SETTINGS, total_timeout_s=5.0))
    assert isinstance(found, XCollector)
    return found


# --- limits, money, refusals -------------------------------------------------------------------------------------


def test_what_a_reading_cost_is_told_post_by_post(x: XServer) -> None:
    parent = x.post("Lubang", at=NOW - timedelta(days=3))
    x.answering(parent, "Di sini juga", by=NEIGHBOUR)
    batches, _, _ = read(x)

    assert spent(batches) == pytest.approx(0.005 + 0.010 + 0.005)


def test_reading_stops_before_a_call_that_may_pass_the_budget_and_goes_on_the_next_day(x: XServer) -> None:
    posted = {x.post(f"Lubang {n}", at=NOW - timedelta(hours=1, minutes=n)) for n in range(60)}
    first, source, error = read(x, access=entry(x, left=0.30))
    calls = len(x.http.seen)
    second, _, none = read(x, source, now=MIDNIGHT, access=entry(x, left=5.0))

    assert isinstance(error, TransientError)
    assert error.problem is Problem.BUDGET_SPENT
    assert (error.not_before, error.whole_account) == (MIDNIGHT, True)
    assert 0 < spent(first) <= 0.30
    assert none is None
    assert set(found([*first, *second])) == posted
    assert calls < 5


def test_without_money_not_one_call_is_made(x: XServer, collector: XCollector) -> None:
    access = entry(x, left=0.004)
    for source in (a_place(), a_place("mentions", query=""), a_place("mentions:tetangga", query="")):
        _, _, error = read(x, source, access=access)
        assert error is not None
        assert error.problem is Problem.BUDGET_SPENT
    with pytest.raises(TransientError) as caught:
        collector.recheck(["1"], now=NOW, access=access)
    assert caught.value.problem is Problem.BUDGET_SPENT
    assert not x.http.seen


def test_a_monthly_cap_is_no_ordinary_limit_and_ends_with_the_month(x: XServer) -> None:
    body = {"title": "UsageCapExceeded", "period": "Monthly", "type": PROBLEM + "usage-capped", "detail": "cap"}
    always(x, Reply(status=429, json=body, headers={"x-rate-limit-reset": "1"}))
    _, _, error = read(x)

    assert isinstance(error, TransientError)
    assert (error.not_before, error.whole_account) == (MONTH_END, True)
    assert error.problem is Problem.BUDGET_SPENT
    assert "month" in str(error)


def test_a_full_window_is_not_tried_again_before_it_is_over(x: XServer) -> None:
    for number in range(4):
        x.post(f"Lubang {number}")
    x.page, x.remaining = 2, 0
    batches, _, error = read(x)

    assert isinstance(error, TransientError)
    assert error.problem is Problem.RATE_LIMITED
    assert error.not_before == NOW + timedelta(minutes=9)
    assert batches[0].next_check == NOW + timedelta(minutes=9)
    assert len(x.http.seen) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": [{"code": 453, "message": "a subset of X API V2 endpoints"}]}, "access level"),
        ({"type": PROBLEM + "client-forbidden", "reason": "client-not-enrolled", "detail": "no project"}, "project"),
        ({"type": PROBLEM + "unsupported-authentication", "detail": "Application-Only is forbidden"}, "own keys"),
        ({"detail": "Your client app is not configured with the appropriate oauth1 app permissions"}, "Read and write"),
        ({"detail": "Your account is suspended"}, "suspended"),
        ([], "developer console"),
    ],
)
def test_a_403_says_what_to_do(x: XServer, body: Any, words: str) -> None:
    always(x, Reply(status=403, json=body))
    _, _, error = read(x)

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.LACKS_ACCESS
    assert words in str(error)


@pytest.mark.parametrize("status", [401, 402, 429, 500, 503])
@pytest.mark.parametrize("body", [b"[]", b'{"errors": 3}', b"", b"<html>"])
def test_a_refusal_in_any_shape_keeps_its_meaning(x: XServer, status: int, body: bytes) -> None:
    always(x, Reply(status=status, body=body or b" ", headers={"x-rate-limit-reset": "besok"}))
    _, _, error = read(x)

    meant = {401: Problem.REFUSED_CREDENTIAL, 402: Problem.NO_CREDITS, 429: Problem.RATE_LIMITED}
    assert error is not None
    assert error.problem is meant.get(status, Problem.SERVER_ERROR)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'"x"', b'{"data": 3}', b'{"data": [1], "meta": 4, "includes": []}'])
def test_an_answer_in_any_shape_is_survived(x: XServer, body: bytes) -> None:
    always(x, Reply(body=body))
    batches, _, error = read(x)

    assert error is None or error.problem is Problem.NOT_READABLE
    assert not found(batches)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (a_place(query=""), Problem.BAD_SETTINGS),
        (a_place("beranda"), Problem.BAD_ADDRESS),
        (a_place("conversation:abc"), Problem.BAD_ADDRESS),
        (a_place("mentions:bukan nama"), Problem.BAD_SETTINGS),
        (a_place("mentions", query="(banjir"), Problem.BAD_SETTINGS),
        (a_place(options={"first_days": "lama"}), Problem.BAD_SETTINGS),
    ],
)
def test_settings_that_are_none_of_xs_are_said_before_a_call(x: XServer, source: Source, problem: Problem) -> None:
    _, _, error = read(x, source)

    assert isinstance(error, PermanentError)
    assert error.problem is problem
    assert not x.http.seen


def test_a_query_that_x_refuses_stops_the_source_with_its_words(x: XServer) -> None:
    always(
        x, Reply(status=400, json={"errors": [{"parameters": {"query": ["("]}, "message": "no viable alternative"}]})
    )
    _, _, error = read(x)

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.BAD_SETTINGS
    assert "no viable alternative" in str(error)


def test_without_a_credential_it_says_so(collector: XCollector) -> None:
    with pytest.raises(PermanentError) as caught:
        list(collector.collect(a_place(), now=NOW))
    assert caught.value.problem is Problem.NO_CREDENTIAL


def test_an_account_that_is_not_there_is_said_by_name(x: XServer) -> None:
    _, _, error = read(x, a_place("mentions:tiada", query=""))

    assert isinstance(error, PermanentError)
    assert error.problem is Problem.NOT_FOUND
    assert "tiada" in str(error)


def test_a_credential_is_proved_with_its_keys_or_by_its_name(x: XServer, collector: XCollector) -> None:
    assert collector.prove(entry(x), now=NOW) == "@DinasKota"
    assert collector.prove(entry(x, keys=False), now=NOW) == "@DinasKota"


# --- back-fill and re-check --------------------------------------------------------------------------------------


def test_a_stretch_of_the_past_is_read_without_touching_what_lies_around(x: XServer, collector: XCollector) -> None:
    x.page = 2
    at = [NOW - timedelta(days=3) + timedelta(hours=n) for n in range(8)]
    ids = [x.post(f"Lubang {n}", at=moment) for n, moment in enumerate(at)]
    x.http.break_at(1, Fault.TOO_MANY)
    source, since, until = a_place(), at[2], at[6]
    kept: list[Batch] = []
    for _ in range(2):
        try:
            for batch in collector.backfill(source, since, until, now=NOW, access=entry(x)):
                kept.append(batch)
                source = replace(source, cursor=json.loads(json.dumps(dict(batch.cursor))))
        except TransientError:
            continue

    assert set(found(kept)) == set(ids[2:6])
    assert list(collector.backfill(source, since, until, now=NOW, access=entry(x))) == []


def test_of_a_past_that_x_forgot_the_hole_is_told(x: XServer, collector: XCollector) -> None:
    kept = x.post("Lubang", at=NOW - timedelta(days=6))
    since, until = NOW - timedelta(days=20), NOW - timedelta(days=5)
    batches = list(collector.backfill(a_place(), since, until, now=NOW, access=entry(x)))
    all_lost = list(collector.backfill(a_place(), since, NOW - timedelta(days=8), now=NOW, access=entry(x)))

    assert set(found(batches)) == {kept}
    assert [gap.since for gap in gaps(batches)] == [since]
    assert [(gap.since, gap.until) for gap in gaps(all_lost)] == [(since, NOW - timedelta(days=8))]


def test_deleted_and_withheld_posts_are_withdrawn_and_edited_ones_read_anew(x: XServer, collector: XCollector) -> None:
    same = x.post("Masih ada")
    deleted = x.post("Dihapus")
    edited = x.post("Jalan rusak di Melati")
    withheld = x.post("Ditahan", withheld={"copyright": False, "country_codes": ["ID"]})
    x.edit(edited, "Jalan rusak di Mawar", at=NOW)
    x.hidden.add(deleted)
    batch = collector.recheck([same, deleted, edited, withheld, "bukan-id"], now=NOW, access=entry(x))

    assert {m.native_id: m.text for m in batch.mentions} == {same: "Masih ada", edited: "Jalan rusak di Mawar"}
    assert set(batch.withdrawn) == {deleted, withheld}
    assert batch.spent[Currency.USD] > 0


def test_an_edit_whose_wording_cannot_be_had_waits_for_the_next_look(x: XServer, collector: XCollector) -> None:
    same, edited = x.post("Masih ada"), x.post("Jalan rusak di Melati")
    x.edit(edited, "Jalan rusak di Mawar", at=NOW)
    x.http.break_at(1, Fault.TOO_MANY)
    batch = collector.recheck([same, edited], now=NOW, access=entry(x))

    assert [m.native_id for m in batch.mentions] == [same]
    assert not batch.withdrawn
    assert list(batch.left) == [edited]
    assert batch.spent[Currency.USD] > 0


def test_what_a_look_up_of_an_account_cost_is_told_even_when_the_next_call_fails(x: XServer) -> None:
    x.post("@tetangga 1")
    x.http.break_at(1, Fault.HTML_503)
    batches, source, error = read(x, a_place("mentions:tetangga", query=""))

    assert error is not None
    assert spent(batches) == pytest.approx(0.010)
    assert source.cursor["account"]["handle"] == "tetangga"


def test_a_recheck_beyond_the_budget_looks_at_the_first_few(x: XServer, collector: XCollector) -> None:
    ids = [x.post(f"Lubang {n}") for n in range(10)]
    batch = collector.recheck(ids, now=NOW, access=entry(x, left=0.08))

    assert [m.native_id for m in batch.mentions] == ids[:3]
    assert not batch.withdrawn
    assert list(batch.left) == ids[3:]
