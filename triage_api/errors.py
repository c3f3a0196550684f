"""Every error as RFC 9457 problem+json: one table, class → status, and the identity of the thing in the answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from sahut.core import errors, personal
from triage_api.hardening import HEADERS

log = logging.getLogger(__name__)

STATUS: dict[type[errors.SahutError], int] = {
    errors.NotFoundError: 404,
    errors.StaleWriteError: 409,
    errors.RefusedError: 409,
    errors.LeaseLostError: 409,
    errors.PermanentError: 422,
    errors.InDoubtError: 503,
    errors.TransientError: 503,
    errors.StoreError: 503,
    errors.BusyError: 503,
    errors.ClassifierError: 503,
    errors.SettingsError: 500,
    errors.SahutError: 500,
}
# A rule that is about the request or its sender, not about the state of a thing.
RULE_STATUS: dict[str, int] = {
    "role": 403,
    "page_token": 422,
    "nothing_chosen": 422,
    "nothing_corrected": 422,
    "snooze_time": 422,
    "reply_note": 422,
    "reply_link": 422,
    "person": 422,
    "second_factor_own": 403,
    "token_time": 422,
    "sign_in_answer": 422,
    "sign_in_denied": 422,
}

_HIDDEN = {
    "unavailable": "the service cannot do this just now; the operator's log says why",
    "internal": "something went wrong here; the operator's log says what",
}

TYPE = "urn:sahut:problem:"
MEDIA = "application/problem+json"


class ApiError(errors.SahutError):
    """A request is refused by the web side itself; ``code`` names the reason for programs, ``detail`` for people."""

    status = 400
    code = "bad_request"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.headers = dict(headers or {})
        super().__init__(detail)


class NotSignedInError(ApiError):
    """No valid session or token came with the request."""

    status = 401
    code = "not_signed_in"

    def __init__(self, detail: str = "sign in, or send a token as `Authorization: Bearer …`") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="sahut"'})


class BadCredentialsError(ApiError):
    """Wrong user name or password; never says which."""

    status = 401
    code = "bad_credentials"

    def __init__(self) -> None:
        super().__init__("the user name or the password is wrong", headers={"WWW-Authenticate": 'Bearer realm="sahut"'})


class BadCodeError(ApiError):
    """The password was right, the code of the second factor is wrong or was used before."""

    status = 401
    code = "bad_second_factor"

    def __init__(self) -> None:
        super().__init__("the code is wrong or was used before", headers={"WWW-Authenticate": 'Bearer realm="sahut"'})


class SecondFactorNeededError(ApiError):
    """The password was right, and the account has a second factor. ``challenge`` is what the next step begins with."""

    status = 401
    code = "second_factor_needed"

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        super().__init__(
            "this account has a second factor: send `code` as well",
            headers={"WWW-Authenticate": 'Bearer realm="sahut"'},
        )


class ForbiddenError(ApiError):
    """The role does not reach this far."""

    status = 403
    code = "forbidden"


class MustChangeError(ForbiddenError):
    """A one-time password opens nothing but the change of itself."""

    code = "password_change_required"


class SecondFactorRequiredError(ForbiddenError):
    """The policy wants a second factor of this role, and the account has none yet."""

    code = "second_factor_required"


class CrossSiteError(ForbiddenError):
    """A signed-in browser sent this, but not from a page of ours."""

    code = "cross_site"


class TooManyAttemptsError(ApiError):
    """Too many wrong passwords for this account or from this address."""

    status = 429
    code = "too_many_attempts"


class TooManyRequestsError(ApiError):
    """A program asks faster than it may."""

    status = 429
    code = "too_many_requests"

    def __init__(self, wait: int) -> None:
        """Next time in so many seconds."""
        super().__init__(f"too many requests; go on in {wait} s", headers={"Retry-After": str(wait)})


class VersionMissingError(ApiError):
    """A change must say which version it is based on."""

    status = 428
    code = "version_missing"


class InvalidError(ApiError):
    """Well-formed, but it cannot be meant."""

    status = 422
    code = "invalid"

    def __init__(self, detail: str, *, pointer: str = "") -> None:
        self.pointer = pointer
        super().__init__(detail)


def problem(request: Request, status: int, code: str, detail: str, **members: Any) -> Response:
    """An answer in problem+json. ASCII only, so that no text whatever can break it; personal data masked."""
    body = {
        "type": TYPE + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": quote(request.url.path),
        **members,
    }
    return Response(json.dumps(personal.masked(body)), status_code=status, media_type=MEDIA)


def describe(error: errors.SahutError) -> tuple[int, str, dict[str, Any]]:
    """Status, code and identity members of an error."""
    if isinstance(error, ApiError):
        members: dict[str, Any] = {}
        if isinstance(error, InvalidError) and error.pointer:
            members["errors"] = [{"pointer": error.pointer, "detail": str(error)}]
        return error.status, error.code, members
    status = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    match error:
        case errors.BusyError():
            return status, "busy", {}
        case errors.NotFoundError():
            return status, "not_found", identity(error.kind, error.key)
        case errors.StaleWriteError():
            versions = {"expected": error.expected, "current": error.current, "changes": error.changes}
            return status, "stale", identity(error.kind, error.key) | versions
        case errors.RefusedError():
            return RULE_STATUS.get(error.rule, status), error.rule, {}
        case errors.CollectError():
            return status, str(error.problem), {}
    return status, "unavailable" if status == HTTPStatus.SERVICE_UNAVAILABLE else "internal", {}


def _headers(error: errors.SahutError) -> dict[str, str]:
    if isinstance(error, errors.BusyError):
        return {"Retry-After": "1"}
    return error.headers if isinstance(error, ApiError) else {}


def identity(kind: str, key: object) -> dict[str, Any]:
    """``kind`` and ``key``, and for the three nouns that programs follow a member of that name."""
    found: dict[str, Any] = {"kind": kind, "key": str(key)}
    if kind in {"source", "mention", "ticket"} and isinstance(key, int):
        found[kind] = key
    return found


def pointers(found: Sequence[Any]) -> list[dict[str, str]]:
    """Validation errors by place: a JSON pointer in the body, or the parameter's name. Never echoes the input."""
    said = []
    for error in found:
        place, *path = error["loc"] or ("body",)
        detail = str(error["msg"])
        if place == "body":
            # A broken JSON text has an offset where a path would stand.
            steps: list[object] = [] if error["type"] == "json_invalid" else path
            said.append({"pointer": "#" + "".join(f"/{_step(step)}" for step in steps), "detail": detail})
        else:
            said.append({"parameter": str(path[0]) if path else "", "in": str(place), "detail": detail})
    return said


def _step(step: object) -> str:
    return quote(str(step).encode("utf-8", "replace").decode().replace("~", "~0").replace("/", "~1"))


def wants_page(request: Request) -> bool:
    """Whether a person's browser waits for a page rather than a program for JSON."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def install(app: FastAPI) -> None:
    """Answer every error. A board may set ``app.state.error_page(request, status, code, detail)`` for browsers."""

    def answer(request: Request, status: int, code: str, detail: str, members: Mapping[str, Any]) -> Response:
        page = getattr(app.state, "error_page", None)
        if page is not None and wants_page(request):
            made: Response = page(request, status, code, detail)
            return made
        return problem(request, status, code, detail, **members)

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.SahutError)  # noqa: S101 - registered for this class alone
        status, code, members = describe(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
        # What is wrong with the database or a file is the operator's to know, not everybody's who may ask for health.
        detail = str(error) if status < HTTPStatus.INTERNAL_SERVER_ERROR or code not in _HIDDEN else _HIDDEN[code]
        response = answer(request, status, code, detail, members)
        response.headers.update(_headers(error))
        return response

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
        found = pointers(error.errors())
        return answer(request, 422, "invalid", "some values cannot be taken; see errors", {"errors": found})

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        code = (
            "content_too_large"
            if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            else HTTPStatus(error.status_code).name.lower()
        )
        response = answer(request, error.status_code, code, str(error.detail), {})
        response.headers.update(error.headers or {})
        return response

    def unexpected(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        try:
            response = answer(request, 500, "internal", _HIDDEN["internal"], {})
        except Exception:
            # What is broken may be the very page that would say so.
            log.exception("the error page failed too")
            response = problem(request, 500, "internal", _HIDDEN["internal"])
        # This one is answered outside of every middleware.
        response.headers.update(HEADERS)
        return response

    app.add_exception_handler(errors.SahutError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
