"""What became of a delivery."""

from __future__ import annotations

from sahut.core.intake import Taken
from triage_api.fields import Answer


class RefusedItem(Answer):
    """An item that cannot be read; it is kept as a dead letter. ``index`` is its place in the delivery, from 0."""

    index: int
    reason: str


class DeliveryAnswer(Answer):
    """Ids, as Sahut keeps them, of what is new, edited, or known as it is; and what could not be read."""

    new: list[str]
    edited: list[str]
    known: list[str]
    dead: list[RefusedItem]

    @classmethod
    def of(cls, taken: Taken) -> DeliveryAnswer:
        """As it is answered."""
        return cls(
            new=list(taken.new),
            edited=list(taken.edited),
            known=list(taken.known),
            dead=[RefusedItem(index=one.index, reason=one.reason) for one in taken.dead],
        )
