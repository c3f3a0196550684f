"""Put off, handed on, corrected: the acts of the board that decide nothing yet; and what one has done lately."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter, Response

from sahut.core import actions, steering
from sahut.core.model import Decision, Kind, Sentiment, Topic
from sahut.core.ports import Tx
from triage_api.errors import InvalidError
from triage_api.web import languages
from triage_api.web.desk import AtDesk, Posted, with_flash
from triage_api.web.words import _

router = APIRouter(include_in_schema=False)

_MORNING = time(8)
_MOST_ACTS = 50
W = TypeVar("W", bound=StrEnum)


def acts(form: Posted) -> dict[str, Callable[[Tx], str]]:
    """What the buttons of a row, a selection or a mention's page do, by their value."""
    return {
        "take": lambda tx: _done(form, _assign(form, tx, form.desk.signed.user.id, None)),
        "assign": lambda tx: _done(form, _assign(form, tx, *_hands(form))),
        "tomorrow": lambda tx: _done(form, _snooze(form, tx, "tomorrow")),
        "monday": lambda tx: _done(form, _snooze(form, tx, "monday")),
        "date": lambda tx: _done(form, _snooze(form, tx, "date")),
        "correct": lambda tx: _done(form, _correct(form, tx)),
    }


def _done(form: Posted, made: list[Decision]) -> str:
    return with_flash(form.back(), f"did={made[0].id}")


def _assign(form: Posted, tx: Tx, assignee_id: int | None, unit: str | None) -> list[Decision]:
    return steering.assign(
        tx, form.picks(), assignee_id=assignee_id, unit=unit, actor=form.desk.signed.actor, now=form.desk.now
    )


def _hands(form: Posted) -> tuple[int | None, str | None]:
    """The person and the unit that a form names; "-" for nobody, an empty choice leaves who has it."""
    who, unit = form.get("assignee", 20), form.get("unit", 300)
    if not who and not unit:
        raise InvalidError(_("Pilih petugas atau unit kerja."))
    if unit not in {"", "-", *(one.code for one in form.desk.deps.policy.units)}:
        raise InvalidError(_("Unit kerja itu tidak ada dalam kebijakan."))
    person = None if not who else 0 if who == "-" else form.number("assignee")
    return person, None if not unit else "" if unit == "-" else unit


def _snooze(form: Posted, tx: Tx, when: str) -> list[Decision]:
    until = _until(form, when)
    return steering.snooze(tx, form.picks(), until=until, actor=form.desk.signed.actor, now=form.desk.now)


def _until(form: Posted, when: str) -> datetime:
    """Eight in the morning of a day, by the clock of who asks."""
    today = form.desk.now.astimezone(languages.zone()).date()
    match when:
        case "tomorrow":
            day = today + timedelta(days=1)
        case "monday":
            day = today + timedelta(days=7 - today.weekday())
        case _:
            try:
                day = date.fromisoformat(form.get("until", 20))
            except ValueError as error:
                raise InvalidError(_("Pilih tanggalnya, mulai besok.")) from error
    return datetime.combine(day, _MORNING, tzinfo=languages.zone())


def _correct(form: Posted, tx: Tx) -> list[Decision]:
    return steering.correct(
        tx,
        form.picks(),
        kind=_word(Kind, form.get("kind", 40)),
        sentiment=_word(Sentiment, form.get("sentiment", 40)),
        topic=_word(Topic, form.get("topic", 40)),
        policy=form.desk.deps.policy,
        actor=form.desk.signed.actor,
        now=form.desk.now,
    )


def _word(kind: type[W], said: str) -> W | None:
    return kind(said) if said in set(kind) else None


@router.get("/decisions/mine")
def mine(desk: AtDesk) -> Response:
    """What one has done lately, each act once, with a way back where there is one still."""
    with desk.deps.store.read() as tx:
        found = tx.decisions.acts_of(desk.signed.user.id, _MOST_ACTS)
        sizes = tx.decisions.sizes({one.group for one in found})
        return desk.page(
            tx,
            "mine.html",
            tab="mine",
            acts=[(one, sizes[one.group], tx.mentions.get(one.mention_id), actions.can_undo(tx, one)) for one in found],
        )
