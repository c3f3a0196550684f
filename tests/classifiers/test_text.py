"""The cleaning that training and service share."""

import time

import pytest

from classifiers._text import clean


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Jalan\u200b ru\u202esak", "Jalan rusak"),
        ("<b>air</b>&nbsp;keruh &amp; bau", "air keruh & bau"),
        ("lihat https://foto.example/1?x=2 ya", "lihat http ya"),
        ("kirim ke warga@kota.example", "kirim ke email"),
        ("NIK 3271012345670001 hilang", "NIK 000 hilang"),
        ("hubungi 0812-0000-1111", "hubungi 000"),
        ("tanggal 2025 dan 1000000", "tanggal 2025 dan 1000000"),
        ("tolooooong!!!!!!", "tolooong!!!"),
        ("@satu @dua @tiga @empat lampu mati", "@satu @dua lampu mati"),
        ("\x00jalan\x00\nrusak", "jalan rusak"),
        ("\ud83d\ude00 \ud800", "😀 \ufffd"),
        ("𝗝𝗮𝗹𝗮𝗻", "Jalan"),
        ("aku <3 kota ini", "aku <3 kota ini"),
        ("[USERNAME] cek <PHONE>", "@user cek 000"),
    ],
)
def test_a_post_is_read_as_a_person_would(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize("part", ["<", "@a ", "1 ", "a@", "a.", "&lt;", "<a", "@"])
def test_no_text_takes_long(part: str) -> None:
    began = time.perf_counter()
    assert len(clean(part * 50_000)) <= 1_200
    assert time.perf_counter() - began < 1.0
