"""Who may do what, as data. A route that is not in the table is closed to everybody."""

from __future__ import annotations

from enum import StrEnum

from sahut.core.model import Role


class Permission(StrEnum):
    """What a route asks of its caller."""

    OPEN = "open"  # anybody
    SIGNED = "signed"  # no account at all: what is sent proves itself, and its route checks the proof
    OWN = "own"  # anybody who is signed in, also with a one-time password: their own session
    CASES = "cases"  # tickets and what came with them; a unit officer's are limited to their units: sahut/core/scope.py
    READ = "read"  # everything else that is collected: the queue, replies, sources
    HANDLE = "handle"  # move tickets along
    DECIDE = "decide"
    ANSWER = "answer"  # write public replies, and see to them once they are on their way
    APPROVE = "approve"  # let out what somebody else wrote
    MANAGE = "manage"
    ACCOUNTS = "accounts"  # who may sign in, and as what
    AUDIT = "audit"  # read the log of who did what
    PRIVACY = "privacy"  # tell a person what is held of them, and erase them
    REVEAL = "reveal"  # look behind the masks over personal data, with a reason that is written down
    SHARE = "share"  # show saved views to everybody, and tidy those that others show


CLOSED = frozenset({Permission.OPEN, Permission.SIGNED})
"""What no role needs: anybody may, or what is sent proves itself."""

_SEES = frozenset({Permission.OWN, Permission.CASES, Permission.READ})
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AUDITOR: _SEES | {Permission.AUDIT},
    Role.UNIT: frozenset({Permission.OWN, Permission.CASES, Permission.HANDLE, Permission.REVEAL}),
    Role.SUPERVISOR: _SEES | {Permission.HANDLE, Permission.REVEAL, Permission.SHARE},
    Role.TRIAGE: _SEES | {Permission.HANDLE, Permission.DECIDE, Permission.REVEAL},
    Role.COMMS: _SEES | {Permission.ANSWER},
    Role.APPROVER: _SEES | {Permission.ANSWER, Permission.APPROVE},
    Role.ADMIN: frozenset(Permission) - CLOSED,
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
    ("POST", f"{_V1}/sources/estimate"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/estimate"): Permission.MANAGE,
    ("GET", f"{_V1}/sources/opml"): Permission.MANAGE,
    ("GET", f"{_V1}/sources/report"): Permission.READ,
    ("POST", f"{_V1}/sources/opml"): Permission.MANAGE,
    ("GET", f"{_V1}/sources/{{source_id}}"): Permission.READ,
    ("GET", f"{_V1}/sources/{{source_id}}/report"): Permission.READ,
    ("PUT", f"{_V1}/sources/{{source_id}}"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/test"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/pause"): Permission.MANAGE,
    ("POST", f"{_V1}/sources/{{source_id}}/resume"): Permission.MANAGE,
    ("DELETE", f"{_V1}/sources/{{source_id}}"): Permission.MANAGE,
    ("GET", f"{_V1}/imports"): Permission.MANAGE,
    ("POST", f"{_V1}/imports"): Permission.MANAGE,
    ("GET", f"{_V1}/imports/{{import_id}}"): Permission.MANAGE,
    ("POST", f"{_V1}/imports/{{import_id}}/check"): Permission.MANAGE,
    ("POST", f"{_V1}/imports/{{import_id}}/start"): Permission.MANAGE,
    ("DELETE", f"{_V1}/imports/{{import_id}}"): Permission.MANAGE,
    ("GET", f"{_V1}/platforms"): Permission.READ,
    ("GET", f"{_V1}/platforms/{{platform}}"): Permission.READ,
    ("GET", f"{_V1}/credentials"): Permission.MANAGE,
    ("POST", f"{_V1}/credentials"): Permission.MANAGE,
    ("GET", f"{_V1}/credentials/{{credential_id}}"): Permission.MANAGE,
    ("PUT", f"{_V1}/credentials/{{credential_id}}"): Permission.MANAGE,
    ("POST", f"{_V1}/credentials/{{credential_id}}/prove"): Permission.MANAGE,
    ("POST", f"{_V1}/credentials/{{credential_id}}/rotate"): Permission.MANAGE,
    ("POST", f"{_V1}/credentials/{{credential_id}}/sign-in"): Permission.MANAGE,
    ("POST", f"{_V1}/credentials/{{credential_id}}/sign-in/answer"): Permission.MANAGE,
    ("DELETE", f"{_V1}/credentials/{{credential_id}}"): Permission.MANAGE,
    ("GET", f"{_V1}/mentions"): Permission.READ,
    ("GET", f"{_V1}/mentions/{{mention_id}}"): Permission.CASES,
    ("GET", f"{_V1}/mentions/{{mention_id}}/conversation"): Permission.READ,
    ("PUT", f"{_V1}/mentions/{{mention_id}}/viewing"): Permission.OWN,
    ("DELETE", f"{_V1}/mentions/{{mention_id}}/viewing"): Permission.OWN,
    ("GET", f"{_V1}/viewings"): Permission.READ,
    ("POST", f"{_V1}/mentions/{{mention_id}}/reveal"): Permission.REVEAL,
    ("POST", f"{_V1}/mentions/{{mention_id}}/untie"): Permission.DECIDE,
    ("GET", f"{_V1}/mentions/{{mention_id}}/tickets"): Permission.READ,
    ("GET", f"{_V1}/mentions/{{mention_id}}/similar"): Permission.READ,
    ("GET", f"{_V1}/areas"): Permission.READ,
    ("GET", f"{_V1}/mention-counts"): Permission.READ,
    ("GET", f"{_V1}/mention-news"): Permission.READ,
    ("GET", f"{_V1}/checks"): Permission.READ,
    ("POST", f"{_V1}/checks/{{mention_id}}"): Permission.DECIDE,
    ("GET", f"{_V1}/views"): Permission.READ,
    ("POST", f"{_V1}/views"): Permission.OWN,
    ("PATCH", f"{_V1}/views/{{view_id}}"): Permission.OWN,
    ("DELETE", f"{_V1}/views/{{view_id}}"): Permission.OWN,
    ("PUT", f"{_V1}/views/{{view_id}}/shared"): Permission.SHARE,
    ("DELETE", f"{_V1}/views/{{view_id}}/shared"): Permission.SHARE,
    ("PUT", f"{_V1}/views/{{view_id}}/start"): Permission.OWN,
    ("DELETE", f"{_V1}/views/start"): Permission.OWN,
    ("GET", f"{_V1}/decisions"): Permission.READ,
    ("POST", f"{_V1}/decisions/dismiss"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/merge"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/snooze"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/assign"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/correct"): Permission.DECIDE,
    ("POST", f"{_V1}/decisions/{{decision_id}}/undo"): Permission.DECIDE,
    ("GET", f"{_V1}/tickets"): Permission.CASES,
    ("POST", f"{_V1}/tickets"): Permission.DECIDE,
    ("GET", f"{_V1}/tickets/due"): Permission.CASES,
    ("GET", f"{_V1}/tickets/{{ticket_id}}"): Permission.CASES,
    ("PATCH", f"{_V1}/tickets/{{ticket_id}}"): Permission.HANDLE,
    ("GET", f"{_V1}/tickets/{{ticket_id}}/similar"): Permission.READ,
    ("POST", f"{_V1}/tickets/{{ticket_id}}/merge"): Permission.DECIDE,
    ("POST", f"{_V1}/tickets/{{ticket_id}}/part"): Permission.DECIDE,
    ("POST", f"{_V1}/tickets/{{ticket_id}}/reveal"): Permission.REVEAL,
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
    ("GET", f"{_V1}/session/second-factor"): Permission.OWN,
    ("POST", f"{_V1}/session/second-factor"): Permission.OWN,
    ("POST", f"{_V1}/session/second-factor/confirm"): Permission.OWN,
    ("POST", f"{_V1}/session/second-factor/off"): Permission.OWN,
    ("POST", f"{_V1}/session/second-factor/recovery-codes"): Permission.OWN,
    ("GET", f"{_V1}/session/identities"): Permission.OWN,
    ("DELETE", f"{_V1}/session/identities/{{identity_id}}"): Permission.OWN,
    ("GET", f"{_V1}/users/{{user_id}}/identities"): Permission.ACCOUNTS,
    ("DELETE", f"{_V1}/users/{{user_id}}/identities/{{identity_id}}"): Permission.ACCOUNTS,
    ("GET", f"{_V1}/roles"): Permission.OWN,
    ("GET", f"{_V1}/session/all"): Permission.OWN,
    ("DELETE", f"{_V1}/session/all"): Permission.OWN,
    ("DELETE", f"{_V1}/session/all/{{handle}}"): Permission.OWN,
    ("POST", f"{_V1}/welcome"): Permission.OPEN,
    ("GET", f"{_V1}/users"): Permission.CASES,
    ("POST", f"{_V1}/users"): Permission.ACCOUNTS,
    ("GET", f"{_V1}/users/{{user_id}}"): Permission.ACCOUNTS,
    ("PATCH", f"{_V1}/users/{{user_id}}"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/users/{{user_id}}/invite"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/users/{{user_id}}/reset-password"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/users/{{user_id}}/end-sessions"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/users/{{user_id}}/reset-second-factor"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/persons/look"): Permission.PRIVACY,
    ("POST", f"{_V1}/persons/erase"): Permission.PRIVACY,
    ("POST", f"{_V1}/persons/report"): Permission.PRIVACY,
    ("GET", f"{_V1}/retention"): Permission.PRIVACY,
    ("GET", f"{_V1}/audit"): Permission.AUDIT,
    ("GET", f"{_V1}/session/tokens"): Permission.OWN,
    ("DELETE", f"{_V1}/session/tokens/{{token_id}}"): Permission.OWN,
    ("GET", f"{_V1}/tokens"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/tokens"): Permission.ACCOUNTS,
    ("DELETE", f"{_V1}/tokens/{{token_id}}"): Permission.ACCOUNTS,
    ("POST", f"{_V1}/hooks/{{source_id}}"): Permission.SIGNED,
    ("GET", "/hooks/meta/{credential_id}"): Permission.SIGNED,
    ("POST", "/hooks/meta/{credential_id}"): Permission.SIGNED,
    ("GET", f"{_V1}/policy"): Permission.CASES,
    ("GET", "/metrics"): Permission.READ,
    # --- the board
    ("GET", "/static/{hashed_name}"): Permission.OPEN,
    ("POST", "/display"): Permission.OPEN,
    ("GET", "/sign-in"): Permission.OPEN,
    ("POST", "/sign-in"): Permission.OPEN,
    ("GET", "/sign-in/code"): Permission.OPEN,
    ("POST", "/sign-in/code"): Permission.OPEN,
    ("GET", "/sign-in/provider"): Permission.OPEN,
    ("GET", "/sign-in/provider/back"): Permission.OPEN,
    ("POST", "/sign-out"): Permission.OWN,
    ("GET", "/account"): Permission.OWN,
    ("GET", "/account/second-factor"): Permission.OWN,
    ("POST", "/account/second-factor/{act}"): Permission.OWN,
    ("GET", "/password"): Permission.OWN,
    ("POST", "/password"): Permission.OWN,
    ("GET", "/roles"): Permission.OWN,
    ("POST", "/account/sessions"): Permission.OWN,
    ("POST", "/account/tokens"): Permission.OWN,
    ("POST", "/account/identities"): Permission.OWN,
    ("GET", "/tokens"): Permission.ACCOUNTS,
    ("POST", "/tokens"): Permission.ACCOUNTS,
    ("POST", "/tokens/{token_id}/revoke"): Permission.ACCOUNTS,
    ("GET", "/welcome"): Permission.OPEN,
    ("POST", "/welcome"): Permission.OPEN,
    ("GET", "/users"): Permission.ACCOUNTS,
    ("POST", "/users"): Permission.ACCOUNTS,
    ("GET", "/users/{user_id}"): Permission.ACCOUNTS,
    ("POST", "/users/{user_id}"): Permission.ACCOUNTS,
    ("POST", "/users/{user_id}/{act}"): Permission.ACCOUNTS,
    ("GET", "/"): Permission.READ,
    ("GET", "/queue/news"): Permission.READ,
    ("GET", "/check"): Permission.READ,
    ("POST", "/check/{mention_id}"): Permission.DECIDE,
    ("GET", "/views"): Permission.READ,
    ("POST", "/views"): Permission.OWN,
    ("POST", "/views/{view_id}"): Permission.OWN,
    ("POST", "/views/{view_id}/start"): Permission.OWN,
    ("POST", "/views/{view_id}/delete"): Permission.OWN,
    ("POST", "/views/{view_id}/share"): Permission.SHARE,
    ("GET", "/areas"): Permission.READ,
    ("GET", "/mentions/merge"): Permission.DECIDE,
    ("POST", "/mentions/merge"): Permission.DECIDE,
    ("POST", "/mentions/dismiss"): Permission.DECIDE,
    ("POST", "/mentions/chosen"): Permission.DECIDE,
    ("GET", "/decisions/mine"): Permission.DECIDE,
    ("GET", "/mentions/{mention_id}"): Permission.CASES,
    ("POST", "/mentions/{mention_id}/viewing"): Permission.OWN,
    ("GET", "/mentions/{mention_id}/copies"): Permission.READ,
    ("POST", "/mentions/{mention_id}/reveal"): Permission.REVEAL,
    ("POST", "/mentions/{mention_id}/untie"): Permission.DECIDE,
    ("POST", "/decisions/{decision_id}/undo"): Permission.DECIDE,
    ("GET", "/mentions/{mention_id}/reply"): Permission.READ,
    ("POST", "/mentions/{mention_id}/reply"): Permission.ANSWER,
    ("POST", "/mentions/{mention_id}/reply/check"): Permission.ANSWER,
    ("GET", "/replies"): Permission.READ,
    ("GET", "/replies/{reply_id}"): Permission.READ,
    ("POST", "/replies/{reply_id}"): Permission.ANSWER,
    ("POST", "/replies/{reply_id}/approve"): Permission.APPROVE,
    ("POST", "/replies/{reply_id}/reject"): Permission.APPROVE,
    ("POST", "/replies/{reply_id}/withdraw"): Permission.ANSWER,
    ("POST", "/replies/{reply_id}/answered"): Permission.ANSWER,
    ("POST", "/replies/{reply_id}/settle"): Permission.ANSWER,
    ("POST", "/replies/{reply_id}/retry"): Permission.ANSWER,
    ("GET", "/tickets"): Permission.CASES,
    ("POST", "/tickets"): Permission.DECIDE,
    ("GET", "/tickets/new"): Permission.DECIDE,
    ("GET", "/tickets/{ticket_id}"): Permission.CASES,
    ("POST", "/tickets/{ticket_id}"): Permission.HANDLE,
    ("GET", "/tickets/{ticket_id}/merge"): Permission.DECIDE,
    ("POST", "/tickets/{ticket_id}/merge"): Permission.DECIDE,
    ("POST", "/tickets/{ticket_id}/part"): Permission.DECIDE,
    ("POST", "/tickets/{ticket_id}/reveal"): Permission.REVEAL,
    ("GET", "/persons"): Permission.PRIVACY,
    ("POST", "/persons"): Permission.PRIVACY,
    ("GET", "/audit"): Permission.AUDIT,
    ("GET", "/credentials"): Permission.MANAGE,
    ("POST", "/credentials"): Permission.MANAGE,
    ("GET", "/credentials/new"): Permission.MANAGE,
    ("GET", "/credentials/new/{platform}"): Permission.MANAGE,
    ("GET", "/credentials/callback"): Permission.MANAGE,
    ("POST", "/credentials/callback"): Permission.MANAGE,
    ("POST", "/credentials/{credential_id}/sign-in"): Permission.MANAGE,
    ("GET", "/credentials/{credential_id}"): Permission.MANAGE,
    ("POST", "/credentials/{credential_id}"): Permission.MANAGE,
    ("POST", "/credentials/{credential_id}/prove"): Permission.MANAGE,
    ("POST", "/credentials/{credential_id}/rotate"): Permission.MANAGE,
    ("POST", "/credentials/{credential_id}/remove"): Permission.MANAGE,
    ("GET", "/imports"): Permission.MANAGE,
    ("POST", "/imports"): Permission.MANAGE,
    ("GET", "/imports/sample.csv"): Permission.MANAGE,
    ("GET", "/imports/{import_id}"): Permission.MANAGE,
    ("POST", "/imports/{import_id}/check"): Permission.MANAGE,
    ("POST", "/imports/{import_id}/start"): Permission.MANAGE,
    ("POST", "/imports/{import_id}/remove"): Permission.MANAGE,
    ("GET", "/sources"): Permission.READ,
    ("POST", "/sources"): Permission.MANAGE,
    ("GET", "/sources/new"): Permission.MANAGE,
    ("GET", "/sources/new/{platform}"): Permission.MANAGE,
    ("GET", "/sources/report"): Permission.READ,
    ("GET", "/sources/opml"): Permission.MANAGE,
    ("POST", "/sources/opml"): Permission.MANAGE,
    ("POST", "/sources/opml/check"): Permission.MANAGE,
    ("GET", "/sources/test"): Permission.READ,
    ("POST", "/sources/test"): Permission.MANAGE,
    ("GET", "/sources/estimate"): Permission.READ,
    ("POST", "/sources/estimate"): Permission.MANAGE,
    ("POST", "/sources/{source_id}/estimate"): Permission.MANAGE,
    ("GET", "/sources/{source_id}"): Permission.READ,
    ("POST", "/sources/{source_id}"): Permission.MANAGE,
    ("POST", "/sources/{source_id}/test"): Permission.MANAGE,
    ("POST", "/sources/{source_id}/{state}"): Permission.MANAGE,
}


_QUIET = frozenset(
    {
        ("POST", "/mentions/{mention_id}/viewing"),
        ("GET", "/queue/news"),
        ("GET", f"{_V1}/mention-news"),
        ("PUT", f"{_V1}/mentions/{{mention_id}}/viewing"),
        ("DELETE", f"{_V1}/mentions/{{mention_id}}/viewing"),
    }
)


def is_quiet(method: str, template: str) -> bool:
    """Whether an open page asks this by itself, so that it says nothing of somebody being there."""
    return (method, template) in _QUIET


def needed(method: str, template: str) -> Permission | None:
    """What a route needs; None for one that the table does not name, which nobody may use."""
    return ROUTES.get(("GET" if method == "HEAD" else method, template))


def home(role: Role) -> str:
    """The page that a role begins with."""
    return "/" if may(role, Permission.READ) else "/tickets"


def scopes_of(role: Role) -> list[Permission]:
    """What a program that acts for somebody of this role can be given, in the order of the table."""
    return [one for one in Permission if one in GRANTS[role]]


def may(role: Role, permission: Permission) -> bool:
    """Whether an account of this role has the permission."""
    return permission is Permission.OPEN or permission in GRANTS[role]
