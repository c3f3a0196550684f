"""`sahut check`: every fault of every file with file, line and key, exit code 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]


def sahut(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SAHUT_")}
    return subprocess.run(
        [sys.executable, "-m", "sahut", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_before_the_first_start_every_command_says_what_to_do_and_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    for arguments in (("source", "list"), ("doctor",), ("user", "list")):
        done = sahut(tmp_path, *arguments)
        assert done.returncode == 1
        assert "there is no database yet" in done.stdout + done.stderr
        assert "sahut run" in done.stdout + done.stderr
    assert list((tmp_path / "var").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = sahut(tmp_path, "migrate", SAHUT_VAR_DIR=str(tmp_path / "file/var"))

    assert done.returncode == 1
    assert "SAHUT_VAR_DIR" in done.stderr
    assert "unexpected" not in done.stderr


def test_right_files_are_said_to_be_right(tmp_path: Path) -> None:
    done = sahut(tmp_path, "check")
    assert done.returncode == 0, done.stderr
    assert "The settings are right." in done.stdout
    assert "policy.toml is right." in done.stdout


def test_every_fault_of_all_three_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SAHUT_PORT=0\nSAHUT_POLICY=mine.toml\n")
    (tmp_path / "mine.toml").write_text('[flagging]\ntreshold = 1\n[[unit]]\ncode = "a"\nname = "A"\n')
    (tmp_path / "var").mkdir()
    (tmp_path / "var/sources.toml").write_text('[[source]]\nplatform = "feeed"\nname = "A"\naddress = "b"\n')
    done = sahut(tmp_path, "check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: .env:1: SAHUT_PORT: must be 1 or more, not '0'",
        "error: mine.toml:2: flagging.treshold: there is no such key (did you mean 'threshold'?)",
        "error: var/sources.toml:2: source[1].platform: no platform 'feeed' (did you mean 'feed'?)",
    ]


def test_a_program_reads_the_faults_as_json(tmp_path: Path) -> None:
    done = sahut(tmp_path, "check", "--json", SAHUT_LOG_LEVEL="loud")
    answer: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    (fault,) = answer["faults"]
    assert (fault["file"], fault["line"], fault["key"]) == ("environment", None, "SAHUT_LOG_LEVEL")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["migrate"], 1, "error: environment: SAHUT_PORT"),
        (["nonsense"], 2, "No such command"),
        (["worker"], 1, "error: environment: SAHUT_PORT"),
    ],
)
def test_an_error_is_a_sentence_and_an_exit_code(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = sahut(tmp_path, *arguments, SAHUT_PORT="many")
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_with_debug_an_error_shows_where_it_came_from(tmp_path: Path) -> None:
    done = sahut(tmp_path, "--debug", "migrate", SAHUT_PORT="many")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("role", ["worker", "scheduler"])
def test_a_role_of_its_own_needs_postgresql_and_says_so(tmp_path: Path, role: str) -> None:
    done = sahut(tmp_path, role)
    assert done.returncode == 1
    assert f"`sahut {role}` as a process of its own needs PostgreSQL" in done.stderr
    assert "`sahut run`" in done.stderr


def test_a_database_that_was_never_prepared_is_said_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    done = sahut(tmp_path, "source", "list")
    assert done.returncode == 1
    assert "run `sahut migrate`" in done.stderr


def test_help_names_every_command_in_a_line(tmp_path: Path) -> None:
    done = sahut(tmp_path, "--help")
    assert done.returncode == 0
    for command in [
        "run",
        "web",
        "worker",
        "scheduler",
        "collect",
        "assess",
        "classify",
        "migrate",
        "check",
        "doctor",
        "demo",
        "source",
        "user",
        "token",
    ]:
        assert f" {command} " in done.stdout
