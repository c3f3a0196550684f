"""Money and quotas in words."""

from __future__ import annotations

from dataclasses import dataclass

from sahut.core.admission import Spent
from sahut.core.model import Budget, Currency, Period
from triage_api.web import formats
from triage_api.web.words import _


def amount(currency: Currency, value: float) -> str:
    """`US$ 1,25`, `9.000 unit kuota`."""
    shown = formats.number(round(value, 4))
    return {
        Currency.USD: _("US$ %s"),
        Currency.UNITS: _("%s unit kuota"),
        Currency.SEARCHES: _("%s pencarian"),
        Currency.REPLIES: _("%s balasan"),
    }[currency] % shown


def budget_label(currency: Currency, period: Period) -> str:
    """What a field for a budget is called."""
    what = {
        Currency.USD: _("US$"),
        Currency.UNITS: _("unit kuota"),
        Currency.SEARCHES: _("pencarian"),
        Currency.REPLIES: _("balasan"),
    }[currency]
    return (_("Paling banyak %s sehari") if period is Period.DAY else _("Paling banyak %s sebulan")) % what


def during(period: Period) -> str:
    """`hari ini`, `bulan ini`."""
    return _("hari ini") if period is Period.DAY else _("bulan ini")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A budget as it is shown: ``share`` from 0 to 1 of what may be spent; ``over`` once everything has stopped.

    ``ahead`` is where the present rate leads, "" where nothing is spent; ``outgrows``: beyond the budget.
    """

    words: str
    stop: str
    share: float
    over: bool
    ahead: str
    outgrows: bool


def bars(budgets: tuple[Budget, ...], spent: Spent) -> list[Bar]:
    """One for each budget."""
    found = []
    for one in budgets:
        used = spent.of(one)
        over = used >= one.amount
        until = _("besok") if one.period is Period.DAY else _("bulan depan")
        stop = _("Berhenti sampai %s.") % until if over else _("Berhenti pada %s.") % amount(one.currency, one.amount)
        found.append(
            Bar(
                words=_("%(spent)s dari %(most)s %(period)s")
                % {
                    "spent": amount(one.currency, used),
                    "most": amount(one.currency, one.amount),
                    "period": during(one.period),
                },
                stop=stop,
                share=min(1.0, used / one.amount),
                over=over,
                ahead=_ahead(one, spent),
                outgrows=spent.outgrows(one),
            )
        )
    return found


def _ahead(one: Budget, spent: Spent) -> str:
    value = spent.ahead(one)
    if not value:
        return ""
    words = _("Kini rata-rata %s sehari.") if one.period is Period.DAY else _("Akhir bulan menjadi kira-kira %s.")
    return words % amount(one.currency, round(value, 2))


def without_budget(budgets: tuple[Budget, ...], spent: Spent) -> list[str]:
    """What was spent this month that no budget bounds."""
    bounded = {one.currency for one in budgets}
    return [
        _("%(spent)s bulan ini, tanpa anggaran; akhir bulan menjadi kira-kira %(end)s")
        % {"spent": amount(currency, value), "end": amount(currency, round(spent.month_end.get(currency, value), 2))}
        for currency, value in spent.month.items()
        if currency not in bounded and value
    ]
