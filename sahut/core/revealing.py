"""Looking behind the masks: the one door to what `sahut.core.sight` hides, which writes down who, what and why.

It opens one mention or one ticket at a time, for roles that the table of permissions lets through it, and writes its
entry in the transaction in which it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sahut.core import discretion, personal
from sahut.core.errors import RefusedError
from sahut.core.model import (
    Actor,
    AuditAct,
    AuditDraft,
    Author,
    Discretion,
    MentionRecord,
    MentionVersion,
    RevealPurpose,
    Role,
    Ticket,
)
from sahut.core.ports import Tx

_MAY = frozenset({Role.ADMIN, Role.TRIAGE, Role.SUPERVISOR, Role.UNIT})
_LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmasked:
    """A mention as it is, with its earlier wordings."""

    record: MentionRecord
    versions: Sequence[MentionVersion]

    @property
    def author(self) -> Author | None:
        """Who wrote it."""
        return self.record.mention.author


def mention(tx: Tx, mention_id: int, *, purpose: RevealPurpose, note: str, actor: Actor, now: datetime) -> Unmasked:
    """One mention with its author and link, but for the author of an anonymous ticket's, whom its unit does not learn.

    Raises NotFoundError, RefusedError.
    """
    _check_may(actor)
    record = tx.mentions.get(mention_id)
    asked = tx.tickets.discretion_of([mention_id]).get(mention_id)
    _check_in_charge(actor, asked)
    if not discretion.knows_reporter(actor.role, asked):
        record = replace(record, mention=replace(record.mention, author=None, permalink="", native_id=f"#{record.id}"))
    found = Unmasked(record=record, versions=tx.mentions.versions(mention_id))
    said = record.mention
    texts = [said.title, said.text, *(text for one in found.versions for text in (one.title, one.text))]
    _note(tx, "mention", mention_id, texts, purpose, note, actor, now, author=said.author is not None)
    return found


def ticket(tx: Tx, ticket_id: int, *, purpose: RevealPurpose, note: str, actor: Actor, now: datetime) -> Ticket:
    """One ticket's own words. Raises NotFoundError, RefusedError."""
    _check_may(actor)
    found = tx.tickets.get(ticket_id)
    _check_in_charge(actor, found.discretion)
    _note(tx, "ticket", ticket_id, [found.title, found.description, found.place], purpose, note, actor, now)
    return found


def _check_may(actor: Actor) -> None:
    if actor.role not in _MAY:
        raise RefusedError(f"{actor.name} ({actor.role}) may not look behind masks", rule="role")


def _check_in_charge(actor: Actor, asked: Discretion | None) -> None:
    if not discretion.reads(actor.role, asked):
        raise RefusedError(f"{actor.name} ({actor.role}) is not in charge of this report", rule="role")


def _note(
    tx: Tx,
    kind: str,
    key: int,
    texts: Sequence[str],
    purpose: RevealPurpose,
    note: str,
    actor: Actor,
    now: datetime,
    *,
    author: bool = False,
) -> None:
    shown = sorted({span.kind for text in texts for span in personal.find(text)} | ({"author"} if author else set()))
    said = {"purpose": purpose, "shown": shown, "note": note.strip()[:_LONGEST_NOTE]}
    tx.audit.add(AuditDraft(act=AuditAct.REVEAL, at=now, actor=actor, kind=kind, key=str(key), detail=said))
