"""The embedded classifier: a model folder (tokenizer, quantised graph, card) read by ONNX Runtime, offline.

Every post runs through the graph alone. The graph's int8 scales come from the activations of a run, so a batch would
let a post's neighbours move its scores (by 0.1 in the pooled vector, measured); alone, a post gets bitwise the same
answer whatever surrounds it. It costs little: one post at a time reaches 91 % of the rate of length-sorted batches of
sixteen on the same core (71 against 78 posts/s), since nothing is padded. Threads take one post each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from classifiers._ngrams import MAX_TOKENS, Floats, Ngrams
from classifiers._text import CLEANING_VERSION, clean
from classifiers.calibrate import log_shares
from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment, Kind, Sentiment, Topic

SHIPPED_MODEL = Path(__file__).parent / "model"

# Texts tokenised and judged at a time: bounds the memory that a long list takes beside its answers.
_CHUNK = 512
_HEADS = ("kind", "sentiment", "topic")
_OUTPUTS = (*_HEADS, "urgent")
_PARTS = ("network", "words")

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Scores:
    """Uncalibrated scores of one text: per head (classes,) of the network and of the n-grams; urgent, one number."""

    network: Mapping[str, Floats]
    words: Mapping[str, Floats]
    urgent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model folder's ``card.json`` says: how to read texts, and what the graph's outputs mean."""

    name: str
    version: str
    prefix: str
    max_tokens: int
    kinds: list[Kind]
    sentiments: list[Sentiment]
    topics: list[Topic]
    blend: Mapping[str, Mapping[str, float]]
    urgent_scale: float
    urgent_bias: float

    @classmethod
    def read(cls, folder: Path) -> Card:
        """Read the card of ``folder``. Raises ClassifierError when it is missing, broken or of another cleaning."""
        path = folder / "card.json"
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if said["cleaning"] != CLEANING_VERSION:
                raise ClassifierError(
                    f"the model in {folder} was trained under text cleaning {said['cleaning']}, "
                    f"this version of Sahut cleans as {CLEANING_VERSION}: retrain it or install the matching version"
                )
            return cls(
                name=said["name"],
                version=said["version"],
                prefix=said["prefix"],
                max_tokens=said["max_tokens"],
                kinds=[Kind(label) for label in said["labels"]["kind"]],
                sentiments=[Sentiment(label) for label in said["labels"]["sentiment"]],
                topics=[Topic(label) for label in said["labels"]["topic"]],
                blend={head: {part: float(said["blend"][head][part]) for part in _PARTS} for head in _HEADS},
                urgent_scale=said["urgent"]["scale"],
                urgent_bias=said["urgent"]["bias"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ClassifierError(f"no usable model card at {path}: {error!r}") from error


class OnnxClassifier:
    """Judges texts with the model in ``model_dir`` (the shipped one when None) on at most ``threads`` cores.

    Raises ClassifierError when the folder does not hold a model that this version can run.
    """

    name = "onnx"

    def __init__(self, model_dir: Path | None = None, *, threads: int = 2) -> None:
        folder = model_dir or SHIPPED_MODEL
        self.card = Card.read(folder)
        self.model = f"{self.card.name}@{self.card.version}"
        self._threads = threads
        # Read at import by the hub client: set later, a missing file costs five retries on a network that is not there.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        try:
            # After the setting above, and so that nothing but a loaded model pays for them.
            from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 -- see above
            from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 -- see above

            options = SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            self._session = InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
            self._tokenizer = PreTrainedTokenizerFast.from_pretrained(str(folder))
            self._ngrams = Ngrams.load(folder)
        except Exception as error:  # the two libraries raise a dozen types, all of which mean the same to a caller
            raise ClassifierError(f"the model in {folder} cannot be loaded: {error}") from error

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order. Any text gets one: of an empty text, what the model makes of nothing."""
        return [self._assessment(scores) for scores in self.scores(texts)]

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Uncalibrated scores per text, in order."""
        found: list[Scores] = []
        for start in range(0, len(texts), _CHUNK):
            found += self._chunk(texts[start : start + _CHUNK])
        return found

    def _chunk(self, texts: Sequence[str]) -> list[Scores]:
        cleaned = [clean(text) for text in texts]
        # A campaign posts one text a thousand times; it is judged once.
        distinct = list(dict.fromkeys(cleaned))
        ids = self._ids([self.card.prefix + text for text in distinct], self.card.max_tokens)
        words = self._ids([text.lower() for text in distinct], MAX_TOKENS)
        # Longest first, so that no thread is left alone with a long post at the end.
        order = sorted(range(len(distinct)), key=lambda at: -len(ids[at]))
        with ThreadPoolExecutor(self._threads, thread_name_prefix="classify") as pool:
            run = pool.map(lambda at: self._run(ids[at], words[at]), order)
            judged = dict(zip((distinct[at] for at in order), run, strict=True))
        return [judged[text] for text in cleaned]

    def _ids(self, texts: list[str], max_length: int) -> list[list[int]]:
        found: list[list[int]] = self._tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
        return found

    def _run(self, ids: list[int], words: list[int]) -> Scores:
        tokens = np.asarray([ids], dtype=np.int64)
        try:
            *heads, urgent = self._session.run(_OUTPUTS, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
        except Exception as error:  # the runtime's own exception classes are not public
            raise ClassifierError(f"{self.model} failed on a text of {len(ids)} tokens: {error}") from error
        network = {head: output[0] for head, output in zip(_HEADS, heads, strict=True)}
        return Scores(network=network, words=self._ngrams.scores(words), urgent=float(urgent[0][0]))

    def _assessment(self, scores: Scores) -> Assessment:
        card = self.card
        return Assessment(
            kinds=self._shares(card.kinds, "kind", scores),
            sentiments=self._shares(card.sentiments, "sentiment", scores),
            topics=self._shares(card.topics, "topic", scores),
            urgent=float(1.0 / (1.0 + np.exp(-(card.urgent_scale * scores.urgent + card.urgent_bias)))),
            model=self.model,
        )

    def _shares(self, words: Sequence[Word], head: str, scores: Scores) -> dict[Word, float]:
        """Probabilities by word: what the network and the n-grams say, each as far as the card trusts it."""
        trust = self.card.blend[head]
        mixed = trust["network"] * log_shares(scores.network[head].astype(np.float64))
        if head in scores.words:
            mixed = mixed + trust["words"] * scores.words[head]
        return dict(zip(words, np.exp(log_shares(mixed)).tolist(), strict=True))
