"""`sahut credential`, `sahut key` and sources that need one, against a platform-shaped server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from config.keys import make_key_file, new_key, read_keys
from config.settings import Settings
from sahut import bootstrap
from sahut.cli import Options, app
from sahut.core.errors import RefusedError, SettingsError
from sahut.core.model import Currency, Gap, Problem, SourceState
from storage.store import open_store
from tests.builders import NOW
from tests.collectors.platform_server import Fault
from tests.collectors.world_reddit import World

Run = Callable[..., Result]
SECRETS = "client_secret=rahasia-aplikasi\npassword=kata-sandi-dinas\n"


@pytest.fixture
def reddit() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SAHUT_ALLOW_HOSTS", "127.0.0.1")
    monkeypatch.delenv("SAHUT_KEY", raising=False)
    make_key_file(tmp_path / "sahut.key")

    def command(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(arguments), obj=Options(), input=stdin or None)

    return command


def add(run: Run, world: World, *more: str) -> Result:
    settings = [part for key, value in world.access.settings.items() for part in ("--set", f"{key}={value}")]
    return run("credential", "add", "reddit", "Reddit dinas", *settings, "--stdin", *more, stdin=SECRETS)


def test_a_credential_is_walked_through_proven_and_never_shown(run: Run, reddit: World, tmp_path: Path) -> None:
    added = add(run, reddit, "--budget", "replies/day=20")

    assert added.exit_code == 0, added.output
    assert "How to get into reddit" in added.stderr
    assert "1. " in added.stderr
    (listed,) = json.loads(run("credential", "list", "--json").stdout)
    assert listed["account"]
    assert listed["budgets"] == [{"currency": "replies", "period": "day", "amount": 20.0}]
    shown = run("credential", "list").stdout
    stored = (tmp_path / "sahut.db").read_bytes() + (tmp_path / "sahut.db-wal").read_bytes()
    for secret in ("rahasia-aplikasi", "kata-sandi-dinas"):
        assert secret not in json.dumps(listed) + shown + added.output
        assert secret.encode() not in stored


def test_a_refused_credential_is_not_kept(run: Run, reddit: World) -> None:
    reddit.server.break_at(0, Fault.UNAUTHORIZED)
    refused = add(run, reddit)

    assert refused.exit_code == 1
    assert "Nothing was kept" in refused.stderr
    assert json.loads(run("credential", "list", "--json").stdout) == []


def test_what_is_missing_or_unknown_is_named(run: Run, reddit: World) -> None:
    missing = run("credential", "add", "reddit", "x", "--stdin", stdin="password=x\n")
    unknown = run("credential", "add", "reddit", "x", "--set", "warna=biru", "--stdin", stdin=SECRETS)
    odd = add(run, reddit, "--budget", "rupiah/day=2")

    assert "client_secret is missing" in missing.output
    assert "warna" in unknown.output
    assert "usd" in odd.output
    assert {missing.exit_code, unknown.exit_code, odd.exit_code} == {2}
    needless = run("credential", "add", "feed", "x")
    assert isinstance(needless.exception, RefusedError)


def test_a_budget_is_changed_without_saying_every_setting_again(run: Run, reddit: World) -> None:
    add(run, reddit)
    before = json.loads(run("credential", "list", "--json").stdout)[0]
    changed = run("credential", "change", "Reddit dinas", "--budget", "replies/day=5")
    assert changed.exit_code == 0, changed.output
    (after,) = json.loads(run("credential", "list", "--json").stdout)
    assert (after["settings"], after["budgets"][0]["amount"]) == (before["settings"], 5.0)
    emptied = run("credential", "change", "Reddit dinas", "--set", "client_id=")
    assert emptied.exit_code == 2


def test_a_source_takes_the_only_credential_and_reads_with_it(run: Run, reddit: World) -> None:
    nothing = run("source", "add", "reddit", "r/bandung")
    assert nothing.exit_code == 1
    assert "sahut credential add reddit" in nothing.output
    add(run, reddit)
    assert run("source", "add", "reddit", "r/bandung", "--name", "Bandung").exit_code == 0
    collected = run("collect", "Bandung", "--json")

    assert collected.exit_code == 0, collected.output
    (listed,) = json.loads(run("source", "list", "--json").stdout)
    assert (listed["credential"], listed["kept"]) == ("Reddit dinas", len(reddit.expected))


def test_new_secrets_come_in_place_and_the_source_goes_on(run: Run, reddit: World, tmp_path: Path) -> None:
    add(run, reddit)
    run("source", "add", "reddit", "r/bandung", "--name", "Bandung")
    reddit.server.break_at(0, Fault.UNAUTHORIZED)
    run("collect", "Bandung")
    store = open_store(f"sqlite:///{tmp_path}/sahut.db")
    with store.read() as tx:
        stopped = tx.sources.find("Bandung")
        assert stopped is not None
        assert (stopped.state, stopped.health.problem) == (SourceState.STOPPED, Problem.REFUSED_CREDENTIAL)
    store.close()
    assert run("credential", "rotate", "Reddit dinas", "--stdin", stdin=SECRETS).exit_code == 0
    run("source", "resume", "Bandung")
    assert run("collect", "Bandung").exit_code == 0
    (listed,) = json.loads(run("source", "list", "--json").stdout)
    assert listed["kept"] == len(reddit.expected)


def test_a_new_key_seals_all_and_the_old_one_may_go(run: Run, reddit: World, tmp_path: Path) -> None:
    add(run, reddit)
    old = (tmp_path / "sahut.key").read_text()
    assert run("key", "rotate").exit_code == 0
    kept = (tmp_path / "sahut.key").read_text()
    assert kept.endswith(old)
    (tmp_path / "sahut.key").write_text(kept.removesuffix(old))
    assert run("credential", "prove", "Reddit dinas").exit_code == 0


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path)
    assert read_keys(settings) == []
    file = tmp_path / "sahut.key"
    assert make_key_file(file)
    assert not make_key_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(read_keys(settings)) == 1
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_keys(settings)
    file.chmod(0o600)
    file.write_text("bukan kunci\n")
    with pytest.raises(SettingsError, match="not a key") as caught:
        read_keys(settings)
    assert caught.value.line == 1
    one, other = new_key(), new_key()
    assert read_keys(Settings(var_dir=tmp_path, key=f"{one}, {other}")) == [one, other]


def test_the_report_shows_the_week_and_the_gaps(run: Run, reddit: World) -> None:
    add(run, reddit)
    run("source", "add", "reddit", "r/bandung", "--name", "Bandung")
    run("collect", "Bandung")
    parts = bootstrap.parts(bootstrap.settings())
    with parts.store.begin() as tx:
        source = tx.sources.find("Bandung")
        assert source is not None
        tx.sources.add_gaps(source.id, [Gap(since=None, until=NOW, reason="the listing ended early")], NOW)
        tx.credentials.used(source.credential_id or 0, NOW, spent={Currency.USD: 1.5})
    parts.store.close()
    (found,) = json.loads(run("source", "report", "--json").stdout)

    assert found["gaps"][0]["reason"] == "the listing ended early"
    assert date.fromisoformat(found["days"][-1]["day"])
    assert found["days"][-1]["new"] == len(reddit.expected)
    shown = run("source", "report")
    assert "Bandung" in shown.stdout
    assert "the listing ended early" in shown.stderr
