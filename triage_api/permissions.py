"""Who may do what, as data. A route that is not in the table is closed to everybody."""

from __future__ import annotations

from enum import StrEnum

from sahut.core.model import Role


class Permission(StrEnum):
    """What a route asks of its caller."""

    OPEN = "open"  # anybody
    SIGNED = "signed"  # no account at all: what is sent proves itself, and its route checks the proof
    OWN = "own"  # anybody who is signed in, also with a one-time password: their own session
    READ = "read"
    DECIDE = "decide"
    ANSWER = "answer"  # write public replies, and see to them once they are on their way
    APPROVE = "approve"  # let out what somebody else wrote
    MANAGE = "manage"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AUDITOR: frozenset({Permission.OWN, Permission.READ}),
    Role.TRIAGE: frozenset({Permission.OWN, Permission.READ, Permission.DECIDE}),
    Role.COMMS: frozenset({Permission.OWN, Permission.READ, Permission.ANSWER}),
    Role.APPROVER: frozenset({Permission.OWN, Permission.READ, Permission.ANSWER, Permission.APPROVE}),
    Role.ADMIN: frozenset(Permission) - {Permission.OPEN, Permission.SIGNED},
}

_V1 = "/api/v1"
ROUTES: dict[tuple[str, str], Permission] = {
    ("GET", f"{_V1}/health"): Permission.OPEN,
    ("GET", "/healthz"): Permission.OPEN,
    ("GET", "/readyz"): Permission.OPEN,
    ("GET", f"{_V1}/openapi.json"): Permission.READ,
    ("POST", f"{_V1}/session"): Permission.OPEN,
    ("GET", f"{_V1}/session"): Permission.OWN,
    ("DELETE", f"{_V1}/session"): Permission.OWN,
    ("PUT", f"{_V1}/session/password"): Permission.OWN,
    ("GET", f"{_V1}/sources"): Permission.READ,
    ("POST", f"{_V1}/sources"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/test"): Permission.MANAGE,
    ("GET", f"{_V1}/sources/{{source_id}}"): Permission.READ,
    ("GET", f"{_V1}/sources/{{source_id}}/report"): Permission.READ,
    ("PUT", f"{_V1}/sources/{{source_id}}"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/test"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/pause"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/resume"): Permission.MANAGE,
    ("DELETE", f"{_V1}/sources/{{source_id}}"): Permission.MANAGE,
    ("GET", f"{_V1}/mentions"): Permission.READ,
    ("GET", f"{_V1}/mentions/{{mention_id}}"): Permission.READ,
    ("POST", f"{_V1}/mentions/{{mention_id}}/untie"): Permission.DECIDE,
    ("GET", f"{_V1}/decisions"): Permission.READ,
    ("POST", f"{_V1}/decisions/dismiss"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/merge"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/{{decision_id}}/undo"): Permission.DECIDE,
    ("GET", f"{_V1}/tickets"): Permission.READ,
    ("POST", f"{_V1}/tickets"): Permission.DECIDE,
    ("GET", f"{_V1}/tickets/{{ticket_id}}"): Permission.READ,
    ("PATCH", f"{_V1}/tickets/{{ticket_id}}"): Permission.DECIDE,
    ("GET", f"{_V1}/replies"): Permission.READ,
    ("POST", f"{_V1}/replies"): Permission.ANSWER,
    ("POST", f"{_V1}/replies/check"): Permission.ANSWER,
    ("GET", f"{_V1}/replies/templates"): Permission.READ,
    ("GET", f"{_V1}/replies/{{reply_id}}"): Permission.READ,
    ("PATCH", f"{_V1}/replies/{{reply_id}}"): Permission.ANSWER,
    ("POST", f"{_V1}/replies/{{reply_id}}/submit"): Permission.ANSWER,
    ("POST", f"{_V1}/replies/{{reply_id}}/approve"): Permission.APPROVE,
    ("POST", f"{_V1}/replies/{{reply_id}}/reject"): Permission.APPROVE,
    ("POST", f"{_V1}/replies/{{reply_id}}/withdraw"): Permission.ANSWER,
    ("POST", f"{_V1}/replies/{{reply_id}}/answered"): Permission.ANSWER,
    ("POST", f"{_V1}/replies/{{reply_id}}/settle"): Permission.ANSWER,
    ("POST", f"{_V1}/replies/{{reply_id}}/retry"): Permission.ANSWER,
    ("GET", f"{_V1}/dead-letters"): Permission.READ,
    ("POST", f"{_V1}/dead-letters/{{letter_id}}/retry"): Permission.MANAGE,
    ("GET", f"{_V1}/users"): Permission.READ,
    ("GET", f"{_V1}/tokens"): Permission.MANAGE,
    ("POST", f"{_V1}/tokens"): Permission.MANAGE,
    ("DELETE", f"{_V1}/tokens/{{token_id}}"): Permission.MANAGE,
    ("POST", f"{_V1}/hooks/{{source_id}}"): Permission.SIGNED,
    ("GET", "/hooks/meta/{credential_id}"): Permission.SIGNED,
    ("POST", "/hooks/meta/{credential_id}"): Permission.SIGNED,
    ("GET", f"{_V1}/policy"): Permission.READ,
    ("GET", "/metrics"): Permission.READ,
}


def needed(method: str, template: str) -> Permission | None:
    """What a route needs; None for one that the table does not name, which nobody may use."""
    return ROUTES.get(("GET" if method == "HEAD" else method, template))


def may(role: Role, permission: Permission) -> bool:
    """Whether an account of this role has the permission."""
    return permission is Permission.OPEN or permission in GRANTS[role]
