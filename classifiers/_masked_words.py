"""Guessing hidden words: what teaches the encoder the stream's language beside the labels, in training alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Devlin et al. 2019: of a text's tokens 15 % are to be guessed; of those most are hidden, some are replaced by another
# word and some stay, so that no token is beyond doubt.
_GUESSED = 0.15
_HIDDEN = 0.8
_REPLACED = 0.1


@dataclass(frozen=True, slots=True)
class Hidden:
    """``input_ids`` (batch, length) with words hidden; ``guessed``, a mask of where; ``words``, what stood there."""

    input_ids: Tensor
    guessed: Tensor
    words: Tensor


def hide(input_ids: Tensor, special: Tensor, *, mask_id: int, words: int) -> Hidden:
    """Hide words of a batch. ``special`` holds the ids that are never hidden, ``words`` is the vocabulary's size."""
    usual = ~torch.isin(input_ids, special)
    chance = torch.rand(input_ids.shape)
    guessed = usual & (chance < _GUESSED)
    read = input_ids.clone()
    read[usual & (chance < _GUESSED * _HIDDEN)] = mask_id
    replaced = guessed & (chance >= _GUESSED * (1.0 - _REPLACED))
    read[replaced] = torch.randint(words, (int(replaced.sum()),))
    return Hidden(input_ids=read, guessed=guessed, words=input_ids[guessed])


class MaskedWords(nn.Module):  # type: ignore[misc]  # torch is not followed
    """The head that guesses: a layer, then the likeness to each word's vector."""

    def __init__(self, hidden: int, words: int) -> None:
        super().__init__()
        self.layer = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, hidden: Tensor, vectors: Tensor, said: Hidden) -> Tensor:
        """The mean cross-entropy of the guesses; ``hidden`` (batch, length, hidden), ``vectors`` (words, hidden).

        The word vectors learn from what is read, not from here: their gradient stays sparse.
        """
        if not len(said.words):
            return hidden.sum() * 0.0
        guess = self.norm(functional.gelu(self.layer(hidden[said.guessed])))
        logits = functional.linear(guess.bfloat16(), vectors.detach().bfloat16()).float() + self.bias
        return functional.cross_entropy(logits, said.words)
