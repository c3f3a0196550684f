"""The report on collecting: every source's last seven days, what is late, what was spent, and what to do."""

from __future__ import annotations

from fastapi import APIRouter, Response

from sahut.core import reporting, rules
from triage_api.web import credential_words
from triage_api.web.desk import AtDesk

router = APIRouter(prefix="/sources", include_in_schema=False)


@router.get("/report")
def report(desk: AtDesk) -> Response:
    """The worst off first."""
    with desk.deps.store.read() as tx:
        found = reporting.report(tx, desk.deps.policy, desk.now)
        return desk.page(
            tx,
            "source_report.html",
            tab="sources",
            report=found,
            silent={line.source.id: rules.silent_after(line.source, desk.deps.policy) for line in found.lines},
            words=credential_words,
        )
