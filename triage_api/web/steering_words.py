"""What an act changed beside the state of a mention, in words for its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sahut.core.model import Decision, DecisionKind
from triage_api.web import formats, words
from triage_api.web.words import _


def detail(of: Decision, units: Mapping[str, str]) -> str:
    """Until when it was put off, who has it, or what is right. ``units``: names by code."""
    if of.kind is DecisionKind.SNOOZED:
        return _("sampai %s") % formats.short_moment(datetime.fromisoformat(of.detail["until"]))
    to = of.detail.get("to", {})
    if of.kind is DecisionKind.ASSIGNED:
        who = [to["assignee"], units.get(to["unit"], to["unit"])]
        return ", ".join(one for one in who if one) or _("tidak ada lagi")
    return ", ".join(words.typed(name, to[name]) for name in ("kind", "sentiment", "topic") if name in to)
