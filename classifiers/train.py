"""Train the multi-task classifier on a CPU within a wall-clock budget, in the background if need be.

The learning rate follows the budget, not a count of steps: a machine that others use meanwhile finishes on time with
fewer passes rather than late. A run that is stopped keeps its checkpoint and resumes; a checkpoint taken at any time
is a usable model, because what is kept is an average of the recent weights.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, SparseAdam
from transformers import AutoTokenizer

from classifiers._corpus import Corpus, Example, load_corpus
from classifiers._masked_words import Hidden, MaskedWords, hide
from classifiers._network import Network, Targets, disagreement, loss
from sahut.core.errors import SettingsError

log = logging.getLogger(__name__)

PREFIX = "query: "  # e5 was trained with it
_AVERAGE_EVERY = 4
_AVERAGE_DECAY = 0.98
_BUCKET = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How to train. ``minutes`` of wall clock end the run, or ``steps`` if given: then it is reproducible.

    ``start`` is the checkpoint of an earlier run, whose averaged weights this one sets out from. ``r_drop`` above 0
    reads each batch a second time and weighs by it how far the two answers differ; ``masked`` above 0 hides words from
    the second reading and weighs by it how badly they are guessed. ``half`` multiplies in bfloat16: with a processor
    that has instructions for it a step takes 0.4 of its time (measured, AMD Zen 4), with another it takes longer.
    """

    base: str
    recipe: Path
    data: Path
    out: Path
    start: Path | None = None
    minutes: float = 75.0
    steps: int = 0
    seed: int = 1
    threads: int = 2
    max_tokens: int = 96
    batch_tokens: int = 1_600
    learning_rate: float = 1.3e-4
    layer_decay: float = 0.92
    head_factor: float = 5.0
    warm_up: float = 0.05
    checkpoint_passes: float = 0.5
    r_drop: float = 0.0
    masked: float = 0.0
    half: bool = False


class Batches:
    """Endless batches of examples, drawn pass by pass as the recipe shares them out, alike in length within a batch."""

    def __init__(self, corpus: Corpus, lengths: dict[str, int], settings: TrainSettings) -> None:
        self._corpus = corpus
        self._lengths = lengths
        self._budget = settings.batch_tokens
        self._random = random.Random(settings.seed)  # noqa: S311 -- shuffling, not secrecy
        self._cycles = [self._cycle(examples) for _, examples in corpus.sets]

    def one_pass(self) -> list[list[Example]]:
        """The batches of one pass over the first set, in random order."""
        drawn: list[Example] = []
        for (one, examples), cycle in zip(self._corpus.sets, self._cycles, strict=True):
            drawn += [next(cycle) for _ in range(one.per_pass or len(examples))]
        self._random.shuffle(drawn)
        batches: list[list[Example]] = []
        for start in range(0, len(drawn), _BUCKET):
            bucket = sorted(drawn[start : start + _BUCKET], key=self._length)
            batches += self._cut(bucket)
        self._random.shuffle(batches)
        return batches

    def _cycle(self, examples: list[Example]) -> Iterator[Example]:
        order = list(examples)
        while True:
            self._random.shuffle(order)
            yield from order

    def _cut(self, ascending: list[Example]) -> Iterator[list[Example]]:
        batch: list[Example] = []
        for example in ascending:
            if batch and (len(batch) + 1) * self._length(example) > self._budget:
                yield batch
                batch = []
            batch.append(example)
        yield batch

    def _length(self, example: Example) -> int:
        return self._lengths[example.text]


class Trainer:
    """One training run: network, optimisers, average of the weights, progress. Resumes from its folder."""

    def __init__(self, settings: TrainSettings) -> None:
        torch.manual_seed(settings.seed)
        torch.set_num_threads(settings.threads)
        self.settings = settings
        self.tokenizer = AutoTokenizer.from_pretrained(settings.base)
        if settings.masked and self.tokenizer.mask_token_id is None:
            raise SettingsError("its tokenizer has no word to hide others behind", file=settings.base, key="masked")
        self.corpus = load_corpus(settings.recipe, settings.data)
        self.network = Network(settings.base, half=settings.half)
        config = self.network.encoder.config
        self.masked_words = MaskedWords(config.hidden_size, config.vocab_size)
        if settings.start is not None:
            self._set_out_from(settings.start)
        self.average = {name: value.clone() for name, value in self._dense()}
        self.optimisers = _optimisers(self.network, self.masked_words, settings)
        self._augment = random.Random(settings.seed + 1)  # noqa: S311 -- augmentation, not secrecy
        self.step = 0
        self.passes = 0.0
        self.spent = 0.0

    def run(self) -> Path:
        """Train until the budget is spent; the path of the last checkpoint."""
        settings = self.settings
        settings.out.mkdir(parents=True, exist_ok=True)
        self._resume()
        batches = Batches(self.corpus, self._lengths(), settings)
        for _ in range(int(self.passes)):
            batches.one_pass()
        log.info("sets: %s", {one.name: len(examples) for one, examples in self.corpus.sets})
        while self.progress < 1.0:
            self._one_pass(batches.one_pass())
        return self._checkpoint()

    @property
    def progress(self) -> float:
        """How much of the budget is spent, from 0 to 1."""
        if self.settings.steps:
            return min(1.0, self.step / self.settings.steps)
        return min(1.0, self.spent / (self.settings.minutes * 60))

    def _one_pass(self, batches: list[list[Example]]) -> None:
        self.network.train()
        mean_loss = 0.0
        start = int((self.passes % 1.0) * len(batches) + 0.5)
        every = max(1, int(len(batches) * self.settings.checkpoint_passes))
        for number, batch in enumerate(batches[start:], start + 1):
            began = time.monotonic()
            value = self._learn(batch)
            mean_loss = value if not mean_loss else 0.98 * mean_loss + 0.02 * value
            self.spent += time.monotonic() - began
            self.passes = int(self.passes) + number / len(batches) if number < len(batches) else int(self.passes) + 1.0
            if self.step % 50 == 0:
                log.info("step %d pass %.2f progress %.3f loss %.4f", self.step, self.passes, self.progress, mean_loss)
            if number % every == 0:
                self._checkpoint()
            if self.progress >= 1.0:
                return

    def _learn(self, batch: list[Example]) -> float:
        rate = self._rate()
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * group["factor"]
        encoded = self.encode([_varied(example.text, self._augment) for example in batch])
        targets = Targets.of(batch)
        logits, _ = self.network(encoded["input_ids"], encoded["attention_mask"])
        value = loss(self.network, logits, targets)
        if self.settings.r_drop:
            value = self._second_reading(encoded, targets, logits, value)
        value.backward()
        nn.utils.clip_grad_norm_([weight for _, weight in self._dense()], 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        if self.step % _AVERAGE_EVERY == 0:
            self._average()
        return float(value.detach())

    def _second_reading(
        self, encoded: dict[str, Tensor], targets: Targets, first: dict[str, Tensor], value: Tensor
    ) -> Tensor:
        """The loss of both readings, of their difference, and of the words hidden from the second."""
        said = Hidden(encoded["input_ids"], torch.zeros(0), torch.zeros(0))
        if self.settings.masked:
            special = torch.tensor(self.tokenizer.all_special_ids)
            said = hide(encoded["input_ids"], special, mask_id=self.tokenizer.mask_token_id, words=len(self.tokenizer))
        hidden = self.network.read(said.input_ids, encoded["attention_mask"])
        second, _ = self.network.answer(hidden, encoded["attention_mask"])
        value = (value + loss(self.network, second, targets)) / 2
        value = value + self.settings.r_drop * disagreement(first, second)
        if self.settings.masked:
            vectors = self.network.encoder.embeddings.word_embeddings.weight
            value = value + self.settings.masked * self.masked_words(hidden, vectors, said)
        return value

    def _rate(self) -> float:
        """Linear warm-up over the first part of the budget, then a linear fall to nothing."""
        warm = self.settings.warm_up
        progress = self.progress
        return self.settings.learning_rate * min((progress + 1e-4) / warm, (1.0 - progress) / (1.0 - warm))

    def encode(self, texts: list[str]) -> dict[str, Tensor]:
        """Padded token ids and mask of already cleaned texts, (batch, length ≤ max_tokens)."""
        encoded: dict[str, Tensor] = self.tokenizer(
            [PREFIX + text for text in texts],
            truncation=True,
            max_length=self.settings.max_tokens,
            padding=True,
            return_tensors="pt",
        )
        return encoded

    def averaged(self) -> Network:
        """The network with the averaged weights, in evaluation mode."""
        weights = dict(self.network.state_dict())
        weights.update(self.average)
        self.network.load_state_dict(weights)
        self.network.eval()
        return self.network

    def _dense(self) -> Iterator[tuple[str, Tensor]]:
        return ((name, weight) for name, weight in self.network.named_parameters() if "word_embeddings" not in name)

    @torch.no_grad()  # type: ignore[untyped-decorator]  # torch is not followed
    def _average(self) -> None:
        # A young average must not remember the base weights.
        decay = min(_AVERAGE_DECAY, self.step / (self.step + 10 * _AVERAGE_EVERY))
        for name, weight in self._dense():
            self.average[name].lerp_(weight, 1.0 - decay)

    def _lengths(self) -> dict[str, int]:
        texts = list({example.text for _, examples in self.corpus.sets for example in examples})
        encoded = self.tokenizer(
            [PREFIX + text for text in texts], truncation=True, max_length=self.settings.max_tokens
        )
        return {text: len(ids) for text, ids in zip(texts, encoded["input_ids"], strict=True)}

    def _checkpoint(self) -> Path:
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average,
            "masked_words": self.masked_words.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step,
            "passes": self.passes,
            "spent": self.spent,
        }
        path = self.settings.out / "checkpoint.pt"
        unfinished = path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(path)
        said = {key: str(value) for key, value in asdict(self.settings).items()}
        said |= {"step": str(self.step), "passes": f"{self.passes:.2f}", "spent_minutes": f"{self.spent / 60:.1f}"}
        (self.settings.out / "run.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
        log.info("checkpoint at step %d, pass %.2f", self.step, self.passes)
        return path

    def _set_out_from(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict({**state["network"], **state["average"]})

    def _resume(self) -> None:
        path = self.settings.out / "checkpoint.pt"
        if not path.exists():
            return
        self.load(path)
        log.info("resumed at step %d, pass %.2f", self.step, self.passes)

    def load(self, path: Path) -> None:
        """Take over weights, average, optimisers and progress from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.masked_words.load_state_dict(state["masked_words"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.passes, self.spent = state["step"], state["passes"], state["spent"]


def train(settings: TrainSettings) -> Trainer:
    """Run, or resume, a training; the trainer with what it learnt."""
    trainer = Trainer(settings)
    trainer.run()
    return trainer


def _optimisers(network: Network, masked_words: MaskedWords, settings: TrainSettings) -> list[torch.optim.Optimizer]:
    """AdamW whose rate falls with depth, and a sparse Adam for the word vectors.

    A batch touches a thousand of forty thousand word vectors; updating them all would take a seventh of a step.
    """
    layers: int = network.encoder.config.num_hidden_layers
    groups = []
    for name, weight in network.named_parameters():
        if "word_embeddings" in name:
            continue
        factor = settings.head_factor
        if name.startswith("encoder."):
            at = int(name.split("layer.")[1].split(".")[0]) if "layer." in name else -1
            factor = settings.layer_decay ** (layers - 1 - at)
        groups.append({"params": [weight], "factor": factor, "weight_decay": 0.01 if weight.ndim > 1 else 0.0})
    guessing = list(masked_words.parameters())
    groups.append({"params": guessing, "factor": settings.head_factor, "weight_decay": 0.0})
    words = network.encoder.embeddings.word_embeddings
    words.sparse = True
    sparse = {"params": [words.weight], "factor": settings.layer_decay**layers}
    return [
        AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True),
        SparseAdam([sparse], lr=settings.learning_rate),
    ]


def _varied(text: str, chance: random.Random) -> str:
    """The text as somebody else might have typed it: now and then all in lower case, or with its handles hidden.

    Handles are hidden so that the model learns what a complaint says rather than whom it is sent to.
    """
    if chance.random() < 0.15:  # noqa: PLR2004 -- a taste, not a measured optimum
        text = text.lower()
    if chance.random() < 0.25:  # noqa: PLR2004 -- as above
        text = " ".join("@user" if word.startswith("@") else word for word in text.split(" "))
    return text
