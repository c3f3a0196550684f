"""What replies cost: charged to their credential once they stand, once each, whoever found that out.

A worker that sent one, or a person who looked, charges it in the same transaction. A collector that comes upon it does
not: it holds the locks of a page, and whoever sends takes them in another order. What it leaves is charged by
`book_owed` a moment later, as is what anybody else left.
"""

from __future__ import annotations

from datetime import datetime

from sahut.core.model import Currency, Reply
from sahut.core.ports import Store, Tx

_AT_ONCE = 100


def token(reply: Reply) -> str:
    """Under what its price is set aside: the same for whoever finds out later what became of it."""
    return f"reply {reply.key}"


def book(tx: Tx, reply_id: int, now: datetime) -> None:
    """Charge one that stands instead of what was set aside for it; a second time does nothing. Raises NotFoundError."""
    cost_usd = tx.replies.charge(reply_id)
    if cost_usd is None:
        return
    reply = tx.replies.get(reply_id)
    credential_id = tx.sources.get(reply.source_id).credential_id
    if credential_id is not None:
        spent = {Currency.REPLIES: 1.0, Currency.USD: cost_usd}
        tx.credentials.settle(credential_id, token(reply), now, spent)


def book_owed(store: Store, now: datetime) -> None:
    """Charge what stands and is owed still, each in a transaction of its own."""
    with store.read() as tx:
        owed = tx.replies.owed(_AT_ONCE)
    for reply_id in owed:
        with store.begin() as tx:
            book(tx, reply_id, now)
