"""What an address asks of the queue: filters by name, as a condition, as chips, and as an address again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sahut.core import searching
from sahut.core.areas import AreaNames
from sahut.core.model import (
    Area,
    Facets,
    Kind,
    MentionFilter,
    MentionOrder,
    MentionState,
    Policy,
    Sentiment,
    Source,
    Topic,
    User,
)
from triage_api.fields import LARGEST_ID
from triage_api.web import hostile, languages, words
from triage_api.web.words import _

_LONGEST_WORD = 300
_MOST_AREAS = 8
_DAYS = {"1": 1, "7": 7, "30": 30}
_CODE = re.compile(r"[a-z0-9_]{1,40}")
_AREA = re.compile(r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?")
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(2199, 12, 31)


class Chip(NamedTuple):
    """One filter that holds: what it is, what it asks for, and the address without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Filters by name, without those that say nothing; ``unclear`` is a place that could be none or several ``areas``.

    Values are text that may stand in an address and in a saved view: codes, numbers, days as 2026-11-24.
    """

    said: Mapping[str, str] = field(default_factory=dict)
    unclear: str = ""
    areas: Sequence[Area] = ()

    def where(self, states: Sequence[MentionState], policy: Policy, now: datetime) -> MentionFilter:
        """The filter for mentions of ``states``; of flagged ones those that no other stands for."""
        said = self.said
        since, until = _span(said, now)
        unit = next((unit for unit in policy.units if unit.code == said.get("unit")), None)
        return MentionFilter(
            states=states,
            kinds=[Kind(said["kind"])] if "kind" in said else (),
            sentiments=[Sentiment(said["sentiment"])] if "sentiment" in said else (),
            topics=[Topic(said["topic"])] if "topic" in said else (),
            platforms=[said["platform"]] if "platform" in said else (),
            unit=said.get("unit", ""),
            unit_topics=None if unit is None else sorted(unit.topics),
            source_id=int(said["source"]) if "source" in said else None,
            assignee_id=int(said["assignee"]) if "assignee" in said else None,
            area=said.get("place", ""),
            least_score=int(said["least"]) / 100 if "least" in said else None,
            # What is shown as 80% may be 0.804.
            most_score=(int(said["most"]) + 0.5) / 100 if "most" in said else None,
            since=since,
            until=until,
            search=said.get("q", ""),
            folded=False if tuple(states) == (MentionState.FLAGGED,) else None,
        )

    def without(self, *names: str) -> dict[str, str]:
        """What is asked but for these."""
        return {name: value for name, value in self.said.items() if name not in names}


def read(params: Mapping[str, str], policy: Policy, areas: Callable[[], AreaNames]) -> Asked:
    """The filters in an address or a form; what does not exist filters nothing."""
    said = {name: value for name, clean in _CLEAN.items() if (value := clean(params.get(name, "").strip()))}
    if said.get("unit") not in {unit.code for unit in policy.units}:
        said.pop("unit", None)
    if {"from", "until"} & said.keys():
        # Days that somebody names come before "the last seven".
        said.pop("days", None)
    place = params.get("place", "").strip()[:_LONGEST_WORD].replace("\x00", "")
    if not place:
        return Asked(said=said)
    if _AREA.fullmatch(place):
        return Asked(said={**said, "place": place})
    only = areas().only(place)
    if only is not None:
        return Asked(said={**said, "place": only.code})
    return Asked(said=said, unclear=place, areas=areas().find(place, limit=_MOST_AREAS))


def kept(said: Mapping[str, str], policy: Policy, areas: Callable[[], AreaNames]) -> dict[str, str]:
    """What a saved view keeps of an address: its filters, and tab and order where they are not the usual ones."""
    more = {
        "state": said.get("state", "") if said.get("state") in TABS else "",
        "order": said.get("order", "") if said.get("order") in set(MentionOrder) else "",
    }
    return {**read(said, policy, areas).said, **{name: value for name, value in more.items() if value}}


def address(said: Mapping[str, str], **more: str) -> str:
    """The queue with these filters; what is empty is left out."""
    query = urlencode({name: value for name, value in {**said, **more}.items() if value})
    return f"/?{query}" if query else "/"


def chips(
    asked: Asked,
    policy: Policy,
    sources: Sequence[Source],
    areas: Callable[[], AreaNames],
    people: Sequence[User] = (),
    **kept: str,
) -> list[Chip]:
    """What holds, to be seen and taken away; ``kept`` goes into every address."""
    units = {unit.code: unit.name for unit in policy.units}
    names = {str(source.id): source.name for source in sources}
    holders = dict(_holders(people))
    shown: dict[str, tuple[str, Callable[[str], str]]] = {
        "q": (_("Memuat"), lambda value: f"“{value}”"),
        "source": (_("Sumber"), lambda value: names.get(value, value)),
        "platform": (_("Platform"), words.platform),
        "topic": (_("Topik"), lambda value: words.label(Topic(value))),
        "unit": (_("Unit kerja"), lambda value: units.get(value, value)),
        "assignee": (_("Petugas"), lambda value: holders.get(value, value)),
        "place": (_("Tempat"), lambda value: areas().name(value)),
        "kind": (_("Jenis"), lambda value: words.label(Kind(value))),
        "sentiment": (_("Nada"), lambda value: words.label(Sentiment(value))),
        "least": (_("Keyakinan"), lambda value: _("paling rendah %s%%") % value),
        "most": (_("Keyakinan"), lambda value: _("paling tinggi %s%%") % value),
        "days": (_("Waktu"), lambda value: _("hari ini") if value == "1" else _("%s hari terakhir") % value),
        "from": (_("Sejak"), _day),
        "until": (_("Sampai"), _day),
    }
    return [
        Chip(label, say(asked.said[name]), address(asked.without(name), **kept))
        for name, (label, say) in shown.items()
        if name in asked.said
    ]


def order_of(said: str, *, waits: bool, searches: bool = False) -> MentionOrder:
    """The order that an address asks for; else the most pressing first where mentions wait, the newest elsewhere."""
    if said in set(MentionOrder) and (searches or said != MentionOrder.RELEVANT):
        return MentionOrder(said)
    return MentionOrder.PRESSING if waits else MentionOrder.NEWEST


def _span(said: Mapping[str, str], now: datetime) -> tuple[datetime | None, datetime | None]:
    days = _DAYS.get(said.get("days", ""))
    if days is not None:
        return _midnight(now.astimezone(languages.zone()).date() - timedelta(days=days - 1)), None
    since = _midnight(date.fromisoformat(said["from"])) if "from" in said else None
    until = _midnight(date.fromisoformat(said["until"]) + timedelta(days=1)) if "until" in said else None
    return since, until


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=languages.zone()).astimezone(UTC)


def _day(said: str) -> str:
    return date.fromisoformat(said).strftime("%d-%m-%Y")


def _words(said: str) -> str:
    return said[:_LONGEST_WORD].replace("\x00", "")


def _source(said: str) -> str:
    fits = said.isascii() and said.isdecimal() and 0 < int(said[:20]) <= LARGEST_ID
    return str(int(said)) if fits else ""


def _percent(said: str) -> str:
    return str(int(said)) if said.isascii() and said.isdecimal() and int(said[:4]) <= 100 else ""  # noqa: PLR2004 - of a hundred


def _date(said: str) -> str:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return ""
    return day.isoformat() if _FIRST_DAY <= day <= _LAST_DAY else ""


def _one_of(kind: type[StrEnum]) -> Callable[[str], str]:
    return lambda said: said if said in set(kind) else ""


def _code(said: str) -> str:
    return said if _CODE.fullmatch(said) else ""


_CLEAN: dict[str, Callable[[str], str]] = {
    "q": _words,
    "source": _source,
    "platform": _code,
    "topic": _one_of(Topic),
    "unit": lambda said: said[:100],
    "assignee": lambda said: "0" if said == "0" else _source(said),
    "kind": _one_of(Kind),
    "sentiment": _one_of(Sentiment),
    "least": _percent,
    "most": _percent,
    "days": lambda said: said if said in _DAYS else "",
    "from": _date,
    "until": _date,
}
NAMES = (*_CLEAN, "place")
TABS = ("snoozed", "filed", "converted", "dismissed")
"""Beside the queue itself, whose address names none."""


def tools(
    asked: Asked,
    order: MentionOrder,
    default: MentionOrder,
    facets: Facets,
    policy: Policy,
    sources: Sequence[Source],
    areas: Callable[[], AreaNames],
    kept: Mapping[str, str],
    *,
    people: Sequence[User],
) -> dict[str, Any]:
    """What queue_tools.html shows."""
    by = facets.by or {}
    given, free = by.get("unit", {}), by.get("free_topic", {})
    of_unit = {
        unit.code: given.get(unit.code, 0) + sum(free.get(topic, 0) for topic in unit.topics) for unit in policy.units
    }
    platforms = {source.platform for source in sources}
    return {
        "asked": asked,
        "said": dict.fromkeys(NAMES, "") | dict(asked.said),
        "hidden_words": searching.asks_for_hidden(asked.said.get("q", "")),
        "order": order,
        "default_order": default.value,
        "chips": chips(asked, policy, sources, areas, people, **kept),
        "unfiltered": address({}, **kept),
        "place_name": areas().name(asked.said["place"]) if "place" in asked.said else "",
        "place_url": lambda code: address(asked.said, **kept, place=code),
        "facets": {"topic": {}, "kind": {}, "sentiment": {}, "platform": {}, "source": {}, **by}
        | {"unit": of_unit if by else {}, "assignee": {}},
        "topic_words": _labelled(Topic),
        "kind_words": _labelled(Kind),
        "sentiment_words": _labelled(Sentiment),
        "unit_words": [(unit.code, unit.name) for unit in policy.units],
        "assignee_words": _holders(people) if people else [],
        "source_words": [(str(source.id), hostile.line(source.name)) for source in sources],
        "platform_words": sorted((code, words.platform(code)) for code in platforms),
    }


def _holders(people: Sequence[User]) -> list[tuple[str, str]]:
    """Who sees to a mention, by id; "0" is nobody."""
    return [("0", _("Belum ada")), *((str(one.id), hostile.line(one.name)) for one in people)]


def _labelled(kind: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, words.label(word)) for word in kind]
