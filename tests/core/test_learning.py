"""What a decision says of a text, and which texts no training sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sahut.core import learning
from sahut.core.model import Decided, DecisionKind, DismissReason, Kind, Label, Policy, Topic
from tests.builders import NOW

CONVERTED = Decided(
    decision_id=1,
    mention_id=1,
    text="Lampu jalan padam",
    source_name="kota",
    platform="replay",
    kind=DecisionKind.CONVERTED,
    reason=None,
    topic=Topic.STREET_LIGHTING,
    assessed=Kind.COMPLAINT,
    at=NOW,
)
COMPLAINT = Label(kind=Kind.COMPLAINT)


@pytest.mark.parametrize("kind", [DecisionKind.CONVERTED, DecisionKind.MERGED])
def test_what_became_a_ticket_is_a_complaint_of_the_tickets_topic(kind: DecisionKind) -> None:
    found = learning.label(replace(CONVERTED, kind=kind), Policy())
    assert found == Label(kind=Kind.COMPLAINT, topic=Topic.STREET_LIGHTING)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (DismissReason.NOT_COMPLAINT, Label(complaint=False)),
        (DismissReason.SPAM, Label(kind=Kind.OTHER)),
        (DismissReason.DUPLICATE, COMPLAINT),
        (DismissReason.HANDLED, COMPLAINT),
        (DismissReason.NOT_OURS, None),
        (DismissReason.ABUSIVE, None),
    ],
)
def test_a_dismissal_labels_by_its_reason(reason: DismissReason, said: Label | None) -> None:
    dismissed = replace(CONVERTED, kind=DecisionKind.DISMISSED, reason=reason, topic=None)
    assert learning.label(dismissed, Policy()) == said


def test_every_reason_is_thought_of() -> None:
    assert len(DismissReason) == 6, "say in learning.label what a new reason teaches, and test it above"


def test_a_ticket_of_an_aspiration_says_no_kind_where_the_policy_flags_aspirations() -> None:
    policy = Policy(flagged_kinds=frozenset({Kind.COMPLAINT, Kind.ASPIRATION}))
    wish = replace(CONVERTED, assessed=Kind.ASPIRATION)
    assert learning.label(wish, policy) == Label(topic=Topic.STREET_LIGHTING)
    handled = replace(wish, kind=DecisionKind.DISMISSED, reason=DismissReason.HANDLED)
    assert learning.label(handled, policy) is None
    assert learning.label(wish, Policy()) == Label(kind=Kind.COMPLAINT, topic=Topic.STREET_LIGHTING)


def test_one_text_in_five_is_held_out_and_its_copies_with_it() -> None:
    texts = [f"Lampu jalan padam di Gang Mawar nomor {n}" for n in range(2000)]
    kept = [text for text in texts if learning.held_out(text)]
    assert 340 < len(kept) < 460
    for text in kept[:50]:
        assert learning.held_out(f"RT @warga: {text.upper()} https://kabar.example.id/x")


def test_the_split_never_changes() -> None:
    # A change of the hash would let training see what candidates are judged by.
    texts = [f"contoh {n}" for n in range(20)]
    assert [n for n, text in enumerate(texts) if learning.held_out(text)] == [3, 7, 12]
