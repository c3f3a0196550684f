"""Addresses of sources as they may be shown: one may hold a password, which is for its host alone."""

from __future__ import annotations

import re
from dataclasses import replace

from sahut.core.model import Probe

_MASK = "•••"
_PASSWORD = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://[^/?#@:]*:)([^/?#]*)(@[^/?#@]*)")


def shown(address: str) -> str:
    """The address with a mask in place of its password."""
    return _PASSWORD.sub(rf"\g<1>{_MASK}\g<3>", address)


def meant(said: str, stored: str) -> str:
    """What somebody means who was shown `shown(stored)` and sends ``said``: the mask stands for the password."""
    return stored if said == shown(stored) else said


def masked(found: Probe) -> Probe:
    """What was found at a stored address, for whoever does not know its password."""
    return replace(found, address=shown(found.address), alternatives=[shown(one) for one in found.alternatives])
