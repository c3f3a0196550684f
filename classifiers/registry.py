"""Which classifier is which class: one line each, imported on first use.

A plug-in brings one through the entry point group ``sahut.classifiers`` (value = "module:Class"). The class is called
with ``(model_dir, *, threads)``; ``hub:NAME`` names a transformers model for the hub classifier.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from sahut.core.errors import ClassifierError
from sahut.core.ports import Classifier

CLASSIFIERS = {
    "onnx": "classifiers.onnx:OnnxClassifier",
    "keywords": "classifiers.keywords:KeywordClassifier",
    "hub": "classifiers.hub:HubClassifier",
}
_GROUP = "sahut.classifiers"


def names() -> list[str]:
    """Every classifier that settings can name, shipped ones first."""
    return [*CLASSIFIERS, *sorted({point.name for point in entry_points(group=_GROUP)} - CLASSIFIERS.keys())]


def load(name: str, *, model_dir: Path | None = None, threads: int = 2) -> Classifier:
    """The classifier called ``name``, with its model in memory.

    Raises ClassifierError for a name that nobody brings and for a model that cannot be loaded.
    """
    kind, _, model = name.partition(":")
    target = CLASSIFIERS.get(kind) or next((point.value for point in entry_points(group=_GROUP, name=kind)), None)
    if target is None:
        raise ClassifierError(f"no classifier '{kind}' (there are: {', '.join(names())})")
    module, _, attribute = target.partition(":")
    make = getattr(import_module(module), attribute)
    return cast("Classifier", make(model or model_dir, threads=threads))
