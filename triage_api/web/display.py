"""How the board looks to one browser: its language and theme, kept in cookies, for those not signed in too."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage_api import auth
from triage_api.deps import MaybeSigned, Parts
from triage_api.web import languages
from triage_api.web.desk import Fields, own_path
from triage_api.web.pages import THEME_COOKIE, THEMES

router = APIRouter(include_in_schema=False)

_KEPT = timedelta(days=400)  # the most that browsers keep a cookie


@router.post("/display")
def choose(request: Request, deps: Parts, signed: MaybeSigned, fields: Fields) -> Response:
    """Read on in another language or theme. Values that do not exist change nothing."""
    said = dict(fields)
    session = signed.session if signed else None
    auth.check_same_site(request, deps.settings, session, form_token=said.get("csrf", "")[:100])
    answer = RedirectResponse(own_path(said.get("back", "")), status_code=303)
    for field, cookie, known in (
        ("language", languages.COOKIE, tuple(languages.NAMES)),
        ("theme", THEME_COOKIE, THEMES),
    ):
        if said.get(field) in known:
            answer.set_cookie(
                cookie,
                said[field],
                max_age=round(_KEPT.total_seconds()),
                httponly=True,
                samesite="lax",
                secure=deps.settings.cookie_secure,
            )
    return answer
