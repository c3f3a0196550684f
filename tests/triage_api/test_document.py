"""The OpenAPI document tells the truth: its examples are sent, and schemathesis finds no lie."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyotp
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance
from sqlalchemy import text

from collectors import registry
from collectors.registry import CollectorSettings
from sahut import bootstrap
from sahut.core.model import CredentialDraft, Kind, Policy, Role, Topic, Unit
from sahut.core.model.imports import ImportDraft
from storage.store import open_store
from tests.conftest import KEY
from tests.triage_api.conftest import World
from triage_api import one_time_codes
from triage_api.auth import hash_secret

# What the examples name.
_POLICY = Policy(units=(Unit(code="dinas-pu", name="Dinas Pekerjaan Umum Contoh", topics=frozenset({Topic.ROADS})),))


def _prepare(world: World) -> World:
    """A world that the document's examples fit: mentions 1 and 2 wait, 3 is ticket 1, 4 is a copy of 2."""
    assert world.flagged(4) == [1, 2, 3, 4]
    world.tie(4, 2)
    assert world.ticket(3)["id"] == 1
    return world


@pytest.fixture
def prepared(world: World) -> World:
    return _prepare(world)


_STATES = {"approve": "waiting", "reject": "waiting", "answered": "by_hand", "settle": "unknown", "retry": "failed"}


def _reply_for(world: World, path: str) -> None:
    """A first reply in the state that an act wants."""
    reply = world.reply()
    state = _STATES.get(path.rsplit("/", 1)[1], "draft")
    engine = world.store._engine  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(text("UPDATE reply SET state = :state"), {"state": state})
    assert reply["id"] == 1


def _let_in(world: World, clock: Any, platform: str = "mastodon", **settings: str) -> None:
    """A first credential, and an invitation that waits to be used."""
    draft = CredentialDraft(
        platform=platform, name="Mastodon lama", settings={"base_url": "https://mastodon.example", **settings}
    )
    until = clock() + timedelta(days=1)
    with world.store.begin() as tx:
        assert tx.credentials.add(draft, {"access_token": "contoh"}, clock()).id == 1
        tx.invitations.put(world.users[Role.AUDITOR], hash_secret("x" * 43), now=clock(), expires_at=until)


def _code_for(world: World, path: str) -> str:
    """A code that the second factor of Sari takes now, in the state that the path wants."""
    secret, user_id = one_time_codes.new_secret(), world.users[Role.TRIAGE]
    with world.store.begin() as tx:
        tx.second_factors.begin(user_id, secret, world.clock())
        if not path.endswith("/confirm"):
            assert tx.second_factors.confirm(user_id)
    return pyotp.TOTP(secret).at(world.clock())


def _second_ticket(world: World, path: str) -> None:
    """Another ticket to merge the first one into, merged already where the path takes that back."""
    other = world.ticket()["id"]
    if path.endswith("/part"):
        merged = world.program().post("/api/v1/tickets/1/merge", json={"into": other})
        assert merged.status_code == 200, merged.text


def _view(world: World) -> None:
    """A first saved view, of whoever sends the examples."""
    client, csrf = world.signed_in("admin")
    body = {"name": "Banjir", "filters": {"topic": "drainage_flood"}}
    made = client.post("/api/v1/views", json=body, headers={"X-CSRF-Token": csrf})
    assert made.status_code == 201, made.text


def _import(world: World) -> None:
    """A first file, looked through and not begun."""
    draft = ImportDraft(file="arsip.csv", source="Arsip")
    with world.store.begin() as tx:
        assert tx.imports.add(draft, [b"id,text\n1,jalan rusak\n"], by="Sari", now=world.clock()).id == 1
    engine = world.store._engine  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(text("UPDATE file_import SET state = 'checked', version = 2"))


def _document(world: World) -> dict[str, Any]:
    document: dict[str, Any] = world.program().get("/api/v1/openapi.json").json()
    return document


def _examples(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    document = _document(world)
    found = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
                examples = document["components"]["schemas"][name].get("examples", [])
                assert examples, f"{name} has no example"
                found += [(method, path, example) for example in examples]
    return found


def test_every_example_of_a_request_is_taken_when_it_is_sent(
    world: World,
    clock: Any,
    _migrated_sqlite: bytes,  # noqa: PT019 - its value is the empty database
    tmp_path: Path,
) -> None:
    refused = []
    sent = _examples(world)
    for number, (method, path, example) in enumerate(sent):
        file = tmp_path / f"{number}.db"
        file.write_bytes(_migrated_sqlite)
        store = open_store(f"sqlite:///{file}", keys=[KEY])
        made = _prepare(
            World(
                store,
                clock,
                policy=_POLICY,
                collector_for=lambda platform: registry.load(
                    platform, settings=CollectorSettings(allow_hosts=("127.0.0.1",))
                ),
                platforms=bootstrap.platforms(),
            )
        )
        if "/sign-in" in path:
            _let_in(made, clock, "x", client_id="klien-contoh", accounts="DinasKota")
        else:
            _let_in(made, clock)
        if "{reply_id}" in path:
            _reply_for(made, path)
        if "{ticket_id}/" in path:
            _second_ticket(made, path)
        if "{view_id}" in path:
            _view(made)
        if "{import_id}" in path:
            _import(made)
        mention = made.flagged(1, kind=Kind.NEWS)[0] if "/checks/" in path else 4
        client, csrf = made.signed_in("sari" if "session" in path else "admin")
        if "/second-factor/" in path:
            example["code"] = _code_for(made, path)
        url = re.sub(r"{\w+}", "1", path.replace("{mention_id}", str(mention)))
        answer = client.request(method, url, json=example, headers={"X-CSRF-Token": csrf})
        store.close()
        if path.endswith("/sign-in/answer"):
            # Only X gives an answer that is one: what is made up is refused as nobody's.
            assert answer.json()["type"] == "urn:sahut:problem:sign_in_state"
        elif not answer.is_success:
            refused.append((method, path, answer.text))
    assert refused == [], "\n".join(map(str, refused))
    assert len(sent) > 10


def test_every_example_fits_its_own_schema(world: World) -> None:
    document = _document(world)
    checked = 0
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", []):
            jsonschema.validate(example, schema | {"components": document["components"]})
            checked += 1
    assert checked > 10


def test_every_route_but_the_open_ones_declares_how_to_sign_in_and_how_it_refuses(world: World) -> None:
    for path, operations in _document(world)["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            problems = {
                status for status, said in responses.items() if "application/problem+json" in said.get("content", {})
            }
            assert {"422", "500", "503"} <= problems, (method, path)
            assert ("security" in operation) == (
                {"401", "403"} <= problems and (method, path) != ("post", "/api/v1/session")
            )


@pytest.mark.timeout(600)
def test_schemathesis_finds_no_server_error_and_no_answer_that_breaks_the_document(prepared: World) -> None:
    schema = schemathesis.openapi.from_dict(_document(prepared))
    schema.app = prepared.app
    authorization = {"Authorization": f"Bearer {prepared.tokens[Role.ADMIN]}"}
    hits: list[tuple[str, str, int]] = []
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 30

    for operation in operations:

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def hold(case: schemathesis.Case) -> None:
            # A rule of the domain may refuse what the schema allows, and a place may be spelt in more ways than one.
            answer = case.call_and_validate(
                headers=authorization, excluded_checks=[positive_data_acceptance, negative_data_rejection]
            )
            hits.append((case.method, case.path, answer.status_code))

        hold()

    # It reached behind the door: signed in, and with answers of every route.
    assert {status for _, _, status in hits} >= {200, 201, 404, 409}
    assert {(method, path) for method, path, status in hits if status == 401} == {("POST", "/api/v1/session")}


class _Door:
    """Leads to the app of the world in which the walk is now."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.mark.timeout(600)
def test_schemathesis_finds_no_server_error_when_answers_lead_to_further_requests(
    world: World,
    clock: Any,
    _migrated_sqlite: bytes,  # noqa: PT019 - its value is the empty database
    tmp_path: Path,
) -> None:
    schema = schemathesis.openapi.from_dict(_document(world))
    schema.app = door = _Door()
    machine: Any = schema.as_state_machine()
    file = tmp_path / "walk.db"
    hits: list[tuple[str, str, int]] = []

    class Walk(machine):  # type: ignore[misc]  # made from the document
        """Each walk begins in a world of its own, so that the same steps find the same."""

        def setup(self) -> None:
            for rest in ("", "-wal", "-shm"):
                file.with_name(file.name + rest).unlink(missing_ok=True)
            file.write_bytes(_migrated_sqlite)
            self.world = _prepare(World(open_store(f"sqlite:///{file}", keys=[KEY]), clock))
            door.app = self.world.app

        def teardown(self) -> None:
            self.world.store.close()

        def get_call_kwargs(self, _case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {self.world.tokens[Role.ADMIN]}"}}

        def validate_response(self, response: Any, case: schemathesis.Case, **_: Any) -> None:
            hits.append((case.method, case.path, response.status_code))
            # That no route is open is asked of each above; here it would be three requests for each.
            case.validate_response(
                response, excluded_checks=[positive_data_acceptance, negative_data_rejection, ignored_auth]
            )

    # The links between operations are inferred from the document.
    Walk.run(
        settings=settings(
            # With so many routes few walks find one that leads on: twenty were too few on some checkouts.
            max_examples=60,
            stateful_step_count=10,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
    )

    # What an answer named was found and worked on.
    followed = {(method, path) for method, path, status in hits if status < 300 and "{" in path}
    assert len(followed) >= 3
    assert len({path.split("/")[3] for _, path in followed}) >= 2
