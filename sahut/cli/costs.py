"""Costs in words: what following a source will take, and where a credential's spending leads."""

from __future__ import annotations

from typing import Any

from sahut.cli.output import complain, say
from sahut.core import rules
from sahut.core.admission import Spent
from sahut.core.model import Budget, Estimate


def show(found: Estimate | None) -> None:
    """What following a place will cost, on stderr; nothing where its platform charges nothing."""
    if found is None:
        return
    if found.problem is not None:
        say(f"What it will cost could not be told: {found.reason}")
        return
    unit = found.currency
    say(
        f"It finds about {found.finds:.1f} a day: {found.reading:.3f} {unit} a day to read them (at most "
        f"{found.most:.3f}), {found.again:.3f} to look at each again {rules.RECHECKS} times in 90 days, "
        f"{found.first:.3f} once for the first reading."
    )
    say(
        f"With {found.flagged:.0%} flagged ({'measured' if found.measured else 'assumed'}): at most "
        f"{found.around:.3f} a day for what stands around them, {found.replies:.3f} to answer all without links."
    )
    say(f"Together about {found.day:.2f} {unit} a day, {found.month:.2f} in 30 days. This answer cost {found.asked:g}.")
    for budget in found.passed:
        complain(f"this source alone goes beyond the budget of {budget.amount:g} {budget.currency} a {budget.period}")


def plain(found: Estimate | None) -> dict[str, Any] | None:
    """The same as JSON takes it."""
    if found is None:
        return None
    if found.problem is not None:
        return {"ok": False, "error": {"problem": found.problem, "message": found.reason}}
    amounts = ("finds", "readings", "first", "reading", "most", "again", "around", "replies", "day", "month", "flagged")
    return {
        "ok": True,
        "currency": found.currency,
        **{key: round(getattr(found, key), 4) for key in amounts},
        "measured": found.measured,
        "asked": found.asked,
        "passed": [{"currency": b.currency, "period": b.period, "amount": b.amount} for b in found.passed],
    }


def budget_words(budget: Budget, spent: Spent) -> str:
    """What was spent of a budget, and where that leads."""
    ahead = spent.ahead(budget)
    leads = f", {ahead:.2f} by its end" if budget.period == "month" else f", {ahead:.2f} on average"
    return f"{spent.of(budget):g} of {budget.amount:g} {budget.currency} this {budget.period}{leads if ahead else ''}"
