"""What Google's interfaces have in common: how they refuse, and how they give tokens."""

from __future__ import annotations

from typing import Any

from tests.collectors.platform_server import Fault, Reply, Request


def refused(status: int, reason: str, message: str = "", **headers: str) -> Reply:
    said = {"message": message or reason, "domain": "global", "reason": reason}
    return Reply(
        status=status, json={"error": {"code": status, "message": said["message"], "errors": [said]}}, headers=headers
    )


def refuse(fault: Fault, request: Request) -> Reply:
    """In Google's words; at the token endpoint in those of OAuth."""
    status = int(fault.value[:3])
    if request.path.endswith("/token"):
        headers = {"Retry-After": "900"} if fault is Fault.TOO_MANY_WITH_RESET else {}
        return Reply(status=status, json={"error": "invalid_client", "error_description": "no"}, headers=headers)
    words: dict[Fault, Reply] = {
        Fault.UNAUTHORIZED: refused(401, "authError", "Invalid Credentials"),
        Fault.FORBIDDEN: refused(403, "insufficientPermissions", "Request had insufficient permission"),
        Fault.NOT_FOUND: refused(404, "notFound"),
        Fault.TOO_MANY_WITH_RESET: refused(403, "quotaExceeded", "The request cannot be completed"),
        Fault.TOO_MANY: refused(403, "rateLimitExceeded", "Too many requests"),
    }
    return words.get(fault) or refused(status, "required")


class Tokens:
    """The token endpoint: takes one refresh token, or any signed assertion."""

    def __init__(self, refresh_token: str = "segar") -> None:
        self._refresh_token = refresh_token
        self.given: list[str] = []

    def answer(self, request: Request) -> Reply:
        form = request.form
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self._refresh_token:
            return Reply(status=400, json={"error": "invalid_grant", "error_description": "Token has been revoked."})
        self.given.append(f"ya29.{len(self.given)}")
        return Reply(json={"access_token": self.given[-1], "expires_in": 3599, "token_type": "Bearer"})

    def knows(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.given


def listed(kind: str, items: list[Any], request: Request, size: int) -> Reply:
    """A page of ``items``; tokens name the last item passed, so that a list may grow at its top."""
    start = 0
    if token := request.query.get("pageToken"):
        places = [f"sesudah-{_id(item)}" for item in items]
        if token not in places:
            return refused(400, "processingFailure", "The API server failed to successfully process the request")
        start = places.index(token) + 1
    end = start + min(size, int(request.query.get("maxResults", 20)))
    page = {"kind": kind, "etag": "e", "pageInfo": {"totalResults": len(items)}, "items": items[start:end]}
    if end < len(items):
        page["nextPageToken"] = f"sesudah-{_id(items[end - 1])}"
    return Reply(json=page)


def _id(item: Any) -> str:
    found = item.get("id") if isinstance(item, dict) else item
    return str(found.get("videoId")) if isinstance(found, dict) else str(found)
