"""What a route asks for: the parts, who is signed in, and that they may.

No dependency holds a transaction open: a sync dependency and its route each wait for a thread of the same pool, and a
writer that waits for a thread while every thread waits for the writer would stop the process. A route opens its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from sahut.core.areas import NOWHERE, AreaNames
from sahut.core.deadlines import Deadlines, NoHolidays
from sahut.core.erasing import ForgetExports
from sahut.core.model import Actor, Policy, Role
from sahut.core.outbox import Means
from sahut.core.ports import Clock, Collector, Holidays, Look, Price, Queue, Store
from sahut.core.scope import UnitStore
from sahut.core.sight import SeenStore, Sight
from triage_api import auth, permissions, second_factor
from triage_api.auth import Signed
from triage_api.errors import (
    ForbiddenError,
    MustChangeError,
    NotSignedInError,
    SecondFactorRequiredError,
    TooManyRequestsError,
)
from triage_api.looking import Gate
from triage_api.permissions import Permission
from triage_api.provider import Provider
from triage_api.settings import ApiSettings
from triage_api.throttle import Throttle

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The parts that `create_app` was given. ``platforms`` is name → the extra that brings its library, or "".

    For a request, readings of ``store`` come masked as its sender may see them (``sight``); ``bare`` is the same store
    without the masks, for what is worked out and never shown.
    """

    store: Store
    policy: Policy
    clock: Clock
    settings: ApiSettings
    look: Look
    price: Price
    queue: Queue | None = None
    collector_for: Callable[[str], Collector] | None = None
    means: Means = field(default_factory=Means)
    platforms: Mapping[str, str] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    areas: Callable[[], AreaNames] = lambda: NOWHERE
    holidays: Holidays = field(default_factory=NoHolidays)
    programs: Throttle = field(default_factory=lambda: Throttle(0))
    strangers: Throttle = field(default_factory=lambda: Throttle(0))
    sight: Sight = field(default_factory=Sight)
    unmasked: Store | None = None
    forget_exports: ForgetExports = lambda _ids: 0
    provider: Provider | None = None

    @property
    def bare(self) -> Store:
        """Without masks."""
        return self.unmasked or self.store

    @property
    def deadlines(self) -> Deadlines:
        """What the agency promises."""
        return Deadlines(self.policy, self.holidays)


def deps_of(request: Request) -> Deps:
    """The app's parts."""
    deps: Deps = request.app.state.deps
    return deps


# The parts without anybody's limits, to find out who asks.
AllParts = Annotated[Deps, Depends(deps_of)]


def now_of(deps: AllParts) -> datetime:
    """The present, once per request."""
    return deps.clock()


Now = Annotated[datetime, Depends(now_of)]


def signed_or_none(request: Request, deps: AllParts, now: Now) -> Signed | None:
    """Who asks, by bearer token or else by session cookie; None for nobody. A wrong token is nobody, cookie or not.

    Raises TooManyRequestsError for a token that asks too often, and for an address that tries wrong ones.
    """
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return auth.called_from(request, _program(deps, now, shown.strip(), auth.address_of(request)))
    cookie = request.cookies.get(deps.settings.cookie_name, "")
    quiet = permissions.is_quiet(request.method, getattr(request.scope.get("route"), "path", ""))
    return auth.called_from(request, auth.by_cookie(deps.store, deps.settings, now, cookie, quiet=quiet))


def _program(deps: Deps, now: datetime, shown: str, address: str) -> Signed | None:
    wait = deps.strangers.wait(address, now)
    signed = None if wait else auth.by_token(deps.store, now, shown)
    if signed is None:
        deps.strangers.take(address, now)
    else:
        wait = deps.programs.take(str(signed.actor.token_id), now)
    if wait:
        raise TooManyRequestsError(wait)
    return signed


MaybeSigned = Annotated[Signed | None, Depends(signed_or_none)]


def parts_for(deps: AllParts, signed: MaybeSigned) -> Deps:
    """The app's parts as far as who asks may reach and see.

    A unit officer's store holds their units' tickets alone; everybody's readings come masked.
    """
    role = None if signed is None else signed.user.role
    store: Store = deps.store if signed is None or role is not Role.UNIT else UnitStore(deps.store, signed.user.units)
    authors = role is not None and role not in deps.policy.privacy.authors_hidden_from
    sight = Sight(role=role, authors=authors, replies=deps.policy.replies)
    return replace(deps, store=SeenStore(store, sight), sight=sight, unmasked=store)


Parts = Annotated[Deps, Depends(parts_for)]


def authorize(request: Request, deps: AllParts, signed: MaybeSigned) -> None:
    """Let a request through to the route that the table grants it, and no other. Also keeps strange sites out.

    Raises NotSignedInError, MustChangeError, SecondFactorRequiredError, ForbiddenError, CrossSiteError.
    """
    permission = permissions.needed(request.method, getattr(request.scope.get("route"), "path", ""))
    if permission in {Permission.OPEN, Permission.SIGNED}:
        return
    if request.url.path == "/metrics" and deps.settings.open_metrics:
        return
    if signed is None:
        raise NotSignedInError
    if permission is None or not signed.may(permission):
        raise ForbiddenError(f"{signed.actor.name} ({signed.user.role}) may not do this")
    if signed.session is None:
        return
    if signed.must_change and permission is not Permission.OWN:
        raise MustChangeError("set a password of your own first")
    if permission is not Permission.OWN and second_factor.is_missing(deps.store, deps.policy, signed):
        raise SecondFactorRequiredError("set up a second factor first")
    if request.method not in auth.SAFE_METHODS:
        auth.check_same_site(request, deps.settings, signed.session)


def authorize_page(request: Request, signed: MaybeSigned) -> None:
    """As `authorize`, for the board's pages and forms: by the same table, and by a session alone.

    Who posted a form is checked where the form is read. Raises NotSignedInError, ForbiddenError, and HTTPException to
    send somebody who may not see the queue on to the page that they begin with.
    """
    path = getattr(request.scope.get("route"), "path", "")
    permission = permissions.needed(request.method, path)
    if permission is Permission.OPEN:
        return
    if signed is None or signed.session is None:
        raise NotSignedInError
    if permission is None:
        log.error("%s %s does not stand in the table of triage_api/permissions.py", request.method, path)
    elif signed.may(permission):
        return
    elif path == "/":
        raise HTTPException(303, headers={"Location": permissions.home(signed.user.role)})
    raise ForbiddenError(f"{signed.actor.name} ({signed.user.role}) may not do this")


def signed_in(signed: MaybeSigned) -> Signed:
    """Who asks. Raises NotSignedInError."""
    if signed is None:
        raise NotSignedInError
    return signed


SignedUser = Annotated[Signed, Depends(signed_in)]


def current_actor(signed: SignedUser) -> Actor:
    """Who acts. Raises NotSignedInError."""
    return signed.actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


def ring(deps: Deps, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
    """Ask for a job to run soon. Never fails: the row is the work, and a lost ring costs one tick of the scheduler."""
    if deps.queue is None:
        return
    try:
        deps.queue.ring(job, key=key, args=args)
    except Exception:
        log.warning("the ring for %s %s was lost", job, key, exc_info=True)
