"""Looking behind the masks: a form that asks why, and a page that is shown once and kept nowhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from sahut.core import revealing
from sahut.core.model import RevealPurpose, Ticket
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web.desk import Desk, Posted, posting
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

ThingId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Reveals = Annotated[Posted, Depends(posting(Permission.REVEAL))]
_LONGEST_NOTE = 300


def _purpose(form: Posted) -> RevealPurpose:
    said = form.get("purpose", 40)
    if said not in set(RevealPurpose):
        raise InvalidError(_("Pilih alasan membuka data pribadi."))
    return RevealPurpose(said)


@router.post("/mentions/{mention_id}/reveal")
def mention(form: Reveals, mention_id: ThingId) -> Response:
    """A mention as it is."""
    purpose, note, desk = _purpose(form), form.get("note", _LONGEST_NOTE), form.desk
    with desk.deps.store.begin() as tx:
        found = revealing.mention(tx, mention_id, purpose=purpose, note=note, actor=desk.signed.actor, now=desk.now)
    return _shown(desk, f"/mentions/{mention_id}", purpose, mention=found)


@router.post("/tickets/{ticket_id}/reveal")
def ticket(form: Reveals, ticket_id: ThingId) -> Response:
    """A ticket's own words as they are."""
    purpose, note, desk = _purpose(form), form.get("note", _LONGEST_NOTE), form.desk
    with desk.deps.store.begin() as tx:
        found = revealing.ticket(tx, ticket_id, purpose=purpose, note=note, actor=desk.signed.actor, now=desk.now)
    return _shown(desk, f"/tickets/{ticket_id}", purpose, ticket=found)


def _shown(
    desk: Desk,
    back: str,
    purpose: RevealPurpose,
    *,
    mention: revealing.Unmasked | None = None,
    ticket: Ticket | None = None,
) -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "revealed.html",
            tab="queue" if mention else "tickets",
            back=back,
            purpose=purpose,
            mention=mention,
            ticket=ticket,
        )
