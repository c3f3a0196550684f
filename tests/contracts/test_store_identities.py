"""Who signs in by a provider's word: an account is found by name once, and then by issuer and subject alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sahut.core import identities
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.identities import Somebody
from sahut.core.model import AuditFilter, Match, Proof, ProviderGrant, ProviderPolicy, Role, Session, User
from sahut.core.ports import Store
from tests.builders import NOW

ISSUER = "https://masuk.kota.example"
POLICY = ProviderPolicy()
BY_NAME = ProviderPolicy(match=frozenset({Match.USERNAME}))


def an_account(store: Store, username: str, role: Role = Role.TRIAGE, **over: Any) -> User:
    values = {"name": username, "password_hash": "!", "must_change": False, "now": NOW, **over}
    with store.begin() as tx:
        return tx.accounts.add_user(username=username, role=role, **values)


def somebody(subject: str = "s1", **over: Any) -> Somebody:
    return Somebody(issuer=over.pop("issuer", ISSUER), subject=subject, **over)


def comes(store: Store, who: Somebody, policy: ProviderPolicy = POLICY) -> User:
    with store.begin() as tx:
        return identities.account_of(tx, who, policy, no_password="!", now=NOW)[0]


def refused(store: Store, who: Somebody, policy: ProviderPolicy = POLICY) -> str:
    with pytest.raises(RefusedError) as caught:
        comes(store, who, policy)
    return caught.value.rule


def roles_given_by(store: Store) -> list[str]:
    with store.read() as tx:
        return [one.actor_name for one in tx.audit.page(AuditFilter(), limit=50).items if one.detail["what"] == "role"]


def acts(store: Store) -> list[str]:
    with store.read() as tx:
        return [one.detail["what"] for one in tx.audit.page(AuditFilter(), limit=50).items]


def test_a_verified_address_finds_the_account_once_and_the_subject_ever_after(store: Store) -> None:
    sari = an_account(store, "sari@kota.example")
    assert comes(store, somebody(email="Sari@kota.example")).id == sari.id
    assert comes(store, somebody(email="")).id == sari.id
    assert acts(store) == ["identity_linked"]
    # Whoever is given the address later is somebody else.
    assert refused(store, somebody("s2", email="sari@kota.example")) == "identity_unknown"


def test_the_same_subject_of_another_provider_is_somebody_else(store: Store) -> None:
    an_account(store, "sari@kota.example")
    comes(store, somebody(email="sari@kota.example"))
    assert refused(store, somebody(issuer="https://lain.example")) == "identity_unknown"


def test_a_user_name_counts_only_where_the_policy_says_so(store: Store) -> None:
    an_account(store, "sari")
    assert refused(store, somebody(username="sari")) == "identity_unknown"
    assert comes(store, somebody(username="SARI"), BY_NAME).username == "sari"


def test_letters_that_only_fold_onto_the_account_s_find_nobody(store: Store) -> None:
    an_account(store, "kiki@kota.example")
    assert refused(store, somebody(email="\u212aiki@kota.example")) == "identity_unknown"


def test_a_closed_account_stays_closed_linked_or_not(store: Store) -> None:
    user = an_account(store, "sari@kota.example")
    with store.begin() as tx:
        tx.accounts.set_active(user.id, False)
    assert refused(store, somebody(email="sari@kota.example")) == "identity_closed"
    with store.read() as tx:
        assert tx.identities.of(user.id) == []


def test_grants_decide_at_each_sign_in(store: Store) -> None:
    grants = (ProviderGrant(value="pu", role=Role.UNIT, units=("pu",)), ProviderGrant(value="cek", role=Role.AUDITOR))
    policy = ProviderPolicy(claim="groups", grants=grants, create=True)
    email = "baru@kota.example"
    assert refused(store, somebody(email=email), policy) == "identity_no_grant"
    made = comes(store, somebody(email=email, values=frozenset({"pu", "cek"})), policy)
    assert (made.role, made.units, made.must_change) == (Role.UNIT, ("pu",), False)
    assert comes(store, somebody(values=frozenset({"cek"})), policy).role is Role.AUDITOR
    assert roles_given_by(store) == ["identity provider"]
    assert refused(store, somebody(values=frozenset()), policy) == "identity_no_grant"


def test_nobody_is_made_into_an_account_by_an_address_that_is_not_verified(store: Store) -> None:
    policy = ProviderPolicy(claim="groups", grants=(ProviderGrant(value="x", role=Role.AUDITOR),), create=True)
    claims = somebody(username="wali@kota.example", values=frozenset({"x"}))
    assert refused(store, claims, policy) == "identity_unknown"
    assert refused(store, somebody(username="budi", values=frozenset({"x"})), policy) == "identity_unknown"
    policy = replace(policy, match=frozenset({Match.USERNAME}))
    assert comes(store, somebody(username="budi", values=frozenset({"x"})), policy).username == "budi"
    # A name that somebody has is not given to another.
    assert refused(store, somebody("s2", username="budi", values=frozenset({"x"})), policy) == "identity_unknown"


def test_grants_never_take_the_last_administrator(store: Store) -> None:
    an_account(store, "admin@kota.example", Role.ADMIN)
    policy = ProviderPolicy(claim="groups", grants=(ProviderGrant(value="cek", role=Role.AUDITOR),))
    who = somebody(email="admin@kota.example", values=frozenset({"cek"}))
    assert refused(store, who, policy) == "last_admin"


def test_unlinking_ends_the_sessions_and_is_noted(store: Store) -> None:
    user, other = an_account(store, "sari@kota.example"), an_account(store, "budi")
    comes(store, somebody(email="sari@kota.example"))
    with store.begin() as tx:
        tx.accounts.add_session(a_session(user, Proof.PROVIDER))
        linked = tx.identities.of(user.id)[0]
        with pytest.raises(NotFoundError):
            identities.unlink(tx, other.id, linked.id, actor=None, now=NOW)
        identities.unlink(tx, user.id, linked.id, actor=None, now=NOW)
        assert (tx.identities.of(user.id), tx.accounts.sessions_of(user.id)) == ([], [])
    assert acts(store) == ["identity_unlinked", "identity_linked"]


def a_session(user: User, proof: Proof) -> Session:
    until = NOW + timedelta(days=1)
    return Session(
        token_hash=str(proof), user_id=user.id, csrf="c", created_at=NOW, seen_at=NOW, expires_at=until, proof=proof
    )


@pytest.mark.parametrize("proof", list(Proof))
def test_what_opened_a_session_is_kept_over_the_second_step_too(store: Store, proof: Proof) -> None:
    user = an_account(store, "sari")
    with store.begin() as tx:
        tx.accounts.add_session(a_session(user, proof))
        tx.second_factors.challenge(
            user.id, "h", now=NOW, expires_at=NOW + timedelta(minutes=5), proof=proof, told="who"
        )
    with store.read() as tx:
        assert tx.accounts.sessions_of(user.id)[0].proof is proof
        assert tx.second_factors.given("h") == (proof, "who")


def test_a_browser_comes_back_once_in_time_and_nobody_in_its_place(store: Store) -> None:
    until = NOW + timedelta(minutes=10)
    with store.begin() as tx:
        tx.identities.depart("state", "browser", back="/tickets", now=NOW, expires_at=until)
    with store.begin() as tx:
        assert tx.identities.arrive("state", "another", NOW) is None
        assert tx.identities.arrive("state", "browser", until) is None

    def arrive(_: int) -> str:
        with store.begin() as tx:
            found = tx.identities.arrive("state", "browser", NOW)
        return found.back if found else ""

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(arrive, range(4))) == ["", "", "", "/tickets"]
