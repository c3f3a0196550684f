"""Words about files that people bring."""

from __future__ import annotations

import re

from sahut.core.model.imports import ImportState
from triage_api.web import formats
from triage_api.web.languages import N_
from triage_api.web.words import _

_MEGABYTE = 1_048_576
# Invented persons; a heading as SP4N-LAPOR! and others write it.
SAMPLE = (
    "Tracking ID,Judul Laporan,Isi Laporan,Tanggal Laporan,Jam,Nama Pelapor\r\n"
    "CONTOH-1,Lampu padam,Lampu jalan di Jalan Melati padam sejak kemarin,24/11/2026,08.30,Warga Contoh\r\n"
    'CONTOH-2,Sampah menumpuk,"Sampah di pasar belum diangkut, sudah tiga hari",23/11/2026,17.05,Warga Lain\r\n'
)
_STATES = {
    ImportState.CHECKING: N_("Sedang diperiksa"),
    ImportState.CHECKED: N_("Sudah diperiksa, belum dimasukkan"),
    ImportState.IMPORTING: N_("Sedang dimasukkan"),
    ImportState.DONE: N_("Sudah masuk"),
    ImportState.FAILED: N_("Terhenti"),
}
_FIELDS = {
    "text": N_("Isi"),
    "title": N_("Judul"),
    "at": N_("Tanggal"),
    "time": N_("Jam"),
    "author": N_("Nama akun"),
    "author_name": N_("Nama orang"),
    "id": N_("Nomor"),
    "url": N_("Tautan"),
    "parent": N_("Menjawab nomor"),
    "language": N_("Bahasa"),
    "reach": N_("Jangkauan"),
}
_REASONS = (
    (re.compile(r"neither text nor title"), N_("isi dan judulnya kosong")),
    (re.compile(r"it has (\d+) cells, the header (\d+)"), N_("%s sel, padahal judul kolomnya %s")),
    (re.compile(r"a text of (\d+) characters is no post"), N_("isinya %s huruf, terlalu panjang")),
)
_ROW = re.compile(r"row (\d+): (.*)", re.DOTALL)


def state(one: ImportState) -> str:
    """Where a file is."""
    return _(_STATES[one])


def field(name: str) -> str:
    """What a column may be."""
    return _(_FIELDS[name])


def fault(said: str) -> str:
    """Why a row cannot be read: its line and the reason, which stays English where nobody has put it into words."""
    found = _ROW.fullmatch(said)
    if found is None:
        return said
    for pattern, words in _REASONS:
        match = pattern.fullmatch(found[2])
        if match is not None:
            return _("Baris %(row)s: %(reason)s") % {"row": found[1], "reason": _(words) % match.groups()}
    return _("Baris %(row)s: %(reason)s") % {"row": found[1], "reason": found[2]}


def size(count: int) -> str:
    """Bytes as people say them."""
    if count < _MEGABYTE:
        return _("%s kB") % formats.number(max(1, round(count / 1_024)))
    return _("%s MB") % formats.number(round(count / _MEGABYTE, 1))


def share(done: int, rows: int | None) -> float:
    """How much is done, from 0 to 1; a file of unknown length is never quite done."""
    return min(0.99, done / rows) if rows else 0.0


def failure(problem: str) -> tuple[str, str]:
    """What is wrong with a file, and what to do."""
    known = {
        "options.column.text": (
            _("Kolom isinya tidak dikenali."),
            _("Pilih kolom yang memuat isi laporan di bawah, lalu periksa lagi."),
        ),
        "source_exists": (
            _("Nama itu milik sumber lain."),
            _("Beri nama sumber yang lain, lalu periksa lagi."),
        ),
        "missing_library": (
            _("Pustaka untuk XLSX belum terpasang."),
            _("Simpan berkasnya sebagai CSV, atau minta operator memasang sahut[sheets]."),
        ),
        "too_large": (
            _("Berkasnya terlalu besar setelah dibuka."),
            _("Simpan sebagai CSV, atau pecah menjadi beberapa."),
        ),
        "not_readable": (
            _("Berkasnya rusak atau bukan tabel baris."),
            _("Buka dengan pengolah lembar, simpan lagi sebagai CSV atau XLSX, lalu kirim ulang."),
        ),
    }
    usual = (_("Berkas ini tidak dapat dibaca."), _("Periksa pilihan di bawah, atau kirim berkas yang lain."))
    return known.get(problem, usual)
