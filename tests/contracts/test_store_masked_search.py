"""Search reads what is shown: no digit behind a mask, in either store, through every writer of a text."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import text

from sahut.core import collecting, personal
from sahut.core.model import (
    Batch,
    Mention,
    MentionFilter,
    MentionOrder,
    MentionState,
    Person,
    TicketChange,
    TicketDraft,
    TicketFilter,
    Topic,
)
from storage import migrate
from storage.engine import engine_for
from storage.store import SqlStore, open_store
from tests.builders import NOW, a_mention
from tests.conftest import KEY, Clock
from tests.fakes import FakeCollector
from tests.steps import collect, follow

NIK, PHONE, MAIL = "3273014508900001", "081234567890", "fulan.karangan@surel.example"
SAID = f"Blokir bansos terowongan, NIK {NIK} hubungi {PHONE} atau {MAIL}"


def found(store: SqlStore, search: str, order: MentionOrder = MentionOrder.NEWEST) -> list[int]:
    with store.read() as tx:
        page = tx.mentions.page(MentionFilter(search=search), order=order, limit=10)
        assert tx.mentions.count(MentionFilter(search=search), cap=10) == len(page.items)
        return [one.id for one in page.items]


def pieces(number: str, kept: int) -> list[str]:
    """Every beginning of a number that its mask does not show, as somebody would type it who feels their way."""
    return [number[:end] for end in range(2, len(number) + 1)] + [number[:-kept]]


@pytest.fixture
def said(store: SqlStore, clock: Clock) -> SqlStore:
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention(SAID, native_id="one")))
    return store


def test_no_digit_behind_a_mask_is_found_and_the_words_around_it_are(said: SqlStore) -> None:
    for order in (MentionOrder.NEWEST, MentionOrder.RELEVANT):
        for number in (NIK, PHONE):
            for piece in pieces(number, 3):
                assert found(said, piece, order) == [], piece
                assert found(said, f"terowongan {piece}", order) == [], piece
                # What must not be there tells as much as what must.
                assert found(said, f"terowongan -{piece}", order) == [1], piece
        assert found(said, "fulan", order) == []
        assert found(said, f'"{MAIL}"', order) == []
        for words in ("terowongan", '"blokir bansos"', "hubungi atau", NIK[-4:]):
            assert found(said, words, order) == [1], words


def test_a_number_that_becomes_whole_in_the_database_is_masked(store: SqlStore, clock: Clock) -> None:
    odd = [f"Hubungi {PHONE[:5]}\x00{PHONE[5:]}", f"Hubungi {PHONE[:5]}\u200b{PHONE[5:]}", f"Hubungi\ud800 {PHONE}"]
    collect(store, clock, follow(store, clock), FakeCollector().page(*map(a_mention, odd)))
    assert found(store, "hubungi") == [3, 2, 1]
    assert found(store, PHONE[:4]) == found(store, PHONE[5:7]) == []


def test_an_order_by_fit_counts_what_is_shown_alone(store: SqlStore, clock: Clock) -> None:
    """Both hold the word 0812 in clear; that the first holds it behind a mask too must not lift it."""
    texts = [f"Kode 0812 terowongan, hubungi {PHONE}", "Kode 0812 terowongan, hubungi 0000"]
    collect(store, clock, follow(store, clock), FakeCollector().page(*map(a_mention, texts)))
    assert found(store, "terowongan 0812", MentionOrder.RELEVANT) == [2, 1]


def test_an_edit_is_searched_as_it_is_shown_then(said: SqlStore) -> None:
    bring(said, a_mention("Terowongan gelap, kode 081234567890123 saja", native_id="one"))
    assert (found(said, "bansos"), found(said, "gelap"), found(said, "0812")) == ([], [1], [1])
    bring(said, a_mention(f"Terowongan banjir {PHONE}", native_id="one"))
    assert (found(said, "gelap"), found(said, "banjir"), found(said, "0812")) == ([], [1], [])
    assert in_step(said)


@pytest.mark.parametrize("way", ["withdraw", "erase", "retention", "name"])
def test_what_is_blanked_is_in_no_index(said: SqlStore, clock: Clock, way: str) -> None:
    with said.begin() as tx:
        if way == "withdraw":
            tx.mentions.withdraw("replay", ["one"], clock())
        elif way == "erase":
            tx.persons.erase([1], clock())
        elif way == "retention":
            tx.mentions.set_state([1], MentionState.FILED, ticket_id=None, now=clock())
            later = clock.forward(days=400)
            assert tx.retention.forget("filed", later, later, limit=9) == 1
        else:
            other = a_mention(f"Kepada @terowongan_kita terowongan {PHONE}", native_id="two")
    if way == "name":
        bring(said, other)
        with said.begin() as tx:
            assert tx.persons.forget_name(Person(platform="replay", handle="terowongan_kita"), clock()) == 1
        assert (found(said, "terowongan kepada"), found(said, "kita"), found(said, "0812")) == ([2], [], [])
    else:
        assert found(said, "terowongan") == []
    assert in_step(said)


def bring(store: SqlStore, *mentions: Mention) -> None:
    with store.begin() as tx:
        collecting.save_mentions(tx, tx.sources.all()[0].id, Batch(mentions=mentions), NOW)


def in_step(store: SqlStore) -> bool:
    """Whether every row is masked as it would be anew, and SQLite's index agrees with its content."""
    with store._engine.begin() as connection:
        for row in connection.execute(text("SELECT title, text, masked, masked_by FROM mention")):
            shown = "\n".join(map(personal.mask, (row.title, row.text)))
            assert row.masked == (None if shown == f"{row.title}\n{row.text}" else shown)
            assert row.masked_by == personal.VERSION
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO mention_fts (mention_fts, rank) VALUES ('integrity-check', 1)")
    return True


def a_ticket(store: SqlStore, title: str, place: str = "") -> int:
    draft = TicketDraft(title=title, description="", topic=Topic.ROADS, unit="pu", place=place)
    with store.begin() as tx:
        return tx.tickets.create(draft, tracking_code=f"K-{title[:3]}", now=NOW).id


def test_a_ticket_is_found_by_what_its_title_and_place_show(store: SqlStore) -> None:
    ticket = a_ticket(store, f"Pungli oleh {PHONE}", f"Jl. Mawar 3 ({PHONE})")

    def hits(words: str) -> int:
        with store.read() as tx:
            return tx.tickets.count(TicketFilter(search=words), cap=9)

    assert [hits(one) for one in ("pungli", "mawar", "2026-0000")] == [1, 1, 1]
    assert [piece for piece in pieces(PHONE, 3) if len(piece) > 2 and hits(piece)] == []
    assert [a + b for a, b in itertools.pairwise(PHONE[:9]) if hits(a + b + PHONE[0])] == []
    with store.begin() as tx:
        tx.tickets.change(ticket, TicketChange(title=f"Suap oleh 0{PHONE[1:]}", place="Pasar"), NOW)
    assert [hits(one) for one in ("pungli", "mawar", "suap", "pasar", PHONE[:5])] == [0, 0, 1, 1, 0]


def test_texts_of_before_are_not_found_until_they_are_masked_batch_by_batch(database_url: str) -> None:
    store = open_store(database_url, keys=[KEY])
    clock = Clock()
    collect(store, clock, follow(store, clock), FakeCollector().page(a_mention(SAID), a_mention("Terowongan gelap")))
    a_ticket(store, f"Suap {PHONE}")
    store.close()
    migrate.downgrade(database_url, "0016")
    engine = engine_for(database_url)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM mention_fts WHERE mention_fts MATCH :words")
            assert connection.execute(query, {"words": PHONE}).scalar_one() == 1
    engine.dispose()
    migrate.upgrade(database_url)
    store = open_store(database_url, keys=[KEY])
    assert found(store, "terowongan") == found(store, PHONE[:4]) == []
    assert store.unmasked() == 3

    class KilledError(Exception):
        pass

    def die(_count: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        store.mask(die)
    assert (store.unmasked(), store.mask(), store.unmasked(), store.mask()) == (1, 1, 0, 0)
    assert (found(store, "terowongan"), found(store, PHONE[:4])) == ([2, 1], [])
    with store.read() as tx:
        assert tx.tickets.count(TicketFilter(search="suap"), cap=9) == 1
        assert tx.tickets.count(TicketFilter(search=PHONE[:6]), cap=9) == 0
    assert in_step(store)
    store.close()


def test_another_finder_masks_everything_anew(said: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "VERSION", personal.VERSION + 1)
    monkeypatch.setattr(personal, "mask", lambda said: said.replace("terowongan", "••••••••••"))
    assert said.mask() == 1
    assert (found(said, "terowongan"), found(said, "bansos")) == ([], [1])
    assert said.mask() == 0
