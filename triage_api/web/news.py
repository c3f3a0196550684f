"""What an open queue asks every half-minute: how many came since, and who has what open. Short, and mostly a 304."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from sahut.core import viewing
from sahut.core.model import MentionState
from sahut.core.ports import Tx
from triage_api.fields import LARGEST_ID
from triage_api.tagging import tagged
from triage_api.web import filters, viewings
from triage_api.web.desk import AtDesk
from triage_api.web.languages import ngettext
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

MOST_NEW = 100
# Of those whom colleagues have open: more than there are colleagues.
_MOST_OPEN = 25


@router.get("/queue/news")
def news(desk: AtDesk, mark: Annotated[int, Query(ge=0, le=LARGEST_ID)]) -> Response:
    """``say`` for the bar, "" where nothing came; ``open``: who reads what, by mention."""
    asked = filters.read(desk.request.query_params, desk.deps.policy, desk.deps.areas)
    where = asked.where((MentionState.FLAGGED,), desk.deps.policy, desk.now)
    with desk.deps.store.read() as tx:
        new = tx.mentions.fresh(where, mark, cap=MOST_NEW + 1) if tx.mentions.mark() > mark else 0
        held = list(viewing.others(tx, desk.signed.user.id, desk.now).items())[:_MOST_OPEN]
    said = {"say": in_words(new), "open": {str(one): _reads(viewings.named(those)) for one, those in held}}
    return tagged(desk.request, json.dumps(said, ensure_ascii=False, separators=(",", ":")))


def address(said: Mapping[str, str], tx: Tx) -> str:
    """What a queue with these filters asks from now on."""
    return f"/queue/news{filters.address(said, mark=str(tx.mentions.mark()))[1:]}"


def in_words(new: int) -> str:
    """How many are new, for the bar; "" for none."""
    if not new:
        return ""
    said = f"{MOST_NEW}+" if new > MOST_NEW else str(new)
    return ngettext("%s sebutan baru", "%s sebutan baru", new) % said


def _reads(names: str) -> str:
    return _("%(names)s sedang membaca ini") % {"names": names}
