from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sahut.core import rules
from sahut.core.errors import PermanentError, RefusedError, TransientError
from sahut.core.model import (
    Assessment,
    Candidate,
    Health,
    Kind,
    Known,
    Mention,
    MentionRecord,
    MentionState,
    Outcome,
    Policy,
    Priority,
    Problem,
    Sentiment,
    Source,
    SourceCondition,
    SourceState,
    Ticket,
    TicketChange,
    TicketStatus,
    TieReason,
    Topic,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
POTHOLE = "Lubang besar di Jalan Melati depan pasar sudah sebulan tidak diperbaiki, tolong dinas terkait"


def a_mention(text: str = POTHOLE, **over: object) -> Mention:
    return replace(Mention(platform="feed", native_id="1", text=text, collected_at=NOW), **over)


def a_record(text: str = POTHOLE, *, mention_id: int = 9, state: MentionState = MentionState.FLAGGED) -> MentionRecord:
    return MentionRecord(
        id=mention_id, mention=a_mention(text), source_id=1, source_name="kota", state=state, version=1, edited=0,
        first_id=None, folded=False, similar=0, kind=None, sentiment=None, topic=None, urgent=0.0, score=0.0,
        priority=0, model="", ticket_id=None, updated_at=NOW,
    )  # fmt: skip


def a_candidate(
    text: str = POTHOLE,
    *,
    state: MentionState = MentionState.FLAGGED,
    first_id: int | None = None,
    declared: bool = False,
) -> Candidate:
    return Candidate(
        id=3,
        state=state,
        body=text,
        text_key=rules.text_key(text),
        first_id=first_id,
        published_at=NOW,
        declared=declared,
    )


def an_assessment(complaint: float = 0.9, *, urgent: float = 0.0, topic: Topic = Topic.ROADS) -> Assessment:
    return Assessment(
        kinds={Kind.COMPLAINT: complaint, Kind.OTHER: 1 - complaint},
        sentiments={Sentiment.NEGATIVE: 1.0},
        topics={topic: 1.0},
        urgent=urgent,
        model="test@1",
    )


def a_source(**over: object) -> Source:
    source = Source(
        id=1, platform="feed", name="kota", address="https://kota.example/feed", query="",
        interval=timedelta(minutes=10), expected_every=None, options={}, demo=False, state=SourceState.ACTIVE,
        cursor={}, due_at=NOW, not_before=None, health=Health(), created_at=NOW - timedelta(days=30), version=1,
    )  # fmt: skip
    return replace(source, **over)


def a_ticket(status: TicketStatus = TicketStatus.NEW, outcome: Outcome | None = None) -> Ticket:
    return Ticket(
        id=1, number="2026-000001", tracking_code="ABCDEFGHJK", title="Lubang", description="", topic=Topic.ROADS,
        unit="pu", place="", priority=Priority.NORMAL, status=status, outcome=outcome, assignee_id=None,
        assignee_name="", mentions=1, created_at=NOW, updated_at=NOW, version=1,
    )  # fmt: skip


# --- texts that say the same


@pytest.mark.parametrize(
    "copy",
    [
        "RT @warga: " + POTHOLE,
        POTHOLE.upper(),
        POTHOLE + " https://t.example/abc",
        "@DinasPU " + POTHOLE + " 😡",
        POTHOLE.replace(" ", "  ").replace(",", " ,"),
    ],
)
def test_a_copy_that_a_reader_would_call_the_same_has_the_same_key(copy: str) -> None:
    assert rules.text_key(copy) == rules.text_key(POTHOLE) != ""


@pytest.mark.parametrize("short", ["makasih min", "mati lampu", "", "@pln @pln https://a.example/b", "😡😡😡"])
def test_a_text_too_short_to_be_a_copy_has_no_key(short: str) -> None:
    assert rules.text_key(short) == ""


def test_two_places_are_two_texts() -> None:
    assert rules.text_key(POTHOLE) != rules.text_key(POTHOLE.replace("Melati", "Mawar"))


@given(st.text(), st.text())
def test_similarity_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    likeness = rules.similarity(one, other)
    assert 0.0 <= likeness <= 1.0
    assert likeness == rules.similarity(other, one)


@given(st.text())
def test_a_text_is_wholly_similar_to_itself_or_says_nothing(text: str) -> None:
    assert rules.similarity(text, text) == (1.0 if rules.plain_words(text) else 0.0)


# --- collecting


def known(text: str = POTHOLE, state: MentionState = MentionState.FILED) -> Known:
    return Known(id=4, state=state, content_hash=a_mention(text).content_hash, body=text)


def test_an_unknown_mention_is_new_and_waits_for_the_classifier() -> None:
    change = rules.decide(a_mention(), None)
    assert change is not None
    assert change.known is None
    assert change.reassess


def test_a_mention_seen_again_unchanged_is_nothing_to_do() -> None:
    assert rules.decide(a_mention(), known()) is None


@pytest.mark.parametrize(
    ("state", "edited", "reassess"),
    [
        (MentionState.FILED, "Sama sekali lain", True),
        (MentionState.FLAGGED, POTHOLE + ".", True),
        (MentionState.COLLECTED, POTHOLE + ".", True),
        (MentionState.HELD, POTHOLE + ".", True),
        (MentionState.DISMISSED, POTHOLE + "!", False),  # still the same story
        (MentionState.DISMISSED, "Air PDAM mati sejak kemarin di seluruh kompleks", True),
        (MentionState.CONVERTED, "Sama sekali lain", False),  # the ticket keeps it
        (MentionState.MERGED, "Sama sekali lain", False),
    ],
)
def test_an_edit_is_judged_again_unless_people_settled_it(state: MentionState, edited: str, reassess: bool) -> None:
    change = rules.decide(a_mention(edited), known(state=state))
    assert change is not None
    assert change.known is not None
    assert change.reassess is reassess


def test_a_success_clears_failures_and_counts() -> None:
    source = a_source(health=Health(failures=3, last_error="x", problem=Problem.TOO_SLOW, seen=5, kept=2))
    reading = rules.after_success(source, NOW, seen=4, new=3, next_check=None, notes=["a"], jitter=0.0)
    assert reading.due_at == NOW + timedelta(minutes=10)
    assert (reading.health.failures, reading.health.problem, reading.health.last_error) == (0, None, "")
    assert (reading.health.seen, reading.health.kept, reading.health.last_new_at) == (9, 5, NOW)


def test_a_platforms_next_check_is_kept_and_cannot_silence_a_source_for_good() -> None:
    later = rules.after_success(
        a_source(), NOW, seen=0, new=0, next_check=NOW + timedelta(hours=2), notes=[], jitter=0.5
    )
    assert later.due_at == later.not_before == NOW + timedelta(hours=2)
    never = rules.after_success(
        a_source(), NOW, seen=0, new=0, next_check=NOW + timedelta(days=9999), notes=[], jitter=0.5
    )
    assert never.due_at == NOW + timedelta(days=7)


def test_failures_back_off_without_end_and_never_stop_silently() -> None:
    error = TransientError("slow", problem=Problem.TOO_SLOW)
    source, waits = a_source(), []
    for _ in range(40):
        reading = rules.after_failure(source, NOW, error, seen=0, new=0, jitter=0.0)
        waits.append(reading.due_at - NOW)
        source = replace(source, health=reading.health)
        assert reading.state is SourceState.ACTIVE
    assert waits[:4] == [timedelta(minutes=m) for m in (10, 20, 40, 80)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)
    assert source.health.failures == 40


def test_a_retry_after_longer_than_the_back_off_is_obeyed() -> None:
    error = TransientError("429", problem=Problem.RATE_LIMITED, not_before=NOW + timedelta(hours=1))
    reading = rules.after_failure(a_source(), NOW, error, seen=0, new=0, jitter=0.0)
    assert reading.due_at == reading.not_before == NOW + timedelta(hours=1)


def test_a_permanent_error_stops_the_source_with_its_reason() -> None:
    reading = rules.after_failure(
        a_source(), NOW, PermanentError("410", problem=Problem.GONE), seen=1, new=1, jitter=0.0
    )
    assert reading.state is SourceState.STOPPED
    assert (reading.health.problem, reading.health.last_error, reading.health.kept) == (Problem.GONE, "410", 1)


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({}, SourceCondition.NEW),
        ({"state": SourceState.PAUSED}, SourceCondition.PAUSED),
        ({"state": SourceState.STOPPED}, SourceCondition.STOPPED),
        ({"health": Health(failures=1)}, SourceCondition.FAILING),
        ({"health": Health(last_success_at=NOW)}, SourceCondition.WELL),  # no rhythm known: silence says nothing yet
        (
            {
                "health": Health(last_success_at=NOW, last_new_at=NOW - timedelta(hours=5)),
                "expected_every": timedelta(hours=4),
            },
            SourceCondition.SILENT,
        ),
        (
            {"health": Health(last_success_at=NOW, last_new_at=NOW - timedelta(days=3), rhythm=timedelta(hours=20))},
            SourceCondition.WELL,
        ),
        (
            {"health": Health(last_success_at=NOW, last_new_at=NOW - timedelta(days=4), rhythm=timedelta(hours=20))},
            SourceCondition.SILENT,
        ),
    ],
)  # fmt: skip
def test_condition_is_one_word_for_how_a_source_does(over: dict[str, object], expected: SourceCondition) -> None:
    assert rules.condition(a_source(**over), NOW, Policy()) is expected


# --- assessing


def test_a_sources_threshold_comes_before_a_topics_before_the_general_one() -> None:
    policy = Policy(threshold=0.5, topic_thresholds={Topic.ROADS: 0.6}, source_thresholds={"kota": 0.7})
    assert rules.threshold_for("kota", an_assessment(), policy) == 0.7
    assert rules.threshold_for("lain", an_assessment(), policy) == 0.6
    assert rules.threshold_for("lain", an_assessment(topic=Topic.WASTE), policy) == 0.5


def test_only_complaints_are_flagged_by_default_and_the_policy_may_widen_it() -> None:
    assert rules.flag(a_record(), an_assessment(0.51), Policy()).state is MentionState.FLAGGED
    assert rules.flag(a_record(), an_assessment(0.49), Policy()).state is MentionState.FILED
    wide = Policy(flagged_kinds=frozenset({Kind.COMPLAINT, Kind.OTHER}))
    assert rules.flag(a_record(), an_assessment(0.1), wide).state is MentionState.FLAGGED


def test_danger_outranks_certainty_and_any_reach() -> None:
    danger = rules.flag(a_record(), an_assessment(0.51, urgent=0.9), Policy())
    celebrity = replace(a_record(), mention=a_mention(reach=10**12))
    sure = rules.flag(celebrity, an_assessment(1.0), Policy())
    assert danger.priority > sure.priority
    assert 0 <= sure.priority < 1000 <= danger.priority < 2000


def test_a_copy_folds_behind_a_first_that_still_waits() -> None:
    tie = rules.tie(a_record(), [a_candidate()], Policy())
    assert tie is not None
    assert (tie.first_id, tie.reason, tie.folded) == (3, TieReason.SAME_TEXT, True)


def test_a_copy_of_a_copy_counts_on_the_first_of_the_group() -> None:
    tie = rules.tie(a_record(), [a_candidate(first_id=1)], Policy())
    assert tie is not None
    assert tie.first_id == 1


def test_a_second_citizen_with_the_same_words_after_a_decision_stays_in_the_queue() -> None:
    tie = rules.tie(a_record(), [a_candidate(state=MentionState.CONVERTED)], Policy())
    assert tie is not None
    assert (tie.state, tie.folded) == (MentionState.FLAGGED, False)


@pytest.mark.parametrize("text", ["RT @warga: " + POTHOLE])
def test_a_repost_of_a_decided_mention_follows_its_fate(text: str) -> None:
    tie = rules.tie(a_record(text), [a_candidate(state=MentionState.DISMISSED)], Policy())
    assert tie is not None
    assert (tie.reason, tie.state, tie.folded) == (TieReason.REPOST, MentionState.FILED, False)


def test_a_later_mention_is_never_the_first() -> None:
    assert rules.tie(a_record(mention_id=2), [a_candidate()], Policy()) is None


def test_nearly_the_same_text_is_similar_and_another_trouble_is_not() -> None:
    near = rules.tie(a_record(POTHOLE + " segera ya"), [a_candidate()], Policy())
    assert near is not None
    assert near.reason is TieReason.SIMILAR
    assert 0.7 <= near.similarity < 1.0
    assert (
        rules.tie(
            a_record("Lampu jalan di Jalan Melati depan pasar padam sudah seminggu ini"), [a_candidate()], Policy()
        )
        is None
    )


# --- tickets


def test_every_status_but_void_and_merged_can_reach_closed_and_come_back() -> None:
    for status in set(TicketStatus) - {TicketStatus.VOID, TicketStatus.MERGED, TicketStatus.CLOSED}:
        assert TicketStatus.CLOSED in rules.next_statuses(status)
    assert rules.next_statuses(TicketStatus.CLOSED) == {TicketStatus.IN_PROGRESS}
    assert not any(TicketStatus.VOID in rules.next_statuses(status) for status in TicketStatus)


@pytest.mark.parametrize(
    ("ticket", "change", "rule"),
    [
        (a_ticket(TicketStatus.VOID), TicketChange(title="x"), "ticket_void"),
        (a_ticket(), TicketChange(status=TicketStatus.ANSWERED), "ticket_course"),
        (a_ticket(), TicketChange(status=TicketStatus.CLOSED), "outcome_missing"),
        (a_ticket(), TicketChange(outcome=Outcome.FIXED), "outcome_early"),
    ],
)
def test_a_change_off_the_course_is_refused_with_its_rule(ticket: Ticket, change: TicketChange, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        rules.check_ticket_change(ticket, change)
    assert refused.value.rule == rule


def test_a_ticket_closes_with_an_outcome() -> None:
    rules.check_ticket_change(a_ticket(), TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.FIXED))


def _stands(priority: int = 500, similar: int = 0, *, hours: float = 0, late: float = 0) -> int:
    shown = NOW - timedelta(hours=hours)
    return rules.pressing(priority, similar, shown_at=shown, collected_at=shown + timedelta(hours=late))


def test_urgency_reach_age_and_the_size_of_the_group_each_move_a_mention_up() -> None:
    assert _stands(1_500) > _stands(500)
    assert _stands(priority=520) > _stands(priority=500), "reach is in the priority"
    assert _stands(hours=5) > _stands(hours=1)
    assert [_stands(similar=n) for n in (0, 1, 3, 7)] == sorted({_stands(similar=n) for n in (0, 1, 2, 3, 4, 7)})


def test_what_is_urgent_stands_before_anything_that_came_with_it() -> None:
    at_the_least = rules.flag(a_record(), an_assessment(0.5, urgent=0.9), Policy()).priority
    at_the_most = rules.flag(replace(a_record(), mention=a_mention(reach=2**60)), an_assessment(1.0), Policy()).priority
    assert _stands(at_the_least) > _stands(at_the_most, similar=10**6)


def test_what_waited_three_weeks_stands_before_what_became_urgent_today() -> None:
    assert _stands(500, hours=24 * 21) > _stands(1_500)
    assert _stands(500, hours=24 * 20) < _stands(1_500)


def test_an_old_archive_counts_as_a_week_of_waiting_and_a_date_ahead_as_none() -> None:
    years_ago, week_ago = _stands(hours=24 * 900, late=24 * 900), _stands(hours=24 * 7, late=24 * 7)
    assert years_ago == week_ago
    ahead = rules.pressing(500, 0, shown_at=NOW + timedelta(days=400), collected_at=NOW)
    assert ahead == _stands()
