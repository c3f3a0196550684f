"""X by a browser's sign-in: PKCE, reading and answering with it, and renewals of tokens that are good once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectors import registry
from collectors._settings import CollectorSettings
from sahut.core import purses, sessions, signing_in
from sahut.core.errors import PermanentError, RefusedError, TransientError
from sahut.core.model import Access, Capability, Credential, CredentialDraft, Problem
from sahut.core.ports import BrowserMember, Replier, Store
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS
from tests.collectors.platform_server import Fault
from tests.collectors.world_x import BEARER, CLIENT, NEIGHBOUR, XServer, a_place, found, only, read

REDIRECT = "https://sahut.dinas.example/credentials/callback"
WHO = "session:1"


@pytest.fixture
def x() -> Iterator[XServer]:
    server = XServer()
    with closing(server.http):
        yield server


def member() -> BrowserMember:
    made = registry.load("x", settings=SETTINGS)
    assert isinstance(made, BrowserMember)
    return made


def kept(store: Store, x: XServer, name: str = "X dinas", **secrets: str) -> Credential:
    draft = CredentialDraft(
        platform="x",
        name=name,
        settings={"accounts": "DinasKota", "client_id": CLIENT, "base_url": x.http.url},
    )
    with store.begin() as tx:
        return tx.credentials.add(draft, secrets, NOW)


def sign_in(store: Store, x: XServer, one: Credential, clock: Any) -> Access:
    offer = signing_in.begin(store, member(), one.id, REDIRECT, who=WHO, clock=clock)
    code, state = signing_in.answer_in(x.agree(offer.address))
    signing_in.end(store, lambda _: member(), code, state, who=WHO, clock=clock, name="admin")
    return purses.opened(store, one.id, clock)


def test_a_sign_in_reads_and_answers_with_nothing_copied(sqlite_store: Store, x: XServer, clock: Any) -> None:
    one = kept(sqlite_store, x)
    before = purses.opened(sqlite_store, one.id, clock)
    assert (member().awaits_sign_in(before), member().signed_in(before)) == (True, False)
    x.post("@DinasKota jalan rusak")
    access = sign_in(sqlite_store, x, one, clock)
    assert (member().awaits_sign_in(access), member().signed_in(access)) == (False, True)
    batches, _, error = read(x, access=access)
    assert error is None
    assert len(found(batches)) == 1
    mention = next(iter(found(batches).values()))
    replier = registry.load("x", settings=SETTINGS)
    assert isinstance(replier, Replier)
    assert replier.capability(mention, access) is Capability.API
    sent = replier.reply(mention, "Kami cek.", key="k", now=NOW, access=access)
    assert x.posts[sent.native_id]["text"] == "Kami cek."
    looked = replier.find_reply(mention, "Kami cek.", since=NOW - timedelta(hours=1), now=NOW, access=access)
    assert looked is not None
    assert looked.native_id == sent.native_id
    tokens = {r.headers["authorization"] for r in x.http.seen if r.path != "/2/oauth2/token"}
    assert tokens == {f"Bearer {access.session['access']}"}


def test_our_own_mentions_cost_what_owned_reads_do(sqlite_store: Store, x: XServer, clock: Any) -> None:
    access = sign_in(sqlite_store, x, kept(sqlite_store, x, **BEARER), clock)
    x.post("@DinasKota jalan rusak")
    batches, _, _ = read(x, a_place("mentions", query=""), access=replace(access, shared=None))
    assert sum(sum(one.spent.values()) for one in batches) == pytest.approx(0.011)
    # What is not ours alone is read by the app, where the credential has its token.
    read(x, access=access)
    assert x.http.seen[-1].headers["authorization"] == f"Bearer {BEARER['bearer_token']}"


def test_a_confidential_client_shows_its_secret(sqlite_store: Store, x: XServer, clock: Any) -> None:
    x.client_secret = "sangat-rahasia"
    with pytest.raises(PermanentError, match="does not know our app"):
        sign_in(sqlite_store, x, kept(sqlite_store, x), clock)
    one = kept(sqlite_store, x, "lain", client_secret="sangat-rahasia")
    assert sign_in(sqlite_store, x, one, clock).session["name"] == "DinasKota"


def test_another_account_than_the_one_that_answers_is_not_kept(sqlite_store: Store, x: XServer, clock: Any) -> None:
    x.agrees = NEIGHBOUR
    one = kept(sqlite_store, x)
    with pytest.raises(PermanentError, match="signed in as @tetangga") as refused:
        sign_in(sqlite_store, x, one, clock)
    assert refused.value.problem is Problem.BAD_SETTINGS
    assert purses.opened(sqlite_store, one.id, clock).session == {}


def test_an_answer_is_taken_once_in_time_and_from_who_began_it(sqlite_store: Store, x: XServer, clock: Any) -> None:
    one = kept(sqlite_store, x)

    def ended(state: str, who: str = WHO) -> None:
        signing_in.end(sqlite_store, lambda _: member(), "kode", state, who=who, clock=clock)

    offer = signing_in.begin(sqlite_store, member(), one.id, REDIRECT, who=WHO, clock=clock)
    for state, who in ((offer.state, "session:2"), ("lain", WHO)):
        with pytest.raises(RefusedError) as refused:
            ended(state, who)
        assert refused.value.rule == "sign_in_state"
    assert x.http.calls == 0
    code, state = signing_in.answer_in(x.agree(offer.address))
    signing_in.end(sqlite_store, lambda _: member(), code, state, who=WHO, clock=clock)
    with pytest.raises(RefusedError):
        ended(state)
    late = signing_in.begin(sqlite_store, member(), one.id, REDIRECT, who=WHO, clock=clock)
    clock.forward(minutes=15)
    with pytest.raises(RefusedError):
        ended(late.state)


def test_a_code_is_worth_nothing_without_its_verifier(sqlite_store: Store, x: XServer, clock: Any) -> None:
    one = kept(sqlite_store, x)
    first = signing_in.begin(sqlite_store, member(), one.id, REDIRECT, who=WHO, clock=clock)
    second = signing_in.begin(sqlite_store, member(), one.id, REDIRECT, who=WHO, clock=clock)
    code, _ = signing_in.answer_in(x.agree(first.address))
    with pytest.raises(PermanentError, match="does not take our token"):
        signing_in.end(sqlite_store, lambda _: member(), code, second.state, who=WHO, clock=clock)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("https://a.example/cb?error=access_denied&state=s", "sign_in_denied"),
        ("https://a.example/cb?code=1", "sign_in_answer"),
        ("", "sign_in_answer"),
        ("http://[", "sign_in_answer"),
    ],
)
def test_what_is_no_answer_is_said_so(said: str, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        signing_in.answer_in(said)
    assert refused.value.rule == rule
    assert signing_in.answer_in("state=s&code=c") == ("c", "s")


def test_nothing_of_it_is_shown(sqlite_store: Store, x: XServer, clock: Any) -> None:
    one = kept(sqlite_store, x)
    offer = signing_in.begin(sqlite_store, member(), one.id, REDIRECT, who=WHO, clock=clock)
    access = sign_in(sqlite_store, x, one, clock)
    for hidden in (offer.state, offer.verifier, *access.session.values()):
        assert hidden not in repr((replace(offer, address=""), access)) or hidden in {"DinasKota", "1001"}
    assert access.session["refresh"] not in access.blanked(f"x {access.session['refresh']}")


# --- renewals ----------------------------------------------------------------------------------------------------


def test_a_token_that_runs_out_is_renewed_once_for_many_that_read_at_once(
    sqlite_store: Store, x: XServer, clock: Any
) -> None:
    one = kept(sqlite_store, x)
    stale = sign_in(sqlite_store, x, one, clock)
    clock.forward(hours=2)
    errors: list[object] = []

    def work() -> None:
        _, _, error = read(
            x, now=clock(), access=replace(stale, keeper=sessions.StoredSession(sqlite_store, one.id, clock))
        )
        errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [None] * 6
    assert x.renewals == 1
    assert purses.opened(sqlite_store, one.id, clock).session["refresh"] in x.refresh


def test_a_token_that_another_process_has_renewed_is_left_for_the_new_one(
    sqlite_store: Store, x: XServer, clock: Any
) -> None:
    one = kept(sqlite_store, x)
    stale = sign_in(sqlite_store, x, one, clock)
    fresh = sign_in(sqlite_store, x, one, clock)
    assert stale.session != fresh.session
    x.post("@DinasKota jalan rusak")
    mention = only(x)
    replier = registry.load("x", settings=SETTINGS)
    assert isinstance(replier, Replier)
    # X answers 401 to the old one, and has done nothing.
    sent = replier.reply(mention, "Kami cek.", key="k", now=NOW, access=stale)
    assert sent.native_id in x.posts
    assert x.renewals == 0
    assert len([post for post in x.posts.values() if post["text"] == "Kami cek."]) == 1


def test_a_lost_answer_that_x_never_gave_is_made_good_by_another_try(
    sqlite_store: Store, x: XServer, clock: Any
) -> None:
    one = kept(sqlite_store, x)
    sign_in(sqlite_store, x, one, clock)
    clock.forward(hours=2)
    x.http.break_at(0, Fault.HTML_503)
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, one.id, clock))
    assert isinstance(error, TransientError)
    assert "sign in again" in str(error)
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, one.id, clock))
    assert error is None


def test_a_lost_answer_asks_for_a_sign_in_and_stops_that_credential_alone(
    sqlite_store: Store, x: XServer, clock: Any
) -> None:
    one, other = kept(sqlite_store, x), kept(sqlite_store, x, "lain", **BEARER)
    sign_in(sqlite_store, x, one, clock)
    clock.forward(hours=2)
    x.lose = 1
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, one.id, clock))
    assert isinstance(error, TransientError)
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, one.id, clock))
    assert isinstance(error, PermanentError)
    assert error.problem is Problem.REFUSED_CREDENTIAL
    assert "an answer may have been lost" in str(error)
    assert "sign in again" in str(error)
    # The refused token is not tried again, and nobody else is touched.
    tries = x.renewals
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, one.id, clock))
    assert isinstance(error, PermanentError)
    assert x.renewals == tries
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, other.id, clock))
    assert error is None
    sign_in(sqlite_store, x, one, clock)
    _, _, error = read(x, now=clock(), access=purses.opened(sqlite_store, one.id, clock))
    assert error is None


def test_a_renewal_that_ends_after_a_new_sign_in_does_not_overwrite_it(
    sqlite_store: Store, x: XServer, clock: Any
) -> None:
    one = kept(sqlite_store, x)
    stale = sign_in(sqlite_store, x, one, clock)
    keeper = sessions.StoredSession(sqlite_store, one.id, clock)

    def slow(held: Mapping[str, str]) -> Mapping[str, str]:
        sign_in(sqlite_store, x, one, clock)
        return {**held, "access": "yang-lama"}

    got = keeper.renewed(stale.session, slow)
    now_kept = purses.opened(sqlite_store, one.id, clock).session
    assert got == now_kept
    assert now_kept["access"] in x.access


def test_an_app_that_was_exchanged_in_the_settings_wants_a_new_sign_in(
    sqlite_store: Store, x: XServer, clock: Any
) -> None:
    access = sign_in(sqlite_store, x, kept(sqlite_store, x), clock)
    moved = replace(access, settings={**access.settings, "client_id": "lain"})
    assert not member().signed_in(moved)
    _, _, error = read(x, access=moved)
    assert isinstance(error, PermanentError)
    assert error.problem is Problem.NO_CREDENTIAL


def test_the_guard_on_addresses_holds_for_tokens(sqlite_store: Store, x: XServer, clock: Any) -> None:
    one = kept(sqlite_store, x)
    guarded = registry.load("x", settings=CollectorSettings())
    assert isinstance(guarded, BrowserMember)
    access = purses.opened(sqlite_store, one.id, clock)
    offer = guarded.offer_sign_in(access, REDIRECT)
    with pytest.raises(PermanentError) as refused:
        guarded.sign_in(access, offer, "kode", now=NOW)
    assert refused.value.problem is Problem.BLOCKED_ADDRESS
    assert x.http.calls == 0
