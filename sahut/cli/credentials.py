"""`sahut credential` and `sahut key`: what lets Sahut into platforms, and what seals it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sahut import bootstrap
from sahut.cli import costs, loopback
from sahut.cli.operator import who
from sahut.cli.output import FAILED, AsJson, ago, complain, people, progress, say, step, write_json, write_table
from sahut.core import admission, noting, purses, signing_in
from sahut.core.admission import NeedError, Spent
from sahut.core.errors import CollectError, NotFoundError
from sahut.core.model import Access, Budget, Credential, CredentialDraft, Currency, Guide, Period
from sahut.core.ports import BrowserMember

if TYPE_CHECKING:
    from config.settings import Settings
    from sahut.core.ports import Member, Tx
    from sahut.jobs import Parts

app = typer.Typer(help="Accounts and keys of ours on platforms.", no_args_is_help=True)
keys = typer.Typer(help="The key that seals secrets in the database.", no_args_is_help=True)

LOOPBACK = "http://127.0.0.1:8765/callback"

Name = Annotated[str, typer.Argument(help="What to call it, as in 'X dinas'.")]
SetList = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="A value that is no secret; secrets are asked for."),
]
SecretFile = Annotated[
    bool, typer.Option("--stdin", help="Read secrets from stdin, one KEY=VALUE a line, for scripts.")
]
BudgetList = Annotated[
    list[str] | None,
    typer.Option("--budget", "-b", metavar="CURRENCY/PERIOD=AMOUNT", help="As in usd/day=2 or units/day=9000."),
]


@app.command("add")
def add(
    platform: Annotated[str, typer.Argument(help="The platform that it opens, as in x, reddit, mastodon.")],
    name: Name,
    settings: SetList = None,
    budgets: BudgetList = None,
    from_stdin: SecretFile = False,
    unproven: Annotated[bool, typer.Option("--unproven", help="Keep it without a live call.")] = False,
) -> None:
    """Walk through what the platform wants, prove it with one live call, and keep it sealed."""
    parts, _ = _parts()
    member = _member(parts, platform)
    _show_guide(platform, member.guide)
    given = _pairs(settings or [], "--set")
    secrets = _secrets(member.guide, from_stdin=from_stdin)
    draft = CredentialDraft(
        platform=platform, name=name, settings=_plain(member.guide, given), budgets=_budgets(budgets or [])
    )
    access = admission.opened(draft, secrets)
    account = "" if unproven else _call(member, access, parts)
    with parts.store.begin() as tx:
        admission.add(tx, draft, secrets, account, parts.clock(), access=access, name=who())
    say(f"'{name}' is kept, sealed{f'; {platform} calls us {account}' if account else ''}.")
    if isinstance(member, BrowserMember) and member.awaits_sign_in(access):
        say(f"Sign in by a browser first: sahut credential sign-in '{name}'")
        return
    say(f"Follow something with it: sahut source add {platform} ADDRESS --credential '{name}'")


@app.command("rotate")
def rotate(name: Name, from_stdin: SecretFile = False) -> None:
    """Replace the secrets in place: sources keep their places, and what was refused may try again."""
    parts, _ = _parts()
    with parts.store.read() as tx:
        before = _named(tx, name)
    member = _member(parts, before.platform)
    secrets = _secrets(member.guide, from_stdin=from_stdin)
    access = admission.opened(admission.draft_of(before), secrets)
    account = _call(member, access, parts)
    with parts.store.begin() as tx:
        now = parts.clock()
        admission.rotate(tx, before, secrets, account, version=before.version, now=now, access=access, name=who())
    say(f"'{name}' has new secrets. Sources that had stopped: sahut source resume NAME")


@app.command("change")
def change(
    name: Name,
    rename: Annotated[str, typer.Option(help="A new name.")] = "",
    settings: SetList = None,
    budgets: BudgetList = None,
    no_budgets: Annotated[bool, typer.Option("--no-budgets", help="Lift every budget.")] = False,
) -> None:
    """Change its name, settings or budgets; secrets are changed by `rotate`."""
    parts, _ = _parts()
    with parts.store.begin() as tx:
        before = _named(tx, name)
        guide = _member(parts, before.platform).guide
        found = _plain(guide, {**before.settings, **_pairs(settings or [], "--set")})
        new = {(one.currency, one.period): one for one in (() if no_budgets else before.budgets)}
        new |= {(one.currency, one.period): one for one in _budgets(budgets or [])}
        draft = CredentialDraft(
            platform=before.platform,
            name=rename or before.name,
            settings=found,
            budgets=tuple(new.values()),
        )
        tx.credentials.change(before.id, draft, None, version=before.version, now=parts.clock())
        noting.credential(tx, "changed", before.id, now=parts.clock(), name=who())
    say(f"'{draft.name}' is changed.")


@app.command("prove")
def prove(name: Name) -> None:
    """Make one live call with it, and say what the platform calls us."""
    parts, _ = _parts()
    now = parts.clock()
    with parts.store.read() as tx:
        found = _named(tx, name)
    access = purses.opened(parts.store, found.id, parts.clock)
    account = _call(_member(parts, found.platform), access, parts)
    with parts.store.begin() as tx:
        tx.credentials.proven(found.id, account, now)
    say(f"'{name}' works; {found.platform} calls us {account}.")


@app.command("sign-in")
def sign_in(
    name: Name,
    redirect: Annotated[str, typer.Option(help="The callback address that the platform's site was told.")] = LOOPBACK,
    paste: Annotated[bool, typer.Option("--paste", help="Ask for the address where the browser ended.")] = False,
) -> None:
    """Sign in on the platform's own site, by a browser, instead of copying an account's secrets.

    It waits for the browser at the callback address where that is this machine's own, else asks for what came of it.
    """
    parts, _ = _parts()
    with parts.store.read() as tx:
        one = _named(tx, name)
    member = signing_in.browser_member(parts.collector_for(one.platform))
    by = f"cli:{who()}"
    listener = None if paste else loopback.Listener.at(redirect)
    try:
        offer = signing_in.begin(parts.store, member, one.id, redirect, who=by, clock=parts.clock)
        say("Open this in a browser where the account that answers is signed in, and agree:")
        typer.echo(offer.address)
        if listener is None:
            said = typer.prompt("The address where the browser ended", hide_input=True)
        else:
            say(f"Waiting for the browser at {redirect} ({loopback.PATIENCE:.0f} s). Elsewhere: --paste")
            said = listener.answer()
    finally:
        if listener is not None:
            listener.close()
    if not said:
        complain("no answer came")
        raise typer.Exit(FAILED)
    code, state = signing_in.answer_in(said)
    try:
        with step("Taking the answer"):
            kept = signing_in.end(
                parts.store, parts.collector_for, code, state, who=by, clock=parts.clock, name=who(), only=one.id
            )
    except CollectError as error:
        complain(str(error))
        raise typer.Exit(FAILED) from error
    say(f"'{name}' is signed in; {kept.platform} calls us {kept.account}.")
    say("Sources that had stopped: sahut source resume NAME")


@app.command("list")
def list_credentials(as_json: Annotated[bool, AsJson] = False) -> None:
    """Show every credential, how it is doing and what it has spent; never its secrets."""
    parts, _ = _parts()
    now = parts.clock()
    with parts.store.read() as tx:
        found = [(one, admission.spent(tx, one, now)) for one in tx.credentials.all()]
    if as_json:
        write_json([_as_json(*one) for one in found])
        return
    rows = [
        (
            one.name,
            one.platform,
            one.account,
            _state(one, now),
            ago(one.used_at, now),
            ", ".join(costs.budget_words(budget, spent) for budget in one.budgets) or _spent_words(spent.day),
        )
        for one, spent in found
    ]
    write_table(
        ["credential", "platform", "account", "state", "used", "spent"],
        rows,
        empty="No credential yet: sahut credential add PLATFORM NAME. Feeds and files need none.",
    )


@app.command("remove")
def remove(name: Name) -> None:
    """Forget it, once no source uses it any more."""
    parts, _ = _parts()
    with parts.store.begin() as tx:
        found = _named(tx, name)
        admission.remove(tx, found.id)
        noting.credential(tx, "removed", found.id, now=parts.clock(), name=who())
    say(f"'{name}' is forgotten.")


@keys.command("new")
def new_key() -> None:
    """Print a fresh key on stdout, for SAHUT_KEY or a key file."""
    typer.echo(bootstrap.new_key())


@keys.command("rotate")
def rotate_key() -> None:
    """Put a fresh key first in the key file and seal everything anew with it; the old keys still open.

    Where SAHUT_KEY names the keys, put a fresh one first there (`sahut key new`), then run this. Stopped on the way, it
    is finished by `sahut key reseal`.
    """
    _reseal(fresh=True)
    say("Restart every process, then run `sahut key reseal` for what they wrote meanwhile with the old key.")
    say("Old keys may go once that is done and no backup needs them.")


@keys.command("reseal")
def reseal() -> None:
    """Seal with the first key whatever another one sealed. Takes the service no pause; stopped, it goes on."""
    _reseal(fresh=False)


def _reseal(*, fresh: bool) -> None:
    settings = bootstrap.settings()
    count = bootstrap.rotate_key(settings, fresh=fresh, by=who())
    with progress("sealing persons' data", total=None) as done:
        rows = bootstrap.hide_persons(settings, done)
    where = "SAHUT_KEY" if settings.key.get_secret_value() else settings.keys_file
    say(f"{count} credentials and {rows} rows about persons are now sealed with the first key of {where}.")


def _parts() -> tuple[Parts, Settings]:
    found = bootstrap.settings()
    return bootstrap.parts(found), found


def _member(parts: Parts, platform: str) -> Member:
    return admission.member(parts.collector_for(platform))


def _named(tx: Tx, name: str) -> Credential:
    found = tx.credentials.find(name)
    if found is None:
        raise NotFoundError("credential", f"'{name}'; `sahut credential list` shows their names")
    return found


def _show_guide(platform: str, guide: Guide) -> None:
    people.print(f"[bold]How to get into {platform}[/]")
    for number, words in enumerate(guide.steps, 1):
        say(f"{number}. {words}")


def _secrets(guide: Guide, *, from_stdin: bool) -> dict[str, str]:
    """Every need that is a secret: from stdin, or asked for without an echo."""
    made = admission.made_secrets(guide)
    for key, value in made.items():
        say(f"{key}: {value}  (made now and shown this once: copy it)")
    if from_stdin:
        given = _pairs([line for line in sys.stdin.read().splitlines() if line.strip()], "--stdin")
        try:
            return made | admission.secrets_of(guide, given)
        except NeedError as error:
            raise typer.BadParameter(str(error), param_hint="--stdin") from error
    found = dict(made)
    for need in admission.secret_needs(guide):
        say(f"{need.key}: {need.words}")
        value = typer.prompt(need.key, hide_input=True, default=None if need.required else "", show_default=False)
        if value:
            found[need.key] = value.strip()
    return found


def _plain(guide: Guide, given: dict[str, str]) -> dict[str, str]:
    """The settings that are no secrets, checked against what is known."""
    try:
        return admission.settings_of(guide, given)
    except NeedError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error


def _call(member: Member, access: Access, parts: Parts) -> str:
    try:
        with step("One live call"):
            return admission.prove(member, access, parts.clock())
    except CollectError as error:
        complain(str(error))
        say("Nothing was kept. Put it right and try again, or keep it as it is with --unproven.")
        raise typer.Exit(FAILED) from error


def _pairs(given: list[str], hint: str) -> dict[str, str]:
    found = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter("write KEY=VALUE", param_hint=hint)
        found[key.strip()] = value.strip()
    return found


def _budgets(given: list[str]) -> tuple[Budget, ...]:
    found = []
    for key, value in _pairs(given, "--budget").items():
        currency, _, period = key.partition("/")
        try:
            found.append(Budget(currency=Currency(currency), period=Period(period or "day"), amount=float(value)))
        except ValueError as error:
            raise typer.BadParameter(
                f"write CURRENCY/PERIOD=AMOUNT with {', '.join(Currency)} and {', '.join(Period)}, not '{key}={value}'",
                param_hint="--budget",
            ) from error
    return tuple(found)


def _state(one: Credential, now: datetime) -> str:
    if one.not_before is not None and one.not_before > now:
        return f"waits until {one.not_before:%Y-%m-%d %H:%M} UTC"
    return "works" if one.problem is None else str(one.problem)


def _spent_words(day: Mapping[Currency, float]) -> str:
    return ", ".join(f"{amount:g} {currency} today" for currency, amount in day.items())


def _as_json(one: Credential, spent: Spent) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "platform": one.platform,
        "account": one.account or None,
        "settings": dict(one.settings),
        "problem": one.problem,
        "not_before": one.not_before,
        "rotated_at": one.rotated_at,
        "used_at": one.used_at,
        "budgets": [{"currency": b.currency, "period": b.period, "amount": b.amount} for b in one.budgets],
        "spent_today": spent.day,
        "spent_this_month": spent.month,
        "month_end": {currency: round(amount, 4) for currency, amount in spent.month_end.items()},
    }
