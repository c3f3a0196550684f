"""The log of who did what as a page, with filters, for those who check."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from sahut.core.model import AuditAct, AuditEntry, AuditFilter
from triage_api.fields import LARGEST_ID
from triage_api.web import languages
from triage_api.web.desk import AtDesk
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

_PAGE = 50
_FILTERS = ("act", "actor", "kind", "key", "since", "until")
_LINKS = {"mention": "/mentions/", "ticket": "/tickets/", "reply": "/replies/", "source": "/sources/"}
_LONGEST = 100
# Of a crowd the number tells enough.
_MOST_LISTED = 5


def act_words(act: str) -> str:
    """What an act is called on screen; its own word for one of a later version."""
    words: dict[str, str] = {
        AuditAct.SIGN_IN: _("Masuk"),
        AuditAct.SIGN_IN_FAILED: _("Gagal masuk"),
        AuditAct.SIGN_OUT: _("Keluar"),
        AuditAct.PASSWORD: _("Kata sandi"),
        AuditAct.ACCOUNT: _("Akun"),
        AuditAct.TOKEN: _("Kunci program"),
        AuditAct.DECISION: _("Keputusan"),
        AuditAct.TICKET: _("Tiket"),
        AuditAct.REPLY: _("Balasan"),
        AuditAct.REVEAL: _("Membuka data pribadi"),
        AuditAct.EXPORT: _("Ekspor"),
        AuditAct.SETTING: _("Pengaturan"),
        AuditAct.SOURCE: _("Sumber"),
        AuditAct.CREDENTIAL: _("Kredensial"),
        AuditAct.KEY: _("Kunci enkripsi"),
        AuditAct.ERASURE: _("Penghapusan data seseorang"),
        AuditAct.RETENTION: _("Penghapusan karena masa simpan"),
        AuditAct.ACCESS_REPORT: _("Laporan akses data"),
    }
    return words.get(act, act)


def kind_words() -> dict[str, str]:
    """What each kind of thing that is acted on is called on screen."""
    return {
        "mention": _("Sebutan"),
        "ticket": _("Tiket"),
        "reply": _("Balasan"),
        "source": _("Sumber"),
        "credential": _("Kredensial"),
        "user": _("Akun"),
        "token": _("Kunci program"),
        "key": _("Kunci enkripsi"),
        "sources": _("Daftar sumber"),
        "labels": _("Label latihan"),
        "audit": _("Jejak audit"),
        "person": _("Seseorang"),
    }


@router.get("/audit")
def log(desk: AtDesk) -> Response:
    """The latest entries first, narrowed by who, what, on what, and days."""
    asked = desk.request.query_params
    kept = {name: asked[name][:_LONGEST].replace("\x00", "") for name in _FILTERS if asked.get(name)}
    with desk.deps.store.read() as tx:
        found = tx.audit.page(_wanted(kept), limit=_PAGE, after=asked.get("after") or None)
        return desk.page(
            tx,
            "audit.html",
            tab="audit",
            rows=[(entry, act_words(entry.act), _detail(entry), _link(entry)) for entry in found.items],
            acts=[(act.value, act_words(act)) for act in AuditAct],
            kinds=kind_words(),
            people=tx.accounts.users(),
            asked={**dict.fromkeys(_FILTERS, ""), **kept},
            filtered=bool(kept),
            later=f"/audit?{urlencode({**kept, 'after': found.next})}" if found.next else "",
            first_page=f"/audit?{urlencode(kept)}" if asked.get("after") else "",
        )


def _wanted(kept: dict[str, str]) -> AuditFilter:
    """What cannot be read does not filter: an address is easily mistyped, and the page shows what it took."""
    act, actor = kept.get("act", ""), kept.get("actor", "")
    known = actor.isascii() and actor.isdecimal() and int(actor) <= LARGEST_ID
    until = _day(kept.get("until", ""))
    return AuditFilter(
        acts=(AuditAct(act),) if act in set(AuditAct) else (),
        actor_id=int(actor) if known else None,
        kind=kept.get("kind", ""),
        key=kept.get("key", ""),
        since=_day(kept.get("since", "")),
        until=None if until is None else until + timedelta(days=1),
    )


def _day(said: str) -> datetime | None:
    """The beginning of a day by the reader's clock."""
    try:
        return datetime.combine(date.fromisoformat(said), time(), languages.zone())
    except ValueError:
        return None


def _detail(entry: AuditEntry) -> str:
    """What the entry says beside who and what, as the codes that it is kept in."""

    def said(value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{name} {said(inside)}".strip() for name, inside in value.items())
        if isinstance(value, list) and len(value) > _MOST_LISTED:
            return f"{len(value)} ({', '.join(str(inside) for inside in value[:_MOST_LISTED])} …)"
        if isinstance(value, list):
            return " → ".join("–" if inside in {None, ""} else str(inside) for inside in value)
        return str(value)

    return "; ".join(f"{name}: {said(value)}" for name, value in entry.detail.items())


def _link(entry: AuditEntry) -> str:
    """The page of what it was done to, where there is one."""
    base = _LINKS.get(entry.kind)
    return f"{base}{entry.key}" if base and entry.key.isdecimal() else ""
