"""What staff's decisions teach: labels of texts, and which of them no training may see. Pure, as the rules."""

from __future__ import annotations

import hashlib

from sahut.core import rules
from sahut.core.model import Decided, DecisionKind, DismissReason, Kind, Label, Policy

# One text in five is kept for judging candidates.
_FOLDS = 5


def label(decided: Decided, policy: Policy) -> Label | None:
    """What a standing decision says of its text; None where it says nothing of the text itself.

    | decision | label |
    |---|---|
    | corrected | the kind, tone and topic that a person chose, each where they chose one |
    | converted, merged | complaint, and the ticket's topic |
    | dismissed: duplicate, handled | complaint: it was one, somebody was there before |
    | dismissed: not_complaint; checked | not a complaint; which other kind is not said |
    | dismissed: spam | other |
    | dismissed: not_ours, abusive | none: they say whose it is, and how it is said |

    Where the policy flags further kinds beside complaints, a ticket made of a mention that the model takes for one of
    those says nothing of the kind. A correction of the same wording comes before what any other decision implies.
    """
    implied, corrected = _implied(decided, policy), decided.corrected
    kind = corrected.kind or implied.kind
    found = Label(
        kind=kind,
        complaint=implied.complaint if kind is None else None,
        sentiment=corrected.sentiment,
        topic=corrected.topic or implied.topic,
    )
    return None if found == Label() else found


def _implied(decided: Decided, policy: Policy) -> Label:
    if decided.kind in {DecisionKind.CONVERTED, DecisionKind.MERGED}:
        return Label(kind=_kind(decided, policy), topic=decided.topic)
    if decided.reason in {DismissReason.DUPLICATE, DismissReason.HANDLED}:
        return Label(kind=_kind(decided, policy))
    if decided.reason is DismissReason.NOT_COMPLAINT or decided.kind is DecisionKind.CHECKED:
        return Label(complaint=False)
    if decided.reason is DismissReason.SPAM:
        return Label(kind=Kind.OTHER)
    return Label()


def _kind(decided: Decided, policy: Policy) -> Kind | None:
    others = policy.flagged_kinds - {Kind.COMPLAINT}
    return None if decided.assessed in others else Kind.COMPLAINT


def held_out(text: str) -> bool:
    """Whether a text is kept from training, to judge candidates by: one in five, for ever the same.

    By a hash of its plain words, so that a copy with another link or in capitals falls on the same side.
    """
    digest = hashlib.sha256(" ".join(rules.plain_words(text)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % _FOLDS == 0
