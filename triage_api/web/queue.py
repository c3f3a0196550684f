"""The queue and what becomes of mentions: dismissed, chosen, merged, untied, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from sahut.core import actions, rules, suggesting
from sahut.core.errors import RefusedError
from sahut.core.model import (
    DismissReason,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionState,
    TicketFilter,
    TicketSuggestion,
    TieReason,
)
from sahut.core.ports import Tx
from triage_api import answering
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web import differences, filters, locator, news, replies, steering, viewings, views
from triage_api.web.desk import COUNT_CAP, AtDesk, Decides, Desk, picks_of, with_flash
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
PAGE = 25
_MOST_COPIES = 50
_DIGITS = 9
_MOST_FOUND = 10
_MOST_LIKELY = 5
_TABS: dict[str, tuple[MentionState, ...]] = {
    "flagged": (MentionState.FLAGGED,),
    "snoozed": (MentionState.SNOOZED,),
    "filed": (MentionState.FILED,),
    "converted": (MentionState.CONVERTED, MentionState.MERGED),
    "dismissed": (MentionState.DISMISSED,),
}
W = TypeVar("W", bound=StrEnum)


def _word(kind: type[W], said: str) -> tuple[W, ...]:
    """The word as a filter; one that does not exist filters nothing."""
    return (kind(said),) if said in set(kind) else ()


@router.get("/")
def queue(desk: AtDesk) -> Response:
    """What waits for a person, most pressing first; and, by tab, what no longer does."""
    params, deps = desk.request.query_params, desk.deps
    state = params.get("state", "flagged") if params.get("state") in _TABS else "flagged"
    asked = filters.read(params, deps.policy, deps.areas)
    order = filters.order_of(params.get("order", ""), waits=state == "flagged", searches="q" in asked.said)
    default = filters.order_of("", waits=state == "flagged")
    kept = {"state": "" if state == "flagged" else state, "order": "" if order is default else order.value}
    # Topics have an index with every state. Other filters would count through the whole archive, a tab at a time.
    counted = set(_TABS) if asked.said.keys() <= {"topic"} else {"flagged"}
    wheres = {name: asked.where(states, deps.policy, desk.now) for name, states in _TABS.items()}
    with deps.store.read() as tx:
        found = tx.mentions.page(wheres[state], order=order, limit=PAGE, after=params.get("after") or None)
        facets = tx.mentions.facets(wheres[state], cap=COUNT_CAP)
        counts = {name: tx.mentions.count(wheres[name], cap=COUNT_CAP) for name in counted - {state}}
        sources, people = tx.sources.all(), desk.people(tx)
        return desk.page(
            tx,
            "queue.html",
            tab="queue",
            state=state,
            tabs={
                name: (
                    filters.address(asked.said, state="" if name == "flagged" else name),
                    {**counts, state: facets.total}.get(name),
                )
                for name in _TABS
            },
            found=found,
            later=filters.address(asked.said, **kept, after=found.next) if found.next else "",
            first_page=filters.address(asked.said, **kept) if params.get("after") else "",
            urgent_from=deps.policy.urgent_threshold,
            people=people,
            readers=viewings.others(desk, tx, [one.id for one in found.items]),
            news=news.address(asked.said, tx) if state == "flagged" else "",
            newest=filters.address(asked.said, **kept),
            **views.bar(desk, tx, {**asked.said, **kept}),
            **filters.tools(asked, order, default, facets, deps.policy, sources, deps.areas, kept, people=people),
        )


@router.get("/areas")
def areas(desk: AtDesk) -> Response:
    """Provinces and regencies that a name may mean, to choose from while typing."""
    said = desk.request.query_params.get("place", "")[:100]
    found = desk.deps.areas().find(said, limit=_MOST_FOUND)
    options = Markup("").join(Markup('<option value="{}"></option>').format(area.name) for area in found)
    return Response(options, media_type="text/html; charset=utf-8", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/mentions/{mention_id}/copies")
def copies(desk: AtDesk, mention_id: MentionId) -> Response:
    """The mentions that count on this one, to unfold below its row, page by page."""
    with desk.deps.store.read() as tx:
        return desk.page(tx, "copies.html", copies=_ties(desk, tx, tx.mentions.get(mention_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A page of the mentions that count on one, the newest first: from the ``start``-th of all ``total``.

    ``later`` is the query of the next page, "" on the last.
    """

    first: MentionRecord
    items: Sequence[tuple[MentionRecord, TieReason, float]]
    start: int
    total: int
    later: str


def _ties(desk: Desk, tx: Tx, first: MentionRecord) -> Copies:
    """The page of copies that the address asks for."""
    asked = desk.request.query_params
    after, shown = asked.get("copies") or None, asked.get("shown", "0")
    before = int(shown) if after and shown.isascii() and shown.isdecimal() and len(shown) < _DIGITS else 0
    where = MentionFilter(first_id=first.id)
    found = tx.mentions.page(where, order=MentionOrder.NEWEST, limit=_MOST_COPIES, after=after)
    done = before + len(found.items)
    return Copies(
        first=first,
        items=[(copy, *likeness(copy, first)) for copy in found.items],
        start=before + 1,
        # A unit officer sees some of them alone; nobody is told of more than they may see.
        total=max(first.similar, done) if desk.may(Permission.READ) else tx.mentions.count(where, cap=COUNT_CAP),
        later=urlencode({"copies": found.next, "shown": done}) if found.next else "",
    )


def likeness(copy: MentionRecord, first: MentionRecord) -> tuple[TieReason, float]:
    """Why the two are tied, in the order of `rules.tie`."""
    if copy.mention.repost_of and copy.mention.repost_of == first.mention.native_id:
        return TieReason.REPOST, 1.0
    key = rules.text_key(copy.mention.body)
    if key and key == rules.text_key(first.mention.body):
        return TieReason.SAME_TEXT, 1.0
    return TieReason.SIMILAR, rules.similarity(copy.mention.body, first.mention.body)


@router.get("/mentions/merge")
def choose_ticket(desk: AtDesk) -> Response:
    """Which ticket the chosen mentions belong to: the newest of their topic, or a search."""
    asked = desk.request.query_params
    picks = picks_of(asked.getlist("pick"))
    search = asked.get("q", "").strip()[:200].replace("\x00", "")
    with desk.deps.store.read() as tx:
        records = [tx.mentions.get(mention_id) for mention_id, _version in picks[:PAGE]]
        topics = () if search else tuple({one.topic for one in records if one.topic})
        found = tx.tickets.page(TicketFilter(search=search, topics=topics), limit=_MOST_FOUND)
        likely = [] if search else suggesting.tickets_for(tx, records, limit=_MOST_LIKELY)
        named = {one.ticket.id for one in likely}
        return desk.page(
            tx,
            "merge.html",
            tab="queue",
            records=records,
            picks=asked.getlist("pick"),
            likely=likely,
            tickets=[one for one in found.items if one.id not in named],
            search=search,
        )


@router.get("/mentions/{mention_id}")
def mention(desk: AtDesk, mention_id: MentionId) -> Response:
    """One mention with everything that is known of it."""
    judged = answering.judged_text(desk.deps, mention_id, "")
    with desk.deps.store.read() as tx:
        record = tx.mentions.get(mention_id)
        first = tx.mentions.get(record.first_id) if record.first_id is not None else None
        decisions, may_decide = tx.decisions.of_mention(mention_id), desk.may(Permission.DECIDE)
        open_here = viewings.opened(desk, tx, mention_id)
        answer = desk.page(
            tx,
            "mention.html",
            tab="queue",
            record=record,
            first=first,
            tied=likeness(record, first) if first else None,
            copies=_ties(desk, tx, record),
            edits=differences.edits(tx.mentions.versions(mention_id), record),
            spot=locator.spot(record.place),
            area_name=desk.deps.areas().name,
            similar=suggesting.mentions_like(tx, record, now=desk.now, limit=_MOST_LIKELY),
            assessments=tx.assessments.history(mention_id),
            decisions=decisions,
            undoable=[one.id for one in decisions if may_decide and actions.can_undo(tx, one)],
            ticket=tx.tickets.get(record.ticket_id) if record.ticket_id else None,
            urgent_from=desk.deps.policy.urgent_threshold,
            people=desk.people(tx),
            next_one=_next(tx, mention_id) if may_decide else None,
            likely=_likely(tx, record) if may_decide else [],
            **open_here,
            **replies.panel(desk, tx, record, judged),
        )
    answer.background = viewings.noting(desk, mention_id, open_here["viewing_key"])
    return answer


def _likely(tx: Tx, record: MentionRecord) -> list[TicketSuggestion]:
    """The tickets that the menu of merging names."""
    undecided = record.state in {MentionState.FLAGGED, MentionState.SNOOZED, MentionState.FILED}
    return suggesting.tickets_for(tx, [record], limit=_MOST_LIKELY) if undecided else []


def _next(tx: Tx, mention_id: int) -> int | None:
    """What presses most beside this one."""
    waiting = MentionFilter(states=(MentionState.FLAGGED,), folded=False)
    found = tx.mentions.page(waiting, order=MentionOrder.PRESSING, limit=2).items
    return next((one.id for one in found if one.id != mention_id), None)


@router.post("/mentions/dismiss")
def dismiss(form: Decides) -> Response:
    """No ticket is needed, with a reason."""
    reasons = _word(DismissReason, form.get("reason"))
    if not reasons:
        raise InvalidError(_("Pilih alasan penolakan."))

    def act(tx: Tx) -> str:
        made = actions.dismiss(
            tx, form.picks(), reason=reasons[0], note=form.get("note"), actor=form.desk.signed.actor, now=form.desk.now
        )
        return with_flash(form.back(), f"did={made[0].id}")

    return form.once(act)


@router.post("/mentions/chosen")
def chosen(form: Decides) -> Response:
    """What to do with the mentions that were ticked."""
    if not form.picks():
        raise RefusedError("choose at least one mention", rule="nothing_chosen")
    picks = [("pick", pick) for pick in form.all("pick")]
    if steps := steering.acts(form).get(form.get("act")):
        return form.once(steps)
    match form.get("act"):
        case "convert":
            return RedirectResponse(f"/tickets/new?{urlencode(picks)}", status_code=303)
        case "merge":
            return RedirectResponse(f"/mentions/merge?{urlencode(picks)}", status_code=303)
    return dismiss(form)


@router.post("/mentions/merge")
def merge(form: Decides) -> Response:
    """Add the chosen mentions to a ticket."""

    def act(tx: Tx) -> str:
        ticket, made = actions.merge(
            tx, form.picks(), form.number("ticket"), actor=form.desk.signed.actor, now=form.desk.now
        )
        return f"/tickets/{ticket.id}?did={made[0].id}"

    return form.once(act)


@router.post("/mentions/{mention_id}/untie")
def untie(form: Decides, mention_id: MentionId) -> Response:
    """Not the same after all."""

    def act(tx: Tx) -> str:
        actions.untie(tx, mention_id, form.number("version"), actor=form.desk.signed.actor, now=form.desk.now)
        return with_flash(form.back(), "done=untied")

    return form.once(act)


@router.post("/decisions/{decision_id}/undo")
def undo(form: Decides, decision_id: MentionId) -> Response:
    """Take an act back, whole."""

    def act(tx: Tx) -> str:
        made = actions.undo(tx, decision_id, actor=form.desk.signed.actor, now=form.desk.now)
        return with_flash(form.back(), f"did={made[0].id}")

    return form.once(act)
