"""The words of the board, in Indonesian. Every label goes through `_`, for a catalogue to translate."""

from __future__ import annotations

from enum import StrEnum
from gettext import NullTranslations

from sahut.core.model import (
    Caution,
    DecisionKind,
    DismissReason,
    Kind,
    Language,
    MentionState,
    Outcome,
    Place,
    Priority,
    Problem,
    Refusal,
    Remark,
    ReplyAct,
    ReplyState,
    Role,
    Sentiment,
    SourceCondition,
    TicketStatus,
    TieReason,
    Topic,
)

catalogue = NullTranslations()
_ = catalogue.gettext

_LABELS: list[tuple[StrEnum, str]] = [
    (Kind.COMPLAINT, _("Pengaduan")),
    (Kind.ASPIRATION, _("Aspirasi")),
    (Kind.INQUIRY, _("Permintaan informasi")),
    (Kind.PRAISE, _("Apresiasi")),
    (Kind.NEWS, _("Berita")),
    (Kind.OTHER, _("Lainnya")),
    (Sentiment.NEGATIVE, _("Negatif")),
    (Sentiment.NEUTRAL, _("Netral")),
    (Sentiment.POSITIVE, _("Positif")),
    (Topic.ROADS, _("Jalan dan jembatan")),
    (Topic.STREET_LIGHTING, _("Penerangan jalan")),
    (Topic.DRAINAGE_FLOOD, _("Drainase dan banjir")),
    (Topic.WATER_SUPPLY, _("Air bersih")),
    (Topic.ELECTRICITY, _("Listrik")),
    (Topic.WASTE, _("Sampah dan kebersihan")),
    (Topic.ENVIRONMENT, _("Lingkungan dan pencemaran")),
    (Topic.TRANSPORT_TRAFFIC, _("Transportasi dan lalu lintas")),
    (Topic.CIVIL_REGISTRATION, _("KTP, KK, dan akta")),
    (Topic.SOCIAL_AID, _("Bantuan sosial")),
    (Topic.HEALTH, _("Kesehatan")),
    (Topic.EDUCATION, _("Pendidikan")),
    (Topic.EMPLOYMENT, _("Ketenagakerjaan")),
    (Topic.LICENSING_TAX, _("Perizinan dan pajak")),
    (Topic.HOUSING_LAND, _("Perumahan dan pertanahan")),
    (Topic.PUBLIC_ORDER, _("Ketertiban umum")),
    (Topic.INTEGRITY, _("Pungli dan integritas")),
    (Topic.DIGITAL_TELECOM, _("Internet dan layanan digital")),
    (Topic.OTHER, _("Topik lain")),
    (Language.INDONESIAN, _("Indonesia")),
    (Language.JAVANESE, _("Jawa")),
    (Language.SUNDANESE, _("Sunda")),
    (Language.MINANGKABAU, _("Minangkabau")),
    (Language.ENGLISH, _("Inggris")),
    (Language.OTHER, _("Bahasa lain")),
    (MentionState.COLLECTED, _("Menunggu penilaian")),
    (MentionState.FLAGGED, _("Ditandai")),
    (MentionState.FILED, _("Disaring")),
    (MentionState.DISMISSED, _("Ditolak")),
    (MentionState.MERGED, _("Digabung")),
    (MentionState.CONVERTED, _("Menjadi tiket")),
    (MentionState.HELD, _("Tertahan")),
    (MentionState.OWN, _("Unggahan kita")),
    (DismissReason.NOT_COMPLAINT, _("Bukan pengaduan")),
    (DismissReason.NOT_OURS, _("Bukan wewenang kami")),
    (DismissReason.SPAM, _("Spam atau bot")),
    (DismissReason.DUPLICATE, _("Duplikat")),
    (DismissReason.HANDLED, _("Sudah ditangani")),
    (DismissReason.ABUSIVE, _("Kata-kata kasar semata")),
    (DecisionKind.DISMISSED, _("Ditolak")),
    (DecisionKind.MERGED, _("Digabung ke tiket")),
    (DecisionKind.CONVERTED, _("Dijadikan tiket")),
    (DecisionKind.UNDONE, _("Keputusan diurungkan")),
    (DecisionKind.UNTIED, _("Dinyatakan bukan sama")),
    (TicketStatus.NEW, _("Baru")),
    (TicketStatus.FORWARDED, _("Diteruskan")),
    (TicketStatus.IN_PROGRESS, _("Dikerjakan")),
    (TicketStatus.ANSWERED, _("Dijawab")),
    (TicketStatus.CLOSED, _("Ditutup")),
    (TicketStatus.VOID, _("Dibatalkan")),
    (Outcome.FIXED, _("Selesai diperbaiki")),
    (Outcome.NOT_OURS, _("Bukan wewenang kami")),
    (Outcome.REFUSED, _("Tidak dapat dipenuhi")),
    (Outcome.DUPLICATE, _("Duplikat tiket lain")),
    (Outcome.NO_ACTION, _("Tidak perlu tindakan")),
    (Priority.URGENT, _("Darurat")),
    (Priority.HIGH, _("Tinggi")),
    (Priority.NORMAL, _("Biasa")),
    (Role.ADMIN, _("Administrator")),
    (Role.TRIAGE, _("Petugas triase")),
    (Role.COMMS, _("Petugas humas")),
    (Role.APPROVER, _("Penyetuju balasan")),
    (Role.AUDITOR, _("Auditor (hanya membaca)")),
    (TieReason.REPOST, _("Unggah ulang")),
    (TieReason.SAME_TEXT, _("Teks sama")),
    (TieReason.SIMILAR, _("Mirip")),
    (ReplyState.DRAFT, _("Draf")),
    (ReplyState.WAITING, _("Menunggu persetujuan")),
    (ReplyState.APPROVED, _("Disetujui, akan dikirim")),
    (ReplyState.SENDING, _("Sedang dikirim")),
    (ReplyState.UNKNOWN, _("Belum pasti tampil")),
    (ReplyState.BY_HAND, _("Perlu dikirim sendiri")),
    (ReplyState.FAILED, _("Gagal dikirim")),
    (ReplyState.SENT, _("Terkirim")),
    (ReplyState.WITHDRAWN, _("Dibatalkan")),
    (ReplyAct.DRAFTED, _("Ditulis")),
    (ReplyAct.EDITED, _("Disunting")),
    (ReplyAct.SUBMITTED, _("Diajukan")),
    (ReplyAct.APPROVED, _("Disetujui")),
    (ReplyAct.REJECTED, _("Dikembalikan")),
    (ReplyAct.WITHDRAWN, _("Dibatalkan")),
    (ReplyAct.RETRIED, _("Dikirim ulang")),
    (ReplyAct.SENDING, _("Diserahkan ke platform")),
    (ReplyAct.POSTPONED, _("Ditunda")),
    (ReplyAct.IN_DOUBT, _("Belum pasti tampil")),
    (ReplyAct.NOT_THERE, _("Ternyata tidak ada di sana")),
    (ReplyAct.UNCLEAR, _("Tidak dapat dipastikan")),
    (ReplyAct.FAILED, _("Gagal")),
    (ReplyAct.SENT, _("Tampil di platform")),
    (SourceCondition.NEW, _("Belum dibaca")),
    (SourceCondition.WELL, _("Lancar")),
    (SourceCondition.SILENT, _("Sepi")),
    (SourceCondition.FAILING, _("Gagal dibaca")),
    (SourceCondition.STOPPED, _("Berhenti")),
    (SourceCondition.PAUSED, _("Dijeda")),
]
# Enum members are strings, and several enums share a word ("closed", "other"): the class belongs to the key.
_BY_CLASS: dict[tuple[type[StrEnum], str], str] = {(type(word), word.value): label for word, label in _LABELS}

_PLATFORMS = {
    "feed": _("Umpan berita"),
    "replay": _("Berkas rekaman"),
    "file": _("Berkas"),
    "x": "X",
    "reddit": "Reddit",
    "youtube": "YouTube",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "telegram": "Telegram",
}

_TICKET_FIELDS = {
    "title": _("judul"),
    "description": _("uraian"),
    "topic": _("topik"),
    "unit": _("unit kerja"),
    "place": _("tempat"),
    "priority": _("prioritas"),
    "status": _("status"),
    "outcome": _("hasil"),
    "assignee": _("petugas"),
    "name": _("nama"),
    "address": _("alamat"),
    "query": _("saringan"),
    "minutes": _("selang"),
    "text": _("balasan"),
    "note": _("catatan"),
    "link": _("tautan"),
}

_PROBLEMS: dict[Problem, tuple[str, str]] = {
    Problem.BAD_ADDRESS: (_("Alamatnya tidak dapat dipahami."), _("Periksa ejaan alamat, lalu perbaiki sumber ini.")),
    Problem.BLOCKED_ADDRESS: (
        _("Alamatnya berada di dalam jaringan sendiri, jadi tidak dibaca demi keamanan."),
        _("Bila memang dimaksudkan, minta operator mengizinkan alamat itu."),
    ),
    Problem.UNREACHABLE: (
        _("Servernya tidak dapat dihubungi."),
        _("Sahut mencoba lagi sendiri. Bila berlangsung lebih dari sehari, buka alamatnya di peramban."),
    ),
    Problem.TOO_SLOW: (_("Servernya terlalu lama menjawab."), _("Sahut mencoba lagi sendiri.")),
    Problem.TOO_LARGE: (
        _("Isinya terlalu besar untuk dibaca dengan aman."),
        _("Cari umpan yang lebih kecil, misalnya per rubrik."),
    ),
    Problem.REDIRECT_LOOP: (
        _("Alamatnya berputar-putar dari satu tujuan ke tujuan lain."),
        _("Buka alamatnya di peramban dan catat alamat akhirnya."),
    ),
    Problem.RATE_LIMITED: (
        _("Platform membatasi jumlah permintaan."),
        _("Tunggu saja: Sahut menghormati batas itu dan mencoba lagi pada waktunya."),
    ),
    Problem.SERVER_ERROR: (_("Server sumber sedang bermasalah."), _("Sahut mencoba lagi sendiri.")),
    Problem.NEEDS_LOGIN: (_("Sumber ini meminta masuk akun."), _("Perbarui kredensialnya, lalu lanjutkan.")),
    Problem.FORBIDDEN: (
        _("Server menolak akses kami."),
        _("Periksa apakah alamatnya terbuka untuk umum, lalu lanjutkan."),
    ),
    Problem.NOT_FOUND: (_("Alamatnya tidak ditemukan."), _("Cari alamat yang baru, lalu perbaiki sumber ini.")),
    Problem.GONE: (
        _("Server menyatakan sumber ini sudah tiada."),
        _("Cari penggantinya, atau biarkan berhenti. Sebutan yang sudah terkumpul tetap tersimpan."),
    ),
    Problem.NOT_A_FEED: (
        _("Yang dikirim bukan umpan, mungkin halaman biasa atau pemeriksaan robot."),
        _("Buka alamatnya di peramban dan cari tautan RSS di sana."),
    ),
    Problem.NOT_READABLE: (_("Isinya rusak sehingga tidak dapat dibaca."), _("Sahut mencoba lagi sendiri.")),
    Problem.BAD_SETTINGS: (
        _("Saringan atau pengaturannya tidak dapat dipahami."),
        _("Periksa tanda kurung, tanda kutip, serta AND, OR, dan NOT."),
    ),
    Problem.MISSING_FILE: (_("Berkasnya tidak ada."), _("Kembalikan berkasnya, lalu lanjutkan sumber ini.")),
    Problem.MISSING_LIBRARY: (
        _("Pustaka untuk platform ini belum terpasang."),
        _("Minta operator memasangnya, lalu lanjutkan."),
    ),
    Problem.NO_CREDENTIAL: (
        _("Sumber ini belum punya akun untuk masuk."),
        _("Pilih akun platform untuk sumber ini, lalu lanjutkan."),
    ),
    Problem.REFUSED_CREDENTIAL: (
        _("Platform menolak akun kita: kuncinya salah, dicabut, atau kedaluwarsa."),
        _("Perbarui kuncinya, lalu lanjutkan."),
    ),
    Problem.LACKS_ACCESS: (
        _("Tingkat akses akun kita tidak mencakup bacaan ini."),
        _("Mintakan izin atau paket yang sesuai di platformnya, lalu lanjutkan."),
    ),
    Problem.NO_CREDITS: (
        _("Saldo berbayar akun kita di platform ini habis."),
        _("Isi saldonya di platform, lalu lanjutkan."),
    ),
    Problem.BUDGET_SPENT: (
        _("Anggaran yang Anda tetapkan untuk akun ini sudah habis."),
        _("Sahut melanjutkan sendiri pada periode berikutnya; naikkan anggarannya bila perlu."),
    ),
    Problem.UNEXPECTED: (
        _("Terjadi kesalahan yang tidak terduga."),
        _("Sahut mencoba lagi sendiri. Bila berulang, beri tahu operator."),
    ),
}


def label(word: StrEnum) -> str:
    """What a member of an enum is called on screen."""
    return _BY_CLASS[type(word), word.value]


def place(named: Place) -> str:
    """A place in a list: as the text names it, and the two areas around it, where they say something new."""
    around = [part for part in named.name.split(", ")[:2] if part.casefold() not in named.text.casefold()]
    return ", ".join([named.text, *around])


def platform(code: str) -> str:
    """A platform's name; its code where nobody has named it."""
    return _PLATFORMS.get(code, code.capitalize())


def ticket_field(name: str) -> str:
    """A ticket's field, for sentences of the history."""
    return _TICKET_FIELDS.get(name, name)


def problem(code: Problem) -> tuple[str, str]:
    """What is wrong with a source, and what to do next."""
    return _PROBLEMS[code]


_REFUSALS = {
    Refusal.EMPTY: _("balasannya masih kosong."),
    Refusal.TOO_LONG: _("terlalu panjang untuk platform ini (%s)."),
    Refusal.PERSONAL_DATA: _("memuat data pribadi: %s"),
    Refusal.UNFILLED: _("isian ini belum terisi: %s"),
    Refusal.NO_WAY: _("tulisan ini tidak dapat dibalas dari sini."),
}
_CAUTIONS = {
    Caution.COSTS: _("tautan membuat balasan ini berbayar: US$%s."),
    Caution.SIMILAR: _("hampir sama dengan %s balasan lain belakangan ini; platform dapat menganggapnya spam."),
    Caution.BUDGET: _("jatah balasan akun ini hari ini tinggal %s."),
    Caution.EDITED: _("tulisan yang dibalas disunting setelah balasan ini ditulis."),
    Caution.WITHDRAWN: _("tulisan yang dibalas sudah dihapus dari platformnya."),
    Caution.ANSWERED: _("kita sudah membalas tulisan ini."),
    Caution.PLATFORM: "%s",
}


def refusal(found: Remark[Refusal]) -> str:
    """Why a text cannot go out."""
    said = _REFUSALS[found.word]
    return said % found.detail if "%s" in said else said


def caution(found: Remark[Caution]) -> str:
    """What to know before a text goes out."""
    said = _CAUTIONS[found.word]
    return said % found.detail if "%s" in said else said


_CHANGES = {
    "dismissed": _("menolak sebutan ini"),
    "merged": _("menggabungkannya ke tiket"),
    "converted": _("menjadikannya tiket"),
    "undone": _("mengurungkan keputusan"),
    "untied": _("menyatakannya bukan sama"),
    "unmerged": _("mengeluarkan sebutan"),
    "void": _("mengurungkan pembuatan tiket"),
    "edited": _("penulisnya menyunting teksnya"),
    **{f"reply_{act}": _("balasan: %s") % label(act).lower() for act in ReplyAct},
}


def change(what: str) -> str:
    """What somebody else did in between, from a stale write's list: an act, or the names of fields."""
    if what in _CHANGES:
        return _CHANGES[what]
    return _("mengubah %s") % ", ".join(ticket_field(name) for name in what.split(", "))
