"""Looks at places without storing anything, put together as `sahut.bootstrap` does the parts of the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sahut import bootstrap, probe
from sahut.core import purses
from sahut.core.errors import CollectError
from sahut.core.model import Probe, Problem, Source, SourceDraft
from sahut.core.ports import Store

if TYPE_CHECKING:
    from collectors.files import FileLayout
    from config.settings import Settings

# Somebody waits for a look: so many seconds for the place itself, and for each further address that it leads to.
_LOOK_S, _LOOK_FURTHER_S = 20.0, 8.0


def look(settings: Settings, draft: SourceDraft, opened: Store | None = None) -> Probe:
    """What following ``draft`` would bring, with nothing stored. Raises NotFoundError for an unknown platform.

    A web page leads to its feed. While ``opened`` has the demonstration, its newspaper may be looked at too.
    """
    from collectors import discovery, registry
    from triage_api.addresses import shown

    manners = replace(bootstrap.manners(settings, opened), total_timeout_s=_LOOK_S)
    try:
        collector = registry.load(draft.platform, settings=manners)
    except CollectError as error:
        return Probe(problem=error.problem, reason=str(error))
    access = None
    if collector.guide is not None:
        kept = opened or bootstrap.store(settings)
        with kept.read() as tx:
            credential = tx.credentials.find(draft.credential)
        if credential is None:
            return Probe(problem=Problem.NO_CREDENTIAL, reason=_no_credential(draft))
        access = purses.opened(kept, credential.id, bootstrap.now)
    found = probe.look(draft, collector, bootstrap.now(), access)
    if draft.platform != "feed" or found.problem is not Problem.NOT_A_FEED:
        return found
    try:
        feeds = discovery.discover(
            draft.address, settings=replace(manners, total_timeout_s=_LOOK_FURTHER_S), now=bootstrap.now()
        )
    except CollectError:
        return found
    if not feeds or feeds[0] == draft.address:
        return found
    behind = probe.look(replace(draft, address=feeds[0]), collector, bootstrap.now())
    first, *rest = map(shown, feeds)
    others = f"; it also has {', '.join(rest)}" if rest else ""
    note = f"{shown(draft.address)} is a web page; its feed is {first}{others}"
    return replace(behind, address=feeds[0], alternatives=feeds[1:], notes=[note, *behind.notes])


def _no_credential(draft: SourceDraft) -> str:
    had = f"there is no credential '{draft.credential}'" if draft.credential else f"{draft.platform} wants a credential"
    return f"{had}: `sahut credential list` shows what there is, `sahut credential add {draft.platform} NAME` makes one"


def file_layout(settings: Settings, draft: SourceDraft) -> FileLayout:
    """What the file of ``draft`` is taken for. Raises SettingsError for options that do not fit it, CollectError."""
    from collectors.files import FileCollector

    return FileCollector(bootstrap.manners(settings, None)).layout(probe.unstored(draft, bootstrap.now()))


def same_bytes(path: Path) -> Callable[[Source], bool]:
    """Says whether a source of files last read what stands at ``path``. Raises CollectError."""
    from collectors.files import same_bytes

    return same_bytes(path)
