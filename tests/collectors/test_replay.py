"""Replaying a file of JSON lines: nothing lost, nothing doubled, whatever happens to the file."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from collectors.registry import load
from collectors.replay import PAGE_LINES
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Batch, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, a_source


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "posts.jsonl"


def line(number: int, **over: Any) -> str:
    return json.dumps({"id": str(number), "text": f"Jalan berlubang di RT {number}", **over}, ensure_ascii=False) + "\n"


def write(file: Path, *numbers: int) -> None:
    file.write_text("".join(map(line, numbers)), encoding="utf-8")


def read(file: Path, source: Source | None = None, **options: str) -> tuple[list[Batch], Source]:
    source = source or a_source(str(file), platform="replay", options=options)
    batches = list(load("replay", settings=SETTINGS).collect(source, now=NOW))
    return batches, replace(source, cursor=batches[-1].cursor)


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def ids(batches: list[Batch]) -> list[str]:
    return [mention.native_id for mention in mentions(batches)]


def test_every_field_of_a_post_is_taken(file: Path) -> None:
    post = {
        "id": 9007199254740993,
        "text": "Air mati sejak pagi",
        "title": "Keluhan",
        "author": {"handle": "@warga", "name": "Warga Contoh", "url": "https://kota.example/w", "followers": 12},
        "url": "https://kota.example/p/1",
        "at": "2026-11-23T10:00:00+07:00",
        "reach": 40,
        "repost_of": 7,
        "parent": "6",
        "language": "id",
        "platform": "x",
    }
    file.write_text(json.dumps(post) + "\n", encoding="utf-8")
    (mention,) = mentions(read(file)[0])

    assert mention.key == ("x", "9007199254740993")
    assert (mention.title, mention.text, mention.language) == ("Keluhan", "Air mati sejak pagi", "id")
    assert mention.author is not None
    assert (mention.author.handle, mention.author.followers) == ("@warga", 12)
    assert mention.published_at == datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert (mention.reach, mention.repost_of, mention.parent) == (40, "7", "6")
    assert mention.permalink == "https://kota.example/p/1"


def test_a_long_file_comes_in_pages_and_a_second_reading_brings_nothing(file: Path) -> None:
    write(file, *range(PAGE_LINES * 2 + 1))
    batches, source = read(file)
    again, _ = read(file, source)

    assert [len(batch.mentions) for batch in batches] == [PAGE_LINES, PAGE_LINES, 1]
    assert ids(again) == []


def test_lines_appended_later_are_picked_up(file: Path) -> None:
    write(file, 1, 2)
    _, source = read(file)
    with file.open("a", encoding="utf-8") as out:
        out.write(line(3))

    assert ids(read(file, source)[0]) == ["3"]


def test_a_half_written_last_line_waits_for_its_rest(file: Path) -> None:
    whole = line(2)
    file.write_text(line(1) + whole[:15], encoding="utf-8")
    first, source = read(file)
    with file.open("a", encoding="utf-8") as out:
        out.write(whole[15:] + line(3))
    second, _ = read(file, source)

    assert ids(first) == ["1"]
    assert [letter for batch in first for letter in batch.dead] == []
    assert ids(second) == ["2", "3"]


def test_a_last_line_without_its_newline_is_read_once(file: Path) -> None:
    file.write_text(line(1) + line(2).rstrip("\n"), encoding="utf-8")
    first, source = read(file)
    with file.open("a", encoding="utf-8") as out:
        out.write("\n" + line(3))
    second, _ = read(file, source)

    assert ids(first) == ["1", "2"]
    assert ids(second) == ["3"]


@pytest.mark.parametrize("numbers", [(7, 8, 9, 10), (7,)], ids=["replaced", "shortened"])
def test_a_replaced_or_shortened_file_is_read_from_its_beginning_with_a_note(
    file: Path, numbers: tuple[int, ...]
) -> None:
    write(file, 1, 2, 3)
    _, source = read(file)
    write(file, *numbers)
    batches, _ = read(file, source)

    assert ids(batches) == [str(number) for number in numbers]
    assert any("beginning" in note for batch in batches for note in batch.notes)


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        "7",
        "null",
        "{}",
        '{"id": "x"}',
        '{"id": "x", "text": 7}',
        '{"id": {}, "text": "a"}',
        '{"id": "x", "text": "a", "author": 7}',
        '{"id": "x", "text": "a", "reach": -1}',
        "[" * 100_000,
    ],
)
def test_a_malformed_line_is_dead_with_its_number(file: Path, bad: str) -> None:
    file.write_text(line(1) + "\n" + bad + "\n" + line(4), encoding="utf-8")
    batches, source = read(file)
    (letter,) = [letter for batch in batches for letter in batch.dead]

    assert ids(batches) == ["1", "4"]
    assert "line 3" in letter.reason
    assert letter.raw["line"] == 3
    assert read(file, source)[0][-1].dead == []


def test_a_dead_line_is_revived_once_it_can_be_read(file: Path) -> None:
    file.write_text("{\n", encoding="utf-8")
    batches, source = read(file)
    collector = load("replay", settings=SETTINGS)
    raw = dict(batches[0].dead[0].raw)

    with pytest.raises(ValueError, match=r"Expecting|property"):
        collector.revive(source, raw, now=NOW)
    assert collector.revive(source, {**raw, "content": line(5)}, now=NOW).native_id == "5"


def test_bytes_that_are_no_utf8_cost_only_their_line(file: Path) -> None:
    file.write_bytes(line(1).encode() + b'{"id": "2", "text": "\xff\xfe"}\n' + line(3).encode())
    batches, _ = read(file)

    assert {"1", "3"} <= set(ids(batches))


def test_a_line_of_many_megabytes_is_skipped_without_being_held(file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(line(1) + '{"id": "2", "text": "')
        for _ in range(40):
            out.write("a" * 1_000_000)
        out.write('"}\n' + line(3))
    tracemalloc.start()
    batches, _ = read(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ids(batches) == ["1", "3"]
    assert peak < 12_000_000


def test_memory_does_not_grow_with_the_file(file: Path) -> None:
    write(file, *range(20_000))
    source = a_source(str(file), platform="replay")
    tracemalloc.start()
    count = sum(len(batch.mentions) for batch in load("replay", settings=SETTINGS).collect(source, now=NOW))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 20_000
    assert peak < 6_000_000


def test_anchored_dates_end_at_the_creation_of_the_source_and_never_move_again(file: Path) -> None:
    days = [datetime(2025, 3, day, NOW.hour, NOW.minute, tzinfo=UTC) for day in (1, 3, 2)]
    file.write_text("".join(line(n, at=day.isoformat()) for n, day in enumerate(days)), encoding="utf-8")
    first, source = read(file, anchor="now")
    again = list(load("replay", settings=SETTINGS).collect(replace(source, cursor={}), now=NOW + timedelta(days=30)))
    with file.open("a", encoding="utf-8") as out:
        out.write(line(9, at=(days[1] + timedelta(hours=1)).isoformat()))
    later, _ = read(file, source)

    assert [m.published_at for m in mentions(first)] == [
        NOW - timedelta(days=2),
        NOW,
        NOW - timedelta(days=1),
    ]
    assert [m.published_at for m in mentions(again)] == [m.published_at for m in mentions(first)]
    assert [m.published_at for m in mentions(later)] == [NOW + timedelta(hours=1)]


@pytest.mark.parametrize("year", [2025, 2030])
def test_anchored_dates_keep_their_hours_and_lie_in_the_past(file: Path, year: int) -> None:
    hours = [0, 5, 11, 17, 23]
    file.write_text("".join(line(n, at=f"{year}-03-02T{n:02}:41:07+07:00") for n in hours), encoding="utf-8")
    batches, _ = read(file, anchor="now")
    found = [m.published_at for m in mentions(batches)]

    assert [at and at.astimezone(timezone(timedelta(hours=7))).hour for at in found] == hours
    assert all(at is not None and at <= NOW for at in found)
    assert NOW - max(at for at in found if at is not None) < timedelta(days=1)


def test_unreadable_and_future_dates_are_left_out_with_a_note(file: Path) -> None:
    file.write_text(line(1, at="kemarin") + line(2, at="2999-01-01T00:00:00Z") + line(3), encoding="utf-8")
    batches, _ = read(file)

    assert [m.published_at for m in mentions(batches)] == [None, None, None]
    assert any("kemarin" in note for batch in batches for note in batch.notes)


def test_posts_without_an_id_are_known_by_their_words(file: Path) -> None:
    file.write_text('{"text": "a"}\n{"text": "b"}\n', encoding="utf-8")
    assert ids(read(file)[0]) == ids(read(file)[0])
    assert len(set(ids(read(file)[0]))) == 2


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_said_in_words(tmp_path: Path, kind: str) -> None:
    place = tmp_path if kind == "folder" else tmp_path / "none.jsonl"
    with pytest.raises(CollectError) as caught:
        read(place)

    assert isinstance(caught.value, TransientError if kind == "missing" else PermanentError)
    assert caught.value.problem in {Problem.MISSING_FILE, Problem.NOT_READABLE}
    assert str(place) in str(caught.value)


def test_an_unknown_anchor_is_said_in_words(file: Path) -> None:
    write(file, 1)
    with pytest.raises(PermanentError, match="anchor"):
        read(file, anchor="yesterday")


def test_a_query_filters_posts_too(file: Path) -> None:
    file.write_text(line(1, text="Banjir di pasar") + line(2, text="Konser musik"), encoding="utf-8")
    batches, _ = read(file, a_source(str(file), platform="replay", query="banjir"))

    assert ids(batches) == ["1"]
    assert batches[0].seen == 2
