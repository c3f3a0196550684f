"""Archives and exports as they come: encodings, dialects, headers, dates, spreadsheets, and what is wrong with them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from collectors._columns import NAMES, choose, recognises
from collectors._tables import Row
from collectors.files import FileCollector
from sahut.core.errors import PermanentError, SettingsError
from sahut.core.model import Batch, Mention, Problem, Source
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, a_source

SAID = "Jalan Melati berlubang, “parah” sekali"


def source_of(path: Path, **options: str) -> Source:
    return a_source(str(path), platform="file", options={key.replace("__", "."): v for key, v in options.items()})


def read(source: Source) -> list[Batch]:
    return list(FileCollector(SETTINGS).collect(source, now=NOW))


def mentions(path: Path, **options: str) -> list[Mention]:
    return [mention for batch in read(source_of(path, **options)) for mention in batch.mentions]


def write(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "arsip.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def workbook(folder: Path, *rows: list[Any], title: str = "Laporan") -> Path:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    path = folder / "ekspor.xlsx"
    book.save(path)
    return path


def refusal(path: Path, **options: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        read(source_of(path, **options))
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_an_export_in_any_encoding_and_dialect_says_the_same(tmp_path: Path, encoding: str, mark: str) -> None:
    lines = [f'No{mark}Isi Laporan{mark}Tanggal\r\n1{mark}"{SAID}"{mark}24/11/2026 10:00\r\n']
    found = mentions(write(tmp_path, "".join(lines), encoding=encoding))

    assert [m.text for m in found] == [SAID]
    assert found[0].published_at == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_an_encoding_found_late_in_a_long_file_holds_for_all_of_it(tmp_path: Path) -> None:
    rows = "".join(f"lampu {number} padam {'lagi ' * 200}\n" for number in range(1_200))
    found = mentions(write(tmp_path, f"text\n{rows}kafé tutup\n", encoding="windows-1252"))

    assert found[-1].text == "kafé tutup"


def test_a_few_damaged_bytes_do_not_make_utf8_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "arsip.csv"
    path.write_bytes(b"text\n" + "“Air” mati – lagi…\n".encode() * 20 + b"lampu \xff padam\n")

    found = mentions(path)

    assert found[0].text == "“Air” mati – lagi…"
    assert found[-1].text == "lampu � padam"


def test_one_column_of_texts_with_commas_is_not_cut(tmp_path: Path) -> None:
    found = mentions(write(tmp_path, "text\nAir mati, tolong\nLampu padam, Pak, gelap\nBanjir\n"))

    assert [m.text for m in found] == ["Air mati, tolong", "Lampu padam, Pak, gelap", "Banjir"]


def test_texts_over_several_lines_stay_one_row(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,isi\n1,"Baris satu\nbaris ""dua"""\n2,Banjir\n')

    assert [m.text for m in mentions(path)] == ['Baris satu\nbaris "dua"', "Banjir"]


@pytest.mark.parametrize("tail", ["", "\n" * 300])
def test_a_quotation_mark_that_never_ends_costs_one_row_and_not_the_rest(tmp_path: Path, tail: str) -> None:
    rows = [f"{number},lampu {number} padam" for number in range(1_000)]
    rows[500] = '500,"lampu 500 padam'
    batches = read(source_of(write(tmp_path, "id,isi\n" + "\n".join(rows) + tail)))

    assert sum(len(batch.mentions) for batch in batches) == 999
    dead = [letter for batch in batches for letter in batch.dead]
    assert [letter.reason for letter in dead] == ["row 502: a quotation mark is never closed"]
    assert "lampu 500 padam" in dead[0].raw["content"]


def test_a_row_out_of_step_is_dead_with_its_number_and_all_it_says(tmp_path: Path) -> None:
    batches = read(
        source_of(write(tmp_path, "isi,tanggal\nAir mati,24/11/2026\nLampu, padam,24/11/2026\n,24/11/2026\n"))
    )

    assert [letter.reason for letter in batches[0].dead] == [
        "row 3: it has 3 cells, the header 2",
        "row 4: neither text nor title",
    ]
    assert "Lampu" in batches[0].dead[0].raw["content"]
    with pytest.raises(ValueError, match="the header 2"):
        FileCollector(SETTINGS).revive(source_of(tmp_path), batches[0].dead[0].raw, now=NOW)


def test_a_sp4n_export_with_title_rows_is_understood_and_the_reporters_other_data_are_not_kept(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ["Laporan Pengaduan SP4N-LAPOR!"],
        ["Periode", "November 2026"],
        [],
        ["No", "Tracking ID", "Judul Laporan", "Isi Laporan", "Tanggal Laporan", "Nama Pelapor", "No HP", "Status"],
        [1, 7654321, "Lampu padam", "Sudah tiga malam", datetime(2026, 11, 24, 10, 0), "Ani", "0812 000", "Proses"],  # noqa: DTZ001 - as sheets have it
        [2, 7654322, "Jalan rusak", "Berlubang", "Selasa, 24 November 2026 10:00 WITA", "Budi", "0813 000", "Selesai"],
        ["Jumlah", None, None, None, None, None, None, 2],
    )
    batch = read(source_of(path))[0]
    first, second = batch.mentions

    assert (first.native_id, first.title, first.text) == ("ekspor.xlsx#7654321", "Lampu padam", "Sudah tiga malam")
    assert first.published_at == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert second.published_at == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert first.author is not None
    assert first.author.name == "Ani"
    assert "0812" not in repr(batch)
    assert [letter.reason for letter in batch.dead] == ["row 7: neither text nor title"]


def test_a_sheet_and_its_csv_bring_the_same_mentions(tmp_path: Path) -> None:
    sheet = workbook(tmp_path, ["Isi", "Tanggal"], ["Air mati\ndi RT 04", datetime(2026, 11, 24, 10, 0)])  # noqa: DTZ001 - as above
    table = write(tmp_path, 'Isi;Tanggal\n"Air mati\r\ndi RT 04";2026-11-24 10:00:00\n')

    assert [m.key for m in mentions(sheet)] == [m.key for m in mentions(table)]


@pytest.mark.parametrize(
    ("options", "hour"), [({}, 3), ({"zone": "WITA"}, 2), ({"zone": "wit"}, 1)], ids=["wib", "wita", "wit"]
)
@pytest.mark.parametrize("date", ["2026-11-24 10:00:00", "24/11/2026 10.00", "24 Nov 2026 10:00", "24-11-2026 10:00"])
def test_a_date_without_a_zone_is_local(tmp_path: Path, date: str, options: dict[str, str], hour: int) -> None:
    found = mentions(write(tmp_path, f"isi,tanggal\nAir mati,{date}\n"), **options)

    assert found[0].published_at == datetime(2026, 11, 24, hour, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    [
        "2026-11-24T02:30:00Z",
        "2026-11-24 09:30:00+07:00",
        "2026-11-24 02:30:00 UTC",
        "Tue Nov 24 02:30:00 +0000 2026",
        "1795487400",
        "1795487400000",
        "24/11/2026 9:30 AM",
        "24/11/2026 10:30 WITA",
    ],
)
def test_a_date_that_says_its_zone_keeps_it(tmp_path: Path, date: str) -> None:
    assert mentions(write(tmp_path, f"text\tcreated_at\nAir mati\t{date}\n"))[0].published_at == datetime(
        2026, 11, 24, 2, 30, tzinfo=UTC
    )


def test_date_and_time_may_stand_in_two_columns(tmp_path: Path) -> None:
    text = mentions(write(tmp_path, "Tanggal;Jam;Isi\n24/11/2026;09.30;Air mati\n"))
    sheet = mentions(
        workbook(tmp_path, ["Tanggal", "Jam", "Isi"], [datetime(2026, 11, 24), "09:30", "Air mati"])  # noqa: DTZ001 - as above
    )

    assert text[0].published_at == sheet[0].published_at == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def test_a_date_that_cannot_be_read_keeps_its_row_and_is_told(tmp_path: Path) -> None:
    batch = read(source_of(write(tmp_path, "isi,tanggal\nAir mati,kemarin\nLampu,11/24/2026\n")))[0]

    assert [m.published_at for m in batch.mentions] == [None, None]
    assert "2 dates cannot be read, the first: kemarin" in batch.notes


def test_ids_that_a_spreadsheet_rounded_do_not_make_two_posts_one(tmp_path: Path) -> None:
    table = read(source_of(write(tmp_path, "tweet_id;text\n1.59E+18;Air mati\n1,59E+18;Lampu padam\n")))[0]
    sheet = mentions(workbook(tmp_path, ["id", "text"], [1590000000000000000, "Air"], [1590000000000000001, "Lampu"]))

    assert len({m.key for m in table.mentions}) == 2
    assert "2 ids were rounded" in " ".join(table.notes)
    assert len({m.key for m in sheet}) == 2


def test_ids_count_within_their_scope_and_parents_too(tmp_path: Path) -> None:
    path = write(tmp_path, "id,text,in_reply_to_status_id\n1,Air mati,\n2,Di sini juga,1\n")
    one, two = mentions(path, scope="Twitter 2023")

    assert one.native_id == two.parent == "Twitter 2023#1"


def test_json_lines_are_flattened_and_keys_recognised(tmp_path: Path) -> None:
    lines = [
        {"id_str": "9007199254740993", "full_text": "Air mati", "user": {"screen_name": "warga", "name": "Ani"}},
        {"full_text": "Lampu \ud800 padam", "created_at": "Tue Nov 24 02:30:00 +0000 2026", "tags": ["x"]},
    ]
    path = write(tmp_path, "\n".join(map(json.dumps, lines)) + "\n[1]\n{\n", name="posts.jsonl")
    batch = read(source_of(path))[0]

    assert [m.text for m in batch.mentions] == ["Air mati", "Lampu padam"]
    assert batch.mentions[0].native_id == "posts.jsonl#9007199254740993"
    assert batch.mentions[0].author is not None
    assert batch.mentions[0].author.handle == "warga"
    assert [letter.reason.split(":")[0] for letter in batch.dead] == ["row 3", "row 4"]


def test_columns_can_be_named_numbered_and_refused(tmp_path: Path) -> None:
    named = write(tmp_path, "A,B,Judul\nsatu,dua,tiga\n")

    assert [(m.text, m.title) for m in mentions(named, column__text="b")] == [("dua", "tiga")]
    assert [(m.text, m.title) for m in mentions(named, column__text="B", column__title="")] == [("dua", "")]
    assert [m.text for m in mentions(named, column__text="#1")] == ["A", "satu"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "the columns are: A, B"),
        ({"column__text": "C"}, "the columns are: A, B"),
        ({"column__teks": "A"}, "'teks' is no field"),
        ({"colum": "A"}, "no option of a file"),
        ({"column__text": "A", "zone": "EST"}, "'EST' is no zone"),
        ({"column__text": "A", "encoding": "utf-9"}, "no encoding"),
        ({"column__text": "A", "delimiter": "ab"}, "separates no columns"),
        ({"column__text": "A", "sheet": "x"}, "has no sheets"),
    ],
)
def test_what_is_set_wrong_is_said_in_words(tmp_path: Path, options: dict[str, str], said: str) -> None:
    error = refusal(write(tmp_path, "A,B\nsatu,dua\n"), **options)

    assert error.problem is Problem.BAD_SETTINGS
    assert said in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b"<html><table>", "web page"),
        (b'[{"text": "x"}]', "one JSON object a line"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old or locked spreadsheet"),
        (b"PK\x03\x04damaged", "damaged XLSX"),
    ],
)
def test_a_file_of_another_kind_is_told_with_the_cure(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)

    assert said in str(refusal(path))


def test_formulas_are_values_only_and_the_sheet_with_texts_is_found(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["Petunjuk"])
    data = book.create_sheet("Data")
    for row in (["Isi", "Nama"], ["=CMD()", "Ani"], ["Air mati", '=HYPERLINK("http://x","y")']):
        data.append(row)
    path = tmp_path / "x.xlsx"
    book.save(path)
    batch = read(source_of(path))[0]

    assert [m.text for m in batch.mentions] == ["Air mati"]
    assert batch.mentions[0].author is None
    assert batch.notes == ["other sheets were not read: Sheet"]
    assert "there is no sheet 'Lain' (there are: Sheet, Data)" in str(refusal(path, sheet="Lain"))


def bomb(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(f"xl/{name}.xml", content)
    return path


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = bomb(workbook(tmp_path, ["Isi"], ["Air mati"]), extra=b" " * 9_000_000)

    assert refusal(path).problem is Problem.TOO_LARGE


def test_entities_are_refused(tmp_path: Path) -> None:
    path = bomb(workbook(tmp_path, ["Isi"], ["Air mati"]), extra=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>')

    assert "document type" in str(refusal(path))


def test_a_row_that_claims_to_be_far_away_is_not_waited_for(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["Isi"], ["Air mati"])
    with zipfile.ZipFile(path) as package:
        parts = {part: package.read(part) for part in package.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'<row r="2"', b'<row r="999999999"')
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'r="A2"', b'r="A999999999"')
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(part, content)

    assert mentions(path) == []


def test_a_zip_archive_that_is_no_workbook_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("a.csv", "text\nx\n")

    assert "no XLSX" in str(refusal(path))


def test_a_file_read_to_its_end_is_not_read_again_until_it_or_the_question_changes(tmp_path: Path) -> None:
    path = write(tmp_path, "id,isi\n1,Air mati\n")
    source = source_of(path)
    done = replace(source, cursor=read(source)[-1].cursor)

    assert read(done) == []
    assert [len(b.mentions) for b in read(replace(done, options={"zone": "WITA"}))] == [1]
    path.write_text("id,isi\n1,Air mati lagi\n", encoding="utf-8")
    assert [m.text for b in read(done) for m in b.mentions] == ["Air mati lagi"]


def test_only_what_matches_the_query_is_kept(tmp_path: Path) -> None:
    source = replace(source_of(write(tmp_path, "isi\nAir mati\nLampu padam\n")), query="lampu")

    assert [(len(b.mentions), b.seen) for b in read(source)] == [(1, 2)]


def test_files_put_end_to_end_do_not_bring_their_header_as_a_post(tmp_path: Path) -> None:
    assert len(mentions(write(tmp_path, "id,isi\n1,Air mati\nid,isi\n2,Lampu padam\n"))) == 2


def test_every_name_is_as_headers_are_compared() -> None:
    for names in NAMES.values():
        assert names == names.lower()
        assert len(set(names.split())) == len(names.split())


def test_a_sentence_is_no_header_and_a_row_number_no_id() -> None:
    assert not recognises(["Isi bak sampah berserakan"])
    chosen = choose([Row(number=1, cells=["No.", "Isi Laporan"])], {})
    assert chosen.shown == {"text": "Isi Laporan"}
    with pytest.raises(SettingsError, match="the columns are: No, Nama"):
        choose([Row(number=1, cells=["No", "Nama"])], {})
