"""HTML to the text that a reader sees."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

from collectors._text import storable

_BLOCKS = (
    "p,div,br,li,ul,ol,h1,h2,h3,h4,h5,h6,tr,table,blockquote,section,article,header,footer,"
    "figure,figcaption,hr,pre,dd,dt"
)
_SILENT = ["script", "style", "noscript", "template", "iframe", "object", "svg", "head", "title"]
_MARKUP = re.compile(r"<[a-zA-Z!/]|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w*);")
_EMBEDDED = re.compile(r"data:[^\"'\s<>]{500,}")  # images in the markup itself
_LONGEST = 100_000  # characters: nested elements cost quadratic time, a second for the first 20,000
_BREAK = "\ue000"  # private use: no text of a page means anything by it
# Soft hyphen, zero-width space, word joiner, byte order mark, direction overrides: unseen, and used to split words so
# that no filter finds them. Zero-width joiners stay: emoji and some scripts are spelt with them.
_UNSEEN = re.compile("[\u00ad\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def clean(markup: str) -> str:
    """Text with one line per block, without scripts and styles; entities are decoded once."""
    markup = _EMBEDDED.sub("", markup)[:_LONGEST]
    if not _MARKUP.search(markup):
        return tidy(markup)
    if "<" not in markup:
        return tidy(html.unescape(markup))
    root = LexborHTMLParser(markup.replace(_BREAK, ""))
    root.strip_tags(_SILENT)
    body = root.body
    if body is None:
        return ""
    for node in body.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for cell in body.css("td,th"):
        cell.insert_after(" ")
    # Newlines of the source are spaces to a reader; only blocks break lines.
    return tidy(" ".join(body.text(separator="").split()).replace(_BREAK, "\n"))


def tidy(text: str) -> str:
    """Storable text without blank lines and doubled spaces."""
    lines = (" ".join(line.split()) for line in _UNSEEN.sub("", storable(text)).splitlines())
    return "\n".join(line for line in lines if line)
