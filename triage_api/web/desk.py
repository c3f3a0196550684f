"""Who sits at the board: every page asks for a `Desk`, every act for a `Posted` form of somebody who may."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.requests import ClientDisconnect

from sahut.core import actions, rules
from sahut.core.errors import NotFoundError, SahutError, StaleWriteError
from sahut.core.model import (
    Decision,
    MentionFilter,
    MentionState,
    ReplyFilter,
    ReplyState,
    SourceCondition,
    StoredAnswer,
    User,
)
from sahut.core.ports import Tx
from triage_api import auth, second_factor
from triage_api.auth import Signed
from triage_api.deps import Deps, MaybeSigned, Now, Parts
from triage_api.errors import (
    ForbiddenError,
    InvalidError,
    MustChangeError,
    NotSignedInError,
    SecondFactorRequiredError,
)
from triage_api.fields import LARGEST_ID
from triage_api.permissions import Permission
from triage_api.schemas.tickets import MOST_PICKS
from triage_api.web import languages, pages, starting, words
from triage_api.web.languages import N_, ngettext
from triage_api.writes import patiently

COUNT_CAP = 1_001
# Processes say every few seconds that they live; this long without a word is worth a warning.
_ALIVE = timedelta(minutes=3)
_LONGEST_FIELD = 10_000


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A signed-in person in front of a page."""

    request: Request
    deps: Deps
    signed: Signed
    now: datetime

    def may(self, permission: Permission) -> bool:
        """Whether this person may do acts of that permission."""
        return self.signed.may(permission)

    @property
    def csrf(self) -> str:
        """The session's token for forms."""
        return self.signed.session.csrf if self.signed.session else ""

    def page(self, tx: Tx, template: str, status: int = 200, *, tab: str = "", **context: Any) -> Response:
        """A page with everything that its frame shows."""
        return pages.page(self.request, template, status, **self._frame(tx, tab), **context)

    def people(self, tx: Tx) -> list[User]:
        """Whom work can be given to; nobody where the reader gives none."""
        return [one for one in tx.accounts.users() if one.active] if self.may(Permission.DECIDE) else []

    def _frame(self, tx: Tx, tab: str) -> dict[str, Any]:
        return {
            "tab": tab,
            "me": self.signed.user,
            "now": self.now,
            "csrf": self.csrf,
            "new_key": lambda: secrets.token_urlsafe(12),
            "may_read": self.may(Permission.READ),
            "may_handle": self.may(Permission.HANDLE),
            "may_accounts": self.may(Permission.ACCOUNTS),
            "may_audit": self.may(Permission.AUDIT),
            "may_reveal": self.may(Permission.REVEAL),
            "may_privacy": self.may(Permission.PRIVACY),
            "home": starting.home(tx, self.signed.user),
            "may_decide": self.may(Permission.DECIDE),
            "may_manage": self.may(Permission.MANAGE),
            "may_answer": self.may(Permission.ANSWER),
            "may_approve": self.may(Permission.APPROVE),
            "approval": self.deps.policy.replies.approval,
            "replies_waiting": tx.replies.count(ReplyFilter(states=(ReplyState.WAITING,)), cap=COUNT_CAP),
            "here": _here(self.request),
            "demo": tx.operations.demo_exists(),
            "warnings": self._warnings(tx) if self.may(Permission.READ) else [],
            "waiting": tx.mentions.count(MentionFilter(states=(MentionState.FLAGGED,), folded=False), cap=COUNT_CAP),
            "count_cap": COUNT_CAP,
            "flash": flash_of(tx, self.request),
            "units": self.deps.policy.units,
            "unit_names": {unit.code: unit.name for unit in self.deps.policy.units},
        }

    def _warnings(self, tx: Tx) -> list[str]:
        said = []
        alive = {role for role, _, at in tx.operations.beats() if self.now - at < _ALIVE}
        if not {"worker", "scheduler"} <= alive:
            said.append(words._("Pengumpulan atau penilaian sedang tidak berjalan; sebutan baru tidak akan muncul."))
        conditions = [rules.condition(one, self.now, self.deps.policy) for one in tx.sources.all()]
        failing, stopped, silent = (
            conditions.count(one) for one in (SourceCondition.FAILING, SourceCondition.STOPPED, SourceCondition.SILENT)
        )
        for count, text in (
            (failing, ngettext("%s sumber gagal dibaca.", "%s sumber gagal dibaca.", failing)),
            (
                stopped,
                ngettext(
                    "%s sumber berhenti dan menunggu tindakan.", "%s sumber berhenti dan menunggu tindakan.", stopped
                ),
            ),
            (
                silent,
                ngettext("%s sumber lebih sepi daripada biasanya.", "%s sumber lebih sepi daripada biasanya.", silent),
            ),
        ):
            if count:
                said.append(text % count)
        return said


def _desk(request: Request, deps: Parts, signed: MaybeSigned, now: Now) -> Desk:
    if signed is None or signed.session is None:
        raise NotSignedInError
    if signed.must_change and request.url.path not in {"/password", "/sign-out"}:
        raise MustChangeError("set a password of your own first")
    led = request.url.path in {"/password", "/sign-out"} or request.url.path.startswith("/account/second-factor")
    if not led and second_factor.is_missing(deps.store, deps.policy, signed):
        raise SecondFactorRequiredError("set up a second factor first")
    languages.keep_time(deps.policy.time_zone_of(signed.user.units))
    return Desk(request=request, deps=deps, signed=signed, now=now)


AtDesk = Annotated[Desk, Depends(_desk)]


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A form that somebody sent, checked to come from a page of ours."""

    desk: Desk
    fields: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str, most: int = _LONGEST_FIELD) -> str:
        """The last value of a field, stripped; "" without one. Raises InvalidError for one too long."""
        value = next((said for key, said in reversed(self.fields) if key == name), "").strip()
        if len(value) > most:
            raise InvalidError(words._("Isian terlalu panjang."), pointer=f"#/{name}")
        return value.replace("\x00", "")

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [said for key, said in self.fields if key == name]

    def number(self, name: str) -> int:
        """A field that holds an id or a version. Raises InvalidError."""
        return _number(self.get(name))

    def picks(self) -> list[tuple[int, int | None]]:
        """The chosen mentions as ``ID:VERSION``. Raises InvalidError."""
        return picks_of(self.all("pick"))

    def back(self) -> str:
        """Where the person came from; only ever a path of ours."""
        return own_path(self.get("back"))

    def once(self, act: Callable[[Tx], str]) -> Response:
        """Do ``act`` in one transaction and go to the path that it returns; the same form sent again goes there too.

        A stale write answers with a page that shows what the other person did and keeps what was filled in.
        """
        desk, key = self.desk, self.get("key", 100)

        def act_once(tx: Tx) -> str:
            kept = tx.accounts.answer(key, desk.signed.user.id) if key else None
            where = kept.body if kept else act(tx)
            if key and kept is None:
                tx.accounts.keep_answer(self._answer(key, where))
            return where

        try:
            where = patiently(desk.deps.store, act_once)
        except SahutError as error:
            # Of two at the same time the second may meet the first one's effect before its answer.
            with desk.deps.store.read() as tx:
                kept = tx.accounts.answer(key, desk.signed.user.id) if key else None
                if kept is None and isinstance(error, StaleWriteError):
                    return self._stale(tx, error)
            if kept is None:
                raise
            where = kept.body
        return RedirectResponse(where, status_code=303)

    def _answer(self, key: str, where: str) -> StoredAnswer:
        desk = self.desk
        return StoredAnswer(
            key=key,
            user_id=desk.signed.user.id,
            fingerprint=desk.request.url.path,
            status=303,
            body=where,
            at=desk.now,
        )

    def _stale(self, tx: Tx, error: StaleWriteError) -> Response:
        renewed = [(name, self._renewed(name, value, error)) for name, value in self.fields if name != "key"]
        shown = [
            (words.ticket_field(name), words.typed(name, value))
            for name, value in renewed
            if name in _SHOWN_AFTER_STALE and value
        ]
        return self.desk.page(
            tx,
            "stale.html",
            409,
            error=error,
            renewed=renewed,
            shown=shown,
            action=self.desk.request.url.path,
            thing=f"/{_PAGES[error.kind]}/{error.key}" if error.kind in _PAGES else _LISTS.get(error.kind, "/sources"),
        )

    @staticmethod
    def _renewed(name: str, value: str, error: StaleWriteError) -> str:
        if name == "version":
            return str(error.current)
        if name in {"pick", "old", "into"} and value.partition(":")[0] == str(error.key):
            return f"{error.key}:{error.current}"
        return value


_PAGES = {"mention": "mentions", "ticket": "tickets", "reply": "replies", "import": "imports"}
_LISTS = {"view": "/views"}  # what has no page of its own
_SHOWN_AFTER_STALE = {
    *("text", "note", "link", "reason", "until", "kind", "sentiment"),
    *("title", "description", "topic", "unit", "place", "priority", "status", "outcome", "due_day", "due_hour"),
    *("name", "address", "query", "minutes"),
}


async def _fields(request: Request) -> list[tuple[str, str]]:
    try:
        form = await request.form(max_files=0, max_fields=500)
    except ClientDisconnect as error:
        # The page went while its last word was under way: that is nothing to report, and nobody reads the answer.
        raise HTTPException(400) from error
    return [(key, value) for key, value in form.multi_items() if isinstance(value, str)]


Fields = Annotated[list[tuple[str, str]], Depends(_fields)]


def posting(permission: Permission) -> Callable[..., Posted]:
    """A dependency: a form of ours by somebody with ``permission``. Raises ForbiddenError, CrossSiteError."""

    def posted(desk: AtDesk, fields: Fields) -> Posted:
        if not desk.may(permission):
            raise ForbiddenError(words._("Peran Anda tidak mencakup tindakan ini."))
        form = Posted(desk=desk, fields=fields)
        auth.check_same_site(desk.request, desk.deps.settings, desk.signed.session, form_token=form.get("csrf", 100))
        return form

    return posted


Decides = Annotated[Posted, Depends(posting(Permission.DECIDE))]
Handles = Annotated[Posted, Depends(posting(Permission.HANDLE))]
Manages = Annotated[Posted, Depends(posting(Permission.MANAGE))]
Owns = Annotated[Posted, Depends(posting(Permission.OWN))]


def picks_of(values: list[str]) -> list[tuple[int, int | None]]:
    """``ID`` or ``ID:VERSION`` each, two hundred at most as in the API. Raises InvalidError."""
    if len(values) > MOST_PICKS:
        raise InvalidError(words._("Pilih paling banyak %s sebutan sekaligus.") % MOST_PICKS)
    found: list[tuple[int, int | None]] = []
    for value in values:
        mention, _, version = value.partition(":")
        found.append((_number(mention), _number(version) if version else None))
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 <= int(text[:20]) <= LARGEST_ID:
        raise InvalidError(words._("Isian angka tidak dapat dibaca."))
    return int(text)


def own_path(path: str) -> str:
    """The path if it is surely one of this board, else the queue: a form must never lead to another site."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or any(c <= " " for c in path):
        return "/"
    return path


def with_flash(path: str, word: str) -> str:
    """The path with a message for the next page, before its fragment."""
    base, _, fragment = path.partition("#")
    head, mark, query = base.partition("?")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith(("did=", "done=")))
    joined = f"{head}?{kept}&{word}" if mark and kept else f"{head}?{word}"
    return joined + (f"#{fragment}" if fragment else "")


def _here(request: Request) -> str:
    query = "&".join(part for part in request.url.query.split("&") if part and not part.startswith(("did=", "done=")))
    return request.url.path + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """What the last act did; ``decision`` where it can still be undone."""

    text: str
    decision: Decision | None = None
    ticket_number: str = ""


_DONE = {
    "saved": N_("Perubahan disimpan."),
    "paused": N_("Sumber dijeda."),
    "resumed": N_("Sumber dibaca lagi."),
    "removed": N_("Sumber dihapus. Sebutan yang sudah terkumpul tetap tersimpan."),
    "added": N_("Sumber ditambahkan. Pembacaan pertama segera dimulai."),
    "credential_added": N_("Kredensial disimpan. Sumber kini dapat memakainya."),
    "credential_proven": N_("Kredensial berfungsi."),
    "credential_rotated": N_("Rahasia diganti. Sumber yang berhenti dapat dilanjutkan."),
    "credential_signed_in": N_("Masuk berhasil. Sumber yang berhenti dapat dilanjutkan."),
    "credential_removed": N_("Kredensial dihapus."),
    "import_removed": N_("Berkas dihapus dari daftar."),
    "listed": N_("Umpan dari daftar ditambahkan; yang sudah diikuti dilewati."),
    "listed_before": N_("Tidak ada umpan baru dalam daftar itu."),
    "password": N_("Kata sandi baru berlaku. Sesi lain sudah diakhiri."),
    "second_factor_off": N_("Langkah kedua dimatikan."),
    "signed_out": N_("Sesi itu sudah diakhiri."),
    "token_revoked": N_("Kunci program dicabut."),
    "tickets_merged": N_("Tiket digabung. Nomor lamanya kini mengarah ke tiket ini."),
    "tickets_parted": N_("Penggabungan diurungkan. Tiket ini kembali dengan sebutannya."),
    "view_saved": N_("Tampilan disimpan."),
    "view_removed": N_("Tampilan dihapus."),
    "view_started": N_("Antrean kini dimulai dengan tampilan itu."),
    "untied": N_("Sebutan kini berdiri sendiri."),
    "reply_draft": N_("Balasan kembali menjadi draf."),
    "reply_waiting": N_("Balasan diajukan. Orang lain menyetujuinya sebelum tampil."),
    "reply_approved": N_("Balasan disetujui dan segera dikirim."),
    "reply_by_hand": N_("Balasan disetujui. Salin teksnya dan kirim sendiri di platformnya."),
    "reply_withdrawn": N_("Balasan dibatalkan."),
    "reply_sent": N_("Balasan tercatat sudah tampil."),
}


def flash_of(tx: Tx, request: Request) -> Flash | None:
    """The message of the last act, from the store itself: an address alone can claim nothing that did not happen."""
    done = request.query_params.get("done", "")
    if done in _DONE:
        return Flash(text=words._(_DONE[done]))
    did = request.query_params.get("did", "")
    try:
        decision = tx.decisions.get(_number(did))
    except (NotFoundError, InvalidError):
        return None
    many = tx.decisions.sizes([decision.group])[decision.group]
    number = tx.tickets.get(decision.ticket_id).number if decision.ticket_id else ""
    text = ngettext("%(count)s sebutan: %(what)s", "%(count)s sebutan: %(what)s", many) % {
        "count": many,
        "what": words.label(decision.kind).lower(),
    }
    if decision.reason is not None:
        text += f" ({words.label(decision.reason).lower()})"
    can_undo = actions.can_undo(tx, decision)
    return Flash(text=text + ".", decision=decision if can_undo else None, ticket_number=number)
