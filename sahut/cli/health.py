"""`sahut check` reads the files, `sahut doctor` examines the running thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sahut import bootstrap, enrolling
from sahut.cli import costs
from sahut.cli.output import FAILED, AsJson, ago, answer, complain, progress, say, write_json
from sahut.core import actions, admission, rules
from sahut.core.errors import SahutError, SettingsError
from sahut.core.model import DeadLetter, Source, SourceCondition

if TYPE_CHECKING:
    from config.settings import Settings
    from sahut.jobs import Parts

GOOD, WARNING, BAD = "good", "warning", "bad"
_MARKS = {GOOD: "[green]✓[/]", WARNING: "[yellow]![/]", BAD: "[red]✗[/]"}
_LETTERS_SHOWN = 20
# Three missed heartbeats.
_ALIVE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: how it is, in a word and in a sentence."""

    what: str
    level: str
    words: str


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("check", rich_help_panel="Care")(check)
    app.command("doctor", rich_help_panel="Care")(doctor)


def check(as_json: Annotated[bool, AsJson] = False) -> None:
    """Validate the settings, the policy and the sources file: names file, line and key of each fault, exit code 1."""
    faults: list[SettingsError] = []
    good: list[str] = []
    try:
        found = bootstrap.settings()
        good.append("The settings are right.")
    except SettingsError as error:
        faults += _each(error)
        found = bootstrap.repaired_settings(error)
    try:
        enrolling.provider(found)
    except SettingsError as error:
        faults += _each(error)
    for file, read in ((found.policy_file, bootstrap.policy), (found.sources_file, bootstrap.sources)):
        if file is None:
            continue
        try:
            read(found)
            good.append(f"{file} is right.")
        except SettingsError as error:
            faults += _each(error)
    if as_json:
        listed = [{"file": f.file, "line": f.line, "key": f.key, "message": f.message} for f in faults]
        write_json({"ok": not faults, "faults": listed})
    else:
        for words in good:
            answer.print(f"{_MARKS[GOOD]} {escape(words)}", soft_wrap=True)
        for fault in faults:
            complain(str(fault))
    if faults:
        raise typer.Exit(FAILED)


def _each(error: SettingsError) -> list[SettingsError]:
    return list(getattr(error, "faults", [error]))


def _provider(found: Settings) -> list[Finding]:
    """Whether the identity provider answers, where staff may sign in with one."""
    try:
        named = enrolling.provider(found)
        if named is None:
            return []
        return [Finding("sign-in", GOOD, f"{enrolling.ask_provider(named)} answers.")]
    except SahutError as error:
        return [Finding("sign-in", WARNING, f"Nobody can sign in by the identity provider: {error}")]


def doctor(
    retry: Annotated[bool, typer.Option("--retry", help="Try what was set aside (dead letters) once more.")] = False,
    as_json: Annotated[bool, AsJson] = False,
) -> None:
    """Say in words how Sahut is doing. Exit code 1 when something is bad; a warning alone is no error."""
    found = bootstrap.settings()
    findings = [_database(found), *_provider(found)]
    letters: list[DeadLetter] = []
    retried: dict[str, int] | None = None
    if findings[0].level == GOOD:
        parts = bootstrap.parts(found)
        if retry:
            retried = _retry(parts)
        findings += [
            _model(parts, found),
            *_alive(parts),
            *_sources(parts),
            *_spending(parts),
            _waiting(parts),
            *_unmasked(found),
        ]
        with parts.store.read() as tx:
            count = tx.dead_letters.count()
            letters = tx.dead_letters.page(limit=_LETTERS_SHOWN)
        words = f"{count} items are set aside: sahut doctor --retry" if count else "Nothing is set aside."
        findings.append(Finding("dead letters", WARNING if count else GOOD, words))
        parts.store.close()
    if as_json:
        write_json(
            {
                "ok": all(f.level != BAD for f in findings),
                "findings": [{"what": f.what, "level": f.level, "words": f.words} for f in findings],
                "dead_letters": [_plain(letter) for letter in letters],
                **({"retried": retried} if retried is not None else {}),
            }
        )
    else:
        _show(findings, letters, retried)
    if any(finding.level == BAD for finding in findings):
        raise typer.Exit(FAILED)


def _database(found: Settings) -> Finding:

    kind = "PostgreSQL" if found.many_machines else "SQLite"
    try:
        bootstrap.store(found).close()
    except SahutError as error:
        return Finding("database", BAD, str(error))
    return Finding("database", GOOD, f"{kind} answers, and its schema is this version's.")


def _model(parts: Parts, found: Settings) -> Finding:
    try:
        classifier = parts.classifier()
        classifier.predict(["Jalan di depan pasar berlubang sudah sebulan."])
    except SahutError as error:
        return Finding("classifier", BAD, str(error))
    return Finding("classifier", GOOD, f"'{found.model}' judges, with model {classifier.model}.")


def _alive(parts: Parts) -> Iterator[Finding]:
    now = parts.clock()
    with parts.store.read() as tx:
        beats = tx.operations.beats()
    for role in ("web", "worker", "scheduler"):
        mine = [(process, at) for r, process, at in beats if r == role]
        alive = [process for process, at in mine if now - at < _ALIVE]
        if alive:
            yield Finding(role, GOOD, f"{len(alive)} at work: {', '.join(sorted(alive))}.")
        else:
            last = max((at for _, at in mine), default=None)
            yield Finding(role, WARNING, f"none is at work (last sign: {ago(last, now)}); start it: sahut run")


def _sources(parts: Parts) -> Iterator[Finding]:
    now = parts.clock()
    with parts.store.read() as tx:
        sources = tx.sources.all()
    troubled = [(s, rules.condition(s, now, parts.policy)) for s in sources]
    for source, condition in troubled:
        if condition in {SourceCondition.FAILING, SourceCondition.STOPPED}:
            yield Finding(f"source '{source.name}'", BAD, f"{condition}: {rules.health_words(source.health)}")
        elif condition is SourceCondition.SILENT:
            yield Finding(f"source '{source.name}'", WARNING, _silence(source, parts))
    well = sum(condition in {SourceCondition.WELL, SourceCondition.NEW} for _, condition in troubled)
    yield Finding("sources", GOOD if sources else WARNING, f"{well} of {len(sources)} are well.")


def _spending(parts: Parts) -> Iterator[Finding]:
    """Every budget: what is spent of it, and whether the present rate goes beyond."""
    now = parts.clock()
    with parts.store.read() as tx:
        found = [(one, admission.spent(tx, one, now)) for one in tx.credentials.all()]
    for one, spent in found:
        for budget in one.budgets:
            words = costs.budget_words(budget, spent)
            what = f"credential '{one.name}'"
            if spent.of(budget) >= budget.amount:
                yield Finding(what, WARNING, f"{words}: what it reads waits for the next {budget.period}.")
            elif spent.outgrows(budget):
                yield Finding(what, WARNING, f"{words}: at this rate it stops before the {budget.period} is over.")
            else:
                yield Finding(what, GOOD, f"{words}.")


def _silence(source: Source, parts: Parts) -> str:
    return f"silent: nothing new since {ago(source.health.last_new_at or source.created_at, parts.clock())}"


def _waiting(parts: Parts) -> Finding:
    with parts.store.read() as tx:
        waiting = tx.mentions.waiting(parts.clock())
    return Finding("queue", GOOD, f"{waiting or 'No'} mentions wait for the classifier.")


def _unmasked(found: Settings) -> list[Finding]:
    """What search does not find yet, or finds by an earlier mask: nothing, once `sahut migrate` is through."""
    left = bootstrap.unmasked(found)
    words = f"{left} texts are not masked for search yet, and not found: sahut migrate"
    return [Finding("search", WARNING, words)] if left else []


def _retry(parts: Parts) -> dict[str, int]:
    """Each letter in a transaction of its own; one that still fails stays, with its reason."""
    done = {"recovered": 0, "still_failing": 0}
    with parts.store.read() as tx:
        total = tx.dead_letters.count()
    after = 0
    with progress("trying again", total=total) as advance:
        while True:
            with parts.store.read() as tx:
                letters = tx.dead_letters.page(limit=200, after=after)
            if not letters:
                break
            for letter in letters:
                done["recovered" if _retried(parts, letter) else "still_failing"] += 1
                advance()
            after = letters[-1].id
    if done["recovered"]:
        parts.queue.ring("assess")
    return done


def _retried(parts: Parts, letter: DeadLetter) -> bool:
    try:
        with parts.store.begin() as tx:
            collector = None
            if letter.mention_id is None and letter.source_id is not None:
                collector = parts.collector_for(tx.sources.get(letter.source_id).platform)
            actions.retry_dead_letter(tx, letter, collector, now=parts.clock())
    except (ValueError, SahutError):
        return False
    return True


def _show(findings: list[Finding], letters: list[DeadLetter], retried: dict[str, int] | None) -> None:
    if retried is not None:
        say(f"Tried again: {retried['recovered']} recovered, {retried['still_failing']} still fail.")
    for finding in findings:
        line = f"{_MARKS[finding.level]} [bold]{escape(finding.what)}[/]: {escape(finding.words)}"
        answer.print(line, soft_wrap=True)
    for letter in letters:
        where = f"source {letter.source_id}" if letter.mention_id is None else f"mention {letter.mention_id}"
        answer.print(
            f"    {letter.id}: {letter.stage}, {where}, {letter.attempts} attempts: {escape(letter.reason)}",
            soft_wrap=True,
        )


def _plain(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "stage": letter.stage,
        "reason": letter.reason,
        "source_id": letter.source_id,
        "mention_id": letter.mention_id,
        "native_id": letter.native_id,
        "attempts": letter.attempts,
        "at": letter.at,
    }
