"""Passwords, sessions, tokens: who is asking, and whether a browser was tricked into asking.

Secrets are random 256-bit values; the store has only their SHA-256, which is enough for values that nobody can guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import Request

from sahut.core import people
from sahut.core.errors import NotFoundError
from sahut.core.model import Actor, AuditAct, AuditDraft, MentionRecord, Proof, Role, SecondFactor, Session, User
from sahut.core.ports import Accounts, Clock, Store, Tx
from triage_api import one_time_codes, permissions
from triage_api.errors import (
    ApiError,
    BadCodeError,
    BadCredentialsError,
    CrossSiteError,
    ForbiddenError,
    InvalidError,
    SecondFactorNeededError,
    TooManyAttemptsError,
)
from triage_api.permissions import Permission
from triage_api.settings import ApiSettings

# OWASP's second choice for argon2id (19 MiB, two passes): four at a time stay well within the process's memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = BoundedSemaphore(4)
# What an unknown user's password is compared with, so that it takes as long as a known one's.
_NOBODY = _HASHER.hash(secrets.token_hex(16))
NO_PASSWORD = "!"  # noqa: S105 - a hash that no password has, for an account whose holder has not come yet

# No 0/O, 1/l/I: a one-time password is read off a terminal.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
TOKEN_PREFIX = "sahut_"  # noqa: S105 - how a token begins, so that scanners for leaked secrets find it
# A row is written at most this often for "last used", so that reading stays reading.
_TOUCH_EVERY = timedelta(minutes=1)
# How long after the password the code may come.
CHALLENGE_LASTS = timedelta(minutes=5)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LEAST_PASSWORD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who sent a request: by ``session`` (a browser), or by a token (then it is None).

    ``scopes`` is what a token was given; None for a session, which has all that the role grants.
    """

    user: User
    actor: Actor
    session: Session | None = None
    scopes: frozenset[str] | None = None

    @property
    def must_change(self) -> bool:
        """Whether a one-time password let them in, so that an own one is due. A provider's word needs none."""
        return self.user.must_change and self.session is not None and self.session.proof is Proof.PASSWORD

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it at this time and, of a token, whether it was given it."""
        return permissions.may(self.user.role, permission) and (self.scopes is None or permission in self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh sign-in. ``cookie`` is the secret value, which is nowhere else."""

    user: User
    session: Session
    cookie: str


def hash_password(password: str) -> str:
    """argon2id's encoded form."""
    with _AT_ONCE:
        return _HASHER.hash(_octets(password))


def verify_password(password_hash: str, password: str) -> bool:
    """Whether it is the password; as slow for a wrong one."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash, _octets(password))
        except (VerificationError, InvalidHashError):
            return False


def new_one_time_password() -> str:
    """Sixteen characters in fours, 79 bits, easy to read off a terminal."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def new_token() -> tuple[str, str]:
    """A program's key: (what to show once, what to store)."""
    shown = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return shown, hash_secret(shown)


def hash_secret(secret: str) -> str:
    """SHA-256 in hex of a session's or token's value."""
    return hashlib.sha256(_octets(secret)).hexdigest()


def sign_in(
    store: Store,
    settings: ApiSettings,
    clock: Clock,
    *,
    username: str,
    password: str,
    address: str,
    device: str = "",
    cookie: str = "",
    code: str = "",
) -> SignedIn:
    """Check the password and open a session; the one under ``cookie`` ends, so that none can be planted beforehand.

    An account with a second factor needs ``code`` as well. Without it a right password opens nothing: it raises
    SecondFactorNeededError with a challenge, which triage_api/second_factor.py's `finish` takes. Raises
    BadCredentialsError, BadCodeError, TooManyAttemptsError (also for a right password while the limit stands).
    """
    with store.read() as tx:
        user = tx.accounts.user_named(username)
        check_attempts(tx.accounts, settings, username, address, clock())
    usable = user is not None and user.active and user.password_hash != NO_PASSWORD
    known = user.password_hash if user is not None and usable else _NOBODY
    right = verify_password(known, password) and known is not _NOBODY
    renewed = hash_password(password) if right and _HASHER.check_needs_rehash(known) else ""
    now = clock()
    refused: ApiError | None = None
    with store.begin() as tx:
        # Again, in the order of the writers: a burst of guesses in parallel gets no more answers than a slow one.
        tx.accounts.queue_up(username)
        check_attempts(tx.accounts, settings, username, address, now)
        # The password may have been reset while the given one was compared with the old.
        present = None if user is None else tx.accounts.user(user.id)
        stands = present is not None and present.active and present.password_hash == known
        if user is None or not right or not stands:
            tx.accounts.count_failed_login(username, address, now)
            note(tx, AuditAct.SIGN_IN_FAILED, user, now, address, by_name=True)
            refused = BadCredentialsError()
        else:
            if renewed:
                tx.accounts.set_password(user.id, renewed, must_change=user.must_change)
            refused = _second_step(tx, user, code, now, address)
        if refused is None and present is not None:
            if cookie:
                tx.accounts.end_session(hash_secret(cookie))
            # As renewed above, if at all, its sessions have just ended: the generation is the present one.
            signed = open_session(tx.accounts.user(present.id) if renewed else present, settings, now, address, device)
            tx.accounts.add_session(signed.session)
            note(tx, AuditAct.SIGN_IN, user, now, address)
    if refused is not None:
        raise refused
    return signed


def _second_step(tx: Tx, user: User, code: str, now: datetime, address: str) -> ApiError | None:
    """Why a right password is not enough; None where it is, or where the code is right as well."""
    factor = tx.second_factors.of(user.id)
    if factor is None or not factor.confirmed:
        return None
    if not code:
        challenge = secrets.token_urlsafe(32)
        tx.second_factors.challenge(user.id, hash_secret(challenge), now=now, expires_at=now + CHALLENGE_LASTS)
        return SecondFactorNeededError(challenge)
    return None if use_code(tx, user, factor, code, now, address) else BadCodeError()


def use_code(
    tx: Tx, user: User, factor: SecondFactor, code: str, now: datetime, address: str, *, recovery: bool = True
) -> bool:
    """Use a code of the second factor up; a wrong one counts as a wrong password does. What happened is noted."""
    used = one_time_codes.accept(tx, factor, code, now, recovery=recovery)
    if not used:
        tx.accounts.count_failed_login(user.username, address, now)
        note(tx, AuditAct.SIGN_IN_FAILED, user, now, address, by_name=True, what="second_factor")
    elif used == "recovery_code":
        note(tx, AuditAct.ACCOUNT, user, now, address, what="recovery_code_used")
    return bool(used)


def change_password(
    store: Store,
    settings: ApiSettings,
    clock: Clock,
    *,
    user: User,
    current: str,
    new: str,
    address: str,
    device: str = "",
) -> SignedIn:
    """Set a password of one's own; every session of the account ends and a new one opens. Raises as `sign_in`."""
    with store.read() as tx:
        check_attempts(tx.accounts, settings, user.username, address, clock())
    right = verify_password(user.password_hash, current)
    now = clock()
    made = hash_password(new) if right else ""
    with store.begin() as tx:
        tx.accounts.queue_up(user.username)
        check_attempts(tx.accounts, settings, user.username, address, now)
        present = tx.accounts.user(user.id)
        # It may have been reset, or the account closed, while the given one was compared.
        right = right and present.active and present.password_hash == user.password_hash
        if right:
            tx.accounts.set_password(user.id, made, must_change=False)
            signed = open_session(tx.accounts.user(user.id), settings, now, address, device)
            tx.accounts.add_session(signed.session)
            note(tx, AuditAct.PASSWORD, user, now, address)
        else:
            tx.accounts.count_failed_login(user.username, address, now)
            note(tx, AuditAct.SIGN_IN_FAILED, user, now, address)
    if not right:
        raise BadCredentialsError
    return signed


def accept_invitation(
    store: Store, settings: ApiSettings, clock: Clock, *, token: str, password: str, address: str, device: str
) -> SignedIn:
    """Use an invitation with a password of one's own. Raises RefusedError(rule="invitation_over")."""
    now = clock()
    with store.read() as tx:
        known = tx.invitations.open_until(hash_secret(token), now) is not None
    # A hash costs as much as a sign-in: none is made for a guess.
    made = hash_password(password) if known else ""
    with store.begin() as tx:
        user = people.accept(tx, hash_secret(token), made, now=now)
        signed = open_session(user, settings, now, address, device)
        tx.accounts.add_session(signed.session)
        note(tx, AuditAct.SIGN_IN, user, now, address)
    return signed


def sign_out(store: Store, clock: Clock, signed: Signed) -> None:
    """End the session; a token has none and stays valid."""
    if signed.session is None:
        return
    with store.begin() as tx:
        tx.accounts.end_session(signed.session.token_hash)
        note(tx, AuditAct.SIGN_OUT, signed.user, clock(), signed.actor.address)


def end_own_session(store: Store, clock: Clock, signed: Signed, handle: str) -> None:
    """End one of one's own sessions, by its handle. Raises NotFoundError, also for another's; InvalidError."""
    check_browser(signed)
    with store.begin() as tx:
        mine = [one for one in tx.accounts.sessions_of(signed.user.id) if one.handle == handle]
        if not mine:
            raise NotFoundError("session", handle)
        tx.accounts.end_session(mine[0].token_hash)
        people.note(tx, signed.user, "session_ended", signed.actor, clock())


def end_other_sessions(store: Store, clock: Clock, signed: Signed) -> int:
    """Sign out everywhere but here; how many sessions there were. Raises InvalidError for a token."""
    check_browser(signed)
    kept = signed.session.token_hash if signed.session is not None else ""
    with store.begin() as tx:
        ended = tx.accounts.end_sessions(signed.user.id, but=kept)
        people.note(tx, signed.user, "sessions_ended", signed.actor, clock(), count=ended)
    return ended


def check_browser(signed: Signed) -> None:
    """Raise InvalidError for a token: whoever finds one must not sign its holder out, nor learn where they sit."""
    if signed.session is None:
        raise InvalidError("a token has no session; sign in for that")


def check_readable(signed: Signed, record: MentionRecord) -> None:
    """Raise NotFoundError for a mention that is no ticket's, asked for by a key of cases; for any, by one of neither.

    Cases are tickets and their mentions. A role that does not read all has a store that is limited already.
    """
    if signed.scopes is None or signed.may(Permission.READ):
        return
    limited = not permissions.may(signed.user.role, Permission.READ)
    if not signed.may(Permission.CASES) or (record.ticket_id is None and not limited):
        raise NotFoundError("mention", record.id)


def check_grants(signed: Signed, *roles: Role) -> None:
    """Raise ForbiddenError where a program would open more than it was given: what these roles grant.

    A link, a one-time password or another role in a program's hand is an account of that role.
    """
    if signed.scopes is None:
        return
    for role in roles:
        beyond = sorted(set(permissions.scopes_of(role)) - signed.scopes)
        if beyond:
            raise ForbiddenError(f"the role {role} grants {', '.join(beyond)}, which this program was not given")


def device_of(request: Request) -> str:
    """What the browser says it is, shortened: for its owner to recognise it by."""
    return request.headers.get("user-agent", "")[:200]


def by_cookie(store: Store, settings: ApiSettings, now: datetime, cookie: str, *, quiet: bool = False) -> Signed | None:
    """Who holds this session; None when it ended, idled out, or its account was closed.

    ``quiet`` is a page that asks by itself: that somebody left it open does not keep the session from idling out.
    """
    if not cookie:
        return None
    with store.read() as tx:
        session = tx.accounts.session(hash_secret(cookie))
        if session is None or now >= session.expires_at or now - session.seen_at >= settings.session_idle:
            return None
        user = tx.accounts.user(session.user_id)
    if not user.active:
        return None
    if not quiet and now - session.seen_at >= _TOUCH_EVERY:
        with store.begin() as tx:
            tx.accounts.touch_session(session.token_hash, now)
        session = replace(session, seen_at=now)
    return Signed(user=user, actor=actor_of(user), session=session)


def by_token(store: Store, now: datetime, shown: str) -> Signed | None:
    """Whose program this is; None for a token unknown, revoked, expired, or of a closed account."""
    with store.read() as tx:
        token = tx.accounts.token(hash_secret(shown))
        if token is None or token.over(now):
            return None
        user = tx.accounts.user(token.user_id)
    if not user.active:
        return None
    if token.used_at is None or now - token.used_at >= _TOUCH_EVERY:
        with store.begin() as tx:
            tx.accounts.touch_token(token.id, now)
    name = f"{user.name} ({token.name})"
    actor = Actor(user_id=user.id, name=name, role=user.role, token_id=token.id)
    return Signed(user=user, actor=actor, scopes=frozenset(token.scopes))


def called_from(request: Request, signed: Signed | None) -> Signed | None:
    """Whoever it is, with the address that the request came from, which the audit log notes."""
    if signed is None:
        return None
    return replace(signed, actor=replace(signed.actor, address=address_of(request)))


def check_same_site(request: Request, settings: ApiSettings, session: Session | None, *, form_token: str = "") -> None:
    """Raise CrossSiteError unless an unsafe request surely comes from a page of ours.

    The browser's own word (Sec-Fetch-Site, Origin) refuses first; then the session's token, in the header X-CSRF-Token
    or a form's hidden field, or else that same word, must vouch. Without a session (a sign-in) silence is enough: no
    browser that keeps cookies leaves both headers out across sites.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    # The public name, for a proxy that rewrites Host; and Host itself, which a browser's page cannot choose.
    own = {urlsplit(settings.base_url).netloc.lower(), request.headers.get("host", "").lower()} - {""}
    same_origin = _netloc(origin) in own
    if site in {"cross-site", "same-site"} or (origin and not same_origin):
        raise CrossSiteError("this was sent from another site; open the page here and try again")
    token = form_token or request.headers.get("x-csrf-token", "")
    if session is None or site == "same-origin" or same_origin:
        return
    if not hmac.compare_digest(_octets(token), _octets(session.csrf)):
        raise CrossSiteError("send the session's csrf value in the header X-CSRF-Token")


def actor_of(user: User) -> Actor:
    """The account as one who acts."""
    return Actor(user_id=user.id, name=user.name, role=user.role)


def address_of(request: Request) -> str:
    """Where the request came from, as the server (told by --proxy-headers of a trusted proxy) knows it."""
    return request.client.host if request.client else ""


def note(
    tx: Tx, act: AuditAct, user: User | None, now: datetime, address: str, *, by_name: bool = False, what: str = ""
) -> None:
    """A line of the audit log. What was typed for a name that nobody has may be a password: it is not kept."""
    key = "" if user is None else str(user.id)
    actor = None if user is None or by_name else actor_of(user)
    name = user.username if user is not None and by_name else ""
    detail = {"what": what} if what else {}
    tx.audit.add(
        AuditDraft(act=act, at=now, actor=actor, name=name, kind="user", key=key, address=address, detail=detail)
    )


def open_session(
    user: User,
    settings: ApiSettings,
    now: datetime,
    address: str = "",
    device: str = "",
    proof: Proof = Proof.PASSWORD,
) -> SignedIn:
    """A fresh sign-in, to be kept by the caller."""
    cookie = secrets.token_urlsafe(32)
    session = Session(
        token_hash=hash_secret(cookie),
        user_id=user.id,
        csrf=secrets.token_urlsafe(32),
        created_at=now,
        seen_at=now,
        expires_at=now + settings.session_lifetime,
        address=address,
        device=device,
        generation=user.generation,
        proof=proof,
    )
    return SignedIn(user=user, session=session, cookie=cookie)


def check_attempts(accounts: Accounts, settings: ApiSettings, username: str, address: str, now: datetime) -> None:
    """Raise TooManyAttemptsError where the name or the address has had too many wrong passwords and codes."""
    since = now - settings.failed_window
    # The port counts by name or by address, whichever are more: an empty one counts nothing.
    by_name = accounts.failed_logins(username, "", since)
    by_address = accounts.failed_logins("", address, since)
    if by_name >= settings.failed_per_account or by_address >= settings.failed_per_address:
        minutes = round(settings.failed_window / timedelta(minutes=1))
        raise TooManyAttemptsError(
            f"too many wrong passwords; try again in {minutes} minutes",
            headers={"Retry-After": str(round(settings.failed_window.total_seconds()))},
        )


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "replace")
