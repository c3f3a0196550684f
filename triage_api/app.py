"""The web app: the JSON API and the board, made of the parts that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from sahut.core.areas import NOWHERE, AreaNames
from sahut.core.deadlines import NoHolidays
from sahut.core.erasing import ForgetExports
from sahut.core.model import Policy
from sahut.core.outbox import Means
from sahut.core.ports import Clock, Collector, Holidays, Look, Price, Queue, Store
from triage_api import document, errors
from triage_api.deps import Deps, authorize
from triage_api.hardening import BodyLimit, SecurityHeaders
from triage_api.looking import Gate, Looks
from triage_api.metrics import MeasureRequests, Metrics
from triage_api.provider import Provider
from triage_api.routes import ROUTERS
from triage_api.settings import ApiSettings
from triage_api.throttle import Throttle
from triage_api.web import routes as board
from triage_api.web.languages import Languages

__all__ = ["ApiSettings", "create_app"]

# The only ones that take files.
UPLOADS = ("/imports", "/api/v1/imports")


def create_app(
    *,
    store: Store,
    policy: Policy,
    clock: Clock,
    settings: ApiSettings | None = None,
    queue: Queue | None = None,
    collector_for: Callable[[str], Collector] | None = None,
    look: Look | None = None,
    price: Price | None = None,
    means: Means | None = None,
    platforms: Mapping[str, str] | None = None,
    areas: Callable[[], AreaNames] = lambda: NOWHERE,
    holidays: Holidays | None = None,
    forget_exports: ForgetExports = lambda _ids: 0,
) -> FastAPI:
    """An app of its own: two in one process share nothing.

    ``queue`` is rung after what machines should work on; ``look`` reads the first page of a place that somebody tests,
    ``price`` tells what following it will cost;
    ``means`` say who answers on which platform, nobody where left out; ``platforms`` is what can be followed, each
    with the extra that brings its library, or ""; ``areas`` gives the names that a filter offers;
    ``holidays`` are those that deadlines skip, none where left out;
    ``forget_exports`` takes an erased person's mentions out of tables on disk.
    """
    chosen = settings or ApiSettings()
    gate = Gate()
    deps = Deps(
        store=store,
        policy=policy,
        clock=clock,
        settings=chosen,
        look=Looks(look, gate),
        price=Looks(price, gate),
        queue=queue,
        collector_for=collector_for,
        means=means or Means(),
        platforms=platforms or {},
        gate=gate,
        areas=areas,
        holidays=holidays or NoHolidays(),
        forget_exports=forget_exports,
        programs=Throttle(chosen.token_per_minute),
        strangers=Throttle(chosen.wrong_token_per_minute),
        provider=None if chosen.provider is None else Provider(chosen.provider),
    )
    app = FastAPI(
        title="Sahut",
        summary="Mentions, decisions, tickets and sources",
        version="1",
        openapi_url=None,  # served by a route of ours: nothing but health is open
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.deps = deps
    app.state.metrics = Metrics(store, clock, deps.deadlines)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(authorize)])
    board.mount(app, deps)
    errors.install(app)
    document.install(app, cookie_name=chosen.cookie_name)
    # Added last is outermost.
    app.add_middleware(Languages)
    app.add_middleware(
        BodyLimit,
        most=chosen.max_body,
        seconds=chosen.body_seconds,
        uploads=dict.fromkeys(UPLOADS, (chosen.max_upload, chosen.upload_seconds)),
        refuse=lambda request, detail: errors.problem(request, 413, "content_too_large", detail),
    )
    if chosen.allowed_hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(chosen.allowed_hosts))
    app.add_middleware(MeasureRequests, metrics=app.state.metrics)
    app.add_middleware(SecurityHeaders, tls=chosen.cookie_secure)
    return app
