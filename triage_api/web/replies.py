"""Public replies on the board: written beside the mention, approved by somebody else, settled where it is unclear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import RedirectResponse

from sahut.core import replying
from sahut.core.model import Capability, MentionRecord, Reply, ReplyFilter, ReplyState
from sahut.core.ports import Tx
from triage_api import answering
from triage_api.deps import ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web.desk import COUNT_CAP, AtDesk, Desk, Posted, posting
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
ReplyId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Answers = Annotated[Posted, Depends(posting(Permission.ANSWER))]
Approves = Annotated[Posted, Depends(posting(Permission.APPROVE))]
_PAGE = 25
_MOST_NEAR = 50
_DEEPEST = 4
_OVER = frozenset({ReplyState.SENT, ReplyState.WITHDRAWN})
_EDITABLE = frozenset({ReplyState.DRAFT, ReplyState.WAITING, ReplyState.FAILED})
_TABS: dict[str, tuple[ReplyState, ...]] = {
    "waiting": (ReplyState.WAITING,),
    "settle": (ReplyState.UNKNOWN, ReplyState.BY_HAND, ReplyState.FAILED),
    "under_way": (ReplyState.APPROVED, ReplyState.SENDING),
    "drafts": (ReplyState.DRAFT,),
    "sent": (ReplyState.SENT,),
}
_COUNTED = ("waiting", "settle", "under_way", "drafts")


def panel(desk: Desk, tx: Tx, record: MentionRecord, judged: replying.Judged) -> dict[str, Any]:
    """What the page of a mention shows of its replies and its conversation."""
    found = tx.replies.of_mention(record.id)
    open_one = any(reply.state not in _OVER for reply in found)
    answerable = judged.capability is not Capability.NONE and record.withdrawn_at is None
    return {
        "replies": found,
        "can_reply": desk.may(Permission.ANSWER) and answerable and not open_one,
        "check": answering.checked(tx, desk.deps, record, judged, desk.now),
        "templates": answering.templates_for(tx, desk.deps, record),
        "conversation": threaded(tx.mentions.conversation(record, _MOST_NEAR)),
        "known": tx.conversations.of(record.id),
    }


def threaded(found: list[MentionRecord]) -> list[tuple[MentionRecord, int]]:
    """A conversation as it is read: each post, then what answers it; with how deep it stands, from 0.

    Deeper than four looks like four: a narrow screen has no room for more.
    """
    here = {one.mention.native_id: one for one in found}
    below: dict[str, list[MentionRecord]] = {}
    for one in found:
        parent = one.mention.parent
        below.setdefault(parent if parent in here and here[parent] is not one else "", []).append(one)
    placed: list[tuple[MentionRecord, int]] = []
    seen: set[int] = set()
    # What a platform ties into a ring has no top: it is shown all the same.
    for top in [*below.get("", []), *found]:
        left = [(top, 0)]
        while left:
            one, depth = left.pop()
            if one.id in seen:
                continue
            seen.add(one.id)
            placed.append((one, min(depth, _DEEPEST)))
            left += [(answer, depth + 1) for answer in reversed(below.get(one.mention.native_id, []))]
    return placed


@router.get("/replies")
def replies(desk: AtDesk) -> Response:
    """Replies by what has to be done about them."""
    asked = desk.request.query_params
    state = asked.get("state", "waiting") if asked.get("state") in _TABS else "waiting"
    with desk.deps.store.read() as tx:
        page = tx.replies.page(ReplyFilter(states=_TABS[state]), limit=_PAGE, after=asked.get("after") or None)
        return desk.page(
            tx,
            "replies.html",
            tab="replies",
            state=state,
            counts={name: tx.replies.count(ReplyFilter(states=_TABS[name]), cap=COUNT_CAP) for name in _COUNTED},
            found=[(reply, tx.mentions.get(reply.mention_id)) for reply in page.items],
            later=f"/replies?{urlencode({'state': state, 'after': page.next})}" if page.next else "",
        )


@router.get("/replies/{reply_id}")
def reply_page(desk: AtDesk, reply_id: ReplyId) -> Response:
    """One reply: its text, what is to be said of it, its history."""
    with desk.deps.store.read() as tx:
        reply = tx.replies.get(reply_id)
    return _compose(desk, reply.mention_id, reply.text, reply=reply, split=reply.split)


@router.get("/mentions/{mention_id}/reply")
def compose(desk: AtDesk, mention_id: MentionId) -> Response:
    """Begin with a prepared text."""
    wanted = desk.request.query_params.get("template", "")
    with desk.deps.store.read() as tx:
        found = answering.templates_for(tx, desk.deps, tx.mentions.get(mention_id))
    text = next((text for one, text in found if one.name == wanted), "")
    return _compose(desk, mention_id, text, template=wanted if text else "")


def _compose(
    desk: Desk, mention_id: int, text: str, *, reply: Reply | None = None, template: str = "", split: bool = False
) -> Response:
    judged = answering.judged_text(desk.deps, mention_id, text, split=split)
    with desk.deps.store.read() as tx:
        record = tx.mentions.get(mention_id)
        over = reply is not None and reply.state in _OVER
        return desk.page(
            tx,
            "reply.html",
            tab="replies",
            record=record,
            reply=reply,
            text=judged.text,
            made_of=template or (reply.template if reply else ""),
            action=f"/replies/{reply.id}" if reply else f"/mentions/{mention_id}/reply",
            writable=desk.may(Permission.ANSWER) and (reply is None or reply.state in _EDITABLE),
            check=None if over else answering.checked(tx, desk.deps, record, judged, desk.now, reply),
            templates=[] if reply else answering.templates_for(tx, desk.deps, record),
            events=tx.replies.events(reply.id) if reply else [],
        )


@router.post("/mentions/{mention_id}/reply/check")
def check(form: Answers, mention_id: MentionId) -> Response:
    """The count, the warnings and the look of what is being written."""
    judged = answering.judged_text(form.desk.deps, mention_id, form.get("text"), split=_split(form))
    with form.desk.deps.store.read() as tx:
        record = tx.mentions.get(mention_id)
        found = answering.checked(tx, form.desk.deps, record, judged, form.desk.now)
        return form.desk.page(tx, "reply_check.html", check=found, text=judged.text, record=record)


@router.post("/mentions/{mention_id}/reply")
def write(form: Answers, mention_id: MentionId) -> Response:
    """Look at a text, keep it as a draft, or put it before somebody else."""
    text, desk = _text(form), form.desk
    if form.get("act") == "preview":
        return _compose(desk, mention_id, text, template=form.get("template", 100), split=_split(form))
    judged = answering.judged_text(desk.deps, mention_id, text, split=_split(form))

    def act(tx: Tx) -> str:
        template = form.get("template", 100)
        made = replying.draft(tx, mention_id, judged, template=template, actor=desk.signed.actor, now=desk.now)
        return _submitted(tx, form, made, judged)

    return _rung(form, act)


@router.post("/replies/{reply_id}")
def rewrite(form: Answers, reply_id: ReplyId) -> Response:
    """Another text."""
    text, desk = _text(form), form.desk
    with desk.deps.store.read() as tx:
        reply = tx.replies.get(reply_id)
    if form.get("act") == "preview":
        return _compose(desk, reply.mention_id, text, reply=reply, split=_split(form))
    judged = answering.judged_text(desk.deps, reply.mention_id, text, split=_split(form))

    def act(tx: Tx) -> str:
        version = form.number("version")
        made = tx.replies.for_update(reply_id, version=version)
        if (made.text, made.split, made.state) != (judged.text, judged.split, ReplyState.DRAFT):
            made = replying.edit(
                tx,
                reply_id,
                judged.text,
                split=judged.split,
                version=version,
                actor=desk.signed.actor,
                now=desk.now,
            )
        return _submitted(tx, form, made, judged)

    return _rung(form, act)


def _split(form: Posted) -> bool:
    return form.get("split", 5) == "yes"


def _text(form: Posted) -> str:
    text = form.get("text")
    if not text:
        raise InvalidError(_("Tulis balasannya terlebih dahulu."))
    return text


def _submitted(tx: Tx, form: Posted, reply: Reply, judged: replying.Judged) -> str:
    """Submit a draft where the form asks for it; the page to go to."""
    desk = form.desk
    if form.get("act") != "submit":
        return f"/replies/{reply.id}?done=reply_draft"
    done = replying.submit(
        tx,
        reply.id,
        judged,
        version=reply.version,
        policy=desk.deps.policy,
        actor=desk.signed.actor,
        now=desk.now,
    )
    return _done(done)


def _done(reply: Reply) -> str:
    return f"/replies/{reply.id}?done=reply_{reply.state}"


def _rung(form: Posted, act: Callable[[Tx], str]) -> Response:
    """As `Posted.once`, and ring for the worker that sends: a ring too many finds nothing to do."""
    answer = form.once(act)
    if isinstance(answer, RedirectResponse):
        ring(form.desk.deps, "deliver")
    return answer


@router.post("/replies/{reply_id}/approve")
def approve(form: Approves, reply_id: ReplyId) -> Response:
    """Let it out."""
    desk, judged = form.desk, answering.judged_reply(form.desk.deps, reply_id)
    return _rung(
        form,
        lambda tx: _done(
            replying.approve(
                tx,
                reply_id,
                judged,
                version=form.number("version"),
                policy=desk.deps.policy,
                actor=desk.signed.actor,
                now=desk.now,
            )
        ),
    )


@router.post("/replies/{reply_id}/reject")
def reject(form: Approves, reply_id: ReplyId) -> Response:
    """Back to its author."""
    return _act(form, lambda tx, **by: replying.reject(tx, reply_id, form.get("note", 500), **by))


@router.post("/replies/{reply_id}/withdraw")
def withdraw(form: Answers, reply_id: ReplyId) -> Response:
    """It does not go out."""
    return _act(form, lambda tx, **by: replying.withdraw(tx, reply_id, **by))


@router.post("/replies/{reply_id}/answered")
def answered(form: Answers, reply_id: ReplyId) -> Response:
    """A person posted it."""
    return _act(form, lambda tx, **by: replying.answered(tx, reply_id, form.get("link", 2000), **by))


@router.post("/replies/{reply_id}/settle")
def settle(form: Answers, reply_id: ReplyId) -> Response:
    """A person looked whether it stands there."""
    link, stands = form.get("link", 2000), form.get("stands") == "yes"
    return _act(form, lambda tx, **by: replying.settle(tx, reply_id, link=link, stands=stands, **by))


@router.post("/replies/{reply_id}/retry")
def retry(form: Answers, reply_id: ReplyId) -> Response:
    """Let a failed one go out again."""
    desk, judged = form.desk, answering.judged_reply(form.desk.deps, reply_id)
    return _act(form, lambda tx, **by: replying.retry(tx, reply_id, judged, policy=desk.deps.policy, **by))


def _act(form: Posted, act: Callable[..., Reply]) -> Response:
    by = {"version": form.number("version"), "actor": form.desk.signed.actor, "now": form.desk.now}
    return _rung(form, lambda tx: _done(act(tx, **by)))
