"""Erasing reaches files on their way in, and short names where an @ stands before them; words of the language stay."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from sahut.core import collecting, erasing
from sahut.core.errors import NotFoundError
from sahut.core.model import Author, Batch, Person, ReplyDraft, SentReply, TicketDraft, Topic
from sahut.core.model.imports import ImportDraft, ImportState
from storage import brought
from storage.store import SqlStore
from tests.builders import NOW, a_mention, a_source_draft, an_actor
from tests.contracts.test_store_persons import HANDLE, HER, LATER, PLANTED, gone
from tests.storage.test_hiding import dump

LINK = f"https://a.example/{HANDLE}/3"


def workbook(*cells: str) -> bytes:
    made, stream = Workbook(), BytesIO()
    sheet = made.active
    assert sheet is not None
    for cell in cells:
        sheet.append([cell])
    made.save(stream)
    return stream.getvalue()


def bring(store: SqlStore, data: bytes, *, size: int = 7) -> int:
    parts = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    with store.begin() as tx:
        return tx.imports.add(ImportDraft(file="laporan.csv", source="Berkas"), parts, by="Uji", now=NOW).id


FILES = {
    "cell": f"isi,akun\nJalan rusak,{HANDLE}\n".encode(),
    "first cell": f"{HANDLE.upper()};Jalan rusak\n".encode(),
    "quoted": f'"isi","akun"\r\n"Jalan","@{HANDLE}"\r\n'.encode(),
    "json": f'{{"text":"Jalan","user":{{"screen_name":"{HANDLE}"}}}}\n'.encode(),
    "addressed": f"isi\nHalo @{HANDLE}, jalan rusak\n".encode(),
    "wide": f"isi\takun\nJalan\t{HANDLE}\n".encode("utf-16"),
    "workbook": workbook("isi", "Jalan rusak", HANDLE),
    "workbook, addressed": workbook("isi", f"Halo @{HANDLE} jalan rusak"),
}
OTHERS = {
    "another's": f"isi,akun\nJalan rusak,{HANDLE}_lain\n".encode(),
    "in a text": f"isi\nToko {HANDLE} tutup\n".encode(),
    "nothing": b"isi\nJalan rusak\n",
    "no archive": b"PK\x03\x04" + HANDLE.encode() * 9,
    "another workbook": workbook("isi", "Jalan rusak", f"{HANDLE}9"),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_holds_the_name_goes_with_its_bytes(store: SqlStore, name: str) -> None:
    item, kept = bring(store, FILES[name], size=0), bring(store, OTHERS["nothing"])
    assert erasing.look(store, HER).brought == 1
    assert gone(store)[0].brought == 1
    with store.read() as tx:
        with pytest.raises(NotFoundError):
            tx.imports.get(item)
        assert list(tx.imports.parts(item)) == []
        assert b"".join(tx.imports.parts(kept)) == OTHERS["nothing"]
    assert erasing.look(store, HER).brought == 0


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_file_of_others_stays(store: SqlStore, name: str) -> None:
    item = bring(store, OTHERS[name], size=0)
    assert (erasing.look(store, HER).brought, gone(store)[0].brought) == (0, 0)
    with store.read() as tx:
        assert b"".join(tx.imports.parts(item)) == OTHERS[name]


def test_a_short_name_in_a_cell_is_a_word_unless_it_is_that_of_a_file(store: SqlStore) -> None:
    bring(store, b"topik,isi\nair,mati sejak kemarin\n")
    assert erasing.look(store, Person(platform="x", handle="air")).brought == 0
    assert erasing.look(store, Person(platform="file", handle="air")).brought == 1


def test_by_a_link_the_file_that_holds_it_goes_and_not_that_of_a_longer_one(store: SqlStore) -> None:
    one = Person(platform="replay", link=LINK)
    bring(store, f"isi,tautan\nJalan,{LINK}\n".encode())
    bring(store, f"isi,tautan\nJalan,{LINK}9\n".encode())
    assert erasing.look(store, one).brought == 1


def test_a_worker_that_has_the_file_in_hand_loses_it(store: SqlStore) -> None:
    bring(store, FILES["cell"])
    with store.begin() as tx:
        claim = tx.imports.claim(now=NOW, until=LATER)
        assert claim is not None
    gone(store)
    with store.begin() as tx:
        assert not tx.imports.progress(claim, 5, None, until=LATER)
        assert not tx.imports.finish(claim, ImportState.DONE, found={"first": [HANDLE]}, now=NOW)


def test_what_is_told_of_a_file_that_is_in_forgets_the_name(store: SqlStore) -> None:
    item = bring(store, OTHERS["nothing"])
    with store.begin() as tx:
        claim = tx.imports.claim(now=NOW, until=LATER)
        assert claim is not None
        tx.imports.finish(claim, ImportState.DONE, found={"faults": [f"row 3: no text near '{HANDLE}'"]}, now=NOW)
    assert gone(store)[0].brought == 1
    with store.read() as tx:
        assert (tx.imports.get(item).state, dict(tx.imports.get(item).found)) == (ImportState.DONE, {})


def test_a_workbook_that_unpacks_without_an_end_is_read_no_further(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought, "_MOST_UNPACKED", 1_000_000)
    monkeypatch.setattr(brought, "_BLOCK", 100_000)
    seen = list(brought._texts(workbook("x" * 30_000, *("y" * 30_000 for _ in range(200)))))
    assert sum(map(len, seen)) <= 1_000_000 + len(seen) * 2_000
    assert len(seen) >= 10
    assert list(brought._texts(gzip.compress(b"x")))


def test_the_files_of_sqlite_show_nothing_of_what_was_brought(sqlite_store: SqlStore, tmp_path: Path) -> None:
    bring(sqlite_store, FILES["cell"])
    gone(sqlite_store)
    seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [word for word in PLANTED if word.encode() in seen] == []


def test_a_short_name_goes_from_replies_and_tickets_where_it_is_addressed_and_stays_a_word_elsewhere(
    store: SqlStore,
) -> None:
    actor = an_actor(store)
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), NOW)
        mine = a_mention("halo", native_id="m1", author=Author(handle="air", name="Al"))
        other = a_mention("lampu padam", native_id="m2", author=Author(handle="siti"))
        collecting.save_mentions(tx, source.id, Batch(mentions=[mine, other], seen=2), NOW)
    ids = []
    for mention_id in (1, 2):
        text = "@air terima kasih, air di @air_bersih mati; @AL dan Al menunggu"
        with store.begin() as tx:
            made = ReplyDraft(
                mention_id=mention_id, text=text, author_id=actor.user_id, author_name="Rina", seen_edits=0
            )
            ids.append(tx.replies.add(made, NOW).id)
            tx.replies.stands(ids[-1], SentReply(native_id=f"r{mention_id}", permalink=""), now=NOW)
    with store.begin() as tx:
        draft = TicketDraft(title="Air mati, kata @air", topic=Topic.ROADS, unit="", description="air")
        ticket = tx.tickets.create(draft, tracking_code="K", now=NOW)
        tx.mentions.set_state([1], tx.mentions.get(1).state, ticket_id=ticket.id, now=NOW)
    assert erasing.look(store, Person(platform="replay", handle="air")).named == 1
    gone(store, Person(platform="replay", handle="air"))
    with store.read() as tx:
        assert tx.replies.get(ids[0]).text == "••• terima kasih, air di @air_bersih mati; ••• dan Al menunggu"
        # Of a reply to somebody else the handle alone is known to be theirs.
        assert tx.replies.get(ids[1]).text == "••• terima kasih, air di @air_bersih mati; @AL dan Al menunggu"
        assert tx.tickets.get(ticket.id).title == "Air mati, kata •••"
    assert "@air " not in dump(store)
