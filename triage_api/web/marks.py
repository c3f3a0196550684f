"""A mention's text as the board shows it, with the words that decided marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from sahut.core import personal, searching
from sahut.core.model import MentionRecord, WhySpan
from triage_api.web import hostile

_HEAD = 320
_HEAD_LINES = 5

Stretch = tuple[int, int]


class Shown(NamedTuple):
    """HTML of the title ("" where the text begins with it), of what is seen at once, and of what a fold hides.

    ``words`` are the marked words again, plain, for readers to whom a mark says nothing. ``unfold``: what was looked
    for stands in the fold.
    """

    title: Markup
    head: Markup
    rest: Markup
    words: list[str]
    unfold: bool = False


def shown(record: MentionRecord, *, short: bool = True, search: str = "") -> Shown:
    """A mention's text, personal data masked; ``short``, as lists want it, folds a long one.

    With a ``search``, what was looked for is marked, and not what decided.
    """
    in_title, in_text = ([one for one in spans if one.weight > 0] for spans in record.why_by_part)
    said, hide = record.mention, personal.mask
    # Masked as it will be read: a mask keeps every position, and what is taken out of a text may hide a number.
    text = hide(hostile.plain(said.text))
    title = "" if said.text.startswith(said.title) else said.title
    marks = _moved(in_text, said.text, hostile.plain)
    bare = text.strip()
    head, rest = split(bare) if short else (bare, "")
    head_at, rest_at = len(text) - len(text.lstrip()), len(text.rstrip()) - len(rest)
    name, name_marks = hide(hostile.line(title)), _moved(in_title, title, hostile.line)
    looked_for = searching.parse(search)
    if looked_for.wanted:
        marks, name_marks = searching.spans(text, looked_for), searching.spans(name, looked_for)
    in_head = _within(marks, head_at, head_at + len(head))
    words = [hostile.line(name[a:b]) for a, b in name_marks] + [hostile.line(text[a:b]) for a, b in marks]
    return Shown(
        title=hostile.linked(name, name_marks, links=False),
        head=hostile.linked(head, in_head),
        rest=hostile.linked(rest, _within(marks, rest_at, rest_at + len(rest))),
        words=[]
        if looked_for.wanted
        else list({word.casefold(): word for word in reversed(words) if word}.values())[::-1],
        unfold=bool(looked_for.wanted) and not in_head and not name_marks,
    )


def split(text: str) -> tuple[str, str]:
    """What a list shows of a plain text at once, and the rest behind a fold; cut between words."""
    head = "\n".join(text.split("\n")[:_HEAD_LINES])
    if len(head) > _HEAD + 80:
        cut = head.rfind(" ", 0, _HEAD)
        head = head[: cut if cut > _HEAD // 2 else _HEAD]
    return head, text[len(head) :].lstrip()


def _moved(spans: Sequence[WhySpan], text: str, form: Callable[[str], str]) -> list[Stretch]:
    """Where the spans of ``text`` stand in ``form(text)``, which drops characters and never adds any."""
    # A letter at the end keeps the spaces before it, which a form may take away at an end.
    return [(len(form(text[: one.start] + "x")) - 1, len(form(text[: one.end]))) for one in spans]


def _within(marks: Sequence[Stretch], start: int, end: int) -> list[Stretch]:
    return [(max(a, start) - start, min(b, end) - start) for a, b in marks if max(a, start) < min(b, end)]
