"""Who has a mention open: said by opening its page, again by the page itself, and unsaid when it goes."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from starlette.background import BackgroundTask

from sahut.core import viewing
from sahut.core.model import Viewing
from sahut.core.ports import Tx
from triage_api.fields import LARGEST_ID
from triage_api.web import hostile, pages
from triage_api.web.desk import Desk, Owns

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
# How many may wait for a busy writer: each has a thread that pages are answered by as well.
_PLACES = BoundedSemaphore(4)
# Later than this its page has said so itself, or is gone: a late word would undo a newer one.
_LATE = timedelta(seconds=5)


class _LateError(Exception):
    """The writer was busy for too long."""


def opened(desk: Desk, tx: Tx, mention_id: int) -> dict[str, Any]:
    """What the mention's page shows of others who read it. ``viewing_key`` is "" for who only reads."""
    if not viewing.announces(desk.signed.user.role):
        return {"viewing_key": "", "readers": ""}
    return {"viewing_key": secrets.token_urlsafe(9), "readers": others(desk, tx, [mention_id]).get(mention_id, "")}


def noting(desk: Desk, mention_id: int, key: str) -> BackgroundTask | None:
    """Say that this person has the mention open, once its page is on its way: a busy writer keeps nobody from reading.

    Without JavaScript that holds for two minutes; with it the page goes on saying so.
    """
    return BackgroundTask(_note, desk, mention_id, key) if key else None


def _note(desk: Desk, mention_id: int, key: str) -> None:
    if not _PLACES.acquire(blocking=False):
        log.warning("mention %d is open, and not said to be: the database is busy", mention_id)
        return
    try:
        with desk.deps.store.begin() as tx:
            viewing.hold(tx, mention_id, key=key, actor=desk.signed.actor, now=desk.now)
            if desk.deps.clock() - desk.now > _LATE:
                raise _LateError  # noqa: TRY301 - so that the transaction is rolled back
    except _LateError:
        log.warning("mention %d was opened, and it is too late to say so: the database is busy", mention_id)
    except Exception:
        # The page was answered; colleagues learn of its reader by its next word.
        log.warning("mention %d is open, and not said to be", mention_id, exc_info=True)
    finally:
        _PLACES.release()


def others(desk: Desk, tx: Tx, mention_ids: Sequence[int]) -> dict[int, str]:
    """Who else has which of these mentions open, in words."""
    found = viewing.others(tx, desk.signed.user.id, desk.now, mention_ids)
    return {mention_id: named(those) for mention_id, those in found.items()}


def named(found: Sequence[Viewing]) -> str:
    """Their names in a row."""
    return ", ".join(hostile.line(one.name) for one in found)


@router.post("/mentions/{mention_id}/viewing")
def renew(form: Owns, mention_id: MentionId) -> Response:
    """The page is still open, or is going; who else reads, as the page shows it."""
    desk, key = form.desk, form.get("key", 40)
    with desk.deps.store.begin() as tx:
        if form.get("gone", 1):
            tx.mentions.get(mention_id)
            viewing.drop(tx, mention_id, key=key, actor=desk.signed.actor)
            return Response(status_code=204)
        viewing.hold(tx, mention_id, key=key if _KEY.fullmatch(key) else "", actor=desk.signed.actor, now=desk.now)
        found = viewing.others(tx, desk.signed.user.id, desk.now, [mention_id])
    return pages.page(desk.request, "viewers.html", readers=named(found.get(mention_id, [])))
