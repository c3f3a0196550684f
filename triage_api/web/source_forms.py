"""Adding and changing sources on the board: choose a platform, fill in its form, look at the place, save."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import RedirectResponse

from sahut.core import admission, noting
from sahut.core.errors import CollectError, RefusedError
from sahut.core.model import Probe, Problem, Source, SourceState
from sahut.core.ports import Tx
from sahut.core.reporting import Purse
from triage_api import addresses, platforms
from triage_api.deps import ring
from triage_api.errors import ForbiddenError, InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web import cost_words, credential_words, source_said
from triage_api.web.desk import AtDesk, Desk, Manages, Posted
from triage_api.web.source_said import MOST_MINUTES, Said
from triage_api.web.words import _

router = APIRouter(prefix="/sources", include_in_schema=False)

SourceId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
PlatformName = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,40}$")]
_MOST_SHOWN = 10


@router.get("/new")
def choose(desk: AtDesk) -> Response:
    """Every platform that can be followed."""
    return _choose(desk)


@router.get("/new/{platform}")
def fill_in(desk: AtDesk, platform: PlatformName, credential: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What a platform asks about a place on it."""
    _refuse_local(platform)
    try:
        said = source_said.blank(desk.deps, platform, credential=credential)
    except CollectError as error:
        if error.problem is not Problem.MISSING_LIBRARY:
            raise
        return _choose(desk, missing=platform)
    return _form(desk, said)


@router.post("")
def add(form: Manages) -> Response:
    """Follow a place from now on."""
    desk, platform = form.desk, _platform(form)
    said, draft = source_said.filled_in(form, platform)
    if said.faults:
        return _form(desk, said, status=422)
    draft = source_said.named(draft)
    added: list[int] = []

    def act(tx: Tx) -> str:
        added.clear()  # Of a try that the database gave up nothing happened.
        added.append(tx.sources.add(draft, desk.now).id)
        noting.source(tx, "added", added[-1], actor=desk.signed.actor, now=desk.now)
        return f"/sources?done=added#source-{added[-1]}"

    try:
        answer = form.once(act)
    except RefusedError as error:
        if error.rule != "source_exists":
            raise
        said.name, said.faults["name"] = draft.name, _("Sumber dengan nama atau alamat itu sudah ada.")
        return _form(desk, said, status=422)
    for source_id in added:
        ring(desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


@router.get("/test")
def leave_test(desk: AtDesk) -> Response:  # noqa: ARG001 - asked for, so that strangers are sent to the door
    """A result is not kept: going back to it by its address leads to the beginning."""
    return RedirectResponse("/sources/new", status_code=303)


@router.post("/test")
def try_out(form: Manages) -> Response:
    """Look at a place that is not followed yet, and offer to follow it."""
    said, draft = source_said.filled_in(form, _platform(form))
    if said.faults:
        return _form(form.desk, said, status=422)
    found = form.desk.deps.look(draft)
    source_said.blame(said, found)
    if found.problem is None:
        said.name = said.name or source_said.named(draft, found.title).name
    if found.address:
        said.told[said.place] = found.address
    return _shown(form, said, found)


@router.get("/estimate")
def leave_estimate(desk: AtDesk) -> Response:  # noqa: ARG001 - asked for, so that strangers are sent to the door
    """An estimate is not kept, as a test's result is not."""
    return RedirectResponse("/sources/new", status_code=303)


@router.post("/estimate")
def estimate(form: Manages) -> Response:
    """What following a place will cost, above the form that was filled in."""
    said, draft = source_said.filled_in(form, _platform(form))
    if said.faults:
        return _form(form.desk, said, status=422)
    said.asked, said.estimate = True, form.desk.deps.price(draft)
    return _form(form.desk, said)


@router.post("/{source_id}/estimate")
def estimate_source(form: Manages, source_id: SourceId) -> Response:
    """The same for a source as its form was filled in."""
    desk = form.desk
    with desk.deps.store.read() as tx:
        source = tx.sources.get(source_id)
    _refuse_local(source.platform)
    said, draft = source_said.filled_in(form, source.platform, source)
    if said.faults:
        return _settings(desk, source, said, status=422)
    said.asked, said.estimate = True, desk.deps.price(draft)
    return _settings(desk, source, said)


@router.get("/{source_id}")
def settings(desk: AtDesk, source_id: SourceId) -> Response:
    """What is set about a source, to be changed or taken away by who may."""
    with desk.deps.store.read() as tx:
        source = tx.sources.get(source_id)
    return _settings(desk, source, _of(desk, source))


@router.post("/{source_id}")
def change(form: Manages, source_id: SourceId) -> Response:
    """Set all that its form asks. A new address is read at once, from its beginning."""
    desk = form.desk
    with desk.deps.store.read() as tx:
        before = tx.sources.get(source_id)
    if before.platform in platforms.LOCAL:
        return _change_local(form, before)
    said, draft = source_said.filled_in(form, before.platform, before)
    if said.faults:
        return _settings(desk, before, said, status=422)

    def act(tx: Tx) -> str:
        tx.sources.change(source_id, draft, version=form.number("version"), now=desk.now)
        noting.source(tx, "changed", source_id, actor=desk.signed.actor, now=desk.now)
        return f"/sources?done=saved#source-{source_id}"

    try:
        answer = form.once(act)
    except RefusedError as error:
        if error.rule != "source_exists":
            raise
        said.faults["name"] = _("Sumber dengan nama atau alamat itu sudah ada.")
        return _settings(desk, before, said, status=422)
    ring(desk.deps, "collect", key=f"source:{source_id}", args={"source_id": source_id})
    return answer


@router.post("/{source_id}/test")
def try_source(form: Manages, source_id: SourceId) -> Response:
    """Look at a source as if it were new, as it is or as its form was filled in; its health stays as it is."""
    desk = form.desk
    with desk.deps.store.read() as tx:
        source = tx.sources.get(source_id)
    said = None
    draft = source.draft
    if source.platform not in platforms.LOCAL and "minutes" in {key for key, _value in form.fields}:
        said, draft = source_said.filled_in(form, source.platform, source)
        if said.faults:
            return _settings(desk, source, said, status=422)
    found = addresses.masked(desk.deps.look(draft))
    if said is not None:
        source_said.blame(said, found)
    return _shown(form, said, found, source)


def _change_local(form: Posted, before: Source) -> Response:
    """Its address is a file of the server, which the command line names; its name and interval are ours to set."""
    desk = form.desk
    said, draft = source_said.renamed(form, before)
    if said.faults:
        return _settings(desk, before, said, status=422)

    def act(tx: Tx) -> str:
        tx.sources.change(before.id, draft, version=form.number("version"), now=desk.now)
        noting.source(tx, "changed", before.id, actor=desk.signed.actor, now=desk.now)
        return f"/sources?done=saved#source-{before.id}"

    answer = form.once(act)
    ring(desk.deps, "collect", key=f"source:{before.id}", args={"source_id": before.id})
    return answer


def _platform(form: Posted) -> str:
    platform = form.get("platform", 40) or "feed"
    _refuse_local(platform)
    return platform


def _refuse_local(platform: str) -> None:
    if platform in platforms.LOCAL:
        raise InvalidError(_("Sumber jenis ini membaca berkas di server; operator menambahkannya dengan perintah."))


def _of(desk: Desk, source: Source) -> Said:
    try:
        return source_said.of_source(desk.deps, source)
    except CollectError:
        # Its library is gone: what was set is shown all the same.
        return source_said.without_form(source)


def _choose(desk: Desk, *, missing: str = "") -> Response:
    if not desk.may(Permission.MANAGE):
        raise ForbiddenError(_("Peran Anda tidak mencakup tindakan ini."))
    offered = platforms.offered(desk.deps)
    with desk.deps.store.read() as tx:
        return desk.page(tx, "source_choose.html", tab="sources", offered=offered, missing=missing)


def _form(desk: Desk, said: Said, *, status: int = 200) -> Response:
    if not desk.may(Permission.MANAGE):
        raise ForbiddenError(_("Peran Anda tidak mencakup tindakan ini."))
    with desk.deps.store.read() as tx:
        return desk.page(
            tx, "source_new.html", status, tab="sources", said=said, most_minutes=MOST_MINUTES, costs=cost_words
        )


def _settings(desk: Desk, source: Source, said: Said, *, status: int = 200) -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "source.html",
            status,
            tab="sources",
            source=source,
            said=said,
            address=addresses.shown(source.address),
            local=source.platform in platforms.LOCAL,
            removed=source.state is SourceState.REMOVED,
            purse=_purse(tx, source, desk),
            words=credential_words,
            costs=cost_words,
            most_minutes=MOST_MINUTES,
        )


def _purse(tx: Tx, source: Source, desk: Desk) -> Purse | None:
    """What is spent with its credential; None where its platform charges nothing, or nobody has said."""
    credential = tx.credentials.find(source.credential) if source.credential else None
    if credential is None:
        return None
    spent = admission.spent(tx, credential, desk.now)
    if not credential.budgets and not spent.month:
        return None
    return Purse(credential=credential, spent=spent, users=admission.users(tx).get(credential.id, ()))


def _shown(form: Posted, said: Said | None, found: Probe, source: Source | None = None) -> Response:
    desk = form.desk
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "source_test.html",
            tab="sources",
            said=said,
            query=said.query if said is not None else source.query if source is not None else "",
            found=found,
            source=source,
            shown=found.mentions[:_MOST_SHOWN],
            costs=cost_words,
            most_minutes=MOST_MINUTES,
        )
