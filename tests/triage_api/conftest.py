"""The real app on a real store, with accounts for each role and something to work on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from threading import Barrier
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from collectors import registry
from collectors.registry import CollectorSettings
from sahut import bootstrap, probe
from sahut.core.model import (
    Annotation,
    Change,
    Estimate,
    Kind,
    Mention,
    MentionState,
    Policy,
    Probe,
    Role,
    SourceDraft,
    Topic,
    Unit,
    User,
    Verdict,
    WhySpan,
)
from sahut.core.ports import Collector, Store, Tx
from sahut.core.rules import text_key
from tests.builders import NOW, a_mention, a_source_draft, a_tie, an_assessment
from tests.fakes import FakeCollector, FakeReplier
from triage_api.app import ApiSettings, create_app
from triage_api.auth import hash_password, new_token
from triage_api.permissions import scopes_of

PASSWORD = "jalan mulus 2026"
HASHED = hash_password(PASSWORD)
POLICY = Policy(units=(Unit(code="pu", name="Dinas Pekerjaan Umum Contoh", topics=frozenset({Topic.ROADS})),))


def _look(draft: SourceDraft) -> Probe:
    """The real look at a place of two items, without a network."""
    return probe.look(draft, FakeCollector().page(a_mention(), a_mention(), title="Warta Kota Contoh"), NOW)


def _price(draft: SourceDraft) -> Estimate | None:
    """That of a platform which charges nothing."""
    return probe.price(draft, FakeCollector(), POLICY.conversations, NOW)


@cache
def _shipped(platform: str) -> Collector:
    return registry.load(platform, settings=CollectorSettings())


@dataclass
class World:
    """An app, its store, and who may call it."""

    store: Store
    clock: Any
    # A clock that stands refills no bucket.
    settings: ApiSettings = field(default_factory=lambda: ApiSettings(token_per_minute=0, wrong_token_per_minute=0))
    queue: Any = None
    collector_for: Any = None
    look: Any = None
    price: Any = None
    platforms: Any = None
    policy: Policy = POLICY
    replier: FakeReplier = field(default_factory=FakeReplier)

    def __post_init__(self) -> None:
        self.app: FastAPI = create_app(
            store=self.store,
            policy=self.policy,
            clock=self.clock,
            settings=self.settings,
            queue=self.queue,
            collector_for=self.collector_for or _shipped,
            look=self.look or _look,
            price=self.price or _price,
            platforms=bootstrap.platforms() if self.platforms is None else self.platforms,
            means=self.replier.means(),
        )
        self.tokens: dict[Role, str] = {}
        self.users: dict[Role, int] = {}
        for role, username, name in (
            (Role.TRIAGE, "sari", "Sari Contoh"),
            (Role.ADMIN, "admin", "Admin Contoh"),
            (Role.AUDITOR, "budi", "Budi Contoh"),
            (Role.COMMS, "rina", "Rina Contoh"),
            (Role.APPROVER, "dewi", "Dewi Contoh"),
            (Role.UNIT, "tono", "Tono Contoh"),
            (Role.SUPERVISOR, "wati", "Wati Contoh"),
        ):
            shown, hashed = new_token()
            with self.store.begin() as tx:
                user = tx.accounts.add_user(
                    username=username,
                    name=name,
                    role=role,
                    password_hash=HASHED,
                    must_change=False,
                    now=self.clock(),
                    units=("pu",) if role is Role.UNIT else (),
                )
                self._let_in(tx, user, hashed)
            self.tokens[role], self.users[role] = shown, user.id
        with self.store.begin() as tx:
            self.source = tx.sources.add(a_source_draft(platform="feed", address="https://a.example/rss"), self.clock())

    def _let_in(self, tx: Tx, user: User, token_hash: str) -> None:
        """A program with all that the role grants."""
        scopes, now = scopes_of(user.role), self.clock()
        tx.accounts.add_token(
            user_id=user.id, name="uji", token_hash=token_hash, scopes=scopes, expires_at=None, now=now
        )

    def browser(self, base_url: str = "http://testserver") -> TestClient:
        """Without any credentials; raises nothing for a 500, as a browser would see it."""
        return TestClient(self.app, base_url=base_url, raise_server_exceptions=False)

    def program(self, role: Role = Role.TRIAGE) -> TestClient:
        """With a token of that role."""
        client = self.browser()
        client.headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return client

    def signed_in(self, username: str = "sari") -> tuple[TestClient, str]:
        """With a session cookie, and its csrf value."""
        client = self.browser()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client, answer.json()["csrf"]

    def flagged(self, count: int, text: str = "", kind: Kind = Kind.COMPLAINT, **over: Any) -> list[int]:
        """Ids of new mentions in the queue."""
        mentions = [a_mention(text, platform="feed", **over) for _ in range(count)]
        return self.store_mentions(mentions, kind)

    def store_mentions(
        self, mentions: list[Mention], kind: Kind = Kind.COMPLAINT, annotation: Annotation | None = None
    ) -> list[int]:
        now: datetime = self.clock()
        changes = [Change(mention=mention, text_key=text_key(mention.body)) for mention in mentions]
        with self.store.begin() as tx:
            tx.mentions.save(self.source.id, changes, now)
        with self.store.begin() as tx:
            claim = tx.mentions.claim(now=now, until=now + timedelta(minutes=5), limit=10_000, max_attempts=4)
            assert claim is not None
            verdicts = [
                Verdict(
                    mention_id=record.id,
                    assessment=an_assessment(kind),
                    state=MentionState.FLAGGED if kind is Kind.COMPLAINT else MentionState.FILED,
                    priority=500 + record.id % 7,
                    annotation=annotation or Annotation(),
                )
                for record in claim.mentions
            ]
            return sorted(tx.assessments.save(claim, verdicts, now))

    def explain(self, mention_id: int, *words: str, weight: float = 2.0) -> None:
        """Say that these words of a mention's title and text got it flagged."""
        now: datetime = self.clock()
        with self.store.begin() as tx:
            claim = tx.explanations.claim(
                "fake@1", now=now, until=now + timedelta(minutes=5), limit=10_000, max_attempts=1_000
            )
            assert claim is not None
            body = tx.mentions.get(mention_id).mention.body
            spans = [WhySpan(start=body.index(word), end=body.index(word) + len(word), weight=weight) for word in words]
            assert tx.explanations.save(claim, {mention_id: spans}) == [mention_id]

    def tie(self, mention_id: int, first_id: int) -> None:
        with self.store.begin() as tx:
            tx.mentions.tie(a_tie(mention_id, first_id), self.clock())

    def reply(self, text: str = "Kami teruskan, terima kasih.", role: Role = Role.COMMS, **over: Any) -> dict[str, Any]:
        """A draft of an answer to a new mention, or to ``mention_id``."""
        body = {"mention_id": over.pop("mention_id", None) or self.flagged(1)[0], "text": text, **over}
        answer = self.program(role).post("/api/v1/replies", json=body)
        assert answer.status_code == 201, answer.text
        reply: dict[str, Any] = answer.json()
        return reply

    def act(self, reply: dict[str, Any], act: str, role: Role = Role.COMMS, **body: Any) -> Any:
        """The answer to an act on a reply at the version that is given."""
        url = f"/api/v1/replies/{reply['id']}/{act}"
        return self.program(role).post(url, json={"version": reply["version"], **body})

    def ticket(self, *mention_ids: int) -> dict[str, Any]:
        """A ticket of these mentions."""
        picks = [{"id": one} for one in mention_ids or self.flagged(1)]
        body = {"mentions": picks, "title": "Lampu padam", "topic": "street_lighting"}
        answer = self.program().post("/api/v1/tickets", json=body)
        assert answer.status_code == 201, answer.text
        ticket: dict[str, Any] = answer.json()["ticket"]
        return ticket


Maker = Callable[..., World]


@pytest.fixture
def world(sqlite_store: Store, clock: Any) -> World:
    return World(sqlite_store, clock)


@pytest.fixture
def make_world(sqlite_store: Store, clock: Any) -> Maker:
    """A world with settings of the test's choice."""
    return lambda **settings: World(sqlite_store, clock, ApiSettings(**settings))


@pytest.fixture
def each_world(store: Store, clock: Any) -> World:
    """The same on SQLite and PostgreSQL."""
    return World(store, clock)


@pytest.fixture
def run_together() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Run a function in so many threads that all start at once."""

    def run(count: int, act: Callable[[int], Any]) -> list[Any]:
        gate = Barrier(count)

        def one(number: int) -> Any:
            gate.wait()
            return act(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run
