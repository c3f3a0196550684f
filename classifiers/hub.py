"""Any transformers sequence-classification model, by name or folder, where torch is installed (extra ``train``).

The model's own labels are matched to ours by name; ``labels`` says which is which where they differ. What the model
does not speak of stays even: a sentiment model leaves the kinds at one sixth each.
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


class HubClassifier:
    """Judges with the transformers model called ``model_dir`` (a hub name or a folder).

    ``labels`` maps the model's label to one of our words, as in ``{"LABEL_1": "complaint"}``. Raises ClassifierError
    when torch is not installed, the model cannot be loaded, or none of its labels is ours.
    """

    name = "hub"

    def __init__(
        self, model_dir: str | Path | None = None, *, threads: int = 2, labels: Mapping[str, str] | None = None
    ) -> None:
        if model_dir is None:
            raise ClassifierError("the hub classifier needs a model: hub:NAME, or a folder")
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
        said = labels or {}
        self._words = {
            int(at): said.get(label, label).casefold() for at, label in self._network.config.id2label.items()
        }
        ours = {str(word) for words in (Kind, Sentiment, Topic) for word in words}
        if not ours & set(self._words.values()):
            raise ClassifierError(
                f"model '{model_dir}' answers {', '.join(self._words.values())}: map them to our words with `labels`"
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


def _shares(words: type[Word], heard: Mapping[str, float]) -> dict[Word, float]:
    """The model's shares of these words, scaled to sum to 1; even where it knows none of them."""
    known = {word: heard.get(str(word), 0.0) for word in words}
    total = sum(known.values())
    return {word: share / total if total else 1.0 / len(known) for word, share in known.items()}
