"""`sahut user` and `sahut token`: who may sign in, and which programs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sahut import bootstrap, enrolling
from sahut.cli.output import AsJson, ago, say, write_json, write_table
from sahut.core import identities, people
from sahut.core import tokens as programs
from sahut.core.errors import NotFoundError
from sahut.core.model import Role, User
from sahut.core.tokens import LASTS_AT_MOST, USUALLY_LASTS

if TYPE_CHECKING:
    from sahut.core.ports import Tx
    from sahut.jobs import Parts

users = typer.Typer(help="People who may sign in.", no_args_is_help=True)
tokens = typer.Typer(help="Keys of programs that use the API; `sahut token` is the same.", no_args_is_help=True)
users.add_typer(tokens, name="token")

RoleOption = typer.Option(
    help="admin: everything; triage: decides; comms: replies; approver: lets replies out; unit: the tickets of its "
    "units; supervisor: reads all, moves tickets; auditor: only reads."
)
UnitOption = typer.Option("--unit", help="A unit's code in the policy, for a unit officer; several times for several.")
Username = Annotated[str, typer.Argument(help="The name to sign in with.")]


@users.command("add")
def add_user(
    username: Username,
    name: Annotated[str, typer.Option(help="As colleagues read it; the user name when left out.")] = "",
    role: Annotated[Role, RoleOption] = Role.TRIAGE,
    unit: Annotated[list[str], UnitOption] = [],  # noqa: B006 - typer copies defaults
) -> None:
    """Make an account with a one-time password, which is printed on stdout once."""
    password = enrolling.add_user(_parts(), username=username, name=name or username, role=role, units=tuple(unit))
    say(f"{username} ({role}) may sign in with this one-time password; the board asks for an own one:")
    typer.echo(password)


@users.command("invite")
def invite_user(
    username: Username,
    name: Annotated[str, typer.Option(help="As colleagues read it; the user name when left out.")] = "",
    role: Annotated[Role, RoleOption] = Role.TRIAGE,
    unit: Annotated[list[str], UnitOption] = [],  # noqa: B006 - typer copies defaults
) -> None:
    """Make an account and print the link, on stdout and once, with which its holder chooses a password."""
    settings = bootstrap.settings()
    link = enrolling.invite_user(
        settings, bootstrap.parts(settings), username=username, name=name or username, role=role, units=tuple(unit)
    )
    say(f"{username} ({role}) chooses a password at this link, which works once and for seven days:")
    typer.echo(link)


@users.command("role")
def set_role(
    username: Username,
    role: Annotated[Role, typer.Argument(help="admin, triage, comms, approver, unit, supervisor or auditor.")],
    unit: Annotated[list[str], UnitOption] = [],  # noqa: B006 - as above
) -> None:
    """Give an account another role; its sessions end. The last administrator stays one."""
    parts = _parts()
    enrolling.check_units(parts.policy, role, tuple(unit))
    with parts.store.begin() as tx:
        people.change_role(tx, named(tx, username).id, role, tuple(unit), actor=None, now=parts.clock())
    say(f"{username} is {role} now.")


@users.command("sign-out")
def end_sessions(username: Username) -> None:
    """End every session of an account."""
    parts = _parts()
    with parts.store.begin() as tx:
        ended = people.end_sessions(tx, named(tx, username).id, actor=None, now=parts.clock())
    say(f"{username} is signed out everywhere ({ended} sessions).")


@users.command("reset-password")
@users.command("reset", hidden=True)
def reset_user(username: Username) -> None:
    """Give a new one-time password, which is printed on stdout once, and end every session of the account."""
    parts = _parts()
    with parts.store.read() as tx:
        user = named(tx, username)
    password = enrolling.reset_password(parts, user)
    say(f"{username} may sign in with this one-time password; every earlier session has ended:")
    typer.echo(password)


@users.command("reset-second-factor")
def reset_second_factor(username: Username) -> None:
    """Take the second factor off an account whose holder has lost it, and end every session of the account."""
    parts = _parts()
    with parts.store.begin() as tx:
        people.reset_second_factor(tx, named(tx, username).id, actor=None, now=parts.clock())
    say(f"{username} signs in with the password alone until a second factor is set up again.")


@users.command("unlink")
def unlink_user(username: Username) -> None:
    """Take the accounts at the identity provider off an account, and end its sessions. Shows what they were."""
    parts = _parts()
    with parts.store.begin() as tx:
        user = named(tx, username)
        gone = [
            identities.unlink(tx, user.id, one.id, actor=None, now=parts.clock()) for one in tx.identities.of(user.id)
        ]
    if not gone:
        say(f"{username} is linked to no identity provider.")
    for one in gone:
        say(f"{username} is no longer {one.name or one.subject} at {one.issuer}.")


@users.command("list")
def list_users(as_json: Annotated[bool, AsJson] = False) -> None:
    """Show every account."""
    with _parts().store.read() as tx:
        found = tx.accounts.users()
        linked = {one.user_id: one.issuer for one in tx.identities.every()}
    if as_json:
        write_json(
            [
                {
                    "username": u.username,
                    "name": u.name,
                    "role": u.role,
                    "units": u.units,
                    "active": u.active,
                    "issuer": linked.get(u.id),
                }
                for u in found
            ]
        )
        return
    rows = [(u.username, u.name, u.role, ", ".join(u.units), _state(u), linked.get(u.id, "")) for u in found]
    write_table(
        ["user", "name", "role", "units", "state", "signs in by"],
        rows,
        empty="Nobody can sign in yet: sahut user add NAME --role admin",
    )


@users.command("disable")
def disable_user(username: Username) -> None:
    """Let an account sign in no more; its sessions end, and its tokens for good. Its decisions stay."""
    _set_active(username, active=False)
    say(f"{username} can no longer sign in.")


@users.command("enable")
def enable_user(username: Username) -> None:
    """Let a disabled account sign in again."""
    _set_active(username, active=True)
    say(f"{username} can sign in again.")


@tokens.command("new")
def new_token(
    username: Annotated[str, typer.Argument(help="The account whose rights the program gets.")],
    name: Annotated[str, typer.Argument(help="What the program is, for the list.")],
    scope: Annotated[
        list[str],
        typer.Option(help="A permission of the table of roles, as in read or decide; several times for several."),
    ],
    days: Annotated[int, typer.Option(min=1, max=LASTS_AT_MOST.days, help="Days until it ends.")] = USUALLY_LASTS.days,
) -> None:
    """Make a key for a program, which is printed on stdout once: Authorization: Bearer KEY."""
    parts = _parts()
    with parts.store.read() as tx:
        user = named(tx, username)
    made = enrolling.add_token(parts, user, name=name, scopes=scope, lasts=timedelta(days=days))
    say(f"'{name}' may {', '.join(scope)} in the name of {username} for {days} days. The key is shown only now:")
    typer.echo(made)


@tokens.command("list")
def list_tokens(as_json: Annotated[bool, AsJson] = False) -> None:
    """Show every key, without its secret."""
    with _parts().store.read() as tx:
        found = tx.accounts.tokens()
        owners = {user.id: user.username for user in tx.accounts.users()}
    if as_json:
        write_json(
            [
                {
                    "id": t.id,
                    "name": t.name,
                    "user": owners.get(t.user_id),
                    "created_at": t.created_at,
                    "expires_at": t.expires_at,
                    "used_at": t.used_at,
                    "revoked": t.revoked,
                    "scopes": t.scopes,
                }
                for t in found
            ]
        )
        return
    rows = [
        (
            t.id,
            t.name,
            owners.get(t.user_id),
            " ".join(t.scopes),
            ago(t.used_at),
            t.expires_at or "never",
            "revoked" if t.revoked else "over" if t.over(bootstrap.now()) else "active",
        )
        for t in found
    ]
    write_table(["id", "name", "user", "may", "used", "expires", "state"], rows, empty="No program has a key.")


@tokens.command("revoke")
def revoke_token(token_id: Annotated[int, typer.Argument(help="Its id, from `sahut token list`.")]) -> None:
    """Let a program in no more."""
    with _parts().store.begin() as tx:
        programs.revoke(tx, token_id, actor=None, now=bootstrap.now())
    say(f"Token {token_id} is revoked.")


def _parts() -> Parts:

    return bootstrap.parts(bootstrap.settings())


def named(tx: Tx, username: str) -> User:
    """The account of a name. Raises NotFoundError."""
    user = tx.accounts.user_named(username)
    if user is None:
        raise NotFoundError("user", f"'{username}'; `sahut user list` shows their names")
    return user


def _set_active(username: str, *, active: bool) -> None:
    parts = _parts()
    with parts.store.begin() as tx:
        people.set_active(tx, named(tx, username).id, active, actor=None, now=parts.clock())


def _state(user: User) -> str:
    if not user.active:
        return "disabled"
    return "one-time password" if user.must_change else "active"
