"""Public replies on the board, without a browser: every act is a form, and the count needs no JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sahut.core import collecting, outbox
from sahut.core.errors import InDoubtError
from sahut.core.model import Batch, Capability, Problem, Role
from sahut.core.ports import Store
from tests.builders import a_mention
from tests.fakes import FakeQueue, FakeReplier
from tests.triage_api.conftest import World

TEXT = "Terima kasih, kami teruskan ke Dinas Pekerjaan Umum."


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock, queue=FakeQueue())


class Person:
    """Somebody at the board."""

    def __init__(self, world: World, username: str) -> None:
        self.client: TestClient
        self.client, self.csrf = world.signed_in(username)
        self.client.headers["accept"] = "text/html"

    def see(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, data={"csrf": self.csrf, "back": "/", **fields})


def deliver(world: World) -> None:
    outbox.deliver(store=world.store, means=world.replier.means(), clock=world.clock)


def test_a_reply_goes_from_the_mentions_page_over_the_approvers_list_to_the_platform(world: World) -> None:
    (mention,) = world.flagged(1)
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    assert 'name="text"' in rina.see(f"/mentions/{mention}")
    assert "diajukan" in rina.post(f"/mentions/{mention}/reply", text=TEXT, act="submit", key="k1").text
    waiting = dewi.see("/replies")
    assert TEXT in waiting
    assert "Setujui dan kirim" in waiting
    assert "Setujui dan kirim" not in rina.see("/replies")
    assert "segera dikirim" in dewi.post("/replies/1/approve", version=2).text
    assert ("deliver", "") in world.queue.rings
    deliver(world)
    assert "Terkirim" in rina.see(f"/mentions/{mention}")
    assert TEXT in rina.see("/replies?state=sent")


def test_the_same_form_sent_twice_makes_one_reply(world: World) -> None:
    (mention,) = world.flagged(1)
    rina = Person(world, "rina")
    pages = [rina.post(f"/mentions/{mention}/reply", text=TEXT, act="save", key="k1") for _ in range(2)]
    assert [page.url.path for page in pages] == ["/replies/1", "/replies/1"]
    assert "belum selesai" in rina.post(f"/mentions/{mention}/reply", text=TEXT, act="save", key="k2").text


def test_the_count_and_the_preview_need_no_javascript(world: World) -> None:
    (mention,) = world.flagged(1)
    rina = Person(world, "rina")
    text = "Hubungi <b>0812-3456-7890</b> https://lapor.example"
    page = rina.post(f"/mentions/{mention}/reply", text=text, act="preview").text
    assert f"{len(text)} dari 280" in page
    assert "memuat data pribadi: ••••-••••-•890" in page
    assert "US$0.20" in page
    assert "&lt;b&gt;" in page
    assert "<b>0812" not in page
    fragment = rina.post(f"/mentions/{mention}/reply/check", text=text).text
    assert f"{len(text)} dari 280" in fragment
    assert "<html" not in fragment
    with world.store.read() as tx:
        assert tx.replies.of_mention(mention) == []


def test_a_prepared_text_is_offered_and_taken(world: World) -> None:
    (mention,) = world.flagged(1)
    page = Person(world, "rina").see(f"/mentions/{mention}/reply?template=tidak-ada")
    assert 'name="text"' in page


def test_a_stale_approval_shows_what_the_author_did(world: World) -> None:
    (mention,) = world.flagged(1)
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    rina.post(f"/mentions/{mention}/reply", text=TEXT, act="submit")
    rina.post("/replies/1", text=TEXT + " Salam.", act="submit", version=2)
    stale = dewi.post("/replies/1/approve", version=2)
    assert stale.status_code == 409
    assert "balasan: disunting" in stale.text
    assert 'href="/replies/1"' in stale.text


def test_a_rejection_comes_back_with_its_note(world: World) -> None:
    (mention,) = world.flagged(1)
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    rina.post(f"/mentions/{mention}/reply", text=TEXT, act="submit")
    dewi.post("/replies/1/reject", version=2, note="Sebutkan unitnya")
    assert "Sebutkan unitnya" in rina.see(f"/mentions/{mention}")


def test_what_is_in_doubt_is_settled_by_a_person(world: World) -> None:
    (mention,) = world.flagged(1)
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    world.replier.then_raise(InDoubtError("habis waktu", problem=Problem.TOO_SLOW), arriving=True)
    rina.post(f"/mentions/{mention}/reply", text=TEXT, act="submit")
    dewi.post("/replies/1/approve", version=2)
    deliver(world)
    assert "tidak ada yang dikirim ulang" in rina.see("/replies?state=settle")
    with world.store.read() as tx:
        version = tx.replies.get(1).version
    said = rina.post("/replies/1/settle", version=version, stands="yes", link="https://a.example/1").text
    assert "sudah tampil" in said
    assert 'href="https://a.example/1"' in rina.see("/replies/1")


def test_what_no_api_answers_is_copied_opened_and_told(sqlite_store: Store, clock: Any) -> None:
    world = World(sqlite_store, clock, replier=FakeReplier(capability=Capability.MANUAL))
    (mention,) = world.flagged(1, permalink="https://a.example/p1")
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    assert "menempelkannya sendiri" in rina.see(f"/mentions/{mention}")
    rina.post(f"/mentions/{mention}/reply", text=TEXT, act="submit")
    dewi.post("/replies/1/approve", version=2)
    page = rina.see(f"/mentions/{mention}")
    assert 'href="https://a.example/p1"' in page
    assert "Teks untuk disalin" in page
    rina.post("/replies/1/answered", version=3, link="https://a.example/p1#2")
    assert 'href="https://a.example/p1#2"' in rina.see("/replies/1")


def test_a_citizens_answer_stands_in_the_conversation_with_a_mark(world: World) -> None:
    (mention,) = world.flagged(1, native_id="p1")
    world.act(world.act(world.reply(TEXT, mention_id=mention), "submit").json(), "approve", Role.APPROVER)
    deliver(world)
    answer = a_mention("makasih min", platform="feed", native_id="c1", parent="r1", root="p1")
    ours = a_mention(TEXT, platform="feed", native_id="r1", parent="p1", root="p1", own=True)
    with world.store.begin() as tx:
        collecting.save_mentions(tx, world.source.id, Batch(mentions=[ours, answer]), world.clock())
    page = Person(world, "budi").see(f"/mentions/{mention}")
    assert "Percakapan" in page
    assert "Menjawab balasan kita" in page
    assert re.search(r'class="tag own">.*Unggahan kita', page)


def test_only_who_may_write_sees_a_form_and_may_send_one(world: World) -> None:
    (mention,) = world.flagged(1)
    for username in ("sari", "budi"):
        person = Person(world, username)
        assert 'name="text"' not in person.see(f"/mentions/{mention}")
        assert person.post(f"/mentions/{mention}/reply", text=TEXT, act="save").status_code == 403


LONG = "Terima kasih atas laporan Anda. " * 12


def test_a_text_that_is_too_long_is_split_by_a_tick_and_its_parts_are_shown_before_approval(world: World) -> None:
    (mention,) = world.flagged(1)
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    whole = rina.post(f"/mentions/{mention}/reply", text=LONG, act="preview").text
    assert "Kirim sebagai 2 bagian bernomor" in whole
    assert "(1/2)" not in whole
    fragment = rina.post(f"/mentions/{mention}/reply/check", text=LONG, split="yes").text
    assert 'value="yes" hx-post' in fragment
    assert " checked>" in fragment
    assert fragment.count('<figure class="post">') == 2
    assert "Belum dapat dikirim" not in fragment
    rina.post(f"/mentions/{mention}/reply", text=LONG, split="yes", act="submit")
    shown = dewi.see("/replies/1")
    assert "(1/2)" in shown
    assert "(2/2)" in shown
    dewi.post("/replies/1/approve", version=2)
    under_way = dewi.see("/replies?state=under_way")
    assert "Bagian 2 dari balasan 1" in under_way
    assert "menunggu bagian sebelumnya tampil" in under_way
    for _ in range(2):
        deliver(world)
    assert [text.rpartition(" ")[2] for _, text in world.replier.stands.values()] == ["(1/2)", "(2/2)"]
    assert [parent for parent, _ in world.replier.stands.values()][1] == "r1"


def test_without_the_tick_a_text_that_is_too_long_is_refused(world: World) -> None:
    (mention,) = world.flagged(1)
    rina = Person(world, "rina")
    refused = rina.post(f"/mentions/{mention}/reply", text=LONG, act="submit")
    assert refused.status_code == 409
    with world.store.read() as tx:
        assert tx.replies.of_mention(mention) == []


def test_a_reply_that_its_platform_holds_for_review_says_so(world: World) -> None:
    (mention,) = world.flagged(1)
    rina, dewi = Person(world, "rina"), Person(world, "dewi")
    rina.post(f"/mentions/{mention}/reply", text=TEXT, act="submit")
    dewi.post("/replies/1/approve", version=2)
    world.replier.held = True
    deliver(world)
    for path in (f"/mentions/{mention}", "/replies/1", "/replies?state=sent"):
        assert "belum terlihat oleh orang lain" in rina.see(path)
    assert world.program(Role.COMMS).get("/api/v1/replies/1").json()["held"] is True
