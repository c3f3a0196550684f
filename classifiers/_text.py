"""The one way a post becomes model input, in training and in service.

A model is only as good as the likeness between what it learnt from and what it meets, so both sides call
:func:`clean`. Bump :data:`CLEANING_VERSION` with any change of behaviour: a model card names the version that its
weights were trained under, and the loader refuses another one.
"""

from __future__ import annotations

import html
import re
import unicodedata

CLEANING_VERSION = 1

# A 96-token window holds about 400 characters of Indonesian; anything past this bound could not be read anyway, and
# cutting before the regular expressions keeps a 50 kB post as cheap as a short one.
_RAW_LIMIT = 8_000
_CLEAN_LIMIT = 1_200

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|<!--.*?-->", re.DOTALL)
_MASKED = re.compile(r"[\[<](?:username|user|url|link|num|phone|email)[\]>]", re.IGNORECASE)
_MASK_WORDS = {
    "username": "@user",
    "user": "@user",
    "url": "http",
    "link": "http",
    "num": "000",
    "phone": "000",
    "email": "email",
}
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b")
# NIK, card and telephone numbers: the digits say nothing about the kind of post and must not be learnt.
_LONG_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[ .-]?\d){7,}(?!\w)")
_HANDLES = re.compile(r"((?:@\w{1,40}[\s,:]*){2})(?:@\w{1,40}[\s,:]*)+")
_STRETCHED = re.compile(r"([^\W\d]|[^\w\s])\1{3,}")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text as the model reads it: one line, at most 1,200 characters, never an error.

    Entities and markup are resolved, Unicode is folded (NFKC: styled letters become plain ones), invisible and
    control characters go, lone surrogates become U+FFFD, addresses and long numbers become placeholders, a run of
    handles keeps its first two, and a stretched letter ("toloooong") keeps three.
    """
    text = text[:_RAW_LIMIT].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _MASKED.sub(lambda found: _MASK_WORDS[found.group()[1:-1].lower()], html.unescape(text))
    text = _MARKUP.sub(" ", text)
    text = "".join(map(_visible, unicodedata.normalize("NFKC", text)))
    text = _EMAIL.sub("email", _URL.sub("http", text))
    text = _LONG_NUMBER.sub("000", text)
    text = _HANDLES.sub(r"\1", text)
    text = _STRETCHED.sub(r"\1\1\1", text)
    return _SPACES.sub(" ", text).strip()[:_CLEAN_LIMIT]


def _visible(character: str) -> str:
    """The character itself, a space for a control character, nothing for a format character (zero width, bidi)."""
    if character.isprintable():
        return character
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " "
