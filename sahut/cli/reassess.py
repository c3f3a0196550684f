"""`sahut reassess`: the archive under the current model's eyes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from sahut import bootstrap, jobs
from sahut.cli.output import AsJson, ago, progress, say, span, start_log, step, write_json, write_table
from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import WIB, Walk, WalkDraft, WalkState
from sahut.core.ports import Classifier, Tx
from sahut.jobs import Parts

_SHOWN = 10
# How long to wait before asking again for what another worker holds.
_PATIENCE_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reassess", rich_help_panel="Learning")(reassess)


def reassess(
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only mentions of this source.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only mentions published, or first seen, from this day on (WIB)."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME@VERSION", help="Only what this model judged; any other when left out.")
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Leave the work to the running service, and return at once.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Show how far the walks are, and do nothing.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the walks under way where they stand.")] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Judge anew what another model than the current one judged, oldest first.

    Mentions that wait in the queue or were filed may change places, as the policy says of the new scores. What a
    person has decided on stays as it is. Every assessment is kept, with its model's name. How far the walk is stands
    in the database: stop it in any way, and the same command, or the running service, goes on from there. It may run
    beside the service and beside another one.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    parts = bootstrap.parts(found)
    if status:
        _show(parts, as_json=as_json)
    elif stop:
        _stop(parts)
    else:
        with step("Loading the classifier"):
            classifier = parts.classifier()
        with parts.store.begin() as tx:
            draft = WalkDraft(
                model=classifier.model,
                judged_by=_other(model, classifier),
                source_id=_source_id(tx, source),
                since=None if since is None else since.replace(tzinfo=WIB),
            )
            walk = tx.walks.start(draft, parts.clock())
        if not background:
            walk = _work(parts, walk)
        if as_json:
            write_json(_plain(walk, parts.clock()))
        else:
            say(_words(walk))
    parts.store.close()


def _work(parts: Parts, walk: Walk) -> Walk:
    """Take part in a walk until it is over. Whatever the running service does of it counts too."""
    seen = 0
    try:
        with progress("reassessing", total=walk.total) as done:
            while walk.state is WalkState.RUNNING:
                report = jobs.reassess_batch(parts)
                with parts.store.read() as tx:
                    walk = tx.walks.get(walk.id)
                done(walk.judged + walk.failed - seen)
                seen = walk.judged + walk.failed
                if report is None and walk.state is WalkState.RUNNING:
                    time.sleep(_PATIENCE_SECONDS)
    except KeyboardInterrupt:
        say("The walk is kept: the same command goes on, and so does the running service.")
        raise
    return walk


def _stop(parts: Parts) -> None:
    with parts.store.begin() as tx:
        running = tx.walks.running()
        for walk in running:
            tx.walks.stop(walk.id, parts.clock())
    say(f"{len(running)} stopped; what was judged anew stays." if running else "No walk is under way.")


def _show(parts: Parts, *, as_json: bool) -> None:
    now = parts.clock()
    with parts.store.read() as tx:
        walks = tx.walks.recent(_SHOWN)
        names = {source.id: source.name for source in tx.sources.all(removed=True)}
    if as_json:
        write_json([_plain(walk, now) for walk in walks])
        return
    rows = [
        (
            walk.id,
            walk.draft.model,
            names.get(walk.draft.source_id or 0, "all"),
            walk.state,
            f"{walk.judged + walk.failed} of {walk.total}",
            walk.flagged,
            walk.filed,
            walk.failed,
            ago(walk.updated_at, now),
            _left(walk, now),
        )
        for walk in walks
    ]
    columns = ["walk", "for model", "source", "state", "done", "into queue", "out", "failed", "last step", "left"]
    write_table(columns, rows, empty="The archive was never walked; `sahut reassess` does.")


def _words(walk: Walk) -> str:
    if walk.state is WalkState.RUNNING:
        return (
            f"{walk.total} mentions will be judged anew by {walk.draft.model}; `sahut reassess --status` says how far."
        )
    if not walk.total:
        return f"There is nothing to do: {walk.draft.model} has judged all of it."
    ending = "" if walk.state is WalkState.DONE else " The walk was stopped."
    return (
        f"{walk.judged} mentions judged anew by {walk.draft.model}: {walk.flagged} came into the queue, {walk.filed} "
        f"left it, {walk.failed} could not be judged.{ending}"
    )


def _plain(walk: Walk, now: datetime) -> dict[str, Any]:
    left = _seconds_left(walk, now)
    return {
        "walk": walk.id,
        "model": walk.draft.model,
        "judged_by": walk.draft.judged_by or None,
        "source_id": walk.draft.source_id,
        "since": walk.draft.since,
        "state": walk.state,
        "position": walk.position,
        "last_id": walk.last_id,
        "total": walk.total,
        "judged": walk.judged,
        "flagged": walk.flagged,
        "filed": walk.filed,
        "failed": walk.failed,
        "started_at": walk.started_at,
        "updated_at": walk.updated_at,
        "finished_at": walk.finished_at,
        "seconds_left": None if left is None else round(left),
    }


def _left(walk: Walk, now: datetime) -> str:
    left = _seconds_left(walk, now)
    return "" if left is None else f"about {span(timedelta(seconds=left))}"


def _seconds_left(walk: Walk, now: datetime) -> float | None:
    """At the mean pace so far; None where that is unknown or nothing is left."""
    done = walk.judged + walk.failed
    if walk.state is not WalkState.RUNNING or not done:
        return None
    return (now - walk.started_at).total_seconds() / done * max(0, walk.total - done)


def _source_id(tx: Tx, name: str | None) -> int | None:
    if name is None:
        return None
    source = tx.sources.find(name)
    if source is None:
        raise NotFoundError("source", f"'{name}'; `sahut source list` shows their names")
    return source.id


def _other(model: str | None, classifier: Classifier) -> str:
    if model == classifier.model:
        raise RefusedError(
            f"{model} is the current model: what it judged needs no second look. `sahut model list` shows the others",
            rule="current_model",
        )
    return model or ""
