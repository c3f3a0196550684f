"""Sources: how each is doing, and what an operator may do about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sahut.core import rules
from sahut.core.model import SourceDraft, SourceState
from sahut.core.ports import Tx
from triage_api.deps import ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.web import hostile
from triage_api.web.desk import AtDesk, Manages
from triage_api.web.words import _

router = APIRouter(prefix="/sources", include_in_schema=False)

SourceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_LONGEST_NAME, _LONGEST_ADDRESS, _LONGEST_QUERY = 100, 2_000, 1_000


@router.get("")
def sources(desk: AtDesk) -> Response:
    """Every source with its health."""
    with desk.deps.store.read() as tx:
        found = [
            (one, rules.condition(one, desk.now, desk.deps.policy), rules.silent_after(one, desk.deps.policy))
            for one in tx.sources.all()
        ]
        return desk.page(tx, "sources.html", tab="sources", found=found)


@router.post("")
def add(form: Manages) -> Response:
    """Follow a feed from now on."""
    name, address = form.get("name", _LONGEST_NAME), form.get("address", _LONGEST_ADDRESS)
    if not name or hostile.web_address(address) is None:
        raise InvalidError(_("Isi nama dan alamat umpan yang diawali http:// atau https://."))
    draft = SourceDraft(platform="feed", name=name, address=address, query=form.get("query", _LONGEST_QUERY))
    added: list[int] = []

    def act(tx: Tx) -> str:
        added.append(tx.sources.add(draft, form.desk.now).id)
        return "/sources?done=added"

    answer = form.once(act)
    for source_id in added:
        ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


@router.post("/{source_id}/{state}")
def set_state(form: Manages, source_id: SourceId, state: str) -> Response:
    """Pause it, or read it again."""
    states = {"pause": (SourceState.PAUSED, "paused"), "resume": (SourceState.ACTIVE, "resumed")}
    if state not in states:
        raise InvalidError(_("Tindakan itu tidak ada."))
    wanted, word = states[state]

    def act(tx: Tx) -> str:
        tx.sources.set_state(source_id, wanted, version=form.number("version"), now=form.desk.now)
        return f"/sources?done={word}#source-{source_id}"

    answer = form.once(act)
    if wanted is SourceState.ACTIVE:
        ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer
