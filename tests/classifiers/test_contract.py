"""One suite for every classifier of the registry that runs without torch."""

import math
import random

import pytest

from classifiers import registry
from classifiers.onnx import SHIPPED_MODEL, OnnxClassifier
from sahut.core.errors import ClassifierError
from sahut.core.model import Kind, Sentiment, Topic
from sahut.core.ports import Classifier

POSTS = [
    "Pak, lampu jalan di gang kami mati sejak minggu lalu, tolong diperbaiki",
    "Cara urus kartu keluarga yang hilang bagaimana ya min?",
    "Terima kasih petugas kebersihan, kalinya sudah bersih lagi",
    "Banjir orderan nih hari ini, alhamdulillah",
    "Wali kota meresmikan jembatan baru, Selasa (3/2) http://berita.example/1",
    "Sebaiknya halte dibuat lebih teduh",
    "Dalane rusak kabeh, mboten enten sing ndandani",
    "The water has been off since Monday and nobody answers the phone",
]
HOSTILE = [
    "",
    " \n\t ",
    "🚮",
    "jalan rusak " * 4_200,
    "a" * 50_000,
    "\x00\x00jalan\x00rusak",
    "\ud800 lampu \udc00 mati",
    "<p onclick='x'>Air <b>keruh</b>&nbsp;&amp; bau</p><script>",
    "ja\u200blan\u202e rusak\ufeff",
    "道路 дорога شارع ถนน jalan",
    "<" * 10_000,
    "@a " * 10_000,
]


@pytest.fixture(scope="module", params=["keywords", "onnx"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return registry.load(request.param)


def numbers(found: object) -> list[float]:
    return [
        *found.kinds.values(),  # type: ignore[attr-defined]
        *found.sentiments.values(),  # type: ignore[attr-defined]
        *found.topics.values(),  # type: ignore[attr-defined]
        found.urgent,  # type: ignore[attr-defined]
    ]


def test_every_head_answers_for_every_word_and_sums_to_one(classifier: Classifier) -> None:
    for found in classifier.predict(POSTS):
        for shares, words in ((found.kinds, Kind), (found.sentiments, Sentiment), (found.topics, Topic)):
            assert set(shares) == set(words)
            assert math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6)
        assert 0.0 <= found.urgent <= 1.0
        assert found.model == classifier.model


def test_answers_come_in_the_order_of_the_texts(classifier: Classifier) -> None:
    shuffled = random.Random(7).sample(range(len(POSTS)), len(POSTS))
    straight = classifier.predict(POSTS)

    assert [classifier.predict([POSTS[at] for at in shuffled])[place] for place in range(len(POSTS))] == [
        straight[at] for at in shuffled
    ]


def test_company_does_not_change_a_prediction(classifier: Classifier) -> None:
    together = classifier.predict([*HOSTILE, *POSTS, *HOSTILE])[len(HOSTILE) : len(HOSTILE) + len(POSTS)]

    for text, among in zip(POSTS, together, strict=True):
        (alone,) = classifier.predict([text])
        assert numbers(alone) == pytest.approx(numbers(among), abs=1e-3)


def test_predicting_twice_gives_the_same(classifier: Classifier) -> None:
    assert classifier.predict(POSTS) == classifier.predict(POSTS)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_is_too_hostile_for_an_answer(classifier: Classifier, text: str) -> None:
    (found,) = classifier.predict([text])

    assert all(math.isfinite(number) for number in numbers(found))


def test_ten_thousand_posts_of_one_kind_get_ten_thousand_answers(classifier: Classifier) -> None:
    assert len(set(map(id, classifier.predict([POSTS[0]] * 10_000)))) == 10_000


def test_nothing_in_gives_nothing_out(classifier: Classifier) -> None:
    assert classifier.predict([]) == []


def test_an_unknown_name_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(ClassifierError, match=r"'oracle'.*onnx, keywords, hub"):
        registry.load("oracle")


def test_a_hub_model_without_torch_names_the_extra() -> None:
    try:
        import torch  # noqa: F401 -- only its absence matters
    except ImportError:
        with pytest.raises(ClassifierError, match=r"sahut\[train\]"):
            registry.load("hub:somebody/some-model")
    else:
        pytest.skip("torch is installed: the refusal cannot be seen")


def test_the_shipped_model_reads_plain_cases() -> None:
    found = OnnxClassifier().predict(POSTS)

    assert [judged.kind for judged in found[:4]] == [Kind.COMPLAINT, Kind.INQUIRY, Kind.PRAISE, Kind.OTHER]
    assert found[0].topic is Topic.STREET_LIGHTING
    assert found[0].sentiment is Sentiment.NEGATIVE


def test_the_shipped_folder_is_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED_MODEL.iterdir()) <= 45_000_000


def test_threads_do_not_change_answers() -> None:
    assert OnnxClassifier(threads=1).predict(POSTS) == OnnxClassifier(threads=4).predict(POSTS)


def test_a_folder_without_a_model_is_refused_by_name(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ClassifierError, match=str(tmp_path)):
        OnnxClassifier(tmp_path)


def test_a_model_of_another_cleaning_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    card = (SHIPPED_MODEL / "card.json").read_text(encoding="utf-8")
    (tmp_path / "card.json").write_text(card.replace('"cleaning": 1', '"cleaning": 99'), encoding="utf-8")

    with pytest.raises(ClassifierError, match="cleaning 99"):
        OnnxClassifier(tmp_path)


def test_a_damaged_graph_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "card.json").write_bytes((SHIPPED_MODEL / "card.json").read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"not a graph")

    with pytest.raises(ClassifierError, match="cannot be loaded"):
        OnnxClassifier(tmp_path)
