"""What a mail says: its own words, without what it quotes and how it is signed. Pure."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from collectors._html import clean, tidy

# Dari and From, as programs write them above a mail that is answered without marks.
_HEADS = r"(?:from|dari|von|de|date|tanggal|sent|dikirim|terkirim|to|kepada|untuk|cc|subject|subjek|perihal|hal)"
_BLOCK = re.compile(rf"(?:^[*_ ]*{_HEADS}[*_ ]*:.*\n?){{3,}}", re.IGNORECASE | re.MULTILINE)
_RULE = re.compile(
    r"^[ \t]*-{3,}[ \t]*(?:original message|pesan asli|pesan awal|reply message|balasan)[ \t]*-{3,}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# As in: On Tue, 24 Nov 2026 at 10:00, Budi <b@x> wrote. Programs break such a line in two or three.
_INTRODUCED = re.compile(
    r"^[ \t]*(?:on|pada)\b[^\n]{0,300}(?:\n(?!>)[^\n]{0,200}){0,2}\b(?:wrote|menulis)\b[^\n]{0,40}:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_DATED = re.compile(r"\b(?:19|20)\d\d\b|@")
_QUOTED = re.compile(r"^[ \t]*>")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_SENT_FROM = re.compile(
    r"\n[ \t]*(?:sent from|get outlook for|dikirim dari|terkirim dari|dapatkan outlook untuk)\b[^\n]{0,80}\s*$",
    re.IGNORECASE,
)
_QUOTES = '.gmail_quote, .gmail_attr, .yahoo_quoted, .moz-cite-prefix, blockquote[type="cite"], #divRplyFwdMsg'
_LONGEST_SIGNATURE = 600


def own_words(plain: str, markup: str, *, answers: bool) -> str:
    """The text to show of a mail: of ``plain`` where it says anything, else of ``markup``.

    Only of a mail that ``answers`` another the quoted part is left out: a forwarded one is what it quotes. Where
    nothing would remain, all of it is kept.
    """
    if any(character.isalnum() for character in plain):
        whole = plain.replace("\r\n", "\n")
        said = _unsigned(_unquoted(whole) if answers else whole)
        return tidy(said) or tidy(whole)
    return _clean(markup, answers=answers) or clean(markup)


def _clean(markup: str, *, answers: bool) -> str:
    if not answers or "<" not in markup:
        return clean(markup)
    root = LexborHTMLParser(markup)
    for node in root.css(_QUOTES):
        node.decompose()
    said = _unquoted(clean(root.html or ""))
    return tidy(_unsigned(said))


def _unquoted(text: str) -> str:
    """Up to where the answered mail begins, less quoted lines at the end."""
    ends = [found.start() for found in (_RULE.search(text), _BLOCK.search(text)) if found is not None]
    introduced = _INTRODUCED.search(text)
    # An answer between quoted lines goes on after them: then nothing is cut here.
    if introduced is not None and _DATED.search(introduced[0]) and _all_quoted(text[introduced.end() :]):
        ends.append(introduced.start())
    lines = text[: min(ends, default=len(text))].rstrip().split("\n")
    while lines and (not lines[-1].strip() or _QUOTED.match(lines[-1])):
        lines.pop()
    return "\n".join(lines)


def _all_quoted(text: str) -> bool:
    """Whether nothing but quoted lines follows, or none is marked at all (as in mails that were HTML)."""
    lines = [line for line in _unsigned(text).split("\n") if line.strip()]
    marked = sum(_QUOTED.match(line) is not None for line in lines)
    return marked in {0, len(lines)}


def _unsigned(text: str) -> str:
    """Without a signature below its mark, or the line with which telephones advertise themselves."""
    found = _SIGNATURE.search(text)
    if found is not None and len(text) - found.end() <= _LONGEST_SIGNATURE:
        text = text[: found.start()]
    return _SENT_FROM.sub("", f"\n{text}").strip("\n")
