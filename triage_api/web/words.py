"""The words of the board, in Indonesian. Tables mark them with `N_`; who shows one translates it with `_`, then."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sahut.core.model import (
    Caution,
    DecisionKind,
    DismissReason,
    Due,
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
    RevealPurpose,
    Role,
    Sentiment,
    SourceCondition,
    TicketOrder,
    TicketStatus,
    TieReason,
    Topic,
)
from triage_api.web.languages import N_, gettext

_ = gettext

_LABELS: list[tuple[StrEnum, str]] = [
    (Kind.COMPLAINT, N_("Pengaduan")),
    (Kind.ASPIRATION, N_("Aspirasi")),
    (Kind.INQUIRY, N_("Permintaan informasi")),
    (Kind.PRAISE, N_("Apresiasi")),
    (Kind.NEWS, N_("Berita")),
    (Kind.OTHER, N_("Lainnya")),
    (Sentiment.NEGATIVE, N_("Negatif")),
    (Sentiment.NEUTRAL, N_("Netral")),
    (Sentiment.POSITIVE, N_("Positif")),
    (Topic.ROADS, N_("Jalan dan jembatan")),
    (Topic.STREET_LIGHTING, N_("Penerangan jalan")),
    (Topic.DRAINAGE_FLOOD, N_("Drainase dan banjir")),
    (Topic.WATER_SUPPLY, N_("Air bersih")),
    (Topic.ELECTRICITY, N_("Listrik")),
    (Topic.WASTE, N_("Sampah dan kebersihan")),
    (Topic.ENVIRONMENT, N_("Lingkungan dan pencemaran")),
    (Topic.TRANSPORT_TRAFFIC, N_("Transportasi dan lalu lintas")),
    (Topic.CIVIL_REGISTRATION, N_("KTP, KK, dan akta")),
    (Topic.SOCIAL_AID, N_("Bantuan sosial")),
    (Topic.HEALTH, N_("Kesehatan")),
    (Topic.EDUCATION, N_("Pendidikan")),
    (Topic.EMPLOYMENT, N_("Ketenagakerjaan")),
    (Topic.LICENSING_TAX, N_("Perizinan dan pajak")),
    (Topic.HOUSING_LAND, N_("Perumahan dan pertanahan")),
    (Topic.PUBLIC_ORDER, N_("Ketertiban umum")),
    (Topic.INTEGRITY, N_("Pungli dan integritas")),
    (Topic.DIGITAL_TELECOM, N_("Internet dan layanan digital")),
    (Topic.OTHER, N_("Topik lain")),
    (Language.INDONESIAN, N_("Indonesia")),
    (Language.JAVANESE, N_("Jawa")),
    (Language.SUNDANESE, N_("Sunda")),
    (Language.MINANGKABAU, N_("Minangkabau")),
    (Language.ENGLISH, N_("Inggris")),
    (Language.OTHER, N_("Bahasa lain")),
    (MentionState.COLLECTED, N_("Menunggu penilaian")),
    (MentionState.FLAGGED, N_("Ditandai")),
    (MentionState.FILED, N_("Disaring")),
    (MentionState.SNOOZED, N_("Ditunda")),
    (MentionState.DISMISSED, N_("Ditolak")),
    (MentionState.MERGED, N_("Digabung")),
    (MentionState.CONVERTED, N_("Menjadi tiket")),
    (MentionState.HELD, N_("Tertahan")),
    (MentionState.OWN, N_("Unggahan kita")),
    (MentionState.CONTEXT, N_("Bagian percakapan")),
    (DismissReason.NOT_COMPLAINT, N_("Bukan pengaduan")),
    (DismissReason.NOT_OURS, N_("Bukan wewenang kami")),
    (DismissReason.SPAM, N_("Spam atau bot")),
    (DismissReason.DUPLICATE, N_("Duplikat")),
    (DismissReason.HANDLED, N_("Sudah ditangani")),
    (DismissReason.ABUSIVE, N_("Kata-kata kasar semata")),
    (DecisionKind.DISMISSED, N_("Ditolak")),
    (DecisionKind.MERGED, N_("Digabung ke tiket")),
    (DecisionKind.CONVERTED, N_("Dijadikan tiket")),
    (DecisionKind.UNDONE, N_("Keputusan diurungkan")),
    (DecisionKind.UNTIED, N_("Dinyatakan bukan sama")),
    (DecisionKind.SNOOZED, N_("Ditunda")),
    (DecisionKind.ASSIGNED, N_("Ditugaskan")),
    (DecisionKind.CORRECTED, N_("Penilaian dibetulkan")),
    (DecisionKind.CHECKED, N_("Diperiksa: memang bukan pengaduan")),
    (RevealPurpose.CONTACT, N_("Menghubungi pelapor")),
    (RevealPurpose.CHECK, N_("Memeriksa kebenaran laporan")),
    (RevealPurpose.PASS_ON, N_("Meneruskan ke petugas lapangan")),
    (RevealPurpose.DATA_SUBJECT, N_("Permintaan pemilik data")),
    (RevealPurpose.LAW, N_("Kewajiban hukum")),
    (TicketStatus.NEW, N_("Baru")),
    (TicketStatus.FORWARDED, N_("Diteruskan")),
    (TicketStatus.IN_PROGRESS, N_("Dikerjakan")),
    (TicketStatus.ANSWERED, N_("Dijawab")),
    (TicketStatus.CLOSED, N_("Ditutup")),
    (TicketStatus.VOID, N_("Dibatalkan")),
    (TicketStatus.MERGED, N_("Digabung")),
    (Due.OVERDUE, N_("Lewat tenggat")),
    (Due.SOON, N_("Segera jatuh tempo")),
    (Due.LATER, N_("Masih lama")),
    (Due.NONE, N_("Tanpa tenggat")),
    (TicketOrder.NEWEST, N_("Terbaru dahulu")),
    (TicketOrder.DUE, N_("Tenggat terdekat dahulu")),
    (Outcome.FIXED, N_("Selesai diperbaiki")),
    (Outcome.NOT_OURS, N_("Bukan wewenang kami")),
    (Outcome.REFUSED, N_("Tidak dapat dipenuhi")),
    (Outcome.DUPLICATE, N_("Duplikat tiket lain")),
    (Outcome.NO_ACTION, N_("Tidak perlu tindakan")),
    (Priority.URGENT, N_("Darurat")),
    (Priority.HIGH, N_("Tinggi")),
    (Priority.NORMAL, N_("Biasa")),
    (Role.ADMIN, N_("Administrator")),
    (Role.TRIAGE, N_("Petugas triase")),
    (Role.COMMS, N_("Petugas humas")),
    (Role.APPROVER, N_("Penyetuju balasan")),
    (Role.UNIT, N_("Petugas unit kerja")),
    (Role.SUPERVISOR, N_("Penyelia")),
    (Role.AUDITOR, N_("Auditor (hanya membaca)")),
    (TieReason.REPOST, N_("Unggah ulang")),
    (TieReason.SAME_TEXT, N_("Teks sama")),
    (TieReason.SIMILAR, N_("Mirip")),
    (ReplyState.DRAFT, N_("Draf")),
    (ReplyState.WAITING, N_("Menunggu persetujuan")),
    (ReplyState.APPROVED, N_("Disetujui, akan dikirim")),
    (ReplyState.SENDING, N_("Sedang dikirim")),
    (ReplyState.UNKNOWN, N_("Belum pasti tampil")),
    (ReplyState.BY_HAND, N_("Perlu dikirim sendiri")),
    (ReplyState.FAILED, N_("Gagal dikirim")),
    (ReplyState.SENT, N_("Terkirim")),
    (ReplyState.WITHDRAWN, N_("Dibatalkan")),
    (ReplyAct.DRAFTED, N_("Ditulis")),
    (ReplyAct.EDITED, N_("Disunting")),
    (ReplyAct.SUBMITTED, N_("Diajukan")),
    (ReplyAct.APPROVED, N_("Disetujui")),
    (ReplyAct.REJECTED, N_("Dikembalikan")),
    (ReplyAct.WITHDRAWN, N_("Dibatalkan")),
    (ReplyAct.RETRIED, N_("Dikirim ulang")),
    (ReplyAct.SENDING, N_("Diserahkan ke platform")),
    (ReplyAct.POSTPONED, N_("Ditunda")),
    (ReplyAct.IN_DOUBT, N_("Belum pasti tampil")),
    (ReplyAct.NOT_THERE, N_("Ternyata tidak ada di sana")),
    (ReplyAct.UNCLEAR, N_("Tidak dapat dipastikan")),
    (ReplyAct.FAILED, N_("Gagal")),
    (ReplyAct.SENT, N_("Tampil di platform")),
    (SourceCondition.NEW, N_("Belum dibaca")),
    (SourceCondition.WELL, N_("Lancar")),
    (SourceCondition.SILENT, N_("Sepi")),
    (SourceCondition.FAILING, N_("Gagal dibaca")),
    (SourceCondition.STOPPED, N_("Berhenti")),
    (SourceCondition.PAUSED, N_("Dijeda")),
]
# Enum members are strings, and several enums share a word ("closed", "other"): the class belongs to the key.
_BY_CLASS: dict[tuple[type[StrEnum], str], str] = {(type(word), word.value): label for word, label in _LABELS}

_PLATFORMS = {
    "feed": N_("Umpan berita"),
    "replay": N_("Berkas rekaman"),
    "file": N_("Berkas"),
    "x": "X",
    "reddit": "Reddit",
    "youtube": "YouTube",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "telegram": "Telegram",
    "play": N_("Ulasan Google Play"),
    "mail": N_("Surel"),
    "webhook": N_("Kiriman sistem lain"),
    "facebook": N_("Halaman Facebook"),
}
_ABOUT = {
    "feed": N_("RSS, Atom, JSON Feed: tanpa akun"),
    "x": N_("pencarian, sebutan, percakapan; berbayar"),
    "reddit": N_("subreddit, pencarian, kotak masuk"),
    "youtube": N_("komentar di kanal dan video"),
    "mastodon": N_("tagar, akun, sebutan, pencarian"),
    "bluesky": N_("pencarian, sebutan, akun"),
    "telegram": N_("pesan ke bot dan di grupnya"),
    "facebook": N_("komentar, kiriman, penandaan Halaman"),
    "instagram": N_("komentar dan penandaan akun"),
    "threads": N_("balasan, sebutan, pencarian"),
    "play": N_("ulasan aplikasi milik instansi"),
    "mail": N_("kotak surat lewat IMAP"),
    "webhook": N_("sistem lain mengirim sendiri"),
}

_TICKET_FIELDS = {
    "title": N_("judul"),
    "description": N_("uraian"),
    "topic": N_("topik"),
    "unit": N_("unit kerja"),
    "place": N_("tempat"),
    "priority": N_("prioritas"),
    "status": N_("status"),
    "outcome": N_("hasil"),
    "assignee": N_("petugas"),
    "name": N_("nama"),
    "address": N_("alamat"),
    "query": N_("saringan"),
    "minutes": N_("selang"),
    "text": N_("balasan"),
    "note": N_("catatan"),
    "link": N_("tautan"),
    "due_day": N_("tenggat"),
    "due_hour": N_("jam tenggat"),
    "reason": N_("alasan"),
    "until": N_("sampai"),
    "kind": N_("jenis"),
    "sentiment": N_("nada"),
    "anonymous": N_("anonim"),
    "confidential": N_("rahasia"),
}

_PROBLEMS: dict[Problem, tuple[str, str]] = {
    Problem.BAD_ADDRESS: (N_("Alamatnya tidak dapat dipahami."), N_("Periksa ejaan alamat, lalu perbaiki sumber ini.")),
    Problem.BLOCKED_ADDRESS: (
        N_("Alamatnya berada di dalam jaringan sendiri, jadi tidak dibaca demi keamanan."),
        N_("Bila memang dimaksudkan, minta operator mengizinkan alamat itu."),
    ),
    Problem.UNREACHABLE: (
        N_("Servernya tidak dapat dihubungi."),
        N_("Sahut mencoba lagi sendiri. Bila berlangsung lebih dari sehari, buka alamatnya di peramban."),
    ),
    Problem.TOO_SLOW: (N_("Servernya terlalu lama menjawab."), N_("Sahut mencoba lagi sendiri.")),
    Problem.TOO_LARGE: (
        N_("Isinya terlalu besar untuk dibaca dengan aman."),
        N_("Cari umpan yang lebih kecil, misalnya per rubrik."),
    ),
    Problem.REDIRECT_LOOP: (
        N_("Alamatnya berputar-putar dari satu tujuan ke tujuan lain."),
        N_("Buka alamatnya di peramban dan catat alamat akhirnya."),
    ),
    Problem.RATE_LIMITED: (
        N_("Platform membatasi jumlah permintaan."),
        N_("Tunggu saja: Sahut menghormati batas itu dan mencoba lagi pada waktunya."),
    ),
    Problem.SERVER_ERROR: (N_("Server sumber sedang bermasalah."), N_("Sahut mencoba lagi sendiri.")),
    Problem.NEEDS_LOGIN: (N_("Sumber ini meminta masuk akun."), N_("Perbarui kredensialnya, lalu lanjutkan.")),
    Problem.FORBIDDEN: (
        N_("Server menolak akses kami."),
        N_("Periksa apakah alamatnya terbuka untuk umum, lalu lanjutkan."),
    ),
    Problem.NOT_FOUND: (N_("Alamatnya tidak ditemukan."), N_("Cari alamat yang baru, lalu perbaiki sumber ini.")),
    Problem.GONE: (
        N_("Server menyatakan sumber ini sudah tiada."),
        N_("Cari penggantinya, atau biarkan berhenti. Sebutan yang sudah terkumpul tetap tersimpan."),
    ),
    Problem.NOT_A_FEED: (
        N_("Yang dikirim bukan umpan, mungkin halaman biasa atau pemeriksaan robot."),
        N_("Buka alamatnya di peramban dan cari tautan RSS di sana."),
    ),
    Problem.NOT_READABLE: (N_("Isinya rusak sehingga tidak dapat dibaca."), N_("Sahut mencoba lagi sendiri.")),
    Problem.BAD_SETTINGS: (
        N_("Saringan atau pengaturannya tidak dapat dipahami."),
        N_("Periksa tanda kurung, tanda kutip, serta AND, OR, dan NOT."),
    ),
    Problem.MISSING_FILE: (N_("Berkasnya tidak ada."), N_("Kembalikan berkasnya, lalu lanjutkan sumber ini.")),
    Problem.MISSING_LIBRARY: (
        N_("Pustaka untuk platform ini belum terpasang."),
        N_("Minta operator memasangnya, lalu lanjutkan."),
    ),
    Problem.NO_CREDENTIAL: (
        N_("Sumber ini belum punya akun untuk masuk."),
        N_("Pilih akun platform untuk sumber ini, lalu lanjutkan."),
    ),
    Problem.REFUSED_CREDENTIAL: (
        N_("Platform menolak akun kita: kuncinya salah, dicabut, atau kedaluwarsa."),
        N_("Perbarui kuncinya, lalu lanjutkan."),
    ),
    Problem.LACKS_ACCESS: (
        N_("Tingkat akses akun kita tidak mencakup bacaan ini."),
        N_("Mintakan izin atau paket yang sesuai di platformnya, lalu lanjutkan."),
    ),
    Problem.NO_CREDITS: (
        N_("Saldo berbayar akun kita di platform ini habis."),
        N_("Isi saldonya di platform, lalu lanjutkan."),
    ),
    Problem.BUDGET_SPENT: (
        N_("Anggaran yang Anda tetapkan untuk akun ini sudah habis."),
        N_("Sahut melanjutkan sendiri pada periode berikutnya; naikkan anggarannya bila perlu."),
    ),
    Problem.UNEXPECTED: (
        N_("Terjadi kesalahan yang tidak terduga."),
        N_("Sahut mencoba lagi sendiri. Bila berulang, beri tahu operator."),
    ),
}


def label(word: StrEnum) -> str:
    """What a member of an enum is called on screen."""
    return _(_BY_CLASS[type(word), word.value])


def place(named: Place) -> str:
    """A place in a list: as the text names it, and the two areas around it, where they say something new."""
    around = [part for part in named.name.split(", ")[:2] if part.casefold() not in named.text.casefold()]
    return ", ".join([named.text, *around])


def platform(code: str) -> str:
    """A platform's name; its code where nobody has named it."""
    return _(_PLATFORMS[code]) if code in _PLATFORMS else code.capitalize()


def platform_about(code: str) -> str:
    """In a few words what can be read there; "" where nobody has said."""
    return _(_ABOUT[code]) if code in _ABOUT else ""


def ticket_field(name: str) -> str:
    """A ticket's field, for sentences of the history."""
    return _(_TICKET_FIELDS[name]) if name in _TICKET_FIELDS else name


_TYPED: dict[str, type[StrEnum]] = {
    "kind": Kind,
    "sentiment": Sentiment,
    "topic": Topic,
    "reason": DismissReason,
    "priority": Priority,
    "status": TicketStatus,
    "outcome": Outcome,
}


def typed(name: str, value: str) -> str:
    """What somebody filled in, as they read it there: the word of a choice, everything else as it was typed."""
    words = _TYPED.get(name, ())
    return label(_TYPED[name](value)) if value in set(words) else value


def problem(code: Problem) -> tuple[str, str]:
    """What is wrong with a source, and what to do next."""
    wrong, to_do = _PROBLEMS[code]
    return _(wrong), _(to_do)


_REFUSALS = {
    Refusal.EMPTY: N_("balasannya masih kosong."),
    Refusal.TOO_LONG: N_("terlalu panjang untuk platform ini (%s)."),
    Refusal.PERSONAL_DATA: N_("memuat data pribadi: %s"),
    Refusal.UNFILLED: N_("isian ini belum terisi: %s"),
    Refusal.NO_WAY: N_("tulisan ini tidak dapat dibalas dari sini."),
}
_CAUTIONS = {
    Caution.COSTS: N_("tautan membuat balasan ini berbayar: US$%s."),
    Caution.SIMILAR: N_("hampir sama dengan %s balasan lain belakangan ini; platform dapat menganggapnya spam."),
    Caution.BUDGET: N_("jatah balasan akun ini hari ini tinggal %s."),
    Caution.EDITED: N_("tulisan yang dibalas disunting setelah balasan ini ditulis."),
    Caution.WITHDRAWN: N_("tulisan yang dibalas sudah dihapus dari platformnya."),
    Caution.ANSWERED: N_("kita sudah membalas tulisan ini."),
    Caution.PLATFORM: "%s",
}


def refusal(found: Remark[Refusal]) -> str:
    """Why a text cannot go out."""
    said = _(_REFUSALS[found.word])
    return said % found.detail if "%s" in said else said


def caution(found: Remark[Caution]) -> str:
    """What to know before a text goes out."""
    said = _(_CAUTIONS[found.word])
    return said % found.detail if "%s" in said else said


_CHANGES = {
    "dismissed": N_("menolak sebutan ini"),
    "merged": N_("menggabungkannya ke tiket"),
    "converted": N_("menjadikannya tiket"),
    "undone": N_("mengurungkan keputusan"),
    "untied": N_("menyatakannya bukan sama"),
    "snoozed": N_("menundanya"),
    "assigned": N_("menugaskannya"),
    "corrected": N_("membetulkan penilaiannya"),
    "checked": N_("memeriksanya: memang bukan pengaduan"),
    "unmerged": N_("mengeluarkan sebutan"),
    "void": N_("mengurungkan pembuatan tiket"),
    "due": N_("mengubah tenggatnya"),
    "merged_into": N_("menggabungkan tiket ini ke tiket lain"),
    "took_over": N_("menggabungkan tiket lain ke tiket ini"),
    "came_back": N_("mengurungkan penggabungan tiket ini"),
    "gave_back": N_("mengurungkan penggabungan tiket lain ke tiket ini"),
    "edited": N_("penulisnya menyunting teksnya"),
}


def change(what: str, said: Mapping[str, str] | None = None) -> str:
    """What somebody else did in between, from a stale write's list: an act, or the names of fields.

    ``said`` is the whole line of the list: its reason, ticket or receiver follows in brackets.
    """
    if what in _CHANGES:
        more = {name: value for name, value in (said or {}).items() if name in {"reason", "ticket", "to"}}
        beside = ", ".join(typed(name, value).lower() if name == "reason" else value for name, value in more.items())
        return _(_CHANGES[what]) + (f" ({beside})" if beside else "")
    noun, mark, act = what.partition("reply_")
    if mark and not noun and act in set(ReplyAct):
        return _("balasan: %s") % label(ReplyAct(act)).lower()
    return _("mengubah %s") % ", ".join(ticket_field(name) for name in what.split(", "))
