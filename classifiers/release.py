"""A finished training → a model folder that the service can load: export, quantise, calibrate, describe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from classifiers._corpus import CLASSES, UNKNOWN, Example
from classifiers._export import copy_tokenizer, export_graph, write_card
from classifiers._ngram_training import fit_ngrams
from classifiers._ngrams import MAX_TOKENS
from classifiers._smooth import smooth
from classifiers.calibrate import fit_blend, fit_scale_and_bias
from classifiers.onnx import OnnxClassifier, Scores
from classifiers.train import PREFIX, Trainer
from sahut.core.errors import ClassifierError

_SMOOTHED_ON = 400


def release(trainer: Trainer, folder: Path, *, name: str, version: str, max_tokens: int = 256) -> None:
    """Write ``folder`` from the averaged weights of ``trainer``, calibrated as the service will run them.

    The base must be a folder, since its tokenizer goes along. Raises ClassifierError when the recipe kept no rows
    for calibration.
    """
    kept = trainer.corpus.calibration
    if not kept:
        raise ClassifierError("the recipe keeps no rows for calibration: give a set `calibrate = N`")
    folder.mkdir(parents=True, exist_ok=True)
    network = trainer.averaged()
    smooth(network, list(_sample(trainer)))
    export_graph(network, folder / "model.onnx")
    copy_tokenizer(Path(trainer.settings.base), folder)

    def describe(blend: dict[str, dict[str, float]], scale: float, bias: float) -> None:
        calibration = {"blend": blend, "urgent": {"scale": scale, "bias": bias}}
        write_card(folder, name=name, version=version, prefix=PREFIX, max_tokens=max_tokens, calibration=calibration)

    tokenizer = trainer.tokenizer
    fit_ngrams(
        trainer.corpus,
        lambda texts: tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"],
    ).save(folder)
    # The service's own reader gives the scores to calibrate, and it wants a card first.
    describe({head: {"network": 1.0, "words": 0.0} for head in CLASSES}, 1.0, 0.0)
    judged = OnnxClassifier(folder).scores([example.text for example in kept])
    blend = {head: _blend(judged, head, kept) for head in CLASSES}
    known = [at for at, example in enumerate(kept) if example.urgent > UNKNOWN]
    urgent = np.array([judged[at].urgent for at in known])
    scale, bias = fit_scale_and_bias(urgent, [kept[at].urgent for at in known])
    describe(blend, round(scale, 3), round(bias, 3))


def _blend(judged: Sequence[Scores], head: str, examples: Sequence[Example]) -> dict[str, float]:
    known = [at for at, example in enumerate(examples) if getattr(example, head) > UNKNOWN]
    network = np.stack([judged[at].network[head] for at in known]).astype(np.float64)
    spoken = all(head in judged[at].words for at in known)
    words = np.stack([judged[at].words[head] for at in known]).astype(np.float64) if spoken else None
    found = fit_blend(network, words, [getattr(examples[at], head) for at in known])
    return {"network": found[0], "words": found[1]}


def _sample(trainer: Trainer) -> Iterator[tuple[Tensor, Tensor]]:
    """Posts that training read, to learn the range of activations from: those kept for calibration stay unseen."""
    for example in trainer.corpus.sets[0][1][:_SMOOTHED_ON]:
        encoded = trainer.encode([example.text])
        yield encoded["input_ids"], encoded["attention_mask"]
