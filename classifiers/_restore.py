"""A shipped int8 graph → the float weights of the network it was exported from, to train on from there.

Rounding is not undone, only its scale: the weights come back within half a step of what they were (about one percent of
their size, measured), which a few hundred steps of training make good. The smoothing is undone exactly.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from classifiers._network import Network

_HEAD = re.compile(r"network\.(heads\.\w+\.weight)_Transposed_quantized")
_LINEAR = re.compile(r"/network/(.*)/linear/MatMul")
_ROUNDED = "_quantized"


def restore(graph: Path, network: Network) -> None:
    """Set ``network`` to the weights of ``graph``, as `export_graph` wrote it after `smooth`.

    Raises ValueError where the graph lacks a weight of the network: it was exported from another one.
    """
    model = onnx.load(str(graph))
    arrays = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    state = network.state_dict()
    found: dict[str, Tensor] = {}
    for name, array in arrays.items():
        own = name.removeprefix("network.").replace(".linear.bias", ".bias")
        if own in state and array.dtype == np.float32:
            found[own] = torch.tensor(array)
    for node in model.graph.node:
        for name in node.input:
            if name in arrays and name.endswith(_ROUNDED):
                own, weight = _weight(name, node.name, arrays)
                found[own] = weight.contiguous()
    missing = sorted(set(state) - set(found) - {"own_scale"})
    if missing:
        raise ValueError(f"{graph} has no {missing[0]}: it was exported from another network")
    network.load_state_dict({**state, **found})


def _weight(name: str, node: str, arrays: dict[str, np.ndarray]) -> tuple[str, Tensor]:
    stem = name.removesuffix(_ROUNDED)
    rounded, zero = arrays[name].astype(np.float32), arrays[f"{stem}_zero_point"].astype(np.float32)
    value = torch.tensor((rounded - zero) * arrays[f"{stem}_scale"])
    if head := _HEAD.match(name):
        return head[1], value.T
    if linear := _LINEAR.match(node):
        own = linear[1].replace("/", ".")
        return f"{own}.weight", value.T * torch.tensor(arrays[f"network.{own}.inverse"])
    return stem.removeprefix("network."), value
