"""Who has a mention open: told to colleagues, so that two do not decide the same by chance; it blocks nobody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sahut.core.model import Actor, Role, Viewing
from sahut.core.ports import Tx

LASTS = timedelta(minutes=2)
"""How long one is taken to look after their page was last heard of."""
# Those who only read announce nothing: an auditor leaves no trace in what colleagues see.
_ACTS = frozenset({Role.ADMIN, Role.TRIAGE, Role.COMMS, Role.APPROVER})


def announces(role: Role) -> bool:
    """Whether somebody of this role could act on a mention, so that colleagues want to know of them."""
    return role in _ACTS


def hold(tx: Tx, mention_id: int, *, key: str, actor: Actor, now: datetime) -> None:
    """``actor`` has the mention open on the page ``key``; who only reads leaves no trace. Raises NotFoundError."""
    tx.mentions.get(mention_id)
    if announces(actor.role):
        tx.viewings.hold(mention_id, actor.user_id, key, now=now, until=now + LASTS)


def drop(tx: Tx, mention_id: int, *, key: str, actor: Actor) -> None:
    """The page ``key`` is gone."""
    if announces(actor.role):
        tx.viewings.drop(mention_id, actor.user_id, key)


def others(tx: Tx, user_id: int, now: datetime, mention_ids: Collection[int] | None = None) -> dict[int, list[Viewing]]:
    """Who else has which of these mentions open, by mention; of all mentions for None."""
    found: dict[int, list[Viewing]] = {}
    for one in tx.viewings.present(now, mention_ids):
        if one.user_id != user_id:
            found.setdefault(one.mention_id, []).append(one)
    return found
