"""Sources: how each is doing, and what an operator may do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response

from sahut.core import noting, reporting, rules
from sahut.core.model import SourceDay, SourceState
from sahut.core.ports import Tx
from triage_api.deps import ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.web.desk import AtDesk, Manages
from triage_api.web.words import _

router = APIRouter(prefix="/sources", include_in_schema=False)

SourceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("")
def sources(desk: AtDesk) -> Response:
    """Every source with its health."""
    with desk.deps.store.read() as tx:
        found = [
            (one, rules.condition(one, desk.now, desk.deps.policy), rules.silent_after(one, desk.deps.policy))
            for one in tx.sources.all()
        ]
        ids = [one.id for one, *_rest in found]
        gaps = tx.sources.gaps(ids)
        return desk.page(
            tx,
            "sources.html",
            tab="sources",
            found=found,
            weeks=_weeks(tx.sources.days(ids, desk.now.date() - timedelta(days=6)), desk.now.date()),
            gaps=gaps,
            holes={one: reporting.holes(gaps[one], reporting.days_until(desk.now.date())) for one in ids},
        )


@router.post("/{source_id}/{state}")
def set_state(form: Manages, source_id: SourceId, state: str) -> Response:
    """Pause it, read it again, or take it away; what it brought stays."""
    states = {
        "pause": (SourceState.PAUSED, "paused"),
        "resume": (SourceState.ACTIVE, "resumed"),
        "remove": (SourceState.REMOVED, "removed"),
    }
    if state not in states:
        raise InvalidError(_("Tindakan itu tidak ada."))
    wanted, word = states[state]

    def act(tx: Tx) -> str:
        tx.sources.set_state(source_id, wanted, version=form.number("version"), now=form.desk.now)
        noting.source(tx, wanted, source_id, actor=form.desk.signed.actor, now=form.desk.now)
        return f"/sources?done={word}#source-{source_id}"

    answer = form.once(act)
    if wanted is SourceState.ACTIVE:
        ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


def _weeks(days: Mapping[int, Sequence[SourceDay]], today: date) -> dict[int, list[SourceDay]]:
    """By source the last seven days, those without a reading too; empty where there was none at all."""
    week = reporting.days_until(today)
    return {source_id: reporting.filled(read, week) if read else [] for source_id, read in days.items()}
