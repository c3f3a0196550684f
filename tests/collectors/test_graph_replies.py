"""Answers on Meta's platforms: sent once, found again, and never called failed where they may stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from collectors import registry
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import Capability, Mention, Problem
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.graph_server import refused
from tests.collectors.platform_server import Fault, Reply

SAID = "Terima kasih, tiket Anda\nSHT-2026-0001 sudah kami teruskan."
SINCE = NOW - timedelta(minutes=2)
QUICK = replace(SETTINGS, total_timeout_s=1.0)
DOUBTFUL = [Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED, Fault.RESET]


class Desk:
    """A platform's world, its collector, and a citizen's mention in it."""

    def __init__(self, platform: str) -> None:
        module: Any = import_module(f"tests.collectors.world_{platform}")
        self.platform = platform
        self.world = module.World()
        self.collector: Any = registry.load(platform, settings=SETTINGS)
        found = [
            m for b in self.collector.collect(self.world.source, now=NOW, access=self.world.access) for m in b.mentions
        ]
        self.mentions: list[Mention] = found
        self.citizen = next(m for m in found if not m.own and m.root and m.parent == m.root)
        # Threads drafts first.
        self.publishing = 1 if platform == "threads" else 0

    def reply(self, mention: Mention | None = None, **over: Any) -> Any:
        return self.collector.reply(
            mention or self.citizen, SAID, key="k1", now=NOW, access=over.get("access", self.world.access)
        )

    def find(self, mention: Mention | None = None) -> Any:
        return self.collector.find_reply(
            mention or self.citizen, SAID, since=SINCE, now=NOW + timedelta(minutes=1), access=self.world.access
        )


@pytest.fixture(params=["facebook", "instagram", "threads"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk(request.param)
    yield made
    made.world.close()


def test_an_answer_stands_under_the_mention_and_is_found_there(desk: Desk) -> None:
    assert desk.find() is None
    sent = desk.reply()
    found = desk.find()

    assert sent.native_id
    assert found is not None
    assert found.native_id == sent.native_id
    assert [form.get("message", form.get("text", SAID)) for _, form in desk.world.posted][-1] == SAID


def test_the_same_words_of_somebody_else_are_not_ours(desk: Desk) -> None:
    if desk.platform == "facebook":
        desk.world.comment(desk.citizen.root, SAID, at=desk.world.later(), parent=desk.citizen.native_id)
    elif desk.platform == "instagram":
        desk.world.answer(desk.citizen.root, desk.citizen.native_id, SAID, at=desk.world.later())
    else:
        desk.world.answer(desk.citizen.root, SAID, at=desk.world.later(), to=desk.citizen.native_id)

    assert desk.find() is None


def test_our_words_of_another_day_are_not_this_answer(desk: Desk) -> None:
    desk.reply()
    found = desk.collector.find_reply(
        desk.citizen, SAID, since=NOW + timedelta(hours=1), now=NOW + timedelta(hours=2), access=desk.world.access
    )

    assert found is None


@pytest.mark.parametrize("fault", DOUBTFUL, ids=lambda fault: fault.name.lower())
def test_an_answer_whose_receipt_is_lost_is_in_doubt(desk: Desk, fault: Fault) -> None:
    desk.world.server.break_at(desk.publishing, fault)
    with pytest.raises(InDoubtError):
        desk.reply()
    # Only half of an answer means that the platform had done it.
    assert (desk.find() is not None) == (fault is Fault.TRUNCATED)


def test_an_answer_that_drips_is_in_doubt(desk: Desk) -> None:
    desk.collector = registry.load(desk.platform, settings=QUICK)
    desk.world.server.break_at(desk.publishing, Fault.DRIP)
    with pytest.raises((InDoubtError, TransientError)):
        desk.reply()


def test_a_platform_that_is_not_reached_has_no_answer_of_ours(desk: Desk) -> None:
    nowhere = replace(desk.world.access, settings={**desk.world.access.settings, "base_url": "http://127.0.0.1:9"})
    with pytest.raises(TransientError):
        desk.reply(access=nowhere)


@pytest.mark.parametrize(
    ("fault", "kind", "problem"),
    [
        (Fault.UNAUTHORIZED, PermanentError, Problem.REFUSED_CREDENTIAL),
        (Fault.FORBIDDEN, PermanentError, Problem.LACKS_ACCESS),
        (Fault.TOO_MANY_WITH_RESET, TransientError, Problem.RATE_LIMITED),
    ],
)
def test_a_refused_answer_surely_does_not_stand_there(desk: Desk, fault: Fault, kind: Any, problem: Problem) -> None:
    desk.world.server.break_at(desk.publishing, fault)
    with pytest.raises(kind) as caught:
        desk.reply()

    assert caught.value.problem is problem
    assert desk.find() is None


def test_a_receipt_without_an_id_is_no_receipt(desk: Desk) -> None:
    real = desk.world.answer_post
    desk.world.answer_post = lambda path, form: (
        real(path, form) if path == "me/threads" else Reply(json={"success": True})
    )
    with pytest.raises(InDoubtError):
        desk.reply()


def test_an_unknown_error_of_meta_is_in_doubt(desk: Desk) -> None:
    real = desk.world.answer_post
    desk.world.answer_post = lambda path, form: (
        real(path, form) if path == "me/threads" else refused(2, status=500, message="Service temporarily unavailable")
    )
    with pytest.raises(InDoubtError):
        desk.reply()


def test_without_a_credential_a_person_answers(desk: Desk) -> None:
    bare = replace(desk.citizen, permalink="")

    assert desk.collector.capability(desk.citizen, desk.world.access) is Capability.API
    assert desk.collector.capability(replace(bare, permalink="https://example.org/1"), None) is Capability.MANUAL
    assert desk.collector.capability(bare, None) is Capability.NONE


def test_an_empty_or_endless_answer_does_not_fit(desk: Desk) -> None:
    def fits(text: str) -> bool:
        return bool(desk.collector.measure(text, desk.citizen, desk.world.access).fits)

    limit = desk.collector.measure("", desk.citizen, desk.world.access).limit
    assert limit == {"facebook": 8_000, "instagram": 2_200, "threads": 500}[desk.platform]
    assert not fits("")
    assert fits("a" * limit)
    assert not fits("a" * (limit + 1))
