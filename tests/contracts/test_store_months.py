"""Months in numbers, in either store."""

from __future__ import annotations

from datetime import timedelta

from sahut.core import actions
from sahut.core.model import DismissReason, SourceMonth, TicketDraft, Topic
from sahut.core.ports import Store
from tests.builders import a_mention, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import assess, collect, everything, follow

DRAFT = TicketDraft(title="Lampu jalan padam", topic=Topic.STREET_LIGHTING)


def counts(store: Store, clock: Clock, *, days: float = 1) -> list[SourceMonth]:
    with store.read() as tx:
        return tx.months.counts(clock() - timedelta(days=days), clock() + timedelta(days=1))


def test_scores_and_decisions_are_counted_by_source(store: Store, clock: Clock) -> None:
    posts = [
        "Lampu padam di Gang Mawar",
        "Trotoar rusak parah di Jalan Anggrek",
        "Obral besar! Rusak pun kami beli",
        "Jembatan rusak di Desa Sukamaju",
        "Air mati dari pagi",
        "selamat pagi semuanya, semoga harimu menyenangkan",
        "ada yang tahu jadwal kereta?",
    ]
    collect(store, clock, follow(store, clock, name="kota"), FakeCollector().page(*map(a_mention, posts)))
    collect(store, clock, follow(store, clock, name="desa"), FakeCollector().page(a_mention("berita hari ini")))
    assess(store, clock)
    records = everything(store)
    actor = an_actor(store)
    with store.begin() as tx:
        ticket, _ = actions.convert(tx, [(records[0].id, None)], DRAFT, actor=actor, now=clock())
        (undone,) = actions.dismiss(
            tx, [(records[1].id, None)], reason=DismissReason.NOT_COMPLAINT, note="", actor=actor, now=clock()
        )
        actions.undo(tx, undone.id, actor=actor, now=clock())
        for record, reason in ((records[2], DismissReason.SPAM), (records[3], DismissReason.HANDLED)):
            actions.dismiss(tx, [(record.id, None)], reason=reason, note="", actor=actor, now=clock())
        actions.merge(tx, [(records[5].id, None)], ticket.id, actor=actor, now=clock())
    desa, kota = counts(store, clock)
    assert (desa.source, desa.judged, desa.flagged, desa.decided) == ("desa", 1, 0, 0)
    assert (kota.source, kota.judged, kota.models) == ("kota", 7, {"fake-1": 7})
    assert kota.histogram == [2, 0, 0, 0, 0, 0, 0, 0, 0, 5]
    assert (kota.flagged, kota.decided, kota.confirmed, kota.not_complaints, kota.found_by_search) == (5, 3, 1, 1, 1)
    assert SourceMonth.total([desa, kota]).judged == 8


def test_copies_count_once_among_the_decided(store: Store, clock: Clock) -> None:
    text = "Lampu jalan di depan pasar lama padam sejak hari Senin, gelap sekali"
    posts = [a_mention(text), a_mention(text.upper()), a_mention(f"RT @warga: {text}")]
    collect(store, clock, follow(store, clock), FakeCollector().page(*posts))
    assess(store, clock)
    actor = an_actor(store)
    with store.begin() as tx:
        actions.dismiss(tx, [(1, None)], reason=DismissReason.NOT_COMPLAINT, note="", actor=actor, now=clock())
    (one,) = counts(store, clock)
    assert (one.judged, one.flagged, one.decided, one.not_complaints) == (3, 3, 1, 1)


def test_other_months_what_waits_and_the_demonstration_stay_out(store: Store, clock: Clock) -> None:
    old = a_mention("lampu padam bulan lalu", published_at=clock() - timedelta(days=30))
    collect(store, clock, follow(store, clock), FakeCollector().page(old))
    collect(store, clock, follow(store, clock, demo=True), FakeCollector().page(a_mention("lampu padam rekaan")))
    assess(store, clock)
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention("lampu padam yang belum dinilai")))
    assert counts(store, clock) == []
    assert [one.judged for one in counts(store, clock, days=40)] == [1]
