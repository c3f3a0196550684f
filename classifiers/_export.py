"""A trained network → the folder that the service loads: quantised graph, tokenizer files, card."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from classifiers._corpus import CLASSES
from classifiers._network import HEADS, Network
from classifiers._text import CLEANING_VERSION

GRAPH = "model.onnx"
CARD = "card.json"
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
_OPSET = 17


class _Outputs(nn.Module):  # type: ignore[misc]  # torch is not followed
    """The network with its heads as a tuple, which is what the exporter can name."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        """Logits by head in the order of HEADS, then the pooled vector."""
        logits, pooled = self.network(input_ids, attention_mask)
        return (*(logits[head] for head in HEADS), pooled)


def export_graph(network: Network, path: Path, *, quantise: bool = True) -> None:
    """Write ``network`` as an ONNX graph: int64 ids and mask (batch, length) → one output per head, and ``pooled``.

    ``quantise`` stores weights and word vectors as int8 and multiplies in int8 with scales taken from each run's
    activations; the service therefore runs one post at a time, or the neighbours of a post would move its scales.
    """
    network.eval()
    ids = torch.ones(2, 7, dtype=torch.int64)
    outputs = [*HEADS, "pooled"]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / GRAPH
        torch.onnx.export(
            _Outputs(network),
            (ids, ids),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=outputs,
            dynamic_axes={
                "input_ids": {0: "batch", 1: "length"},
                "attention_mask": {0: "batch", 1: "length"},
                **{output: {0: "batch"} for output in outputs},
            },
            opset_version=_OPSET,
            dynamo=False,
        )
        if quantise:
            quantize_dynamic(
                str(plain),
                str(path),
                op_types_to_quantize=["MatMul", "Gather"],
                per_channel=True,
                weight_type=QuantType.QInt8,
            )
        else:
            shutil.copy(plain, path)
    onnx.checker.check_model(str(path))


def write_card(
    folder: Path, *, name: str, version: str, prefix: str, max_tokens: int, calibration: Mapping[str, Any]
) -> None:
    """Write the card that tells the service what the graph's outputs mean.

    ``calibration`` holds each head's factors of network and words under ``blend``, scale and bias under ``urgent``.
    """
    card = {
        "name": name,
        "version": version,
        "cleaning": CLEANING_VERSION,
        "prefix": prefix,
        "max_tokens": max_tokens,
        "labels": CLASSES,
        **calibration,
    }
    (folder / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def copy_tokenizer(base: Path, folder: Path) -> None:
    """Put the tokenizer's files beside the graph."""
    for name in _TOKENIZER_FILES:
        shutil.copy(base / name, folder / name)
        (folder / name).chmod(0o644)
