"""What may be said in public: templates filled, texts checked before they go out. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from sahut.core import personal
from sahut.core.model import (
    Capability,
    Caution,
    Currency,
    Language,
    MentionRecord,
    Refusal,
    Remark,
    Reply,
    ReplyCheck,
    ReplyPolicy,
    ReplyRules,
    Template,
    Topic,
    Variable,
)
from sahut.core.rules import similarity

_NAMED = re.compile(r"\{([^{}\s]{1,40})\}")
# What is left of a number that was copied from where it is masked.
_HIDDEN = re.compile(r"\S*•{3,}\S*")
_NOT_LETTER = re.compile(r"[^0-9a-z@]")
# Of an account's daily budget, so much is worth a word before it is spent.
_LAST_FEW = 3


def unknown_variables(text: str) -> list[str]:
    """What a text names in braces that no template knows, in order."""
    return [name for name in _NAMED.findall(text) if name not in set(Variable)]


def fill(text: str, values: Mapping[Variable, str]) -> str:
    """The text with its variables replaced; one without a value stays, for a person to see."""
    return _NAMED.sub(lambda found: values.get(_variable(found[1]), "") or found[0], text)  # type: ignore[arg-type]


def _variable(name: str) -> Variable | None:
    return Variable(name) if name in set(Variable) else None


def fitting(templates: Sequence[Template], topic: Topic | None, language: Language | None) -> list[Template]:
    """The templates for a topic, those in the mention's language first, then the Indonesian; its own before others."""
    wanted = language or Language.INDONESIAN
    fits = [one for one in templates if not one.topics or topic in one.topics]
    return sorted(
        fits, key=lambda one: (one.language is not wanted, one.language is not Language.INDONESIAN, not one.topics)
    )


def check(
    text: str,
    record: MentionRecord,
    *,
    capability: Capability,
    rules: ReplyRules | None,
    policy: ReplyPolicy,
    answered: bool = False,
    lately: Sequence[str] = (),
    left: Mapping[Currency, float] | None = None,
    reply: Reply | None = None,
    parts: Sequence[str] = (),
    split: bool = False,
) -> ReplyCheck:
    """What is to be said of ``text`` as an answer to a mention.

    ``answered``: another answer of ours stands below it. ``lately`` are our other texts of the window on its platform,
    ``left`` is what the account may still spend, ``reply`` what has the text already, None while it is being written.
    ``parts`` is how it can go out where it is too long, ``split`` whether it shall; ``rules`` are of what goes out.
    """
    return ReplyCheck(
        capability=capability,
        rules=rules,
        refusals=tuple(_refusals(text, capability, rules, policy)),
        cautions=(
            *_of_the_platform(rules, left or {}, posts=len(parts) if split else 1),
            *_of_the_words(text, lately, policy),
            *_of_the_mention(record, answered=answered, reply=reply),
        ),
        parts=tuple(parts),
        split=split,
    )


def _refusals(
    text: str, capability: Capability, rules: ReplyRules | None, policy: ReplyPolicy
) -> list[Remark[Refusal]]:
    found: list[Remark[Refusal]] = []
    if capability is Capability.NONE:
        found.append(Remark(word=Refusal.NO_WAY))
    if not text.strip():
        return [*found, Remark(word=Refusal.EMPTY)]
    if rules is not None and not rules.fits:
        found.append(Remark(word=Refusal.TOO_LONG, detail=f"{rules.used}/{rules.limit}"))
    found += [Remark(word=Refusal.UNFILLED, detail=f"{{{name}}}") for name in _NAMED.findall(text)]
    ours = contacts(policy)
    for span in personal.find(text):
        if not ours(text[span.start : span.end]):
            # Shown to whoever reads the draft, so masked like the draft.
            found.append(Remark(word=Refusal.PERSONAL_DATA, detail=personal.mask(text)[span.start : span.end]))
    found += [Remark(word=Refusal.PERSONAL_DATA, detail=hidden) for hidden in _HIDDEN.findall(text)]
    return found


def contacts(policy: ReplyPolicy) -> Callable[[str], bool]:
    """Whether a number or address is one of the agency's own, however it is written."""
    public = {_plain(contact) for contact in policy.public_contacts}
    return lambda piece: _plain(piece) in public


def _plain(contact: str) -> str:
    """The same for every way to write one number or address."""
    plain = _NOT_LETTER.sub("", contact.casefold())
    return f"0{plain[2:]}" if plain.startswith("62") and plain.isdecimal() else plain


def _of_the_platform(rules: ReplyRules | None, left: Mapping[Currency, float], *, posts: int) -> list[Remark[Caution]]:
    found: list[Remark[Caution]] = []
    if rules is not None:
        if rules.cost_usd:
            found.append(Remark(word=Caution.COSTS, detail=f"{rules.cost_usd:.2f}"))
        found += [Remark(word=Caution.PLATFORM, detail=said) for said in rules.warnings]
    replies = left.get(Currency.REPLIES)
    if replies is not None and replies - posts < _LAST_FEW:
        found.append(Remark(word=Caution.BUDGET, detail=str(max(0, int(replies)))))
    return found


def _of_the_words(text: str, lately: Sequence[str], policy: ReplyPolicy) -> list[Remark[Caution]]:
    alike = sum(similarity(text, other) >= policy.similar_threshold for other in lately)
    return [Remark(word=Caution.SIMILAR, detail=str(alike))] if alike else []


def _of_the_mention(record: MentionRecord, *, answered: bool, reply: Reply | None) -> list[Remark[Caution]]:
    found: list[Remark[Caution]] = []
    if record.withdrawn_at is not None:
        found.append(Remark(word=Caution.WITHDRAWN))
    if reply is not None and record.edited > reply.seen_edits:
        found.append(Remark(word=Caution.EDITED))
    if answered:
        found.append(Remark(word=Caution.ANSWERED))
    return found
