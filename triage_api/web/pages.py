"""Templates: one environment, the words and formats that every page uses, and packed answers."""

from __future__ import annotations

import gzip
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sahut.core import model, personal
from triage_api.web import formats, hostile, languages, likely_words, marks, platform_words, steering_words, words
from triage_api.web.assets import asset_url

_TEMPLATES = Path(__file__).parent / "templates"
_PACK_FROM = 1_000
THEMES = ("system", "light", "dark")
THEME_COOKIE = "sahut_theme"
_ENUMS = (
    "Kind",
    "Sentiment",
    "Topic",
    "DismissReason",
    "MentionState",
    "TicketStatus",
    "Outcome",
    "Priority",
    "SourceCondition",
    "DecisionKind",
    "RevealPurpose",
    "Due",
    "TicketOrder",
)


@cache
def environment() -> Environment:
    """Autoescaped everywhere, without what hides or reorders text; a name that nobody set is an error, not nothing."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=hostile.shown,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's
        languages.gettext, languages.ngettext, newstyle=True
    )
    made.filters.update(
        label=words.label,
        platform=words.platform,
        said=platform_words.said,
        titled=platform_words.titled,
        place=words.place,
        masked=personal.mask,
        moment=formats.moment,
        short_moment=formats.short_moment,
        day_name=formats.day_name,
        number=formats.number,
        capped=formats.capped,
        percent=formats.percent,
        span=formats.span,
        plain=hostile.plain,
        line=hostile.line,
        linked=hostile.linked,
        web_address=hostile.web_address,
        host_of=hostile.host_of,
        iso_moment=lambda said: formats.moment(datetime.fromisoformat(said)),
    )
    made.globals.update({name: getattr(model, name) for name in _ENUMS})
    made.globals.update(
        asset_url=asset_url,
        shown=marks.shown,
        relative=formats.relative,
        problem_words=words.problem,
        platform_about=words.platform_about,
        change_words=words.change,
        detail_words=steering_words.detail,
        reasons=likely_words.reasons,
        refusal_words=words.refusal,
        caution_words=words.caution,
        language=languages.current,
        languages=languages.NAMES,
    )
    return made


def _theme(request: Request) -> str:
    """`light` or `dark` where somebody has chosen, else `system`."""
    found = request.cookies.get(THEME_COOKIE, "")
    return found if found in THEMES else "system"


def _again(request: Request) -> str:
    """Where to read the same page again; the first page, where a form led to it."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page as HTML, packed where the browser takes it."""
    told = {"theme": _theme(request), "read_again": _again(request), **context}
    body = environment().get_template(template).render(**told).encode("utf-8", "replace")
    headers = {"Vary": "Accept-Encoding, Cookie"}
    if len(body) >= _PACK_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=headers)
