"""Signing in by an identity provider: a real one of ours, with everything that it or a stranger may get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from fastapi.testclient import TestClient

from sahut.core.errors import RefusedError
from sahut.core.model import AuditAct, AuditFilter, Match, Policy, ProviderGrant, ProviderPolicy, Role
from sahut.core.ports import Store
from tests.triage_api.conftest import POLICY, World
from tests.triage_api.oidc_provider import CLIENT, SECRET, Provider, served
from triage_api import one_time_codes
from triage_api.app import ApiSettings
from triage_api.auth import NO_PASSWORD
from triage_api.settings import ProviderSettings

BASE = "http://testserver"
SARI = {"sub": "u-1", "email": "sari@kota.example", "email_verified": True, "name": "Sari Contoh"}
BY_NAME = ProviderPolicy(match=frozenset({Match.EMAIL, Match.USERNAME}))


@pytest.fixture
def provider(clock: Any) -> Iterator[Provider]:
    with served(clock) as made:
        made.person = {**SARI, "preferred_username": "sari"}
        yield made


def a_world(store: Store, clock: Any, provider: Provider, policy: ProviderPolicy = BY_NAME, **over: Any) -> World:
    settings = ApiSettings(
        token_per_minute=0,
        wrong_token_per_minute=0,
        provider=ProviderSettings(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, label="Akun Kota"),
    )
    return World(store, clock, settings=settings, policy=replace(POLICY, provider=policy, **over))


@pytest.fixture
def world(store: Store, clock: Any, provider: Provider) -> World:
    return a_world(store, clock, provider)


def leave(client: TestClient, back: str = "/") -> str:
    """The address at the provider that the board sends a browser to."""
    answer = client.get("/sign-in/provider", params={"next": back}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def there(url: str) -> str:
    """The address that the provider sends it back to."""
    return str(httpx.get(url).headers["location"])


def sign_in(client: TestClient, back: str = "/") -> Any:
    return client.get(there(leave(client, back)), follow_redirects=False)


def signed(client: TestClient) -> Any:
    return client.get("/api/v1/session")


def failures(world: World) -> list[Any]:
    with world.store.read() as tx:
        return [one.detail for one in tx.audit.page(AuditFilter(acts=(AuditAct.SIGN_IN_FAILED,)), limit=50).items]


def test_whoever_the_provider_vouches_for_is_signed_in_and_linked_for_good(world: World, provider: Provider) -> None:
    client = world.browser()
    page = client.get("/sign-in").text
    assert "Akun Kota" in page
    answer = sign_in(client, "/tickets")

    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets")
    assert signed(client).json()["user"]["username"] == "sari"
    # From now on it is subject and issuer that count: another's name does not change whose account it is.
    provider.person = {**SARI, "preferred_username": "admin", "email": "admin@kota.example"}
    again = world.browser()
    sign_in(again)
    assert signed(again).json()["user"]["username"] == "sari"
    acts = [one["detail"].get("what") for one in world.program(Role.AUDITOR).get("/api/v1/audit").json()["items"]]
    assert "identity_linked" in acts
    assert "provider" in acts


def test_an_account_of_that_name_that_is_linked_to_somebody_is_not_given_to_another(
    world: World, provider: Provider
) -> None:
    sign_in(world.browser())
    provider.person = {**SARI, "sub": "u-2", "preferred_username": "sari"}
    client = world.browser()
    answer = sign_in(client)

    assert answer.status_code == 403
    assert signed(client).status_code == 401


def test_nobody_is_let_in_who_has_no_account_and_an_address_counts_only_when_it_is_verified(
    store: Store, clock: Any, provider: Provider
) -> None:
    world = a_world(store, clock, provider, ProviderPolicy())
    with store.begin() as tx:
        tx.accounts.add_user(
            username="sari@kota.example",
            name="Sari",
            role=Role.COMMS,
            password_hash=NO_PASSWORD,
            must_change=False,
            now=clock(),
        )
    for verified in (False, None, "yes", 1):
        provider.person = {**SARI, "email_verified": verified}
        client = world.browser()
        assert sign_in(client).status_code == 403, verified
        assert "administrator" in sign_in(client).text
        assert signed(client).status_code == 401
    provider.person = dict(SARI)
    client = world.browser()
    assert sign_in(client).status_code == 303
    assert signed(client).json()["user"]["role"] == "comms"


def test_without_the_option_a_user_name_of_the_providers_opens_nothing(
    store: Store, clock: Any, provider: Provider
) -> None:
    world = a_world(store, clock, provider, ProviderPolicy())
    provider.person = {"sub": "u-9", "preferred_username": "admin"}
    assert sign_in(world.browser()).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "x" * 256},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"_alg": "none"},
        {"_alg": "HS256"},
        {"_key": "another"},
        {"_key": "unknown"},
    ],
    ids=str,
)
def test_a_token_that_proves_nothing_opens_nothing(world: World, provider: Provider, wrong: dict[str, Any]) -> None:
    provider.wrong = wrong
    client = world.browser()
    answer = sign_in(client)

    assert answer.status_code == 401, answer.text[:300]
    assert "tidak dapat dipercaya" in answer.text
    assert signed(client).status_code == 401
    assert failures(world) == [{"what": "provider_refused"}]
    provider.wrong = {}
    assert sign_in(client).status_code == 303


def test_the_userinfo_endpoint_speaks_of_the_same_person_or_of_nobody(
    store: Store, clock: Any, provider: Provider
) -> None:
    world = a_world(store, clock, provider)
    provider.person = {"sub": "u-5"}
    provider.wrong = {"_me": {"sub": "another", "preferred_username": "admin"}}
    assert sign_in(world.browser()).status_code == 403
    provider.wrong = {"_me": {"sub": "u-5", "preferred_username": "rina"}}
    client = world.browser()
    sign_in(client)
    assert signed(client).json()["user"]["username"] == "rina"


def test_an_answer_counts_once_in_the_browser_that_asked_and_for_ten_minutes(world: World, clock: Any) -> None:
    one, other = world.browser(), world.browser()
    back = there(leave(one))
    leave(other)  # has a cookie of its own
    assert other.get(back, follow_redirects=False).status_code == 410, "the state of another browser"
    assert world.browser().get(back, follow_redirects=False).status_code == 410, "no cookie at all"
    assert one.get(back, follow_redirects=False).status_code == 303
    assert one.get(back, follow_redirects=False).status_code == 410, "twice"

    late = there(leave(one))
    clock.forward(minutes=11)
    assert one.get(late, follow_redirects=False).status_code == 410
    assert signed(other).status_code == 401


def test_a_code_of_somebody_else_is_of_no_use(world: World, provider: Provider) -> None:
    """A code that was begun by another browser is bound to that one's verifier and nonce."""
    attacker, victim = world.browser(), world.browser()
    stolen = parse_qs(urlsplit(there(leave(attacker))).query)["code"][0]
    own = urlsplit(there(leave(victim)))
    state = parse_qs(own.query)["state"][0]
    answer = victim.get(f"{own.path}?state={state}&code={stolen}&iss={provider.issuer}", follow_redirects=False)

    assert answer.status_code == 401
    assert signed(victim).status_code == 401


def test_an_answer_of_another_issuer_is_refused(world: World, provider: Provider) -> None:
    client = world.browser()
    back = there(leave(client)).replace("iss=", "iss=https%3A%2F%2Fevil.example%2F&was=")
    assert client.get(back, follow_redirects=False).status_code == 401
    assert "/token" not in provider.asked, "the code went to nobody"


def test_a_provider_that_always_names_itself_is_not_believed_when_it_does_not(world: World, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    client = world.browser()
    back = there(leave(client)).partition("&iss=")[0]
    assert client.get(back, follow_redirects=False).status_code == 401
    assert "/token" not in provider.asked


def test_a_fresh_session_is_opened_and_the_one_that_was_there_ends(world: World) -> None:
    client, _csrf = world.signed_in("rina")
    before = client.cookies["sahut_session"]
    # Who is signed in may sign in as somebody else.
    sign_in(client)
    assert client.cookies["sahut_session"] != before
    planted = world.browser()
    planted.cookies["sahut_session"] = before
    assert signed(planted).status_code == 401


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(world: World, back: str) -> None:
    assert sign_in(world.browser(), back).headers["location"] == "/"


def test_the_keys_may_change_and_are_asked_for_once(world: World, provider: Provider, monkeypatch: Any) -> None:
    sign_in(world.browser())
    sign_in(world.browser())
    assert provider.asked.count("/keys") == 1
    provider.rotate()
    # Another key is believed in once the last question is a minute old, and not for each token that names one.
    assert sign_in(world.browser()).status_code == 401
    monkeypatch.setattr("triage_api.provider._FRESH_KEYS_EVERY", 0.0)
    assert sign_in(world.browser()).status_code == 303
    assert provider.asked.count("/keys") == 2


def test_a_provider_that_is_down_says_so_and_the_password_still_works(world: World, provider: Provider) -> None:
    provider.down = True
    client = world.browser()
    assert client.get("/sign-in/provider", follow_redirects=False).status_code == 503
    asked = len(provider.asked)
    answer = client.get("/sign-in/provider", follow_redirects=False)

    assert answer.status_code == 503
    assert "masuk dengan kata sandi" in answer.text
    assert 'name="password"' in answer.text
    assert len(provider.asked) == asked, "it is left alone for a while"
    assert world.signed_in("sari")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
    ids=str,
)
def test_a_provider_that_says_what_cannot_be_is_not_asked_on(
    world: World, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    client = world.browser()
    answer = client.get("/sign-in/provider", follow_redirects=False)
    if answer.status_code == 303:
        answer = client.get(there(answer.headers["location"]), follow_redirects=False)
    assert answer.status_code == 503
    assert "/token" not in provider.asked


def test_a_connection_that_drops_at_the_token_is_no_session(world: World, provider: Provider) -> None:
    provider.wrong = {"_token": "drops"}
    client = world.browser()
    assert sign_in(client).status_code == 503
    assert signed(client).status_code == 401


def test_who_refuses_at_the_provider_is_back_at_the_form(world: World, provider: Provider) -> None:
    provider.refuses = "access_denied"
    answer = sign_in(world.browser())
    assert answer.status_code == 401
    assert "tidak melanjutkan" in answer.text


def test_a_closed_account_stays_closed(world: World) -> None:
    sign_in(world.browser())
    world.program(Role.ADMIN).patch(f"/api/v1/users/{world.users[Role.TRIAGE]}", json={"active": False})
    client = world.browser()
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "ditutup" in answer.text
    assert signed(client).status_code == 401


def test_grants_decide_role_and_units_at_each_sign_in_and_may_make_accounts(
    store: Store, clock: Any, provider: Provider
) -> None:
    policy = ProviderPolicy(
        create=True,
        claim="realm_access.roles",
        grants=(
            ProviderGrant(value="sahut-admin", role=Role.ADMIN),
            ProviderGrant(value="sahut-pu", role=Role.UNIT, units=("pu",)),
            ProviderGrant(value="sahut-comms", role=Role.COMMS),
        ),
    )
    world = a_world(store, clock, provider, policy)
    provider.person = {**SARI, "realm_access": {"roles": ["sahut-pu", "lain"]}}
    client = world.browser()
    assert sign_in(client).status_code == 303
    who = signed(client).json()["user"]
    assert (who["username"], who["role"]) == ("sari@kota.example", "unit")
    with store.read() as tx:
        assert tx.accounts.user(who["id"]).units == ("pu",)
    # Another role there is another role here, and the old session is gone.
    provider.person = {**SARI, "realm_access": {"roles": ["sahut-comms"]}}
    later = world.browser()
    assert sign_in(later).status_code == 303
    assert signed(later).json()["user"]["role"] == "comms"
    assert signed(client).status_code == 401
    # Without any grant nobody comes in, account or not.
    provider.person = {**SARI, "realm_access": {"roles": ["lain"]}}
    assert sign_in(world.browser()).status_code == 403
    with store.read() as tx:
        user = tx.accounts.user_named("sari@kota.example")
        assert user is not None
        assert user.password_hash == NO_PASSWORD


def test_the_own_second_factor_is_asked_for_unless_the_provider_asked_for_one(world: World, provider: Provider) -> None:
    secret = one_time_codes.new_secret()
    with world.store.begin() as tx:
        tx.second_factors.begin(world.users[Role.TRIAGE], secret, world.clock())
        tx.second_factors.confirm(world.users[Role.TRIAGE])
    client = world.browser()
    answer = sign_in(client, "/tickets")
    assert answer.headers["location"] == "/sign-in/code?next=%2Ftickets"
    assert signed(client).status_code == 401
    code = pyotp.TOTP(secret).at(world.clock())
    done = client.post("/sign-in/code", data={"code": code, "back": "/tickets"}, follow_redirects=False)
    assert done.status_code == 303
    assert signed(client).status_code == 200

    provider.person |= {"amr": ["pwd", "mfa"]}
    other = world.browser()
    assert sign_in(other, "/tickets").headers["location"] == "/tickets"
    assert signed(other).status_code == 200


def test_without_the_code_the_providers_word_links_nothing_and_changes_no_role(
    store: Store, clock: Any, provider: Provider
) -> None:
    policy = replace(BY_NAME, claim="groups", grants=(ProviderGrant(value="a", role=Role.COMMS),))
    world = a_world(store, clock, provider, policy)
    secret, user_id = one_time_codes.new_secret(), world.users[Role.TRIAGE]
    with store.begin() as tx:
        tx.second_factors.begin(user_id, secret, clock())
        tx.second_factors.confirm(user_id)
    held, _csrf = world.signed_in("rina")
    provider.person |= {"groups": ["a"]}
    client = world.browser()
    assert sign_in(client).headers["location"].startswith("/sign-in/code")
    with store.read() as tx:
        assert tx.identities.of(user_id) == []
        assert tx.accounts.user(user_id).role is Role.TRIAGE
    done = client.post("/sign-in/code", data={"code": pyotp.TOTP(secret).at(clock())}, follow_redirects=False)
    assert done.status_code == 303
    with store.read() as tx:
        (link,) = tx.identities.of(user_id)
        assert link.subject == "u-1"
        assert tx.accounts.user(user_id).role is Role.COMMS
    assert signed(client).json()["user"]["role"] == "comms"
    assert signed(held).status_code == 200


def test_unlinking_ends_a_sign_in_that_waits_for_its_code(world: World) -> None:
    sign_in(world.browser())
    secret, user_id = one_time_codes.new_secret(), world.users[Role.TRIAGE]
    with world.store.begin() as tx:
        tx.second_factors.begin(user_id, secret, world.clock())
        tx.second_factors.confirm(user_id)
    client = world.browser()
    assert sign_in(client).headers["location"].startswith("/sign-in/code")
    admin = world.program(Role.ADMIN)
    (link,) = admin.get(f"/api/v1/users/{user_id}/identities").json()["items"]
    admin.delete(f"/api/v1/users/{user_id}/identities/{link['id']}")
    code = pyotp.TOTP(secret).at(world.clock())
    assert client.post("/sign-in/code", data={"code": code}, follow_redirects=False).status_code == 410
    assert signed(client).status_code == 401


def test_a_name_that_only_looks_like_another_finds_nobody(store: Store, clock: Any, provider: Provider) -> None:
    world = a_world(store, clock, provider)
    for name in ("admin\x00", "\u212aaren", "adm\u0131n", "admin\u200b"):
        provider.person = {"sub": f"x-{name}", "preferred_username": name}
        assert sign_in(world.browser()).status_code == 403, name


def test_claims_that_the_policy_requires_must_say_just_that(store: Store, clock: Any, provider: Provider) -> None:
    world = a_world(store, clock, provider, replace(BY_NAME, require={"hd": "kota.example"}))
    assert sign_in(world.browser()).status_code == 403
    provider.person |= {"hd": "evil.example"}
    assert sign_in(world.browser()).status_code == 403
    provider.person |= {"hd": "kota.example"}
    assert sign_in(world.browser()).status_code == 303


def test_groups_may_stand_at_the_userinfo_endpoint_alone(store: Store, clock: Any, provider: Provider) -> None:
    policy = replace(BY_NAME, claim="groups", grants=(ProviderGrant(value="a", role=Role.TRIAGE),))
    world = a_world(store, clock, provider, policy)
    provider.wrong = {"_me": {"sub": "u-1", "groups": ["a"]}}
    assert sign_in(world.browser()).status_code == 303


def test_keys_of_other_kinds_beside_ours_disturb_nobody(world: World, provider: Provider) -> None:
    provider.more_keys = [{"kty": "EC", "crv": "BP-256", "kid": "x"}, {"kty": "RSA", "n": "!", "e": "AQAB"}, "odd"]
    assert sign_in(world.browser()).status_code == 303


def test_who_fails_too_often_from_one_address_waits(world: World, provider: Provider) -> None:
    provider.refuses = "access_denied"
    codes = [sign_in(world.browser()).status_code for _ in range(world.settings.failed_per_address + 2)]
    assert codes[0] == 401
    assert codes[-1] == 429


def test_a_role_that_must_have_a_second_factor_may_have_it_at_the_provider(
    store: Store, clock: Any, provider: Provider
) -> None:
    world = a_world(store, clock, provider, second_factor=frozenset({Role.TRIAGE}))
    client = world.browser()
    sign_in(client)
    assert client.get("/api/v1/mentions").status_code == 403
    provider.person |= {"amr": ["mfa"]}
    other = world.browser()
    sign_in(other)
    assert other.get("/api/v1/mentions").status_code == 200


def test_a_one_time_password_is_no_hurdle_for_whom_the_provider_vouches(world: World) -> None:
    world.program(Role.ADMIN).post(f"/api/v1/users/{world.users[Role.TRIAGE]}/reset-password")
    client = world.browser()
    assert sign_in(client).headers["location"] == "/"
    assert client.get("/api/v1/mentions").status_code == 200


def test_links_are_shown_and_undone_by_their_owner_and_by_administrators(world: World) -> None:
    client = world.browser()
    sign_in(client)
    csrf = {"X-CSRF-Token": signed(client).json()["csrf"]}
    (mine,) = client.get("/api/v1/session/identities").json()["items"]
    assert (mine["subject"], mine["name"]) == ("u-1", "sari@kota.example")
    page = client.get("/account").text
    assert "sari@kota.example" in page
    assert client.get("/users").status_code == 403

    other, other_csrf = world.signed_in("rina")
    gone = other.delete(f"/api/v1/session/identities/{mine['id']}", headers={"X-CSRF-Token": other_csrf})
    assert gone.status_code == 404, "another's"
    admin = world.program(Role.ADMIN)
    user = world.users[Role.TRIAGE]
    assert admin.get(f"/api/v1/users/{user}/identities").json()["items"] == [mine]
    assert client.delete(f"/api/v1/session/identities/{mine['id']}", headers=csrf).status_code == 204
    assert signed(client).status_code == 200, "the session that did it stays"

    sign_in(client)
    (again,) = admin.get(f"/api/v1/users/{user}/identities").json()["items"]
    assert admin.delete(f"/api/v1/users/{user}/identities/{again['id']}").status_code == 204
    assert signed(client).status_code == 401, "an administrator ends the sessions"


def test_the_last_way_in_is_not_given_up(store: Store, clock: Any, provider: Provider) -> None:
    policy = ProviderPolicy(create=True, claim="groups", grants=(ProviderGrant(value="a", role=Role.TRIAGE),))
    world = a_world(store, clock, provider, policy)
    provider.person = {**SARI, "groups": ["a"]}
    client = world.browser()
    sign_in(client)
    csrf = {"X-CSRF-Token": signed(client).json()["csrf"]}
    (mine,) = client.get("/api/v1/session/identities").json()["items"]
    answer = client.delete(f"/api/v1/session/identities/{mine['id']}", headers=csrf)
    assert answer.status_code == 409
    assert "satu-satunya" in client.get("/account").text
    # And a second factor can be set up without a password that there is not.
    begun = client.post("/api/v1/session/second-factor", headers=csrf).json()
    code = pyotp.TOTP(begun["secret"]).at(world.clock())
    done = client.post("/api/v1/session/second-factor/confirm", json={"password": "-", "code": code}, headers=csrf)
    assert done.status_code == 200, done.text


def test_without_a_provider_there_is_no_such_page(store: Store, clock: Any) -> None:
    world = World(store, clock, policy=Policy(units=POLICY.units))
    assert world.browser().get("/sign-in/provider").status_code == 404
    assert "/sign-in/provider" not in world.browser().get("/sign-in").text


def test_two_who_are_new_at_the_same_moment_get_one_account(
    store: Store, clock: Any, provider: Provider, run_together: Any
) -> None:
    world = a_world(store, clock, provider)
    backs = []
    for _ in range(6):
        client = world.browser()
        backs.append((client, there(leave(client))))

    def come_back(number: int) -> Any:
        browser, url = backs[number]
        return browser.get(url, follow_redirects=False)

    answers = run_together(len(backs), come_back)
    assert {answer.status_code for answer in answers} <= {303, 403}
    assert 303 in {answer.status_code for answer in answers}
    with store.read() as tx:
        assert len(tx.identities.every()) == 1


def test_the_store_links_each_identity_and_each_account_of_an_issuer_once(world: World) -> None:
    now = world.clock()
    sari, rina = world.users[Role.TRIAGE], world.users[Role.COMMS]
    with world.store.begin() as tx:
        tx.identities.add(sari, issuer="https://a.example", subject="1", name="x", now=now)
        with pytest.raises(RefusedError):
            tx.identities.add(rina, issuer="https://a.example", subject="1", name="x", now=now)
        with pytest.raises(RefusedError):
            tx.identities.add(sari, issuer="https://a.example", subject="2", name="x", now=now)
        tx.identities.add(sari, issuer="https://b.example", subject="1", name="x", now=now)
        assert [one.issuer for one in tx.identities.of(sari)] == ["https://a.example", "https://b.example"]
