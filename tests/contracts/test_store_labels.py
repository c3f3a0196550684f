"""Decisions that stand, in either store: with the wording that was decided on."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from sahut import labels
from sahut.core import actions
from sahut.core.model import Decided, DecisionKind, DismissReason, MentionState, Policy, TicketDraft, Topic
from sahut.core.ports import Store
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import LAMP, assess, collect, everything, flagged, follow

DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)


def standing(store: Store) -> list[Decided]:
    with store.read() as tx:
        return tx.decisions.standing(after=0, limit=100)


def test_tickets_and_dismissals_stand_until_they_are_undone(store: Store, clock: Clock) -> None:
    one, two, three, _ = flagged(store, clock, LAMP, "Air PDAM mati tiga hari", "Trotoar rusak", "Jembatan rusak berat")
    actor = an_actor(store)
    with store.begin() as tx:
        ticket, (converted,) = actions.convert(tx, [(one.id, None)], DRAFT, actor=actor, now=clock())
        actions.merge(tx, [(two.id, None)], ticket.id, actor=actor, now=clock())
        (dismissed,) = actions.dismiss(
            tx, [(three.id, None)], reason=DismissReason.SPAM, note="", actor=actor, now=clock()
        )
    found = standing(store)
    assert [(d.kind, d.reason, d.topic) for d in found] == [
        (DecisionKind.CONVERTED, None, Topic.STREET_LIGHTING),
        (DecisionKind.MERGED, None, Topic.STREET_LIGHTING),
        (DecisionKind.DISMISSED, DismissReason.SPAM, None),
    ]
    assert [d.text for d in found] == [LAMP, "Air PDAM mati tiga hari", "Trotoar rusak"]
    with store.begin() as tx:
        actions.undo(tx, dismissed.id, actor=actor, now=clock())
    assert [d.mention_id for d in standing(store)] == [one.id, two.id]
    with store.read() as tx:
        assert [d.mention_id for d in tx.decisions.standing(after=converted.id, limit=100)] == [two.id]
        assert [d.mention_id for d in tx.decisions.standing(after=0, limit=1)] == [one.id]


def test_a_decision_labels_the_wording_that_its_author_saw(store: Store, clock: Clock) -> None:
    source_id = follow(store, clock)
    mention = a_mention("lampu padam di Gang Mawar, sudah lapor tetapi belum ada petugas yang datang")
    collect(store, clock, source_id, FakeCollector().page(mention))
    assess(store, clock)
    second = a_mention(mention.text + " malam ini", native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page(second))
    assess(store, clock)
    (record,) = everything(store)
    actor = an_actor(store)
    with store.begin() as tx:
        actions.dismiss(tx, [(record.id, None)], reason=DismissReason.NOT_COMPLAINT, note="", actor=actor, now=clock())
    third = a_mention("Jual lampu murah, kirim pesan untuk memesan, stok terbatas", native_id=mention.native_id)
    collect(store, clock, source_id, FakeCollector().page().page().page(third))
    (record,) = everything(store)
    assert (record.state, record.edited) == (MentionState.COLLECTED, 2)
    assert [d.text for d in standing(store)] == [second.text]


def test_the_demonstration_teaches_nothing(store: Store, clock: Clock) -> None:
    collect(store, clock, follow(store, clock, demo=True), FakeCollector().page(a_mention(LAMP)))
    assess(store, clock)
    actor = an_actor(store)
    with store.begin() as tx:
        actions.convert(tx, [(1, None)], DRAFT, actor=actor, now=clock())
    assert standing(store) == []


def test_the_table_has_a_row_for_each_label_and_is_its_owners_alone(
    store: Store, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "_PAGE", 2)
    one, two, three, four = flagged(
        store, clock, f"{LAMP}\nsekali", "Trotoar rusak parah", "Obral! rusak pun kami beli", "Mobil saya rusak"
    )
    actor = an_actor(store)
    with store.begin() as tx:
        actions.convert(tx, [(one.id, None)], DRAFT, actor=actor, now=clock())
        for record, reason in (
            (two, DismissReason.NOT_OURS),
            (three, DismissReason.SPAM),
            (four, DismissReason.NOT_COMPLAINT),
        ):
            actions.dismiss(tx, [(record.id, None)], reason=reason, note="", actor=actor, now=clock())
    file = tmp_path / "labels.csv"
    file.touch(mode=0o644)
    counts = labels.write(file, labels.rows(store, Policy()))
    assert counts == {"complaint": 1, "other": 1, "not a complaint": 1}
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["text"], row["kind"], row["complaint"], row["topic"]) for row in rows] == [
        (f"{LAMP} sekali", "complaint", "", "street_lighting"),
        ("Obral! rusak pun kami beli", "other", "", ""),
        ("Mobil saya rusak", "", "0", ""),
    ]
    later = labels.rows(store, Policy(), since=clock() + timedelta(seconds=1))
    assert list(later) == []
    assert list(labels.rows(store, Policy(), source="tidak ada")) == []
    assert len(list(labels.rows(store, Policy(), source=one.source_name))) == 3
