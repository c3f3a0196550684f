"""Who types: the machine's own name for whoever runs a command, for the audit log."""

from __future__ import annotations

import getpass


def who() -> str:
    """`sahut@NAME`; a service account without a name is `sahut@?`."""
    try:
        return f"sahut@{getpass.getuser()}"
    except (OSError, KeyError):
        return "sahut@?"
