"""Puts the parts together: the only module that names concrete ones.

Each part is imported where it is needed, so that a command pays for what it uses: the web process never loads the
model, `sahut classify` never the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sahut import exported, jobs
from sahut.core import collecting
from sahut.core.areas import AreaNames
from sahut.core.errors import SettingsError, StoreError
from sahut.core.model import Access, AuditAct, AuditDraft, Kind, Policy, SourceDraft
from sahut.core.outbox import Means
from sahut.core.ports import Annotator, Classifier, Collector, Explainer, Queue, Replier, Store

if TYPE_CHECKING:
    from fastapi import FastAPI

    from classifiers.versions import Versions
    from collectors.registry import CollectorSettings
    from config.settings import Settings
    from sahut.demo import DemoFeed

_LAST_PORT = 65535


def now() -> datetime:
    """The present, aware and in UTC."""
    return datetime.now(UTC)


def settings() -> Settings:
    """What the environment and `.env` say. Raises SettingsFaultsError."""
    from config.settings import load

    return load()


def repaired_settings(error: SettingsError) -> Settings:
    """The settings with defaults in place of what ``error`` says is wrong."""
    from config.faults import SettingsFaultsError
    from config.settings import repaired

    return repaired(error if isinstance(error, SettingsFaultsError) else SettingsFaultsError([error]))


def policy(settings: Settings) -> Policy:
    """The policy that holds. Raises SettingsFaultsError."""
    from config.files import read_policy

    return read_policy(settings.policy_file, is_area=_is_area)


def _is_area(code: str) -> bool:
    from classifiers import gazetteer

    return gazetteer.shipped().known(int(code.replace(".", "")))


def sources(settings: Settings) -> list[SourceDraft]:
    """The sources of the operator's file, none without one. Raises SettingsFaultsError."""
    from collectors import registry
    from config.files import read_sources

    file = settings.sources_file
    return [] if file is None else read_sources(file, platforms=registry.platforms())


def migrate(settings: Settings, done: Callable[[int], object] = lambda _: None) -> None:
    """Bring the database, and on PostgreSQL the queue's tables, to this version. Safe in several processes at once.

    ``done`` is told how many more rows about persons were sealed, of those that an earlier version had stored plainly,
    and how many more texts were masked for search.
    Raises SettingsError for a folder that cannot be made.
    """
    from storage.migrate import upgrade

    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {settings.var_dir} cannot be made: {error.strerror}", key="SAHUT_VAR_DIR"
        ) from error
    upgrade(settings.store_url)
    if not settings.key.get_secret_value():
        from config.keys import make_key_file

        make_key_file(settings.keys_file)
    hide_persons(settings, done)
    _mask_for_search(settings, done)
    if settings.many_machines:
        from sahut.queues.engine import prepare

        prepare(settings.store_url)


def store(settings: Settings) -> Store:
    """The store. Raises StoreError when its schema is not this version's, or there is none yet."""
    from config.keys import read_keys
    from storage.store import open_store

    file = settings.database_file
    if file is not None and not file.exists():
        # Opened, it would be an empty file that then lacks its tables.
        raise StoreError(f"there is no database yet ({file}): run `sahut migrate`, or `sahut run` for everything")
    opened = open_store(settings.store_url, keys=read_keys(settings))
    opened.ping()
    return opened


def classifier(settings: Settings) -> Classifier:
    """The classifier, with its model in memory. Raises ClassifierError."""
    from classifiers import registry

    folder = settings.model_dir
    if pinned_model(settings) is None:
        kept = versions(settings)
        folder = kept.get(kept.current()).folder
    return registry.load(settings.model, model_dir=folder, threads=settings.classifier_threads)


def current_classifier(settings: Settings) -> Callable[[], Classifier]:
    """Gives the classifier, loaded when first asked for, and anew once another version is the current one."""
    from classifiers.versions import Current

    if pinned_model(settings) is not None:
        return cache(lambda: classifier(settings))
    return Current(versions(settings), lambda folder: classifier(settings.model_copy(update={"model_dir": folder})))


def annotator() -> Annotator:
    """What reads the place and the language of a text, with its lists in memory. Raises ClassifierError."""
    from classifiers.annotate import TextAnnotator

    return TextAnnotator()


def explainer(judge: Classifier, *, kinds: Collection[Kind] = (Kind.COMPLAINT,)) -> Explainer:
    """What says which words made ``judge`` decide for ``kinds``."""
    from classifiers.why import Occlusion

    return Occlusion(judge, kinds=kinds)


def collector_for(settings: Settings, opened: Store | None = None) -> Callable[[str], Collector]:
    """Platform → its collector, made once. Raises NotFoundError for a platform that nobody brings.

    While ``opened`` has the demonstration, its newspaper on loopback may be read too.
    """
    from collectors import registry

    @cache
    def load(platform: str) -> Collector:
        return registry.load(platform, settings=manners(settings, opened))

    return load


def manners(settings: Settings, opened: Store | None) -> CollectorSettings:
    """How collectors behave on the network; the demonstration's newspaper may be read where ``opened`` has it."""
    from collectors.registry import CollectorSettings

    allowed = settings.allow_hosts
    if opened is not None and _has_demo(opened):
        allowed = (*allowed, f"127.0.0.1:{_demo_port(settings)}")
    return CollectorSettings(allow_hosts=allowed, contact=settings.contact)


def platforms() -> dict[str, str]:
    """What can be followed: platform → the extra that brings its client library, "" where none is needed."""
    from collectors import registry

    return {name: registry.extra_of(name) for name in registry.platforms()}


def versions(settings: Settings) -> Versions:
    """The versions of the model that this installation has."""
    from classifiers.versions import Versions

    return Versions(settings.models_dir)


def pinned_model(settings: Settings) -> str | None:
    """The variable that names a model once and for all, so that versions do not count; None where they do."""
    if settings.model_dir is not None:
        return "SAHUT_MODEL_DIR"
    return None if settings.model == "onnx" else "SAHUT_MODEL"


def parts(settings: Settings) -> jobs.Parts:
    """Everything that a process works with. Raises SettingsFaultsError, StoreError."""
    table: dict[str, Callable[..., None]] = {}
    opened = store(settings)
    holds = policy(settings)
    judge = current_classifier(settings)
    loaded = collector_for(settings, opened)
    made = jobs.Parts(
        store=opened,
        queue=_queue(settings, table),
        policy=holds,
        clock=now,
        collector_for=loaded,
        means=_means(opened, loaded),
        lease=timedelta(minutes=settings.lease_minutes),
        classifier=judge,
        explainer=lambda: explainer(judge(), kinds=holds.flagged_kinds),
        annotator=cache(annotator),
    )
    table.update(jobs.table(made))
    return made


def _means(opened: Store, loaded: Callable[[str], Collector]) -> Means:
    """Who answers on a platform is the collector that reads it, where it can; it does so as its source's account."""

    def replier_for(platform: str) -> Replier | None:
        collector = loaded(platform)
        return collector if isinstance(collector, Replier) else None

    def access_for(source_id: int) -> Access | None:
        with opened.read() as tx:
            source = tx.sources.get(source_id)
        return collecting.access_for(opened, loaded(source.platform), source, now)

    return Means(replier_for=replier_for, access_for=access_for)


def web(settings: Settings, made: jobs.Parts) -> FastAPI:
    """The board and the API."""
    from sahut import enrolling, looking
    from sahut.workdays import Indonesia
    from triage_api.app import ApiSettings, create_app

    return create_app(
        store=made.store,
        queue=made.queue,
        policy=made.policy,
        clock=made.clock,
        collector_for=made.collector_for,
        look=lambda draft: looking.look(settings, draft, made.store),
        price=lambda draft: looking.price(settings, draft, made.store),
        means=made.means,
        platforms=platforms(),
        areas=area_names,
        holidays=Indonesia(),
        forget_exports=forget_exports(settings),
        settings=ApiSettings(
            base_url=settings.public_url,
            cookie_secure=settings.public_url.startswith("https://"),
            token_per_minute=settings.token_per_minute,
            provider=enrolling.provider(settings),
        ),
    )


def forget_exports(settings: Settings) -> Callable[[Collection[int]], int]:
    """Takes mentions out of the tables below the data folder."""
    return lambda mention_ids: exported.forget(settings.var_dir, mention_ids)


@cache
def area_names() -> AreaNames:
    """Provinces and regencies by name. Raises ClassifierError where the list cannot be read."""
    from classifiers import gazetteer

    return AreaNames(gazetteer.regencies())


def upsert_sources(made: jobs.Parts, drafts: Sequence[SourceDraft]) -> tuple[int, int]:
    """Add the drafts, or change the sources of their names where something differs. Returns (added, changed)."""
    added = changed = 0
    with made.store.begin() as tx:
        for draft in drafts:
            source = tx.sources.find(draft.name)
            if source is None:
                tx.sources.add(draft, made.clock())
                added += 1
            elif any(getattr(source, one.name) != getattr(draft, one.name) for one in fields(draft)):
                tx.sources.change(source.id, draft, version=None, now=made.clock())
                changed += 1
    return added, changed


def new_key() -> str:
    """A fresh key to seal secrets with."""
    from config import keys

    return keys.new_key()


def hide_persons(settings: Settings, done: Callable[[int], object] = lambda _: None) -> int:
    """Seal with the first key what that has not sealed of persons; how many rows. Killed, it goes on when called again.

    Raises StoreError for what was sealed with a key that is not known.
    """
    from config.keys import read_keys
    from storage.store import open_store

    opened = open_store(settings.store_url, keys=read_keys(settings))
    count = opened.hide(done)
    opened.close()
    return count


def _mask_for_search(settings: Settings, done: Callable[[int], object]) -> None:
    from storage.store import open_store

    opened = open_store(settings.store_url)
    opened.mask(done)
    opened.close()


def unmasked(settings: Settings) -> int:
    """How many texts search does not find yet, or finds by an earlier mask. Raises StoreError."""
    from storage.store import open_store

    opened = open_store(settings.store_url)
    try:
        return opened.unmasked()
    finally:
        opened.close()


def rotate_key(settings: Settings, *, fresh: bool = True, by: str = "") -> int:
    """Put a fresh key first in the key file and seal credentials and second factors anew; how many of the former.

    Where a variable names the keys, or without ``fresh``, the first of those that there are seals from now on.
    `hide_persons` then seals the rows.
    """
    from config import keys

    if fresh and not settings.key.get_secret_value():
        keys.put_first(settings.keys_file, keys.new_key())
    opened = store(settings)
    with opened.begin() as tx:
        count = tx.credentials.reseal()
        factors = tx.second_factors.reseal()
        what = "rotated" if fresh else "resealed"
        said = {"what": what, "credentials": count, "second_factors": factors}
        tx.audit.add(AuditDraft(act=AuditAct.KEY, at=now(), name=by, kind="key", detail=said))
    opened.close()
    return count


def load_demo(made: jobs.Parts) -> None:
    """Add the demonstration's posts; a process that serves its newspaper adds that too."""
    from sahut import demo

    with made.store.begin() as tx:
        demo.load(tx, made.clock())


def demo_feed(settings: Settings, made: jobs.Parts) -> DemoFeed | None:
    """The demonstration's newspaper, ready to be served and followed; None where there is no demonstration.

    Its port is the board's next one, so that it has the same address at every start. Raises OSError when that is taken.
    """
    from sahut import demo

    if not _has_demo(made.store):
        return None
    feed = demo.DemoFeed(made.clock(), port=_demo_port(settings))
    with made.store.begin() as tx:
        demo.load(tx, made.clock(), feed_url=feed.url)
    return feed


def _has_demo(opened: Store) -> bool:
    with opened.read() as tx:
        return tx.operations.demo_exists()


def _demo_port(settings: Settings) -> int:
    return settings.port + 1 if settings.port < _LAST_PORT else settings.port - 1


def _queue(settings: Settings, table: dict[str, Callable[..., None]]) -> Queue:
    if settings.many_machines:
        from sahut.queues.engine import EngineQueue

        return EngineQueue(
            settings.store_url, table, threads=settings.worker_threads, lost_after=settings.lost_worker_seconds
        )
    from sahut.queues.inline import InlineQueue

    return InlineQueue(table, threads=settings.worker_threads)
