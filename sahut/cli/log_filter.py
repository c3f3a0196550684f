"""What is written down, without what nobody may read.

Of libraries: queries of addresses, tokens, headers that carry them. Of everybody: NIK, telephone numbers and the like.
"""

from __future__ import annotations

import logging
import re

from sahut.core import personal

_OURS = frozenset({"sahut", "collectors", "classifiers", "storage", "triage_api", "config", "__main__"})
_CUT = "…"
_NAMED = r"(?:authorization|cookie|[\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|signature|appsecret_proof))"
_RULES = (
    # The query of an address, whole or only its path: ?access_token=…&q=…
    (re.compile(r"(?<=[\w/%.~-])\?[^\s\"'<>)\]}`]+"), f"?{_CUT}"),
    # https://user:password@host
    (re.compile(r"(://)[^/\s@]+@"), rf"\1{_CUT}@"),
    # Telegram wants its token in the path.
    (re.compile(r"/bot\d+:[^/\s\"'`]+"), f"/bot{_CUT}"),
    (re.compile(r"(?i)\b(bearer|basic|oauth)\s+[\w.~+/=-]{8,}"), rf"\1 {_CUT}"),
    # (b'Authorization', b'…'), {'access_token': '…'}
    (re.compile(rf"(?i)({_NAMED}['\"]\s*[:,=]\s*b?)(['\"])(?:\\.|(?!\2).)*\2"), rf"\1\2{_CUT}\2"),
    # token=…, Authorization: …
    (re.compile(rf"(?i)\b({_NAMED}\s*[:=]\s*)(?!b?['\"{_CUT}])[^\s&,;)}}\]]+"), rf"\1{_CUT}"),
)


def cleaned(text: str) -> str:
    """``text`` without queries of addresses and without what looks like a secret."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def hide_secrets(record: logging.LogRecord) -> bool:
    """A filter for handlers, so that it sees the records of every logger. Tracebacks are cleaned, whoever logs them.

    Our own lines stay, but for the numbers of persons in them.
    """
    ours = record.name.partition(".")[0] in _OURS
    try:
        said = record.getMessage()
        shown = personal.mask(said if ours else cleaned(said))
    except (TypeError, ValueError):
        # What cannot be written out is complained about by the handler, with its raw parts.
        said, shown = "", "a message that cannot be written out"
    if shown != said:
        record.msg, record.args = shown, ()
    if record.exc_info and not record.exc_text:
        # The errors of libraries name addresses, whoever logs them.
        record.exc_text = personal.mask(cleaned(logging.Formatter().formatException(record.exc_info)))
    return True
