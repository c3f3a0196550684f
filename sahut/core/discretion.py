"""Who learns of a reporter, and who reads what was reported, where a ticket asks for discretion. Pure.

SP4N-LAPOR! has two flags. *Anonim*: the unit that is complained of, and the public, do not learn who reported it.
*Rahasia*: what was reported is read by those in charge alone. This is the one place that says who these are.
"""

from __future__ import annotations

import re

from sahut.core.model import Discretion, Role

# They sort reports out, or speak with the reporter.
_KNOW_REPORTERS = frozenset({Role.ADMIN, Role.TRIAGE, Role.COMMS, Role.APPROVER})
# A unit officer reaches tickets of their own units alone (`sahut.core.scope`).
_IN_CHARGE = frozenset({Role.ADMIN, Role.TRIAGE, Role.SUPERVISOR, Role.UNIT})
_NAME = re.compile(r"@[\w.-]+(?:@[\w.-]+)?")


def knows_reporter(role: Role | None, asked: Discretion | None) -> bool:
    """Whether ``role`` may learn who reported it. None asks for nothing."""
    return asked is None or (reads(role, asked) and (not asked.anonymous or role in _KNOW_REPORTERS))


def reads(role: Role | None, asked: Discretion | None) -> bool:
    """Whether ``role`` may read what was reported."""
    return asked is None or not asked.confidential or role in _IN_CHARGE


def may_lift(role: Role | None, asked: Discretion) -> frozenset[str]:
    """Which flags ``role`` may take away: nobody frees themselves of what was promised to a reporter."""
    known = {"anonymous": knows_reporter(role, asked), "confidential": reads(role, asked)}
    return frozenset(name for name, knows in known.items() if knows)


def concerns(role: Role | None) -> bool:
    """Whether any flag hides anything from ``role``."""
    return role not in _KNOW_REPORTERS & _IN_CHARGE


def nameless(text: str) -> str:
    """Without the names of accounts: whoever answers a post on a platform names its writer. As long as it was."""
    return _NAME.sub(lambda found: "@" + "•" * (len(found[0]) - 1), text)
