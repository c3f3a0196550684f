"""`sahut user`: for whoever is locked out, and for the first who come."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from config.keys import make_key_file
from sahut.cli import Options, app
from sahut.core.errors import NotFoundError, RefusedError, SettingsError
from sahut.core.model import AuditFilter
from storage.store import open_store
from tests.builders import NOW
from tests.conftest import KEY
from triage_api.auth import hash_secret

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.delenv("SAHUT_KEY", raising=False)
    make_key_file(tmp_path / "sahut.key")
    return lambda *arguments: CliRunner().invoke(app, list(arguments), obj=Options())


def listed(run: Run) -> dict[str, dict]:
    return {one["username"]: one for one in json.loads(run("user", "list", "--json").stdout)}


def test_an_invitation_is_a_link_on_stdout_that_the_store_knows_by_its_hash(run: Run, sqlite_url: str) -> None:
    made = run("user", "invite", "tono", "--name", "Tono Contoh", "--role", "unit", "--unit", "dinas-pu")
    link = made.stdout.strip()
    assert link.startswith("http://127.0.0.1:8000/welcome?token=sahut_")
    assert listed(run)["tono"]["units"] == ["dinas-pu"]
    store = open_store(sqlite_url)
    with store.read() as tx:
        invited = tx.invitations.of(tx.accounts.user_named("tono").id)
        assert tx.invitations.open_until(hash_secret(link.partition("token=")[2]), invited.created_at) == invited
        (entry,) = tx.audit.page(AuditFilter(), limit=9).items
    store.close()
    assert (entry.act, entry.actor_name, entry.detail["what"]) == ("account", "command line", "invited")
    assert "sahut_" not in str(entry)


@pytest.mark.parametrize("more", [(), ("--unit", "bukan-unit")])
def test_a_unit_officer_belongs_to_a_unit_of_the_policy(run: Run, more: tuple[str, ...]) -> None:
    refused = run("user", "add", "tono", "--role", "unit", *more)
    assert isinstance(refused.exception, SettingsError)
    assert "tono" not in listed(run)


def test_the_last_administrator_keeps_the_role_and_the_account(run: Run) -> None:
    run("user", "add", "admin", "--role", "admin")
    for command in (("user", "role", "admin", "auditor"), ("user", "disable", "admin")):
        refused = run(*command)
        assert isinstance(refused.exception, RefusedError)
        assert refused.exception.rule == "last_admin"
    run("user", "add", "kedua", "--role", "admin")
    assert run("user", "role", "admin", "auditor").exit_code == 0
    assert (listed(run)["admin"]["role"], listed(run)["kedua"]["role"]) == ("auditor", "admin")


def test_a_password_is_reset_under_either_name_of_the_command(run: Run) -> None:
    first = run("user", "add", "sari").stdout
    again, once_more = run("user", "reset-password", "sari").stdout, run("user", "reset", "sari").stdout
    assert len({first, again, once_more}) == 3
    assert run("user", "sign-out", "sari").exit_code == 0
    assert isinstance(run("user", "sign-out", "siapa").exception, NotFoundError)


def test_a_lost_second_factor_is_reset_from_the_command_line(run: Run, sqlite_url: str) -> None:
    run("user", "add", "tono", "--role", "auditor")
    assert isinstance(run("user", "reset-second-factor", "tono").exception, RefusedError)
    store = open_store(sqlite_url, keys=[KEY])
    with store.begin() as tx:
        user = tx.accounts.user_named("tono")
        tx.second_factors.begin(user.id, "A" * 32, NOW)
        tx.second_factors.confirm(user.id)
    assert run("user", "reset-second-factor", "tono").exit_code == 0
    with store.read() as tx:
        assert tx.second_factors.of(user.id) is None
        entry = tx.audit.page(AuditFilter(), limit=9).items[0]
    store.close()
    assert (entry.actor_name, entry.detail["what"]) == ("command line", "second_factor_reset")


def test_a_programs_key_is_made_listed_and_revoked_from_the_command_line(run: Run, sqlite_url: str) -> None:
    run("user", "add", "budi", "--role", "auditor")
    refused = run("user", "token", "new", "budi", "dasbor", "--scope", "read", "--scope", "decide")
    assert isinstance(refused.exception, SettingsError)
    assert run("user", "token", "new", "budi", "dasbor").exit_code == 2
    assert run("user", "token", "new", "budi", "dasbor", "--scope", "read", "--days", "400").exit_code == 2
    made = run("token", "new", "budi", "dasbor", "--scope", "read", "--days", "30")
    key = made.stdout.strip()
    assert key.startswith("sahut_")
    (shown,) = json.loads(run("user", "token", "list", "--json").stdout)
    assert (shown["user"], shown["scopes"], shown["used_at"], shown["revoked"]) == ("budi", ["read"], None, False)
    assert key not in run("user", "token", "list").stdout
    store = open_store(sqlite_url, keys=[KEY])
    with store.read() as tx:
        token = tx.accounts.token(hash_secret(key))
    assert (token.expires_at - token.created_at).days == 30
    assert run("user", "token", "revoke", str(token.id)).exit_code == 0
    assert isinstance(run("user", "token", "revoke", "99").exception, NotFoundError)
    with store.read() as tx:
        assert tx.accounts.token(hash_secret(key)).revoked
        acts = [(one.actor_name, one.detail["what"]) for one in tx.audit.page(AuditFilter(kind="token"), limit=9).items]
    store.close()
    assert acts == [("command line", "revoked"), ("command line", "made")]
