"""Mentions in either store: kept, edited, listed, searched, and the demonstration cleared away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sahut.core import actions, collecting, merging, pipeline, rules
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import (
    Author,
    Batch,
    Change,
    DeadItem,
    DismissReason,
    Kind,
    Mention,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionState,
    Policy,
    TicketDraft,
    Topic,
)
from sahut.core.ports import Store
from tests.builders import a_mention, a_source_draft, an_actor
from tests.conftest import Clock
from tests.fakes import FakeClassifier

LAMP = "Lampu jalan di depan pasar padam sejak Senin, gelap sekali, tolong segera diperbaiki ya pak"
HOSTILE = [
    '"',
    "'",
    "* OR *",
    "lampu AND",
    "NEAR(",
    "a:b",
    "(",
    "-",
    "lampu & !",
    "\x00",
    "\ud800",
    ":*",
    "%",
    "\\",
    "²",
]


def keep(store: Store, clock: Clock, *mentions: Mention, demo: bool = False) -> int:
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(demo=demo), clock())
        collecting.save_mentions(tx, source.id, Batch(mentions=list(mentions)), clock())
    return source.id


def assess(store: Store, clock: Clock) -> None:
    while pipeline.assess(store=store, classifier=FakeClassifier(), policy=Policy(), clock=clock):
        pass


def listed(store: Store, where: MentionFilter | None = None) -> list[MentionRecord]:
    with store.read() as tx:
        page = tx.mentions.page(where or MentionFilter(), order=MentionOrder.NEWEST, limit=500)
    return list(page.items)


def texts(store: Store, where: MentionFilter) -> list[str]:
    return [record.mention.text for record in listed(store, where)]


def test_a_mention_comes_back_as_it_was_kept_without_its_raw_payload(store: Store, clock: Clock) -> None:
    mention = a_mention(
        "Teks dengan emoji 🚧 dan aksara ꦗꦮ",
        title="Judul",
        author=Author(handle="@warga", name="Warga", url="https://example.org/w", followers=12),
        permalink="https://example.org/1",
        published_at=clock() - timedelta(hours=7),
        language="id",
        parent="p1",
        reach=2**40,
        raw={"id": 2**60},
    )
    keep(store, clock, mention)
    (record,) = listed(store)
    assert record.mention == Mention(**{**_fields(mention), "raw": {}})
    assert record.mention.published_at is not None
    assert record.mention.published_at.utcoffset() == timedelta(0)


def _fields(mention: Mention) -> dict[str, object]:
    return {name: getattr(mention, name) for name in Mention.__slots__}


def test_text_that_no_database_takes_is_kept_without_the_offending_marks(store: Store, clock: Clock) -> None:
    keep(store, clock, a_mention("awal\x00akhir \ud83d", author=Author(handle="\x00\udc00")))
    (record,) = listed(store)
    assert record.mention.text == "awalakhir \ufffd"


def test_the_same_native_id_on_two_platforms_is_two_mentions(store: Store, clock: Clock) -> None:
    keep(store, clock, a_mention(native_id="1"), a_mention(native_id="1", platform="feed"))
    assert len(listed(store)) == 2


def test_a_worker_that_learns_too_late_of_an_edit_does_not_store_it_twice(store: Store, clock: Clock) -> None:
    old, new = a_mention(LAMP, native_id="x"), a_mention(LAMP + " sudah seminggu", native_id="x")
    source_id = keep(store, clock, old)
    with store.begin() as tx:
        known = tx.mentions.known([old.key])[old.key]
        change = Change(mention=new, text_key=rules.text_key(new.body), known=known)
        assert tx.mentions.save(source_id, [change], clock()) == (0, 1)
        assert tx.mentions.save(source_id, [change], clock()) == (0, 0)
        assert [v.text for v in tx.mentions.versions(known.id)] == [LAMP]


def test_a_new_wording_of_a_held_mention_takes_its_dead_letter_away(store: Store, clock: Clock) -> None:
    source_id = keep(store, clock, a_mention("racun", native_id="x"))
    pipeline.assess(store=store, classifier=FakeClassifier().choking_on("racun"), policy=Policy(), clock=clock)
    with store.begin() as tx:
        assert tx.dead_letters.count() == 1
        collecting.save_mentions(tx, source_id, Batch(mentions=[a_mention(LAMP, native_id="x")]), clock())
        assert tx.dead_letters.count() == 0
    assert [record.state for record in listed(store)] == [MentionState.COLLECTED]


@pytest.mark.parametrize("order", list(MentionOrder))
def test_pages_meet_without_gap_or_double_while_rows_arrive(store: Store, clock: Clock, order: MentionOrder) -> None:
    keep(store, clock, *(a_mention(reach=2**n if n % 3 else 0) for n in range(23)))
    assess(store, clock)
    where = MentionFilter(states=[MentionState.FLAGGED])
    wanted = {record.id for record in listed(store, where)}
    seen: list[MentionRecord] = []
    after: str | None = None
    while True:
        with store.read() as tx:
            page = tx.mentions.page(where, order=order, limit=5, after=after)
        seen += page.items
        keep(store, clock, a_mention())
        after = page.next
        if after is None:
            break
    assert [r.id for r in seen] == [r.id for r in sorted(seen, key=_place(order))]
    assert len(seen) == len(wanted) == 23
    assert {record.id for record in seen} == wanted


def _place(order: MentionOrder):  # type: ignore[no-untyped-def]
    # Without words to look for nothing is more relevant than another: the newest first.
    return (lambda r: (-r.pressing, r.id)) if order is MentionOrder.PRESSING else (lambda r: -r.id)


@pytest.mark.parametrize("token", ["", "x", "W10", "é", "WyJuZXdlc3QiLCJhIl0", "WyJwcmVzc2luZyIsMSwxXQ", "A" * 5000])
def test_a_token_of_another_list_is_refused(store: Store, token: str) -> None:
    with store.read() as tx, pytest.raises(RefusedError) as caught:
        tx.mentions.page(MentionFilter(), order=MentionOrder.NEWEST, limit=5, after=token)
    assert caught.value.rule == "page_token"


def test_filters_narrow_the_list(store: Store, clock: Clock) -> None:
    one = keep(store, clock, a_mention(LAMP, published_at=clock() - timedelta(days=9)), a_mention("berita pagi"))
    keep(store, clock, a_mention("cuaca cerah", published_at=clock() - timedelta(days=1)))
    assess(store, clock)
    assert texts(store, MentionFilter(kinds=[Kind.NEWS])) == ["berita pagi"]
    assert texts(store, MentionFilter(kinds=[Kind.NEWS, Kind.OTHER])) == ["cuaca cerah", "berita pagi"]
    assert texts(store, MentionFilter(source_id=one)) == ["berita pagi", LAMP]
    assert texts(store, MentionFilter(topics=[Topic.WASTE])) == []
    assert texts(store, MentionFilter(until=clock() - timedelta(days=9))) == []
    assert texts(store, MentionFilter(until=clock())) == ["cuaca cerah", LAMP]
    assert texts(store, MentionFilter(since=clock())) == ["berita pagi"], "undated: first seen counts"
    with store.read() as tx:
        assert tx.mentions.count(MentionFilter(), cap=2) == 2
        assert tx.mentions.count(MentionFilter(), cap=10) == 3


def test_search_finds_words_and_beginnings_in_title_and_text(store: Store, clock: Clock) -> None:
    keep(store, clock, a_mention(LAMP, title="Gelap di Bandung"), a_mention("Sampah menumpuk di Cimahi"))
    for words in ("lampu padam", "LAMPU", "band", "gelap", "lampu-jalan", "padam, lampu!"):
        assert texts(store, MentionFilter(search=words)) == [LAMP], words
    assert texts(store, MentionFilter(search="lampu sampah")) == []
    assert len(texts(store, MentionFilter(search="  "))) == 2


def test_search_follows_an_edit(store: Store, clock: Clock) -> None:
    source_id = keep(store, clock, a_mention(LAMP, native_id="x"))
    with store.begin() as tx:
        collecting.save_mentions(tx, source_id, Batch(mentions=[a_mention("sudah menyala", native_id="x")]), clock())
    assert texts(store, MentionFilter(search="padam")) == []
    assert texts(store, MentionFilter(search="menyala")) == ["sudah menyala"]


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_typed_into_search_is_an_error(store: Store, clock: Clock, words: str) -> None:
    keep(store, clock, a_mention(LAMP))
    texts(store, MentionFilter(search=words))
    texts(store, MentionFilter(search=f"lampu {words} jalan"))


def test_an_unknown_mention_is_not_found(store: Store) -> None:
    with store.begin() as tx:
        for ask in (tx.mentions.get, tx.mentions.for_update):
            with pytest.raises(NotFoundError):
                ask(2**40)


def test_many_old_likenesses_do_not_hide_a_recent_one(store: Store, clock: Clock) -> None:
    old = [a_mention(f"{LAMP} kali {n}", published_at=clock() - timedelta(days=40)) for n in range(8)]
    keep(store, clock, *old, a_mention(f"{LAMP} kemarin", published_at=clock() - timedelta(days=1)))
    keep(store, clock, a_mention(f"{LAMP} sekarang", published_at=clock()))
    assess(store, clock)
    latest, recent = listed(store)[:2]
    assert latest.first_id == recent.id


@pytest.mark.parametrize("into_demo", [True, False])
def test_clearing_the_demonstration_leaves_no_number_of_a_real_ticket_that_leads_nowhere(
    store: Store, clock: Clock, into_demo: bool
) -> None:
    keep(store, clock, a_mention("Jembatan rusak berat di kampung kami, bahaya sekali"))
    keep(store, clock, a_mention("Selokan mampet dan rusak di gang, airnya meluap"), demo=True)
    assess(store, clock)
    drain, bridge = listed(store)
    actor = an_actor(store)
    with store.begin() as tx:
        demo, real = (
            actions.convert(tx, [(one.id, None)], TicketDraft(title="t", topic=Topic.ROADS), actor=actor, now=clock())[
                0
            ]
            for one in (drain, bridge)
        )
        left, kept = (real, demo) if into_demo else (demo, real)
        merging.merge_tickets(tx, (left.id, None), (kept.id, None), actor=actor, now=clock())
    with store.begin() as tx:
        assert tx.operations.clear_demo()["mention"] == 1
    with store.read() as tx:
        stands = tx.mentions.get(bridge.id).ticket_id
        assert stands == kept.id
        assert tx.tickets.get(kept.id).mentions == 1
        again = tx.tickets.get(real.id)
        assert again.merged_into == (demo.id if into_demo else None)
        assert not merging.can_part(tx, demo.id)
        if not into_demo:
            with pytest.raises(NotFoundError):
                tx.tickets.get(demo.id)


def test_clearing_the_demonstration_takes_all_of_it_and_nothing_else(store: Store, clock: Clock) -> None:
    real_source = keep(store, clock, a_mention(LAMP), a_mention("Jembatan rusak berat di kampung kami, bahaya sekali"))
    demo_source = keep(
        store, clock, a_mention(LAMP.upper()), a_mention("Selokan mampet dan rusak di gang, airnya meluap"), demo=True
    )
    assess(store, clock)
    own, shared = TicketDraft(title="demo", topic=Topic.ROADS), TicketDraft(title="shared", topic=Topic.ROADS)
    drain, copy, bridge, lamp = listed(store)
    assert (copy.first_id, lamp.similar) == (lamp.id, 1)
    actor = an_actor(store)
    with store.begin() as tx:
        demo_ticket, _ = actions.convert(tx, [(drain.id, None)], own, actor=actor, now=clock())
        kept_ticket, _ = actions.convert(tx, [(bridge.id, None)], shared, actor=actor, now=clock())
        (gone,) = actions.dismiss(tx, [(lamp.id, None)], reason=DismissReason.SPAM, note="", actor=actor, now=clock())[
            :1
        ]
        actions.undo(tx, gone.id, actor=actor, now=clock())
        tx.dead_letters.add(demo_source, [DeadItem(reason="x")], clock())
        tx.dead_letters.add(real_source, [DeadItem(reason="y")], clock())
        assert tx.operations.demo_exists()
    with store.begin() as tx:
        deleted = tx.operations.clear_demo()
        assert (deleted["source"], deleted["mention"], deleted["ticket"]) == (1, 2, 1)
    with store.begin() as tx:
        assert not tx.operations.demo_exists()
        assert sum(tx.operations.clear_demo().values()) == 0
        assert [source.id for source in tx.sources.all()] == [real_source]
        with pytest.raises(NotFoundError):
            tx.tickets.get(demo_ticket.id)
        assert tx.tickets.get(kept_ticket.id).mentions == 1
        assert [letter.reason for letter in tx.dead_letters.page(limit=9)] == ["y"]
        assert len(tx.decisions.of_mention(lamp.id)) == 2
    assert [(r.id, r.similar) for r in listed(store)] == [(bridge.id, 0), (lamp.id, 0)]
    assert texts(store, MentionFilter(search="selokan")) == []
