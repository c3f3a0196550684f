"""Places in invented posts, against the shipped list of areas."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.gazetteer import Gazetteer, common_area, dotted, plain, shipped
from classifiers.places import PlaceFinder
from sahut.core.model import Place, PlaceLevel


@pytest.fixture(scope="module")
def finder() -> PlaceFinder:
    return PlaceFinder()


def named(finder: PlaceFinder, text: str, home: str = "") -> Place:
    place = finder.find(text, home=home)
    assert place is not None, text
    assert place.text in text
    return place


@pytest.mark.parametrize(
    ("text", "written", "code"),
    [
        ("Lampu jalan di Kec. Coblong mati semua", "Kec. Coblong", "32.73.02"),
        ("sampah menumpuk di kecamatan coblong kota bandung", "kecamatan coblong", "32.73.02"),
        ("Warga Kab. Sleman mengeluh", "Kab. Sleman", "34.04"),
        ("Pemkot Bandung diminta bertindak", "Bandung", "32.73"),
        ("Bupati Bandung diminta bertindak", "Bandung", "32.04"),
        ("Kota Malang banjir lagi", "Kota Malang", "35.73"),
        ("listrik padam di jaktim sejak pagi", "jaktim", "31.75"),
        ("JKT macet total", "JKT", "31"),
        ("jalanan di sby rusak", "sby", "35.78"),
        ("dari bdg belum ada kabar", "bdg", "32.73"),
        ("Kel. Dago, Coblong, Bandung belum dapat air", "Kel. Dago", "32.73.02.1004"),
        ("Desa Kemangkon Kec. Kemangkon Kab. Purbalingga jalannya rusak", "Desa Kemangkon", "33.03.01.2006"),
        ("banjir di Kebon Jeruk, Jakarta Barat", "Kebon Jeruk", "31.73.05"),
        ("banjir di kebonjeruk jakbar", "kebonjeruk", "31.73.05"),
        ("Papua Pegunungan tanpa sinyal", "Papua Pegunungan", "95"),
    ],
)
def test_an_area_has_the_code_that_the_text_settles(finder: PlaceFinder, text: str, written: str, code: str) -> None:
    place = named(finder, text)
    assert (place.text, place.code) == (written, code)
    assert place.area == code
    assert place.candidates == ()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Jl. Suci rusak parah min", "Jl. Suci"),
        ("jln suci berlubang", "jln suci"),
        ("tolong tambal jalan Melati Raya No. 12 depan toko", "jalan Melati Raya No. 12"),
        ("lampu dijln merpati mati", "jln merpati"),
        ("antre lama di Stasiun Kenanga", "Stasiun Kenanga"),
        ("pohon tumbang dekat SDN 2 Kenanga", "SDN 2 Kenanga"),
        ("got mampet di Gg. Mawar 3 RT 02 RW 05", "Gg. Mawar 3"),
        ("genangan di flyover kenanga", "flyover kenanga"),
        ("RT 02 RW 05 gelap gulita", "RT 02 RW 05"),
        ("Jl. MT. Kenanga macet", "Jl. MT. Kenanga"),
    ],
)
def test_a_street_or_landmark_is_a_place_without_a_code(finder: PlaceFinder, text: str, written: str) -> None:
    place = named(finder, text)
    assert (place.text, place.level, place.code) == (written, PlaceLevel.SPOT, "")


def test_a_street_lies_in_the_area_named_behind_it(finder: PlaceFinder) -> None:
    assert named(finder, "Jl. Kenanga, Coblong, Kota Bandung rusak").area == "32.73.02"
    assert named(finder, "Jl. Kenanga rusak").area == ""
    assert named(finder, "Jl. Kenanga rusak", home="35.78").area == "35.78"


def test_a_town_in_the_name_of_a_road_says_nothing_of_where_it_is(finder: PlaceFinder) -> None:
    place = named(finder, "Macet di Jalan Raya Bogor")
    assert (place.text, place.area) == ("Jalan Raya Bogor", "")


def test_a_name_of_two_areas_stays_ambiguous_with_both_listed(finder: PlaceFinder) -> None:
    place = named(finder, "Bandung banjir lagi")
    assert place.code == ""
    assert [area.code for area in place.candidates] == ["32.04", "32.73"]
    assert place.area == "32", "both lie in one province"


def test_the_agencys_own_area_settles_an_ambiguous_name(finder: PlaceFinder) -> None:
    assert named(finder, "Bandung banjir lagi", home="32.73").code == "32.73"
    assert named(finder, "air mati di Kel. Sukamaju").code == ""
    assert named(finder, "air mati di Kel. Sukamaju", home="32.76").code.startswith("32.76.")


def test_the_agencys_own_area_does_not_outweigh_what_the_text_says(finder: PlaceFinder) -> None:
    assert named(finder, "Kec. Coblong Kota Bandung mati lampu", home="35.78").code == "32.73.02"
    assert named(finder, "lampu mati di Medan", home="35.78").code == "12.71"


def test_another_area_in_the_text_settles_an_ambiguous_name(finder: PlaceFinder) -> None:
    assert named(finder, "Kec. Jetis gelap").code == ""
    assert named(finder, "Kec. Jetis Kabupaten Bantul gelap").code == "34.02.09"


def test_the_smallest_unit_of_a_chain_is_the_place(finder: PlaceFinder) -> None:
    text = "Lokasi: Jl. Kenanga RT 03 RW 02 Kel. Dago Kec. Coblong Kota Bandung Jawa Barat"
    assert named(finder, text).text == "Jl. Kenanga"
    assert named(finder, text).area == "32.73.02.1004"


@pytest.mark.parametrize(
    "text",
    [
        "malang sekali nasibku hari ini",
        "lempar batu sembunyi tangan",
        "makan nasi padang enak",
        "kami bahagia dan sejahtera",
        "jalan rusak parah",
        "jalan kaki saja",
        "mau ke kota besar",
        "smg lekas sembuh",
        "@kotabandung @pemkot_depok tolong",
        "#Bandung #BanjirJakarta",
        "lihat https://contoh.example.id/bandung/coblong",
        "situs klampid.surabaya.go.id error",
        "dana desa sudah cair",
        "bayar pajak daerah Kota pilih menu dua",
        "wali kota tidur",
        "sudah saya sampaikan lewat KAI Access",
        "",
        "🙏🙏",
        "di",
    ],
)
def test_ordinary_words_handles_and_addresses_are_no_places(finder: PlaceFinder, text: str) -> None:
    assert finder.find(text) is None


def test_a_word_that_is_also_a_town_counts_after_a_word_of_place(finder: PlaceFinder) -> None:
    assert named(finder, "banjir di Kota Batu").code == "35.79"
    assert named(finder, "saya tinggal di Malang").text == "Malang"
    assert named(finder, "warga Padang mengeluh").code == "13.71"
    assert named(finder, "Semoga jalan di Solo diperbaiki").code == "33.72"


def test_case_does_not_matter_for_towns(finder: PlaceFinder) -> None:
    for text in ("depok banjir", "DEPOK BANJIR", "Depok banjir"):
        assert named(finder, text).code == "32.76"


def test_a_village_named_alone_is_only_a_candidate(finder: PlaceFinder) -> None:
    place = named(finder, "gelap gulita di Kwitang")
    assert place.code == ""
    assert [area.code for area in place.candidates] == ["31.71.04.1005"]
    assert named(finder, "gelap gulita di Kwitang, Senen, Jakarta Pusat").code == "31.71.04.1005"


def test_an_unknown_home_is_refused(finder: PlaceFinder) -> None:
    for home in ("99.99", "Bandung"):
        with pytest.raises(ValueError, match="no area"):
            finder.find("Bandung", home=home)


def test_the_name_of_an_area_says_what_lies_around_it() -> None:
    assert shipped().area(327302).name == "Coblong, Kota Bandung, Jawa Barat"


def test_the_list_of_areas_is_whole() -> None:
    """The package's data are read as files: were their layout to change, this says so."""
    gazetteer = shipped()
    assert sum(gazetteer.known(code) for code in range(11, 97)) == 38
    assert sum(gazetteer.known(code) for code in range(1101, 9700)) == 514
    assert len(gazetteer.codes("sukamaju")) > 50


def test_a_gazetteer_finds_bare_and_joined_names() -> None:
    small = Gazetteer(
        [{"32": "Jawa Barat", "32.73": "Kota Bandung", "32.04": "Kabupaten Bandung", "32.73.99": "Dua Kata"}]
    )
    assert small.codes("bandung") == (3273, 3204)
    assert small.codes("duakata") == (327399,)
    assert small.codes("kota bandung") == ()
    assert small.area(327399).name == "Dua Kata, Kota Bandung, Jawa Barat"


def test_codes_and_names_are_written_as_the_ministry_writes_them() -> None:
    assert dotted(3273021001) == "32.73.02.1001"
    assert plain("  Ma'rang-Baru ") == "marang baru"
    assert common_area([3273, 3204]) == 32
    assert common_area([3273, 3578]) is None


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                "Jl.",
                "jalan",
                "di",
                "Kel.",
                "Bandung",
                "kota",
                "Kota",
                "daerah",
                "pilih",
                "RT",
                "02/03",
                "RW",
                "gg",
                "No",
                "12",
                "rumah",
                "sakit",
                "wali",
                "dijln",
                "Coblong",
                "\u200b",
                "😀",
                "\x00",
                ",",
                ".",
                "-",
                "KM",
                "alun",
                "Ångström",
                "@a",
                "#b",
                "\n",
            ]
        ),
        max_size=25,
    )
)
def test_any_text_has_a_place_within_it_or_none(words: list[str]) -> None:
    text = " ".join(words)
    place = PlaceFinder().find(text)
    assert place is None or (place.text and place.text in text)
