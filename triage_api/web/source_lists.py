"""Lists of feeds on the board: OPML out for other readers, and theirs in."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response

from sahut.core import noting, opml
from sahut.core.errors import RefusedError
from sahut.core.model import SourceDraft
from sahut.core.ports import Tx
from triage_api.deps import ring
from triage_api.errors import ForbiddenError, InvalidError
from triage_api.permissions import Permission
from triage_api.web.desk import AtDesk, Manages
from triage_api.web.uploads import Uploaded
from triage_api.web.words import _

router = APIRouter(prefix="/sources", include_in_schema=False)

# Pasted into a form, which the limit of a request's body bounds too.
_LONGEST_LIST = 1_000_000
# A form has 500 fields at most.
_MOST_PICKS = 400


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


@router.post("/opml/check")
def look_through(desk: AtDesk, sent: Uploaded) -> Response:
    """Show which feeds of a list, sent as a file or pasted, would be added. Changes nothing."""
    form = sent.posted(desk)
    text = form.get("opml", _LONGEST_LIST)
    if sent.file is not None:
        text = sent.file.file.read(_LONGEST_LIST + 1).decode("utf-8-sig", "replace")
    drafts, notes = _read(text)
    with desk.deps.store.read() as tx:
        plan = opml.plan(drafts, notes, [source.draft for source in tx.sources.all()])
        return desk.page(
            tx, "source_list.html", tab="sources", plan=plan, text=text, choosing=len(plan.add) <= _MOST_PICKS
        )


@router.post("/opml")
def add_all(form: Manages) -> Response:
    """Follow the feeds of a list, those that were ticked where there was a choice; followed ones are skipped."""
    drafts, notes = _read(form.get("opml", _LONGEST_LIST))
    wanted = set(form.all("feed")) if form.get("choosing", 1) else None
    added: list[int] = []

    def act(tx: Tx) -> str:
        added.clear()  # Of a try that the database gave up nothing happened.
        plan = opml.plan(drafts, notes, [source.draft for source in tx.sources.all()])
        chosen = [draft for draft in plan.add if wanted is None or draft.address in wanted]
        added.extend(tx.sources.add(draft, form.desk.now).id for draft in chosen)
        for source_id in added:
            noting.source(tx, "added", source_id, actor=form.desk.signed.actor, now=form.desk.now)
        return "/sources?done=listed" if chosen else "/sources?done=listed_before"

    answer = form.once(act)
    for source_id in added:
        ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


def _read(text: str) -> tuple[Sequence[SourceDraft], Sequence[str]]:
    """Raises InvalidError for what is no list."""
    try:
        return opml.read(text.encode())
    except RefusedError as error:
        raise InvalidError(_("Ini bukan daftar umpan (OPML) yang dapat dibaca.")) from error
