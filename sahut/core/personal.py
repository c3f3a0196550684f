"""Personal data in a text, found by its shape and the words around it, and masked for lists and logs.

It lives in the core, and so in the standard library, because what shows texts (the board, the API, logs) may not
import the classifiers. Shapes: NIK and KK are region (6), date (6, a woman's day plus 40) and serial (4); NPWP is 15
digits, or 16 since 2024; plates begin with a code of the traffic police. Prices, dates, trains and ticket numbers look
like much of this, so a shape without a check of its own counts only beside a word that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PersonalKind(StrEnum):
    """What a piece of personal data is."""

    NIK = "nik"
    KK = "kk"
    NPWP = "npwp"
    PHONE = "phone"
    EMAIL = "email"
    PLATE = "plate"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The characters of a text from ``start`` to before ``end``."""

    kind: PersonalKind
    start: int
    end: int


VERSION = 1
"""Which finder this is. Raised with every change of what `find` finds: `sahut migrate` then masks for search anew."""

_Where = tuple[PersonalKind, int, int]

_PROVINCES = frozenset(
    str(code)
    for codes in (
        range(11, 20),
        [21],
        range(31, 37),
        range(51, 54),
        range(61, 66),
        range(71, 77),
        [81, 82],
        range(91, 97),
    )
    for code in codes
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WOMAN = 40

_EMAIL = re.compile(
    r"(?<![\w.+%-])[a-z0-9][\w.+%-]{0,63}@[a-z0-9](?:[a-z0-9-]{0,62}\.){1,4}[a-z]{2,24}(?![\w-])",
    re.IGNORECASE | re.ASCII,
)

# Sixteen digits in any grouping of one separator, alone: not part of a longer number, an amount or a code.
_SIXTEEN = re.compile(r"(?<![0-9A-Za-z.,/_-])[0-9](?:[ .-]?[0-9]){15}(?![0-9]|[.,][0-9]|[A-Za-z_])")
_NIK_WORD = re.compile(
    r"\b(?:nik|ktp|nomor induk kependudukan|e-?ktp)\b\W{0,3}(?:\w{1,12}\W{1,3}){0,2}$", re.IGNORECASE
)
_KK_WORD = re.compile(r"\b(?:kk|kartu keluarga)\b\W{0,3}(?:\w{1,12}\W{1,3}){0,2}$", re.IGNORECASE)
# Words that make a long number somebody's paper or purchase, and no person's.
_CODE_WORD = re.compile(
    r"\b(?:resi|tiket|ticket|booking|order|pesanan|invoice|inv|transaksi|trx|ref|referensi|laporan|aduan|pengaduan|"
    r"id ?pel|pelanggan|meter|kwh|token|kode|voucher|va|virtual account|briva|nominal|rp|harga|total|seri|imei)\b"
    r"[^0-9\n]{0,20}$",
    re.IGNORECASE,
)

_NPWP_SHAPE = re.compile(r"(?<![0-9.])[0-9]{2}\.[0-9]{3}\.[0-9]{3}\.[0-9][-.][0-9]{3}\.[0-9]{3}(?![0-9])")
_NPWP_NAMED = re.compile(r"\bnpwp\b[^0-9\n]{0,20}([0-9](?:[ .-]?[0-9]){14,15})(?![0-9])", re.IGNORECASE)

# Mobile numbers: 08 or 62 8, then 81-83, 85, 87-89; nine to twelve digits after the 0 (BRTI's numbering plan).
_MOBILE = re.compile(
    r"(?:(?<![0-9A-Za-z.,/_+#-])|(?<=wa\.me/))(?:\(?\+ ?62\)?[ .-]?|62[ .-]?|0062[ .-]?|\(?0)"
    r"\(?8[1235789][0-9](?:\)?[ .-]{0,2}[0-9]){6,9}"
    r"(?![0-9]|[.,][0-9]|[A-Za-z_])"
)
_PHONE_WORD = r"(?:telp|telpon|telepon|tlp|tlpn|hp|wa|whatsapp|hub|hubungi|kontak|contact|cp|call|sms|phone|nohp|nowa)"
_NAMED_MOBILE = re.compile(
    rf"\b{_PHONE_WORD}\b[^0-9\n]{{0,12}}"
    rf"(8[1235789][0-9](?:[ .-]?[0-9]){{6,9}}|08[0-9](?:[ .-]{{1,3}}[0-9]{{1,4}}){{2,6}})(?![0-9])",
    re.IGNORECASE,
)
# Fixed lines: area codes of two digits after the 0 for the five largest cities, of three elsewhere.
_AREA_CODE = r"0(?:2[1-9]|31|61|[2-7][0-9]{2}|9[0-9]{2})"
_LANDLINE = re.compile(
    rf"(?<![0-9A-Za-z.,:/_+-])(?:\({_AREA_CODE}\)[ -]?|{_AREA_CODE}-|\+62[ -]?\(?[2-79][0-9]{{1,2}}\)?[ -]?)"
    r"[2-9][0-9]{2,3}[ .-]?[0-9]{3,4}(?![0-9]|[.,/-][0-9])"
)
_NAMED_LANDLINE = re.compile(
    rf"\b{_PHONE_WORD}\b[^0-9\n]{{0,12}}({_AREA_CODE}[ .-]?[2-9](?:[ .-]?[0-9]){{5,7}})(?![0-9])", re.IGNORECASE
)

_PLATE = re.compile(
    r"(?<![\w#@/.-])(A[ABDEG]?|B[ABDEGHKLMNP]?|D[ABCDEGHKLMNPRSTW]?|E[ABD]?|F|G|H|K[BHTU]?|L|M|N|P[ABGSTY]?|R|S|T|W|Z|CC|CD)"
    r"([ -]?)([1-9][0-9]{0,3})\2([A-Z]{1,3})(?![\w-])",
    re.IGNORECASE,
)
_PLATE_WORD = re.compile(
    r"\b(?:plat|pelat|nopol|no\.? ?pol|nomor polisi|mobil|motor|angkot|bus|bis|truk|truck|taksi|taxi|grab|gojek|ojol|"
    r"driver|avanza|xenia|innova|pajero|fortuner|jazz|brio|mio|beat|vario|scoopy|nmax|pick ?up|ambulans?|ambulance)\b"
    r"[^0-9\n]{0,25}$",
    re.IGNORECASE,
)
# What stands after a number and is no plate: units, and words of two or three letters.
_NO_SUFFIX = frozenset(
    {
        "RT",
        "RW",
        "KM",
        "KG",
        "CM",
        "MM",
        "ML",
        "GB",
        "MB",
        "TB",
        "KB",
        "KVA",
        "KWH",
        "KW",
        "VA",
        "JT",
        "RB",
        "RP",
        "WIB",
    }
    | {"WIT", "TH", "BH", "AM", "PM", "DAN", "DI", "KE", "DPR", "RI", "SD", "PT", "CV", "NO", "JL", "KEC", "KEL", "JAM"}
)
_YEARS = range(1900, 2041)
_LEAST_PLATE = 100
_LEAST_JOINED = 1000

_BANK = (
    r"(?:bca|bri|bni|mandiri|bsi|btn|bjb|cimb|niaga|permata|danamon|muamalat|ocbc|panin|maybank|mega|seabank|jago|"
    r"bank \w{2,12})"
)
_ACCOUNT = re.compile(
    rf"\b(?:(?:no(?:mor|\.)? ?rek(?:ening)?|norek|rekening|rek)\b([^0-9\n]{{0,30}})([0-9](?:[ .-]?[0-9]){{7,15}})"
    rf"|(?:{_BANK})\b([^0-9\n]{{0,20}})([0-9](?:[ -]?[0-9]){{9,15}}))(?![0-9]|[.,][0-9])",
    re.IGNORECASE,
)
_ACCOUNT_BEFORE = re.compile(
    rf"(?<![0-9A-Za-z.,/_-])([0-9](?:[ -]?[0-9]){{9,15}})(?: ?\(? ?(?:{_BANK})\b|,? a\.?/?n\.? )", re.IGNORECASE
)
_NO_ACCOUNT = re.compile(
    r"\b(?:tiket|laporan|kode|booking|resi|meter|id ?pel|idpel|pelanggan|rp|nominal|saldo|harga|tgl|tanggal|jam|call|"
    r"telp|hub|wa|hp|cs|trx|transaksi|ref|order|tahun|sebesar|kartu)\b",
    re.IGNORECASE,
)
_AMOUNT_OR_YEARS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+$|(?:19|20)[0-9]{2} ?- ?(?:19|20)[0-9]{2}$")

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_WINDOW = 40
_DIGIT = re.compile(r"[0-9]")
# How many of the last digits a mask leaves, so that two people can agree on which number is meant.
_KEPT = {
    PersonalKind.NIK: 4,
    PersonalKind.KK: 4,
    PersonalKind.NPWP: 3,
    PersonalKind.PHONE: 3,
    PersonalKind.ACCOUNT: 3,
    PersonalKind.PLATE: 2,
}
_MASK = "•"


def find(text: str) -> list[Span]:
    """The personal data of a text, in order, without overlap. Any text is read; the cost is linear in its length."""
    if _INVISIBLE.search(text):
        return _among_invisible(text)
    found: list[Span] = []
    taken = bytearray(len(text))
    # The surer shapes first: where two overlap, the first stays.
    for kind, start, end in _candidates(text):
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            found.append(Span(kind=kind, start=start, end=end))
    return sorted(found, key=lambda span: span.start)


def mask(text: str, *, but: Callable[[str], bool] | None = None) -> str:
    """The text with its personal data hidden but for a hint: last digits, or an e-mail's first letter and domain.

    Every hidden character becomes one dot, so that positions in the text stay what they were. What ``but`` says yes to
    is nobody's (the agency's own numbers) and stays.
    """
    parts: list[str] = []
    end = 0
    for span in find(text):
        piece = text[span.start : span.end]
        parts += [text[end : span.start], piece if but is not None and but(piece) else _hidden(span.kind, piece)]
        end = span.end
    return "".join([*parts, text[end:]])


def masked(value: Any) -> Any:
    """Any plain JSON value with every text in it masked; names of members stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {name: masked(inside) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inside) for inside in value]
    return value


def unmask(said: str, *known: str) -> str:
    """What somebody means who was shown ``known`` texts masked and sends ``said``: a mask stands for what it hides.

    Of two that look alike under their masks the first of ``known`` goes first. Where what a mask hides would no longer
    be found, and so be shown, beside other words, the masks stay: no text can be written that looks behind a mask.
    """
    if _MASK not in said:
        return said
    meant, put_back = said, []
    looked: dict[str, list[Span]] = {}
    for text in known:
        if _MASK not in meant:
            break
        # Copies say the same by the thousand.
        if text not in looked:
            looked[text] = find(text)
        for span in looked[text]:
            piece = text[span.start : span.end]
            hidden = _hidden(span.kind, piece)
            if _MASK in hidden and hidden in meant:
                # What is put back holds no mask, so that the next of the same look is the next occurrence.
                meant = meant.replace(hidden, piece, 1)
                put_back.append(piece)
    shown = mask(meant)
    return said if any(piece in shown for piece in put_back) else meant


def _among_invisible(text: str) -> list[Span]:
    """What is found once characters without width, which platforms strew into numbers, are out of the way."""
    seen = [at for at, character in enumerate(text) if not _INVISIBLE.match(character)]
    spans = find("".join(text[at] for at in seen))
    return [Span(kind=span.kind, start=seen[span.start], end=seen[span.end - 1] + 1) for span in spans]


def _candidates(text: str) -> Iterator[_Where]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield PersonalKind.EMAIL, *match.span()
    if _DIGIT.search(text):
        for look in (_npwp, _nik_and_kk, _phones, _plates, _accounts):
            yield from look(text)


def _before(text: str, start: int) -> str:
    return text[max(0, start - _WINDOW) : start]


def _nik_and_kk(text: str) -> Iterator[_Where]:
    """Sixteen digits that hold a region and a date, or that a word names."""
    for match in _SIXTEEN.finditer(text):
        before = _before(text, match.start())
        if _KK_WORD.search(before):
            yield PersonalKind.KK, *match.span()
        elif _NIK_WORD.search(before) or (_is_nik(match.group()) and not _CODE_WORD.search(before)):
            yield PersonalKind.NIK, *match.span()


def _is_nik(number: str) -> bool:
    digits = "".join(_DIGIT.findall(number))
    day, month = int(digits[6:8]), int(digits[8:10])
    day -= _WOMAN if day > _WOMAN else 0
    return (
        digits[:2] in _PROVINCES
        and "00" not in (digits[2:4], digits[4:6])
        and 1 <= month <= len(_DAYS)
        and 1 <= day <= _DAYS[month - 1]
        and digits[12:] != "0000"
    )


def _npwp(text: str) -> Iterator[_Where]:
    for match in _NPWP_SHAPE.finditer(text):
        yield PersonalKind.NPWP, *match.span()
    for match in _NPWP_NAMED.finditer(text):
        yield PersonalKind.NPWP, *match.span(1)


def _phones(text: str) -> Iterator[_Where]:
    for match in _MOBILE.finditer(text):
        if not _CODE_WORD.search(_before(text, match.start())):
            yield PersonalKind.PHONE, *match.span()
    for match in _LANDLINE.finditer(text):
        yield PersonalKind.PHONE, *match.span()
    for pattern in (_NAMED_MOBILE, _NAMED_LANDLINE):
        for match in pattern.finditer(text):
            yield PersonalKind.PHONE, *match.span(1)


def _plates(text: str) -> Iterator[_Where]:
    for match in _PLATE.finditer(text):
        number, suffix = int(match[3]), match[4].upper()
        if suffix in _NO_SUFFIX:
            continue
        # "p3an" beside "angkot" is a crossing of three ways.
        named = (number >= _LEAST_PLATE or match[2]) and _PLATE_WORD.search(_before(text, match.start()))
        if named:
            yield PersonalKind.PLATE, *match.span()
            continue
        written = match[1].isupper() and match[4].isupper()
        # Registrations of aircraft look like plates of three digits in one word.
        if (
            written
            and number >= (_LEAST_PLATE if match[2] else _LEAST_JOINED)
            and number not in _YEARS
            and len(suffix) > 1
        ):
            yield PersonalKind.PLATE, *match.span()


def _accounts(text: str) -> Iterator[_Where]:
    for match in _ACCOUNT.finditer(text):
        at = 2 if match[2] else 4
        if not _NO_ACCOUNT.search(match[at - 1]) and not _AMOUNT_OR_YEARS.match(match[at]):
            yield PersonalKind.ACCOUNT, *match.span(at)
    for match in _ACCOUNT_BEFORE.finditer(text):
        if not _NO_ACCOUNT.search(_before(text, match.start())):
            yield PersonalKind.ACCOUNT, *match.span(1)


def _hidden(kind: PersonalKind, piece: str) -> str:
    if kind is PersonalKind.EMAIL:
        name, _, domain = piece.rpartition("@")
        return f"{name[0]}{_MASK * (len(name) - 1)}@{domain}"
    seen = len(_DIGIT.findall(piece)) - _KEPT[kind]
    hidden: list[str] = []
    for character in piece:
        digit = "0" <= character <= "9"
        seen -= digit
        letter = kind is PersonalKind.PLATE and character.isalpha() and bool(hidden) and _MASK in hidden
        hidden.append(_MASK if (digit and seen >= 0) or letter else character)
    return "".join(hidden)
