"""What a look at a place found, on the command line."""

from __future__ import annotations

from typing import Any

import typer

from sahut.cli import costs
from sahut.cli.output import FAILED, complain, say, write_json, write_table
from sahut.core.model import Estimate, Probe

_TITLE_WIDTH = 90


def show_cost(found: Estimate | None, platform: str, *, as_json: bool) -> None:
    """What following a place will cost. Raises typer.Exit where that could not be told."""
    if as_json:
        write_json({"estimate": costs.plain(found)})
    elif found is None:
        say(f"{platform} charges nothing for what is read.")
    else:
        costs.show(found)
    if found is not None and found.problem is not None:
        raise typer.Exit(FAILED)


def show(found: Probe) -> None:
    """The cost first, then what would be collected, or what is wrong."""
    costs.show(found.estimate)
    if found.problem is not None:
        complain(found.reason)
        return
    rows = [
        (shown.published_at or "no date", (shown.title or shown.text)[:_TITLE_WIDTH], shown.permalink)
        for shown in found.mentions
    ]
    write_table(["published", "text", "address"], rows, empty="Nothing would be collected.")
    say(f"{found.title or 'It'}: {found.seen} items, {len(found.mentions)} would be collected. Nothing was stored.")
    for note in found.notes:
        say(f"Note: {note}.")


def plain(found: Probe) -> dict[str, Any]:
    """The same as JSON takes it."""
    return {
        "ok": found.problem is None,
        "error": None if found.problem is None else {"problem": found.problem, "message": found.reason},
        "address": found.address or None,
        "title": found.title,
        "seen": found.seen,
        "unreadable": found.dead,
        "notes": list(found.notes),
        "estimate": costs.plain(found.estimate),
        "mentions": [
            {
                "native_id": m.native_id,
                "title": m.title,
                "text": m.text,
                "published_at": m.published_at,
                "permalink": m.permalink,
            }
            for m in found.mentions
        ],
    }
