"""What comes by itself: signed deliveries that count once, and words of Meta that make sources due."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from collectors.registry import CollectorSettings, load
from sahut.core import collecting
from sahut.core.model import Batch, CredentialDraft, Role, SourceState
from sahut.core.ports import Store
from tests.builders import NOW, a_mention, a_source_draft
from tests.fakes import FakeCollector
from tests.triage_api.conftest import World

SECRET = "rahasia-yang-panjang-sekali"
APP = "app-secret-of-meta"
POST: dict[str, Any] = {"id": "1", "text": "Lampu jalan padam", "at": "2026-11-24T08:30:00+07:00", "author": "warga"}


class Rings:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def ring(self, job: str, *, key: str = "", args: Any = None) -> None:
        self.rung.append((job, key))


class Hooks:
    """A world with a webhook's source, and who can sign for it."""

    def __init__(self, store: Store, clock: Any) -> None:
        self.clock = clock
        self.queue = Rings()
        self.world = World(
            store, clock, queue=self.queue, collector_for=lambda name: load(name, settings=CollectorSettings())
        )
        self.store = store
        self.credential = self.add_credential("webhook", "loket", {"secret": SECRET})
        self.source = self.add_source("webhook", "loket", credential="loket")
        self.client = self.world.browser()

    def add_credential(self, platform: str, name: str, secrets: dict[str, str]) -> int:
        with self.store.begin() as tx:
            draft = CredentialDraft(platform=platform, name=name)
            return tx.credentials.add(draft, secrets, self.clock()).id

    def add_source(self, platform: str, address: str, *, credential: str) -> int:
        draft = a_source_draft(platform=platform, address=address, credential=credential)
        with self.store.begin() as tx:
            return tx.sources.add(draft, self.clock()).id

    def send(
        self, said: Any, *, key: str | None = "k1", secret: str = SECRET, source: int | None = None, **over: Any
    ) -> Any:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        stamp = over.get("stamp", str(int(self.clock().timestamp())))
        number = self.source if source is None else source
        head = f"{stamp}\n{over.get('for_source', number)}\n{over.get('for_key', key or '')}\n"
        signed = hmac.new(secret.encode(), head.encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Sahut-Timestamp": stamp, "X-Sahut-Signature": over.get("signature", f"sha256={signed}")}
        if key is not None:
            headers["Idempotency-Key"] = key
        url = f"/api/v1/hooks/{number}"
        return self.client.post(url, content=over.get("sent", body), headers=headers)

    def meta(self, credential: int, event: Any, *, secret: str = APP) -> Any:
        body = json.dumps(event).encode()
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.client.post(
            f"/hooks/meta/{credential}", content=body, headers={"X-Hub-Signature-256": f"sha256={signed}"}
        )

    def texts(self) -> list[str]:
        listed = self.world.program().get("/api/v1/mentions").json()["items"]
        return sorted(one["text"] for one in listed)

    def due(self, source: int) -> Any:
        with self.store.read() as tx:
            return tx.sources.get(source).due_at


@pytest.fixture
def hooks(sqlite_store: Store, clock: Any) -> Hooks:
    return Hooks(sqlite_store, clock)


class TestDeliveries:
    def test_a_list_is_taken_item_by_item_and_the_answer_says_what_became_of_each(self, hooks: Hooks) -> None:
        first = hooks.send([POST, {"id": "2", "text": "Air mati"}])
        again = hooks.send(
            [
                POST,
                {"id": "2", "text": "Air mati lagi"},
                {"id": "3"},
                "rusak",
                {"id": "4", "text": "Baru", "at": "kemarin"},
            ],
            key="k2",
        )
        scope = f"{hooks.source}:"

        assert first.status_code == 200
        assert first.json() == {"new": [f"{scope}1", f"{scope}2"], "edited": [], "known": [], "dead": []}
        assert again.json()["known"] == [f"{scope}1"]
        assert again.json()["edited"] == [f"{scope}2"]
        assert [one["index"] for one in again.json()["dead"]] == [2, 3, 4]
        assert all(one["reason"] for one in again.json()["dead"])
        assert hooks.texts() == ["Air mati lagi", "Lampu jalan padam"]
        letters = hooks.world.program().get("/api/v1/dead-letters").json()["items"]
        assert [letter["source_id"] for letter in letters] == [hooks.source] * 3
        assert ("assess", "") in hooks.queue.rung

    def test_one_post_needs_no_list(self, hooks: Hooks) -> None:
        assert hooks.send(POST).json()["new"] == [f"{hooks.source}:1"]

    def test_two_systems_may_both_begin_at_one(self, hooks: Hooks) -> None:
        other = hooks.add_source("webhook", "call center", credential="loket")
        hooks.send(POST)
        hooks.send(POST, source=other)

        assert len(hooks.texts()) == 2

    def test_nobody_speaks_in_the_name_of_another_platform(self, hooks: Hooks) -> None:
        hooks.send({**POST, "platform": "x"})
        listed = hooks.world.program().get("/api/v1/mentions").json()["items"]

        assert [one["platform"] for one in listed] == ["webhook"]

    def test_a_repeat_gets_the_first_answer_and_does_nothing(self, hooks: Hooks) -> None:
        first = hooks.send(POST)
        hooks.queue.rung.clear()
        again = hooks.send(POST)

        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"
        assert hooks.queue.rung == []

    def test_a_key_that_came_with_something_else_is_refused(self, hooks: Hooks) -> None:
        hooks.send(POST)
        other = hooks.send({**POST, "text": "Lain"})

        assert other.status_code == 422
        assert other.json()["type"].endswith("idempotency_key_reused")
        assert hooks.texts() == ["Lampu jalan padam"]

    def test_of_two_at_the_same_time_one_is_taken(self, hooks: Hooks, run_together: Any) -> None:
        answers = run_together(4, lambda _: hooks.send([POST, {"id": "2", "text": "Air mati"}]))

        assert [answer.status_code for answer in answers] == [200] * 4
        assert len({answer.text for answer in answers}) == 1
        assert len(hooks.texts()) == 2

    @pytest.mark.parametrize(
        "over",
        [
            {"secret": "rahasia-orang-lain-sekali"},
            {"secret": ""},
            {"signature": ""},
            {"signature": "sha256="},
            {"signature": b"sha256=\xfc\xff"},
            {"sent": b'{"id": "1", "text": "Lain"}'},
            {"stamp": ""},
            {"stamp": "kemarin"},
            {"source": 999_999},
        ],
    )
    def test_what_is_not_signed_as_it_should_be_is_refused_without_saying_why(
        self, hooks: Hooks, over: dict[str, Any]
    ) -> None:
        answer = hooks.send(POST, **over)

        assert answer.status_code == 401
        assert answer.json()["detail"] == "the signature, the word or the time does not fit"
        assert hooks.texts() == []

    def test_what_was_signed_for_one_source_is_refused_at_another_with_the_same_secret(self, hooks: Hooks) -> None:
        other = hooks.add_source("webhook", "call center", credential="loket")
        assert hooks.send(POST, source=other, for_source=hooks.source).status_code == 401
        assert hooks.send(POST, source=other, for_source="").status_code == 401
        assert hooks.texts() == []
        assert hooks.send(POST, source=other).status_code == 200

    def test_a_delivery_that_was_listened_to_counts_under_no_other_key(self, hooks: Hooks) -> None:
        post = {"text": "Lampu jalan padam"}
        first = hooks.send(post, key="k1")
        assert hooks.send(post, key="k2", for_key="k1").status_code == 401
        assert hooks.send(post, key="k1").json() == first.json()
        assert hooks.texts() == ["Lampu jalan padam"]

    def test_nothing_signed_can_be_moved_from_one_part_to_the_next(self, hooks: Hooks) -> None:
        stamp, key = str(int(hooks.clock().timestamp())), "k1"
        body = json.dumps(POST).encode()
        head = f"{stamp}\n{hooks.source}\n{key}\n".encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), head + body, hashlib.sha256).hexdigest()
        moved = [
            (key[:1], key[1:].encode() + b"\n" + body),
            (f"{key}{body.decode()[:1]}", body[1:]),
            (f"{hooks.source}", f"{key}\n".encode() + body),
        ]
        for other_key, other_body in moved:
            assert hooks.send(other_body, key=other_key, signature=signature).status_code == 401

    @pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-299, 200), (299, 200), (301, 401)])
    def test_a_delivery_is_worth_something_for_five_minutes(self, hooks: Hooks, seconds: int, status: int) -> None:
        stamp = str(int(hooks.clock().timestamp()) + seconds)

        assert hooks.send(POST, stamp=stamp).status_code == status

    def test_a_source_that_is_no_webhook_takes_nothing(self, hooks: Hooks) -> None:
        assert hooks.send(POST, source=hooks.world.source.id).status_code == 401

    def test_a_paused_source_says_so_and_takes_the_same_delivery_later(self, hooks: Hooks) -> None:
        with hooks.store.begin() as tx:
            tx.sources.set_state(hooks.source, SourceState.PAUSED, version=None, now=hooks.clock())
        assert hooks.send(POST).status_code == 409
        with hooks.store.begin() as tx:
            tx.sources.set_state(hooks.source, SourceState.ACTIVE, version=None, now=hooks.clock())
        assert hooks.send(POST).status_code == 200

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            (b"{", 422),
            (b"\xff", 422),
            (b"[]", 422),
            (b"[" * 100_000, 422),
            (b"[" * 30 + b"]" * 30, 422),
            (json.dumps([POST] * 501).encode(), 409),
            (b" " * 2_000_000, 413),
        ],
    )
    def test_a_body_that_cannot_be_meant_is_refused(self, hooks: Hooks, said: bytes, status: int) -> None:
        assert hooks.send(said).status_code == status

    def test_a_delivery_without_a_key_is_refused(self, hooks: Hooks) -> None:
        assert hooks.send(POST, key=None).status_code == 428

    def test_the_source_shows_what_came(self, hooks: Hooks) -> None:
        hooks.send([POST, {"id": "2", "text": "Air mati"}])
        with hooks.store.read() as tx:
            source = tx.sources.get(hooks.source)
            days = tx.sources.days([hooks.source], NOW.date())[hooks.source]

        assert (source.health.seen, source.health.kept, source.health.last_new_at) == (2, 2, hooks.clock())
        assert [(day.readings, day.failures, day.new) for day in days] == [(1, 0, 2)]

    def test_its_reading_finds_nothing_and_is_well(self, hooks: Hooks) -> None:
        report = collecting.collect(
            hooks.source,
            store=hooks.store,
            collector_for=lambda name: load(name, settings=CollectorSettings()),
            clock=hooks.clock,
        )

        assert report is not None
        assert (report.seen, report.error) == (0, None)

    def test_a_dead_letter_is_tried_again_from_the_letter(self, hooks: Hooks) -> None:
        hooks.send({"id": "9", "title": 5})
        letter = hooks.world.program().get("/api/v1/dead-letters").json()["items"][0]["id"]
        answer = hooks.world.program(Role.ADMIN).post(f"/api/v1/dead-letters/{letter}/retry")
        assert answer.status_code == 422

    def test_old_deliveries_are_forgotten(self, hooks: Hooks) -> None:
        hooks.send(POST)
        with hooks.store.begin() as tx:
            assert tx.operations.tidy(hooks.clock() + timedelta(days=3))["delivery"] == 1


class TestMeta:
    @pytest.fixture
    def followed(self, hooks: Hooks) -> tuple[int, int]:
        """A credential and a source on Facebook that was read an hour ago."""
        credential = hooks.add_credential("facebook", "halaman", {"app_secret": APP, "verify_token": "kata"})
        source = hooks.add_source("facebook", "me", credential="halaman")
        self.read(hooks, source)
        hooks.clock.forward(minutes=5)
        return credential, source

    def read(self, hooks: Hooks, source: int, *pages: Any) -> None:
        fake = FakeCollector().page(*pages)
        collecting.collect(source, store=hooks.store, collector_for=lambda _: fake, clock=hooks.clock)

    def test_meta_gets_its_word_back_for_ours(self, hooks: Hooks, followed: tuple[int, int]) -> None:
        def ask(token: str, mode: str = "subscribe", credential: int = followed[0]) -> Any:
            asked = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"}
            return hooks.client.get(f"/hooks/meta/{credential}", params=asked)

        assert (ask("kata").status_code, ask("kata").text) == (200, "1158201444")
        assert ask("kata").headers["content-type"].startswith("text/plain")
        assert [ask("lain").status_code, ask("").status_code, ask("kata", "unsubscribe").status_code] == [401] * 3
        assert ask("kata", credential=hooks.credential).status_code == 401
        assert ask("kata", credential=999_999).status_code == 401

    def test_a_word_makes_the_source_due_and_rings(self, hooks: Hooks, followed: tuple[int, int]) -> None:
        credential, source = followed
        assert hooks.due(source) > hooks.clock()
        answer = hooks.meta(credential, {"object": "page", "entry": [{"id": "1", "changes": [{"field": "feed"}]}]})

        assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
        assert hooks.due(source) == hooks.clock()
        assert ("collect", f"source:{source}") in hooks.queue.rung

    def test_words_that_come_in_a_flood_cost_one_reading_each_half_minute(
        self, hooks: Hooks, followed: tuple[int, int]
    ) -> None:
        credential, source = followed
        self.read(hooks, source)
        hooks.queue.rung.clear()
        for _ in range(5):
            hooks.meta(credential, {"object": "page"})

        assert hooks.queue.rung == []
        assert hooks.due(source) == hooks.clock() + timedelta(seconds=30)

    def test_a_word_that_comes_while_the_source_is_read_is_not_lost(
        self, hooks: Hooks, followed: tuple[int, int]
    ) -> None:
        credential, source = followed

        class Slow(FakeCollector):
            def collect(self, *args: Any, **more: Any) -> Any:
                hooks.meta(credential, {"object": "page"})
                yield Batch(mentions=[a_mention()])

        came = hooks.clock()
        collecting.collect(source, store=hooks.store, collector_for=lambda _: Slow(), clock=hooks.clock)

        assert hooks.due(source) == came

    def test_every_source_of_the_app_is_read_whoever_of_it_was_told(
        self, hooks: Hooks, followed: tuple[int, int]
    ) -> None:
        hooks.add_credential("instagram", "akun", {"app_secret": APP})
        hooks.add_credential("threads", "lain", {"app_secret": "another-app"})
        ours = hooks.add_source("instagram", "me", credential="akun")
        other = hooks.add_source("threads", "me", credential="lain")
        for source in (ours, other):
            self.read(hooks, source)
        hooks.clock.forward(minutes=5)
        hooks.meta(followed[0], {"object": "page"})

        assert hooks.due(ours) == hooks.clock()
        assert hooks.due(other) > hooks.clock()

    @pytest.mark.parametrize("secret", ["", "another-app", "kata"])
    def test_a_word_that_meta_did_not_sign_changes_nothing(
        self, hooks: Hooks, followed: tuple[int, int], secret: str
    ) -> None:
        before = hooks.due(followed[1])

        assert hooks.meta(followed[0], {"object": "page"}, secret=secret).status_code == 401
        assert hooks.due(followed[1]) == before

    def test_a_credential_without_an_app_secret_proves_nothing(self, hooks: Hooks) -> None:
        bare = hooks.add_credential("threads", "polos", {"access_token": "x"})

        assert hooks.meta(bare, {"object": "threads"}, secret="").status_code == 401
        assert hooks.meta(hooks.credential, {"object": "page"}, secret=SECRET).status_code == 401

    def test_a_mention_on_instagram_is_kept_for_its_collector_and_forgotten_once_heard(self, hooks: Hooks) -> None:
        credential = hooks.add_credential("instagram", "akun", {"app_secret": APP})
        source = hooks.add_source("instagram", "me", credential="akun")
        value = {"media_id": "17900000000000001", "comment_id": "17900000000000002"}
        entry = {"id": "178414", "changes": [{"field": "mentions", "value": value}, {"field": "comments", "value": {}}]}
        hooks.meta(credential, {"object": "instagram", "entry": [entry, "rusak", {"changes": [{"value": 3}]}]})
        heard: list[Any] = []

        class Listening(FakeCollector):
            def hear(self, _source: Any, words: Any, **_: Any) -> Batch:
                heard.extend(words)
                return Batch(mentions=[a_mention("@dinas tolong", platform="instagram")], seen=1)

        for _ in range(2):
            collecting.collect(source, store=hooks.store, collector_for=lambda _: Listening(), clock=hooks.clock)

        assert heard == [{"account": "178414", **value}]
        assert hooks.texts() == ["@dinas tolong"]
