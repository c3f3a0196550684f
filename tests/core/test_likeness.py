from hypothesis import given
from hypothesis import strategies as st

from sahut.core.likeness import Words, grams

LAMP = "Lampu jalan di depan pasar padam sejak Senin, gelap sekali"
LAMP_TOO = "Pak tolong, depan Pasar gelap gulita. Lampunya padam!"
HOLE = "Lubang besar di Jalan Kenanga, motor saya masuk"
FLOOD = "Banjir setinggi lutut di gang kami sejak subuh"


def likeness(one: str, other: str) -> float:
    words = Words([grams(text) for text in (LAMP, LAMP_TOO, HOLE, FLOOD)])
    return words.likeness(grams(one), grams(other))


def test_two_peoples_words_of_one_trouble_are_more_alike_than_those_of_two_troubles() -> None:
    assert likeness(LAMP, LAMP_TOO) > 0.3
    assert likeness(LAMP, HOLE) < 0.1
    assert likeness(LAMP, FLOOD) < 0.1


def test_what_everybody_says_makes_nothing_alike() -> None:
    assert likeness("mohon tolong pak min sudah lama sekali", "tolong pak, mohon, sudah belum?") == 0.0


def test_a_word_with_other_affixes_counts_in_part() -> None:
    some = [grams("kerusakan trotoar"), grams("trotoarnya rusak"), grams("taman kota")]
    assert 0.3 < Words(some).likeness(some[0], some[1]) < 1.0


@given(st.lists(st.text(), min_size=2, max_size=6))
def test_likeness_is_between_nothing_and_all_whatever_is_said(texts: list[str]) -> None:
    some = [grams(text) for text in texts]
    words = Words(some)
    for one in some:
        assert words.likeness(one, one) in (0.0, 1.0) or abs(words.likeness(one, one) - 1.0) < 1e-9
        for other in some:
            assert 0.0 <= words.likeness(one, other) <= 1.0 + 1e-9
            assert abs(words.likeness(one, other) - words.likeness(other, one)) < 1e-9
