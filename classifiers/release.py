"""A finished training → a model folder that the service can load: export, quantise, calibrate, describe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor

from classifiers._corpus import CLASSES
from classifiers._export import copy_tokenizer, export_graph, write_card
from classifiers._smooth import smooth
from classifiers.calibrate import fit_scale_and_bias, fit_temperature
from classifiers.onnx import OnnxClassifier
from classifiers.train import PREFIX, Trainer
from sahut.core.errors import ClassifierError

_SMOOTHED_ON = 400


def release(trainer: Trainer, folder: Path, *, name: str, version: str, max_tokens: int = 128) -> None:
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

    def describe(temperatures: dict[str, float], scale: float, bias: float) -> None:
        calibration = {"temperatures": temperatures, "urgent": {"scale": scale, "bias": bias}}
        write_card(folder, name=name, version=version, prefix=PREFIX, max_tokens=max_tokens, calibration=calibration)

    # The service's own reader gives the scores to calibrate, and it wants a card first.
    describe(dict.fromkeys(CLASSES, 1.0), 1.0, 0.0)
    judged = OnnxClassifier(folder).logits([example.text for example in kept])
    temperatures = {
        head: round(
            fit_temperature(
                np.stack([logits[at] for logits in judged]).astype(np.float64),
                [getattr(example, head) for example in kept],
            ),
            3,
        )
        for at, head in enumerate(CLASSES)
    }
    urgent = np.array([float(logits[len(CLASSES)][0]) for logits in judged])
    scale, bias = fit_scale_and_bias(urgent, [example.urgent for example in kept])
    describe(temperatures, round(scale, 3), round(bias, 3))


def _sample(trainer: Trainer) -> Iterator[tuple[Tensor, Tensor]]:
    """Posts that training read, to learn the range of activations from: those kept for calibration stay unseen."""
    for example in trainer.corpus.sets[0][1][:_SMOOTHED_ON]:
        encoded = trainer.encode([example.text])
        yield encoded["input_ids"], encoded["attention_mask"]
