"""A sample of what was filed, to check for misses, and how much is missed by it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sahut.core import checking
from sahut.core.model import MentionRecord
from sahut.core.ports import Tx
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.web.desk import AtDesk, Decides, Desk, with_flash
from triage_api.web.words import _

router = APIRouter(prefix="/check", include_in_schema=False)

MentionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_PAGE = 10


@router.get("")
def page(desk: AtDesk) -> Response:
    """Whose turn it is, and the estimate so far."""
    since, until = checking.window(desk.now)
    with desk.deps.store.read() as tx:
        tally = tx.checks.tally(since, until)
        return desk.page(
            tx,
            "check.html",
            tab="queue",
            records=_turn(desk, tx),
            tally=tally,
            estimate=checking.estimate(tally),
            missing=checking.still_to_check(tally),
            names=[_("Pasti bukan"), _("Agaknya bukan"), _("Paling tidak pasti")],
            may_check=desk.may(Permission.DECIDE),
            urgent_from=desk.deps.policy.urgent_threshold,
        )


def _turn(desk: Desk, tx: Tx) -> list[MentionRecord]:
    """The next ones, mixed: who sees them in strata reads the last ones less well."""
    since, until = checking.window(desk.now)
    by_stratum = [tx.checks.turn(since, until, at, _PAGE) for at in range(len(checking.SHARES))]
    given = checking.shares([len(ids) for ids in by_stratum], _PAGE)
    ids = [one for ids, many in zip(by_stratum, given, strict=True) for one in ids[:many]]
    return [tx.mentions.get(one) for one in sorted(ids, key=checking.lot)]


@router.post("/{mention_id}")
def check(form: Decides, mention_id: MentionId) -> Response:
    """A complaint, which goes into the queue, or none."""
    said = form.get("is", 20)
    if said not in {"complaint", "none"}:
        raise InvalidError(_("Isian angka tidak dapat dibaca."))

    def act(tx: Tx) -> str:
        made = checking.check(
            tx,
            (mention_id, form.number("version")),
            complaint=said == "complaint",
            policy=form.desk.deps.policy,
            actor=form.desk.signed.actor,
            now=form.desk.now,
        )
        return with_flash("/check", f"did={made[0].id}")

    return form.once(act)
