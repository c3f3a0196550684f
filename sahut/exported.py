"""Tables on disk that hold mentions: a person who is erased goes from these too."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Collection
from pathlib import Path

log = logging.getLogger(__name__)

_NAMED = "mention_id"
_LONGEST_CELL = 1_000_000


def forget(folder: Path, mention_ids: Collection[int]) -> int:
    """Take these mentions' rows out of every CSV table below ``folder`` that names mentions; how many rows.

    A table that cannot be read or written is left as it is, and the log says which.
    """
    wanted = {str(one) for one in mention_ids}
    gone = 0
    for path in sorted(folder.rglob("*.csv")):
        try:
            gone += _forget_in(path, wanted)
        except (OSError, csv.Error, UnicodeDecodeError) as error:
            log.warning("%s may still hold an erased person's posts: %s", path, error)
    return gone


def _forget_in(path: Path, wanted: Collection[str]) -> int:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        if _NAMED not in (table.fieldnames or ()):
            return 0
        names, rows = list(table.fieldnames or ()), list(table)
    kept = [row for row in rows if row[_NAMED] not in wanted]
    if len(kept) == len(rows):
        return 0
    beside = path.with_name(f".{path.name}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        written = csv.DictWriter(stream, names)
        written.writeheader()
        written.writerows(kept)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    return len(rows) - len(kept)
