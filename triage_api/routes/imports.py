"""Files of rows: brought, looked through, read in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, BinaryIO, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from sahut.core import bringing
from sahut.core.errors import RefusedError
from sahut.core.model.imports import ImportDraft, ImportState
from sahut.core.ports import Tx
from triage_api.deps import Deps, Now, Parts, SignedUser, ring
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas.imports import Brought, ImportAnswer, ImportBody, ImportList
from triage_api.writes import IdempotencyKey, once, written

router = APIRouter(prefix="/api/v1/imports", tags=["imports"])
ImportId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_MOST_SHOWN = 50
_IN_MEMORY = 1_048_576


async def _body(request: Request) -> AsyncIterator[IO[bytes]]:
    """The body, beyond a megabyte on disk, for as long as the request is; the limit of its path bounds it."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        async for chunk in request.stream():
            await run_in_threadpool(file.write, chunk)
        file.seek(0)
        yield cast("IO[bytes]", file)


@router.get("", response_model=ImportList, responses=problems())
def list_imports(deps: Parts) -> ImportList:
    """The latest files, with how far each is."""
    with deps.store.read() as tx:
        return ImportList(items=[ImportAnswer.of(one) for one in tx.imports.recent(_MOST_SHOWN)])


@router.post("", status_code=201, response_model=ImportAnswer, responses=problems(409, 413))
def bring_file(
    request: Request,
    deps: Parts,
    signed: SignedUser,
    now: Now,
    file: Annotated[IO[bytes], Depends(_body)],
    name: Annotated[str, Query(max_length=200, description="The file's own name")] = "file",
    source: Annotated[
        str, Query(max_length=100, description="The source that it belongs to; the file's name when left out")
    ] = "",
    key: IdempotencyKey = None,
) -> Response:
    """Bring a file: its bytes are the body, CSV, JSON lines or XLSX. A worker then looks it through."""
    size = file.seek(0, 2)
    shown = bringing.name_of(name)
    draft = ImportDraft(file=shown, source=source.strip() or bringing.source_of(shown))

    def act(tx: Tx) -> BaseModel:
        file.seek(0)  # A try that the database gave up has read it to its end.
        return ImportAnswer.of(bringing.keep(tx, draft, cast("BinaryIO", file), actor=signed.actor, now=now))

    body = Brought(name=shown, source=draft.source, size=size)
    try:
        answer = once(request, deps, signed, now, key=key, body=body, act=act)
    except RefusedError as error:
        if error.rule != "import_form":
            raise
        raise InvalidError(str(error)) from error
    _work_soon(deps)
    return answer


@router.get("/{import_id}", response_model=ImportAnswer, responses=problems(404))
def show_import(deps: Parts, import_id: ImportId) -> Response:
    """One file: what it is taken for, what would come in, or what came in."""
    with deps.store.read() as tx:
        return written(ImportAnswer.of(tx.imports.get(import_id)))


@router.post("/{import_id}/check", response_model=ImportAnswer, responses=problems(404, 409))
def check_import(deps: Parts, signed: SignedUser, now: Now, import_id: ImportId, body: ImportBody) -> Response:
    """Have it looked through anew with other columns, another source or filter. Stores nothing of it."""
    return _ask(deps, signed, now, import_id, body, ImportState.CHECKING)


@router.post("/{import_id}/start", response_model=ImportAnswer, responses=problems(404, 409))
def start_import(deps: Parts, signed: SignedUser, now: Now, import_id: ImportId, body: ImportBody) -> Response:
    """Read it in, or go on where it broke off. What is there already is not stored twice."""
    return _ask(deps, signed, now, import_id, body, ImportState.IMPORTING)


@router.delete("/{import_id}", status_code=204, response_class=Response, responses=problems(404, 409))
def remove_import(deps: Parts, signed: SignedUser, now: Now, import_id: ImportId) -> None:
    """Forget the file; what was read in stays."""
    with deps.store.begin() as tx:
        bringing.note(tx, "taken_back", tx.imports.get(import_id), actor=signed.actor, now=now)
        tx.imports.remove(import_id)


def _ask(deps: Deps, signed: SignedUser, now: Now, import_id: int, body: ImportBody, state: ImportState) -> Response:
    with deps.store.begin() as tx:
        before = tx.imports.get(import_id)
        draft = body.draft(before)
        after = tx.imports.ask(import_id, state, draft, version=body.version, now=now)
        if state is ImportState.IMPORTING:
            bringing.note(tx, "read_in", after, actor=signed.actor, now=now)
        answer = ImportAnswer.of(after)
    _work_soon(deps)
    return written(answer)


def _work_soon(deps: Deps) -> None:
    ring(deps, "import")
