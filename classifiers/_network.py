"""The network that is trained: a shared encoder, mean pooling, one linear head per question."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from classifiers._corpus import CLASSES, UNKNOWN, Example

HEADS = {**{head: len(classes) for head, classes in CLASSES.items()}, "urgent": 1}
_COMPLAINT = CLASSES["kind"].index("complaint")
_LOSS_SHARE = {"kind": 1.0, "sentiment": 0.8, "topic": 0.8, "urgent": 0.4, "complaint": 1.0}
# Urgent posts are about one in eighty: their errors count this much more, and calibration takes the excess back.
_URGENT_WEIGHT = 3.0
_LABEL_SMOOTHING = 0.05


class SharedDropout(nn.Module):  # type: ignore[misc]  # torch is not followed
    """Dropout whose mask is drawn once for the whole batch.

    On a CPU the random numbers, not the multiplication, cost a third of a training step; sharing the mask over the
    batch (not over positions) makes them free and regularises about as well over many small batches.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.p = rate  # the name that attention reads

    def forward(self, hidden: Tensor) -> Tensor:
        """``hidden`` (batch, …) with features dropped in training; itself in evaluation."""
        if not self.training or self.p == 0.0:
            return hidden
        keep = torch.rand(1, *hidden.shape[1:]) >= self.p
        return hidden * (keep / (1.0 - self.p))


class Network(nn.Module):  # type: ignore[misc]  # torch is not followed
    """Token ids and mask, (batch, length) → logits (batch, classes) by head, and pools (batch, hidden)."""

    def __init__(self, base: str, *, dropout: float = 0.1, half: bool = False) -> None:
        super().__init__()
        # Weights stay in full precision; in training the encoder multiplies in bfloat16 where `half` is set.
        self.half_precision = half
        self.encoder = AutoModel.from_pretrained(base, add_pooling_layer=False, dtype=torch.float32)
        for module in list(self.encoder.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.Dropout):
                    setattr(module, name, SharedDropout(min(dropout, child.p)))
        hidden: int = self.encoder.config.hidden_size
        self.dropout = SharedDropout(dropout)
        self.heads = nn.ModuleDict({head: nn.Linear(hidden, size) for head, size in HEADS.items()})
        # Absorbs the base rate of sets whose idea of a complaint is not the code book's; not used in service.
        self.own_scale = nn.Parameter(torch.zeros(1))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Logits by head and the pooled vectors; ``attention_mask`` is 1 on tokens and 0 on padding."""
        return self.answer(self.read(input_ids, attention_mask), attention_mask)

    def read(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """A vector for every token, (batch, length, hidden)."""
        if not (self.half_precision and self.training):
            hidden: Tensor = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state
            return hidden
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden.float()

    def answer(self, hidden: Tensor, attention_mask: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Logits by head and the pooled vectors, from the tokens' vectors."""
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        dropped = self.dropout(pooled)
        return {name: head(dropped) for name, head in self.heads.items()}, pooled


@dataclass(frozen=True, slots=True)
class Targets:
    """The labels of a batch as (batch,) tensors; UNKNOWN where an example does not say."""

    kind: Tensor
    sentiment: Tensor
    topic: Tensor
    urgent: Tensor
    complaint: Tensor
    weight: Tensor
    own_scale: Tensor

    @classmethod
    def of(cls, examples: list[Example]) -> Targets:
        """Stack the labels of ``examples``."""
        return cls(
            kind=torch.tensor([example.kind for example in examples]),
            sentiment=torch.tensor([example.sentiment for example in examples]),
            topic=torch.tensor([example.topic for example in examples]),
            urgent=torch.tensor([example.urgent for example in examples]),
            complaint=torch.tensor([example.complaint for example in examples]),
            weight=torch.tensor([example.weight for example in examples]),
            own_scale=torch.tensor([float(example.own_scale) for example in examples]),
        )


def complaint_margin(kind_logits: Tensor) -> Tensor:
    """Log-odds of complaint against all other kinds: (batch, kinds) → (batch,)."""
    rest = torch.cat([kind_logits[:, :_COMPLAINT], kind_logits[:, _COMPLAINT + 1 :]], dim=1)
    return kind_logits[:, _COMPLAINT] - rest.logsumexp(1)


def loss(network: Network, logits: dict[str, Tensor], targets: Targets) -> Tensor:
    """The weighted sum of every head's loss, averaged over the batch, labelled or not.

    Averaging over the whole batch keeps a head that few examples of a batch know from shouting.
    """
    total = torch.zeros_like(targets.weight)
    for head in CLASSES:
        total = total + _LOSS_SHARE[head] * functional.cross_entropy(
            logits[head],
            getattr(targets, head),
            ignore_index=UNKNOWN,
            reduction="none",
            label_smoothing=_LABEL_SMOOTHING,
        )
    urgent = functional.binary_cross_entropy_with_logits(
        logits["urgent"].squeeze(1),
        targets.urgent.clamp(min=0).float(),
        reduction="none",
        pos_weight=torch.tensor(_URGENT_WEIGHT),
    )
    margin = complaint_margin(logits["kind"]) + network.own_scale * targets.own_scale
    complaint = functional.binary_cross_entropy_with_logits(
        margin, targets.complaint.clamp(min=0).float(), reduction="none"
    )
    total = total + _LOSS_SHARE["urgent"] * urgent * (targets.urgent > UNKNOWN)
    total = total + _LOSS_SHARE["complaint"] * complaint * (targets.complaint > UNKNOWN)
    return (total * targets.weight).mean()


def disagreement(first: dict[str, Tensor], second: dict[str, Tensor]) -> Tensor:
    """How far two readings of one batch differ: the mean symmetric Kullback-Leibler divergence over the heads.

    R-Drop (Liang et al. 2021): the readings differ by what dropout took from each. Heads weigh as in ``loss``, and each
    is asked for every text, also where no label says what is right.
    """
    total = torch.zeros(())
    for head in CLASSES:
        one, other = functional.log_softmax(first[head], 1), functional.log_softmax(second[head], 1)
        total = total + _LOSS_SHARE[head] * ((one.exp() - other.exp()) * (one - other)).sum(1).mean() / 2
    one, other = first["urgent"].squeeze(1), second["urgent"].squeeze(1)
    return total + _LOSS_SHARE["urgent"] * ((one.sigmoid() - other.sigmoid()) * (one - other)).mean() / 2


def save(network: Network, path: Path) -> None:
    """Write the weights of ``network``."""
    torch.save(network.state_dict(), path)
