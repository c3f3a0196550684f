"""Erasing a person, telling them what is held, and what went because its time was over: for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from sahut.core import erasing, retaining
from sahut.core.model import AuditAct, AuditFilter
from triage_api.errors import InvalidError
from triage_api.permissions import Permission
from triage_api.web.audit import act_words
from triage_api.web.desk import AtDesk, Desk, Posted, posting
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

MayErase = Annotated[Posted, Depends(posting(Permission.PRIVACY))]
_SHOWN = 20


def class_words() -> dict[str, str]:
    """What each class of data that ends is called."""
    return {
        "raw": _("Data mentah dari platform"),
        "filed": _("Sebutan yang bukan pengaduan"),
        "dismissed": _("Sebutan yang ditolak"),
        "tickets": _("Tiket yang sudah ditutup"),
        "set_aside": _("Yang belum dapat dibaca atau dinilai"),
    }


@router.get("/persons")
def page(desk: AtDesk) -> Response:
    """The forms, how long what is kept, and what went."""
    return _page(desk)


def _page(desk: Desk, status: int = 200, **more: Any) -> Response:
    with desk.deps.store.read() as tx:
        past = tx.audit.page(
            AuditFilter(acts=(AuditAct.ERASURE, AuditAct.RETENTION, AuditAct.ACCESS_REPORT)), limit=_SHOWN
        )
        given: dict[str, Any] = {"counts": None, "said": {"platform": "", "handle": "", "link": ""}, "due": None}
        return desk.page(
            tx,
            "persons.html",
            status,
            tab="account",
            platforms=sorted(desk.deps.platforms) or sorted({one.platform for one in tx.sources.all(removed=True)}),
            kept=[
                (class_words()[name], span.days, name)
                for name, span in retaining.spans(desk.deps.policy.retention).items()
            ],
            past=[(entry, act_words(entry.act), _counts(entry.detail)) for entry in past.items],
            **given | more,
        )


def _counts(detail: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in detail.items() if isinstance(value, int) and value) or "0"


@router.post("/persons")
def act(form: MayErase) -> Response:
    """Count, erase, report, or count what is over its time."""
    desk = form.desk
    if form.get("act", 20) == "due":
        return _page(desk, due=retaining.due(desk.deps.bare, desk.deps.policy.retention, desk.now))
    said = {"platform": form.get("platform", 40), "handle": form.get("handle", 300), "link": form.get("link", 2_000)}
    if not said["platform"] or bool(said["handle"]) == bool(said["link"]):
        raise InvalidError(_("Isi platform, lalu nama akun atau tautan satu tulisan."))
    who = erasing.asked(**said)
    match form.get("act", 20):
        case "report":
            text = erasing.report(desk.deps.bare, who, desk.deps.policy, now=desk.now, actor=desk.signed.actor)
            headers = {"Content-Disposition": 'attachment; filename="laporan-akses-data.txt"'}
            return Response(text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8", headers=headers)
        case "erase":
            if form.get("sure", 5) != "yes":
                raise InvalidError(_("Centang bahwa Anda yakin: penghapusan tidak dapat diurungkan."))
            reached, exported = erasing.erase(
                desk.deps.bare,
                who,
                clock=desk.deps.clock,
                forget_exports=desk.deps.forget_exports,
                actor=desk.signed.actor,
            )
            desk.deps.bare.sweep()
            return _page(desk, counts=reached, exported=exported, done=True)
    return _page(desk, counts=erasing.look(desk.deps.bare, who), said=said)
