"""Places to read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from sahut.core import forms, noting, reporting
from sahut.core.model import Actor, SourceDraft, SourceState
from sahut.core.ports import Tx
from triage_api import addresses, platforms
from triage_api.deps import CurrentActor, Deps, Now, Parts, SignedUser, ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas import (
    PriceAnswer,
    ProbeAnswer,
    ProbeBody,
    SourceAnswer,
    SourceBody,
    SourceChangeBody,
    SourceList,
    SourceReport,
    VersionBody,
)
from triage_api.schemas.reports import CollectingReport
from triage_api.writes import IdempotencyKey, IfMatch, based_on, once, written

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])
SourceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_MAKE_ONE = "POST /api/v1/credentials or `sahut credential add` makes one"


@router.get("", response_model=SourceList, responses=problems())
def list_sources(deps: Parts, now: Now) -> SourceList:
    """Every source, with its health and how it is doing."""
    with deps.store.read() as tx:
        found = tx.sources.all()
    return SourceList(items=[SourceAnswer.of(source, now, deps.policy) for source in found])


@router.post("", status_code=201, response_model=SourceAnswer, responses=problems(409))
def add_source(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: SourceBody, key: IdempotencyKey = None
) -> Response:
    """Follow a place from now on."""
    _check(deps, body.draft())
    added: list[int] = []

    def act(tx: Tx) -> BaseModel:
        added.clear()  # Of a try that the database gave up nothing happened.
        _check_credential(tx, body.credential)
        source = tx.sources.add(body.draft(), now)
        added.append(source.id)
        noting.source(tx, "added", source.id, actor=signed.actor, now=now)
        return SourceAnswer.of(source, now, deps.policy)

    answer = once(request, deps, signed, now, key=key, body=body, act=act)
    for source_id in added:
        _read_soon(deps, source_id)
    return answer


@router.get("/report", response_model=CollectingReport, responses=problems())
def report_all(deps: Parts, now: Now) -> CollectingReport:
    """How every source is doing, the worst off first: seven days, lateness, holes, and what credentials spent."""
    with deps.store.read() as tx:
        return CollectingReport.of(reporting.report(tx, deps.policy, now))


@router.post("/test", response_model=ProbeAnswer, responses=problems(429))
def try_out(deps: Parts, body: ProbeBody) -> ProbeAnswer:
    """Look at a place that is not followed: what would be collected, or what is wrong. Stores nothing."""
    _check(deps, body.draft())
    return ProbeAnswer.of(deps.look(body.draft()), body.address)


@router.post("/estimate", response_model=PriceAnswer, responses=problems(429))
def estimate(deps: Parts, body: ProbeBody) -> PriceAnswer:
    """What following a place will cost, by one cheap question to its platform, which the credential's budget pays."""
    _check(deps, body.draft())
    return PriceAnswer.of(deps.price(body.draft()))


@router.post("/{source_id}/estimate", response_model=PriceAnswer, responses=problems(404, 429))
def estimate_source(deps: Parts, source_id: SourceId) -> PriceAnswer:
    """The same for a source as it is."""
    with deps.store.read() as tx:
        source = tx.sources.get(source_id)
    return PriceAnswer.of(deps.price(source.draft))


@router.post("/{source_id}/test", response_model=ProbeAnswer, responses=problems(404, 429))
def try_source(deps: Parts, source_id: SourceId) -> ProbeAnswer:
    """Look at a source as if it were new. Stores nothing and does not touch its health."""
    with deps.store.read() as tx:
        source = tx.sources.get(source_id)
    return ProbeAnswer.of(addresses.masked(deps.look(source.draft)), source.address)


@router.get("/{source_id}", response_model=SourceAnswer, responses=problems(404))
def show_source(deps: Parts, now: Now, source_id: SourceId) -> Response:
    """One source."""
    with deps.store.read() as tx:
        found = tx.sources.get(source_id)
    return written(SourceAnswer.of(found, now, deps.policy))


@router.get("/{source_id}/report", response_model=SourceReport, responses=problems(404))
def report_source(deps: Parts, now: Now, source_id: SourceId) -> SourceReport:
    """What it brought on each of the last seven days of UTC, and the holes that cannot be closed."""
    with deps.store.read() as tx:
        tx.sources.get(source_id)
        days = tx.sources.days([source_id], now.date() - timedelta(days=6))[source_id]
        return SourceReport.of(days, tx.sources.gaps([source_id])[source_id])


@router.put("/{source_id}", response_model=SourceAnswer, responses=problems(404, 409, 428))
def change_source(
    deps: Parts, actor: CurrentActor, now: Now, source_id: SourceId, body: SourceChangeBody, if_match: IfMatch = None
) -> Response:
    """Set all of a source's settings. A new address is read from its beginning."""
    version = based_on(if_match, body.version)
    with deps.store.read() as tx:
        before = tx.sources.get(source_id)
    if before.platform != body.platform:
        raise InvalidError("a source keeps its platform; add another one", pointer="#/platform")
    draft = replace(body.draft(), address=addresses.meant(body.address, before.address))
    _check(deps, draft, kept=before.options.keys())
    with deps.store.begin() as tx:
        _check_credential(tx, body.credential)
        changed = tx.sources.change(source_id, draft, version=version, now=now)
        noting.source(tx, "changed", source_id, actor=actor, now=now)
    return written(SourceAnswer.of(changed, now, deps.policy))


@router.post("/{source_id}/pause", response_model=SourceAnswer, responses=problems(404, 409))
def pause_source(deps: Parts, actor: CurrentActor, now: Now, source_id: SourceId, body: VersionBody) -> Response:
    """Stop reading it for the time being."""
    return _set_state(deps, actor, now, source_id, SourceState.PAUSED, body.version)


@router.post("/{source_id}/resume", response_model=SourceAnswer, responses=problems(404, 409))
def resume_source(deps: Parts, actor: CurrentActor, now: Now, source_id: SourceId, body: VersionBody) -> Response:
    """Read it again, from now on and with a clean slate."""
    answer = _set_state(deps, actor, now, source_id, SourceState.ACTIVE, body.version)
    _read_soon(deps, source_id)
    return answer


@router.delete("/{source_id}", response_model=SourceAnswer, responses=problems(404, 409))
def remove_source(
    deps: Parts, actor: CurrentActor, now: Now, source_id: SourceId, if_match: IfMatch = None
) -> Response:
    """Stop following it for good. Its mentions stay."""
    version = None if if_match is None else based_on(if_match, None)
    return _set_state(deps, actor, now, source_id, SourceState.REMOVED, version)


def _read_soon(deps: Deps, source_id: int) -> None:
    ring(deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})


def _set_state(deps: Deps, actor: Actor, now: Now, source_id: int, state: SourceState, version: int | None) -> Response:
    with deps.store.begin() as tx:
        changed = tx.sources.set_state(source_id, state, version=version, now=now)
        noting.source(tx, state, source_id, actor=actor, now=now)
    return written(SourceAnswer.of(changed, now, deps.policy))


def _check_credential(tx: Tx, name: str) -> None:
    if name and tx.credentials.find(name) is None:
        raise InvalidError(f"no credential '{name}'; {_MAKE_ONE}", pointer="#/credential")


def _check(deps: Deps, draft: SourceDraft, kept: Collection[str] = ()) -> None:
    """Raises InvalidError for what its platform's form does not take, before anybody is asked."""
    if draft.platform in platforms.LOCAL:
        raise InvalidError(
            f"platform {draft.platform} reads files of the server; add it with the command line", pointer="#/platform"
        )
    if deps.collector_for is None:
        return
    collector = platforms.collector(deps, draft.platform)
    credentials = None if collector.guide is None else _names(deps, draft.platform)
    for fault in forms.faults(forms.of(collector), draft, credentials=credentials, kept=kept):
        words = f"{fault.words}; {_MAKE_ONE}" if fault.field == "credential" else fault.words
        raise InvalidError(words, pointer="#/" + fault.field.replace(".", "/"))


def _names(deps: Deps, platform: str) -> list[str]:
    """What may let us into a platform that lets nobody in without."""
    with deps.store.read() as tx:
        return [one.name for one in tx.credentials.all() if one.platform == platform]
