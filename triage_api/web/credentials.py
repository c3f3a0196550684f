"""Credentials on the board: a walk through what a platform wants, one live call, budgets; never a secret again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Response

from sahut.core import admission, noting, purses
from sahut.core.admission import NeedError
from sahut.core.errors import CollectError, RefusedError
from sahut.core.model import Access, Budget, Credential, CredentialDraft, Currency, Guide, Period, Problem
from sahut.core.ports import BrowserMember, Member, Replier, Tx
from triage_api import platforms
from triage_api.deps import Deps
from triage_api.errors import InvalidError
from triage_api.fields import LARGEST_ID
from triage_api.schemas.credentials import LARGEST_BUDGET
from triage_api.sign_ins import redirect_of
from triage_api.web import credential_words
from triage_api.web.desk import AtDesk, Desk, Manages, Posted
from triage_api.web.words import _

router = APIRouter(prefix="/credentials", include_in_schema=False)

CredentialId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
PlatformName = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,40}$")]
_LONGEST_NAME, _LONGEST_VALUE, _LONGEST_SECRET = 100, 300, 10_000
_SECRET, _SETTING, _BUDGET = "secret.", "setting.", "budget."


@dataclass(slots=True, kw_only=True)
class _Said:
    """What somebody filled in, as it may be shown again: without secrets. ``faults`` is field → what is wrong."""

    name: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    reason: str = ""
    for_source: bool = False


@router.get("")
def credentials(desk: AtDesk) -> Response:
    """Every credential, what it spent and who uses it."""
    with desk.deps.store.read() as tx:
        users = admission.users(tx)
        found = [(one, admission.spent(tx, one, desk.now), users.get(one.id, [])) for one in tx.credentials.all()]
        return desk.page(tx, "credentials.html", tab="sources", found=found, words=credential_words)


@router.get("/new")
def choose(desk: AtDesk) -> Response:
    """Every platform that a credential may be for."""
    return _choose(desk)


@router.get("/new/{platform}")
def walk_through(
    desk: AtDesk, platform: PlatformName, wanted_for: Annotated[str, Query(alias="for", max_length=20)] = ""
) -> Response:
    """What to create on the platform's site, and a form for what to copy from there.

    `for=source` leads on to a new source with it.
    """
    try:
        member = platforms.member(desk.deps, platform)
    except CollectError as error:
        if error.problem is not Problem.MISSING_LIBRARY:
            raise
        return _choose(desk, missing=platform)
    except RefusedError:
        return _choose(desk, needless=platform)
    return _form(desk, member, _Said(for_source=wanted_for == "source"))


@router.post("")
def add(form: Manages) -> Response:
    """Prove it with one live call, and keep it sealed. Secrets that were made here are shown now and never again."""
    desk = form.desk
    member = platforms.member(desk.deps, form.get("platform", 40))
    made = admission.made_secrets(member.guide)
    said = _said(form, member)
    draft, secrets = _drafted(form, member, said)
    if said.faults:
        return _form(desk, member, said, status=422)
    account, access = "", admission.opened(draft, made | secrets)
    if not form.get("unproven"):
        account = _called(desk, member, access, said)
        if said.problem is not None:
            return _form(desk, member, said, status=422)
    added: list[Credential] = []

    def act(tx: Tx) -> str:
        added.clear()  # Of a try that the database gave up nothing happened.
        actor = desk.signed.actor
        added.append(admission.add(tx, draft, made | secrets, account, desk.now, access=access, actor=actor))
        awaits = isinstance(member, BrowserMember) and member.awaits_sign_in(access)
        return _after(said, added[0], awaits=awaits)

    try:
        answer = _without_secrets(form).once(act)
    except RefusedError as error:
        if error.rule != "credential_exists":
            raise
        said.faults["name"] = _("Nama itu sudah dipakai kredensial lain.")
        return _form(desk, member, said, status=422)
    return _made(desk, added[0], made, _after(said, added[0]) if said.for_source else "") if added and made else answer


@router.get("/{credential_id}")
def credential(desk: AtDesk, credential_id: CredentialId) -> Response:
    """One credential: prove, change, rotate, remove."""
    with desk.deps.store.read() as tx:
        one = tx.credentials.get(credential_id)
    return _detail(desk, one, _of(one))


@router.post("/{credential_id}")
def change(form: Manages, credential_id: CredentialId) -> Response:
    """Set name, settings and budgets."""
    desk, before = form.desk, _get(form.desk.deps, credential_id)
    member = platforms.member(desk.deps, before.platform)
    said = _said(form, member)
    draft, _none = _drafted(form, member, said, secrets=False)
    try:
        admission.check_destination(before, draft.settings)
    except NeedError as error:
        said.faults.setdefault(
            _SETTING + error.key,
            _("Ke sinilah rahasia dikirim. Untuk mengubahnya, buat kredensial baru lalu pilih untuk sumbernya."),
        )
    if said.faults:
        return _detail(desk, before, said, status=422)

    def act(tx: Tx) -> str:
        tx.credentials.change(credential_id, draft, None, version=form.number("version"), now=desk.now)
        noting.credential(tx, "changed", credential_id, now=desk.now, actor=desk.signed.actor)
        return f"/credentials/{credential_id}?done=saved"

    try:
        return form.once(act)
    except RefusedError as error:
        if error.rule != "credential_exists":
            raise
        said.faults["name"] = _("Nama itu sudah dipakai kredensial lain.")
        return _detail(desk, before, said, status=422)


@router.post("/{credential_id}/prove")
def prove(form: Manages, credential_id: CredentialId) -> Response:
    """Make one live call."""
    desk = form.desk
    with desk.deps.store.read() as tx:
        one = tx.credentials.get(credential_id)
    access = purses.opened(desk.deps.store, credential_id, desk.deps.clock)
    said = _of(one)
    account = _called(desk, platforms.member(desk.deps, one.platform), access, said)
    if said.problem is not None:
        return _detail(desk, one, said, status=422)

    def act(tx: Tx) -> str:
        tx.credentials.proven(credential_id, account, desk.now)
        return f"/credentials/{credential_id}?done=credential_proven"

    return form.once(act)


@router.post("/{credential_id}/rotate")
def rotate(form: Manages, credential_id: CredentialId) -> Response:
    """New secrets in place of the old ones, after one live call with them."""
    desk, before = form.desk, _get(form.desk.deps, credential_id)
    member = platforms.member(desk.deps, before.platform)
    made, said = admission.made_secrets(member.guide), _of(before)
    secrets = made | _secrets(form, member.guide, said)
    if said.faults:
        return _detail(desk, before, said, status=422)
    access = admission.opened(admission.draft_of(before), secrets)
    account = "" if form.get("unproven") else _called(desk, member, access, said)
    if said.problem is not None:
        return _detail(desk, before, said, status=422)
    rotated: list[Credential] = []

    def act(tx: Tx) -> str:
        rotated.clear()  # Of a try that the database gave up nothing happened.
        version = form.number("version")
        actor, now = desk.signed.actor, desk.now
        rotated.append(
            admission.rotate(tx, before, secrets, account, version=version, now=now, access=access, actor=actor)
        )
        return f"/credentials/{credential_id}?done=credential_rotated"

    answer = _without_secrets(form).once(act)
    return _made(desk, rotated[0], made) if rotated and made else answer


@router.post("/{credential_id}/remove")
def remove(form: Manages, credential_id: CredentialId) -> Response:
    """Forget it, once no source uses it."""

    def act(tx: Tx) -> str:
        admission.remove(tx, credential_id)
        noting.credential(tx, "removed", credential_id, now=form.desk.now, actor=form.desk.signed.actor)
        return "/credentials?done=credential_removed"

    try:
        return form.once(act)
    except RefusedError as error:
        if error.rule != "credential_in_use":
            raise
        with form.desk.deps.store.read() as tx:
            names = ", ".join(admission.users(tx).get(credential_id, []))
        raise InvalidError(
            _("Kredensial ini masih dipakai oleh: %s. Beri sumber itu kredensial lain, atau hapus dahulu.") % names
        ) from error


def _get(deps: Deps, credential_id: int) -> Credential:
    with deps.store.read() as tx:
        return tx.credentials.get(credential_id)


def _of(one: Credential) -> _Said:
    amounts = {f"{b.currency}.{b.period}": f"{b.amount:g}" for b in one.budgets}
    return _Said(name=one.name, settings=dict(one.settings), amounts=amounts)


def _without_secrets(form: Posted) -> Posted:
    """What a page about a stale write may show and send again."""
    return replace(form, fields=[(key, value) for key, value in form.fields if not key.startswith(_SECRET)])


def _said(form: Posted, member: Member) -> _Said:
    said = _Said(name=form.get("name", _LONGEST_NAME), for_source=form.get("for") == "source")
    for need in admission.plain_needs(member.guide):
        said.settings[need.key] = form.get(_SETTING + need.key, _LONGEST_VALUE)
    for key, _value in form.fields:
        if key.startswith(_BUDGET):
            said.amounts[key.removeprefix(_BUDGET)] = form.get(key, 20)
    return said


def _drafted(
    form: Posted, member: Member, said: _Said, *, secrets: bool = True
) -> tuple[CredentialDraft, dict[str, str]]:
    """The draft and its secrets; what is wrong goes into ``said.faults``."""
    settings: dict[str, str] = {}
    if not said.name:
        said.faults["name"] = _("Beri nama, misalnya “X dinas”.")
    try:
        settings = admission.settings_of(member.guide, said.settings)
    except NeedError as error:
        said.faults[_SETTING + error.key] = _("Bagian ini wajib diisi.")
    budgets = _budgets(said)
    draft = CredentialDraft(platform=member.platform, name=said.name, settings=settings, budgets=budgets)
    return draft, _secrets(form, member.guide, said) if secrets else {}


def _secrets(form: Posted, guide: Guide, said: _Said) -> dict[str, str]:
    given = {need.key: form.get(_SECRET + need.key, _LONGEST_SECRET) for need in admission.secret_needs(guide)}
    try:
        return admission.secrets_of(guide, given)
    except NeedError as error:
        said.faults[_SECRET + error.key] = _("Bagian ini wajib diisi.")
        return {}


def _budgets(said: _Said) -> tuple[Budget, ...]:
    found = []
    for key, text in said.amounts.items():
        currency, _dot, period = key.partition(".")
        if not text or currency not in set(Currency) or period not in set(Period):
            continue
        try:
            amount = float(text.replace(",", "."))
        except ValueError:
            amount = -1.0
        if not 0 < amount <= LARGEST_BUDGET:
            said.faults[_BUDGET + key] = _("Isi angka di atas nol, misalnya 2,5, atau kosongkan.")
            continue
        found.append(Budget(currency=Currency(currency), period=Period(period), amount=amount))
    return tuple(found)


def _called(desk: Desk, member: Member, access: Access, said: _Said) -> str:
    try:
        with desk.deps.gate.turn():
            return admission.prove(member, access, desk.now)
    except CollectError as error:
        said.problem, said.reason = error.problem, str(error)
        return ""


def _offered_budgets(member: Member, one: Credential | None) -> list[tuple[Currency, Period]]:
    """What a budget may be set for: what the platform charges, answers where it takes them, and what is set."""
    currencies = [*member.guide.currencies, *((Currency.REPLIES,) if isinstance(member, Replier) else ())]
    offered = [(currency, period) for currency in dict.fromkeys(currencies) for period in Period]
    return list(dict.fromkeys([*offered, *((b.currency, b.period) for b in (one.budgets if one else ()))]))


def _shown(member: Member, one: Credential | None, said: _Said) -> Mapping[str, Any]:
    guide = member.guide
    return {
        "platform": member.platform,
        "steps": guide.steps,
        "plain": admission.plain_needs(guide),
        "secret": admission.secret_needs(guide),
        "made": [need for need in guide.needs if need.made],
        "currencies": _offered_budgets(member, one),
        "said": said,
        "words": credential_words,
    }


def _choose(desk: Desk, *, missing: str = "", needless: str = "") -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "credential_choose.html",
            tab="sources",
            offered=platforms.offered(desk.deps),
            missing=missing,
            needless=needless,
        )


def _form(desk: Desk, member: Member, said: _Said, *, status: int = 200) -> Response:
    with desk.deps.store.read() as tx:
        return desk.page(tx, "credential_new.html", status, tab="sources", **_shown(member, None, said))


def _detail(desk: Desk, one: Credential, said: _Said, *, status: int = 200) -> Response:
    member = platforms.member(desk.deps, one.platform)
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "credential.html",
            status,
            tab="sources",
            one=one,
            spent=admission.spent(tx, one, desk.now),
            users=admission.users(tx).get(one.id, []),
            browser=member.signed_in(tx.credentials.open(one.id, desk.now))
            if isinstance(member, BrowserMember)
            else None,
            redirect=redirect_of(desk.deps, desk.request),
            **_shown(member, one, said),
        )


def _after(said: _Said, one: Credential, *, awaits: bool = False) -> str:
    """Where to go on: to its sign-in where it ``awaits`` one, or to the source that it was made for."""
    if awaits:
        return f"/credentials/{one.id}?done=credential_added"
    if said.for_source:
        chosen = urlencode({"credential": one.name, "done": "credential_added"})
        return f"/sources/new/{one.platform}?{chosen}"
    return f"/credentials?done=credential_added#credential-{one.id}"


def _made(desk: Desk, one: Credential, made: Mapping[str, str], onward: str = "") -> Response:
    needs = {need.key: need for need in platforms.member(desk.deps, one.platform).guide.needs}
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "credential_made.html",
            tab="sources",
            one=one,
            onward=onward or f"/credentials/{one.id}",
            made=[(needs[key], value) for key, value in made.items()],
        )
