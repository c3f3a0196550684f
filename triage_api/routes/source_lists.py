"""Lists of feeds: OPML out for other readers, and theirs in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from sahut.core import noting, opml
from sahut.core.errors import RefusedError
from sahut.core.model import SourceDraft
from sahut.core.ports import Tx
from triage_api import addresses
from triage_api.deps import CurrentActor, Now, Parts, SignedUser, ring
from triage_api.errors import InvalidError
from triage_api.fields import Answer
from triage_api.routes._answers import problems
from triage_api.writes import IdempotencyKey, once

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


class ListedAnswer(Answer):
    """One feed of a list."""

    name: str
    address: str
    category: str

    @classmethod
    def of(cls, one: SourceDraft) -> ListedAnswer:
        """Of a feed, its password masked."""
        return cls(name=one.name, address=addresses.shown(one.address), category=str(one.options.get("category", "")))


class ListAnswer(Answer):
    """What was added of a list, or would be (``stored`` false); ``already`` are followed, ``notes`` what was left."""

    added: list[ListedAnswer]
    already: list[ListedAnswer]
    notes: list[str]
    stored: bool


class _Sent(BaseModel):
    document: str


async def _document(request: Request) -> bytes:
    return await request.body()


@router.get("/opml", response_class=Response, responses=problems())
def export_list(deps: Parts, actor: CurrentActor, now: Now) -> Response:
    """The feeds that are followed, without passwords, as OPML."""
    with deps.store.begin() as tx:
        found = [source.draft for source in tx.sources.all()]
        text = opml.write(found, title="Sahut", now=now)
        noting.export(tx, "sources", actor=actor, now=now, rows=len(found))
    return Response(text, media_type="text/x-opml")


@router.post("/opml", response_model=ListAnswer, responses=problems(413))
def import_list(
    request: Request,
    deps: Parts,
    signed: SignedUser,
    now: Now,
    document: Annotated[bytes, Depends(_document)],
    dry_run: Annotated[bool, Query(description="Say what would be added, and add nothing")] = False,
    key: IdempotencyKey = None,
) -> Response:
    """Follow the feeds of an OPML document, which is the body; those that are followed already are skipped."""
    try:
        drafts, notes = opml.read(document)
    except RefusedError as error:
        raise InvalidError(str(error)) from error
    added: list[int] = []

    def act(tx: Tx) -> BaseModel:
        added.clear()  # Of a try that the database gave up nothing happened.
        plan = opml.plan(drafts, notes, [source.draft for source in tx.sources.all()])
        if not dry_run:
            added.extend(tx.sources.add(draft, now).id for draft in plan.add)
        for source_id in added:
            noting.source(tx, "added", source_id, actor=signed.actor, now=now)
        return ListAnswer(
            added=[ListedAnswer.of(one) for one in plan.add],
            already=[ListedAnswer.of(one) for one in plan.already],
            notes=list(plan.notes),
            stored=not dry_run,
        )

    sent = _Sent(document=f"{dry_run} {document.decode('utf-8', 'replace')}")
    answer = once(request, deps, signed, now, key=key, body=sent, act=act, status=200)
    for source_id in added:
        ring(deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer
