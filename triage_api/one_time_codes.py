"""Codes of an app that tells the time (TOTP, RFC 6238), the picture it scans, and recovery codes in its stead."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

import pyotp
import segno

from sahut.core.model import SecondFactor
from sahut.core.ports import Tx

ISSUER = "Sahut"
STEP = 30  # seconds, what every app takes for granted
# Codes of the step before and after are taken too: clocks differ, and typing takes a while.
_AROUND = (0, -1, 1)
HOW_MANY = 10
# No 0/O, 1/l/I: they are copied from paper. Sixteen of them are 79 bits, so that a plain hash is enough.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32()


def uri(secret: str, username: str) -> str:
    """What the picture says to the app (otpauth://…). As secret as the secret."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=username, issuer_name=ISSUER)


def picture(said: str) -> str:
    """A QR code as SVG markup to stand in a page: dark on white in either theme, without style or script."""
    return segno.make(said, error="m", micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")


def new_recovery_codes() -> list[str]:
    """Ten codes to be shown once."""
    return ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(HOW_MANY)]


def hash_recovery_code(user_id: int, code: str) -> str:
    """SHA-256 in hex, the account's own; how it was typed (case, spaces, dashes) does not matter."""
    return sha256(f"{user_id}:{re.sub(r'[^a-z0-9]', '', code.lower())}".encode()).hexdigest()


def accept(tx: Tx, factor: SecondFactor, code: str, now: datetime, *, recovery: bool = True) -> str:
    """Use a code up: "code" or "recovery_code" for what it was, "" for a wrong one and one that was used before."""
    typed = re.sub(r"[\s-]", "", code[:100])
    if _CODE.fullmatch(typed):
        step = matching_step(factor.secret, typed, now)
        return "code" if step is not None and tx.second_factors.use_step(factor.user_id, step) else ""
    hashed = hash_recovery_code(factor.user_id, typed)
    return "recovery_code" if recovery and tx.second_factors.use_recovery_code(factor.user_id, hashed) else ""


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step near ``now`` whose code this is."""
    make: Callable[[int], str] = pyotp.TOTP(secret, interval=STEP).generate_otp
    present = int(now.timestamp()) // STEP
    # All are compared, so that the time it takes tells nothing.
    found = [present + by for by in _AROUND if hmac.compare_digest(make(present + by), code)]
    return found[0] if found else None
