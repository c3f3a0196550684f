"""What an edit changed, word by word: what was taken out and what was put in, told by more than colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from markupsafe import Markup, escape

from sahut.core import personal
from sahut.core.model import MentionRecord, MentionVersion
from triage_api.web import hostile
from triage_api.web.words import _

_WORD = re.compile(r"\S+\s*")
# Comparing takes time by the square of it; what is longer is an article, shown as it was.
_MOST_WORDS = 1_500
# Few screen readers say aloud what the two tags mean.
_WENT = Markup('<del><span class="unseen">[{} </span>{}<span class="unseen">]</span></del>{}')
_CAME = Markup('<ins><span class="unseen">[{} </span>{}<span class="unseen">]</span></ins>{}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit: until when the old wording was seen, and the text with both. ``blank`` where nothing of it is kept."""

    number: int
    seen_at: datetime
    title: Markup
    text: Markup
    blank: bool


def edits(versions: Sequence[MentionVersion], record: MentionRecord) -> list[Edit]:
    """Each earlier wording against the one that followed it, the latest first. Personal data stay masked."""
    if not versions:
        return []
    found = []
    following = [(one.title, one.text) for one in versions[1:]] + [(record.mention.title, record.mention.text)]
    for version, (title, text) in zip(versions, following, strict=True):
        found.append(
            Edit(
                number=version.number,
                seen_at=version.seen_at,
                title=between(hostile.line(version.title), hostile.line(title)),
                text=between(version.text, text),
                blank=not (version.title or version.text),
            )
        )
    return found[::-1]


def between(old: str, new: str) -> Markup:
    """Both texts in one: words that went in ``<del>``, words that came in ``<ins>``. Escaped, without tricks."""
    before, after = _words(old), _words(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return _went(before) + _came(after)
    done: list[Markup] = []
    # Words that make up more than a hundredth of a long text are no anchors: that keeps a flood of one word cheap.
    matcher = SequenceMatcher(None, [one.strip() for one in before], [one.strip() for one in after])
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            # A word that ended its text on one side alone still stands apart from what follows on the other.
            apart = "" if after[d - 1][-1].isspace() or not before[b - 1][-1].isspace() else " "
            done.append(escape("".join(after[c:d]) + apart))
        else:
            done += [_went(before[a:b]), _came(after[c:d])]
    return Markup("").join(done)


def _words(text: str) -> list[str]:
    return _WORD.findall(personal.mask(hostile.plain(text)))


def _went(words: Sequence[str]) -> Markup:
    return _said(_WENT, _("dihapus:"), words)


def _came(words: Sequence[str]) -> Markup:
    return _said(_CAME, _("ditambahkan:"), words)


def _said(form: Markup, name: str, words: Sequence[str]) -> Markup:
    said = "".join(words)
    if not said.strip():
        return Markup("")
    # The space stands outside, so that no line is drawn through it.
    return form.format(name, said.rstrip(), said[len(said.rstrip()) :] or " ")
