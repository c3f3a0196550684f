"""Lists of feeds on the board: OPML out for other readers, and theirs in."""

from __future__ import annotations

from fastapi import APIRouter, Response

from sahut.core import noting, opml
from sahut.core.errors import RefusedError
from sahut.core.ports import Tx
from triage_api.deps import ring
from triage_api.errors import ForbiddenError, InvalidError
from triage_api.permissions import Permission
from triage_api.web.desk import AtDesk, Manages
from triage_api.web.words import _

router = APIRouter(prefix="/sources", include_in_schema=False)

# Pasted into a form, which the limit of a request's body bounds too.
_LONGEST_LIST = 1_000_000


@router.get("/opml")
def export(desk: AtDesk) -> Response:
    """The feeds that are followed, without passwords, as a file."""
    if not desk.may(Permission.MANAGE):
        raise ForbiddenError(_("Peran Anda tidak mencakup tindakan ini."))
    with desk.deps.store.begin() as tx:
        found = [source.draft for source in tx.sources.all()]
        text = opml.write(found, title="Sahut", now=desk.now)
        noting.export(tx, "sources", actor=desk.signed.actor, now=desk.now, rows=len(found))
    return Response(
        text,
        media_type="text/x-opml",
        headers={"Content-Disposition": 'attachment; filename="sahut-sumber.opml"'},
    )


@router.post("/opml")
def add_all(form: Manages) -> Response:
    """Follow the feeds of a pasted list; those that are followed already are skipped."""
    try:
        drafts, notes = opml.read(form.get("opml", _LONGEST_LIST).encode())
    except RefusedError as error:
        raise InvalidError(_("Ini bukan daftar umpan (OPML) yang dapat dibaca.")) from error
    added: list[int] = []

    def act(tx: Tx) -> str:
        plan = opml.plan(drafts, notes, [source.draft for source in tx.sources.all()])
        added.extend(tx.sources.add(draft, form.desk.now).id for draft in plan.add)
        for source_id in added:
            noting.source(tx, "added", source_id, actor=form.desk.signed.actor, now=form.desk.now)
        return "/sources?done=listed" if plan.add else "/sources?done=listed_before"

    answer = form.once(act)
    for source_id in added:
        ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer
