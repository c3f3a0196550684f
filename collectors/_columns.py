"""Which column of a table is what, by the names that Indonesian and English exports give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sahut.core.errors import SettingsError

if TYPE_CHECKING:
    from collectors._tables import Row

# In each row the likelier first. Spaces, signs and case do not count: "Isi Laporan" and "isi_laporan" are one.
NAMES: dict[str, str] = {
    "text": "isilaporan isipengaduan isiaduan isikeluhan isilaporanawal uraianlaporan uraianpengaduan uraian isi "
    "fulltext tweettext tweet posttext commenttext reviewtext cuitan postingan ulasan komentar teks text content "
    "contents konten body message pesan caption keluhan aduan pengaduan laporan comment review post deskripsi "
    "description snippet hitsentence selftext",
    "title": "judullaporan judulpengaduan juduladuan judul title subject subjek perihal headline",
    "at": "tanggallaporan tanggalpengaduan tanggaladuan tanggallapor tanggallaporanmasuk tanggalmasuk tanggaldibuat "
    "tanggalposting tanggalunggah tgllaporan tglpengaduan tgladuan tglmasuk waktulaporan waktupengaduan tanggal tgl "
    "createdat createdtime created dibuat publishedat publishedtime published posteddate postedat dateposted postdate "
    "pubdate reportedat datetime timestamp createdutc date waktu time at",
    "time": "jamlaporan jammasuk jam pukul waktu time",
    "author": "screenname userscreenname userusername username authorusername authorhandle handle akun namaakun "
    "namapengguna pengguna author penulis user from account",
    "author_name": "namapelapor pelapor namalengkap displayname authorname authordisplayname userdisplayname fullname "
    "nama name",
    "id": "trackingid nativeid idlaporan idpengaduan idaduan nolaporan nomorlaporan nomorpengaduan nopengaduan "
    "nomoraduan noaduan kodelaporan nomortiket notiket tiketid ticketid ticketnumber tweetid postid commentid reviewid "
    "messageid idstr uuid guid id",
    "url": "permalink tweeturl posturl commenturl url link tautan",
    "parent": "inreplytostatusidstr inreplytostatusid inreplytoid inreplyto parentid parent idinduk",
    "language": "language lang bahasa",
    "reach": "followerscount userfollowerscount authorfollowers followers pengikut jangkauan reach viewscount "
    "viewcount views tayangan",
}
FIELDS = tuple(NAMES)
_WANTED = {field: names.split() for field, names in NAMES.items()}
_BODY = {"text", "title"}
HEADER_WITHIN = 30
_NOT_LETTER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """``taken`` is field → position, ``names`` the header by position. ``before``: rows up to and with the header."""

    names: tuple[str, ...]
    taken: Mapping[str, int]
    before: int

    @property
    def shown(self) -> dict[str, str]:
        """Field → the name of its column, or "#3" where there is none."""
        return {field: _name(self.names, at) for field, at in self.taken.items()}

    @property
    def left(self) -> list[str]:
        """The columns that are nothing to us."""
        used = set(self.taken.values())
        return [name for at, name in enumerate(self.names) if at not in used and name.strip()]


def recognises(cells: Sequence[str]) -> bool:
    """Whether ``cells`` look like a header with a column of texts."""
    return bool(_BODY & _guess(cells, {}).keys())


def choose(head: Sequence[Row], wanted: Mapping[str, str], *, keyed: bool = False) -> Columns:
    """The header among the first rows, and which column is what; ``wanted`` is field → name or "#3", "" for none.

    Where every wanted column goes by its number, there is no header. Raises SettingsError (key "options.column…") for
    an unknown field or column, or when no column holds the texts.
    """
    for field in wanted:
        if field not in NAMES:
            raise SettingsError(
                f"'{field}' is no field: use {', '.join(FIELDS)}", file="source", key=f"options.column.{field}"
            )
    named = [name for name in wanted.values() if name]
    if named and not keyed and all(_number(name) is not None for name in named):
        taken = {field: number for field, name in wanted.items() if (number := _number(name)) is not None}
        return _checked(Columns(names=(), taken=taken, before=0), head)
    best: Columns | None = None
    for at, row in enumerate(head[: 1 if keyed else HEADER_WITHIN]):
        if row.fault:
            continue
        taken = _guess(row.cells, wanted)
        fits = all(field in taken for field, name in wanted.items() if name)
        if fits and _BODY & taken.keys() and (best is None or len(taken) > len(best.taken)):
            best = Columns(names=tuple(cell.strip() for cell in row.cells), taken=taken, before=at + 1)
    return _checked(best, head)


def _checked(found: Columns | None, head: Sequence[Row]) -> Columns:
    if found is not None and _BODY & found.taken.keys():
        return found
    widest = max((row.cells for row in head if not row.fault), key=len, default=[])
    there = ", ".join(f"{cell.strip()[:40]}" for cell in widest[:30]) or "none"
    raise SettingsError(
        f"no column is known to hold the texts, or one that was named is not there; the columns are: {there}. "
        "Name them: --column text=NAME --column at=NAME …, or by number: --column text=#2",
        file="source",
        key="options.column.text",
    )


def _guess(cells: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    plain = [_plain(cell) for cell in cells]
    taken: dict[str, int] = {}
    for field, name in wanted.items():
        at = _position(name, plain)
        if at is not None:
            taken[field] = at
    for field, names in _WANTED.items():
        if field in wanted:
            continue
        free = [word if at not in taken.values() else "" for at, word in enumerate(plain)]
        at = next((free.index(name) for name in names if name in free), None)
        if at is not None:
            taken[field] = at
    if "at" not in taken:
        taken.pop("time", None)
    return {field: taken[field] for field in FIELDS if field in taken}


def _position(name: str, plain: Sequence[str]) -> int | None:
    number = _number(name)
    if number is not None:
        return number if number < len(plain) else None
    word = _plain(name)
    return plain.index(word) if word and word in plain else None


def _number(name: str) -> int | None:
    return int(name[1:]) - 1 if re.fullmatch(r"#[1-9][0-9]{0,3}", name) else None


def _name(names: Sequence[str], at: int) -> str:
    return names[at] if at < len(names) and names[at] else f"#{at + 1}"


def _plain(name: str) -> str:
    """A header without case, accents and signs. One of them alone, as "No.", is left as it is."""
    ascii_only = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return _NOT_LETTER.sub("", ascii_only)
