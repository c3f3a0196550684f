"""Writing safely: a create that is sent twice happens once, and a change says what it is based on."""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from sahut.core.errors import BusyError, SahutError
from sahut.core.model import Policy, StoredAnswer
from sahut.core.ports import Store, Tx
from triage_api.auth import Signed
from triage_api.deps import Deps
from triage_api.errors import InvalidError, VersionMissingError
from triage_api.fields import LARGEST_VERSION

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="Of the sender's making, new for each act. A repeat gets the first answer and does nothing.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag that the change is based on, in place of `version`"),
]
R = TypeVar("R")
_TRIES = 4
_PAUSE_SECONDS = 0.05
# A proxy that compresses an answer makes its ETag a weak one.
_ETAG = re.compile(r'(?:W/)?"?(\d{1,10})"?')


class KeyReusedError(InvalidError):
    """The idempotency key came before with another request."""

    code = "idempotency_key_reused"


def once(
    request: Request,
    deps: Deps,
    signed: Signed,
    now: datetime,
    *,
    key: str | None,
    body: BaseModel,
    act: Callable[[Tx], BaseModel],
    status: int = 201,
    secrets: Collection[str] = (),
) -> Response:
    """Do ``act`` and keep its answer under ``key`` in the same transaction; a repeat gets that answer.

    Of two at the same time one acts and the other gets its answer: whatever stopped the second, be it the key or the
    effect of the first, is looked at again once the first has committed. Members named in ``secrets`` are answered
    but not kept. Raises KeyReusedError, and what ``act`` raises.
    """
    if key is None:
        return written(patiently(deps.store, act), status)
    mark = _fingerprint(request, body)

    def act_once(tx: Tx) -> Response:
        kept = tx.accounts.answer(key, signed.user.id)
        if kept is not None:
            return _repeated(kept, mark)
        answer = act(tx)
        blank: dict[str, Any] = dict.fromkeys(secrets)
        tx.accounts.keep_answer(
            StoredAnswer(
                key=key,
                user_id=signed.user.id,
                fingerprint=mark,
                status=status,
                body=answer.model_copy(update=blank).model_dump_json(),
                at=now,
            )
        )
        return written(answer, status)

    try:
        return patiently(deps.store, act_once)
    except SahutError:
        with deps.store.read() as tx:
            kept = tx.accounts.answer(key, signed.user.id)
        if kept is None:
            raise
        return _repeated(kept, mark)


def patiently(store: Store, act: Callable[[Tx], R]) -> R:
    """Do ``act`` in a transaction of its own, again where the database gave it up for another's sake.

    Nothing of one that was given up has happened. Raises BusyError when it was given up time after time.
    """
    for tried in range(_TRIES - 1):
        try:
            with store.begin() as tx:
                return act(tx)
        except BusyError:
            # Two that met must not meet again in the same step.
            time.sleep(random.uniform(0.2, 1) * _PAUSE_SECONDS * 2**tried)  # noqa: S311 - no secret
    with store.begin() as tx:
        return act(tx)


def written(answer: BaseModel, status: int = 200) -> Response:
    """An answer in JSON, with its version as ETag."""
    return _respond(answer.model_dump_json(), status)


def based_on(if_match: str | None, version: int | None) -> int:
    """The version that a change is based on. Raises VersionMissingError, InvalidError."""
    if if_match is None:
        if version is None:
            raise VersionMissingError("say which version you saw: the header If-Match, or `version`")
        return version
    found = _ETAG.fullmatch(if_match.strip())
    number = int(found[1]) if found else 0
    if not 1 <= number <= LARGEST_VERSION:
        raise InvalidError("If-Match takes the ETag of an earlier answer")
    if version not in {None, number}:
        raise InvalidError("If-Match and `version` disagree", pointer="#/version")
    return number


def _repeated(kept: StoredAnswer, mark: str) -> Response:
    if kept.fingerprint != mark:
        raise KeyReusedError("this idempotency key came before with another request; use a new one")
    response = _respond(kept.body, kept.status)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _respond(text: str, status: int) -> Response:
    response = Response(text, status_code=status, media_type="application/json")
    said = json.loads(text)
    thing = said["ticket"] if isinstance(said.get("ticket"), dict) else said
    version = thing.get("version")
    if version is not None:
        response.headers["ETag"] = f'"{version}"'
    return response


def _fingerprint(request: Request, body: BaseModel) -> str:
    said = f"{request.method} {request.url.path}\n{body.model_dump_json()}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def check_unit(policy: Policy, code: str, *, pointer: str = "#/unit") -> None:
    """Raise InvalidError for a unit that the policy does not name; ``pointer`` says where in the body it stands."""
    if code not in {unit.code for unit in policy.units}:
        raise InvalidError(f"the policy names no unit {code!r}", pointer=pointer)
