"""Credentials, their limits and what they spend; withdrawn posts; gaps and days. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from sahut.core import collecting
from sahut.core.errors import NotFoundError, PermanentError, RefusedError, StaleWriteError, StoreError, TransientError
from sahut.core.model import (
    Access,
    Budget,
    CredentialDraft,
    Currency,
    DeadItem,
    Gap,
    Guide,
    MentionState,
    Need,
    Period,
    Problem,
    SourceState,
)
from sahut.core.ports import Store
from storage.store import open_store
from tests.builders import NOW, a_mention, a_source_draft
from tests.conftest import KEY, Clock
from tests.fakes import FakeCollector

GUIDE = Guide(steps=["Make an app."], needs=[Need(key="token", words="The app's token.")])
DRAFT = CredentialDraft(
    platform="replay",
    name="Akun kota",
    settings={"base_url": "http://127.0.0.1:9"},
    budgets=(Budget(currency=Currency.USD, period=Period.DAY, amount=2.0),),
)
SECRET = "sangat-rahasia-123"


class MemberCollector(FakeCollector):
    """A platform that wants to be let in, and remembers with what."""

    guide = GUIDE

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Access | None] = []

    def collect(self, source, *, now, access=None):  # type: ignore[no-untyped-def]
        self.seen.append(access)
        yield from super().collect(source, now=now, access=access)


def follow(store: Store, *, credential: str = "Akun kota", **over: object) -> int:
    with store.begin() as tx:
        return tx.sources.add(a_source_draft(credential=credential, **over), NOW).id


def a_credential(store: Store, draft: CredentialDraft = DRAFT) -> int:
    with store.begin() as tx:
        return tx.credentials.add(draft, {"token": SECRET}, NOW).id


def collect(store: Store, clock: Clock, collector: FakeCollector, source_id: int) -> collecting.CollectReport | None:
    return collecting.collect(source_id, store=store, collector_for=lambda _: collector, clock=clock)


def test_a_secret_comes_back_whole_and_stands_nowhere_in_clear(store: Store, database_url: str) -> None:
    credential_id = a_credential(store)
    with store.begin() as tx:
        tx.credentials.used(credential_id, NOW, session={"jwt": "kunci-sesi-456"})
        opened = tx.credentials.open(credential_id, NOW)

    assert opened.secrets == {"token": SECRET}
    assert opened.session == {"jwt": "kunci-sesi-456"}
    assert opened.base_url == "http://127.0.0.1:9"
    assert SECRET not in repr(opened)
    with create_engine(
        database_url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool
    ).connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM credential")).all())
    assert SECRET not in stored
    assert "kunci-sesi-456" not in stored


def test_another_key_opens_nothing_and_a_new_one_in_front_opens_all(store: Store, database_url: str) -> None:
    credential_id = a_credential(store)
    other = "b" * 43 + "="
    for keys in ([], [other]):
        closed = open_store(database_url, keys=keys)
        with pytest.raises(StoreError), closed.read() as tx:
            tx.credentials.open(credential_id, NOW)
        closed.close()
    turned = open_store(database_url, keys=[other, KEY])
    with turned.begin() as tx:
        assert tx.credentials.open(credential_id, NOW).secrets == {"token": SECRET}
        assert tx.credentials.reseal() == 1
    turned.close()
    alone = open_store(database_url, keys=[other])
    with alone.read() as tx:
        assert tx.credentials.open(credential_id, NOW).secrets == {"token": SECRET}
    alone.close()


def test_names_are_taken_once_and_stale_changes_refused(store: Store) -> None:
    credential_id = a_credential(store)
    with pytest.raises(RefusedError), store.begin() as tx:
        tx.credentials.add(DRAFT, {}, NOW)
    with store.begin() as tx:
        changed = tx.credentials.change(credential_id, replace(DRAFT, name="Akun lain"), None, version=1, now=NOW)
        assert (changed.name, changed.version) == ("Akun lain", 2)
        assert tx.credentials.open(credential_id, NOW).secrets == {"token": SECRET}
    with pytest.raises(StaleWriteError), store.begin() as tx:
        tx.credentials.change(credential_id, DRAFT, None, version=1, now=NOW)
    with pytest.raises(RefusedError), store.begin() as tx:
        tx.credentials.change(credential_id, replace(DRAFT, platform="x"), None, version=2, now=NOW)


def test_a_rotated_secret_forgets_session_problem_and_limit(store: Store) -> None:
    credential_id = a_credential(store)
    with store.begin() as tx:
        tx.credentials.used(credential_id, NOW, session={"jwt": "old"})
        tx.credentials.hold(credential_id, not_before=NOW + timedelta(hours=1), problem=Problem.REFUSED_CREDENTIAL)
        turned = tx.credentials.change(credential_id, DRAFT, {"token": "new"}, version=None, now=NOW)
        opened = tx.credentials.open(credential_id, NOW)

    assert (turned.problem, turned.not_before) == (None, None)
    assert (opened.secrets, opened.session) == ({"token": "new"}, {})


def test_a_removed_credential_leaves_its_sources_without_one(store: Store) -> None:
    credential_id = a_credential(store)
    source_id = follow(store)
    with store.begin() as tx:
        tx.credentials.used(credential_id, NOW, spent={Currency.USD: 1.0})
        tx.credentials.remove(credential_id)
        assert tx.sources.get(source_id).credential == ""
    with pytest.raises(NotFoundError), store.read() as tx:
        tx.credentials.get(credential_id)


def test_a_source_takes_only_a_credential_of_its_platform(store: Store) -> None:
    a_credential(store)
    with pytest.raises(RefusedError):
        follow(store, platform="feed", address="https://warta.example/rss")
    with pytest.raises(NotFoundError):
        follow(store, credential="tidak ada")


def test_budgets_leave_what_the_period_has_not_spent(store: Store) -> None:
    both = replace(
        DRAFT,
        budgets=(*DRAFT.budgets, Budget(currency=Currency.USD, period=Period.MONTH, amount=3.0)),
    )
    credential_id = a_credential(store, both)
    later = NOW + timedelta(days=1)
    with store.begin() as tx:
        tx.credentials.used(credential_id, NOW, spent={Currency.USD: 0.5})
        tx.credentials.used(credential_id, NOW, spent={Currency.USD: 1.0, Currency.UNITS: 4})
        assert tx.credentials.open(credential_id, NOW).left == {Currency.USD: pytest.approx(0.5)}
        assert tx.credentials.open(credential_id, later).left == {Currency.USD: pytest.approx(1.5)}
        tx.credentials.used(credential_id, NOW, spent={Currency.USD: 9.0})
        assert tx.credentials.open(credential_id, later).left == {Currency.USD: 0.0}
        assert tx.credentials.spent(credential_id, NOW.date(), NOW.date())[Currency.UNITS] == 4


def test_reading_opens_the_credential_and_books_what_it_cost(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store)
    source_id = follow(store)
    collector = MemberCollector().page(a_mention(), spent={Currency.USD: 0.25}, session={"jwt": "s"})
    collect(store, clock, collector, source_id)

    assert collector.seen[0] is not None
    assert collector.seen[0].secrets == {"token": SECRET}
    with store.read() as tx:
        opened = tx.credentials.open(credential_id, clock())
    assert (opened.left[Currency.USD], opened.session) == (pytest.approx(1.75), {"jwt": "s"})


def test_without_a_credential_a_source_stops_and_says_what_to_do(store: Store, clock: Clock) -> None:
    source_id = follow(store, credential="")
    report = collect(store, clock, MemberCollector().page(a_mention()), source_id)

    assert report is not None
    assert isinstance(report.error, PermanentError)
    assert report.error.problem is Problem.NO_CREDENTIAL
    assert "sahut credential add" in str(report.error)
    with store.read() as tx:
        assert tx.sources.get(source_id).state is SourceState.STOPPED


def test_what_a_library_says_of_its_failure_is_kept_without_our_secrets(store: Store, clock: Clock) -> None:
    a_credential(store)
    source_id = follow(store)
    report = collect(store, clock, MemberCollector().then_raise(ValueError(f"bad token {SECRET} at /x")), source_id)

    assert report is not None
    assert str(report.error) == "unexpected ValueError: bad token … at /x"
    with store.read() as tx:
        assert SECRET not in tx.sources.get(source_id).health.last_error


def test_a_limit_of_the_account_keeps_all_its_sources_waiting_and_no_other(store: Store, clock: Clock) -> None:
    a_credential(store)
    limited, sibling = follow(store), follow(store, name="saudara", address="b.jsonl")
    stranger = follow(store, name="lain", address="c.jsonl", credential="")
    until = clock() + timedelta(minutes=15)
    error = TransientError("429", problem=Problem.RATE_LIMITED, not_before=until, whole_account=True)
    collect(store, clock, MemberCollector().page(a_mention()).then_raise(error), limited)

    with store.begin() as tx:
        assert tx.sources.due(clock(), 10) == [stranger]
        assert tx.sources.claim(sibling, now=clock(), until=until) is None
        assert sibling in tx.sources.due(until + timedelta(seconds=1), 10)


def test_one_source_that_works_does_not_lift_the_limit_that_another_met(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store)
    source_id = follow(store)

    class Interrupted(MemberCollector):
        def collect(self, source, *, now, access=None):  # type: ignore[no-untyped-def]
            with store.begin() as tx:
                tx.credentials.hold(credential_id, not_before=now + timedelta(hours=1), problem=Problem.RATE_LIMITED)
            yield from super().collect(source, now=now, access=access)

    collect(store, clock, Interrupted().page(a_mention()), source_id)
    with store.read() as tx:
        assert tx.credentials.get(credential_id).problem is Problem.RATE_LIMITED


def test_a_short_limit_does_not_shorten_a_long_one(store: Store) -> None:
    credential_id = a_credential(store)
    month, quarter = NOW + timedelta(days=20), NOW + timedelta(minutes=15)
    with store.begin() as tx:
        tx.credentials.hold(credential_id, not_before=month, problem=Problem.BUDGET_SPENT)
        tx.credentials.hold(credential_id, not_before=quarter, problem=Problem.RATE_LIMITED)
        tx.credentials.hold(credential_id, not_before=None, problem=Problem.REFUSED_CREDENTIAL)
        assert tx.credentials.get(credential_id).not_before == month


def test_a_refused_credential_says_so_until_it_works_again(store: Store, clock: Clock) -> None:
    credential_id = a_credential(store)
    source_id = follow(store)
    refused = PermanentError("401", problem=Problem.REFUSED_CREDENTIAL)
    collect(store, clock, MemberCollector().then_raise(refused), source_id)
    with store.begin() as tx:
        assert tx.credentials.get(credential_id).problem is Problem.REFUSED_CREDENTIAL
        tx.sources.set_state(source_id, SourceState.ACTIVE, version=None, now=clock())
    collect(store, clock, MemberCollector().page(a_mention()), source_id)
    with store.read() as tx:
        assert tx.credentials.get(credential_id).problem is None


def test_gaps_are_kept_once_and_days_are_counted(store: Store, clock: Clock) -> None:
    source_id = follow(store, credential="")
    hole = Gap(since=NOW - timedelta(days=9), until=NOW - timedelta(days=7), reason="older than seven days")
    for number in range(2):
        collect(
            store,
            clock,
            FakeCollector().page(a_mention(f"lampu {number} padam"), gaps=[hole], cursor={"page": number + 1}),
            source_id,
        )
    collect(store, clock, FakeCollector().then_raise(TransientError("503", problem=Problem.SERVER_ERROR)), source_id)

    with store.read() as tx:
        assert tx.sources.gaps([source_id]) == {source_id: [hole]}
        (day,) = tx.sources.days([source_id], clock().date() - timedelta(days=6))[source_id]
    assert (day.readings, day.failures, day.new) == (3, 1, 2)


def test_a_withdrawn_post_is_blank_and_leaves_the_queue(store: Store, clock: Clock) -> None:
    source_id = follow(store, credential="")
    kept = a_mention("jalan rusak di depan pasar", native_id="a")
    collect(store, clock, FakeCollector().page(kept, a_mention("lampu padam", native_id="b")), source_id)
    collect(store, clock, FakeCollector().page(replace(kept, text="jalan rusak parah"), cursor={"page": 2}), source_id)
    with store.begin() as tx:
        ids = {r.mention.native_id: r.id for r in [tx.mentions.get(i) for i in (1, 2)]}
        tx.mentions.set_state([ids["a"]], MentionState.FLAGGED, ticket_id=None, now=clock())
        assert tx.mentions.withdraw("replay", ["a", "unknown"], clock()) == [ids["a"]]
        assert tx.mentions.withdraw("replay", ["a"], clock()) == []
        gone = tx.mentions.get(ids["a"])
        versions = tx.mentions.versions(ids["a"])

    assert (gone.mention.text, gone.mention.author, gone.mention.permalink) == ("", None, "")
    assert (gone.state, gone.withdrawn_at) == (MentionState.FILED, clock())
    assert [v.text for v in versions] == [""]


def test_a_withdrawn_post_leaves_no_dead_letter_with_its_words(store: Store, clock: Clock) -> None:
    source_id = follow(store, credential="")
    dead = [DeadItem(reason="no date", native_id=name, raw={"text": f"jalan rusak {name}"}) for name in ("a", "b", "")]
    collect(store, clock, FakeCollector().page(a_mention(native_id="b"), dead=dead), source_id)
    with store.begin() as tx:
        tx.mentions.withdraw("elsewhere", ["a"], clock())
        assert tx.dead_letters.count() == 3
        tx.mentions.withdraw("replay", ["a"], clock())
        assert [one.native_id for one in tx.dead_letters.page(limit=9)] == ["b", ""]


def test_a_post_that_is_shown_again_is_read_again(store: Store, clock: Clock) -> None:
    source_id = follow(store, credential="")
    post = a_mention("jalan rusak di depan pasar", native_id="a")
    collect(store, clock, FakeCollector().page(post), source_id)
    with store.begin() as tx:
        tx.mentions.withdraw("replay", ["a"], clock())
    collect(store, clock, FakeCollector().page(post, cursor={"page": 2}), source_id)
    with store.read() as tx:
        back = tx.mentions.get(1)
        assert tx.mentions.to_recheck(clock() + timedelta(days=1), 10) == (source_id, [(1, "a")])
    assert (back.mention.text, back.withdrawn_at, back.state) == (post.text, None, MentionState.COLLECTED)
