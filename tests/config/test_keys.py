"""The key file: whole or not there, and made by one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from config.keys import make_key_file, read_keys
from config.settings import Settings
from sahut.core.errors import SettingsError


def test_a_crash_before_the_key_is_on_the_disk_leaves_no_key_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        make_key_file(tmp_path / "sahut.key")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert make_key_file(tmp_path / "sahut.key")
    assert [file.name for file in tmp_path.iterdir()] == ["sahut.key"]
    assert (tmp_path / "sahut.key").stat().st_mode & 0o777 == 0o600


def test_of_many_that_make_the_key_file_one_does_and_all_read_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAHUT_KEY", raising=False)
    gate = Barrier(8)

    def make(_: int) -> tuple[bool, list[str]]:
        gate.wait()
        return make_key_file(tmp_path / "sahut.key"), read_keys(Settings(var_dir=tmp_path))

    with ThreadPoolExecutor(8) as racers:
        done = list(racers.map(make, range(8)))
    assert [made for made, _ in done].count(True) == 1
    assert len({tuple(keys) for _, keys in done}) == 1
    assert len(done[0][1]) == 1


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be made"):
        make_key_file(tmp_path / "none" / "sahut.key")
