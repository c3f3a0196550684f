"""Files of rows on the board: bring one, see what would come in, say which column is what, read it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Response

from sahut.core import bringing
from sahut.core.errors import RefusedError
from sahut.core.model.imports import FileImport, ImportDraft, ImportState
from sahut.core.ports import Tx
from triage_api.deps import ring
from triage_api.fields import LARGEST_ID
from triage_api.web import import_words
from triage_api.web.desk import AtDesk, Desk, Manages, Posted
from triage_api.web.uploads import Uploaded
from triage_api.web.words import _

router = APIRouter(prefix="/imports", include_in_schema=False)
ImportId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_MOST_SHOWN = 20
_LONGEST_NAME, _LONGEST_QUERY, _LONGEST_COLUMN = 100, 1_000, 200
_COLUMN = "column."
_NOTHING: dict[str, object] = {
    "counts": None,
    "form": "",
    "columns": {},
    "continues": False,
    "first": (),
    "faults": (),
    "notes": (),
}


@router.get("")
def imports(desk: AtDesk) -> Response:
    """The latest files, and a form for another."""
    return _list(desk)


@router.post("")
def bring(desk: AtDesk, sent: Uploaded) -> Response:
    """Take a file in; a worker looks it through."""
    form = sent.posted(desk)
    if sent.file is None:
        return _list(desk, status=422, fault=_("Pilih berkasnya dahulu."))
    shown = bringing.name_of(sent.file.filename or "")
    draft = ImportDraft(file=shown, source=form.get("source", _LONGEST_NAME) or bringing.source_of(shown))
    file = sent.file.file

    def act(tx: Tx) -> str:
        file.seek(0)
        return f"/imports/{bringing.keep(tx, draft, file, actor=desk.signed.actor, now=desk.now).id}"

    try:
        answer = form.once(act)
    except RefusedError as error:
        if error.rule != "import_form":
            raise
        return _list(desk, status=422, fault=_("Berkas itu bukan CSV, JSON lines, atau XLSX yang berisi baris."))
    ring(desk.deps, "import")
    return answer


@router.get("/sample.csv")
def sample(desk: AtDesk) -> Response:  # noqa: ARG001 - strangers are sent to the door
    """A file to begin with: every column that is read, with invented rows."""
    headers = {"Content-Disposition": 'attachment; filename="contoh-impor.csv"'}
    return Response(import_words.SAMPLE, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{import_id}")
def show(desk: AtDesk, import_id: ImportId) -> Response:
    """How far a file is, and what may be done with it."""
    with desk.deps.store.read() as tx:
        return _page(desk, tx, tx.imports.get(import_id))


@router.post("/{import_id}/check")
def check(form: Manages, import_id: ImportId) -> Response:
    """Look it through anew with these columns."""
    return _ask(form, import_id, ImportState.CHECKING)


@router.post("/{import_id}/start")
def start(form: Manages, import_id: ImportId) -> Response:
    """Read it in, or go on where it broke off."""
    return _ask(form, import_id, ImportState.IMPORTING)


@router.post("/{import_id}/remove")
def remove(form: Manages, import_id: ImportId) -> Response:
    """Take the file back; what was read in stays."""
    desk = form.desk

    def act(tx: Tx) -> str:
        bringing.note(tx, "taken_back", tx.imports.get(import_id), actor=desk.signed.actor, now=desk.now)
        tx.imports.remove(import_id)
        return "/imports?done=import_removed"

    return form.once(act)


def _ask(form: Posted, import_id: int, state: ImportState) -> Response:
    desk = form.desk

    def act(tx: Tx) -> str:
        before = tx.imports.get(import_id)
        after = tx.imports.ask(import_id, state, _said(form, before), version=form.number("version"), now=desk.now)
        if state is ImportState.IMPORTING:
            bringing.note(tx, "read_in", after, actor=desk.signed.actor, now=desk.now)
        return f"/imports/{import_id}"

    answer = form.once(act)
    ring(desk.deps, "import")
    return answer


def _said(form: Posted, before: FileImport) -> ImportDraft:
    """What the form says; what it does not ask stays as it was."""
    sent = {key for key, _value in form.fields}
    options = dict(before.options)
    for field in bringing.FIELDS:
        if _COLUMN + field in sent:
            options[_COLUMN + field] = form.get(_COLUMN + field, _LONGEST_COLUMN)
    zone = form.get("zone", 10)
    if zone in bringing.ZONES:
        options["zone"] = zone
    return ImportDraft(
        file=before.file,
        source=form.get("source", _LONGEST_NAME) or before.source,
        query=form.get("query", _LONGEST_QUERY) if "query" in sent else before.query,
        options=options,
    )


def _list(desk: Desk, *, status: int = 200, fault: str = "") -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "imports.html",
            status,
            tab="sources",
            found=tx.imports.recent(_MOST_SHOWN),
            fault=fault,
            most=desk.deps.settings.max_upload,
            words=import_words,
        )


def _page(desk: Desk, tx: Tx, item: FileImport) -> Response:
    return desk.page(
        tx,
        "import.html",
        tab="sources",
        item=item,
        found={**_NOTHING, **item.found},
        busy=item.state in {ImportState.CHECKING, ImportState.IMPORTING},
        columns=_columns(item.found),
        fields=bringing.FIELDS,
        zones=bringing.ZONES,
        words=import_words,
    )


def _columns(found: Mapping[str, object]) -> list[str]:
    """Every column that the file has, those that are read first."""
    taken, left, names = (found.get(key) or () for key in ("columns", "left", "names"))
    said = [*taken.values(), *left, *names] if isinstance(taken, Mapping) else [*left, *names]  # type: ignore[misc]
    return list(dict.fromkeys(str(one) for one in said))
