"""Meta's Graph API: signed calls and what its refusals mean."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectors import registry
from collectors._graph import regained
from sahut.core.errors import CollectError, PermanentError, TransientError
from sahut.core.model import Problem
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.graph_server import SECRET, TOKEN, refused
from tests.collectors.platform_server import Reply
from tests.collectors.world_facebook import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def failure(world: World, reply: Reply) -> CollectError:
    world.server._handler = lambda _request: reply
    collector: Any = registry.load("facebook", settings=SETTINGS)
    with pytest.raises(CollectError) as caught:
        collector.prove(world.access, now=NOW)
    return caught.value


@pytest.mark.parametrize(
    ("code", "subcode", "kind", "problem"),
    [
        (190, 463, PermanentError, Problem.REFUSED_CREDENTIAL),
        (102, 0, PermanentError, Problem.REFUSED_CREDENTIAL),
        (3, 0, PermanentError, Problem.LACKS_ACCESS),
        (10, 0, PermanentError, Problem.LACKS_ACCESS),
        (200, 0, PermanentError, Problem.LACKS_ACCESS),
        (283, 0, PermanentError, Problem.LACKS_ACCESS),
        (4, 0, TransientError, Problem.RATE_LIMITED),
        (17, 0, TransientError, Problem.RATE_LIMITED),
        (32, 0, TransientError, Problem.RATE_LIMITED),
        (368, 0, TransientError, Problem.RATE_LIMITED),
        (613, 0, TransientError, Problem.RATE_LIMITED),
        (80001, 0, TransientError, Problem.RATE_LIMITED),
        (80006, 0, TransientError, Problem.RATE_LIMITED),
        (1, 0, TransientError, Problem.SERVER_ERROR),
        (2, 0, TransientError, Problem.SERVER_ERROR),
        (100, 33, PermanentError, Problem.NOT_FOUND),
        (803, 0, PermanentError, Problem.NOT_FOUND),
        (100, 0, PermanentError, Problem.BAD_SETTINGS),
    ],
)
def test_each_code_of_an_error_has_its_meaning(
    world: World, code: int, subcode: int, kind: type[CollectError], problem: Problem
) -> None:
    error = failure(world, refused(code, subcode))

    assert isinstance(error, kind)
    assert error.problem is problem
    assert str(code) in str(error)


def test_a_lacking_permission_is_named(world: World) -> None:
    assert "pages_read_user_content" in str(failure(world, refused(200, message="(#200) Permissions error")))


def test_why_a_token_is_refused_is_told_without_the_token(world: World) -> None:
    said = str(failure(world, refused(190, 460, message=f"Malformed access token {TOKEN}")))

    assert "password" in said
    assert TOKEN not in said


def test_a_limit_holds_for_the_account_until_the_time_that_meta_names(world: World) -> None:
    usage = {"1001": [{"type": "pages", "estimated_time_to_regain_access": 7}, {"estimated_time_to_regain_access": 25}]}
    error = failure(world, refused(32, X_Business_Use_Case_Usage=json.dumps(usage)))

    assert isinstance(error, TransientError)
    assert error.whole_account
    assert error.not_before == NOW + timedelta(minutes=25)


@pytest.mark.parametrize("header", ["", "rusak", "[]", '{"a": 1}', '{"a": [null, {"x": 1}]}', '{"call_count": 100}'])
def test_a_limit_without_a_time_names_none(header: str) -> None:
    assert regained({"x-business-use-case-usage": header, "x-app-usage": header}, NOW) is None


def test_a_wrong_app_secret_is_a_refused_credential(world: World) -> None:
    message = "Invalid appsecret_proof provided in the API argument"

    assert failure(world, refused(100, message=message)).problem is Problem.REFUSED_CREDENTIAL


def test_a_redirect_is_not_followed(world: World) -> None:
    error = failure(world, Reply(status=302, headers={"Location": "http://127.0.0.1:9/"}))

    assert error.problem is Problem.NOT_READABLE
    assert world.server.calls == 1


def test_no_secret_stands_in_an_address_or_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    list(registry.load("facebook", settings=SETTINGS).collect(world.source, now=NOW, access=world.access))

    for request in world.server.seen:
        assert TOKEN not in request.path + str(request.query)
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text


def test_an_address_inside_the_network_is_refused_unless_allowed(world: World) -> None:
    collector: Any = registry.load("facebook", settings=replace(SETTINGS, allow_hosts=()))
    with pytest.raises(PermanentError) as caught:
        collector.prove(world.access, now=NOW)

    assert caught.value.problem is Problem.BLOCKED_ADDRESS
