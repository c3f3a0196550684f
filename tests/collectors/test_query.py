import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors._query import compiled
from sahut.core.errors import SettingsError

TEXT = "Lampu jalan di Perumahan Melati padam; warga minta PLN datang.\nKata \u201cjalan-jalan\u201d juga ada"


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("", True),
        ("   ", True),
        ("lampu", True),
        ("LAMPU", True),
        ("lamp", False),
        ("rumah", False),
        ("perumah*", True),
        ("*umaha*", True),
        ("*umah", False),
        ("lampu padam", True),
        ("lampu banjir", False),
        ('"lampu jalan"', True),
        ('"jalan lampu"', False),
        ('"lampu  JALAN"', True),
        ("banjir OR padam", True),
        ("banjir OR longsor", False),
        ("lampu AND padam", True),
        ("lampu AND banjir", False),
        ("lampu AND NOT banjir", True),
        ("lampu -padam", False),
        ("lampu -banjir", True),
        ('-"lampu jalan"', False),
        ("NOT banjir", True),
        ("(banjir OR lampu) AND (pln OR pdam)", True),
        ("(banjir OR lampu) AND NOT (pln OR pdam)", False),
        ("+lampu +padam", True),
        ("datang", True),
        ("jalan-jalan", True),
    ],
)
def test_a_query_reads_as_it_is_written(query: str, matches: bool) -> None:
    assert compiled(query)(TEXT) is matches


@pytest.mark.parametrize(
    "query",
    [
        "banjir AND",
        "AND banjir",
        "(banjir",
        "banjir)",
        '"banjir',
        "judul:banjir",
        "[a TO b]",
        "*",
        '""',
        "ban~2",
        "ban^2",
    ],
)
def test_a_query_that_cannot_be_read_names_its_place(query: str) -> None:
    with pytest.raises(SettingsError, match=r"position \d+") as caught:
        compiled(query)
    assert caught.value.key == "query"


@given(st.text(alphabet='ab "()-+*ANDORT:~^[]{}/\\\u00e9', max_size=30))
def test_any_query_compiles_or_is_refused(query: str) -> None:
    try:
        matches = compiled(query)
    except SettingsError:
        return
    assert matches("a b") in {True, False}


def test_a_query_of_many_stars_cannot_take_for_ever() -> None:
    with pytest.raises(SettingsError, match="inside"):
        compiled("a*a*a*a*a*a*a*a*a*a*a*a*b")
    assert compiled("**aa**")("a" * 20_000) is True
    assert compiled("**b**")("a" * 2_000) is False
