"""Erasing a person on SQLite and PostgreSQL: nothing of them is left, and nothing of them comes again."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sahut import exported
from sahut.core import actions, collecting, erasing
from sahut.core.errors import RefusedError
from sahut.core.model import (
    AuditFilter,
    Author,
    Batch,
    DeadItem,
    Mention,
    MentionFilter,
    MentionOrder,
    MentionState,
    Person,
    PersonCounts,
    Policy,
    ReplyDraft,
    ReplyState,
    SentReply,
    TicketDraft,
    Topic,
)
from storage.store import SqlStore
from tests.builders import NOW, a_mention, a_source_draft, an_actor
from tests.storage.test_hiding import dump

HANDLE, NAME, PHONE = "fulanah_karangan", "Fulanah Karangan", "081299887766"
HER = Person(platform="replay", handle=HANDLE)
DID = "did:plc:fulanah_karangan"
# What must not be anywhere in a dump of the database.
PLANTED = (HANDLE, NAME, PHONE, DID, "Qwrtzbocor")
LATER = NOW + timedelta(days=1)


def her_post(number: int, text: str = "", **over: object) -> Mention:
    said = text or f"Pipa Qwrtzbocor di rumah saya nomor {number}, hubungi {PHONE}"
    return a_mention(
        said,
        native_id=f"at://{DID}/{number}",
        author=Author(handle=HANDLE, name=NAME, url=f"https://a.example/{HANDLE}"),
        permalink=f"https://a.example/{HANDLE}/{number}",
        raw={"user": HANDLE, "phone": PHONE},
        **over,
    )


def fill(store: SqlStore) -> dict[str, int]:
    """Three posts of hers, one edited, one in a ticket and answered; others that name and answer her."""
    actor = an_actor(store)
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), NOW)
        other = a_mention(
            f"Setuju dengan @{HANDLE}, jalannya rusak", native_id="o1", parent=f"at://{DID}/1", root=f"at://{DID}/1"
        )
        dead = [DeadItem(reason="no text", native_id="x1", raw={"from": HANDLE})]
        batch = Batch(mentions=[her_post(1), her_post(2), her_post(3), other], dead=dead, seen=4)
        collecting.save_mentions(tx, source.id, batch, NOW)
        tx.deliveries.tell(source.id, [{"chat": HANDLE}], NOW)
    with store.begin() as tx:
        edit = Batch(mentions=[her_post(2, f"Pipa Qwrtzbocor sudah diperbaiki {PHONE}")], seen=1)
        collecting.save_mentions(tx, source.id, edit, NOW)
    with store.begin() as tx:
        tx.mentions.set_state([1, 2], MentionState.FLAGGED, ticket_id=None, now=NOW)
    with store.begin() as tx:
        draft = TicketDraft(
            title=f"Pipa bocor, {NAME}", topic=Topic.ROADS, description=f"{NAME} ({PHONE}) melapor pipa bocor"
        )
        ticket, _ = actions.convert(tx, [(1, None)], draft, actor=actor, now=NOW)
        text = f"@{HANDLE} Terima kasih, {NAME}. Segera kami periksa."
        made = ReplyDraft(mention_id=1, text=text, author_id=actor.user_id, author_name="Rina", seen_edits=0)
        sent = tx.replies.add(made, NOW)
        tx.replies.stands(sent.id, SentReply(native_id="r1", permalink="https://a.example/kota/9"), now=NOW)
        open_one = tx.replies.add(replace(made, mention_id=2), NOW)
    return {"ticket": ticket.id, "sent": sent.id, "open": open_one.id, "source": source.id}


def gone(store: SqlStore, who: Person = HER) -> tuple[PersonCounts, int]:
    done = erasing.erase(store, who, clock=lambda: LATER, name="sahut@uji")
    assert store.sweep()
    return done


def test_nobody_is_found_where_nobody_was_collected(store: SqlStore) -> None:
    assert erasing.look(store, HER) == PersonCounts()
    assert not gone(store)[1]
    assert erasing.look(store, HER).erased


def test_a_dry_run_counts_and_changes_nothing(store: SqlStore) -> None:
    fill(store)
    before = dump(store)
    found = erasing.look(store, HER)
    assert (found.mentions, found.versions, found.replies, found.tickets) == (3, 1, 2, 1)
    assert (found.named, found.set_aside, found.erased) == (1, 2, False)
    assert dump(store) == before


def test_after_erasing_no_table_holds_anything_of_the_person(store: SqlStore) -> None:
    fill(store)
    reached, _rows = gone(store)
    assert reached.mentions == 3
    shown = dump(store)
    assert [word for word in PLANTED if word in shown] == []
    with store.read() as tx:
        assert [tx.mentions.whole(one).mention.raw for one in (1, 2, 3)] == [{}, {}, {}]
        assert tx.dead_letters.count() == 0
        assert tx.mentions.count(MentionFilter(search="Qwrtzbocor"), cap=9) == 0
    assert erasing.look(store, HER).mentions == 0
    assert erasing.look(store, HER).erased


def test_who_bears_the_word_of_another_complaint_takes_none_of_it_along(store: SqlStore) -> None:
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), NOW)
        mine = a_mention("halo", native_id="m1", author=Author(handle="air"))
        theirs = a_mention("@air_bersih, air mati di rumah saya", native_id="m2", author=Author(handle="siti"))
        dead = [DeadItem(reason="no text", native_id="x1", raw={"text": "air mati sejak kemarin", "user": "siti"})]
        collecting.save_mentions(tx, source.id, Batch(mentions=[mine, theirs], dead=dead, seen=3), NOW)

    gone(store, replace(HER, handle="air"))

    with store.read() as tx:
        assert tx.dead_letters.count() == 1
        assert tx.mentions.get(2).mention.text == "@air_bersih, air mati di rumah saya"


def test_tickets_and_sent_replies_stay_without_the_person(store: SqlStore) -> None:
    ids = fill(store)
    gone(store)
    with store.read() as tx:
        ticket = tx.tickets.get(ids["ticket"])
        assert ticket.title == "Pipa bocor, •••"
        assert ticket.description == "••• (•••••••••766) melapor pipa bocor"
        sent, withdrawn = tx.replies.get(ids["sent"]), tx.replies.get(ids["open"])
        assert (sent.state, sent.text) == (ReplyState.SENT, "••• Terima kasih, •••. Segera kami periksa.")
        assert sent.permalink == "https://a.example/kota/9"
        assert withdrawn.state is ReplyState.WITHDRAWN
        other = tx.mentions.get(4)
        assert other.mention.text == "Setuju dengan •••, jalannya rusak"
        # The conversation keeps its shape.
        assert other.mention.parent == tx.mentions.get(1).mention.native_id == "erased:1"
        assert len(tx.mentions.conversation(other, 10)) >= 2
        queue = tx.mentions.page(MentionFilter(states=(MentionState.FLAGGED,)), order=MentionOrder.PRESSING, limit=9)
        assert queue.items == []


def test_what_was_erased_is_not_collected_again_and_nothing_new_of_the_person_either(store: SqlStore) -> None:
    ids = fill(store)
    gone(store)
    new = a_mention("Jalan rusak", native_id="n9", author=Author(handle=HANDLE.upper()))
    nameless = a_mention("Pipa Qwrtzbocor", native_id=f"at://{DID}/1")
    named = a_mention(f"Setuju dengan @{HANDLE}, jalannya rusak", native_id="o1")
    stranger = a_mention("Lampu padam", native_id="s1", author=Author(handle="orang_lain"))
    with store.begin() as tx:
        batch = Batch(mentions=[her_post(1), her_post(2), new, nameless, named, stranger], seen=6)
        collecting.save_mentions(tx, ids["source"], batch, LATER)
    shown = dump(store)
    assert [word for word in PLANTED if word in shown] == []
    with store.read() as tx:
        assert tx.mentions.count(MentionFilter(), cap=99) == 5
        assert tx.mentions.get(5).mention.native_id == "s1"


def test_by_a_link_that_post_alone_is_erased(store: SqlStore) -> None:
    fill(store)
    one = Person(platform="replay", link=f"http://www.a.example/{HANDLE}/3/")
    assert erasing.look(store, one).mentions == 1
    gone(store, one)
    with store.read() as tx:
        assert [bool(tx.mentions.get(number).mention.text) for number in (1, 2, 3)] == [True, True, False]


def test_the_audit_log_says_that_somebody_was_erased_and_not_who(store: SqlStore) -> None:
    fill(store)
    gone(store)
    with store.read() as tx:
        (entry,) = tx.audit.page(AuditFilter(kind="person"), limit=9).items
    assert (entry.act, entry.actor_name, entry.detail["platform"]) == ("erasure", "sahut@uji", "replay")
    assert (entry.detail["mentions"], entry.detail["tickets"]) == (3, 1)
    assert HANDLE not in str(entry)


def test_who_is_stopped_on_the_way_goes_on_at_the_next_call(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(Exception):
        pass

    def die(_ids: object) -> int:
        raise KilledError

    fill(store)
    monkeypatch.setattr(erasing, "_BATCH", 1)
    with pytest.raises(KilledError):
        erasing.erase(store, HER, clock=lambda: LATER, forget_exports=die)
    assert erasing.look(store, HER).mentions == 2
    gone(store)
    assert [word for word in PLANTED if word in dump(store)] == []


def test_the_files_of_sqlite_show_nothing_of_the_person_once_swept(sqlite_store: SqlStore, tmp_path: Path) -> None:
    fill(sqlite_store)
    gone(sqlite_store)
    seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [word for word in PLANTED if word.encode() in seen] == []


def test_tables_on_disk_lose_the_rows_of_the_person(sqlite_store: SqlStore, tmp_path: Path) -> None:
    fill(sqlite_store)
    file, other = tmp_path / "models" / "labels.csv", tmp_path / "other.csv"
    file.parent.mkdir()
    file.write_text(f"text,mention_id\n{NAME} bilang,1\nJalan rusak,4\n", encoding="utf-8")
    other.write_text("text\n1\n", encoding="utf-8")
    _, rows = erasing.erase(
        sqlite_store, HER, clock=lambda: LATER, forget_exports=lambda ids: exported.forget(tmp_path, ids)
    )
    assert rows == 1
    with file.open(encoding="utf-8", newline="") as stream:
        assert [row["mention_id"] for row in csv.DictReader(stream)] == ["4"]
    assert other.read_text(encoding="utf-8") == "text\n1\n"


def test_a_report_tells_a_person_what_is_held(store: SqlStore) -> None:
    fill(store)
    said = erasing.report(store, HER, Policy(), now=LATER, name="sahut@uji")
    for word in (NAME, PHONE, "3 tulisan publik", "1 bunyi sebelumnya", "== Tulisan 3 ==", "Balasan kami (sent)"):
        assert word in said
    assert "data mentah 90 hari" in said
    assert f"https://a.example/{HANDLE}/1" in said
    with store.read() as tx:
        (entry,) = tx.audit.page(AuditFilter(kind="person"), limit=9).items
    assert entry.act == "access_report"
    assert HANDLE not in str(entry)


@pytest.mark.parametrize(
    ("platform", "handle", "link"), [("", "a", ""), ("x", "", ""), ("x", "a", "https://a.example")]
)
def test_who_is_meant_has_to_be_said_in_one_way(platform: str, handle: str, link: str) -> None:
    with pytest.raises(RefusedError):
        erasing.asked(platform, handle, link)
