"""What a platform asks about a place, on the command line: shown, asked for, and checked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import typer

from sahut.cli.output import say, write_json, write_table
from sahut.core import forms
from sahut.core.model import SourceDraft
from sahut.core.model.forms import FieldKind, FormField, QueryUse, SourceForm

_QUERY = {
    QueryUse.FILTER: "filters here",
    QueryUse.SEARCH: "the platform's own search, needed",
    QueryUse.NARROWS: "narrows what is asked",
    QueryUse.NONE: "does nothing",
}


def show(platform: str, form: SourceForm, *, as_json: bool) -> None:
    """The form as tables, or as JSON on stdout."""
    if as_json:
        write_json({"platform": platform, **asdict(form)})
        return
    rows = [
        (
            place.address if place.asks is None else place.address.replace("{}", place.asks.key.upper()),
            place.words,
            "" if place.asks is None else place.asks.example,
            _QUERY[place.query],
        )
        for place in form.places
    ]
    write_table(["address", "reads", "as in", "the query"], rows, empty="")
    write_table(
        ["option", "what", "takes", "unless told"],
        [(one.key, one.words, _takes(one), one.default) for one in form.options],
        empty="It has no options.",
    )


def ask(form: SourceForm, query: str) -> tuple[str, str, list[str]]:
    """Walk somebody through the form: the address, the query, and options as KEY=VALUE.

    Raises typer.Abort when they stop.
    """
    for number, place in enumerate(form.places, 1):
        say(f"{number}. {place.words}")
    chosen = 1
    if len(form.places) > 1:
        chosen = typer.prompt("What is read?", type=int, default=1)
    place = form.places[min(max(chosen, 1), len(form.places)) - 1]
    told = ""
    if place.asks is not None:
        if place.asks.help:
            say(place.asks.help)
        told = typer.prompt(_line(place.asks))
    if place.query is not QueryUse.NONE and not query:
        needed = place.query is QueryUse.SEARCH
        words = "What to search for" if needed else "Keep only what matches (may stay empty)"
        query = typer.prompt(words, default=None if needed else "", show_default=False)
    options = []
    for one in form.options:
        said = typer.prompt(f"{_line(one)} [{_takes(one)}]", default=one.default)
        if said.strip() != one.default:
            options.append(f"{one.key}={said.strip()}")
    return forms.address_of(place, told), query, options


def check(form: SourceForm, draft: SourceDraft, kept: Collection[str] = ()) -> None:
    """Raises typer.BadParameter that names the argument or option which does not fit."""
    for fault in forms.faults(form, draft, kept=kept):
        hint = {"address": "ADDRESS", "query": "--query"}.get(fault.field, "--option")
        raise typer.BadParameter(fault.words, param_hint=hint)


def _line(one: FormField) -> str:
    example = f" (as in {one.example})" if one.example else ""
    return f"{one.words[:1].upper()}{one.words[1:]}{example}"


def _takes(one: FormField) -> str:
    if one.kind is FieldKind.CHOICE:
        return ", ".join(choice.value for choice in one.choices)
    if one.kind is FieldKind.YES_NO:
        return "yes, no"
    return f"days from {one.least:g} to {one.most:g}" if one.kind is FieldKind.DAYS else "text"
