"""The table of roles as a page, in words."""

from __future__ import annotations

from fastapi import APIRouter, Response

from sahut.core.model import ApiToken, Role
from triage_api.permissions import CLOSED, GRANTS, Permission
from triage_api.web.desk import AtDesk
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)


def permission_words(permission: Permission) -> str:
    """What a permission lets somebody do, in a few words; its own name for one that nobody has put into words."""
    return {
        Permission.OWN: _("Mengurus akun, sesi, dan kata sandinya sendiri"),
        Permission.CASES: _("Melihat tiket dan sebutan di dalamnya"),
        Permission.READ: _("Melihat antrean, balasan, sumber, dan keputusan"),
        Permission.HANDLE: _("Menggerakkan tiket: status, hasil, petugas"),
        Permission.DECIDE: _("Memutuskan sebutan: menjadikan tiket, menggabungkan, menolak"),
        Permission.ANSWER: _("Menulis balasan publik"),
        Permission.APPROVE: _("Menyetujui balasan publik orang lain"),
        Permission.MANAGE: _("Mengatur sumber"),
        Permission.ACCOUNTS: _("Mengatur akun, peran, dan kunci program"),
        Permission.AUDIT: _("Membaca jejak audit"),
        Permission.SHARE: _("Membagikan tampilan tersimpan kepada semua"),
        Permission.PRIVACY: _("Memberi laporan akses data kepada pemiliknya, dan menghapus datanya"),
        Permission.REVEAL: _("Membuka data pribadi yang disamarkan, dengan alasan yang tercatat"),
    }.get(permission, permission.value)


def scope_words(token: ApiToken) -> list[str]:
    """What a key may, in words; its own name for a permission that this version does not know."""
    return [permission_words(Permission(one)) if one in set(Permission) else one for one in token.scopes]


@router.get("/roles")
def roles(desk: AtDesk) -> Response:
    """Who may do what."""
    asked = [one for one in Permission if one not in CLOSED]
    with desk.deps.store.read() as tx:
        return desk.page(
            tx,
            "roles.html",
            tab="account",
            roles=list(Role),
            rows=[(permission_words(one), [role for role in Role if one in GRANTS[role]]) for one in asked],
        )
