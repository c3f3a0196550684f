"""The keys that seal secrets: read from a variable or a file, made once, changed by putting a new one first."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from config.settings import Settings
from sahut.core.errors import SettingsError

_BYTES = 32


def read_keys(settings: Settings) -> list[str]:
    """The installation's keys, the one that seals first; none before the key file was made.

    Raises SettingsError for what is no key and for a file that cannot be read, or that others may read.
    """
    named = settings.key.get_secret_value()
    if named:
        return [_checked(key.strip(), "environment", None) for key in named.split(",") if key.strip()]
    file = settings.keys_file
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError("others may read this file: chmod 600", file=str(file))
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the key file cannot be read: {error}", file=str(file)) from error
    keys = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    return [_checked(key, str(file), number) for number, key in keys if key and not key.startswith("#")]


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64, as Fernet takes them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode()


def make_key_file(file: Path) -> bool:
    """Write ``file`` with a fresh key unless it is there; whether it was written. Nobody else may read it.

    It gets its name only once it is whole, so a crash leaves none or all of it, and of two that race one wins. Raises
    SettingsError.
    """
    if file.exists():
        return False
    aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    text = f"# Seals the secrets in the database. Lost, they are lost: keep a copy apart from it.\n{new_key()}\n"
    try:
        try:
            _write_safely(aside, text)
            # Unlike a rename it never takes the place of a key that is in use.
            os.link(aside, file)
        finally:
            aside.unlink(missing_ok=True)
        _settle_names(file.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsError(f"the key file cannot be made: {error.strerror}", file=str(file)) from error
    return True


def _write_safely(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _settle_names(folder: Path) -> None:
    """Until then a power cut may take a new name away again."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_first(file: Path, key: str) -> None:
    """Let ``key`` seal from now on; those that were there still open. The file is exchanged whole."""
    before = file.read_text(encoding="utf-8")
    fresh = file.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(f"{key}\n{before}")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _checked(key: str, file: str, line: int | None) -> str:
    try:
        right = len(base64.urlsafe_b64decode(key)) == _BYTES
    except ValueError:
        right = False
    if not right:
        raise SettingsError("not a key: `sahut key new` prints one", file=file, line=line, key="SAHUT_KEY")
    return key
