"""Looks at places without storing anything, put together as `sahut.bootstrap` does the parts of the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sahut import bootstrap, probe
from sahut.core import estimating, purses
from sahut.core.errors import CollectError, PermanentError
from sahut.core.model import Access, Credential, Estimate, Probe, Problem, Source, SourceDraft
from sahut.core.ports import Collector, Estimator, Store

if TYPE_CHECKING:
    from collectors._settings import CollectorSettings
    from collectors.files import FileLayout
    from config.settings import Settings

# Somebody waits for a look: so many seconds for the place itself, and for each further address that it leads to.
_LOOK_S, _LOOK_FURTHER_S = 20.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What a place is read with; ``store`` and ``credential`` are None where its platform lets anybody read."""

    collector: Collector
    manners: CollectorSettings
    store: Store | None = None
    credential: Credential | None = None
    access: Access | None = None


def _open(settings: Settings, draft: SourceDraft, opened: Store | None) -> _Opened:
    """Raises NotFoundError for an unknown platform, CollectError where there is no way in."""
    from collectors import registry

    manners = replace(bootstrap.manners(settings, opened), total_timeout_s=_LOOK_S)
    collector = registry.load(draft.platform, settings=manners)
    if collector.guide is None:
        return _Opened(collector=collector, manners=manners)
    kept = opened or bootstrap.store(settings)
    with kept.read() as tx:
        credential = tx.credentials.find(draft.credential)
    if credential is None:
        raise PermanentError(_no_credential(draft), problem=Problem.NO_CREDENTIAL)
    access = purses.opened(kept, credential.id, bootstrap.now)
    return _Opened(collector=collector, manners=manners, store=kept, credential=credential, access=access)


def look(settings: Settings, draft: SourceDraft, opened: Store | None = None) -> Probe:
    """What following ``draft`` would bring, with nothing stored. Raises NotFoundError for an unknown platform.

    A web page leads to its feed. While ``opened`` has the demonstration, its newspaper may be looked at too. Where the
    platform charges, what it will cost is asked first.
    """
    from collectors import discovery
    from triage_api.addresses import shown

    try:
        way = _open(settings, draft, opened)
    except CollectError as error:
        return Probe(problem=error.problem, reason=str(error))
    estimate = _price(settings, draft, way)
    found = replace(probe.look(draft, way.collector, bootstrap.now(), way.access), estimate=estimate)
    if draft.platform != "feed" or found.problem is not Problem.NOT_A_FEED:
        return found
    try:
        feeds = discovery.discover(
            draft.address, settings=replace(way.manners, total_timeout_s=_LOOK_FURTHER_S), now=bootstrap.now()
        )
    except CollectError:
        return found
    if not feeds or feeds[0] == draft.address:
        return found
    behind = probe.look(replace(draft, address=feeds[0]), way.collector, bootstrap.now())
    first, *rest = map(shown, feeds)
    others = f"; it also has {', '.join(rest)}" if rest else ""
    note = f"{shown(draft.address)} is a web page; its feed is {first}{others}"
    return replace(behind, address=feeds[0], alternatives=feeds[1:], notes=[note, *behind.notes])


def price(settings: Settings, draft: SourceDraft, opened: Store | None = None) -> Estimate | None:
    """What following ``draft`` will cost, None where its platform charges nothing. Raises as `look`; reads nothing."""
    try:
        way = _open(settings, draft, opened)
    except CollectError as error:
        return Estimate(problem=error.problem, reason=str(error))
    return _price(settings, draft, way)


def _price(settings: Settings, draft: SourceDraft, way: _Opened) -> Estimate | None:
    if not isinstance(way.collector, Estimator) or way.store is None or way.credential is None:
        return None
    with way.store.read() as tx:
        share = estimating.flagged_share(tx, draft.platform, bootstrap.now())
    return probe.price(
        draft,
        way.collector,
        bootstrap.policy(settings).conversations,
        bootstrap.now(),
        way.access,
        share=share,
        budgets=way.credential.budgets,
    )


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
