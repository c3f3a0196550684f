"""Sources, tickets, accounts and housekeeping in either store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sahut.core import actions
from sahut.core.errors import NotFoundError, RefusedError, StaleWriteError
from sahut.core.model import (
    Budget,
    CredentialDraft,
    Currency,
    DeadItem,
    Gap,
    Outcome,
    Period,
    Role,
    Session,
    SourceDraft,
    SourceState,
    StoredAnswer,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketFilter,
    TicketStatus,
    Topic,
)
from sahut.core.ports import Store
from tests.builders import a_source_draft, a_user, an_actor
from tests.conftest import Clock
from tests.fakes import FakeCollector
from tests.steps import collect


def a_ticket(store: Store, clock: Clock, title: str = "Lampu jalan padam") -> Ticket:
    with store.begin() as tx:
        return tx.tickets.create(
            TicketDraft(title=title, topic=Topic.STREET_LIGHTING),
            tracking_code=actions.new_tracking_code(),
            now=clock(),
        )


# --- sources -----------------------------------------------------------------------------------------------------


def test_a_source_comes_back_as_it_was_said_and_is_due_at_once(store: Store, clock: Clock) -> None:
    draft = SourceDraft(
        platform="feed",
        name="Warta",
        address="https://example.org/feed",
        query='banjir OR "air mati"',
        interval=timedelta(minutes=3),
        expected_every=timedelta(hours=4),
        options={"identity": "link"},
        demo=True,
    )
    with store.begin() as tx:
        source = tx.sources.add(draft, clock())
    with store.read() as tx:
        assert tx.sources.get(source.id) == source == tx.sources.find("Warta")
        assert tx.sources.due(clock(), 5) == [source.id]
    assert {field: getattr(source, field) for field in SourceDraft.__slots__} == {
        field: getattr(draft, field) for field in SourceDraft.__slots__
    }
    assert (source.state, source.cursor, source.version) == (SourceState.ACTIVE, {}, 1)


def test_a_taken_name_or_address_is_refused(store: Store, clock: Clock) -> None:
    draft = a_source_draft()
    with store.begin() as tx:
        tx.sources.add(draft, clock())
        for again in (replace(draft, address="else"), replace(draft, name="else")):
            with pytest.raises(RefusedError) as caught:
                tx.sources.add(again, clock())
            assert caught.value.rule == "source_exists"
        other = tx.sources.add(a_source_draft(), clock())
        with pytest.raises(RefusedError):
            tx.sources.change(other.id, draft, version=None, now=clock())


def test_a_name_that_only_the_database_knows_to_be_taken_is_refused_too(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        removed = tx.sources.add(a_source_draft("warta"), clock())
        tx.sources.set_state(removed.id, SourceState.REMOVED, version=None, now=clock())
        draft = a_source_draft(f"warta #{removed.id}")
        other = tx.sources.add(a_source_draft(), clock())
        with pytest.raises(RefusedError) as caught:
            tx.sources.change(other.id, draft, version=None, now=clock())
        assert caught.value.rule == "source_exists"
        assert tx.sources.get(other.id) == other


def test_a_removed_source_frees_its_name_and_is_listed_only_when_asked(store: Store, clock: Clock) -> None:
    draft = a_source_draft()
    with store.begin() as tx:
        old = tx.sources.add(draft, clock())
        tx.sources.set_state(old.id, SourceState.REMOVED, version=1, now=clock())
        new = tx.sources.add(draft, clock())
        assert [source.id for source in tx.sources.all()] == [new.id]
        assert {source.id for source in tx.sources.all(removed=True)} == {old.id, new.id}
        assert tx.sources.find(draft.name) == new


def test_a_new_address_begins_with_an_empty_cursor(store: Store, clock: Clock) -> None:
    draft = a_source_draft()
    with store.begin() as tx:
        source = tx.sources.add(draft, clock())
        claim = tx.sources.claim(source.id, now=clock(), until=clock() + timedelta(minutes=5))
        assert claim is not None
        tx.sources.advance(claim, {"page": 3}, until=clock() + timedelta(minutes=5))
        same = tx.sources.change(source.id, replace(draft, name="lain"), version=1, now=clock())
        assert (same.name, same.cursor) == ("lain", {"page": 3})
        moved = tx.sources.change(source.id, replace(draft, address="else"), version=2, now=clock())
        assert moved.cursor == {}
        with pytest.raises(StaleWriteError):
            tx.sources.change(source.id, draft, version=1, now=clock())


def test_a_removed_source_stays_removed_since_another_may_stand_in_its_place(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        old = tx.sources.add(a_source_draft(), clock())
        tx.sources.set_state(old.id, SourceState.REMOVED, version=None, now=clock())
        tx.sources.add(a_source_draft(name=old.name, address=old.address), clock())
    for state in (SourceState.ACTIVE, SourceState.PAUSED):
        with pytest.raises(RefusedError) as refused, store.begin() as tx:
            tx.sources.set_state(old.id, state, version=None, now=clock())
        assert refused.value.rule == "source_removed"
    with pytest.raises(RefusedError), store.begin() as tx:
        tx.sources.change(old.id, old.draft, version=None, now=clock())
    with store.begin() as tx:
        again = tx.sources.set_state(old.id, SourceState.REMOVED, version=None, now=clock())

    assert again.state is SourceState.REMOVED


def test_only_active_free_and_due_sources_are_handed_out(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        one, two, three = (tx.sources.add(a_source_draft(), clock()).id for _ in range(3))
        tx.sources.set_state(two, SourceState.PAUSED, version=None, now=clock())
        assert tx.sources.claim(three, now=clock(), until=clock() + timedelta(minutes=5)) is not None
        assert tx.sources.due(clock(), 10) == [one]
        assert tx.sources.claim(two, now=clock(), until=clock() + timedelta(minutes=5)) is None
        assert tx.sources.due(clock() + timedelta(minutes=6), 10) == [one, three], "the lease ran out"


# --- tickets -----------------------------------------------------------------------------------------------------


def test_numbers_begin_anew_with_the_year_of_the_agency_not_of_utc(store: Store, clock: Clock) -> None:
    clock.now = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
    assert a_ticket(store, clock).number == "2026-000001"
    clock.now = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert [a_ticket(store, clock).number for _ in range(2)] == ["2027-000001", "2027-000002"]


def test_a_stale_change_of_a_ticket_is_refused_and_says_what_came_between(store: Store, clock: Clock) -> None:
    ticket, sari, budi = a_ticket(store, clock), an_actor(store, "sari"), an_actor(store, "budi")
    with store.begin() as tx:
        after = actions.change_ticket(
            tx,
            ticket.id,
            TicketChange(unit="pju", assignee_id=sari.user_id),
            version=ticket.version,
            actor=sari,
            now=clock(),
        )
        assert (after.unit, after.assignee_name, after.version) == ("pju", "Sari", ticket.version + 1)
    with store.begin() as tx, pytest.raises(StaleWriteError) as caught:
        actions.change_ticket(tx, ticket.id, TicketChange(title="x"), version=ticket.version, actor=budi, now=clock())
    assert caught.value.current == ticket.version + 1
    assert caught.value.changes == [{"what": "unit, assignee", "who": "Sari", "when": clock().isoformat()}]


def test_closing_needs_an_outcome_and_reopening_forgets_it(store: Store, clock: Clock) -> None:
    ticket, actor = a_ticket(store, clock), an_actor(store)
    with store.begin() as tx:
        closed = actions.change_ticket(
            tx,
            ticket.id,
            TicketChange(status=TicketStatus.CLOSED, outcome=Outcome.FIXED),
            version=None,
            actor=actor,
            now=clock(),
        )
        assert closed.outcome is Outcome.FIXED
        opened = actions.change_ticket(
            tx, ticket.id, TicketChange(status=TicketStatus.IN_PROGRESS), version=None, actor=actor, now=clock()
        )
        assert opened.outcome is None
        freed = actions.change_ticket(
            tx, ticket.id, TicketChange(assignee_id=0), version=None, actor=actor, now=clock()
        )
        assert freed.assignee_id is None


def test_tickets_are_paged_filtered_and_searched_literally(store: Store, clock: Clock) -> None:
    made = [a_ticket(store, clock, f"100% tiket {n}") for n in range(7)] + [a_ticket(store, clock, "jembatan")]
    with store.read() as tx:
        first = tx.tickets.page(TicketFilter(), limit=5)
        second = tx.tickets.page(TicketFilter(), limit=5, after=first.next)
        assert [t.id for t in (*first.items, *second.items)] == [t.id for t in reversed(made)]
        assert second.next is None
        for search, count in (("100%", 7), ("JEMBATAN", 1), ("%", 7), ("_", 0), (made[0].number, 1), ("\x00'", 0)):
            assert tx.tickets.count(TicketFilter(search=search), cap=100) == count, search
        assert tx.tickets.count(TicketFilter(statuses=[TicketStatus.CLOSED]), cap=9) == 0
        with pytest.raises(NotFoundError):
            tx.tickets.get(999)


# --- accounts ----------------------------------------------------------------------------------------------------


def a_session(user_id: int, clock: Clock, token: str = "t") -> Session:
    return Session(
        token_hash=token,
        user_id=user_id,
        csrf="c",
        created_at=clock(),
        seen_at=clock(),
        expires_at=clock() + timedelta(hours=8),
    )


def test_user_names_are_one_whatever_their_case(store: Store, clock: Clock) -> None:
    user = a_user(store, "Sari")
    with pytest.raises(RefusedError) as caught:
        a_user(store, "SARI")
    assert caught.value.rule == "username_taken"
    with store.read() as tx:
        assert tx.accounts.user_named("sArI") == user
        assert tx.accounts.user_named("\x00nobody\ud800") is None


@pytest.mark.parametrize("how", ["password", "deactivated", "signed out"])
def test_sessions_end(store: Store, clock: Clock, how: str) -> None:
    user = a_user(store)
    with store.begin() as tx:
        tx.accounts.add_session(a_session(user.id, clock))
        tx.accounts.touch_session("t", clock.forward(minutes=1))
        found = tx.accounts.session("t")
        assert found is not None
        assert found.seen_at == clock()
        if how == "password":
            tx.accounts.set_password(user.id, "new", must_change=False)
        elif how == "deactivated":
            tx.accounts.set_active(user.id, active=False)
        else:
            tx.accounts.end_session("t")
        assert tx.accounts.session("t") is None


def test_a_session_that_is_being_opened_while_all_of_the_account_end_opens_nothing(store: Store, clock: Clock) -> None:
    user = a_user(store)

    def end_all() -> None:
        with store.begin() as tx:
            tx.accounts.set_role(user.id, Role.AUDITOR)

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            present = tx.accounts.user(user.id)
            ended = pool.submit(end_all)
            # PostgreSQL ends them now, while this one is not there yet; SQLite waits for this transaction.
            with suppress(TimeoutError):
                ended.result(timeout=1)
            tx.accounts.add_session(replace(a_session(user.id, clock, "late"), generation=present.generation))
        ended.result(timeout=30)
    with store.begin() as tx:
        assert tx.accounts.session("late") is None
        assert tx.accounts.sessions_of(user.id) == []


def test_the_session_that_is_kept_when_all_others_end_goes_on(store: Store, clock: Clock) -> None:
    user = a_user(store)
    with store.begin() as tx:
        for name in ("here", "there"):
            tx.accounts.add_session(a_session(user.id, clock, name))
        assert tx.accounts.end_sessions(user.id, but="here") == 1
        assert [one.token_hash for one in tx.accounts.sessions_of(user.id)] == ["here"]
        assert tx.accounts.user(user.id).generation == 1
        tx.accounts.add_session(replace(a_session(user.id, clock, "stale"), generation=0))
        assert tx.accounts.session("stale") is None
        assert tx.accounts.session("here") is not None


def test_tokens_are_found_by_hash_used_and_revoked(store: Store, clock: Clock) -> None:
    user = a_user(store, role=Role.ADMIN)
    with store.begin() as tx:
        token = tx.accounts.add_token(
            user_id=user.id, name="skrip", token_hash="h", scopes=["read", "cases"], expires_at=None, now=clock()
        )
        assert token.scopes == ("cases", "read")
        tx.accounts.touch_token(token.id, clock())
        tx.accounts.revoke_token(token.id)
        assert tx.accounts.tokens() == [replace(token, used_at=clock(), revoked=True)]
        assert tx.accounts.token("other") is None


def test_failed_logins_count_by_name_or_address_within_the_time(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        tx.accounts.count_failed_login("sari", "10.0.0.1", clock() - timedelta(hours=1))
        for name in ("Sari", "budi", "wati"):
            tx.accounts.count_failed_login(name, "10.0.0.2", clock())
        since = clock() - timedelta(minutes=15)
        assert tx.accounts.failed_logins("sari", "10.0.0.9", since) == 1
        assert tx.accounts.failed_logins("nobody", "10.0.0.2", since) == 3
        assert tx.accounts.failed_logins("nobody", "10.0.0.1", since) == 0


# --- housekeeping ------------------------------------------------------------------------------------------------


def test_tidy_forgets_what_has_expired_and_nothing_younger(store: Store, clock: Clock) -> None:
    user = a_user(store)
    with store.begin() as tx:
        tx.accounts.add_session(a_session(user.id, clock, "old"))
        tx.accounts.keep_answer(
            StoredAnswer(key="old", user_id=user.id, fingerprint="f", status=201, body="", at=clock())
        )
        tx.accounts.count_failed_login("sari", "a", clock())
        tx.operations.beat("web", "p1", clock())
        clock.forward(days=3)
        tx.accounts.add_session(a_session(user.id, clock, "new"))
        tx.operations.beat("web", "p2", clock())
        tx.operations.beat("web", "p2", clock.forward(seconds=9))
        assert tx.operations.tidy(clock()) == {
            "session": 1, "stored_answer": 1, "failed_login": 1, "heartbeat": 1, "delivery": 0,
            "told": 0, "gap": 0, "source_day": 0, "reservation": 0, "viewing": 0,
            "file_import": 0, "file_import_part": 0,
        }  # fmt: skip
        assert tx.operations.beats() == [("web", "p2", clock())]
        assert tx.accounts.session("new") is not None


def test_tidy_forgets_what_sources_left_behind_once_nobody_looks_at_it(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        source_id = tx.sources.add(a_source_draft(), clock()).id
        draft = CredentialDraft(
            platform="replay", name="Akun", budgets=(Budget(currency=Currency.USD, period=Period.DAY, amount=9.0),)
        )
        credential_id = tx.credentials.add(draft, {"token": "x"}, clock()).id
        tx.credentials.reserve(
            credential_id, "t", Currency.USD, 1.0, least=1.0, now=clock(), until=clock() + timedelta(hours=1)
        )
        tx.deliveries.tell(source_id, [{"id": "1"}], clock())
        tx.sources.add_gaps(source_id, [Gap(since=None, until=clock(), reason="old")], clock())

    def tidied() -> dict[str, int]:
        with store.begin() as tx:
            done = tx.operations.tidy(clock())
        return {name: done[name] for name in ("told", "gap", "source_day", "reservation")}

    collect(store, clock, source_id, FakeCollector())
    assert tidied() == {"told": 0, "gap": 0, "source_day": 0, "reservation": 0}
    clock.forward(days=60)
    assert tidied() == {"told": 0, "gap": 0, "source_day": 0, "reservation": 1}
    clock.forward(days=1)
    assert tidied() == {"told": 0, "gap": 0, "source_day": 1, "reservation": 0}
    clock.forward(days=28)
    assert tidied() == {"told": 0, "gap": 0, "source_day": 0, "reservation": 0}
    clock.forward(days=2)
    assert tidied() == {"told": 1, "gap": 1, "source_day": 0, "reservation": 0}


def test_a_dead_item_seen_again_only_counts_another_attempt(store: Store, clock: Clock) -> None:
    with store.begin() as tx:
        source = tx.sources.add(a_source_draft(), clock())
        for reason in ("first", "second"):
            tx.dead_letters.add(source.id, [DeadItem(reason=reason, native_id="x", raw={"a": 1})], clock())
        tx.dead_letters.add(source.id, [DeadItem(reason="other", native_id="x", raw={"a": 2})], clock())
        one, two = tx.dead_letters.page(limit=9)
        assert (one.attempts, one.reason, one.raw, two.attempts) == (2, "second", {"a": 1}, 1)
        assert tx.dead_letters.page(limit=9, after=one.id) == [two]
        tx.dead_letters.drop(one.id)
        with pytest.raises(NotFoundError):
            tx.dead_letters.get(one.id)
        assert tx.operations.counts() == {"sources.active": 1, "dead_letters": 1}


def test_a_datetime_without_a_zone_is_refused(store: Store, clock: Clock) -> None:
    with store.begin() as tx, pytest.raises(Exception, match="time zone"):
        tx.operations.beat("web", "p", clock().replace(tzinfo=None))
