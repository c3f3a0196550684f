"""Filters of the queue that somebody keeps under a name, for themselves or for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import Actor, AuditAct, AuditDraft, SavedView
from sahut.core.ports import Tx

LONGEST_NAME = 60
MOST = 40
"""How many one person keeps."""


def seen(tx: Tx, view_id: int, user_id: int) -> SavedView:
    """A view of one's own, or one that is shared. Raises NotFoundError, also for another's private one."""
    found = tx.views.get(view_id)
    if found.owner_id != user_id and not found.shared:
        raise NotFoundError("view", view_id)
    return found


def save(tx: Tx, name: str, asked: Mapping[str, str], *, actor: Actor, now: datetime) -> SavedView:
    """Keep filters (name → value, as the queue's address has them) under a name.

    Raises RefusedError (rules ``view_name``, ``view_exists``, ``views_full``).
    """
    name = _named(name)
    mine = [one for one in tx.views.of(actor.user_id) if one.owner_id == actor.user_id]
    if len(mine) >= MOST:
        raise RefusedError(f"{actor.name} keeps {MOST} views already; delete one first", rule="views_full")
    _check_free(tx, name, actor.user_id)
    return tx.views.add(actor.user_id, name, asked, now)


def rename(
    tx: Tx, view_id: int, name: str, *, version: int | None, may_share: bool, actor: Actor, now: datetime
) -> SavedView:
    """Give a view another name. Raises as `save`, and NotFoundError, StaleWriteError, RefusedError(rule="role")."""
    found = _own(tx, view_id, may_share=may_share, actor=actor)
    name = _named(name)
    if name != found.name:
        _check_free(tx, name, found.owner_id)
    return tx.views.rename(view_id, name, version=version, now=now)


def drop(tx: Tx, view_id: int, *, may_share: bool, actor: Actor, now: datetime) -> None:
    """Forget a view; whoever began with it begins with the whole queue again."""
    found = _own(tx, view_id, may_share=may_share, actor=actor)
    tx.views.drop(view_id)
    if found.shared:
        _note(tx, found, "removed", actor, now)


def share(tx: Tx, view_id: int, *, shared: bool, actor: Actor, now: datetime) -> SavedView:
    """Show a view to everybody, or to its owner alone again. That the caller may is the route's matter."""
    found = seen(tx, view_id, actor.user_id)
    if found.shared == shared:
        return found
    changed = tx.views.share(view_id, shared=shared, now=now)
    _note(tx, found, "shared" if shared else "unshared", actor, now)
    return changed


def start(tx: Tx, view_id: int | None, *, actor: Actor) -> None:
    """Begin with a view from now on; None for the whole queue. Raises NotFoundError."""
    if view_id is not None:
        seen(tx, view_id, actor.user_id)
    tx.views.start_with(actor.user_id, view_id)


def _own(tx: Tx, view_id: int, *, may_share: bool, actor: Actor) -> SavedView:
    found = seen(tx, view_id, actor.user_id)
    if found.owner_id != actor.user_id and not may_share:
        raise RefusedError(f"view {view_id} belongs to {found.owner_name}", rule="role")
    return found


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise RefusedError(f"a view's name has 1 to {LONGEST_NAME} characters", rule="view_name")
    return name


def _check_free(tx: Tx, name: str, owner_id: int) -> None:
    taken = {one.name.casefold() for one in tx.views.of(owner_id) if one.owner_id == owner_id}
    if name.casefold() in taken:
        raise RefusedError(f"there is a view {name!r} already", rule="view_exists")


def _note(tx: Tx, view: SavedView, what: str, actor: Actor, now: datetime) -> None:
    detail = {"what": what}
    tx.audit.add(AuditDraft(act=AuditAct.SETTING, at=now, actor=actor, kind="view", key=str(view.id), detail=detail))
