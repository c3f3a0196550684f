"""How long data are kept, and letting go of what its time is over for: in small transactions, counted and noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event

from sahut.core.model import Actor, AuditAct, AuditDraft, RetentionPolicy
from sahut.core.ports import Store

_BATCH = 200
# A run leaves the rest to the next one, so that no night has no end.
_MOST = 50_000


def spans(policy: RetentionPolicy) -> Mapping[str, timedelta]:
    """For how long each class is kept. Tickets first: their mentions go with them."""
    return {
        "tickets": policy.tickets,
        "dismissed": policy.dismissed,
        "filed": policy.filed,
        "raw": policy.raw,
        "set_aside": policy.set_aside,
    }


def due(store: Store, policy: RetentionPolicy, now: datetime) -> dict[str, int]:
    """How many rows of each class a run would let go of; changes nothing."""
    with store.read() as tx:
        return {name: tx.retention.due(name, now - span) for name, span in spans(policy).items()}


def run(
    store: Store,
    policy: RetentionPolicy,
    *,
    clock: Callable[[], datetime],
    stop: Event | None = None,
    actor: Actor | None = None,
    name: str = "sahut",
    most: int = _MOST,
) -> dict[str, int]:
    """Let go of what its time is over for, up to ``most`` rows of each class; how many by class.

    A run that found something leaves its counts in the audit log. Stopped or killed, the next one goes on.
    """
    gone: dict[str, int] = {}
    begun = clock()
    for kind, span in spans(policy).items():
        gone[kind] = 0
        while gone[kind] < most and not (stop is not None and stop.is_set()):
            with store.begin() as tx:
                count = tx.retention.forget(kind, begun - span, clock(), limit=_BATCH)
            gone[kind] += count
            if not count:
                break
    if any(gone.values()):
        store.sweep()
        with store.begin() as tx:
            tx.audit.add(AuditDraft(act=AuditAct.RETENTION, at=clock(), actor=actor, name=name, detail=gone))
    return gone
