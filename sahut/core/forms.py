"""Filling in what a platform asks about a source: from fields to an address and back, and what is wrong with it.

The command line, the API and the board read the same form, which the collector declares beside its guide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from sahut.core.model import SourceDraft
from sahut.core.model.forms import FaultKind, FieldKind, FormFault, FormField, PlaceSort, QueryUse, SourceForm
from sahut.core.ports import Collector

_HOLE = "{}"
AS_WRITTEN = PlaceSort(
    key="as_written",
    words="another place, by its address",
    asks=FormField(key="address", words="the address, as the platform's page in docs/platforms says", required=True),
    query=QueryUse.NARROWS,
)
"""For what no place of the form covers: a plug-in without a form, or an address that collectors take all the same."""
OPEN = SourceForm(places=(AS_WRITTEN,))


def of(collector: Collector) -> SourceForm:
    """What the collector asks; an address alone where it does not say."""
    found = getattr(collector, "form", None)
    return found if isinstance(found, SourceForm) else OPEN


def address_of(place: PlaceSort, said: str) -> str:
    """What was filled in, as the collector reads it; "" where nothing was and something is asked.

    Somebody who writes the whole address ("#lampu" where "lampu" is asked) means the same.
    """
    if place.asks is None:
        return place.address
    head, _, tail = place.address.partition(_HOLE)
    said = said.strip()
    if head and said.casefold().startswith(head.casefold()):
        said = said[len(head) :].strip()
    return f"{head}{said}{tail}" if said else ""


def place_of(form: SourceForm, address: str) -> tuple[PlaceSort, str]:
    """Which place an address is, and what was filled in for it; `AS_WRITTEN` for one that the form has no place for."""
    for place in form.places:
        if place.asks is None and place.address == address:
            return place, ""
    # The one with the longest beginning knows best: "video/ID" before an address of any kind.
    for place in sorted(form.places, key=lambda one: -len(one.address)):
        head, hole, tail = place.address.partition(_HOLE)
        if hole and address.startswith(head) and address.endswith(tail) and len(address) > len(head + tail):
            return place, address[len(head) : len(address) - len(tail)]
    return AS_WRITTEN, address


def faults(
    form: SourceForm, draft: SourceDraft, *, credentials: Collection[str] | None = None, kept: Collection[str] = ()
) -> list[FormFault]:
    """What is wrong with a draft before anybody is asked, the first fault of each field.

    ``credentials`` are those that it may name, None where the platform wants none; ``kept`` are names of options that
    the source had before, which may stay though the form does not know them.
    """
    place, said = place_of(form, draft.address)
    found = [*_of_address(place, said, draft.address), *_of_query(place, draft.query)]
    found += _of_options(form, draft.options, kept)
    if credentials is not None and draft.credential not in credentials:
        words = f"no credential '{draft.credential}'" if draft.credential else f"{draft.platform} wants a credential"
        kind = FaultKind.UNKNOWN if draft.credential else FaultKind.MISSING
        found.append(FormFault(field="credential", kind=kind, words=words))
    return found


def _of_address(place: PlaceSort, said: str, address: str) -> Iterator[FormFault]:
    if not address.strip():
        yield FormFault(field="address", kind=FaultKind.MISSING, words="say what to read")
    elif place.asks is not None and place.asks.kind is FieldKind.WEB and not _is_web(said):
        yield FormFault(
            field="address", kind=FaultKind.NOT_WEB, words=f"'{said}' does not begin with http:// or https://"
        )


def _of_query(place: PlaceSort, query: str) -> Iterator[FormFault]:
    if place.query is QueryUse.SEARCH and not query.strip():
        yield FormFault(field="query", kind=FaultKind.MISSING, words="a search needs a query: what to look for")


def _of_options(form: SourceForm, options: Mapping[str, Any], kept: Collection[str]) -> Iterator[FormFault]:
    known = {one.key: one for one in form.options}
    for key, value in options.items():
        where = f"options.{key}"
        if key in known:
            yield from _of_value(known[key], where, value)
        elif form is not OPEN and key not in kept:
            there = ", ".join(known) or "none"
            yield FormFault(field=where, kind=FaultKind.UNKNOWN, words=f"no option '{key}'; there are: {there}")
    for one in form.options:
        if one.required and not str(options.get(one.key, "")).strip():
            yield FormFault(field=f"options.{one.key}", kind=FaultKind.MISSING, words=f"{one.words} is missing")


def _of_value(asked: FormField, where: str, value: object) -> Iterator[FormFault]:
    said = ("yes" if value else "no") if isinstance(value, bool) else str(value).strip()
    if not said:
        return
    if asked.kind is FieldKind.CHOICE and said not in {one.value for one in asked.choices}:
        there = ", ".join(one.value for one in asked.choices)
        yield FormFault(field=where, kind=FaultKind.NOT_A_CHOICE, words=f"'{said}' is none of {there}")
    elif asked.kind is FieldKind.YES_NO and said not in {"yes", "no", "true", "false"}:
        yield FormFault(field=where, kind=FaultKind.NOT_A_CHOICE, words=f"'{said}' is neither yes nor no")
    elif asked.kind is FieldKind.DAYS:
        number = _number(said)
        if number is None or (asked.least >= 1 and number != int(number)):
            yield FormFault(field=where, kind=FaultKind.NOT_NUMBER, words=f"'{said}' is no number of days")
        elif not asked.least <= number <= asked.most:
            words = f"{said} is not from {asked.least:g} to {asked.most:g} days"
            yield FormFault(field=where, kind=FaultKind.OUT_OF_RANGE, words=words)


def _number(said: str) -> float | None:
    try:
        number = float(said)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(c <= " " for c in address)
