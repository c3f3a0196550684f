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
from numpy.typing import NDArray

from classifiers._text import CLEANING_VERSION, clean
from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment, Kind, Sentiment, Topic

SHIPPED_MODEL = Path(__file__).parent / "model"

# Texts tokenised and judged at a time: bounds the memory that a long list takes beside its answers.
_CHUNK = 512
_HEADS = ("kind", "sentiment", "topic", "urgent")

Word = TypeVar("Word", bound=StrEnum)
Logits = tuple[NDArray[np.float32], ...]


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
    temperatures: Mapping[str, float]
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
                temperatures=said["temperatures"],
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
        except Exception as error:  # the two libraries raise a dozen types, all of which mean the same to a caller
            raise ClassifierError(f"the model in {folder} cannot be loaded: {error}") from error

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order. Any text gets one: of an empty text, what the model makes of nothing."""
        return [self._assessment(logits) for logits in self.logits(texts)]

    def logits(self, texts: Sequence[str]) -> list[Logits]:
        """Uncalibrated scores per text: (kinds,), (sentiments,), (topics,) and (1,) for urgent."""
        found: list[Logits] = []
        for start in range(0, len(texts), _CHUNK):
            found += self._chunk(texts[start : start + _CHUNK])
        return found

    def _chunk(self, texts: Sequence[str]) -> list[Logits]:
        cleaned = [self.card.prefix + clean(text) for text in texts]
        # A campaign posts one text a thousand times; it is judged once.
        distinct = list(dict.fromkeys(cleaned))
        ids: list[list[int]] = self._tokenizer(distinct, truncation=True, max_length=self.card.max_tokens)["input_ids"]
        # Longest first, so that no thread is left alone with a long post at the end.
        order = sorted(range(len(distinct)), key=lambda at: -len(ids[at]))
        with ThreadPoolExecutor(self._threads, thread_name_prefix="classify") as pool:
            judged = dict(
                zip((distinct[at] for at in order), pool.map(self._run, (ids[at] for at in order)), strict=True)
            )
        return [judged[text] for text in cleaned]

    def _run(self, ids: list[int]) -> Logits:
        tokens = np.asarray([ids], dtype=np.int64)
        try:
            outputs = self._session.run(_HEADS, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
        except Exception as error:  # the runtime's own exception classes are not public
            raise ClassifierError(f"{self.model} failed on a text of {len(ids)} tokens: {error}") from error
        return tuple(output[0] for output in outputs)

    def _assessment(self, logits: Logits) -> Assessment:
        card = self.card
        kind, sentiment, topic, urgent = logits
        return Assessment(
            kinds=_probabilities(card.kinds, kind, card.temperatures["kind"]),
            sentiments=_probabilities(card.sentiments, sentiment, card.temperatures["sentiment"]),
            topics=_probabilities(card.topics, topic, card.temperatures["topic"]),
            urgent=float(1.0 / (1.0 + np.exp(-(card.urgent_scale * float(urgent[0]) + card.urgent_bias)))),
            model=self.model,
        )


def _probabilities(words: Sequence[Word], logits: NDArray[np.float32], temperature: float) -> dict[Word, float]:
    """Softmax of ``logits / temperature`` by word."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max())
    return dict(zip(words, (powers / powers.sum()).tolist(), strict=True))
