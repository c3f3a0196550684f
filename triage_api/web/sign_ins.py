"""Signing Sahut in on a platform's own site: begun here, agreed to there, ended by the answer that the browser brings.

A form must not lead to another site, so the way there is a link of its own. The platform's code is good for half a
minute: its answer is taken as soon as the browser brings it. It changes nothing for anybody but who began it, in the
same session, and once.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse

from sahut.core import signing_in
from sahut.core.errors import CollectError, RefusedError
from sahut.core.model import Credential, Problem, SignInOffer
from triage_api import platforms
from triage_api.fields import LARGEST_ID
from triage_api.sign_ins import redirect_of, who_of
from triage_api.web.desk import AtDesk, Desk, Manages
from triage_api.web.words import _

router = APIRouter(prefix="/credentials", include_in_schema=False)

CredentialId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_LONGEST_ANSWER = 4_000


@router.get("/callback")
def come_back(desk: AtDesk) -> Response:
    """The platform's answer."""
    return _end(desk, str(desk.request.url.query))


@router.post("/callback")
def bring_back(form: Manages) -> Response:
    """The same, pasted: the browser that agreed did not get here."""
    return _end(form.desk, form.get("answer", _LONGEST_ANSWER))


@router.post("/{credential_id}/sign-in")
def begin(form: Manages, credential_id: CredentialId) -> Response:
    """Where to agree."""
    desk = form.desk
    with desk.deps.store.read() as tx:
        one = tx.credentials.get(credential_id)
    member = signing_in.browser_member(platforms.member(desk.deps, one.platform))
    try:
        offer = signing_in.begin(
            desk.deps.store,
            member,
            credential_id,
            redirect_of(desk.deps, desk.request),
            who=who_of(desk.signed),
            clock=desk.deps.clock,
        )
    except CollectError as error:
        return _page(desk, one, problem=error.problem, reason=str(error), status=422)
    return _page(desk, one, offer)


def _end(desk: Desk, said: str) -> Response:
    deps = desk.deps
    try:
        code, state = signing_in.answer_in(said)
        with deps.gate.turn():
            one = signing_in.end(
                deps.store,
                lambda platform: platforms.collector(deps, platform),
                code,
                state,
                who=who_of(desk.signed),
                clock=deps.clock,
                actor=desk.signed.actor,
            )
    except RefusedError as error:
        words = {
            "sign_in_denied": _("Anda atau platformnya membatalkan persetujuan. Tidak ada yang berubah."),
            "sign_in_state": _("Permintaan ini bukan dari sesi ini, sudah dipakai, atau terlalu lama. Mulai lagi."),
            "sign_in_answer": _("Alamat itu tidak memuat jawaban platform. Salin seluruh alamat dari peramban."),
        }
        if error.rule not in words:
            raise
        return _page(desk, None, told=words[error.rule], status=422)
    except CollectError as error:
        return _page(desk, None, problem=error.problem, reason=str(error), status=422)
    return RedirectResponse(f"/credentials/{one.id}?done=credential_signed_in", status_code=303)


def _page(
    desk: Desk,
    one: Credential | None,
    offer: SignInOffer | None = None,
    *,
    told: str = "",
    problem: Problem | None = None,
    reason: str = "",
    status: int = 200,
) -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "credential_sign_in.html",
            status,
            tab="sources",
            one=one,
            offer=offer,
            told=told,
            problem=problem,
            reason=reason,
        )
