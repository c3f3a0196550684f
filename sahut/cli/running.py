"""`sahut run`, and its three roles as processes of their own: `web`, `worker`, `scheduler`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.panel import Panel

from sahut import bootstrap, enrolling
from sahut.cli.output import people, say, start_log, step
from sahut.core.errors import SahutError, SettingsError
from sahut.core.model import Role

if TYPE_CHECKING:
    from config.settings import Settings
    from sahut.jobs import Parts

log = logging.getLogger(__name__)

# How long an open connection may hold up a clean stop.
_LAST_ANSWERS_SECONDS = 5


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run", rich_help_panel="Start")(run)
    app.command("web", rich_help_panel="Start")(web)
    app.command("worker", rich_help_panel="Start")(worker)
    app.command("scheduler", rich_help_panel="Start")(scheduler)


def run(
    demonstration: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Load the demonstration at the very first start.")
    ] = True,
) -> None:
    """Start everything in one process: board, worker and scheduler. Ctrl-C stops it.

    The first start makes the database, an administrator with a one-time password, and a demonstration.
    """
    found = bootstrap.settings()
    start_log(found.log_level)
    door = _bind(found)
    with step("Checking the policy and the sources file"):
        bootstrap.policy(found)
        drafts = bootstrap.sources(found)
    with step("Preparing the database"):
        bootstrap.migrate(found)
        parts = bootstrap.parts(found)
    password = _first_administrator(parts)
    if password is not None and demonstration:
        with step("Loading the demonstration (`sahut demo clear` removes it)"):
            bootstrap.load_demo(parts)
    if drafts:
        with step(f"Reading {len(drafts)} sources from {found.sources_file}"):
            bootstrap.upsert_sources(parts, drafts)
    with _demo_newspaper(found, parts):
        _serve(found, parts, roles=("web", "worker", "scheduler"), door=door, welcome=lambda: _welcome(found, password))


def _demo_newspaper(found: Settings, parts: Parts) -> AbstractContextManager[Any]:
    """Serve the demonstration's newspaper, where there is a demonstration."""
    try:
        return bootstrap.demo_feed(found, parts) or nullcontext()
    except OSError as error:
        say(f"The demonstration's newspaper is not served this time: {error.strerror}.")
        return nullcontext()


def web() -> None:
    """Start the board and the API alone. Any number may run beside each other on PostgreSQL."""
    found = bootstrap.settings()
    start_log(found.log_level)
    door = _bind(found)
    parts = bootstrap.parts(found)
    _serve(found, parts, roles=("web",), door=door, welcome=lambda: say(f"The board is at {_address(found)}"))


def worker() -> None:
    """Collect and classify. Any number may run beside each other; needs PostgreSQL."""
    _start_role("worker")


def scheduler() -> None:
    """Ring for what is due. A second one is a harmless spare; needs PostgreSQL."""
    _start_role("scheduler")


def _start_role(role: str) -> None:

    found = bootstrap.settings()
    start_log(found.log_level)
    if not found.many_machines:
        raise SettingsError(
            f"`sahut {role}` as a process of its own needs PostgreSQL (postgresql://…); with SQLite use `sahut run`",
            key="SAHUT_DATABASE_URL",
        )
    parts = bootstrap.parts(found)
    _serve(found, parts, roles=(role,), door=None, welcome=lambda: say(f"The {role} is at work. Ctrl-C stops it."))


def _serve(
    found: Settings,
    parts: Parts,
    *,
    roles: tuple[str, ...],
    door: socket.socket | None,
    welcome: Callable[[], None],
) -> None:
    """Run the roles in threads until a signal comes or one of them breaks."""
    from sahut import schedule

    work: dict[str, Callable[[], None]] = {
        "clock": lambda: schedule.run(
            parts.stop,
            store=parts.store,
            queue=parts.queue,
            clock=parts.clock,
            roles=roles,
            tick_seconds=found.tick_seconds,
            tidy_minutes=found.tidy_minutes,
        )
    }
    if "worker" in roles:
        work["worker"] = lambda: parts.queue.work(parts.stop)
    server = _web_server(found, parts) if door is not None else None
    if server is not None:
        work["web"] = lambda: server.run(sockets=[door])
    _stop_on_signals(parts)
    broken: list[str] = []
    threads = [
        threading.Thread(target=_guarded, args=(name, job, parts, broken), name=f"sahut-{name}")
        for name, job in work.items()
    ]
    for thread in threads:
        thread.start()
    while server is not None and not server.started and not parts.stop.is_set():
        time.sleep(0.02)
    if not parts.stop.is_set():
        welcome()
    # A wait without a limit would keep Python from running the signal's handler on some systems.
    while not parts.stop.wait(3600):
        pass
    if server is not None:
        server.should_exit = True
    for thread in threads:
        thread.join()
    parts.queue.close()
    parts.store.close()
    if broken:
        raise SahutError(f"stopped, since {' and '.join(broken)} broke; the log above says why")
    say("Stopped.")


def _guarded(name: str, job: Callable[[], None], parts: Parts, broken: list[str]) -> None:
    """A role that breaks takes the process down: half a service that looks whole is worse than a restart."""
    try:
        job()
    except BaseException:
        log.exception("the %s broke", name)
        broken.append(f"the {name}")
    else:
        if not parts.stop.is_set():
            broken.append(f"the {name}")
    parts.stop.set()


def _stop_on_signals(parts: Parts) -> None:
    """The first signal stops cleanly, a second one at once."""
    heard: list[int] = []  # not the event: a second signal may come while the first is still being answered

    def stop(number: int, _frame: Any) -> None:
        heard.append(number)
        if len(heard) > 1 or parts.stop.is_set():
            os._exit(128 + number)
        people.print("\nStopping: finishing what is under way (Ctrl-C again stops at once) …")
        parts.stop.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _web_server(found: Settings, parts: Parts) -> Any:
    from sahut.serving import server_for

    return server_for(
        bootstrap.web(found, parts), access_log=found.log_level == "debug", last_answers_s=_LAST_ANSWERS_SECONDS
    )


def _bind(found: Settings) -> socket.socket:
    """Take the port before anything else: who starts a second Sahut should hear so at once."""
    family = socket.AF_INET6 if ":" in found.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((found.host, found.port))
    except OSError as error:
        door.close()
        raise SettingsError(
            f"{found.host}:{found.port} cannot be used ({error.strerror}); stop what runs there or set another port",
            key="SAHUT_PORT",
        ) from error
    return door


def _address(found: Settings) -> str:
    host = "127.0.0.1" if found.host in {"0.0.0.0", "::"} else found.host  # noqa: S104 - compared, not bound
    return found.public_url or f"http://{host}:{found.port}"


def _first_administrator(parts: Parts) -> str | None:
    """Make the administrator where nobody can sign in yet; the one-time password, None when there are accounts."""
    with parts.store.read() as tx:
        if tx.accounts.users():
            return None
    return enrolling.add_user(parts, username="admin", name="Administrator", role=Role.ADMIN)


def _welcome(found: Settings, password: str | None) -> None:
    if password is not None:
        people.print(
            Panel.fit(
                f"Sign in as [bold]admin[/] with the one-time password [bold]{escape(password)}[/]\n"
                "It is shown only now; the board asks for your own at the first sign-in.",
                title="The first administrator",
                border_style="green",
            )
        )
    say(
        f"Sahut is at {_address(found)} - open it, or follow a feed: sahut source add feed https://… "
        "(Ctrl-C stops; `sahut doctor` says how it is doing)"
    )
