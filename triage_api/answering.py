"""What both the API and the board ask before a reply is written or let out."""

from __future__ import annotations

from datetime import datetime

from sahut.core import replying, wording
from sahut.core.model import Discretion, MentionRecord, Reply, ReplyCheck, Template, Ticket, Variable
from sahut.core.ports import Tx
from sahut.core.replying import Judged
from triage_api.deps import Deps
from triage_api.web import formats


def judged_reply(deps: Deps, reply_id: int) -> Judged:
    """What its platform makes of a reply as it stands. Raises NotFoundError."""
    with deps.bare.read() as tx:
        reply = tx.replies.get(reply_id)
        record = tx.mentions.whole(reply.mention_id)
    return replying.judge(deps.means, record, reply.text, split=reply.split)


def judged_text(deps: Deps, mention_id: int, text: str, *, split: bool = False) -> Judged:
    """What a mention's platform makes of a text as an answer: in parts, where it is too long and is to be ``split``.

    Raises NotFoundError.
    """
    with deps.bare.read() as tx:
        record = tx.mentions.whole(mention_id)
    # As it will be stored.
    return replying.judge(deps.means, record, text.replace("\r\n", "\n").strip(), split=split)


def checked(
    tx: Tx, deps: Deps, record: MentionRecord, judged: Judged, now: datetime, reply: Reply | None = None
) -> ReplyCheck:
    """All that is to be said of a judged text."""
    return replying.check(tx, record, judged, policy=deps.policy, now=now, reply=reply)


def seen(tx: Tx, deps: Deps, reply: Reply) -> Reply:
    """A reply that was just written, as its reader may see it: of a discreet ticket without whom it names."""
    return deps.sight.reply(reply, asked_of(tx, reply.mention_id))


def asked_of(tx: Tx, mention_id: int) -> Discretion | None:
    """What is asked for who reported a mention."""
    return tx.tickets.discretion_of([mention_id]).get(mention_id)


def templates_for(tx: Tx, deps: Deps, record: MentionRecord) -> list[tuple[Template, str]]:
    """The templates that fit a mention, each with its text filled, the likeliest first."""
    ticket = None if record.ticket_id is None else tx.tickets.get(record.ticket_id)
    values = replying.template_values(record, ticket, deps.policy)
    found = wording.fitting(deps.policy.replies.templates, record.topic, record.language)
    return [(one, wording.fill(one.text, values | _deadline(deps, ticket, one))) for one in found]


def _deadline(deps: Deps, ticket: Ticket | None, template: Template) -> dict[Variable, str]:
    """The day of a ticket's deadline, by its unit's clock; none where it is over: nobody promises what is past."""
    if ticket is None or ticket.due_at is None or ticket.due_at < deps.clock():
        return {}
    clock = deps.policy.time_zone_of([ticket.unit])
    return {Variable.DEADLINE: formats.day_in_words(ticket.due_at, clock, template.language)}
