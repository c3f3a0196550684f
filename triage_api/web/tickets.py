"""Tickets: the convert form, the list, one ticket and its course."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse

from sahut.core import actions, discretion, merging, rules, searching
from sahut.core.model import (
    OPEN_TICKETS,
    Due,
    MentionFilter,
    MentionOrder,
    Outcome,
    Priority,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketEvent,
    TicketFilter,
    TicketOrder,
    TicketStatus,
    Topic,
)
from sahut.core.ports import Tx
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web import deadlines, hostile, ticket_merges, words
from triage_api.web.desk import COUNT_CAP, AtDesk, Decides, Handles, Posted, picks_of
from triage_api.web.languages import ngettext
from triage_api.web.words import _

router = APIRouter(prefix="/tickets", include_in_schema=False)

TicketId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_PAGE = 50
_MOST_MENTIONS = 100
_TITLE_WORDS, _LONGEST_TITLE, _LONGEST_LINE = 12, 200, 300
_FILTERS = ("q", "status", "topic", "unit", "mine", "due", "order")
W = TypeVar("W", bound=StrEnum)


def _word(kind: type[W], said: str, what: str) -> W:
    if said not in set(kind):
        raise InvalidError(_("Pilih %s.") % what)
    return kind(said)


@router.get("/new")
def convert_form(desk: AtDesk) -> Response:
    """A ticket of the chosen mentions, filled in as far as they say."""
    values = desk.request.query_params.getlist("pick")
    picks = picks_of(values)
    if not picks:
        raise InvalidError(_("Pilih setidaknya satu sebutan."))
    with desk.deps.store.read() as tx:
        records = [tx.mentions.get(mention_id) for mention_id, _version in picks]
        first = records[0]
        topic = first.topic or Topic.OTHER
        unit = desk.deps.policy.unit_for(topic)
        urgent = max(one.urgent for one in records) >= desk.deps.policy.urgent_threshold
        return desk.page(
            tx,
            "convert.html",
            tab="queue",
            records=records,
            picks=[value if ":" in value else f"{r.id}:{r.version}" for value, r in zip(values, records, strict=True)],
            copies=sum(one.similar for one in records),
            values=TicketDraft(
                title=_title(first.mention.title or first.mention.text),
                topic=topic,
                unit=unit.code if unit else "",
                description=hostile.plain(first.mention.text)[:2000],
                priority=Priority.URGENT if urgent else Priority.NORMAL,
            ),
        )


def _title(text: str) -> str:
    found = hostile.line(text).split()
    title = " ".join(found[:_TITLE_WORDS])[:_LONGEST_TITLE]
    return f"{title} …" if len(found) > _TITLE_WORDS else title


@router.post("")
def convert(form: Decides) -> Response:
    """Make the ticket."""
    title = form.get("title", _LONGEST_TITLE)
    if not title:
        raise InvalidError(_("Isi judul tiket."))
    draft = TicketDraft(
        title=title,
        topic=_word(Topic, form.get("topic"), _("topik")),
        description=form.get("description"),
        unit=_unit(form),
        place=form.get("place", _LONGEST_LINE),
        priority=_word(Priority, form.get("priority"), _("prioritas")),
        **_flags(form),
    )

    def act(tx: Tx) -> str:
        ticket, made = actions.convert(
            tx, form.picks(), draft, actor=form.desk.signed.actor, now=form.desk.now, deadlines=form.desk.deps.deadlines
        )
        return f"/tickets/{ticket.id}?did={made[0].id}"

    return form.once(act)


def _flags(form: Posted) -> dict[str, bool]:
    """The two boxes, where the form has them: one that is not ticked is not sent."""
    has = {name for name, _value in form.fields}
    return {name: name in has for name in ("anonymous", "confidential")} if "flags" in has else {}


def _unit(form: Posted) -> str:
    code = form.get("unit", _LONGEST_LINE)
    if code and code not in {unit.code for unit in form.desk.deps.policy.units}:
        raise InvalidError(_("Unit kerja itu tidak ada dalam kebijakan."))
    return code


@router.get("")
def tickets(desk: AtDesk) -> Response:
    """Tickets, newest first or by their deadlines."""
    asked = desk.request.query_params
    kept = {key: asked[key] for key in _FILTERS if asked.get(key)}
    status, topic = kept.get("status", ""), kept.get("topic", "")
    statuses = (TicketStatus(status),) if status in set(TicketStatus) else () if status == "all" else OPEN_TICKETS
    where = TicketFilter(
        statuses=statuses,
        topics=(Topic(topic),) if topic in set(Topic) else (),
        units=(kept["unit"],) if "unit" in kept else (),
        assignee_id=desk.signed.user.id if "mine" in kept else None,
        search=kept.get("q", "")[:200].replace("\x00", ""),
    )
    if kept.get("due") in set(Due):
        where = desk.deps.deadlines.narrowed(where, Due(kept["due"]), desk.now)
    order = TicketOrder(kept["order"]) if kept.get("order") in set(TicketOrder) else TicketOrder.NEWEST
    with desk.deps.store.read() as tx:
        found = tx.tickets.page(where, order=order, limit=_PAGE, after=asked.get("after") or None)
        return desk.page(
            tx,
            "tickets.html",
            tab="tickets",
            found=found,
            dues={one.id: deadlines.shown(desk, one) for one in found.items},
            due_counts=deadlines.counts(desk, tx),
            total=tx.tickets.count(where, cap=COUNT_CAP),
            asked={**dict.fromkeys(_FILTERS, ""), **kept},
            filtered=bool(kept),
            hidden_words=searching.asks_for_hidden(where.search),
            later=f"/tickets?{urlencode({**kept, 'after': found.next})}" if found.next else "",
            first_page=f"/tickets?{urlencode(kept)}" if asked.get("after") else "",
        )


@router.get("/{ticket_id}")
def ticket(desk: AtDesk, ticket_id: TicketId) -> Response:
    """One ticket: what it is, where it stands, who has it, how it came here."""
    with desk.deps.store.read() as tx:
        found = tx.tickets.get(ticket_id)
        if found.merged_into is not None and "itself" not in desk.request.query_params:
            return RedirectResponse(f"/tickets/{found.merged_into}?from={ticket_id}", status_code=303)
        events = tx.tickets.events(ticket_id)
        may_decide = desk.may(Permission.DECIDE)
        return desk.page(
            tx,
            "ticket.html",
            tab="tickets",
            ticket=found,
            due=deadlines.shown(desk, found),
            days_off=desk.deps.deadlines.days_off(found),
            may_move_due=deadlines.may_move(desk, found),
            nexts=[s for s in TicketStatus if s in rules.next_statuses(found.status) and s is not TicketStatus.CLOSED],
            may_close=TicketStatus.CLOSED in rules.next_statuses(found.status),
            people=[user for user in tx.accounts.users() if user.active],
            flags_that_stay=_stay(desk, found),
            events=[(event, _sentence(desk, event, found.unit)) for event in reversed(events)],
            led=ticket_merges.led(desk, tx, found),
            taken_over=ticket_merges.taken_over(tx, events) if may_decide else None,
            may_part=may_decide and merging.can_part(tx, ticket_id),
            mentions=tx.mentions.page(
                MentionFilter(ticket_id=ticket_id), order=MentionOrder.NEWEST, limit=_MOST_MENTIONS
            ).items,
        )


def _stay(desk: Any, found: Ticket) -> list[str]:
    """The flags that are set and that this person may not take away."""
    lifted = discretion.may_lift(desk.signed.user.role, found.discretion)
    return [name for name in ("anonymous", "confidential") if getattr(found, name) and name not in lifted]


@router.post("/{ticket_id}")
def change(form: Handles, ticket_id: TicketId) -> Response:
    """Set the fields that the form has."""
    has = {name for name, _value in form.fields}
    wanted: dict[str, Any] = {}
    for name, most in (("title", _LONGEST_TITLE), ("place", _LONGEST_LINE), ("description", 10_000)):
        if name in has:
            wanted[name] = form.get(name, most)
    if wanted.get("title") == "":
        raise InvalidError(_("Isi judul tiket."))
    kinds: tuple[tuple[str, type[StrEnum]], ...] = (
        ("topic", Topic),
        ("priority", Priority),
        ("status", TicketStatus),
        ("outcome", Outcome),
    )
    for name, kind in kinds:
        if form.get(name):
            wanted[name] = _word(kind, form.get(name), words.ticket_field(name))
    if "unit" in has:
        wanted["unit"] = _unit(form)
    wanted |= _flags(form)
    if "assignee" in has:
        wanted["assignee_id"] = form.number("assignee") if form.get("assignee") else 0

    def act(tx: Tx) -> str:
        due_at = deadlines.typed(form, tx.tickets.get(ticket_id)) if "due_day" in has else None
        actions.change_ticket(
            tx,
            ticket_id,
            TicketChange(**wanted, due_at=due_at),
            version=form.number("version"),
            actor=form.desk.signed.actor,
            now=form.desk.now,
            reason=form.get("reason", _LONGEST_LINE),
            deadlines=form.desk.deps.deadlines,
        )
        return f"/tickets/{ticket_id}?done=saved"

    return form.once(act)


def _sentence(desk: Any, event: TicketEvent, unit: str) -> str:
    """One line of the history in words."""
    count = len(event.detail.get("mentions", ()))
    match event.kind:
        case "created":
            return ngettext("membuat tiket ini dari %s sebutan", "membuat tiket ini dari %s sebutan", count) % count
        case "merged":
            return ngettext("menggabungkan %s sebutan lagi", "menggabungkan %s sebutan lagi", count) % count
        case "unmerged":
            return ngettext("mengeluarkan %s sebutan", "mengeluarkan %s sebutan", count) % count
        case "void":
            return _("mengurungkan pembuatan tiket; sebutannya kembali ke antrean")
        case "changed":
            return "; ".join(_changed(desk, name, *pair) for name, pair in event.detail.items())
        case "due":
            return deadlines.moved(desk, event.detail, unit)
    flags = [
        _changed(desk, name, *event.detail[name]) for name in ("anonymous", "confidential") if name in event.detail
    ]
    if "due_at" in event.detail:
        flags.append(deadlines.moved(desk, event.detail, unit))
    return "; ".join([ticket_merges.sentence(event) or event.kind, *flags])


_WORDS: dict[str, type[StrEnum]] = {"status": TicketStatus, "topic": Topic, "priority": Priority, "outcome": Outcome}


def _changed(desk: Any, name: str, old: Any, new: Any) -> str:
    if name in {"title", "description"}:
        return _("mengubah %s") % words.ticket_field(name)
    if name in {"anonymous", "confidential"}:
        return (_("menandai %s") if new else _("mencabut tanda %s")) % words.ticket_field(name)
    units = {unit.code: unit.name for unit in desk.deps.policy.units}

    def said(value: Any) -> str:
        if not value:
            return _("kosong")
        return words.label(_WORDS[name](value)) if name in _WORDS else units.get(value, str(value))

    return _("mengubah %(field)s dari %(old)s menjadi %(new)s") % {
        "field": words.ticket_field(name),
        "old": said(old),
        "new": said(new),
    }
