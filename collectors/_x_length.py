"""Length as X counts it: weighted characters, an emoji as two of them and a link as 23, whatever their own length.

The table of weights is X's published one (twitter-text, configuration 3). Emoji and links are found by libraries that
are kept up to date; twitter-text-parser, which does all of it, has not imported since setuptools 82 and knows the emoji
of 2019.
"""

from __future__ import annotations

import unicodedata

import emoji
from linkify_it import LinkifyIt

LIMIT = 280
_LINK = 23
_EMOJI = 2
# Code points that count one; all others count two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# Beside country codes and the old endings: those that public offices and newer sites use, since a link makes a reply
# dear. The rest of IANA's fifteen hundred would take every full stop without a space for a link.
_ENDINGS = [
    "app",
    "click",
    "cloud",
    "dev",
    "link",
    "live",
    "me",
    "online",
    "page",
    "shop",
    "site",
    "store",
    "tech",
    "xyz",
]
_LINKS = LinkifyIt(options={"fuzzy_email": False}).tlds(_ENDINGS, keep_old=True)


def weighted(text: str) -> int:
    """How much of `LIMIT` a text uses."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINK * len(links(plain)) + _characters(without_links(plain))


def links(text: str) -> list[str]:
    """What X would make a link of."""
    return [text[start:end] for start, end in _spans(text)]


def without_links(text: str) -> str:
    """The text with its links cut out."""
    for start, end in reversed(_spans(text)):
        text = text[:start] + text[end:]
    return text


def _spans(text: str) -> list[tuple[int, int]]:
    return [(one.index, one.last_index) for one in _LINKS.match(text) or () if one.schema in {"", "http:", "https:"}]


def _characters(text: str) -> int:
    emojis = emoji.emoji_count(text)
    return _EMOJI * emojis + sum(map(_weight, emoji.replace_emoji(text, "")))


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2
