"""Settings: the environment before `.env` before the defaults; every fault named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from config import settings
from config.faults import SettingsFaultsError


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for key in list(os.environ):
        if key.startswith("SAHUT_"):
            monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)


def test_without_anything_set_one_file_of_data_below_var_holds(tmp_path: Path) -> None:
    found = settings.load()
    assert found.store_url == f"sqlite:///{tmp_path}/var/sahut.db"
    assert (found.host, found.port, found.model, found.many_machines) == ("127.0.0.1", 8000, "onnx", False)
    assert found.policy_file.is_file()
    assert found.sources_file is None


def test_a_variable_comes_before_a_line_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("SAHUT_PORT=8100\nSAHUT_HOST=0.0.0.0\nOTHER=x\n")
    monkeypatch.setenv("SAHUT_PORT", "8200")
    found = settings.load()
    assert (found.port, found.host) == (8200, "0.0.0.0")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        settings.load().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_way_to_name_postgresql_names_the_driver(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAHUT_DATABASE_URL", url)
    found = settings.load()
    assert found.store_url == "postgresql+psycopg://u@h/d"
    assert found.many_machines


def test_allowed_hosts_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAHUT_ALLOW_HOSTS", "intranet.kota.example, 127.0.0.1,")
    assert settings.load().allow_hosts == ("intranet.kota.example", "127.0.0.1")


def test_usual_sources_file_holds_when_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/sources.toml").touch()
    assert settings.load().sources_file == Path("var/sources.toml")


def test_all_faults_are_named_with_where_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# mine\n\nSAHUT_PORT=eighty\nthis is no setting\nSAHUT_MODLE=onnx\n")
    monkeypatch.setenv("SAHUT_DATABASE_URL", "mysql://x")
    monkeypatch.setenv("SAHUT_LOG_LEVEL", "inof")
    monkeypatch.setenv("SAHUT_ALLOW_HOST", "a")
    with pytest.raises(SettingsFaultsError) as caught:
        settings.load()
    found = {(f.file, f.line, f.key): f.message for f in caught.value.faults}
    assert set(found) == {
        (".env", 3, "SAHUT_PORT"),
        (".env", 4, ""),
        (".env", 5, "SAHUT_MODLE"),
        ("environment", None, "SAHUT_DATABASE_URL"),
        ("environment", None, "SAHUT_LOG_LEVEL"),
        ("environment", None, "SAHUT_ALLOW_HOST"),
    }
    assert found[".env", 3, "SAHUT_PORT"] == "must be a whole number, not 'eighty'"
    assert "did you mean 'SAHUT_MODEL'?" in found[".env", 5, "SAHUT_MODLE"]
    assert "did you mean 'info'?" in found["environment", None, "SAHUT_LOG_LEVEL"]
    assert str(caught.value).count("\n") == 5


def test_variables_of_a_container_platform_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAHUT_SERVICE_HOST", "10.0.0.7")
    monkeypatch.setenv("SAHUT_PORT_8000_TCP", "tcp://10.0.0.7:8000")
    settings.load()
