"""`sahut source`: which places are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from sahut import bootstrap, looking
from sahut.cli import costs, source_forms, source_probes
from sahut.cli.operator import who
from sahut.cli.output import FAILED, AsJson, ago, complain, progress, say, span, step, write_json, write_table
from sahut.core import collecting, forms, noting, rules
from sahut.core.errors import NotFoundError
from sahut.core.model import Gap, Source, SourceDay, SourceDraft, SourceState

if TYPE_CHECKING:
    from sahut.core.ports import Store, Tx
    from sahut.jobs import Parts

app = typer.Typer(help="Places that are read.", no_args_is_help=True)

_WIB = ZoneInfo("Asia/Jakarta")

Name = Annotated[str, typer.Argument(help="The source's name, from `sahut source list`.")]
Platform = Annotated[str, typer.Argument(help="What it is: feed, x, reddit, mastodon …; see docs/platforms.")]
Query = Annotated[str, typer.Option(help="Keep only what matches: '(jalan OR \"lampu jalan\") AND NOT iklan'.")]
CredentialName = Annotated[str, typer.Option(help="What lets us in, from `sahut credential list`.")]
OptionList = Annotated[
    list[str] | None, typer.Option("--option", "-o", metavar="KEY=VALUE", help="A setting of the platform's own.")
]


@app.command("add")
def add(
    platform: Platform,
    address: Annotated[str, typer.Argument(help="What the platform reads; asked for when left out.")] = "",
    *,
    name: Annotated[str, typer.Option(help="As staff read it; the feed's own title when left out.")] = "",
    query: Query = "",
    every: Annotated[float, typer.Option(min=1, help="Minutes between two looks.")] = 10,
    expected: Annotated[
        float | None, typer.Option(min=0.1, help="Hours without news that are worth a warning; learnt when left out.")
    ] = None,
    option: OptionList = None,
    credential: CredentialName = "",
    unseen: Annotated[bool, typer.Option("--unseen", help="Add it without looking at it first.")] = False,
) -> None:
    """Follow a place. It is looked at first, so that a wrong address is said so at once.

    Without an address it asks for what the platform wants to know: `sahut source platform NAME` shows it beforehand.
    """
    parts, settings = _parts()
    form = forms.of(parts.collector_for(platform))
    if not address:
        address, query, asked = source_forms.ask(form, query)
        option = [*asked, *(option or [])]
    draft = SourceDraft(
        platform=platform,
        name=name,
        address=address,
        query=query,
        interval=timedelta(minutes=every),
        expected_every=None if expected is None else timedelta(hours=expected),
        options=_options(option or []),
        credential=credential or _only_credential(parts, platform),
    )
    source_forms.check(form, draft)
    if not unseen:
        with step(f"Looking at {address}"):
            found = looking.look(settings, draft, parts.store)
        if found.problem is not None:
            complain(found.reason)
            say("Nothing was added. Put it right, or add it as it is with --unseen.")
            raise typer.Exit(FAILED)
        for note in found.notes:
            say(f"Note: {note}.")
        costs.show(found.estimate)
        draft = replace(draft, name=name or found.title, address=found.address or address)
    with parts.store.begin() as tx:
        source = tx.sources.add(replace(draft, name=draft.name or address), parts.clock())
        noting.source(tx, "added", source.id, name=who(), now=parts.clock())
    parts.queue.ring("collect", key=f"source:{source.id}", args={"source_id": source.id})
    say(f"'{source.name}' is followed: {source.address}, every {span(source.interval)}.")


@app.command("platform")
def show_platform(platform: Platform, as_json: Annotated[bool, AsJson] = False) -> None:
    """Show what a platform reads, how its addresses are written, and which options there are."""
    parts, _ = _parts()
    source_forms.show(platform, forms.of(parts.collector_for(platform)), as_json=as_json)


@app.command("list")
def list_sources(
    as_json: Annotated[bool, AsJson] = False,
    removed: Annotated[bool, typer.Option("--removed", help="Also those that were removed.")] = False,
) -> None:
    """Show every source and how it is doing."""
    parts, _ = _parts()
    with parts.store.read() as tx:
        found = tx.sources.all(removed=removed)
    now = parts.clock()
    if as_json:
        write_json([_plain(source, rules.condition(source, now, parts.policy)) for source in found])
        return
    rows = [
        (
            source.name,
            source.platform,
            source.state if source.state is SourceState.REMOVED else rules.condition(source, now, parts.policy),
            ago(source.health.last_success_at, now),
            source.health.kept,
            rules.health_words(source.health),
            source.address,
        )
        for source in found
    ]
    write_table(
        ["source", "platform", "condition", "last read", "kept", "health", "address"],
        rows,
        empty="No source yet. Follow a feed: sahut source add feed https://…",
    )


@app.command("test")
def try_out(
    what: Annotated[str, typer.Argument(metavar="NAME or PLATFORM", help="A source's name, or a platform.")],
    address: Annotated[str | None, typer.Argument(help="With a platform: what to read.")] = None,
    query: Query = "",
    option: OptionList = None,
    credential: CredentialName = "",
    every: Annotated[float | None, typer.Option(min=1, help="Minutes between two looks: for the cost.")] = None,
    cost: Annotated[bool, typer.Option("--cost", help="Only what it will cost: cheaper than a look.")] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Show what would be collected and what it will cost, and store nothing.

    Exit code 1 with the reason when it cannot be read.
    """
    if address is None:
        parts, settings = _parts()
        with parts.store.read() as tx:
            draft = _named(tx, what).draft
        opened: Store | None = parts.store
    else:
        settings, opened = bootstrap.settings(), None
        draft = SourceDraft(
            platform=what,
            name=what,
            address=address,
            query=query,
            options=_options(option or []),
            credential=credential,
        )
    if every is not None:
        draft = replace(draft, interval=timedelta(minutes=every))
    if cost:
        source_probes.show_cost(looking.price(settings, draft, opened), draft.platform, as_json=as_json)
        return
    with step(f"Looking at {draft.address}"):
        found = looking.look(settings, draft, opened)
    if as_json:
        write_json(source_probes.plain(found))
    else:
        source_probes.show(found)
    if found.problem is not None:
        raise typer.Exit(FAILED)


@app.command("change")
def change(
    name: Name,
    rename: Annotated[str, typer.Option(help="A new name.")] = "",
    address: Annotated[str, typer.Option(help="A new address; it is read from its beginning.")] = "",
    query: Annotated[str | None, typer.Option(help="A new query; '' for none.")] = None,
    every: Annotated[float | None, typer.Option(min=1, help="Minutes between two looks.")] = None,
    option: OptionList = None,
    credential: Annotated[str | None, typer.Option(help="What lets us in; '' for nothing.")] = None,
) -> None:
    """Change what is said about a source; what is left out stays."""
    parts, _ = _parts()
    with parts.store.begin() as tx:
        source = _named(tx, name)
        draft = replace(
            source.draft,
            name=rename or source.name,
            address=address or source.address,
            query=source.query if query is None else query,
            interval=source.interval if every is None else timedelta(minutes=every),
            options={key: value for key, value in {**source.options, **_options(option or [])}.items() if value != ""},
            credential=source.credential if credential is None else credential,
        )
        source_forms.check(forms.of(parts.collector_for(source.platform)), draft, kept=source.options.keys())
        tx.sources.change(source.id, draft, version=source.version, now=parts.clock())
        noting.source(tx, "changed", source.id, name=who(), now=parts.clock())
    say(f"'{draft.name}' is changed.")
    if source.state is SourceState.STOPPED:
        say(f"It is stopped. Read it again: sahut source resume '{draft.name}'")


@app.command("report")
def report(as_json: Annotated[bool, AsJson] = False) -> None:
    """Show what each source brought on each of the last seven days, and its gaps."""
    parts, _ = _parts()
    now = parts.clock()
    week = [now.date() - timedelta(days=back) for back in reversed(range(7))]
    with parts.store.read() as tx:
        found = tx.sources.all()
        days = tx.sources.days([source.id for source in found], week[0])
        gaps = tx.sources.gaps([source.id for source in found])
    if as_json:
        write_json([_report_plain(source, days[source.id], gaps[source.id]) for source in found])
        return
    rows = []
    for source in found:
        by_day = {one.day: one for one in days[source.id]}
        rows.append(
            (source.name, source.platform, *(_day_words(by_day.get(day)) for day in week), len(gaps[source.id]))
        )
    write_table(
        ["source", "platform", *(f"{day:%a %d}" for day in week), "gaps"],
        rows,
        empty="No source yet. Follow a feed: sahut source add feed https://…",
    )
    for source in found:
        for gap in gaps[source.id]:
            say(f"Gap in '{source.name}', {_moment(gap.since)} to {_moment(gap.until)}: {gap.reason}.")


@app.command("backfill")
def backfill(
    name: Name,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="From when on, in WIB.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Before when, in WIB; now.")
    ] = None,
) -> None:
    """Read a stretch of the past, where the platform can. Repeat it after a cut: what is there is not stored twice."""
    parts, _ = _parts()
    with parts.store.read() as tx:
        source = _named(tx, name)
    end = parts.clock() if until is None else until.replace(tzinfo=_WIB)
    with progress(f"reading {name}", total=None) as done:
        report = collecting.backfill(
            source.id,
            since.replace(tzinfo=_WIB).astimezone(UTC),
            end.astimezone(UTC),
            store=parts.store,
            collector_for=parts.collector_for,
            clock=parts.clock,
            lease=parts.lease,
            done=done,
        )
    if report is None:
        complain(f"'{name}' is not read now: it is {source.state}, in other hands, or its platform wants no call yet")
        raise typer.Exit(FAILED)
    say(f"'{name}': {report.seen} items seen, {report.new} new, {report.edited} edited, {report.dead} set aside.")
    if report.error is not None:
        complain(str(report.error))
        say("What was read is stored. Run it again to go on.")
        raise typer.Exit(FAILED)


@app.command("pause")
def pause(name: Name) -> None:
    """Read a source no more until it is resumed."""
    _set_state(name, SourceState.PAUSED)
    say(f"'{name}' is paused. Resume it: sahut source resume '{name}'")


@app.command("resume")
def resume(name: Name) -> None:
    """Read a paused or stopped source again, from now on."""
    source = _set_state(name, SourceState.ACTIVE)
    parts, _ = _parts()
    parts.queue.ring("collect", key=f"source:{source.id}", args={"source_id": source.id})
    say(f"'{name}' is read again.")


@app.command("remove")
def remove(name: Name) -> None:
    """Follow a source no more. What it brought stays."""
    _set_state(name, SourceState.REMOVED)
    say(f"'{name}' is removed; its mentions and tickets stay.")


def _parts() -> tuple[Parts, Any]:
    found = bootstrap.settings()
    return bootstrap.parts(found), found


def _only_credential(parts: Parts, platform: str) -> str:
    """The one credential of a platform that has one, so that it need not be named; "" otherwise."""
    with parts.store.read() as tx:
        of_platform = [one.name for one in tx.credentials.all() if one.platform == platform]
    return of_platform[0] if len(of_platform) == 1 else ""


def _day_words(day: SourceDay | None) -> str:
    """What was new; "–" for a day without a reading, "!" where readings failed."""
    if day is None:
        return "–"
    return f"{day.new}{'!' if day.failures else ''}"


def _moment(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _report_plain(source: Source, days: Sequence[SourceDay], gaps: Sequence[Gap]) -> dict[str, Any]:
    return {
        "name": source.name,
        "platform": source.platform,
        "days": [
            {"day": one.day.isoformat(), "readings": one.readings, "failures": one.failures, "new": one.new}
            for one in days
        ],
        "gaps": [{"since": one.since, "until": one.until, "reason": one.reason} for one in gaps],
    }


def _named(tx: Tx, name: str) -> Source:
    source = tx.sources.find(name)
    if source is None:
        raise NotFoundError("source", f"'{name}'; `sahut source list` shows their names")
    return source


def _set_state(name: str, state: SourceState) -> Source:
    parts, _ = _parts()
    with parts.store.begin() as tx:
        changed = tx.sources.set_state(_named(tx, name).id, state, version=None, now=parts.clock())
        noting.source(tx, state, changed.id, name=who(), now=parts.clock())
        return changed


def _options(given: list[str]) -> dict[str, str]:
    options = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"write KEY=VALUE, not '{pair}'", param_hint="--option")
        options[key.strip()] = value.strip()
    return options


def _plain(source: Source, condition: str) -> dict[str, Any]:
    health = source.health
    return {
        "id": source.id,
        "name": source.name,
        "platform": source.platform,
        "address": source.address,
        "credential": source.credential or None,
        "query": source.query,
        "every_minutes": source.interval.total_seconds() / 60,
        "state": source.state,
        "condition": condition,
        "due_at": source.due_at,
        "last_success_at": health.last_success_at,
        "last_error_at": health.last_error_at,
        "last_error": health.last_error or None,
        "problem": health.problem,
        "failures": health.failures,
        "seen": health.seen,
        "kept": health.kept,
        "notes": list(health.notes),
        "demo": source.demo,
    }
