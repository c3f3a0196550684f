"""Personal data: every number here is invented."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sahut.core.personal import find, mask, unmask


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind.value, text[span.start : span.end]) for span in find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ("NIK saya 3273014508990003 tidak ditemukan", "nik", "3273014508990003"),
        ("3273 0112 0895 0001 itu nomor saya", "nik", "3273 0112 0895 0001"),
        ("no ktp: 3578.1112.0790.0002", "nik", "3578.1112.0790.0002"),
        ("ktp saya 3578999999990002 katanya salah", "nik", "3578999999990002"),
        ("No KK 3273011203180007 belum terbit", "kk", "3273011203180007"),
        ("kartu keluarga saya 3273011203180007", "kk", "3273011203180007"),
        ("NPWP 09.254.294.3-407.000 ditolak", "npwp", "09.254.294.3-407.000"),
        ("npwp saya 092542943407000", "npwp", "092542943407000"),
        ("NPWP baru: 0925429434070009", "npwp", "0925429434070009"),
        ("hubungi 0812-3456-7890 ya", "phone", "0812-3456-7890"),
        ("0857 1234 5678", "phone", "0857 1234 5678"),
        ("WA 6281234567890", "phone", "6281234567890"),
        ("wa.me/6281234567890", "phone", "6281234567890"),
        ("+62 812 3456 7890", "phone", "+62 812 3456 7890"),
        ("(+62) 81234567890", "phone", "(+62) 81234567890"),
        ("hp saya 81234567890", "phone", "81234567890"),
        ("no hp:081234567890", "phone", "081234567890"),
        ("telp (022) 420 3456", "phone", "(022) 420 3456"),
        ("kantor 021-5550134", "phone", "021-5550134"),
        ("telp 0341 555012", "phone", "0341 555012"),
        ("kirim ke budi.santoso88@example.id", "email", "budi.santoso88@example.id"),
        ("(siti_r@kantor.example.co.id)", "email", "siti_r@kantor.example.co.id"),
        ("Halo pemilik mobil B 1839 QZX lampunya nyala", "plate", "B 1839 QZX"),
        ("angkot d 1234 ab ugal-ugalan", "plate", "d 1234 ab"),
        ("motor L4321QX parkir sembarangan", "plate", "L4321QX"),
        ("truk nopol AD-8123-KZ muatan lebih", "plate", "AD-8123-KZ"),
        ("plat B 1 RI lewat", "plate", ""),
        ("rek BCA 1234567890 a.n. Budi", "account", "1234567890"),
        ("norek 0012 0100 1234 567 bri", "account", "0012 0100 1234 567"),
        ("transfer ke Mandiri 1370012345678", "account", "1370012345678"),
        ("uang belum masuk 1370012345678 (mandiri)", "account", "1370012345678"),
        ("nomor rekening saya: 88123456", "account", "88123456"),
    ],
)
def test_each_kind_is_found_as_people_write_it(text: str, kind: str, piece: str) -> None:
    assert found(text) == ([(kind, piece)] if piece else [])


@pytest.mark.parametrize(
    "text",
    [
        "Rp 12.345.678.901 habis ke mana",
        "harga naik dari 1.250.000 jadi 2.500.000.000",
        "Rp1234567890123 untuk jalan",
        "tanggal 12-08-2026 jam 08.12-08.30",
        "12/08/2026 0812",
        "2026-08-12 08:15:30",
        "KA 7010 A dari Bandung, kereta 10-12",
        "KRL 205 gerbong B 3 mati AC",
        "naik Argo 7001 kursi 12 B",
        "kode booking 8123456789 belum keluar",
        "tiket nomor 3273014508990003 gagal",
        "tiket no 081234567890",
        "no resi 0812345678901 tidak bergerak",
        "invoice 2026111512345678 sudah dibayar",
        "laporan nomor 1234567890 belum dijawab",
        "ID pelanggan PLN 531234567890",
        "no meter 14123456789 token 1234 5678 9012 3456 7890",
        "token 12345678901234567890 gagal",
        "virtual account 8881234567890123",
        "BNI kode transaksi 1234567890",
        "BRI 2026 menang, Mandiri 14000 ribu",
        "promo Mandiri 50.000.000.000",
        "call center 1500123 dan 14022, darurat 112",
        "0800 1 500 123 tidak diangkat",
        "panjang 5 KM, lebar 4 M, L 1200 MM",
        "H 12 RT 3 RW 05",
        "B 12 C dan D 34 E",
        "TAHUN 2026 S 2024 DPR",
        "Pasal 28 F 1945 AB",
        "R 80 OO",
        "pesawat N366SW tertunda",
        "saldo rekening keluarga 2019-2024",
        "angkot ngetem tiap p3an",
        "A 1 sampai B 12",
        "daya 1300 VA, B 1300 VA",
        "nilai 3,14159265358979323846",
        "-6.914744, 107.609810",
        "versi 10.3.3.1-6117",
        "1234567890123456789012345",
        "id 5123456789012345 di log",
        "#081234567890",
        "https://contoh.example.id/081234567890/B1234XYZ",
        "@B1234XYZ dan @budi.example",
        "SP4N 12345678 ISO 9001 2015",
        "jl. melati 12 no 3456 blok b 12",
        "",
        "😀",
    ],
)
def test_prices_dates_trains_and_tickets_are_no_personal_data(text: str) -> None:
    assert found(text) == []


def test_several_pieces_are_found_in_order_without_overlap() -> None:
    text = "NIK 3273014508990003, hp 0812-3456-7890, surel a@example.id, rek BCA 1234567890"
    assert [kind for kind, _ in found(text)] == ["nik", "phone", "email", "account"]


def test_a_day_that_no_month_has_makes_no_nik() -> None:
    assert found("nomor 3273013102990003") == []
    assert found("nomor 3273012902960003") == [("nik", "3273012902960003")]


def test_a_womans_day_counts_forty_more() -> None:
    assert found("nomor 3273017112990003") == [("nik", "3273017112990003")]
    assert found("nomor 3273017212990003") == []


def test_a_mask_leaves_a_hint_and_the_shape() -> None:
    assert mask("NIK 3273014508990003") == "NIK ••••••••••••0003"
    assert mask("hp 0812-3456-7890.") == "hp ••••-••••-•890."
    assert mask("surel budi@example.id") == "surel b•••@example.id"
    assert mask("mobil B 1839 QZX itu") == "mobil B ••39 ••• itu"
    assert mask("rek BCA 1234567890") == "rek BCA •••••••890"
    assert mask("NPWP 09.254.294.3-407.000") == "NPWP ••.•••.•••.•-•••.000"


def test_characters_without_width_hide_no_number() -> None:
    assert mask("hp 0812\u200b3456\u20607890!") == "hp ••••\u200b••••\u2060•890!"


def test_a_text_without_personal_data_stays_as_it_is() -> None:
    assert mask("Jalan berlubang di Jl. Suci sejak 12-08-2026") == "Jalan berlubang di Jl. Suci sejak 12-08-2026"


@given(st.text(alphabet=st.sampled_from("0812 3456-789.@abBXrek\n+()/•😀\x00\u200b"), max_size=300))
def test_any_text_is_masked_without_error_and_keeps_its_length(text: str) -> None:
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert len(mask(text)) == len(text)


def test_a_mask_that_is_sent_back_stands_for_what_it_hides() -> None:
    text = "Hubungi 081234567890 atau 081299990890, surel budi@a.example"
    assert unmask(mask(text), text) == text
    assert unmask(mask(text).replace("Hubungi", "Telepon"), text) == text.replace("Hubungi", "Telepon")
    assert unmask("Tanpa nomor", text) == "Tanpa nomor"
    assert unmask("Telepon •••••••••890", "Tidak ada nomor di sini") == "Telepon •••••••••890"


def test_nobody_looks_behind_a_mask_by_words_that_hide_it_from_the_search() -> None:
    text = "NIK saya 3273014508900001"
    hidden = mask(text).removeprefix("NIK saya ")
    said = f"kode booking {hidden}"
    assert "3273014508900001" not in mask(unmask(said, text))
    assert unmask(said, text) == said
