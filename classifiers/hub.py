"""Any transformers sequence-classification model, by name or folder, where torch is installed (extra ``train``).

The model's own labels are matched to ours by name. Where they differ, the setting says which is which after a number
sign: ``hub:owner/name#LABEL_0=other,LABEL_1=complaint``. What the model does not speak of stays even: a sentiment model
leaves the kinds at one sixth each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from classifiers._text import clean
from sahut.core.errors import ClassifierError
from sahut.core.model import Assessment, Kind, Sentiment, Topic

Word = TypeVar("Word", bound=StrEnum)

_MAX_TOKENS = 256
_OURS = {"urgent", *(str(word) for words in (Kind, Sentiment, Topic) for word in words)}


class HubClassifier:
    """Judges with the transformers model called ``model_dir`` (a hub name or a folder, labels after ``#``).

    Raises ClassifierError when torch is not installed, the model cannot be loaded, a label is mapped to no word of ours
    or the model does not have it, or none of its labels is ours.
    """

    name = "hub"

    def __init__(self, model_dir: str | Path | None = None, *, threads: int = 2) -> None:
        if model_dir is None:
            raise ClassifierError("the hub classifier needs a model: hub:NAME, or a folder")
        model_dir, _, mapping = str(model_dir).partition("#")
        said = _mapping(mapping)
        try:
            import torch  # noqa: PLC0415 -- an extra
            from transformers import AutoModelForSequenceClassification, AutoTokenizer  # noqa: PLC0415 -- as torch
        except ImportError as error:
            raise ClassifierError(
                f"model '{model_dir}' needs torch, which is not installed: pip install 'sahut[train]'"
            ) from error
        torch.set_num_threads(threads)
        self._torch = torch
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(model_dir))
            self._network: Any = AutoModelForSequenceClassification.from_pretrained(str(model_dir)).eval()
        except Exception as error:  # the library raises a dozen types, all of which mean the same to a caller
            raise ClassifierError(f"model '{model_dir}' cannot be loaded: {error}") from error
        labels: dict[int, str] = {int(at): label for at, label in self._network.config.id2label.items()}
        if unknown := said.keys() - set(labels.values()):
            raise ClassifierError(
                f"model '{model_dir}' has no label {', '.join(sorted(unknown))}; it has {', '.join(labels.values())}"
            )
        self._words = {at: said.get(label, label).casefold() for at, label in labels.items()}
        if not _OURS & set(self._words.values()):
            first = next(iter(labels.values()))
            raise ClassifierError(
                f"model '{model_dir}' answers {', '.join(labels.values())}, none of them a word of ours: say which is "
                f"which, as in hub:{model_dir}#{first}=complaint"
            )
        self.model = f"hub:{model_dir}"

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order; each text alone, so that its neighbours' padding cannot move it."""
        return [self._assessment(clean(text)) for text in texts]

    def _assessment(self, text: str) -> Assessment:
        encoded = self._tokenizer(text, truncation=True, max_length=_MAX_TOKENS, return_tensors="pt")
        with self._torch.inference_mode():
            shares = self._network(**encoded).logits[0].float().softmax(-1).tolist()
        heard = {self._words[at]: share for at, share in enumerate(shares)}
        return Assessment(
            kinds=_shares(Kind, heard), sentiments=_shares(Sentiment, heard), topics=_shares(Topic, heard),
            urgent=heard.get("urgent", 0.0), model=self.model,
        )  # fmt: skip


def _mapping(said: str) -> dict[str, str]:
    """``LABEL_0=other,LABEL_1=complaint`` as a mapping."""
    found: dict[str, str] = {}
    for pair in filter(None, said.split(",")):
        label, equals, word = (part.strip() for part in pair.partition("="))
        if not equals or word not in _OURS:
            raise ClassifierError(f"'{pair}' maps no label: write LABEL=WORD with a kind, sentiment, topic or 'urgent'")
        found[label] = word
    return found


def _shares(words: type[Word], heard: Mapping[str, float]) -> dict[Word, float]:
    """The model's shares of these words, scaled to sum to 1; even where it knows none of them."""
    known = {word: heard.get(str(word), 0.0) for word in words}
    total = sum(known.values())
    return {word: share / total if total else 1.0 / len(known) for word, share in known.items()}
