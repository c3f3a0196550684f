"""What lets us into platforms, and what each platform wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from sahut.core import admission, forms, noting, purses, signing_in
from sahut.core.admission import NeedError
from sahut.core.errors import RefusedError
from sahut.core.model import Access, Credential, Guide
from sahut.core.ports import Member, Tx
from triage_api import platforms
from triage_api.deps import Deps, Now, Parts, SignedUser
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.routes._answers import problems
from triage_api.schemas.credentials import (
    CredentialAnswer,
    CredentialBody,
    CredentialChangeBody,
    CredentialList,
    MadeCredentialAnswer,
    OfferedAnswer,
    PlatformAnswer,
    PlatformList,
    ProofAnswer,
    RotateBody,
    SignInAnswer,
    SignInAnswerBody,
    SignInBody,
)
from triage_api.sign_ins import redirect_of, who_of
from triage_api.writes import IdempotencyKey, IfMatch, based_on, once, written

router = APIRouter(prefix="/api/v1", tags=["credentials"])
CredentialId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
PlatformName = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,40}$")]


@router.get("/platforms", response_model=PlatformList, responses=problems())
def list_platforms(deps: Parts) -> PlatformList:
    """Every platform that can be followed."""
    return PlatformList(
        items=[OfferedAnswer(platform=name, extra=extra) for name, extra in platforms.offered(deps).items()]
    )


@router.get("/platforms/{platform}", response_model=PlatformAnswer, responses=problems(404))
def show_platform(deps: Parts, platform: PlatformName) -> PlatformAnswer:
    """How to get into a platform, in which order, and what is filled in to follow a place there."""
    collector = platforms.collector(deps, platform)
    return PlatformAnswer.of(platform, collector.guide, forms.of(collector))


@router.get("/credentials", response_model=CredentialList, responses=problems())
def list_credentials(deps: Parts, now: Now) -> CredentialList:
    """Every credential with what it spent; never its secrets."""
    with deps.store.read() as tx:
        users = admission.users(tx)
        return CredentialList(
            items=[
                CredentialAnswer.of(one, admission.spent(tx, one, now), users.get(one.id, ()))
                for one in tx.credentials.all()
            ]
        )


@router.post("/credentials", status_code=201, response_model=MadeCredentialAnswer, responses=problems(409, 429))
def add_credential(
    request: Request, deps: Parts, signed: SignedUser, now: Now, body: CredentialBody, key: IdempotencyKey = None
) -> Response:
    """Keep a credential, sealed. Secrets that are ours to make come in this answer and never again."""
    member = _member(deps, body.platform)
    secrets = _secrets(member.guide, body.secrets)
    made = admission.made_secrets(member.guide)
    draft = body.draft_for(body.platform, _settings(member.guide, body.settings))
    access = admission.opened(draft, made | secrets)
    account = _proven(deps, member, access, now) if body.prove else ""

    def act(tx: Tx) -> BaseModel:
        one = admission.add(tx, draft, made | secrets, account, now, access=access, actor=signed.actor)
        return _made(tx, one, made, now)

    return once(request, deps, signed, now, key=key, body=body, act=act, secrets=("made",))


@router.get("/credentials/{credential_id}", response_model=CredentialAnswer, responses=problems(404))
def show_credential(deps: Parts, now: Now, credential_id: CredentialId) -> Response:
    """One credential; never its secrets."""
    with deps.store.read() as tx:
        return written(_answer(tx, tx.credentials.get(credential_id), now))


@router.put("/credentials/{credential_id}", response_model=CredentialAnswer, responses=problems(404, 409, 428))
def change_credential(
    deps: Parts,
    signed: SignedUser,
    now: Now,
    credential_id: CredentialId,
    body: CredentialChangeBody,
    if_match: IfMatch = None,
) -> Response:
    """Set its name, settings and budgets; the secrets stay, and with them the address that they go to."""
    version = based_on(if_match, body.version)
    with deps.store.read() as tx:
        before = tx.credentials.get(credential_id)
    settings = _settings(_member(deps, before.platform).guide, body.settings)
    try:
        admission.check_destination(before, settings)
    except NeedError as error:
        raise InvalidError(str(error), pointer=f"#/settings/{error.key}") from error
    with deps.store.begin() as tx:
        draft = body.draft_for(before.platform, settings)
        one = tx.credentials.change(credential_id, draft, None, version=version, now=now)
        noting.credential(tx, "changed", credential_id, now=now, actor=signed.actor)
        return written(_answer(tx, one, now))


@router.post("/credentials/{credential_id}/prove", response_model=ProofAnswer, responses=problems(404, 429))
def prove_credential(deps: Parts, now: Now, credential_id: CredentialId) -> ProofAnswer:
    """Make one live call with it; 422 and 503 say why the platform refused."""
    with deps.store.read() as tx:
        one = tx.credentials.get(credential_id)
    access = purses.opened(deps.store, credential_id, deps.clock)
    account = _proven(deps, _member(deps, one.platform), access, now)
    with deps.store.begin() as tx:
        tx.credentials.proven(credential_id, account, now)
    return ProofAnswer(account=account)


@router.post(
    "/credentials/{credential_id}/rotate",
    response_model=MadeCredentialAnswer,
    responses=problems(404, 409, 428, 429),
)
def rotate_credential(
    deps: Parts, signed: SignedUser, now: Now, credential_id: CredentialId, body: RotateBody, if_match: IfMatch = None
) -> Response:
    """Replace its secrets in place: its sources keep their places, and what was refused may try again."""
    version = based_on(if_match, body.version)
    with deps.store.read() as tx:
        before = tx.credentials.get(credential_id)
    member = _member(deps, before.platform)
    made = admission.made_secrets(member.guide)
    secrets = made | _secrets(member.guide, body.secrets)
    access = admission.opened(admission.draft_of(before), secrets)
    account = _proven(deps, member, access, now) if body.prove else ""
    with deps.store.begin() as tx:
        one = admission.rotate(
            tx, before, secrets, account, version=version, now=now, access=access, actor=signed.actor
        )
        return written(_made(tx, one, made, now))


@router.post("/credentials/{credential_id}/sign-in", response_model=SignInAnswer, responses=problems(404, 409))
def begin_sign_in(
    request: Request, deps: Parts, signed: SignedUser, now: Now, credential_id: CredentialId, body: SignInBody
) -> SignInAnswer:
    """Begin a sign-in by a browser: open ``address`` there, agree, and send where it ended to `…/sign-in/answer`."""
    with deps.store.read() as tx:
        one = tx.credentials.get(credential_id)
    member = signing_in.browser_member(platforms.collector(deps, one.platform))
    redirect = body.redirect or redirect_of(deps, request)
    offer = signing_in.begin(deps.store, member, credential_id, redirect, who=who_of(signed), clock=deps.clock)
    return SignInAnswer(address=offer.address, redirect=redirect, expires_at=now + signing_in.OPEN_FOR)


@router.post(
    "/credentials/{credential_id}/sign-in/answer", response_model=CredentialAnswer, responses=problems(404, 409, 429)
)
def end_sign_in(
    deps: Parts, signed: SignedUser, now: Now, credential_id: CredentialId, body: SignInAnswerBody
) -> Response:
    """End the sign-in that this session or key began, once and within a quarter of an hour."""
    code, state = signing_in.answer_in(body.address)
    with deps.gate.turn():
        signing_in.end(
            deps.store,
            lambda platform: platforms.collector(deps, platform),
            code,
            state,
            who=who_of(signed),
            clock=deps.clock,
            actor=signed.actor,
            only=credential_id,
        )
    with deps.store.read() as tx:
        return written(_answer(tx, tx.credentials.get(credential_id), now))


@router.delete("/credentials/{credential_id}", status_code=204, response_class=Response, responses=problems(404, 409))
def remove_credential(deps: Parts, signed: SignedUser, now: Now, credential_id: CredentialId) -> None:
    """Forget it; 409 names the sources that still use it."""
    with deps.store.begin() as tx:
        admission.remove(tx, credential_id)
        noting.credential(tx, "removed", credential_id, now=now, actor=signed.actor)


def _answer(tx: Tx, one: Credential, now: Now) -> CredentialAnswer:
    return CredentialAnswer.of(one, admission.spent(tx, one, now), admission.users(tx).get(one.id, ()))


def _made(tx: Tx, one: Credential, made: dict[str, str], now: Now) -> MadeCredentialAnswer:
    return MadeCredentialAnswer(**_answer(tx, one, now).model_dump(), made=made or None)


def _member(deps: Deps, platform: str) -> Member:
    try:
        return platforms.member(deps, platform)
    except RefusedError as error:
        raise InvalidError(str(error), pointer="#/platform") from error


def _settings(guide: Guide, given: Mapping[str, str]) -> dict[str, str]:
    try:
        return admission.settings_of(guide, given)
    except NeedError as error:
        raise InvalidError(str(error), pointer=f"#/settings/{error.key}") from error


def _secrets(guide: Guide, given: Mapping[str, str]) -> dict[str, str]:
    try:
        return admission.secrets_of(guide, given)
    except NeedError as error:
        raise InvalidError(str(error), pointer=f"#/secrets/{error.key}") from error


def _proven(deps: Deps, member: Member, access: Access, now: Now) -> str:
    with deps.gate.turn():
        return admission.prove(member, access, now)
