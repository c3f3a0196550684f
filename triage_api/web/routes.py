"""Puts the board into the app: its pages, its static files, and errors as pages."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from triage_api.deps import Deps, authorize_page
from triage_api.web import accounts, assets, audit, credentials, pages, people, queue, replies, roles, source_lists, sources, steering, tickets
from triage_api.web.words import _

_TITLES = {
    401: _("Silakan masuk"),
    403: _("Tidak diizinkan"),
    404: _("Tidak ditemukan"),
    405: _("Tidak dapat dilakukan"),
    409: _("Tidak dapat dilakukan"),
    413: _("Terlalu besar"),
    422: _("Isian belum lengkap"),
    429: _("Terlalu banyak sekaligus"),
    503: _("Layanan belum siap"),
}
_RULES = {
    "ticket_void": _("Tiket ini sudah dibatalkan dan tidak dapat diubah."),
    "ticket_course": _("Status tiket tidak dapat berpindah seperti itu. Muat ulang tiketnya dan lihat statusnya."),
    "outcome_missing": _("Tiket ditutup dengan hasil. Pilih hasilnya terlebih dahulu."),
    "outcome_early": _("Hasil hanya diisi ketika tiket ditutup."),
    "mention_state": _("Sebutan ini sudah diputuskan, mungkin oleh rekan Anda. Buka sebutannya untuk melihat."),
    "not_undoable": _("Keputusan ini tidak dapat diurungkan."),
    "work_begun": _("Unit kerja sudah mengerjakan tiketnya, jadi keputusan ini tidak dapat diurungkan lagi."),
    "decided_since": _("Sebutan ini sudah diputuskan lagi setelahnya. Urungkan keputusan terakhir lebih dahulu."),
    "judged_since": _("Teks sebutan ini sudah berubah dan dinilai ulang. Tidak ada lagi yang dapat diurungkan."),
    "nothing_corrected": _("Belum ada yang berbeda. Pilih jenis, nada, atau topik yang benar."),
    "snooze_time": _("Pilih hari mulai besok, paling lama setahun."),
    "not_tied": _("Sebutan ini tidak terikat pada sebutan lain."),
    "reply_open": _("Sebutan ini sudah punya balasan yang belum selesai. Lanjutkan atau batalkan yang itu dahulu."),
    "reply_gone": _("Tulisan ini sudah tidak ada di platformnya, jadi tidak dapat dibalas."),
    "reply_no_way": _("Tulisan ini tidak dapat dibalas."),
    "reply_own_text": _("Anda ikut menulis balasan ini. Orang lain yang menyetujuinya."),
    "reply_note": _("Tulis apa yang perlu diperbaiki."),
    "reply_link": _("Tempel alamat balasannya, dimulai dengan https://"),
    "reply_taken": _("Balasan lain sudah tercatat dengan alamat itu."),
    "reply_state": _("Balasan ini sudah berpindah keadaan, mungkin oleh rekan Anda. Muat ulang untuk melihat."),
    "reply_empty": _("Balasannya masih kosong."),
    "reply_too_long": _("Balasannya terlalu panjang untuk platform ini. Pendekkan, lalu ajukan lagi."),
    "reply_personal_data": _(
        "Balasannya memuat data pribadi (NIK, KK, telepon, surel, atau pelat nomor). Hapus dahulu."
    ),
    "reply_unfilled": _("Balasannya masih memuat isian dalam kurung kurawal. Isi atau hapus dahulu."),
    "role": _("Peran Anda tidak mencakup tindakan ini."),
    "assignee_unit": _("Petugas itu bukan dari unit kerja tiket ini. Pilih petugas lain."),
    "forbidden": _("Peran Anda tidak mencakup tindakan ini."),
    "nothing_chosen": _("Pilih setidaknya satu sebutan, lalu coba lagi."),
    "page_token": _("Halaman itu tidak ada lagi. Mulailah dari halaman pertama."),
    "credential_exists": _("Nama itu sudah dipakai kredensial lain."),
    "credential_needless": _("Platform ini dapat dibaca siapa saja, jadi tidak memerlukan kredensial."),
    "source_exists": _("Sumber dengan nama atau alamat itu sudah ada."),
    "source_removed": _("Sumber ini sudah dihapus. Tambahkan lagi sebagai sumber baru."),
    "too_many_attempts": _("Terlalu banyak percobaan. Coba lagi dalam 15 menit."),
    "looking_busy": _("Beberapa alamat sedang diuji. Tunggu sebentar, lalu coba lagi."),
    "cross_site": _(
        "Formulir ini tidak dikirim dari halaman kami, atau sesinya sudah berganti. Muat ulang, lalu coba lagi."
    ),
    "last_admin": _("Ini administrator terakhir yang dapat masuk. Jadikan orang lain administrator dahulu."),
    "not_invited": _("Undangan itu sudah dipakai. Beri kata sandi sekali pakai bila orangnya tidak dapat masuk."),
    "not_found": _("Yang Anda cari tidak ada, atau sudah dihapus."),
    "content_too_large": _("Yang Anda kirim terlalu besar."),
    "internal": _("Terjadi kesalahan di sisi kami. Coba lagi; bila berulang, beri tahu operator."),
    "unavailable": _("Layanan belum dapat melakukannya. Coba lagi sebentar lagi."),
}
# Where a refusal has no words of its own.
_SAID = {
    400: _("Permintaan ini tidak dapat dipahami. Kembali, lalu coba lagi."),
    404: _RULES["not_found"],
    405: _("Itu tidak dapat dilakukan di sini. Kembali, lalu coba lagi."),
    422: _("Sebagian isian tidak dapat dibaca. Kembali, lalu perbaiki isiannya."),
    503: _RULES["unavailable"],
}


def mount(app: FastAPI, deps: Deps) -> None:  # noqa: ARG001 - the app asks every room with both
    """Add every page. One that the table of permissions lacks is closed, so that none is open by omission."""
    # The lists before the sources, whose path "/sources/{id}" would take theirs for an id.
    rooms = (assets, accounts, people, roles, queue, steering, tickets, replies, source_lists, sources, credentials)
    for room in (*rooms, audit):
        app.include_router(room.router, dependencies=[Depends(authorize_page)])
    app.state.error_page = error_page


def error_page(request: Request, status: int, code: str, detail: str) -> Response:
    """An error as a page that says what to do next."""
    if code == "not_signed_in":
        if request.method in {"GET", "HEAD"}:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/sign-in?{urlencode({'next': here})}", status_code=303)
        return accounts.sign_in_page(request, 401, problem=_("Sesi Anda sudah berakhir. Silakan masuk lagi."))
    if code == "password_change_required":
        return RedirectResponse("/password", status_code=303)
    # A refusal of the board itself is already in the reader's language.
    ours = code == "invalid" and not detail.startswith("some values")
    said = detail if ours else _RULES.get(code) or _SAID.get(status, _RULES["internal"])
    title = _TITLES.get(status, _("Terjadi kesalahan"))
    return pages.page(request, "error.html", status, title=title, number=status, said=said)
