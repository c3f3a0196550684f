"""Dates as Indonesian and other feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.builders import NOW
from tests.collectors.feed_documents import only, parsed
from tests.collectors.feed_server import item, rss


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("Tue, 24 Nov 2026 10:00:00 WIB", 3),
        ("Tue, 24 Nov 2026 10:00:00 WITA", 2),
        ("Tue, 24 Nov 2026 10:00:00 WIT", 1),
        ("Sel, 24 Nov 2026 10:00:00 +0700", 3),
        ("Selasa, 24 November 2026 10:00 WIB", 3),
        ("Selasa, 24 November 2026 10.00 WITA", 2),
        ("Selasa, 24 November 2026 | 10:00 WIB", 3),
        ("24/11/2026 10.00 WIB", 3),
        ("24-11-2026 10:00 WIB", 3),
        ("24 Nopember 2026 pukul 10.00 WIB", 3),
        ("24/11/2026 10:00", 3),
        ("2026-11-24 10:00:00 WIB", 3),
        ("2026-11-24T10:00:00+07:00", 3),
        ("2026-11-24T03:00:00Z", 3),
        ("Tue, 24 Nov 2026 03:00:00 GMT", 3),
        ("Tue, 24 Nov 2026 03:00:00", 3),
    ],
)
def test_dates_are_read_in_the_zone_that_they_name(raw: str, hour: int) -> None:
    assert only(rss(item(1, date=raw))).published_at == datetime(2026, 11, 24, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "number"),
    [
        (m, i)
        for i, names in enumerate(
            [
                "Januari Jan",
                "Februari Feb",
                "Maret Mar",
                "April Apr",
                "Mei",
                "Juni Jun",
                "Juli Jul",
                "Agustus Agu Agt",
                "September Sep",
                "Oktober Okt",
            ],
            start=1,
        )
        for m in names.split()
    ]
    + [("Desember", 12), ("Des", 12)],
)
def test_every_indonesian_month_is_known(month: str, number: int) -> None:
    year = 2025 if number == 12 else 2026
    assert only(rss(item(1, date=f"5 {month} {year} 10:00 WIB"))).published_at == datetime(
        year, number, 5, 3, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "raw", ["", "kemarin", "0000-00-00", "0000-00-00 00:00:00", "32/13/2026", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_an_item_without_a_usable_date_has_none(raw: str) -> None:
    assert only(rss(item(1, date=raw))).published_at is None


def test_a_future_date_is_left_out_with_a_note_and_blocks_nothing() -> None:
    ahead = format_datetime(NOW + timedelta(days=400), usegmt=True)
    batch = parsed(rss(item(1, date=ahead), item(2, date=format_datetime(NOW, usegmt=True))))

    assert [mention.published_at for mention in batch.mentions] == [None, NOW]
    assert any("date" in note for note in batch.notes)


def test_back_dated_undated_and_same_second_items_are_all_kept() -> None:
    old = format_datetime(NOW - timedelta(days=900), usegmt=True)
    now = format_datetime(NOW, usegmt=True)
    batch = parsed(rss(item(1, date=old), item(2, date=now), item(3, date=now), item(4)))

    assert len({mention.native_id for mention in batch.mentions}) == 4
