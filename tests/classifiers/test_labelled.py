"""Labelled files: what may be in them, and what is said of each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers._corpus import CLASSES, UNKNOWN
from classifiers._labelled import LabelledRow, read_labelled
from sahut.core.errors import ClassifierError


def read(folder: Path, content: str | bytes, name: str = "rows.csv") -> list[LabelledRow]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_labelled(path)


def fault(folder: Path, content: str | bytes, name: str = "rows.csv") -> list[str]:
    with pytest.raises(ClassifierError) as raised:
        read(folder, content, name)
    return [line.removeprefix(f"{folder / name}: ") for line in str(raised.value).splitlines()]


def test_every_label_is_read_and_the_text_kept_as_it_was(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path,
        "text,kind,sentiment,topic,urgent,complaint,source,language,id\n"
        '"Jalan  rusak &amp; gelap",complaint,negative,roads,1,1,Kabar Kota,id,7\n',
    )

    assert (CLASSES["kind"][row.kind], CLASSES["sentiment"][row.sentiment]) == ("complaint", "negative")
    assert (CLASSES["topic"][row.topic], row.urgent, row.complaint) == ("roads", 1, 1)
    assert (row.source, row.language, row.where) == ("Kabar Kota", "id", "row 2")
    assert (row.raw, row.text) == ("Jalan  rusak &amp; gelap", "Jalan rusak & gelap")


def test_what_a_row_does_not_say_is_unknown(tmp_path: Path) -> None:
    first, second = read(tmp_path, "text,kind,urgent\nhalo,,0\nhalo,news\n")

    assert (first.kind, first.urgent, first.topic) == (UNKNOWN, 0, UNKNOWN)
    assert (second.urgent, second.source) == (UNKNOWN, "")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_spreadsheets_separator_and_a_byte_order_mark_will_do(tmp_path: Path, separator: str) -> None:
    table = f'\ufeffText{separator}Kind \n"a, b; c"{separator}News\n'
    (row,) = read(tmp_path, table)

    assert (row.raw, CLASSES["kind"][row.kind]) == ("a, b; c", "news")


def test_json_lines_may_say_true_and_skip_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, '{"text": "a", "complaint": true}\n\n{"text": "b", "complaint": 0}\n', "rows.jsonl")

    assert [(row.complaint, row.where) for row in rows] == [(1, "line 1"), (0, "line 3")]


def test_half_a_character_is_replaced_so_that_it_can_be_written(tmp_path: Path) -> None:
    (row,) = read(tmp_path, '{"text": "a\\ud800b", "kind": "news"}\n', "rows.jsonl")

    assert row.raw == "a?b"


def test_all_faults_are_named_at_once_with_row_and_column(tmp_path: Path) -> None:
    assert fault(tmp_path, "text,kind,urgent\nhalo,newss,2\n\nhalo,keluhan,0\n") == [
        "row 2, column kind: 'newss' is no kind (did you mean 'news'?)",
        "row 2, column urgent: '2' is neither 0 nor 1",
        "row 4, column kind: 'keluhan' is no kind (there are: complaint, aspiration, inquiry, praise, news, other)",
    ]


def test_a_flood_of_faults_is_cut_short(tmp_path: Path) -> None:
    said = fault(tmp_path, "text,kind\n" + "a,b\n" * 50)

    assert len(said) == 21
    assert said[-1] == "30 more faults"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "rows.csv", "no column 'text' (there are: none)"),
        ("teks,kind\na,news\n", "rows.csv", "no column 'text' (there are: teks, kind)"),
        ("text,label\na,news\n", "rows.csv", "no label"),
        ("text,kind,kind\na,news,news\n", "rows.csv", "'kind' more than once"),
        ("text,kind\n", "rows.csv", "there are no rows"),
        ("text,kind\na,\n", "rows.csv", "no row has a label"),
        ("text,kind\na, b,news\n", "rows.csv", "row 2 has 3 cells, the header has 2"),
        ('text,kind\n"' + "a" * 200_000, "rows.csv", "is a quotation mark open?"),
        (b"text,kind\nb\xff,news\n", "rows.csv", "not UTF-8"),
        ('{"kind": "news"}\n', "rows.jsonl", "line 1, column text: there is no text"),
        ('{"text": "a", "kind": ["news"]}\n', "rows.jsonl", "line 1, column kind"),
        ('{"text": "a", "kind": "news", "complaint": 1}\n', "rows.jsonl", "contradict"),
        ("[]\n", "rows.jsonl", "line 1 is no JSON object"),
        ('{"text": "a", "kind": "news"}\nx\n', "rows.jsonl", "line 2 is not JSON"),
        ("[" * 100_000, "rows.jsonl", "line 1 is not JSON"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, content: str | bytes, name: str, said: str
) -> None:
    (line,) = fault(tmp_path, content, name)

    assert said in line


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match=r"none\.csv: No such file"):
        read_labelled(tmp_path / "none.csv")
