"""What comes by itself: deliveries of other systems, and words of Meta that something happened.

Nobody signs in here: what is sent proves itself by its signature. The routes stand in docs/platforms/webhook.md and
not in the document, whose readers sign in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from sahut.core import intake
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import Access, Delivery, Source, SourceState
from sahut.core.ports import Collector, Tx
from triage_api.deps import Deps, Now, Parts, ring
from triage_api.errors import ApiError, InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.schemas.hooks import DeliveryAnswer
from triage_api.signatures import BadSignatureError, RawBody, recent, same, signed_by, stamped
from triage_api.writes import IdempotencyKey, KeyReusedError

router = APIRouter(include_in_schema=False)
SourceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
CredentialId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_META = ("facebook", "instagram", "threads")
_DEEPEST = 20


class KeyMissingError(ApiError):
    """A delivery names itself, so that it counts once however often it is sent."""

    status = 428
    code = "idempotency_key_missing"


@router.post("/api/v1/hooks/{source_id}")
def deliver(
    deps: Parts,
    now: Now,
    source_id: SourceId,
    body: RawBody,
    timestamp: Annotated[str, Header(alias="X-Sahut-Timestamp")] = "",
    signature: Annotated[str, Header(alias="X-Sahut-Signature")] = "",
    key: IdempotencyKey = None,
) -> Response:
    """Take one post or a list of up to 500; says which are new, edited, known or unreadable. A repeat gets the same."""
    # Who has not signed learns nothing else, not even what is missing.
    source = _proven(deps, source_id, now, stamped(timestamp, source_id, key or "", body), signature)
    if not recent(timestamp, now):
        raise BadSignatureError
    if key is None:
        raise KeyMissingError("name the delivery in the header Idempotency-Key")
    items = _items(body)
    if deps.collector_for is None:
        raise RefusedError("this process collects nothing", rule="no_collector")
    answer, replayed = _once(deps, source, key, body, items, deps.collector_for(source.platform), now)
    if not replayed:
        ring(deps, "assess")
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answer, media_type="application/json", headers=headers)


@router.get("/hooks/meta/{credential_id}")
def meta_asks(
    deps: Parts,
    now: Now,
    credential_id: CredentialId,
    mode: Annotated[str, Query(alias="hub.mode")] = "",
    token: Annotated[str, Query(alias="hub.verify_token")] = "",
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=1_000)] = "",
) -> Response:
    """Meta asks once whether this address is ours: it shows our word, and wants its own back."""
    access = _opened(deps, credential_id, now)
    if access is None or mode != "subscribe" or not same(access.secrets.get("verify_token", ""), token):
        raise BadSignatureError
    return Response(challenge, media_type="text/plain")


@router.post("/hooks/meta/{credential_id}")
def meta_tells(
    deps: Parts,
    now: Now,
    credential_id: CredentialId,
    body: RawBody,
    signature: Annotated[str, Header(alias="X-Hub-Signature-256")] = "",
) -> Response:
    """Something happened at Meta: what belongs to the app is read soon. Written down before it is answered."""
    access = _opened(deps, credential_id, now)
    if access is None or not signed_by(access.secrets.get("app_secret", ""), body, signature):
        raise BadSignatureError
    event = _parsed(body)
    with deps.store.begin() as tx:
        sources = _of_app(tx, access.secrets["app_secret"], now)
        for source in sources:
            if source.platform == "instagram" and source.state is SourceState.ACTIVE:
                tx.deliveries.tell(source.id, list(_mentions(event)), now)
        soon = intake.hurry(tx, sources, now)
    for source_id in soon:
        ring(deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return Response("EVENT_RECEIVED", media_type="text/plain")


def _proven(deps: Deps, source_id: int, now: datetime, said: bytes, signature: str) -> Source:
    """The source whose secret signed this. Raises BadSignatureError, the same for one that does not exist."""
    try:
        with deps.store.read() as tx:
            source = tx.sources.get(source_id)
            access = None if source.credential_id is None else tx.credentials.open(source.credential_id, now)
    except NotFoundError as error:
        raise BadSignatureError from error
    if source.platform != "webhook" or source.state is SourceState.REMOVED or access is None:
        raise BadSignatureError
    if not signed_by(access.secrets.get("secret", ""), said, signature):
        raise BadSignatureError
    return source


def _opened(deps: Deps, credential_id: int, now: datetime) -> Access | None:
    """The credential of that number where it is one of Meta's."""
    try:
        with deps.store.read() as tx:
            if tx.credentials.get(credential_id).platform not in _META:
                return None
            return tx.credentials.open(credential_id, now)
    except NotFoundError:
        return None


def _of_app(tx: Tx, app_secret: str, now: datetime) -> list[Source]:
    """The sources of every credential of this app: Meta knows one address for all of them."""
    ours = {
        one.id
        for one in tx.credentials.all()
        if one.platform in _META and same(tx.credentials.open(one.id, now).secrets.get("app_secret", ""), app_secret)
    }
    return [source for source in tx.sources.all() if source.credential_id in ours]


def _mentions(event: Any) -> Iterator[dict[str, str]]:
    """Instagram's mentions by @name, which no list of it shows: the ids of media and comment."""
    if not isinstance(event, Mapping) or event.get("object") != "instagram":
        return
    for entry in _list(event.get("entry")):
        for change in _list(entry.get("changes")):
            value = change.get("value")
            if change.get("field") != "mentions" or not isinstance(value, Mapping):
                continue
            ids = {key: str(value[key]) for key in ("media_id", "comment_id") if value.get(key)}
            if ids:
                yield {"account": str(entry.get("id", "")), **ids}


def _list(found: Any) -> list[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _once(
    deps: Deps, source: Source, key: str, body: bytes, items: list[Any], collector: Collector, now: datetime
) -> tuple[str, bool]:
    """The answer, and whether it is that of an earlier delivery. Of two at the same time one is taken."""
    mark = hashlib.sha256(body).hexdigest()
    try:
        with deps.store.begin() as tx:
            kept = tx.deliveries.find(source.id, key)
            if kept is None:
                answer = DeliveryAnswer.of(intake.take(tx, source, items, collector, now)).model_dump_json()
                tx.deliveries.keep(Delivery(source_id=source.id, key=key, fingerprint=mark, body=answer, at=now))
                return answer, False
    except RefusedError:
        with deps.store.read() as tx:
            kept = tx.deliveries.find(source.id, key)
        if kept is None:
            raise
    if kept.fingerprint != mark:
        raise KeyReusedError("this idempotency key came before with another delivery; use a new one")
    return kept.body, True


def _items(body: bytes) -> list[Any]:
    found = _parsed(body)
    items = found if isinstance(found, list) else [found]
    if not items:
        raise InvalidError("a delivery holds one post or a list of them; this list is empty")
    return items


def _parsed(body: bytes) -> Any:
    """The body's JSON. Raises InvalidError."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError("the body is no JSON") from error
    if not _shallow(found):
        raise InvalidError(f"the body is nested deeper than {_DEEPEST} levels")
    return found


def _shallow(found: Any) -> bool:
    level = [found]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False
