"""Who speaks in a conversation: accounts of ours, and citizens who answer us."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sahut.core.errors import RefusedError
from sahut.core.model import Known, Mention, MentionState, SentReply, Standing
from sahut.core.ports import Tx
from sahut.core.rules import plain_words, similarity

log = logging.getLogger(__name__)

# Platforms' clocks and ours differ, and some give whole minutes.
_CLOCKS = timedelta(minutes=2)
# A person may change a word while posting by hand.
_SAME_ANSWER = 0.8
_UNDECIDED = frozenset(
    {
        MentionState.COLLECTED,
        MentionState.CONTEXT,
        MentionState.FLAGGED,
        MentionState.SNOOZED,
        MentionState.FILED,
        MentionState.HELD,
    }
)
Key = tuple[str, str]


def place(tx: Tx, mentions: Sequence[Mention], now: datetime) -> tuple[list[Mention], dict[Key, int]]:
    """Collected mentions with our own ones marked; and by identity, which reply of ours each of the others answers.

    A collector that sees a reply of ours settles it: one in doubt, and one that a person was to post.
    """
    near = tx.replies.standing_near(mentions)
    _settle_seen(tx, mentions, near, now)
    placed: list[Mention] = []
    answers: dict[Key, int] = {}
    for mention in mentions:
        ours = ours_among(mention, near)
        own = mention.own or ours is not None
        placed.append(replace(mention, own=own))
        answered = None if own else answered_by(mention, near)
        if answered is not None:
            answers[mention.key] = answered.reply.id
    return placed, answers


def _settle_seen(tx: Tx, mentions: Sequence[Mention], near: Sequence[Standing], now: datetime) -> None:
    """One refusal ends no page: what is taken already is left to the people who see both."""
    seen = [(ours.reply.id, mention) for mention in mentions if (ours := _news(mention, near)) is not None]
    # In one order everywhere: two pages that lock the same replies wait for each other, and never in a circle.
    for reply_id, mention in sorted(seen, key=lambda one: one[0]):
        sent = SentReply(native_id=mention.native_id, permalink=mention.permalink, sent_at=mention.published_at)
        try:
            tx.replies.stands(reply_id, sent, now=now, note="a collector saw it")
        except RefusedError as error:
            if error.rule != "reply_taken":
                raise
            log.warning("reply %d: %s", reply_id, error)


def _news(mention: Mention, near: Sequence[Standing]) -> Standing | None:
    """The reply of ours that ``mention`` is, where that was not known, or not that others can see it."""
    ours = ours_among(mention, near)
    return None if ours is None or (ours.reply.native_id and not ours.reply.held) else ours


def make_own(tx: Tx, known: Sequence[Known], now: datetime) -> None:
    """Take out of the work what another source had stored before anybody knew that it is ours."""
    found = [one.id for one in known if one.state in _UNDECIDED]
    if found:
        tx.mentions.lock(found)
        tx.mentions.set_state(found, MentionState.OWN, ticket_id=None, now=now)


def ours_among(mention: Mention, near: Sequence[Standing]) -> Standing | None:
    """The reply of ours that ``mention`` is.

    By its id; or where that is not known yet, since an account of ours says the same in the same place.
    """
    here = [one for one in near if one.reply.platform == mention.platform]
    known = next((one for one in here if one.reply.native_id == mention.native_id), None)
    if known is not None or not mention.own:
        return known
    alike = [one for one in here if not one.reply.native_id and _is(mention, one)]
    # The same prepared text may stand below several posts of one conversation.
    return min(alike, key=lambda one: mention.parent != one.reply.parent, default=None)


def _is(mention: Mention, ours: Standing) -> bool:
    if mention.permalink and mention.permalink == ours.reply.permalink:
        return True
    begun = ours.reply.sending_since or ours.reply.written_at
    if mention.published_at is not None and mention.published_at < begun - _CLOCKS:
        return False
    said = ours.reply.said
    same = plain_words(mention.body) == plain_words(said)
    there = mention.parent == ours.reply.parent != "" or _answers_there(mention, ours.mention)
    # Parts of one answer may be much alike.
    in_parts = bool(ours.reply.part or ours.reply.head_id)
    return there and (same or (not in_parts and similarity(mention.body, said) >= _SAME_ANSWER))


def _answers_there(mention: Mention, asked: Mention) -> bool:
    """Whether it stands where an answer to ``asked`` does: below it, or beside it where a platform keeps them flat."""
    if not mention.parent:
        return _together(mention, asked)
    return mention.parent in {asked.native_id, asked.parent, asked.root}


def answered_by(mention: Mention, near: Sequence[Standing]) -> Standing | None:
    """The latest reply of ours that ``mention`` answers.

    A post below it does. So does one that comes later in the same conversation, from the person whom we answered or
    to an account of ours: many platforms keep answers to a comment in one flat list.
    """
    found = [one for one in near if one.reply.platform == mention.platform and _answers(mention, one)]
    return max(found, key=lambda one: one.reply.id, default=None)


def _answers(mention: Mention, ours: Standing) -> bool:
    if ours.reply.native_id and mention.parent == ours.reply.native_id:
        return True
    asked = ours.mention
    if ours.reply.sent_at is None or mention.native_id == asked.native_id or not _together(mention, asked):
        return False
    if (mention.published_at or mention.collected_at) < ours.reply.sent_at - _CLOCKS:
        return False
    same_person = (
        mention.author is not None and asked.author is not None and mention.author.handle == asked.author.handle
    )
    return mention.to_us or same_person


def _together(one: Mention, other: Mention) -> bool:
    """Whether both stand in one conversation."""
    place = {other.native_id, other.root} - {""}
    return one.parent in place or one.root in place
