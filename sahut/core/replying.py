"""What people do with public replies: written, approved by somebody else, settled where a machine cannot tell.

As in `sahut.core.actions` each runs inside the caller's transaction, names the version that its author saw, and is
refused whole or done whole. What a platform makes of a text is asked before, by `judge`, while no transaction is open.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sahut.core import booking, parting, surroundings, wording
from sahut.core.errors import RefusedError, SahutError, StaleWriteError
from sahut.core.model import (
    Access,
    Actor,
    AuditAct,
    AuditDraft,
    Capability,
    Currency,
    Mention,
    MentionRecord,
    Policy,
    Reply,
    ReplyAct,
    ReplyCheck,
    ReplyDraft,
    ReplyRules,
    ReplyState,
    Role,
    SentReply,
    Ticket,
    Variable,
)
from sahut.core.outbox import Means
from sahut.core.ports import Continuer, Replier, Tx

log = logging.getLogger(__name__)

_WRITERS = frozenset({Role.ADMIN, Role.COMMS, Role.APPROVER})
_APPROVERS = frozenset({Role.ADMIN, Role.APPROVER})
_EDITABLE = frozenset({ReplyState.DRAFT, ReplyState.WAITING, ReplyState.FAILED})
# From the moment it is handed over, taking it back is no longer ours to say.
_WITHDRAWABLE = _EDITABLE | {ReplyState.APPROVED, ReplyState.BY_HAND}
_MOST_LATELY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a platform makes of a text as an answer, and what is left to the account.

    ``parts`` is how one that is too long can go out, () where it need not or cannot; ``rules`` are those of all parts
    together where it shall (``split``): the longest counts, and they cost what they cost together.
    """

    text: str
    capability: Capability
    rules: ReplyRules | None = None
    left: Mapping[Currency, float] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    split: bool = False


def judge(means: Means, record: MentionRecord, text: str, *, split: bool = False) -> Judged:
    """Ask who answers on the mention's platform; asks no platform. Never raises: what cannot answer does not.

    ``record`` is whole (`Mentions.whole`), since a platform's payload may say who can answer. Where nobody answers for
    us, a person may still do so on the platform itself, if the post has an address.
    """
    by_hand = Capability.MANUAL if record.mention.permalink else Capability.NONE
    if record.mention.own:
        return Judged(text=text, capability=Capability.NONE)
    try:
        replier = means.replier_for(record.mention.platform)
        if replier is None:
            return Judged(text=text, capability=by_hand)
        access = _access(means, record)
        capability = replier.capability(record.mention, access)
        rules = None if capability is Capability.NONE or not text else replier.measure(text, record.mention, access)
        parts = () if rules is None or rules.fits else _parts(replier, record.mention, access, text)
        if rules is not None and split and parts:
            rules = _together(replier, record.mention, access, parts)
    except SahutError as error:
        log.info("mention %d: nobody answers there for us: %s", record.id, error)
        return Judged(text=text, capability=by_hand)
    except Exception:
        log.exception("mention %d: how it can be answered could not be found out", record.id)
        return Judged(text=text, capability=by_hand)
    return Judged(
        text=text,
        capability=capability,
        rules=rules,
        left={} if access is None else access.left,
        parts=parts,
        split=split and bool(parts),
    )


def _parts(replier: Replier, mention: Mention, access: Access | None, text: str) -> tuple[str, ...]:
    """How a text that is too long can go out, () where the platform lets no answer be continued."""
    if not isinstance(replier, Continuer):
        return ()
    further = replier.beneath(mention, SentReply(native_id=""))
    return parting.split(
        text, lambda part, number: replier.measure(part, mention if number == 1 else further, access).fits
    )


def _together(replier: Replier, mention: Mention, access: Access | None, parts: Sequence[str]) -> ReplyRules:
    further = replier.beneath(mention, SentReply(native_id="")) if isinstance(replier, Continuer) else mention
    each = [replier.measure(part, further if number else mention, access) for number, part in enumerate(parts)]
    return ReplyRules(
        used=max(one.used for one in each),
        limit=min(one.limit for one in each),
        cost_usd=sum(one.cost_usd for one in each),
        warnings=tuple(dict.fromkeys(said for one in each for said in one.warnings)),
    )


def _access(means: Means, record: MentionRecord) -> Access | None:
    try:
        return means.access_for(record.source_id)
    except SahutError as error:
        log.info("mention %d: no account to answer with: %s", record.id, error)
        return None


def check(
    tx: Tx, record: MentionRecord, judged: Judged, *, policy: Policy, now: datetime, reply: Reply | None = None
) -> ReplyCheck:
    """All that is to be said of a text: what refuses it, and what to know before it goes out."""
    but = None if reply is None else reply.id
    platform, since = record.mention.platform, now - policy.replies.similar_window
    return wording.check(
        judged.text,
        record,
        capability=judged.capability,
        rules=judged.rules,
        policy=policy.replies,
        answered=_answered(tx, record, but),
        lately=tx.replies.texts_since(platform, since, but=but, limit=_MOST_LATELY) if judged.text.strip() else (),
        left=judged.left,
        reply=reply,
        parts=judged.parts,
        split=judged.split,
    )


def _answered(tx: Tx, record: MentionRecord, but: int | None) -> bool:
    if any(
        one.state is ReplyState.SENT and one.head_id is None and one.id != but
        for one in tx.replies.of_mention(record.id)
    ):
        return True
    return tx.mentions.answered(record.id)


def template_values(record: MentionRecord, ticket: Ticket | None, policy: Policy) -> dict[Variable, str]:
    """What is known of a template's variables, but for the deadline, which each language writes in its own way."""
    author, found = record.mention.author, {}
    if author is not None and (author.name or author.handle):
        found[Variable.NAME] = author.name or author.handle
    unit = policy.unit_for(record.topic) if record.topic is not None else None
    if ticket is not None:
        found[Variable.TICKET] = ticket.number
        if policy.replies.tracking_link:
            found[Variable.LINK] = policy.replies.tracking_link.replace("{code}", ticket.tracking_code)
        unit = next((one for one in policy.units if one.code == ticket.unit), unit)
    if unit is not None:
        found[Variable.UNIT] = unit.name
    return found


def draft(tx: Tx, mention_id: int, judged: Judged, *, template: str = "", actor: Actor, now: datetime) -> Reply:
    """Begin an answer. Refused for what cannot be answered, and while another answer to it is not over."""
    _check_may(actor, _WRITERS)
    record = tx.mentions.for_update(mention_id)
    if record.withdrawn_at is not None:
        raise RefusedError(f"mention {mention_id} is no longer on its platform", rule="reply_gone")
    if judged.capability is Capability.NONE:
        raise RefusedError(f"mention {mention_id} cannot be answered", rule="reply_no_way")
    made = tx.replies.add(_drafted(record, judged.text, actor, template, split=judged.split), now)
    return _noted(tx, made, ReplyAct.DRAFTED, actor, now)


def edit(
    tx: Tx, reply_id: int, text: str, *, split: bool = False, version: int | None, actor: Actor, now: datetime
) -> Reply:
    """Another text. It is a draft again, whoever had submitted it, and the new writer may not approve it either."""
    _check_may(actor, _WRITERS)
    reply = _take(tx, reply_id, version, _EDITABLE)
    record = tx.mentions.get(reply.mention_id)
    split = split and reply.head_id is None
    changed = tx.replies.rewrite(reply_id, _drafted(record, text, actor, reply.template, split=split), now)
    return _noted(tx, changed, ReplyAct.EDITED, actor, now)


def _drafted(record: MentionRecord, text: str, actor: Actor, template: str, *, split: bool) -> ReplyDraft:
    return ReplyDraft(
        mention_id=record.id,
        text=text.replace("\r\n", "\n").strip(),
        author_id=actor.user_id,
        author_name=actor.name,
        seen_edits=record.edited,
        template=template,
        split=split,
    )


def submit(
    tx: Tx, reply_id: int, judged: Judged, *, version: int | None, policy: Policy, actor: Actor, now: datetime
) -> Reply:
    """Put it before somebody else; or let it out at once, where the agency asks for no second person."""
    _check_may(actor, _WRITERS)
    reply = _take(tx, reply_id, version, frozenset({ReplyState.DRAFT}))
    _check_sayable(tx, reply, judged, policy, now)
    if policy.replies.approval:
        moved = tx.replies.move(reply_id, ReplyState.WAITING, ReplyAct.SUBMITTED, actor_name=actor.name, now=now)
        return _noted(tx, moved, ReplyAct.SUBMITTED, actor, now)
    return _release(tx, reply, judged, ReplyAct.SUBMITTED, actor, now)


def approve(
    tx: Tx, reply_id: int, judged: Judged, *, version: int | None, policy: Policy, actor: Actor, now: datetime
) -> Reply:
    """Let it out. Never by somebody who had a hand in its text."""
    _check_may(actor, _APPROVERS)
    reply = _take(tx, reply_id, version, frozenset({ReplyState.WAITING}))
    if actor.user_id in reply.writers:
        raise RefusedError(f"{actor.name} wrote reply {reply_id}: somebody else approves it", rule="reply_own_text")
    _check_sayable(tx, reply, judged, policy, now)
    return _release(tx, reply, judged, ReplyAct.APPROVED, actor, now)


def reject(tx: Tx, reply_id: int, note: str, *, version: int | None, actor: Actor, now: datetime) -> Reply:
    """Back to its author, with what is wrong with it."""
    _check_may(actor, _APPROVERS)
    _take(tx, reply_id, version, frozenset({ReplyState.WAITING}))
    if not note.strip():
        raise RefusedError("say what is wrong with the reply", rule="reply_note")
    moved = tx.replies.move(
        reply_id, ReplyState.DRAFT, ReplyAct.REJECTED, actor_name=actor.name, now=now, note=note.strip()
    )
    return _noted(tx, moved, ReplyAct.REJECTED, actor, now)


def withdraw(tx: Tx, reply_id: int, *, version: int | None, actor: Actor, now: datetime) -> Reply:
    """It does not go out. Refused from the moment a machine has taken it."""
    _check_may(actor, _WRITERS)
    _take(tx, reply_id, version, _WITHDRAWABLE)
    moved = tx.replies.move(reply_id, ReplyState.WITHDRAWN, ReplyAct.WITHDRAWN, actor_name=actor.name, now=now)
    return _noted(tx, moved, ReplyAct.WITHDRAWN, actor, now)


def answered(tx: Tx, reply_id: int, link: str, *, version: int | None, actor: Actor, now: datetime) -> Reply:
    """A person posted it on the platform, and says where. A collector that sees it there adds its id."""
    _check_may(actor, _WRITERS)
    _take(tx, reply_id, version, frozenset({ReplyState.BY_HAND, ReplyState.FAILED}))
    sent = SentReply(native_id="", permalink=_web_link(link))
    surroundings.look_after(tx, [tx.replies.get(reply_id).mention_id], now)
    stands = tx.replies.stands(reply_id, sent, now=now, actor_name=actor.name, note="by hand")
    return _noted(tx, stands, ReplyAct.SENT, actor, now)


def settle(
    tx: Tx, reply_id: int, *, link: str, stands: bool, version: int | None, actor: Actor, now: datetime
) -> Reply:
    """A person looked: it stands there, at ``link``; or it does not, and may go out again."""
    _check_may(actor, _WRITERS)
    _take(tx, reply_id, version, frozenset({ReplyState.UNKNOWN}))
    if stands:
        sent = SentReply(native_id="", permalink=_web_link(link))
        surroundings.look_after(tx, [tx.replies.get(reply_id).mention_id], now)
        seen = tx.replies.stands(reply_id, sent, now=now, actor_name=actor.name, note="seen there by a person")
        booking.book(tx, reply_id, now)
        return _noted(tx, seen, ReplyAct.SENT, actor, now)
    moved = tx.replies.move(
        reply_id, ReplyState.APPROVED, ReplyAct.NOT_THERE, actor_name=actor.name, now=now, due_at=now
    )
    return _noted(tx, moved, ReplyAct.NOT_THERE, actor, now)


def retry(
    tx: Tx, reply_id: int, judged: Judged, *, version: int | None, policy: Policy, actor: Actor, now: datetime
) -> Reply:
    """Let a failed one go out again as it was approved, once what stopped it is put right."""
    _check_may(actor, _WRITERS)
    reply = _take(tx, reply_id, version, frozenset({ReplyState.FAILED}))
    _check_sayable(tx, reply, judged, policy, now)
    return _release(tx, reply, judged, ReplyAct.RETRIED, actor, now)


def _release(tx: Tx, reply: Reply, judged: Judged, act: ReplyAct, actor: Actor, now: datetime) -> Reply:
    # Parts are made once, when it is let out: a part that somebody withdrew since does not come back with another try.
    if judged.split and act is not ReplyAct.RETRIED:
        tx.replies.part(reply.id, judged.parts, now)
    by_api = judged.capability is Capability.API
    moved = tx.replies.move(
        reply.id,
        ReplyState.APPROVED if by_api else ReplyState.BY_HAND,
        act,
        actor_name=actor.name,
        now=now,
        due_at=now if by_api else None,
    )
    return _noted(tx, moved, act, actor, now)


def _noted(tx: Tx, reply: Reply, act: ReplyAct, actor: Actor, now: datetime) -> Reply:
    """The reply, once the audit log has what was done to it. Its text stays where it is."""
    said = {"act": act, "state": reply.state, "mention": reply.mention_id}
    tx.audit.add(AuditDraft(act=AuditAct.REPLY, at=now, actor=actor, kind="reply", key=str(reply.id), detail=said))
    return reply


def _check_may(actor: Actor, roles: frozenset[Role]) -> None:
    if actor.role not in roles:
        raise RefusedError(f"{actor.name} ({actor.role}) may not do this to public replies", rule="role")


def _take(tx: Tx, reply_id: int, version: int | None, allowed: frozenset[ReplyState]) -> Reply:
    reply = tx.replies.for_update(reply_id, version=version)
    if reply.state not in allowed:
        raise RefusedError(f"reply {reply_id} is {reply.state}, so that cannot be done to it", rule="reply_state")
    return reply


def _check_sayable(tx: Tx, reply: Reply, judged: Judged, policy: Policy, now: datetime) -> None:
    if judged.text != reply.text or (judged.split and not reply.split):
        # It was rewritten between being judged and being locked.
        raise StaleWriteError("reply", reply.id, expected=reply.version - 1, current=reply.version, changes=[])
    record = tx.mentions.get(reply.mention_id)
    found = check(tx, record, judged, policy=policy, now=now, reply=reply)
    if found.refusals:
        said = ", ".join(f"{one.word} ({one.detail})" if one.detail else one.word for one in found.refusals)
        raise RefusedError(f"reply {reply.id} cannot go out as it is: {said}", rule=f"reply_{found.refusals[0].word}")


def _web_link(link: str) -> str:
    link = link.strip()
    if not link.startswith(("https://", "http://")) or any(letter.isspace() for letter in link):
        raise RefusedError("give the address of the reply, as https://…", rule="reply_link")
    return link
