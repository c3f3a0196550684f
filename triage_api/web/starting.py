"""Where somebody begins: the view of the queue that they chose, or what their role begins with."""

from __future__ import annotations

from sahut.core.model import SavedView, User
from sahut.core.ports import Tx
from triage_api import permissions
from triage_api.permissions import Permission
from triage_api.web import filters


def home(tx: Tx, user: User) -> str:
    """The address."""
    start = tx.views.start_of(user.id) if permissions.may(user.role, Permission.READ) else None
    return permissions.home(user.role) if start is None else address(start)


def address(view: SavedView) -> str:
    """The queue as a view asks for it."""
    return filters.address(view.asked)
