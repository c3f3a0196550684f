"""Sources: how each is doing, and what an operator may do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse

from sahut.core import noting, rules
from sahut.core.model import Probe, Source, SourceDay, SourceDraft, SourceState
from sahut.core.ports import Tx
from triage_api import addresses
from triage_api.deps import ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.web import hostile
from triage_api.web.desk import AtDesk, Manages, Posted
from triage_api.web.words import _

router = APIRouter(prefix="/sources", include_in_schema=False)

SourceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_LONGEST_NAME, _LONGEST_ADDRESS, _LONGEST_QUERY = 100, 2_000, 1_000
_LEAST_MINUTES, _MOST_MINUTES = 1, 7 * 24 * 60
_MOST_SHOWN = 10
_NOTHING_YET = SourceDraft(platform="feed", name="", address="")


@router.get("")
def sources(desk: AtDesk) -> Response:
    """Every source with its health."""
    with desk.deps.store.read() as tx:
        found = [
            (one, rules.condition(one, desk.now, desk.deps.policy), rules.silent_after(one, desk.deps.policy))
            for one in tx.sources.all()
        ]
        ids = [one.id for one, *_rest in found]
        return desk.page(
            tx,
            "sources.html",
            tab="sources",
            found=found,
            weeks=_weeks(tx.sources.days(ids, desk.now.date() - timedelta(days=6)), desk.now.date()),
            gaps=tx.sources.gaps(ids),
            draft=_NOTHING_YET,
        )


@router.post("")
def add(form: Manages) -> Response:
    """Follow a feed from now on."""
    draft = _filled_in(form)
    draft = replace(draft, name=draft.name or hostile.host_of(draft.address)[:_LONGEST_NAME])
    added: list[int] = []

    def act(tx: Tx) -> str:
        added.append(tx.sources.add(draft, form.desk.now).id)
        noting.source(tx, "added", added[-1], actor=form.desk.signed.actor, now=form.desk.now)
        return "/sources?done=added"

    answer = form.once(act)
    for source_id in added:
        ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


@router.get("/test")
def leave_test(desk: AtDesk) -> Response:  # noqa: ARG001 - asked for, so that strangers are sent to the door
    """A result is not kept: going back to it by its address leads to the form."""
    return RedirectResponse("/sources#add", status_code=303)


@router.post("/test")
def try_out(form: Manages) -> Response:
    """Look at an address that is not followed yet, and offer to follow it."""
    draft = _filled_in(form)
    found = form.desk.deps.look(draft)
    name = draft.name or hostile.line(found.title)[:_LONGEST_NAME]
    return _shown(form, replace(draft, address=found.address or draft.address, name=name), found)


@router.get("/{source_id}")
def settings(desk: AtDesk, source_id: SourceId) -> Response:
    """What is set about a source, to be changed or taken away by who may."""
    with desk.deps.store.read() as tx:
        source = tx.sources.get(source_id)
        return desk.page(
            tx,
            "source.html",
            tab="sources",
            source=source,
            values=replace(source.draft, address=addresses.shown(source.address)),
            minutes=max(1, round(source.interval / timedelta(minutes=1))),
            most_minutes=_MOST_MINUTES,
        )


@router.post("/{source_id}")
def change(form: Manages, source_id: SourceId) -> Response:
    """Set name, query and interval, and the address where it is one of the web. A new address is read at once."""
    minutes = form.number("minutes")
    if not _LEAST_MINUTES <= minutes <= _MOST_MINUTES:
        raise InvalidError(_("Isi selang antara 1 menit dan 7 hari (10.080 menit)."))

    def act(tx: Tx) -> str:
        source = tx.sources.get(source_id)
        # Other addresses are files and accounts, which the command line names.
        kept = source.platform != "feed" or form.get("address", _LONGEST_ADDRESS) == addresses.shown(source.address)
        draft = replace(
            source.draft,
            name=form.get("name", _LONGEST_NAME) or source.name,
            address=source.address if kept else _filled_in(form).address,
            query=form.get("query", _LONGEST_QUERY),
            interval=timedelta(minutes=minutes),
        )
        tx.sources.change(source_id, draft, version=form.number("version"), now=form.desk.now)
        noting.source(tx, "changed", source_id, actor=form.desk.signed.actor, now=form.desk.now)
        return f"/sources?done=saved#source-{source_id}"

    answer = form.once(act)
    ring(form.desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


@router.post("/{source_id}/test")
def try_source(form: Manages, source_id: SourceId) -> Response:
    """Look at a source as if it were new; its health stays as it is."""
    with form.desk.deps.store.read() as tx:
        source = tx.sources.get(source_id)
    return _shown(form, source.draft, addresses.masked(form.desk.deps.look(source.draft)), source)


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
    week = [today - timedelta(days=back) for back in reversed(range(7))]
    found = {}
    for source_id, read in days.items():
        by_day = {one.day: one for one in read}
        unread = (SourceDay(day=day, readings=0, failures=0, new=0) for day in week)
        found[source_id] = [by_day.get(one.day, one) for one in unread] if read else []
    return found


def _filled_in(form: Posted) -> SourceDraft:
    """Raises InvalidError for an address that is none."""
    address = form.get("address", _LONGEST_ADDRESS)
    if hostile.web_address(address) is None:
        raise InvalidError(_("Isi alamat umpan yang diawali http:// atau https://."))
    return SourceDraft(
        platform="feed",
        name=form.get("name", _LONGEST_NAME),
        address=address,
        query=form.get("query", _LONGEST_QUERY),
    )


def _shown(form: Posted, draft: SourceDraft, found: Probe, source: Source | None = None) -> Response:
    desk = form.desk
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "source_test.html",
            tab="sources",
            draft=draft,
            found=found,
            source=source,
            shown=found.mentions[:_MOST_SHOWN],
        )
