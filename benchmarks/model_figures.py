"""The figures of the model card: how good a model folder is on the held-out rows of the labelled folders.

    python benchmarks/model_figures.py DATA [MODEL_FOLDER]

DATA holds the tables that the training recipe names. Every figure comes with a 95 % bootstrap interval (500 resamples,
seed 1). No threshold is chosen here: a complaint is called at one half.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from classifiers import _measures as measures
from classifiers._corpus import fold
from classifiers._text import clean
from classifiers.onnx import SHIPPED_MODEL, OnnxClassifier
from sahut.core.model import Assessment, Kind, Sentiment

STREAM = "infra_keyword_tweets_2025_unlabelled"
Rows = list[dict[str, str]]


def table(path: Path, keep: Callable[[dict[str, str]], bool] = lambda _: True) -> Rows:
    """The rows of a CSV table that ``keep`` wants."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if keep(row)]


def words(values: list[str]) -> measures.Array:
    """Classes as numbers, the same for the same word everywhere."""
    return np.array([int.from_bytes(value.encode()[:6], "big") for value in values], dtype=np.float64)


class Figures:
    """Judges tables once each and prints one line a figure."""

    def __init__(self, model: OnnxClassifier) -> None:
        self._model = model

    def judge(self, rows: Rows) -> list[Assessment]:
        """What the model says of the rows' texts."""
        return self._model.predict([row["text"] for row in rows])

    def show(self, name: str, measure: measures.Measure, said: measures.Array, judged: measures.Array) -> None:
        """Print a measure of ``judged`` against what the labels ``said``, with its interval."""
        print(f"{name:52} {measures.bootstrap(measure, said, judged)}", flush=True)


def complaint(found: list[Assessment]) -> measures.Array:
    """Probabilities of complaint."""
    return np.array([one.complaint for one in found])


def mix(figures: Figures, data: Path) -> None:
    """The development rows of the mix, and of them the keyword stream alone."""
    rows = table(data / "mix/mix.csv", lambda row: row["split"] == "dev")
    found = figures.judge(rows)
    said, scores = np.array([float(row["kind"] == Kind.COMPLAINT) for row in rows]), complaint(found)
    called = (scores >= measures.HALF).astype(float)
    figures.show("mix: complaint F1", measures.f1, said, called)
    figures.show("mix: complaint precision", measures.precision, said, called)
    figures.show("mix: complaint recall", measures.recall, said, called)
    figures.show("mix: complaint average precision", measures.average_precision, said, scores)
    figures.show("mix: precision at recall 0.90", measures.precision_at(0.9), said, scores)
    figures.show("mix: calibration error of complaint", measures.calibration_error, said, scores)
    stream = np.array([row["source"] == STREAM for row in rows])
    figures.show("stream: precision at recall 0.90", measures.precision_at(0.9), said[stream], scores[stream])
    figures.show("stream: complaint F1", measures.f1, said[stream], called[stream])
    figures.show("stream: average precision", measures.average_precision, said[stream], scores[stream])
    for head in ("kind", "sentiment"):
        judged = words([str(getattr(one, head)) for one in found])
        figures.show(f"mix: {head} macro-F1", measures.macro_f1, words([row[head] for row in rows]), judged)
    topics = words([str(one.topic) for one in found])
    figures.show("mix: topic accuracy", measures.accuracy, words([row["topic"] for row in rows]), topics)
    urgent = np.array([float(row["urgent"] or 0) for row in rows])
    alarms = np.array([one.urgent for one in found])
    figures.show("mix: urgent average precision", measures.average_precision, urgent, alarms)


def cities(figures: Figures, data: Path) -> None:
    """Tweets to a city, complaint or not; reports to a city, by topic."""
    rows = table(data / "city_tweets/city_tweets.csv", lambda row: row["split"] == "dev")
    scores = complaint(figures.judge(rows))
    said = np.array([float(row["label"] == "complaint") for row in rows])
    figures.show("city tweets: macro-F1", measures.macro_f1, said, (scores >= measures.HALF).astype(float))
    figures.show("city tweets: AUC", measures.auc, said, scores)
    rows = table(data / "city_reports/city_reports.csv", lambda row: row["split"] == "dev" and bool(row["topic"]))
    judged = words([str(one.topic) for one in figures.judge(rows)])
    figures.show("city reports: topic accuracy", measures.accuracy, words([row["topic"] for row in rows]), judged)


def tones(figures: Figures, data: Path) -> None:
    """Sentiment of reviews and of five languages, without texts that training saw in another language."""
    for name, path in _tone_tables(data):
        rows = table(path, lambda row: row.get("seen_in_smsa", "0") != "1")
        judged = words([str(one.sentiment) for one in figures.judge(rows)])
        said = words([str(Sentiment(row["label"])) for row in rows])
        figures.show(f"{name}: macro-F1", measures.macro_f1, said, judged)


def _tone_tables(data: Path) -> Iterator[tuple[str, Path]]:
    yield "SmSA valid", data / "smsa/valid.csv"
    yield "SmSA test", data / "smsa/test.csv"
    for language in ("indonesian", "javanese", "sundanese", "minangkabau", "english"):
        yield f"NusaX {language}", data / f"nusax/{language}_test.csv"


def english(figures: Figures, data: Path) -> None:
    """English complaint tweets of the fold that is never learnt from."""
    rows = table(data / "english_complaints/english_complaints.csv", lambda row: fold(clean(row["text"]), 5) == 4)
    said = np.array([float(row["complaint"]) for row in rows])
    figures.show("English complaints, fifth fold: AUC", measures.auc, said, complaint(figures.judge(rows)))


def main() -> None:
    """Print every figure."""
    data = Path(sys.argv[1])
    figures = Figures(OnnxClassifier(Path(sys.argv[2]) if len(sys.argv) > 2 else SHIPPED_MODEL))
    for part in (mix, cities, tones, english):
        part(figures, data)


if __name__ == "__main__":
    main()
