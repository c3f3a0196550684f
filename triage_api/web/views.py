"""Saved views: filters under a name, above the queue with their counts, and a page to tidy them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Response

from sahut.core import views
from sahut.core.model import MentionFilter, MentionState, SavedView
from sahut.core.ports import Tx
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web import filters, starting
from triage_api.web.desk import AtDesk, Desk, Owns, Posted, posting, with_flash

router = APIRouter(prefix="/views", include_in_schema=False)

ViewId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Shares = Annotated[Posted, Depends(posting(Permission.SHARE))]
MOST_COUNTED = 5_000
"""Of so many that wait, the most pressing, the counts of views are made: all there are, in all but the largest."""
_MOST_SHOWN = 12
_WAITS = MentionFilter(states=(MentionState.FLAGGED,), folded=False)


class Listed(NamedTuple):
    """A view as a link: ``waiting`` is None where it shows what no longer waits; ``more``: there may be others."""

    view: SavedView
    url: str
    waiting: int | None
    more: bool
    chips: list[filters.Chip]


def listed(desk: Desk, tx: Tx) -> list[Listed]:
    """One's own views and the shared ones, with how many that wait match each at this moment."""
    found = tx.views.of(desk.signed.user.id)
    asked = {one.id: filters.read(one.asked, desk.deps.policy, desk.deps.areas) for one in found}
    waits = [one for one in found if "state" not in one.asked]
    wheres = [asked[one.id].where((MentionState.FLAGGED,), desk.deps.policy, desk.now) for one in waits]
    numbers = tx.mentions.waiting_by(wheres, most=MOST_COUNTED)
    counts = dict(zip((one.id for one in waits), numbers, strict=True))
    more = bool(waits) and tx.mentions.count(_WAITS, cap=MOST_COUNTED + 1) > MOST_COUNTED
    sources, people = tx.sources.all(), desk.people(tx)
    return [
        Listed(
            view=one,
            url=starting.address(one),
            waiting=counts.get(one.id),
            more=more,
            chips=filters.chips(asked[one.id], desk.deps.policy, sources, desk.deps.areas, people),
        )
        for one in found
    ]


def bar(desk: Desk, tx: Tx, said: Mapping[str, str]) -> dict[str, Any]:
    """What stands above the queue; ``said`` is its whole address, which may be one of the views, or become one."""
    found = listed(desk, tx)
    here = {name: value for name, value in said.items() if value}
    return {
        "views": found[:_MOST_SHOWN],
        "view_here": next((one.view.id for one in found if dict(one.view.asked) == here), None),
        "view_said": here,
    }


@router.get("")
def page(desk: AtDesk) -> Response:
    """All of them, to rename, share and delete."""
    with desk.deps.store.read() as tx:
        start = tx.views.start_of(desk.signed.user.id)
        return desk.page(
            tx,
            "views.html",
            tab="queue",
            found=listed(desk, tx),
            start=start.id if start else None,
            may_share=desk.may(Permission.SHARE),
            longest=views.LONGEST_NAME,
        )


@router.post("")
def save(form: Owns) -> Response:
    """Keep the filters that hold."""
    desk = form.desk
    asked = filters.kept(
        {name: form.get(name, 300) for name in (*filters.NAMES, "state", "order")}, desk.deps.policy, desk.deps.areas
    )

    def act(tx: Tx) -> str:
        views.save(tx, form.get("name", 300), asked, actor=desk.signed.actor, now=desk.now)
        return with_flash(filters.address(asked), "done=view_saved")

    return form.once(act)


@router.post("/{view_id}")
def rename(form: Owns, view_id: ViewId) -> Response:
    """Another name."""
    desk = form.desk

    def act(tx: Tx) -> str:
        views.rename(
            tx,
            view_id,
            form.get("name", 300),
            version=form.number("version"),
            may_share=desk.may(Permission.SHARE),
            actor=desk.signed.actor,
            now=desk.now,
        )
        return with_flash("/views", "done=saved")

    return form.once(act)


@router.post("/{view_id}/start")
def start(form: Owns, view_id: ViewId) -> Response:
    """Begin with it; with ``off``, with the whole queue again."""

    def act(tx: Tx) -> str:
        views.start(tx, None if form.get("off", 1) else view_id, actor=form.desk.signed.actor)
        return with_flash("/views", "done=saved" if form.get("off", 1) else "done=view_started")

    return form.once(act)


@router.post("/{view_id}/delete")
def delete(form: Owns, view_id: ViewId) -> Response:
    """Forget it."""
    desk = form.desk

    def act(tx: Tx) -> str:
        views.drop(tx, view_id, may_share=desk.may(Permission.SHARE), actor=desk.signed.actor, now=desk.now)
        return with_flash("/views", "done=view_removed")

    return form.once(act)


@router.post("/{view_id}/share")
def share(form: Shares, view_id: ViewId) -> Response:
    """Show it to everybody; with ``off``, to its owner alone."""
    desk = form.desk

    def act(tx: Tx) -> str:
        views.share(tx, view_id, shared=not form.get("off", 1), actor=desk.signed.actor, now=desk.now)
        return with_flash("/views", "done=saved")

    return form.once(act)
