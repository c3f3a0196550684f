"""Puts the parts together: the only module that names concrete ones.

Each part is imported where it is needed, so that a command pays for what it uses: the web process never loads the
model, `sahut classify` never the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sahut import exported, jobs, probe
from sahut.core import collecting, purses
from sahut.core.areas import AreaNames
from sahut.core.errors import CollectError, SettingsError, StoreError
from sahut.core.model import Access, AuditAct, AuditDraft, Kind, Policy, Probe, Problem, Role, Source, SourceDraft, User
from sahut.core.outbox import Means
from sahut.core.ports import Annotator, Classifier, Collector, Explainer, Queue, Replier, Store

if TYPE_CHECKING:
    from fastapi import FastAPI

    from classifiers.evaluate import Evaluation
    from classifiers.versions import Versions
    from collectors.files import FileLayout
    from collectors.registry import CollectorSettings
    from config.settings import Settings
    from sahut.demo import DemoFeed

_LAST_PORT = 65535
# Somebody waits for a look: so many seconds for the place itself, and for each further address that it leads to.
_LOOK_S, _LOOK_FURTHER_S = 20.0, 8.0


class Stage(Protocol):
    """Shows a stretch of work to whoever waits for it."""

    def __call__(self, text: str, *, total: int | None) -> AbstractContextManager[Callable[[int], object]]:
        """Open it by name and, if known, size; yields who to tell how much is done."""


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

    ``done`` is told how many more rows about persons were sealed, of those that an earlier version had stored plainly.
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


def evaluation(settings: Settings, data: Path, *, recall: float, baseline: bool, stage: Stage) -> Evaluation:
    """How good the classifier is on the labelled rows of ``data``, and beside it, if wanted, the baseline.

    ``stage(text, total=…)`` opens a stretch of work and yields who to tell how much is done. Raises ClassifierError for
    a file with faults and for a model that cannot judge, SettingsFaultsError for a faulty policy.
    """
    from classifiers import evaluate

    holds = policy(settings)
    rows = evaluate.read_labelled(data)
    model = classifier(settings)
    with stage("judging", total=len(rows)) as done:
        assessments = evaluate.predict(model, rows, done)
    with stage("measuring", total=None):
        found = evaluate.evaluate(rows, assessments, data=data.name, policy=holds, wanted_recall=recall)
    if not baseline:
        return found
    from classifiers import _baseline

    with stage("cross-validating the baseline", total=_baseline.FOLDS * len(_baseline.TASKS)) as done:
        return _baseline.beside(found, rows, done)


def write_report(found: Evaluation, folder: Path, *, show_texts: bool) -> list[Path]:
    """Plots and report of an evaluation into ``folder``, which exists; the files written. Raises OSError."""
    from classifiers import report

    return report.write(found, folder, show_texts=show_texts, now=now())


def collector_for(settings: Settings, opened: Store | None = None) -> Callable[[str], Collector]:
    """Platform → its collector, made once. Raises NotFoundError for a platform that nobody brings.

    While ``opened`` has the demonstration, its newspaper on loopback may be read too.
    """
    from collectors import registry

    @cache
    def load(platform: str) -> Collector:
        return registry.load(platform, settings=_manners(settings, opened))

    return load


def _manners(settings: Settings, opened: Store | None) -> CollectorSettings:
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
    from triage_api.app import ApiSettings, create_app

    return create_app(
        store=made.store,
        queue=made.queue,
        policy=made.policy,
        clock=made.clock,
        collector_for=made.collector_for,
        look=lambda draft: look(settings, draft, made.store),
        means=made.means,
        platforms=platforms(),
        areas=area_names,
        forget_exports=forget_exports(settings),
        settings=ApiSettings(
            base_url=settings.public_url,
            cookie_secure=settings.public_url.startswith("https://"),
            token_per_minute=settings.token_per_minute,
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


def look(settings: Settings, draft: SourceDraft, opened: Store | None = None) -> Probe:
    """What following ``draft`` would bring, with nothing stored. Raises NotFoundError for an unknown platform.

    A web page leads to its feed. While ``opened`` has the demonstration, its newspaper may be looked at too.
    """
    from collectors import discovery, registry
    from triage_api.addresses import shown

    manners = replace(_manners(settings, opened), total_timeout_s=_LOOK_S)
    try:
        collector = registry.load(draft.platform, settings=manners)
    except CollectError as error:
        return Probe(problem=error.problem, reason=str(error))
    access = None
    if collector.guide is not None:
        kept = opened or store(settings)
        with kept.read() as tx:
            credential = tx.credentials.find(draft.credential)
        if credential is None:
            return Probe(problem=Problem.NO_CREDENTIAL, reason=_no_credential(draft))
        access = purses.opened(kept, credential.id, now)
    found = probe.look(draft, collector, now(), access)
    if draft.platform != "feed" or found.problem is not Problem.NOT_A_FEED:
        return found
    try:
        feeds = discovery.discover(draft.address, settings=replace(manners, total_timeout_s=_LOOK_FURTHER_S), now=now())
    except CollectError:
        return found
    if not feeds or feeds[0] == draft.address:
        return found
    behind = probe.look(replace(draft, address=feeds[0]), collector, now())
    first, *rest = map(shown, feeds)
    others = f"; it also has {', '.join(rest)}" if rest else ""
    note = f"{shown(draft.address)} is a web page; its feed is {first}{others}"
    return replace(behind, address=feeds[0], alternatives=feeds[1:], notes=[note, *behind.notes])


def _no_credential(draft: SourceDraft) -> str:
    had = f"there is no credential '{draft.credential}'" if draft.credential else f"{draft.platform} wants a credential"
    return f"{had}: `sahut credential list` shows what there is, `sahut credential add {draft.platform} NAME` makes one"


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


def file_layout(settings: Settings, draft: SourceDraft) -> FileLayout:
    """What the file of ``draft`` is taken for. Raises SettingsError for options that do not fit it, CollectError."""
    from collectors.files import FileCollector

    return FileCollector(_manners(settings, None)).layout(probe.unstored(draft, now()))


def same_bytes(path: Path) -> Callable[[Source], bool]:
    """Says whether a source of files last read what stands at ``path``. Raises CollectError."""
    from collectors.files import same_bytes

    return same_bytes(path)


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


def add_user(made: jobs.Parts, *, username: str, name: str, role: Role, units: tuple[str, ...] = ()) -> str:
    """Make an account; its one-time password. Raises RefusedError when the name is taken."""
    from sahut.core import people
    from triage_api.auth import hash_password, new_one_time_password

    check_units(made.policy, role, units)
    password = new_one_time_password()
    hashed = hash_password(password)
    with made.store.begin() as tx:
        user = tx.accounts.add_user(
            username=username,
            name=name,
            role=role,
            password_hash=hashed,
            must_change=True,
            now=made.clock(),
            units=units,
        )
        people.note(tx, user, "added", None, made.clock(), role=str(role), units=list(units))
    return password


def reset_password(made: jobs.Parts, user: User) -> str:
    """A new one-time password; every session of the account ends."""
    from sahut.core import people
    from triage_api.auth import hash_password, new_one_time_password

    password = new_one_time_password()
    hashed = hash_password(password)
    with made.store.begin() as tx:
        people.reset_password(tx, user.id, hashed, actor=None, now=made.clock())
    return password


def invite_user(
    settings: Settings, made: jobs.Parts, *, username: str, name: str, role: Role, units: tuple[str, ...]
) -> str:
    """Make an account; the link with which its holder chooses a password, once. Raises RefusedError, SettingsError."""
    from sahut.core import people
    from triage_api.auth import NO_PASSWORD, new_token

    check_units(made.policy, role, units)
    shown, token_hash = new_token()
    with made.store.begin() as tx:
        people.invite(
            tx,
            username=username,
            name=name,
            role=role,
            units=units,
            token_hash=token_hash,
            no_password=NO_PASSWORD,
            actor=None,
            now=made.clock(),
        )
    return f"{settings.public_url.rstrip('/') or f'http://{settings.host}:{settings.port}'}/welcome?token={shown}"


def check_units(policy: Policy, role: Role, units: tuple[str, ...]) -> None:
    """Raises SettingsError for a unit that the policy does not name, and for a unit officer without one."""
    known = [unit.code for unit in policy.units]
    for code in units:
        if code not in known:
            raise SettingsError(f"the policy names no unit '{code}'; it has {', '.join(known) or 'none'}")
    if role is Role.UNIT and not units:
        raise SettingsError("a unit officer belongs to a unit: --unit CODE")


def add_token(made: jobs.Parts, user: User, *, name: str, scopes: Collection[str], lasts: timedelta) -> str:
    """A key for a program that acts as ``user`` within ``scopes``; only its hash is kept.

    Raises RefusedError, and SettingsError for a scope that the account's role does not grant.
    """
    from sahut.core import tokens
    from triage_api.auth import new_token
    from triage_api.permissions import scopes_of

    granted = [str(one) for one in scopes_of(user.role)]
    beyond = [one for one in scopes if one not in granted]
    if beyond:
        raise SettingsError(
            f"the role {user.role} does not grant {', '.join(beyond)}; it grants {', '.join(granted)}", key="--scope"
        )
    shown, token_hash = new_token()
    now = made.clock()
    with made.store.begin() as tx:
        tokens.make(
            tx,
            user.id,
            name=name,
            token_hash=token_hash,
            scopes=scopes,
            expires_at=now + lasts,
            actor=None,
            now=now,
        )
    return shown


def _queue(settings: Settings, table: dict[str, Callable[..., None]]) -> Queue:
    if settings.many_machines:
        from sahut.queues.engine import EngineQueue

        return EngineQueue(
            settings.store_url, table, threads=settings.worker_threads, lost_after=settings.lost_worker_seconds
        )
    from sahut.queues.inline import InlineQueue

    return InlineQueue(table, threads=settings.worker_threads)
