"""Letting Sahut into a platform by a browser: begun by a person here, agreed to on the platform's site, ended here.

What comes back is taken once, within a quarter of an hour, and from whom that began it alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from sahut.core import noting, purses
from sahut.core.errors import RefusedError
from sahut.core.model import Actor, Credential, SignInOffer
from sahut.core.ports import BrowserMember, Clock, Collector, Store

CollectorFor = Callable[[str], Collector]
OPEN_FOR = timedelta(minutes=15)


def browser_member(collector: Collector) -> BrowserMember:
    """The collector as one that is let in so. Raises RefusedError(rule="sign_in_elsewhere")."""
    if not isinstance(collector, BrowserMember):
        raise RefusedError(f"{collector.platform} lets nobody in by a browser", rule="sign_in_elsewhere")
    return collector


def begin(
    store: Store, member: BrowserMember, credential_id: int, redirect: str, *, who: str, clock: Clock
) -> SignInOffer:
    """Where to send the browser. Raises NotFoundError, PermanentError where the credential does not say enough."""
    now = clock()
    offer = member.offer_sign_in(purses.opened(store, credential_id, clock), redirect)
    with store.begin() as tx:
        tx.credentials.begin_sign_in(credential_id, offer, who=who, now=now, expires_at=now + OPEN_FOR)
    return offer


def answer_in(said: str) -> tuple[str, str]:
    """Code and state of the address that the browser came back to, or of its query alone.

    Raises RefusedError: "sign_in_denied" where the platform says that it was not agreed to, "sign_in_answer" for
    anything else that is no answer.
    """
    said = said.strip()
    try:
        query = urlsplit(said).query or said.partition("?")[2] or said
    except ValueError:
        query = said
    found = {key: values[0] for key, values in parse_qs(query).items()}
    if found.get("error"):
        raise RefusedError(f"the platform answered: not agreed to ({found['error'][:100]})", rule="sign_in_denied")
    if not found.get("code") or not found.get("state"):
        raise RefusedError(
            "this is not the address that the browser ended at: it holds no code and state", rule="sign_in_answer"
        )
    return found["code"], found["state"]


def end(
    store: Store,
    collector_for: CollectorFor,
    code: str,
    state: str,
    *,
    who: str,
    clock: Clock,
    actor: Actor | None = None,
    name: str = "",
    only: int | None = None,
) -> Credential:
    """Take the platform's answer, and keep what it gives; ``only`` names the credential that it must be for.

    Raises RefusedError(rule="sign_in_state") where ``who`` began nothing with that ``state``, or it was used or ran
    out; CollectError where the platform refuses. The call is no part of a transaction.
    """
    now = clock()
    with store.begin() as tx:
        begun = tx.credentials.end_sign_in(state, who=who, now=now)
    if begun is None or (only is not None and begun[0] != only):
        raise RefusedError(
            "this sign-in was not begun here, was used already, or took too long: begin anew", rule="sign_in_state"
        )
    credential_id, offer = begun
    with store.read() as tx:
        one = tx.credentials.get(credential_id)
    access = purses.opened(store, credential_id, clock)
    account, session = browser_member(collector_for(one.platform)).sign_in(access, offer, code, now=now)
    with store.begin() as tx:
        tx.credentials.signed_in(credential_id, account, session, clock())
        noting.credential(tx, "signed_in", credential_id, now=clock(), actor=actor, name=name)
        return tx.credentials.get(credential_id)
