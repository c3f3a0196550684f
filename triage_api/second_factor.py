"""The second factor: set up, asked for when signing in, given up. Codes are used up in the transaction they open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sahut.core import identities, people
from sahut.core.errors import RefusedError
from sahut.core.identities import Somebody
from sahut.core.model import AuditAct, Policy, Proof, ProviderPolicy, SecondFactor, User
from sahut.core.ports import Clock, Store, Tx
from triage_api import auth, one_time_codes
from triage_api.auth import Signed, SignedIn
from triage_api.errors import ApiError, BadCodeError, BadCredentialsError, NotSignedInError
from triage_api.settings import ApiSettings

# How long a secret may wait for its first code: one that somebody saw on a forgotten page is worth nothing later.
SETUP_LASTS = timedelta(minutes=15)


def is_missing(store: Store, policy: Policy, signed: Signed) -> bool:
    """Whether the policy wants one of this browser's user and there is none. Programs have their key alone."""
    if signed.session is None or signed.user.role not in policy.second_factor:
        return False
    if signed.session.proof is Proof.PROVIDER_MFA:
        return False
    with store.read() as tx:
        return not tx.second_factors.is_on(signed.user.id)


def waiting(factor: SecondFactor | None, now: datetime) -> SecondFactor | None:
    """The one that waits for its first code, unless that has taken too long."""
    if factor is None or factor.confirmed or now - factor.created_at >= SETUP_LASTS:
        return None
    return factor


def finish(
    store: Store,
    settings: ApiSettings,
    clock: Clock,
    policy: ProviderPolicy,
    *,
    challenge: str,
    code: str,
    address: str,
    device: str = "",
    cookie: str = "",
) -> SignedIn:
    """The second step of signing in: open the session that the password alone did not; the one under ``cookie`` ends.

    What an identity provider told (``policy`` says what it counts for) takes effect now that the code is right, and not
    before. Raises NotSignedInError for a challenge that is over, BadCodeError, TooManyAttemptsError, and RefusedError
    as `sahut.core.identities.account_of`.
    """
    token_hash, now = auth.hash_secret(challenge), clock()
    right = False
    with store.begin() as tx:
        user_id = tx.second_factors.challenged(token_hash, now)
        user = None if user_id is None else tx.accounts.user(user_id)
        factor = None if user is None else tx.second_factors.of(user.id)
        if user is None or not user.active or factor is None or not factor.confirmed:
            raise NotSignedInError("this sign-in took too long; begin again")
        tx.accounts.queue_up(user.username)
        auth.check_attempts(tx.accounts, settings, user.username, address, now)
        if auth.use_code(tx, user, factor, code, now, address):
            right = True
            proof, told = tx.second_factors.given(token_hash)
            if not tx.second_factors.end_challenge(token_hash, now):
                raise NotSignedInError("this sign-in has been finished")
            if cookie:
                tx.accounts.end_session(auth.hash_secret(cookie))
            if told:
                user, _identity = identities.account_of(
                    tx, Somebody.of(told), policy, no_password=auth.NO_PASSWORD, now=now, only=user.id
                )
            signed = auth.open_session(user, settings, now, address, device, proof)
            tx.accounts.add_session(signed.session)
            auth.note(tx, AuditAct.SIGN_IN, user, now, address, what="second_factor")
    if not right:
        raise BadCodeError
    return signed


def begin(store: Store, clock: Clock, signed: Signed) -> SecondFactor:
    """A fresh secret, to be confirmed by a first code. Raises RefusedError(rule="second_factor_on")."""
    auth.check_browser(signed)
    secret, now = one_time_codes.new_secret(), clock()
    with store.begin() as tx:
        tx.second_factors.begin(signed.user.id, secret, now)
        people.note(tx, signed.user, "second_factor_begun", signed.actor, now)
    return SecondFactor(user_id=signed.user.id, secret=secret, confirmed=False, created_at=now)


def confirm(
    store: Store, settings: ApiSettings, clock: Clock, signed: Signed, *, password: str, code: str
) -> list[str]:
    """Switch it on with a first code; every other session ends. The recovery codes, which are nowhere else.

    Raises BadCredentialsError, BadCodeError, TooManyAttemptsError, RefusedError(rule="second_factor_on"), and
    (rule="second_factor_off") where nothing was begun.
    """
    made = one_time_codes.new_recovery_codes()

    def act(tx: Tx, now: datetime) -> None:
        if not tx.second_factors.confirm(signed.user.id):
            raise RefusedError("the account has a second factor", rule="second_factor_on")
        _keep(tx, signed.user, made)
        kept = signed.session.token_hash if signed.session is not None else ""
        tx.accounts.end_sessions(signed.user.id, but=kept)
        people.note(tx, signed.user, "second_factor_on", signed.actor, now)

    _prove(store, settings, clock, signed, password=password, code=code, confirmed=False, act=act)
    return made


def renew_codes(
    store: Store, settings: ApiSettings, clock: Clock, signed: Signed, *, password: str, code: str
) -> list[str]:
    """Ten other recovery codes; the earlier ones no longer work. Raises as `turn_off`."""
    made = one_time_codes.new_recovery_codes()

    def act(tx: Tx, now: datetime) -> None:
        _keep(tx, signed.user, made)
        people.note(tx, signed.user, "recovery_codes_renewed", signed.actor, now)

    _prove(store, settings, clock, signed, password=password, code=code, confirmed=True, act=act)
    return made


def turn_off(store: Store, settings: ApiSettings, clock: Clock, signed: Signed, *, password: str, code: str) -> None:
    """Give it up. ``code`` may be a recovery code.

    Raises BadCredentialsError, BadCodeError, TooManyAttemptsError, RefusedError(rule="second_factor_off").
    """

    def act(tx: Tx, now: datetime) -> None:
        tx.second_factors.drop(signed.user.id)
        people.note(tx, signed.user, "second_factor_off", signed.actor, now)

    _prove(store, settings, clock, signed, password=password, code=code, confirmed=True, act=act)


def _prove(
    store: Store,
    settings: ApiSettings,
    clock: Clock,
    signed: Signed,
    *,
    password: str,
    code: str,
    confirmed: bool,
    act: Callable[[Tx, datetime], None],
) -> None:
    """Do ``act`` for whoever gives the password and a code; a wrong one counts as when signing in."""
    auth.check_browser(signed)
    user, address = signed.user, signed.actor.address
    with store.read() as tx:
        auth.check_attempts(tx.accounts, settings, user.username, address, clock())
    # Who came by a provider's word and has no password proves it by the code alone.
    none = user.password_hash == auth.NO_PASSWORD and signed.session is not None
    right = none or auth.verify_password(user.password_hash, password)
    now = clock()
    refused: ApiError | None = None
    with store.begin() as tx:
        tx.accounts.queue_up(user.username)
        auth.check_attempts(tx.accounts, settings, user.username, address, now)
        factor = tx.second_factors.of(user.id)
        if factor is not None and factor.confirmed and not confirmed:
            raise RefusedError("the account has a second factor", rule="second_factor_on")
        if not confirmed:
            factor = waiting(factor, now)
        if factor is None or factor.confirmed is not confirmed:
            raise RefusedError("the account has no second factor", rule="second_factor_off")
        if not right or tx.accounts.user(user.id).password_hash != user.password_hash:
            tx.accounts.count_failed_login(user.username, address, now)
            auth.note(tx, AuditAct.SIGN_IN_FAILED, user, now, address)
            refused = BadCredentialsError()
        elif not auth.use_code(tx, user, factor, code, now, address, recovery=confirmed):
            refused = BadCodeError()
        else:
            act(tx, now)
    if refused is not None:
        raise refused


def _keep(tx: Tx, user: User, codes: list[str]) -> None:
    tx.second_factors.set_recovery_codes(user.id, [one_time_codes.hash_recovery_code(user.id, one) for one in codes])
