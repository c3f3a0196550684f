"""Conversations in a transaction: which are to be fetched, and which are followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sahut.core.model import Conversation, ConversationClaim, Cut


class Conversations(Protocol):
    """One row for a mention whose conversation matters to people: the row is the work."""

    def want(self, mention_ids: Sequence[int], now: datetime) -> int:
        """Have the conversations of those fetched that wait in the queue and have no row yet; how many."""
        ...

    def follow(self, mention_ids: Sequence[int], since: datetime, *, first: datetime) -> None:
        """Look for answers to these from ``first`` on; ``since`` is when we spoke last."""
        ...

    def of(self, mention_id: int) -> Conversation | None: ...
    def waiting(self, now: datetime) -> bool:
        """Whether a machine should turn to one now."""
        ...

    def claim(self, *, now: datetime, until: datetime) -> ConversationClaim | None:
        """The one due first, by one conditional UPDATE; None when none is. It is due again at ``until``."""
        ...

    def fetched(self, claim: ConversationClaim, cut: frozenset[Cut], now: datetime, *, reason: str = "") -> None:
        """Never to be fetched again. Raises LeaseLostError."""
        ...

    def later(self, claim: ConversationClaim, when: datetime | None, *, reason: str) -> None:
        """Not now: again at ``when``, None for never. Raises LeaseLostError."""
        ...

    def followed(
        self,
        claim: ConversationClaim,
        *,
        cursor: Mapping[str, Any],
        brought: int,
        again: datetime | None,
        reason: str = "",
    ) -> None:
        """Looked for answers: ``brought`` more posts, ``again`` is the next look. Raises LeaseLostError."""
        ...

    def forget(self, claim: ConversationClaim) -> None:
        """Its platform knows no such thing: take the task off the row."""
        ...
