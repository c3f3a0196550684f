"""The second factor of one's own account, for a browser's session."""

from __future__ import annotations

from fastapi import APIRouter, Response

from triage_api import one_time_codes, second_factor
from triage_api.deps import Parts, SignedUser
from triage_api.routes._answers import problems
from triage_api.schemas.second_factor import ProofBody, RecoveryCodesAnswer, SecondFactorAnswer, SetupAnswer

router = APIRouter(prefix="/api/v1/session/second-factor", tags=["session"])


@router.get("", response_model=SecondFactorAnswer, responses=problems())
def show(deps: Parts, signed: SignedUser) -> SecondFactorAnswer:
    """Whether it is on, and how many recovery codes are left."""
    with deps.store.read() as tx:
        factor = tx.second_factors.of(signed.user.id)
    return SecondFactorAnswer(
        on=factor is not None and factor.confirmed,
        required=signed.user.role in deps.policy.second_factor,
        recovery_codes_left=0 if factor is None else factor.codes_left,
    )


@router.post("", status_code=201, response_model=SetupAnswer, responses=problems(409))
def begin(deps: Parts, signed: SignedUser) -> SetupAnswer:
    """A fresh secret for the app; nothing is asked for until a first code confirms it, within a quarter of an hour."""
    made = second_factor.begin(deps.store, deps.clock, signed)
    return SetupAnswer(secret=made.secret, uri=one_time_codes.uri(made.secret, signed.user.username))


@router.post("/confirm", response_model=RecoveryCodesAnswer, responses=problems(409, 429))
def confirm(deps: Parts, signed: SignedUser, body: ProofBody) -> RecoveryCodesAnswer:
    """Switch it on with a first code; every other session of the account ends."""
    made = second_factor.confirm(deps.store, deps.settings, deps.clock, signed, password=body.password, code=body.code)
    return RecoveryCodesAnswer(recovery_codes=made)


@router.post("/off", status_code=204, responses=problems(409, 429), response_class=Response)
def turn_off(deps: Parts, signed: SignedUser, body: ProofBody) -> None:
    """Give it up."""
    second_factor.turn_off(deps.store, deps.settings, deps.clock, signed, password=body.password, code=body.code)


@router.post("/recovery-codes", response_model=RecoveryCodesAnswer, responses=problems(409, 429))
def renew_codes(deps: Parts, signed: SignedUser, body: ProofBody) -> RecoveryCodesAnswer:
    """Ten other recovery codes; the earlier ones no longer work."""
    made = second_factor.renew_codes(
        deps.store, deps.settings, deps.clock, signed, password=body.password, code=body.code
    )
    return RecoveryCodesAnswer(recovery_codes=made)
