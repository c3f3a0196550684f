"""What following a source will cost, in words."""

from __future__ import annotations

from dataclasses import dataclass

from sahut.core import rules
from sahut.core.model import Budget, Currency, Estimate, Period
from triage_api.web import formats
from triage_api.web.credential_words import amount
from triage_api.web.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """A line of an estimate: what for, a day's and thirty days' amount."""

    what: str
    day: str
    month: str


def money(currency: Currency, value: float) -> str:
    """As an amount, to the cent; less than one as what it is."""
    return amount(currency, round(value, 2 if value >= 1 else 3))


def lines(found: Estimate) -> list[CostLine]:
    """Reading first; what costs nothing is left out."""
    wanted = [
        (_("Membaca %(n)s temuan sehari") % {"n": formats.number(round(found.finds, 1))}, found.reading),
        (_("Melihat lagi tiap temuan %(n)s kali dalam 90 hari") % {"n": rules.RECHECKS}, found.again),
        (_("Percakapan di sekitar temuan yang ditandai, paling banyak"), found.around),
        (_("Balasan tanpa tautan, bila semua yang ditandai dijawab"), found.replies),
    ]
    kept = [(what, value) for what, value in wanted if value]
    kept.append((_("Semuanya"), found.day))
    return [
        CostLine(what=what, day=money(found.currency, value), month=money(found.currency, 30 * value))
        for what, value in kept
    ]


def notes(found: Estimate) -> list[str]:
    """What the amounts rest on."""
    share = formats.number(round(100 * found.flagged))
    measured = _("%(n)s%% temuan dihitung sebagai ditandai, seperti pada yang sudah terkumpul dari platform ini.")
    assumed = _("%(n)s%% temuan dianggap ditandai; setelah cukup banyak terkumpul, Sahut menghitungnya.")
    return [
        _("Pembacaan pertama: kira-kira %s.") % money(found.currency, found.first),
        _("Dibaca %(n)s kali sehari; pembacaan yang tidak menemukan apa pun tidak berbiaya.")
        % {"n": formats.number(round(found.readings, 1))},
        _("Bila tiap temuan merujuk kiriman lain, membaca saja menjadi %s sehari.") % money(found.currency, found.most),
        (measured if found.measured else assumed) % {"n": share},
        _("Perkiraan ini sendiri berbiaya %s.") % money(found.currency, found.asked),
    ]


def passed(budget: Budget) -> str:
    """That a budget is too small."""
    return _("Sumber ini saja melewati anggaran kredensialnya: %(most)s.") % {
        "most": (_("%s sehari") if budget.period is Period.DAY else _("%s sebulan"))
        % amount(budget.currency, budget.amount)
    }
