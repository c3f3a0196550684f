"""Who has a mention open: said by opening its page, again by the page itself, and unsaid when it goes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from sahut.core import viewing
from sahut.core.model import MentionRecord, Viewing
from sahut.core.ports import Tx
from triage_api.fields import LARGEST_ID
from triage_api.web import hostile, pages
from triage_api.web.desk import Desk, Owns

router = APIRouter(include_in_schema=False)

MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


def opened(desk: Desk, mention_id: int) -> dict[str, Any]:
    """Say that this person has the mention open, and what its page shows of others. Raises NotFoundError.

    Without JavaScript that holds for two minutes; with it the page goes on saying so. ``viewing_key`` is "" for who
    only reads.
    """
    key = secrets.token_urlsafe(9) if viewing.announces(desk.signed.user.role) else ""
    if not key:
        return {"viewing_key": "", "readers": ""}
    with desk.deps.store.begin() as tx:
        viewing.hold(tx, mention_id, key=key, actor=desk.signed.actor, now=desk.now)
        found = viewing.others(tx, desk.signed.user.id, desk.now, [mention_id])
    return {"viewing_key": key, "readers": named(found.get(mention_id, []))}


def others(desk: Desk, tx: Tx, records: Sequence[MentionRecord]) -> dict[int, str]:
    """Who else has which of these mentions open, in words."""
    found = viewing.others(tx, desk.signed.user.id, desk.now, [one.id for one in records])
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
