"""`sahut person` and `sahut retention`: what a person may ask of us, and how long we keep things."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sahut import bootstrap
from sahut.cli.operator import who
from sahut.cli.output import AsJson, complain, say, start_log, write_json
from sahut.core import erasing, retaining

app = typer.Typer(help="What is held of a person: reported, erased (Law 27/2022).", no_args_is_help=True)

Platform = Annotated[str, typer.Argument(help="As in `sahut source list`: x, mastodon, reddit …")]
Handle = Annotated[str, typer.Option("--handle", metavar="NAME", help="The account, with or without @.")]
Link = Annotated[str, typer.Option("--link", metavar="URL", help="The address of one post: that post alone.")]
_WORDS = {
    "mentions": "posts of theirs",
    "versions": "earlier wordings",
    "replies": "replies of ours",
    "tickets": "tickets, which keep their own words without them",
    "named": "texts of others that name them",
    "set_aside": "items that could not be read and hold their name",
    "brought": "files on their way in that hold their name",
}


@app.command("erase")
def erase(
    platform: Platform,
    handle: Handle = "",
    link: Link = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Erase a person, for good: posts, wordings, payloads, their name in replies and tickets, and tables on disk.

    What they write afterwards is not collected any more. Backups and exports elsewhere are yours to delete.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    asked = erasing.asked(platform, handle, link)
    store = bootstrap.store(found)
    counts = erasing.look(store, asked)
    if dry_run:
        if as_json:
            write_json({"erased": False, "counts": asdict(counts)})
        else:
            _say(asdict(counts), "It would reach")
        return
    if not (yes or as_json):
        _say(asdict(counts), "It will reach")
        typer.confirm("This cannot be undone. Erase?", abort=True)
    reached, exported = erasing.erase(
        store, asked, clock=bootstrap.now, forget_exports=bootstrap.forget_exports(found), name=who()
    )
    swept = store.sweep()
    store.close()
    if as_json:
        write_json({"erased": True, "counts": asdict(reached), "exported": exported, "swept": swept})
    else:
        _say(asdict(reached), "Erased")
        say(f"{exported} rows of tables below the data folder. Backups and exports elsewhere are yours to delete.")
    if not swept:
        complain("somebody reads from the database, so its log still holds what was erased; run `sahut migrate` later")


@app.command("report")
def report(
    platform: Platform,
    file: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to write it; a new file.")],
    handle: Handle = "",
    link: Link = "",
) -> None:
    """Write what is held of a person as a text in Indonesian that they can read."""
    found = bootstrap.settings()
    start_log(found.log_level)
    asked = erasing.asked(platform, handle, link)
    parts = bootstrap.parts(found)
    try:
        handle_ = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with os.fdopen(handle_, "w", encoding="utf-8", errors="replace") as stream:
        stream.write(erasing.report(parts.store, asked, parts.policy, now=parts.clock(), name=who()))
    parts.store.close()
    say(f"The report is in {file}. Only you can read it; hand it to nobody but the person, and delete it then.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="person", rich_help_panel="Care")
    root.command("retention", rich_help_panel="Care")(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Let go of what the policy's [retention] says is over: it happens every night by itself."""
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    kept = parts.policy.retention
    if dry_run:
        counts = retaining.due(parts.store, kept, parts.clock())
    else:
        counts = retaining.run(parts.store, kept, clock=parts.clock, name=who())
    parts.store.close()
    if as_json:
        write_json({"dry_run": dry_run, "counts": counts})
        return
    begin = "Would let go of" if dry_run else "Let go of"
    days = {name: span.days for name, span in retaining.spans(kept).items()}
    for name, count in counts.items():
        say(f"{begin} {count} {name} (kept {days[name]} days)")


def _say(counts: dict[str, int], begin: str) -> None:
    for name, words in _WORDS.items():
        say(f"{begin} {counts[name]} {words}")
    if counts["erased"]:
        say("They were erased before: what they write is not collected any more.")
