"""Options of a source, as the command line, a file and the API give them."""

from datetime import timedelta
from typing import Any

import pytest

from collectors._options import days, filter_of
from sahut.core.errors import PermanentError
from sahut.core.model import Problem
from tests.collectors.feed_server import a_source


@pytest.mark.parametrize("said", [7, 7.0, "7", " 7 "])
def test_days_may_be_text_or_a_number(said: Any) -> None:
    assert days(a_source("x", options={"first_days": said}), "first_days", 1) == timedelta(days=7)


def test_days_that_are_not_said_are_the_usual_ones() -> None:
    assert days(a_source("x"), "first_days", 1) == timedelta(days=1)


@pytest.mark.parametrize("said", ["lama", "", None, True, -1, "nan", "inf", 1e300, 4_000, [7]])
def test_what_is_no_span_is_named_with_its_option(said: Any) -> None:
    with pytest.raises(PermanentError, match=r"Warta Kota Contoh.*options\.first_days") as caught:
        days(a_source("x", options={"first_days": said}), "first_days", 1)
    assert caught.value.problem is Problem.BAD_SETTINGS


def test_no_days_at_all_are_refused_where_they_mean_nothing() -> None:
    source = a_source("x", options={"watch_days": "0"})
    assert days(source, "watch_days", 1) == timedelta(0)
    with pytest.raises(PermanentError, match="watch_days"):
        days(source, "watch_days", 1, none_allowed=False)


def test_a_filter_that_breaks_off_names_the_source() -> None:
    with pytest.raises(PermanentError, match=r"Warta Kota Contoh.*query") as caught:
        filter_of(a_source("x", query="(jalan OR"))
    assert caught.value.problem is Problem.BAD_SETTINGS
