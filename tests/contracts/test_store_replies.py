"""Public replies in either store: one open at a time, claimed once, never shown as sent on a guess."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from sahut.core import collecting, conversations, outbox, replying
from sahut.core.errors import (
    BusyError,
    InDoubtError,
    LeaseLostError,
    PermanentError,
    RefusedError,
    StaleWriteError,
    TransientError,
)
from sahut.core.model import (
    Access,
    Actor,
    Author,
    Batch,
    Capability,
    Caution,
    MentionState,
    Policy,
    Problem,
    Refusal,
    Reply,
    ReplyAct,
    ReplyFilter,
    ReplyPolicy,
    ReplyState,
    Role,
    SentReply,
)
from sahut.core.outbox import DeliveryReport, Means
from sahut.core.ports import Store
from tests.builders import a_mention, a_source_draft, an_actor
from tests.conftest import Clock
from tests.fakes import FakeReplier
from tests.steps import assess, queue

SAID = "Terima kasih, laporan Anda kami teruskan ke Dinas Pekerjaan Umum."
ALONE = Policy(replies=ReplyPolicy(approval=False))


class Office:
    """A store with a mention to answer, and people who may."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.comms = an_actor(store, "rina", role=Role.COMMS)
        self.approver = an_actor(store, "dewi", role=Role.APPROVER)
        with store.begin() as tx:
            self.source_id = tx.sources.add(a_source_draft(), clock()).id
        self.mention_id = self.collect(a_mention(native_id="p1", root="p1", author=Author(handle="warga")))

    def collect(self, *mentions: object) -> int:
        """Store a page; the id of its last mention."""
        with self.store.begin() as tx:
            collecting.save_mentions(tx, self.source_id, Batch(mentions=list(mentions)), self.clock())  # type: ignore[arg-type]
            known = tx.mentions.known([one.key for one in mentions])  # type: ignore[attr-defined]
        return known[mentions[-1].key].id  # type: ignore[attr-defined]

    def judged(self, text: str = SAID, replier: FakeReplier | None = None) -> replying.Judged:
        with self.store.read() as tx:
            record = tx.mentions.get(self.mention_id)
        return replying.judge((replier or FakeReplier()).means(), record, text)

    def draft(self, text: str = SAID, replier: FakeReplier | None = None) -> Reply:
        with self.store.begin() as tx:
            judged = self.judged_in(tx, text, replier)
            return replying.draft(tx, self.mention_id, judged, actor=self.comms, now=self.clock())

    def judged_in(self, tx: object, text: str, replier: FakeReplier | None) -> replying.Judged:
        record = tx.mentions.get(self.mention_id)  # type: ignore[attr-defined]
        return replying.judge((replier or FakeReplier()).means(), record, text)

    def submitted(self, text: str = SAID, replier: FakeReplier | None = None, policy: Policy | None = None) -> Reply:
        reply = self.draft(text, replier)
        judged = self.judged(text, replier)
        with self.store.begin() as tx:
            return replying.submit(
                tx, reply.id, judged, version=1, policy=policy or Policy(), actor=self.comms, now=self.clock()
            )

    def approve(self, reply: Reply, actor: Actor | None = None, replier: FakeReplier | None = None) -> Reply:
        judged = self.judged(reply.text, replier)
        with self.store.begin() as tx:
            return replying.approve(
                tx,
                reply.id,
                judged,
                version=reply.version,
                policy=Policy(),
                actor=actor or self.approver,
                now=self.clock(),
            )

    def approved(self, text: str = SAID, replier: FakeReplier | None = None) -> Reply:
        return self.approve(self.submitted(text, replier), replier=replier)

    def deliver(self, replier: FakeReplier) -> DeliveryReport | None:
        return outbox.deliver(store=self.store, means=replier.means(), clock=self.clock)

    def reply(self, reply_id: int = 1) -> Reply:
        with self.store.read() as tx:
            return tx.replies.get(reply_id)

    def acts(self, reply_id: int = 1) -> list[str]:
        with self.store.read() as tx:
            return [event.act for event in tx.replies.events(reply_id)]


@pytest.fixture
def office(store: Store, clock: Clock) -> Office:
    return Office(store, clock)


def refused(rule: str) -> pytest.RaisesContext[RefusedError]:
    return pytest.raises(RefusedError, check=lambda error: error.rule == rule)


# --- people ------------------------------------------------------------------------------------------------------


def test_a_reply_goes_from_draft_by_a_second_person_to_its_platform(office: Office) -> None:
    platform = FakeReplier()
    reply = office.approved()
    assert (reply.state, reply.approver_name, reply.due_at) == (ReplyState.APPROVED, "Dewi", office.clock())
    report = office.deliver(platform)
    assert report is not None
    assert report.state is ReplyState.SENT
    sent = office.reply()
    assert (sent.state, sent.native_id, sent.permalink) == (ReplyState.SENT, "r1", "https://a.example/r1")
    assert platform.stands == {"r1": ("p1", SAID)}
    assert office.acts() == ["drafted", "submitted", "approved", "sending", "sent"]
    assert office.deliver(platform) is None


def test_nobody_approves_a_text_that_they_had_a_hand_in(office: Office) -> None:
    reply = office.submitted()
    with office.store.begin() as tx:
        reply = replying.edit(tx, reply.id, SAID + " Salam.", version=2, actor=office.approver, now=office.clock())
        assert (reply.state, reply.writers) == (
            ReplyState.DRAFT, frozenset({office.comms.user_id, office.approver.user_id}),
        )  # fmt: skip
    judged = office.judged(reply.text)
    with office.store.begin() as tx:
        args = {"policy": Policy(), "now": office.clock()}
        reply = replying.submit(tx, reply.id, judged, version=3, actor=office.comms, **args)
        with refused("reply_own_text"):
            replying.approve(tx, reply.id, judged, version=4, actor=office.approver, **args)
        with refused("role"):
            replying.approve(tx, reply.id, judged, version=4, actor=office.comms, **args)


def test_a_rejected_reply_goes_back_with_a_note(office: Office) -> None:
    reply = office.submitted()
    with office.store.begin() as tx:
        with refused("reply_note"):
            replying.reject(tx, reply.id, " ", version=2, actor=office.approver, now=office.clock())
        back = replying.reject(tx, reply.id, "Sebut unitnya", version=2, actor=office.approver, now=office.clock())
    assert (back.state, back.reason) == (ReplyState.DRAFT, "Sebut unitnya")


def test_where_no_second_person_is_asked_for_a_submitted_reply_is_on_its_way(office: Office) -> None:
    reply = office.submitted(policy=ALONE)
    assert (reply.state, reply.approver_name) == (ReplyState.APPROVED, "")


def test_a_stale_edit_is_refused_with_what_the_other_did(office: Office) -> None:
    reply = office.submitted()
    with office.store.begin() as tx, pytest.raises(StaleWriteError) as caught:
        replying.edit(tx, reply.id, "lain", version=1, actor=office.comms, now=office.clock())
    assert [change["what"] for change in caught.value.changes] == ["reply_submitted"]


def test_a_mention_has_one_open_reply_and_another_once_that_is_over(office: Office) -> None:
    reply = office.draft()
    with refused("reply_open"):
        office.draft("lagi")
    with office.store.begin() as tx:
        replying.withdraw(tx, reply.id, version=1, actor=office.comms, now=office.clock())
    assert office.draft("lagi").id != reply.id
    with office.store.read() as tx:
        assert [one.state for one in tx.replies.of_mention(office.mention_id)] == ["withdrawn", "draft"]
        assert tx.replies.count(ReplyFilter(states=[ReplyState.DRAFT]), cap=9) == 1
        page = tx.replies.page(ReplyFilter(), limit=1)
        assert page.next is not None
        assert [one.id for one in tx.replies.page(ReplyFilter(), limit=1, after=page.next).items] == [reply.id]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x" * 281, Refusal.TOO_LONG),
        ("Silakan hubungi Pak Budi di 0812-3456-7890.", Refusal.PERSONAL_DATA),
        ("NIK Anda 3273014508900001 sudah kami catat.", Refusal.PERSONAL_DATA),
        ("Laporan {ticket} kami terima.", Refusal.UNFILLED),
    ],
)
def test_a_text_that_must_not_go_out_is_refused_before_anybody_is_asked(
    office: Office, text: str, word: Refusal
) -> None:
    reply = office.draft(text)
    judged = office.judged(text)
    with office.store.begin() as tx:
        with refused(f"reply_{word}"):
            replying.submit(tx, reply.id, judged, version=1, policy=Policy(), actor=office.comms, now=office.clock())
        record = tx.mentions.get(office.mention_id)
        found = replying.check(tx, record, judged, policy=Policy(), now=office.clock(), reply=reply)
    assert [one.word for one in found.refusals] == [word]


def test_the_agencys_own_number_may_stand_in_a_reply(office: Office) -> None:
    own = Policy(replies=ReplyPolicy(public_contacts=frozenset({"+62 812 3456 7890"}), approval=False))
    reply = office.submitted("Silakan hubungi kami di 0812-3456-7890.", policy=own)
    assert reply.state is ReplyState.APPROVED


def test_what_is_worth_knowing_before_a_reply_goes_out_is_said(office: Office) -> None:
    office.submitted(policy=ALONE)
    office.deliver(FakeReplier())
    office.collect(a_mention("Lampunya masih padam pak, ini sudah hari ketiga", native_id="p1", root="p1"))
    text = f"{SAID} https://lapor.example/lacak"
    judged = office.judged(text)
    with office.store.begin() as tx:
        record = tx.mentions.get(office.mention_id)
        reply = replying.draft(tx, office.mention_id, judged, actor=office.comms, now=office.clock())
        found = replying.check(tx, replace(record, edited=5), judged, policy=Policy(), now=office.clock(), reply=reply)
    assert [one.word for one in found.cautions] == [Caution.COSTS, Caution.SIMILAR, Caution.EDITED, Caution.ANSWERED]


def test_what_no_api_answers_is_answered_by_hand_and_recognised_when_a_collector_sees_it(office: Office) -> None:
    manual = FakeReplier(capability=Capability.MANUAL)
    reply = office.approved(replier=manual)
    assert (reply.state, reply.due_at) == (ReplyState.BY_HAND, None)
    with office.store.begin() as tx:
        with refused("reply_link"):
            replying.answered(tx, 1, "javascript:x", version=3, actor=office.comms, now=office.clock())
        replying.answered(tx, 1, "https://a.example/9", version=3, actor=office.comms, now=office.clock())
    assert (office.reply().state, office.reply().native_id) == (ReplyState.SENT, "")
    seen = a_mention("disingkat", native_id="n9", parent="p1", permalink="https://a.example/9", own=True)
    seen_id = office.collect(seen)
    assert (office.reply().native_id, office.acts()[-1]) == ("n9", "sent")
    with office.store.read() as tx:
        assert tx.mentions.get(seen_id).state is MentionState.OWN


# --- machines ----------------------------------------------------------------------------------------------------


def test_a_limit_before_sending_postpones_a_reply(office: Office) -> None:
    office.approved()
    later = office.clock() + timedelta(hours=2)
    platform = FakeReplier().then_raise(TransientError("429", problem=Problem.RATE_LIMITED, not_before=later))
    office.deliver(platform)
    postponed = office.reply()
    assert (postponed.state, postponed.due_at, postponed.problem) == (ReplyState.APPROVED, later, "rate_limited")
    assert office.deliver(platform) is None
    office.clock.forward(hours=2)
    office.deliver(platform)
    assert office.reply().state is ReplyState.SENT


def test_a_refused_reply_is_failed_with_the_reason_and_goes_out_once_that_is_put_right(office: Office) -> None:
    office.approved()
    platform = FakeReplier().then_raise(PermanentError("token expired", problem=Problem.REFUSED_CREDENTIAL))
    office.deliver(platform)
    failed = office.reply()
    assert (failed.state, failed.reason, failed.due_at) == (ReplyState.FAILED, "token expired", None)
    judged = office.judged()
    with office.store.begin() as tx:
        args = {"version": failed.version, "policy": Policy(), "actor": office.comms, "now": office.clock()}
        replying.retry(tx, 1, judged, **args)
    office.deliver(platform)
    assert platform.stands == {"r1": ("p1", SAID)}


@pytest.mark.parametrize("arriving", [True, False])
def test_a_reply_in_doubt_is_looked_up_before_anything_is_sent_again(office: Office, arriving: bool) -> None:
    office.approved()
    platform = FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=arriving)
    office.deliver(platform)
    assert office.reply().state is ReplyState.UNKNOWN
    assert office.deliver(platform) is None  # the platform may need a moment to show it
    office.clock.forward(minutes=3)
    office.deliver(platform)
    assert office.reply().state is (ReplyState.SENT if arriving else ReplyState.APPROVED)
    office.deliver(platform)
    assert (office.reply().state, platform.stands, platform.calls) == (
        ReplyState.SENT, {"r1": ("p1", SAID)}, 1 if arriving else 2,
    )  # fmt: skip


def test_what_a_machine_cannot_tell_waits_for_a_person(office: Office) -> None:
    office.approved()
    platform = FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=True)
    platform.blind(PermanentError("no search", problem=Problem.LACKS_ACCESS))
    office.deliver(platform)
    office.clock.forward(minutes=3)
    office.deliver(platform)
    unclear = office.reply()
    assert (unclear.state, unclear.due_at, unclear.reason) == (ReplyState.UNKNOWN, None, "no search")
    office.clock.forward(days=9)
    assert office.deliver(platform) is None
    with office.store.begin() as tx:
        with refused("reply_state"):
            replying.withdraw(tx, 1, version=unclear.version, actor=office.comms, now=office.clock())
        args = {"version": unclear.version, "actor": office.comms, "now": office.clock()}
        settled = replying.settle(tx, 1, link="https://a.example/r1", stands=True, **args)
    assert (settled.state, settled.permalink) == (ReplyState.SENT, "https://a.example/r1")


def test_a_person_may_say_that_it_is_not_there_and_it_goes_out_again(office: Office) -> None:
    office.approved()
    platform = FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW))
    platform.blind(TransientError("later", problem=Problem.SERVER_ERROR))
    office.deliver(platform)
    for _ in range(outbox.MAX_LOOKS):
        office.clock.forward(hours=7)
        office.deliver(platform)
    unclear = office.reply()
    assert (unclear.state, unclear.due_at, unclear.looks) == (ReplyState.UNKNOWN, None, outbox.MAX_LOOKS)
    with office.store.begin() as tx:
        args = {"version": unclear.version, "actor": office.comms, "now": office.clock()}
        replying.settle(tx, 1, link="", stands=False, **args)
    office.deliver(platform)
    assert platform.stands == {"r1": ("p1", SAID)}


def test_an_expired_lease_is_settled_on_the_platform_and_never_sent_on_a_guess(office: Office) -> None:
    office.approved()
    platform = FakeReplier()
    with office.store.begin() as tx:
        claim = tx.replies.claim(now=office.clock(), until=office.clock() + outbox.SEND_LEASE)
        assert claim is not None
        assert tx.replies.claim(now=office.clock(), until=office.clock() + outbox.SEND_LEASE) is None
    platform.stands["r1"] = ("p1", SAID)  # its sender was lost after the call
    assert office.deliver(platform) is None
    office.clock.forward(minutes=6)
    office.deliver(platform)
    assert (office.reply().state, office.reply().native_id, platform.calls) == (ReplyState.SENT, "r1", 0)
    with office.store.begin() as tx, pytest.raises(LeaseLostError):
        tx.replies.settle(
            claim, ReplyState.APPROVED, ReplyAct.POSTPONED, now=office.clock(), due_at=None, reason="late"
        )
    with office.store.begin() as tx:
        tx.replies.sent(claim, SentReply(native_id="r1"), office.clock())  # its word agrees
    assert office.acts().count("sent") == 1


def test_a_sender_that_wakes_long_after_its_lease_says_that_a_reply_stands_twice(office: Office) -> None:
    office.approved()
    with office.store.begin() as tx:
        asleep = tx.replies.claim(now=office.clock(), until=office.clock() + outbox.SEND_LEASE)
    assert asleep is not None
    office.clock.forward(minutes=6)
    for _ in range(2):
        office.deliver(FakeReplier())
    seen = office.collect(a_mention("lain", native_id="late"))
    with office.store.begin() as tx:
        tx.replies.sent(asleep, SentReply(native_id="late"), office.clock())
        assert "also as late" in tx.replies.events(1)[-1].note
        assert tx.mentions.get(seen).state is MentionState.OWN
    assert office.reply().native_id == "r1"


@pytest.mark.parametrize("minutes", [3, 6])
def test_a_sender_that_was_held_up_before_the_call_does_not_make_it(office: Office, minutes: int) -> None:
    office.approved()
    platform = FakeReplier()
    means = replace(
        platform.means(), access_for=lambda _: office.clock.forward(minutes=minutes) and Access(name="akun")
    )
    outbox.deliver(store=office.store, means=means, clock=office.clock)
    assert platform.calls == 0
    office.clock.forward(minutes=6)
    for _ in range(2):
        office.deliver(platform)
        office.clock.forward(minutes=3)
    assert (office.reply().state, platform.calls) == (ReplyState.SENT, 1)


def test_a_reply_that_never_arrives_fails_in_the_end(office: Office) -> None:
    office.approved()
    platform = FakeReplier()
    for _ in range(outbox.MAX_SENDS):
        platform.then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW))
    for _ in range(2 * outbox.MAX_SENDS):
        office.deliver(platform)
        office.clock.forward(minutes=3)
    assert (office.reply().state, platform.stands, platform.calls) == (ReplyState.FAILED, {}, outbox.MAX_SENDS)


def test_what_is_put_off_before_it_is_handed_over_does_not_use_up_its_attempts(office: Office) -> None:
    office.approved()
    platform = FakeReplier()
    busy = TransientError("busy", problem=Problem.RATE_LIMITED)

    def closed(_: int) -> Access:
        raise busy

    for _ in range(outbox.MAX_SENDS):
        outbox.deliver(store=office.store, means=replace(platform.means(), access_for=closed), clock=office.clock)
        office.clock.forward(minutes=3)
    assert (office.reply().attempts, platform.calls) == (0, 0)
    platform.then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW))
    for _ in range(3):
        office.deliver(platform)
        office.clock.forward(minutes=3)
    assert (office.reply().state, office.reply().attempts, platform.calls) == (ReplyState.SENT, 2, 2)


def test_a_reply_whose_price_the_database_gave_up_goes_out_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.approved()
    platform = FakeReplier()

    def busy(*_args: object) -> bool:
        raise BusyError

    monkeypatch.setattr(outbox, "_reserved", busy)
    office.deliver(platform)
    assert (office.reply().state, office.reply().attempts) == (ReplyState.APPROVED, 0)
    monkeypatch.undo()
    office.clock.forward(minutes=3)
    office.deliver(platform)
    assert (office.reply().state, platform.calls) == (ReplyState.SENT, 1)


def test_a_retry_and_another_text_begin_to_count_anew(office: Office) -> None:
    office.approved()
    platform = FakeReplier()
    for _ in range(2):
        platform.then_raise(PermanentError("refused", problem=Problem.REFUSED_CREDENTIAL))
    office.deliver(platform)
    failed = office.reply()
    assert failed.attempts == 1
    args = {"actor": office.comms, "now": office.clock()}
    judged = office.judged()
    with office.store.begin() as tx:
        again = replying.retry(tx, 1, judged, version=failed.version, policy=Policy(), **args)
    assert again.attempts == 0
    office.deliver(platform)
    assert office.reply().attempts == 1
    with office.store.begin() as tx:
        assert replying.edit(tx, 1, "lain", version=office.reply().version, **args).attempts == 0


def test_whoever_lost_the_lease_hands_nothing_over(office: Office) -> None:
    office.approved()
    with office.store.begin() as tx:
        claim = tx.replies.claim(now=office.clock(), until=office.clock() + outbox.SEND_LEASE)
    assert claim is not None
    office.clock.forward(minutes=6)
    office.deliver(FakeReplier())
    with office.store.begin() as tx, pytest.raises(LeaseLostError):
        tx.replies.hand_over(claim, office.clock(), cost_usd=0.0)


def test_without_anybody_who_answers_or_an_account_a_reply_fails_in_words(office: Office) -> None:
    office.approved()
    outbox.deliver(store=office.store, means=Means(), clock=office.clock)
    assert office.reply().state is ReplyState.FAILED
    assert "nobody answers on replay" in office.reply().reason


def test_the_database_itself_refuses_to_call_a_reply_sent_on_a_guess(office: Office) -> None:
    office.approved()
    with pytest.raises(IntegrityError), office.store.begin() as tx:
        tx.replies.move(1, ReplyState.SENT, ReplyAct.SENT, actor_name="", now=office.clock())


# --- conversations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen_first", [True, False])
def test_a_reply_of_ours_never_opens_a_case_whichever_is_written_first(office: Office, seen_first: bool) -> None:
    office.approved()
    ours = a_mention(SAID + " lampu jalan rusak", native_id="r1", parent="p1", root="p1")
    if seen_first:
        seen = office.collect(ours)
        assess(office.store, office.clock)
    office.deliver(FakeReplier())
    if not seen_first:
        seen = office.collect(ours)
        assess(office.store, office.clock)
    with office.store.read() as tx:
        record = tx.mentions.get(seen)
    assert (record.state, record.mention.own) == (MentionState.OWN, True)
    assert seen not in [one.id for one in queue(office.store)]


def test_a_mention_is_answered_where_one_of_ours_stands_right_below_it(office: Office) -> None:
    def answered() -> list[bool]:
        with office.store.read() as tx:
            return [tx.mentions.answered(one) for one in (office.mention_id, other)]

    other = office.collect(a_mention(native_id="p2", root="p2", author=Author(handle="tetangga")))
    office.collect(a_mention("Di tempat saya juga", native_id="c1", parent="p1", root="p1"))
    office.collect(a_mention("Terima kasih", native_id="o1", parent="c1", root="p1", own=True))
    assert answered() == [False, False]
    office.collect(a_mention("Sudah kami terima", native_id="o2", parent="p1", root="p1", own=True))
    assert answered() == [True, False]


def test_a_collector_that_sees_our_reply_settles_one_in_doubt(office: Office) -> None:
    office.approved()
    office.deliver(FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=True))
    office.collect(a_mention(f"@warga {SAID}", native_id="n7", parent="p1", own=True))
    assert (office.reply().state, office.reply().native_id) == (ReplyState.SENT, "n7")


@pytest.mark.parametrize(
    "over",
    [
        {"parent": "r1"},
        {"root": "p1", "parent": "p1", "to_us": True},
        {"root": "p1", "parent": "p1", "author": Author(handle="warga")},
    ],
)
def test_who_answers_our_reply_comes_into_the_queue_with_a_mark(office: Office, over: dict[str, object]) -> None:
    office.approved()
    office.deliver(FakeReplier())
    office.clock.forward(minutes=30)
    thanks = office.collect(a_mention("makasih min", native_id="c1", **over))
    other = office.collect(a_mention("makasih min", native_id="c2", root="p1", author=Author(handle="lain")))
    assess(office.store, office.clock)
    found = {one.id: one for one in queue(office.store)}
    assert found[thanks].answers == 1
    assert other not in found
    with office.store.read() as tx:
        near = tx.mentions.conversation(tx.mentions.get(thanks), 50)
    assert office.mention_id in [one.id for one in near]


def test_an_answer_that_was_filed_before_we_knew_our_replys_id_comes_back(office: Office) -> None:
    office.approved()
    platform = FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=True)
    office.deliver(platform)
    thanks = office.collect(a_mention("oke min", native_id="c1", parent="r1"))
    assess(office.store, office.clock)
    office.clock.forward(minutes=3)
    office.deliver(platform)
    assert [one.answers for one in queue(office.store) if one.id == thanks] == [1]


def test_what_another_source_stored_before_is_taken_out_once_it_is_known_to_be_ours(office: Office) -> None:
    seen = office.collect(a_mention("Pengumuman: jalan rusak di Jalan Melati diperbaiki", native_id="a1"))
    assess(office.store, office.clock)
    office.collect(a_mention("Pengumuman: jalan rusak di Jalan Melati diperbaiki", native_id="a1", own=True))
    with office.store.read() as tx:
        assert tx.mentions.get(seen).state is MentionState.OWN


def test_an_edit_on_the_same_page_does_not_hide_that_another_post_is_ours(office: Office) -> None:
    seen = office.collect(a_mention("Pengumuman: jalan rusak di Jalan Melati diperbaiki", native_id="a1"))
    own = a_mention("Pengumuman: jalan rusak di Jalan Melati diperbaiki", native_id="a1", own=True)
    office.collect(own, a_mention("jalan rusak sekali, tolong", native_id="p1", root="p1"))
    with office.store.read() as tx:
        assert tx.mentions.get(seen).state is MentionState.OWN


def test_our_words_below_another_post_do_not_settle_this_reply(office: Office) -> None:
    """Prepared texts go out more than once in one conversation."""
    other = office.collect(a_mention("di sini juga rusak", native_id="p2", parent="p1", root="p1"))
    office.approved()
    office.deliver(FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW)))
    first, office.mention_id = office.mention_id, other
    office.approved()
    office.deliver(FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=True))
    office.collect(a_mention(SAID, native_id="n9", parent="p2", root="p1", own=True))
    office.collect(a_mention(SAID, native_id="n10", parent="somewhere", root="p1", own=True))
    assert [(one.mention_id, one.state, one.native_id) for one in (office.reply(1), office.reply(2))] == [
        (first, ReplyState.UNKNOWN, ""),
        (other, ReplyState.SENT, "n9"),
    ]


def two_in_doubt(office: Office) -> None:
    """Replies 1 below p1 and 2 below p2, of which nobody knows whether they stand."""
    other = office.collect(a_mention("di sini juga rusak", native_id="p2", parent="p1", root="p1"))
    for mention_id in (office.mention_id, other):
        office.mention_id = mention_id
        office.approved()
        office.deliver(FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW), arriving=True))


def test_replies_on_one_page_are_settled_in_the_order_of_their_ids(office: Office) -> None:
    """Whatever the page's own order, so that two readings never hold what the other waits for."""
    two_in_doubt(office)
    page = [a_mention(SAID, native_id=f"n{below}", parent=below, root="p1", own=True) for below in ("p2", "p1")]
    with office.store.begin() as tx:
        conversations.place(tx, page, office.clock())
        first, second = (tx.replies.events(reply_id)[-1] for reply_id in (1, 2))
    assert (first.act, second.act) == ("sent", "sent")
    assert first.id < second.id


def test_a_post_that_is_another_reply_already_does_not_end_the_reading_of_its_page(office: Office) -> None:
    two_in_doubt(office)
    page = [a_mention(SAID, native_id="n9", parent=below, root="p1", own=True) for below in ("p1", "p2")]
    with office.store.begin() as tx:
        placed, _ = conversations.place(tx, page, office.clock())
    assert [one.own for one in placed] == [True, True]
    assert [office.reply(1).state, office.reply(2).state] == [ReplyState.SENT, ReplyState.UNKNOWN]


def test_the_likeness_of_a_stranger_is_not_ours(office: Office) -> None:
    office.approved()
    office.deliver(FakeReplier().then_raise(InDoubtError("timed out", problem=Problem.TOO_SLOW)))
    copied = a_mention(SAID, native_id="n8", parent="p1")
    with office.store.read() as tx:
        assert conversations.ours_among(copied, tx.replies.standing_near([copied])) is None


# --- races -------------------------------------------------------------------------------------------------------


def together(*acts: object) -> list[object]:
    """What each act gave or raised, all begun at once."""
    gate, done = threading.Barrier(len(acts)), [None] * len(acts)

    def run(at: int, act: object) -> None:
        gate.wait()
        try:
            done[at] = act()  # type: ignore[operator]
        except Exception as error:
            done[at] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(at, act)) for at, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_a_reply_is_sent_once_when_workers_race(office: Office) -> None:
    office.approved()
    platform = FakeReplier()
    reports = together(*[lambda: office.deliver(platform)] * 4)
    assert [report for report in reports if report is not None] == [DeliveryReport(reply_id=1, state=ReplyState.SENT)]
    assert platform.calls == 1


def test_of_two_approvers_one_approves(office: Office) -> None:
    other = an_actor(office.store, "wati", role=Role.APPROVER)
    reply = office.submitted()
    done = together(lambda: office.approve(reply), lambda: office.approve(reply, other))
    assert sorted(type(one).__name__ for one in done) == ["Reply", "StaleWriteError"]
    assert office.acts().count("approved") == 1


def test_of_two_drafts_to_one_mention_one_is_begun(office: Office) -> None:
    done = together(office.draft, office.draft)
    assert sorted(type(one).__name__ for one in done) == ["RefusedError", "Reply"]


def test_a_withdrawal_and_a_worker_never_both_have_it(office: Office) -> None:
    reply = office.approved()
    platform = FakeReplier()

    def take_back() -> Reply:
        with office.store.begin() as tx:
            return replying.withdraw(tx, 1, version=reply.version, actor=office.comms, now=office.clock())

    together(take_back, lambda: office.deliver(platform))
    assert office.reply().state is (ReplyState.SENT if platform.stands else ReplyState.WITHDRAWN)


def test_a_reply_that_its_platform_holds_is_not_told_as_shown_until_a_collector_sees_it(office: Office) -> None:
    office.approved()
    platform = FakeReplier()
    platform.held = True
    office.deliver(platform)
    held = office.reply()
    assert (held.state, held.native_id, held.held) == (ReplyState.SENT, "r1", True)
    with office.store.read() as tx:
        assert tx.replies.events(1)[-1].note == "its platform holds it for review"
    seen = a_mention(native_id="r1", parent="p1", root="p1", text=SAID, own=True)
    office.collect(seen)
    assert (office.reply().state, office.reply().held) == (ReplyState.SENT, False)
    version = office.reply().version
    office.collect(seen)
    assert office.reply().version == version
