"""Puts the board into the app: its pages, its static files, and errors as pages."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from triage_api.deps import Deps, authorize_page
from triage_api.web import (
    accounts,
    assets,
    audit,
    checks,
    credentials,
    display,
    imports,
    languages,
    news,
    pages,
    people,
    persons,
    providers,
    queue,
    replies,
    revealing,
    roles,
    second_factor,
    sign_ins,
    source_forms,
    source_lists,
    source_report,
    sources,
    steering,
    ticket_merges,
    tickets,
    tokens,
    viewings,
    views,
)
from triage_api.web.languages import N_
from triage_api.web.words import _

_TITLES = {
    401: N_("Silakan masuk"),
    403: N_("Tidak diizinkan"),
    404: N_("Tidak ditemukan"),
    405: N_("Tidak dapat dilakukan"),
    409: N_("Tidak dapat dilakukan"),
    413: N_("Terlalu besar"),
    422: N_("Isian belum lengkap"),
    429: N_("Terlalu banyak sekaligus"),
    503: N_("Layanan belum siap"),
}
_RULES = {
    "ticket_merged": N_("Tiket ini sudah digabung ke tiket lain. Buka nomornya untuk dibawa ke sana."),
    "ticket_itself": N_("Tiket tidak dapat digabung dengan dirinya sendiri."),
    "ticket_closed": N_("Tiket tujuan sudah ditutup. Kerjakan lagi tiket itu dahulu, atau pilih yang lain."),
    "ticket_not_merged": N_("Tiket ini tidak sedang digabung ke tiket lain."),
    "ticket_moved_on": N_("Tiket yang meneruskannya sudah berubah sejak itu, jadi tidak dapat diurungkan lagi."),
    "ticket_void": N_("Tiket ini sudah dibatalkan dan tidak dapat diubah."),
    "ticket_course": N_("Status tiket tidak dapat berpindah seperti itu. Muat ulang tiketnya dan lihat statusnya."),
    "due_reason": N_("Tulis alasan tenggatnya diubah."),
    "due_time": N_("Tenggat harus di masa depan, paling lama setahun."),
    "due_over": N_("Tiket ini tidak lagi menunggu jawaban, jadi tenggatnya tidak berubah."),
    "outcome_missing": N_("Tiket ditutup dengan hasil. Pilih hasilnya terlebih dahulu."),
    "outcome_early": N_("Hasil hanya diisi ketika tiket ditutup."),
    "mention_state": N_("Sebutan ini sudah diputuskan, mungkin oleh rekan Anda. Buka sebutannya untuk melihat."),
    "not_undoable": N_("Keputusan ini tidak dapat diurungkan."),
    "work_begun": N_("Unit kerja sudah mengerjakan tiketnya, jadi keputusan ini tidak dapat diurungkan lagi."),
    "decided_since": N_("Sebutan ini sudah diputuskan lagi setelahnya. Urungkan keputusan terakhir lebih dahulu."),
    "judged_since": N_("Keadaan sebutan ini sudah berubah sendiri sejak itu. Tidak ada lagi yang dapat diurungkan."),
    "nothing_corrected": N_("Belum ada yang berbeda. Pilih jenis, nada, atau topik yang benar."),
    "snooze_time": N_("Pilih hari mulai besok, paling lama setahun."),
    "not_tied": N_("Sebutan ini tidak terikat pada sebutan lain."),
    "reply_open": N_("Sebutan ini sudah punya balasan yang belum selesai. Lanjutkan atau batalkan yang itu dahulu."),
    "reply_gone": N_("Tulisan ini sudah tidak ada di platformnya, jadi tidak dapat dibalas."),
    "reply_no_way": N_("Tulisan ini tidak dapat dibalas."),
    "reply_own_text": N_("Anda ikut menulis balasan ini. Orang lain yang menyetujuinya."),
    "reply_note": N_("Tulis apa yang perlu diperbaiki."),
    "reply_link": N_("Tempel alamat balasannya, dimulai dengan https://"),
    "reply_taken": N_("Balasan lain sudah tercatat dengan alamat itu."),
    "reply_state": N_("Balasan ini sudah berpindah keadaan, mungkin oleh rekan Anda. Muat ulang untuk melihat."),
    "reply_empty": N_("Balasannya masih kosong."),
    "reply_too_long": N_("Balasannya terlalu panjang untuk platform ini. Pendekkan, lalu ajukan lagi."),
    "reply_personal_data": N_(
        "Balasannya memuat data pribadi (NIK, KK, telepon, surel, atau pelat nomor). Hapus dahulu."
    ),
    "reply_unfilled": N_("Balasannya masih memuat isian dalam kurung kurawal. Isi atau hapus dahulu."),
    "identity_alone": N_("Akun Anda tidak punya kata sandi, jadi tautan ini satu-satunya jalan masuk."),
    "role": N_("Peran Anda tidak mencakup tindakan ini."),
    "assignee_unit": N_("Petugas itu bukan dari unit kerja tiket ini. Pilih petugas lain."),
    "forbidden": N_("Peran Anda tidak mencakup tindakan ini."),
    "nothing_chosen": N_("Pilih setidaknya satu sebutan, lalu coba lagi."),
    "page_token": N_("Halaman itu tidak ada lagi. Mulailah dari halaman pertama."),
    "credential_exists": N_("Nama itu sudah dipakai kredensial lain."),
    "credential_needless": N_("Platform ini dapat dibaca siapa saja, jadi tidak memerlukan kredensial."),
    "import_busy": N_("Berkas ini sedang dikerjakan. Tunggu sebentar, lalu coba lagi."),
    "import_over": N_("Berkas ini sudah masuk."),
    "source_exists": N_("Sumber dengan nama atau alamat itu sudah ada."),
    "source_removed": N_("Sumber ini sudah dihapus. Tambahkan lagi sebagai sumber baru."),
    "too_many_attempts": N_("Terlalu banyak percobaan. Coba lagi dalam 15 menit."),
    "looking_busy": N_("Beberapa alamat sedang diuji. Tunggu sebentar, lalu coba lagi."),
    "cross_site": N_(
        "Formulir ini tidak dikirim dari halaman kami, atau sesinya sudah berganti. Muat ulang, lalu coba lagi."
    ),
    "last_admin": N_("Ini administrator terakhir yang dapat masuk. Jadikan orang lain administrator dahulu."),
    "person": N_("Isi platform, lalu nama akun atau tautan satu tulisan."),
    "not_invited": N_("Undangan itu sudah dipakai. Beri kata sandi sekali pakai bila orangnya tidak dapat masuk."),
    "token_time": N_("Kunci program berlaku paling lama setahun."),
    "token_closed_account": N_("Akun itu sudah ditutup; pilih akun lain."),
    "second_factor_on": N_("Langkah kedua akun ini sudah menyala."),
    "second_factor_off": N_("Langkah kedua akun ini tidak menyala, atau penyiapannya terlalu lama. Mulai lagi."),
    "second_factor_own": N_("Langkah kedua Anda sendiri dimatikan di halaman akun, dengan sebuah kode."),
    "checked_before": N_("Sebutan ini sudah dicek, mungkin oleh rekan Anda. Lanjutkan dengan yang lain."),
    "view_name": N_("Beri nama tampilan, paling panjang 60 huruf."),
    "view_exists": N_("Anda sudah punya tampilan dengan nama itu. Pilih nama lain."),
    "views_full": N_("Anda sudah menyimpan 40 tampilan. Hapus satu dahulu."),
    "not_found": N_("Yang Anda cari tidak ada, atau sudah dihapus."),
    "content_too_large": N_("Yang Anda kirim terlalu besar."),
    "internal": N_("Terjadi kesalahan di sisi kami. Coba lagi; bila berulang, beri tahu operator."),
    "busy": N_("Data ini sedang diubah orang lain. Belum ada yang berubah; kirim lagi sebentar lagi."),
    "unavailable": N_("Layanan belum dapat melakukannya. Coba lagi sebentar lagi."),
}
# Where a refusal has no words of its own.
_SAID = {
    400: N_("Permintaan ini tidak dapat dipahami. Kembali, lalu coba lagi."),
    404: _RULES["not_found"],
    405: N_("Itu tidak dapat dilakukan di sini. Kembali, lalu coba lagi."),
    422: N_("Sebagian isian tidak dapat dibaca. Kembali, lalu perbaiki isiannya."),
    503: _RULES["unavailable"],
}


def mount(app: FastAPI, deps: Deps) -> None:  # noqa: ARG001 - the app asks every room with both
    """Add every page. One that the table of permissions lacks is closed, so that none is open by omission."""
    # The lists before the sources, whose path "/sources/{id}" would take theirs for an id.
    rooms = (
        assets,
        display,
        accounts,
        second_factor,
        providers,
        people,
        tokens,
        roles,
        queue,
        steering,
        tickets,
        ticket_merges,
        replies,
        revealing,
        persons,
        source_lists,
        source_report,
        source_forms,
        sources,
        sign_ins,
        credentials,
        imports,
    )
    for room in (*rooms, audit, viewings, news, views, checks):
        app.include_router(room.router, dependencies=[Depends(authorize_page)])
    app.state.error_page = error_page


def error_page(request: Request, status: int, code: str, detail: str) -> Response:
    """An error as a page that says what to do next."""
    # Nothing has set it where the answer is made outside of every middleware.
    languages.speak(languages.of(request))
    if code == "not_signed_in":
        if request.method in {"GET", "HEAD"}:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/sign-in?{urlencode({'next': here})}", status_code=303)
        return accounts.sign_in_page(request, 401, problem=_("Sesi Anda sudah berakhir. Silakan masuk lagi."))
    if code == "second_factor_required":
        return RedirectResponse("/account/second-factor", status_code=303)
    if code == "password_change_required":
        return RedirectResponse("/password", status_code=303)
    # A refusal of the board itself is already in the reader's language.
    ours = code == "invalid" and not detail.startswith("some values")
    said = detail if ours else _(_RULES.get(code) or _SAID.get(status, _RULES["internal"]))
    title = _(_TITLES.get(status, N_("Terjadi kesalahan")))
    return pages.page(request, "error.html", status, title=title, number=status, said=said)
