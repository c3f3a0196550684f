"""Public replies in a transaction: written and approved by people, sent and settled by machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sahut.core.model import (
    Mention,
    Page,
    Problem,
    Reply,
    ReplyAct,
    ReplyClaim,
    ReplyDraft,
    ReplyEvent,
    ReplyFilter,
    ReplyState,
    SentReply,
    Standing,
)


class Replies(Protocol):
    """The replies of a transaction. Every write adds a line to the history and raises the version."""

    def add(self, draft: ReplyDraft, now: datetime) -> Reply:
        """Raises RefusedError(rule="reply_open") where the mention has a reply that is not over."""
        ...

    def get(self, reply_id: int) -> Reply:
        """Raises NotFoundError."""
        ...

    def for_update(self, reply_id: int, *, version: int | None = None) -> Reply:
        """Lock the row until the commit. Raises NotFoundError, StaleWriteError."""
        ...

    def rewrite(self, reply_id: int, draft: ReplyDraft, now: datetime) -> Reply:
        """Another text, by one more writer: a draft again, which nobody has approved."""
        ...

    def move(
        self,
        reply_id: int,
        state: ReplyState,
        act: ReplyAct,
        *,
        actor_name: str,
        now: datetime,
        due_at: datetime | None = None,
        note: str = "",
    ) -> Reply:
        """A person's act. A note becomes the reply's reason; an approval names its approver."""
        ...

    def stands(self, reply_id: int, sent: SentReply, *, now: datetime, actor_name: str = "", note: str = "") -> Reply:
        """It stands on its platform, whatever was thought before; the mention that it is there becomes our own.

        Also says so of a reply that is ``sent`` already, and then adds what was not known of it, that its platform does
        not hold it (any more) included. The next part
        of one that goes out in parts gets its turn: a machine's where a machine sent this one and its id is known, else
        a person's.
        """
        ...

    def page(self, where: ReplyFilter, *, limit: int, after: str | None = None) -> Page[Reply]: ...
    def count(self, where: ReplyFilter, *, cap: int) -> int: ...
    def of_mention(self, mention_id: int) -> list[Reply]:
        """Oldest first."""
        ...

    def events(self, reply_id: int) -> list[ReplyEvent]: ...
    def texts_since(self, platform: str, since: datetime, *, but: int | None, limit: int) -> list[str]:
        """What we have answered on a platform since then, or are about to, the latest first; without the reply ``but``.

        Drafts do not count.
        """
        ...

    def part(self, reply_id: int, texts: Sequence[str], now: datetime) -> None:
        """Let it go out as these parts: it is the first, and the others wait until the one before stands.

        Nothing where its parts wait already. With another text, and where one is withdrawn, those after it are too.
        """
        ...

    def above(self, reply: Reply) -> Reply | None:
        """The part that a further part continues; None for any other reply."""
        ...

    # --- machines

    def waiting(self, now: datetime) -> bool:
        """Whether a machine should turn to one now, be it only to charge it."""
        ...

    def claim(self, *, now: datetime, until: datetime) -> ReplyClaim | None:
        """The one due first, by one conditional UPDATE; None when none is.

        An approved one is ``sending`` from then on. One whose sender was lost is ``unknown`` from then on, as is one
        that was unknown before: it may be looked for, and is not to be sent.
        """
        ...

    def hand_over(self, claim: ReplyClaim, now: datetime, *, cost_usd: float) -> None:
        """Count that it is handed to its platform now, under the same lease. Raises LeaseLostError.

        ``cost_usd`` is owed once it stands there, however that is found out; not where it turns out not to.
        The count starts anew with another text and with a person's retry.
        """
        ...

    def sent(self, claim: ReplyClaim, sent: SentReply, now: datetime) -> None:
        """As `stands`, whoever holds it by now: what is seen on the platform outweighs every lease."""
        ...

    def settle(
        self,
        claim: ReplyClaim,
        state: ReplyState,
        act: ReplyAct,
        *,
        now: datetime,
        due_at: datetime | None,
        reason: str,
        problem: Problem | None = None,
    ) -> None:
        """How the claim ended, where it did not end on the platform. Raises LeaseLostError."""
        ...

    def owed(self, limit: int) -> list[int]:
        """Which stand on their platforms, were handed over by a machine, and were not charged yet."""
        ...

    def charge(self, reply_id: int) -> float | None:
        """Take what one that stands costs in US dollars, 0 where it is free; None where nothing is owed (any more).

        Of two that ask at once one gets it. Raises NotFoundError.
        """
        ...

    # --- conversations

    def standing_near(self, mentions: Sequence[Mention]) -> list[Standing]:
        """Replies of ours that stand, or may, in the conversations of these collected mentions."""
        ...
