"""A ticket that goes on in another: which one, yes, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sahut.core import merging, suggesting
from sahut.core.model import OPEN_TICKETS, Ticket, TicketEvent, TicketFilter
from sahut.core.ports import Tx
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.web.desk import AtDesk, Decides, Desk, Posted, picks_of
from triage_api.web.languages import ngettext
from triage_api.web.words import _

router = APIRouter(prefix="/tickets", include_in_schema=False)
TicketId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_MOST_LIKELY, _MOST_FOUND = 5, 10


@router.get("/{ticket_id}/merge")
def choose(desk: AtDesk, ticket_id: TicketId) -> Response:
    """Which ticket this one is the same as: the likeliest, or a search."""
    search = desk.request.query_params.get("q", "").strip()[:200].replace("\x00", "")
    with desk.deps.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
        merging.check_stands(ticket)
        where = TicketFilter(search=search, statuses=OPEN_TICKETS)
        found = tx.tickets.page(where, limit=_MOST_FOUND).items if search else []
        return desk.page(
            tx,
            "ticket_merge.html",
            tab="tickets",
            ticket=ticket,
            search=search,
            likely=[] if search else suggesting.tickets_like(tx, ticket, limit=_MOST_LIKELY),
            tickets=[one for one in found if one.id != ticket_id],
        )


@router.post("/{ticket_id}/merge")
def merge(form: Decides, ticket_id: TicketId) -> Response:
    """Let this ticket go on in the chosen one."""

    def act(tx: Tx) -> str:
        old = _seen(form, "old")
        if old[0] != ticket_id:
            raise InvalidError(_("Isian angka tidak dapat dibaca."))
        into = merging.merge_tickets(tx, old, _seen(form, "into"), actor=form.desk.signed.actor, now=form.desk.now)
        return f"/tickets/{into.id}?done=tickets_merged"

    return form.once(act)


@router.post("/{ticket_id}/part")
def part(form: Decides, ticket_id: TicketId) -> Response:
    """Take the merge of this ticket back."""

    def act(tx: Tx) -> str:
        merging.part_tickets(tx, ticket_id, version=None, actor=form.desk.signed.actor, now=form.desk.now)
        return f"/tickets/{ticket_id}?done=tickets_parted"

    return form.once(act)


def _seen(form: Posted, name: str) -> tuple[int, int | None]:
    """A ticket and the version that the page showed, as ``ID:VERSION``."""
    return picks_of([form.get(name)])[0]


def led(desk: Desk, tx: Tx, ticket: Ticket) -> Ticket | None:
    """The ticket that led here, where its number was asked for."""
    asked = desk.request.query_params.get("from", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < len(str(LARGEST_ID))):
        return None
    found = tx.tickets.get(int(asked))
    return found if found.merged_into == ticket.id else None


def taken_over(tx: Tx, events: list[TicketEvent]) -> Ticket | None:
    """The ticket whose merge into the one with these events can still be taken back."""
    last = merging.last_taken_over(events)
    return tx.tickets.get(last) if last is not None and merging.can_part(tx, last) else None


def sentence(event: TicketEvent) -> str:
    """A line of a history that tells of a merge, in words; "" for any other."""
    count = len(event.detail.get("mentions", ()))
    mentions = ngettext("%s sebutan", "%s sebutan", count) % count
    said = {"number": event.detail.get("number") or _("tiket unit kerja lain"), "mentions": mentions}
    match event.kind:
        case merging.LEFT:
            return _("menggabungkan tiket ini ke %(number)s bersama %(mentions)s") % said
        case merging.TOOK_OVER:
            return _("menggabungkan %(number)s ke tiket ini bersama %(mentions)s") % said
        case merging.CAME_BACK:
            return _("mengurungkan penggabungan ke %(number)s; %(mentions)s kembali ke sini") % said
        case merging.GAVE_BACK:
            return _("mengurungkan penggabungan %(number)s; %(mentions)s kembali ke sana") % said
    return ""
