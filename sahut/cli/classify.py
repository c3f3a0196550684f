"""`sahut classify`: JSON lines through the classifier, for a shell pipe. Touches no database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from sahut import bootstrap
from sahut.cli.output import SOME_FAILED, progress, say
from sahut.core.errors import ClassifierError
from sahut.core.model import Annotation, Assessment
from sahut.core.ports import Classifier, Explainer

# A post of a megabyte is no post, and one endless line must not fill the memory.
_LONGEST_LINE = 1 << 20


@dataclass(slots=True)
class _Line:
    """One line of input: its text, or what is wrong with it. ``label`` is how the answer names it."""

    label: dict[str, Any]
    text: str = ""
    error: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("classify", rich_help_panel="Work")(classify)


def classify(
    source: Annotated[
        Path | None, typer.Argument(metavar="[INPUT]", help="A file of JSON lines; stdin when left out.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write; stdout when left out.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Lines judged and written together.")] = 512,
    model: Annotated[str | None, typer.Option(help="onnx, keywords or hub:NAME, in place of the setting.")] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Also say which words made it a complaint or none; some 15 times the work.")
    ] = False,
    area: Annotated[
        str, typer.Option(help="Kemendagri code of the area that the texts speak of, as in 32.73: settles names.")
    ] = "",
) -> None:
    """Classify texts: JSON lines in, JSON lines out, in the same order.

    In: {"id": "1", "text": "…"}. Out: id, kind, kinds, sentiment, sentiments, topic, urgent, model;
    with --why also why: [{"start", "end", "weight"}, …] in characters of the text and log-odds of "complaint".
    Then place, null or {"text", "level", "code", "name", "area", "candidates"}, and language: id, jv, su, min, en,
    other or null.

    Each line gets exactly one line back; a bad one gets its id, or else its line number, and an error. Exit code 3
    says that there were such lines. Any length of input is read in constant memory.
    """
    found = bootstrap.settings()
    if model is not None:
        found = found.model_copy(update={"model": model})
    with _opened(source, "rb", sys.stdin.buffer) as lines, _opened(output, "wb", sys.stdout.buffer) as answers:
        classifier = bootstrap.classifier(found)
        annotator = bootstrap.annotator()
        annotator.annotate("", area=area)  # a code that does not exist is a fault of the command, not of a line
        try:
            bad = _stream(
                classifier,
                lines,
                answers,
                batch,
                bootstrap.explainer(classifier) if why else None,
                lambda text: annotator.annotate(text, area=area),
            )
        except BrokenPipeError:
            # The reader has what it wanted, as `| head` does; the interpreter must not flush into the void either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
    if bad:
        say(f"{bad} lines could not be classified; each has its error in the output.")
        raise typer.Exit(SOME_FAILED)


def _stream(
    classifier: Classifier,
    lines: BinaryIO,
    answers: BinaryIO,
    batch: int,
    explainer: Explainer | None = None,
    annotate: Callable[[str], Annotation] = lambda _: Annotation(),
) -> int:
    """Judge and answer batch by batch; the number of lines that failed."""
    bad = 0
    numbered = _read(lines)
    with progress("classifying", total=None) as done:
        while chunk := list(islice(numbered, batch)):
            for answer in _answers(classifier, chunk, explainer, annotate):
                bad += "error" in answer
                text = json.dumps(answer, ensure_ascii=False)
                # A lone surrogate in an id cannot be UTF-8; written as \udXXX it stays valid JSON.
                answers.write(text.encode("utf-8", "backslashreplace") + b"\n")
            answers.flush()
            done(len(chunk))
    return bad


def _answers(
    classifier: Classifier,
    chunk: list[_Line],
    explainer: Explainer | None,
    annotate: Callable[[str], Annotation],
) -> Iterator[dict[str, Any]]:
    good = [line for line in chunk if not line.error]
    judged = iter(_judge(classifier, [line.text for line in good]))
    for line in chunk:
        found = line.error or next(judged)
        if not isinstance(found, str) and explainer is not None:
            found = _explained(explainer, line.text, found)
        if isinstance(found, str):
            yield line.label | {"error": found}
        else:
            yield line.label | _scores(found) | _said(annotate(line.text))


def _judge(classifier: Classifier, texts: list[str]) -> list[Assessment | str]:
    """An assessment for each text, or the reason why there is none: one bad text costs only itself."""
    if not texts:
        return []
    try:
        return list(classifier.predict(texts))
    except Exception as error:
        if len(texts) == 1:
            return [f"could not be judged: {error}"]
        if isinstance(error, ClassifierError) and not _alive(classifier):
            raise
    return [_judge(classifier, [text])[0] for text in texts]


def _explained(explainer: Explainer, text: str, found: Assessment) -> Assessment | str:
    """The assessment with the words that decided, or the reason why it has none."""
    try:
        return replace(found, why=explainer.explain(text))
    except Exception as error:
        return f"could not be explained: {error}"


def _alive(classifier: Classifier) -> bool:
    try:
        classifier.predict(["jalan rusak"])
    except ClassifierError:
        return False
    return True


def _scores(found: Assessment) -> dict[str, Any]:
    why = {} if found.why is None else {"why": [asdict(one) for one in found.why]}
    return {
        "kind": found.kind,
        "kinds": {kind: round(p, 6) for kind, p in found.kinds.items()},
        "sentiment": found.sentiment,
        "sentiments": {sentiment: round(p, 6) for sentiment, p in found.sentiments.items()},
        "topic": found.topic,
        "urgent": round(found.urgent, 6),
        "model": found.model,
        **why,
    }


def _said(found: Annotation) -> dict[str, Any]:
    return {"place": None if found.place is None else asdict(found.place), "language": found.language}


def _read(lines: BinaryIO) -> Iterator[_Line]:
    number = 0
    while raw := lines.readline(_LONGEST_LINE):
        number += 1
        if len(raw) == _LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := lines.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield _Line({"line": number}, error=f"the line is longer than {_LONGEST_LINE:,} bytes")
        else:
            yield _parse(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, number)


def _parse(raw: bytes, number: int) -> _Line:
    label: dict[str, Any] = {"line": number}
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return _Line(label, error="not UTF-8")
    except (ValueError, RecursionError) as error:
        return _Line(label, error=f"not JSON: {str(error).splitlines()[0]}" if raw.strip() else "the line is empty")
    if not isinstance(value, dict):
        return _Line(label, error="not a JSON object")
    if isinstance(value.get("id"), str | int | float):
        label = {"id": value["id"]}
    text = value.get("text")
    if not isinstance(text, str):
        return _Line(label, error='"text" is not a string' if "text" in value else '"text" is missing')
    if "\x00" in text:
        return _Line(label, error='"text" has a NUL character')
    if any("\ud800" <= character <= "\udfff" for character in text):
        return _Line(label, error='"text" has half a character (a lone surrogate)')
    return _Line(label, text=text)


def _opened(path: Path | None, mode: str, standard: BinaryIO) -> AbstractContextManager[Any]:
    """The file, closed at the end, or the standard stream, left open."""
    if path is None:
        return nullcontext(standard)
    try:
        return path.open(mode)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
