"""Places and languages in both stores: written with an assessment, read back, filtered by."""

from __future__ import annotations

import pytest

from sahut.core import pipeline
from sahut.core.errors import ClassifierError
from sahut.core.model import Annotation, Area, Language, MentionFilter, Place, PlaceLevel, Policy, WalkDraft
from sahut.core.ports import Store
from tests.builders import a_mention
from tests.conftest import Clock
from tests.fakes import FakeClassifier, FakeCollector
from tests.steps import collect, everything, follow

STREET = Place(text="Jl. Melati", level=PlaceLevel.SPOT, area="32.73.02")
TOWN = Place(text="Kota Bandung", level=PlaceLevel.REGENCY, code="32.73", name="Kota Bandung, Jawa Barat", area="32.73")
EITHER = Place(
    text="Bandung",
    level=PlaceLevel.REGENCY,
    area="32",
    candidates=(
        Area(code="32.04", name="Kabupaten Bandung, Jawa Barat"),
        Area(code="32.73", name="Kota Bandung, Jawa Barat"),
    ),
)
ELSEWHERE = Place(text="Sleman", level=PlaceLevel.REGENCY, code="34.04", name="Kabupaten Sleman", area="34.04")


class ScriptedAnnotator:
    """Answers by the first word of a text that it knows; notes the areas that it was told of."""

    def __init__(self, **said: Annotation | Exception) -> None:
        self._said = said
        self.areas: list[str] = []

    def annotate(self, text: str, *, area: str = "") -> Annotation:
        self.areas.append(area)
        found = next((self._said[word] for word in text.split() if word in self._said), Annotation())
        if isinstance(found, Exception):
            raise found
        return found


def assess(store: Store, clock: Clock, annotator: ScriptedAnnotator, policy: Policy | None = None) -> None:
    pipeline.assess(
        store=store, classifier=FakeClassifier(), policy=policy or Policy(), clock=clock, annotator=annotator
    )


@pytest.fixture
def filled(store: Store, clock: Clock) -> Store:
    texts = ("satu padam", "dua padam", "tiga padam", "empat padam", "lima padam")
    collect(store, clock, follow(store, clock), FakeCollector().page(*(a_mention(text) for text in texts)))
    assess(
        store,
        clock,
        ScriptedAnnotator(
            satu=Annotation(place=STREET, language=Language.INDONESIAN),
            dua=Annotation(place=TOWN, language=Language.SUNDANESE),
            tiga=Annotation(place=EITHER),
            empat=Annotation(place=ELSEWHERE, language=Language.JAVANESE),
        ),
    )
    return store


def texts_of(store: Store, **where: object) -> list[str]:
    return [record.mention.text.split()[0] for record in everything(store, MentionFilter(**where))]


def test_place_and_language_come_back_as_they_were_read(filled: Store) -> None:
    found = {record.mention.text.split()[0]: (record.place, record.language) for record in everything(filled)}
    assert found == {
        "satu": (STREET, Language.INDONESIAN),
        "dua": (TOWN, Language.SUNDANESE),
        "tiga": (EITHER, None),
        "empat": (ELSEWHERE, Language.JAVANESE),
        "lima": (None, None),
    }


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("32", ["satu", "dua", "tiga"]),
        ("32.73", ["satu", "dua"]),
        ("32.73.02", ["satu"]),
        ("32.7", []),
        ("3", []),
        ("34.04", ["empat"]),
        ("%", []),
        ("32.73'; --", []),
    ],
)
def test_an_area_finds_what_surely_lies_in_it(filled: Store, area: str, expected: list[str]) -> None:
    assert texts_of(filled, area=area) == expected


def test_languages_filter_one_or_several(filled: Store) -> None:
    assert texts_of(filled, languages=[Language.SUNDANESE]) == ["dua"]
    assert texts_of(filled, languages=[Language.SUNDANESE, Language.JAVANESE]) == ["dua", "empat"]
    assert texts_of(filled, languages=[Language.JAVANESE], area="32") == []


def test_the_annotator_is_told_the_area_of_the_source(store: Store, clock: Clock) -> None:
    collect(store, clock, follow(store, clock, name="Kabar"), FakeCollector().page(a_mention("satu")))
    collect(store, clock, follow(store, clock, name="Lain"), FakeCollector().page(a_mention("dua")))
    annotator = ScriptedAnnotator()
    assess(store, clock, annotator, Policy(home_area="32.73", source_areas={"Kabar": "34.04"}))
    assert annotator.areas == ["34.04", "32.73"]


def test_a_text_that_cannot_be_annotated_is_still_assessed(store: Store, clock: Clock) -> None:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("satu padam"), a_mention("dua padam")))
    assess(store, clock, ScriptedAnnotator(satu=ValueError("odd"), dua=Annotation(place=TOWN)))
    assert [(record.state, record.place) for record in everything(store)] == [("flagged", None), ("flagged", TOWN)]


def test_a_policy_that_names_no_area_stops_the_batch_and_costs_no_attempt(store: Store, clock: Clock) -> None:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("satu padam")))
    for _ in range(pipeline.MAX_ATTEMPTS + 1):
        with pytest.raises(ClassifierError):
            assess(store, clock, ScriptedAnnotator(satu=ClassifierError("no area")))
    assess(store, clock, ScriptedAnnotator(satu=Annotation(place=TOWN)))
    assert [record.place for record in everything(store)] == [TOWN]


def test_an_edit_is_read_anew(filled: Store, clock: Clock) -> None:
    record = next(one for one in everything(filled) if one.place == TOWN)
    edited = a_mention("tiga padam kini", native_id=record.mention.native_id)
    collect(filled, clock, record.source_id, FakeCollector().page().page(edited))
    assess(filled, clock, ScriptedAnnotator(tiga=Annotation(place=EITHER)))
    after = next(one for one in everything(filled) if one.id == record.id)
    assert (after.place, after.language) == (EITHER, None)


def test_an_archive_that_was_never_annotated_is_when_it_is_judged_anew(store: Store, clock: Clock) -> None:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("satu padam"), a_mention("dua padam")))
    pipeline.assess(store=store, classifier=FakeClassifier(), policy=Policy(), clock=clock)
    assert [record.place for record in everything(store)] == [None, None]
    with store.begin() as tx:
        tx.walks.start(WalkDraft(model="fake-2"), clock())
    newer = FakeClassifier()
    newer.model = "fake-2"
    annotator = ScriptedAnnotator(satu=Annotation(place=STREET, language=Language.JAVANESE))
    pipeline.reassess(store=store, classifier=newer, policy=Policy(), clock=clock, annotator=annotator)
    assert [(record.place, record.language) for record in everything(store)] == [
        (STREET, Language.JAVANESE),
        (None, None),
    ]
