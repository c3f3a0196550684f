"""Staff's decisions as a labelled table: the columns of every other labelled set, and where each label came from."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from sahut.core import learning, personal
from sahut.core.cells import cell
from sahut.core.model import Decided, Label, Policy
from sahut.core.ports import Store

COLUMNS = (
    "text", "kind", "sentiment", "topic", "urgent", "complaint",
    "held_out", "source", "platform", "decision", "reason", "decided_at", "mention_id",
)  # fmt: skip
_PAGE = 1_000


def rows(
    store: Store, policy: Policy, *, source: str | None = None, since: datetime | None = None, masked: bool = False
) -> Iterator[dict[str, str]]:
    """One row for each decision that stands and labels its text, oldest first, as text by COLUMNS.

    A label that a decision does not give is empty; ``complaint`` (0 or 1) is given only where ``kind`` is not.
    ``masked`` hides NIK, telephone numbers and the like, for a table that leaves the house.
    ``held_out`` is 1 for texts that no training may see. The demonstration's invented posts teach nothing.
    """
    after = 0
    while True:
        with store.read() as tx:
            page = tx.decisions.standing(after=after, limit=_PAGE)
        for decided in page:
            said = learning.label(decided, policy)
            here = source in {None, decided.source_name} and (since is None or decided.at >= since)
            if said is not None and here and decided.text.strip():
                yield _row(decided, said, personal.mask(decided.text) if masked else decided.text)
        if len(page) < _PAGE:
            return
        after = page[-1].decision_id


def write(path: Path, found: Iterator[dict[str, str]]) -> Mapping[str, int]:
    """Write rows as CSV that no spreadsheet takes for formulas, readable by their owner alone: it holds people's posts.

    Returns how many there are of each label: ``complaint``, ``other``, ``not a complaint`` or ``topic only``.
    """
    counts: dict[str, int] = {}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)  # an older file of that name keeps its own mode otherwise
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS)
        table.writeheader()
        for row in found:
            table.writerow({name: cell(text) for name, text in row.items()})
            name = row["kind"] or ("not a complaint" if row["complaint"] else "topic only")
            counts[name] = counts.get(name, 0) + 1
    return counts


def _row(decided: Decided, said: Label, text: str) -> dict[str, str]:
    return {
        # One row is one line for every reader of the table; the cleaning folds white space anyway.
        "text": " ".join(text.split()),
        "kind": said.kind or "",
        "sentiment": said.sentiment or "",
        "topic": said.topic or "",
        "urgent": "",
        "complaint": "" if said.complaint is None else str(int(said.complaint)),
        "held_out": str(int(learning.held_out(decided.text))),
        "source": decided.source_name,
        "platform": decided.platform,
        "decision": decided.kind,
        "reason": decided.reason or "",
        "decided_at": decided.at.isoformat(),
        "mention_id": str(decided.mention_id),
    }
