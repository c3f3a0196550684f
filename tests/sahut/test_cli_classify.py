"""`sahut classify`: one line back for each line in, in order, whatever the lines are."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.why import Occlusion
from sahut.cli.classify import _LONGEST_LINE, _stream
from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment, Kind, Sentiment, Topic, WhySpan
from tests.builders import an_assessment


class WordClassifier:
    """Judges by one word, and says how large its batches were."""

    name = "words"
    model = "words@1"

    def __init__(self, *, chokes_on: str = "", broken: bool = False) -> None:
        self.chokes_on = chokes_on
        self.broken = broken
        self.batches: list[int] = []

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        if self.broken:
            raise ClassifierError("the model's file is damaged")
        if self.chokes_on and any(self.chokes_on in text for text in texts):
            raise ValueError(f"cannot digest '{self.chokes_on}'")
        self.batches.append(len(texts))
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Assessment:
        kind = Kind.COMPLAINT if "rusak" in text else Kind.NEWS if "berita" in text else Kind.OTHER
        return an_assessment(kind, topic=Topic.ROADS, urgent=0.1, model=self.model)


BESIDE = ("place", "language")


def answers(raw: bytes, classifier: WordClassifier | None = None, *, batch: int = 512) -> tuple[list[Any], int]:
    written = io.BytesIO()
    bad = _stream(classifier or WordClassifier(), io.BytesIO(raw), written, batch)
    return [json.loads(line) for line in written.getvalue().decode("utf-8").splitlines()], bad


def test_a_text_gets_every_promised_field() -> None:
    (found,), bad = answers(b'{"id": "1", "text": "jalan rusak parah"}\n')
    assert list(found) == ["id", "kind", "kinds", "sentiment", "sentiments", "topic", "urgent", "model", *BESIDE]
    assert (found["id"], found["kind"], found["sentiment"], found["topic"]) == ("1", "complaint", "negative", "roads")
    assert set(found["kinds"]) == set(Kind)
    assert set(found["sentiments"]) == set(Sentiment)
    assert found["kinds"]["complaint"] == 0.9
    assert (found["urgent"], found["model"], bad) == (0.1, "words@1", 0)


@pytest.mark.parametrize(
    ("line", "label", "said"),
    [
        (b"not json", {"line": 2}, "not JSON"),
        (b"", {"line": 2}, "empty"),
        (b'["a"]', {"line": 2}, "not a JSON object"),
        (b'{"id": "x"}', {"id": "x"}, '"text" is missing'),
        (b'{"id": 7, "text": 5}', {"id": 7}, "not a string"),
        (b'{"id": "x", "text": null}', {"id": "x"}, "not a string"),
        (b'{"id": "x", "text": "a\xff"}', {"line": 2}, "not UTF-8"),
        (b'{"id": "x", "text": "a\\u0000b"}', {"id": "x"}, "NUL"),
        (b'{"id": "x", "text": "a\\ud800b"}', {"id": "x"}, "surrogate"),
        (b'{"text": ' + b"[" * 100_000, {"line": 2}, "not JSON"),
        (b'{"id": "x", "text": "' + b"a" * _LONGEST_LINE + b'"}', {"line": 2}, "longer than"),
        (b'{"id": ' + b"9" * 5000 + b', "text": "a"}', {"line": 2}, "not JSON"),
    ],
)
def test_a_bad_line_gets_its_reason_and_the_rest_goes_on(line: bytes, label: dict[str, Any], said: str) -> None:
    good = b'{"id": "%d", "text": "jalan rusak"}'
    found, bad = answers(good % 1 + b"\n" + line + b"\n" + good % 3)
    assert [answer.get("id") for answer in (found[0], found[2])] == ["1", "3"]
    error = found[1].pop("error")
    assert found[1] == label
    assert said in error
    assert bad == 1


def test_order_is_kept_through_batches_and_good_lines_between_bad_ones() -> None:
    lines = [json.dumps({"id": n, "text": "berita" if n % 3 else "jalan rusak"}) if n % 5 else "?" for n in range(100)]
    classifier = WordClassifier()
    found, bad = answers("\n".join(lines).encode(), classifier, batch=7)
    assert [a.get("id", a.get("line", 0) - 1) for a in found] == list(range(100))
    assert all(("error" in a) == (n % 5 == 0) for n, a in enumerate(found))
    assert all(a["kind"] == ("news" if a["id"] % 3 else "complaint") for a in found if "error" not in a)
    assert bad == 20
    assert max(classifier.batches) <= 7


def test_a_text_that_breaks_the_classifier_costs_only_itself() -> None:
    raw = b'{"id": 1, "text": "jalan rusak"}\n{"id": 2, "text": "racun"}\n{"id": 3, "text": "berita"}\n'
    found, bad = answers(raw, WordClassifier(chokes_on="racun"))
    assert [a.get("kind", "error") for a in found] == ["complaint", "error", "news"]
    assert "cannot digest 'racun'" in found[1]["error"]
    assert bad == 1


def test_asked_why_it_names_the_words_that_decided_by_their_place_in_the_text() -> None:
    classifier = WordClassifier()
    lines = [{"id": 1, "text": "jalan <b>rusak</b> parah"}, {"id": 2, "text": ""}, {"id": 3, "text": "cerah"}]
    written = io.BytesIO()
    raw = io.BytesIO("\n".join(map(json.dumps, lines)).encode())
    assert _stream(classifier, raw, written, 512, Occlusion(classifier)) == 0
    first, *others = map(json.loads, written.getvalue().splitlines())
    (found,) = first["why"]
    assert set(found) == {"start", "end", "weight"}
    assert "jalan <b>rusak</b> parah"[found["start"] : found["end"]] == "rusak"
    assert found["weight"] > 1
    assert [other["why"] for other in others] == [[], []]


def test_a_text_that_cannot_be_explained_costs_only_itself() -> None:
    class Choosy(Occlusion):
        def explain(self, text: str) -> list[WhySpan]:
            if "racun" in text:
                raise ValueError("cannot digest 'racun'")
            return super().explain(text)

    written = io.BytesIO()
    raw = io.BytesIO(b'{"id": 1, "text": "racun"}\n{"id": 2, "text": "rusak"}\n')
    assert _stream(WordClassifier(), raw, written, 512, Choosy(WordClassifier())) == 1
    first, second = map(json.loads, written.getvalue().splitlines())
    assert first == {"id": 1, "error": "could not be explained: cannot digest 'racun'"}
    assert second["why"]


def test_a_broken_model_ends_it_at_once() -> None:
    raw = b'{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n'
    with pytest.raises(ClassifierError, match="damaged"):
        answers(raw, WordClassifier(broken=True))


def test_a_byte_order_mark_at_the_start_is_no_fault() -> None:
    (found,), _ = answers(b'\xef\xbb\xbf{"id": 1, "text": "a"}\n')
    assert found["kind"] == "other"


def test_a_line_without_an_id_is_named_by_its_number() -> None:
    found, _ = answers(b'{"text": "a"}\n{"id": null, "text": "b"}\n{"id": "\\ud800", "text": "c"}')
    assert [(a.get("line"), a.get("id")) for a in found] == [(1, None), (2, None), (None, "\ud800")]


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b'{"id": 1, "text": "a"}']), max_size=20))
def test_any_bytes_get_one_line_back_each(lines: list[bytes]) -> None:
    raw = b"\n".join(line.replace(b"\n", b" ") for line in lines) + b"\n" if lines else b""
    found, bad = answers(raw, batch=3)
    assert len(found) == len(lines)
    assert bad == sum("error" in a for a in found)


class Endless(io.RawIOBase):
    """Lines without end, which remembers how far its reader came."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def readline(self, _size: int | None = -1, /) -> bytes:
        self.left -= 1
        return b'{"id": 1, "text": "jalan rusak"}\n' if self.left >= 0 else b""


class Narrow(io.BytesIO):
    """Says how many lines had been read whenever it is flushed."""

    def __init__(self, source: Endless) -> None:
        super().__init__()
        self.source = source
        self.seen: list[int] = []

    def flush(self) -> None:
        self.seen.append(self.source.left)
        self.seek(0)
        self.truncate()


def test_each_batch_is_written_before_the_next_is_read() -> None:
    source = Endless(1000)
    sink = Narrow(source)
    _stream(WordClassifier(), source, sink, 100)  # type: ignore[arg-type]  # what it uses of a stream is there
    assert sink.seen[:10] == [900, 800, 700, 600, 500, 400, 300, 200, 100, 0]


@pytest.mark.processes
def test_in_a_pipe_it_answers_on_stdout_and_says_by_its_exit_code_that_lines_failed() -> None:
    done = sahut("classify", "--model", "keywords", stdin=b'{"id": "1", "text": "jalan rusak"}\nbad\n')
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["id"] == "1"
    assert abs(sum(first["kinds"].values()) - 1) < 1e-3
    assert (second["line"], done.returncode) == (2, 3)
    assert b"Traceback" not in done.stderr


@pytest.mark.processes
def test_a_reader_that_leaves_early_is_no_error() -> None:
    line = b'{"id": "1", "text": "jalan rusak"}\n'
    process = subprocess.Popen(
        [sys.executable, "-m", "sahut", "classify", "--model", "keywords", "--batch", "10"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(line * 10)
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == "1"
    process.stdout.close()
    for leave in (lambda: process.stdin.write(line * 5000), process.stdin.close):
        with contextlib.suppress(BrokenPipeError):
            leave()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert error == b""


@pytest.mark.processes
def test_place_and_language_stand_at_the_end_of_an_answer() -> None:
    text = '{"id": "1", "text": "lampu jalan di Kota Bandung mati lagi, kapan diperbaiki"}\n{"id": "2", "text": "?"}\n'
    done = sahut("classify", "--model", "keywords", stdin=text.encode())
    one, other = (json.loads(line) for line in done.stdout.decode().splitlines())
    assert list(one)[-2:] == ["place", "language"]
    assert one["place"] == {
        "text": "Kota Bandung",
        "level": "regency",
        "code": "32.73",
        "name": "Kota Bandung, Jawa Barat",
        "area": "32.73",
        "candidates": [],
    }
    assert (one["language"], other["place"], other["language"]) == ("id", None, None)


def test_an_area_that_does_not_exist_ends_the_command() -> None:
    done = sahut("classify", "--model", "keywords", "--area", "99.99", stdin=b'{"id": "1", "text": "a"}\n')
    assert done.returncode == 1
    assert b"99.99" in done.stderr


def test_no_database_library_is_loaded_to_classify() -> None:
    script = (
        "import io, sys; sys.argv = ['sahut', 'classify', '--model', 'keywords']; "
        "import sahut.cli; import atexit; "
        "atexit.register(lambda: sys.stderr.write(str('sqlalchemy' in sys.modules))); sahut.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=b'{"id": 1, "text": "a"}\n', capture_output=True, check=True, timeout=120
    )
    assert done.stderr == b"False"


def sahut(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sahut", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONPATH": "."},
    )
