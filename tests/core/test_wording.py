"""What may be said in public: templates filled, texts checked."""

from __future__ import annotations

import pytest

from sahut.core import wording
from sahut.core.model import (
    Capability,
    Caution,
    Currency,
    Language,
    MentionRecord,
    MentionState,
    Refusal,
    ReplyPolicy,
    ReplyRules,
    Template,
    Topic,
    Variable,
)
from tests.builders import NOW, a_mention

RECORD = MentionRecord(
    id=1, mention=a_mention(), source_id=1, source_name="kota", state=MentionState.FLAGGED, version=1, edited=0,
    first_id=None, folded=False, similar=0, kind=None, sentiment=None, topic=None, urgent=0.0, score=0.9,
    priority=0, model="m", ticket_id=None, updated_at=NOW,
)  # fmt: skip


def refusals(text: str, *, used: int = 10, **policy: frozenset[str]) -> list[tuple[Refusal, str]]:
    found = wording.check(
        text,
        RECORD,
        capability=Capability.API,
        rules=ReplyRules(used=used, limit=280),
        policy=ReplyPolicy(**policy),  # type: ignore[arg-type]
    )
    return [(one.word, one.detail) for one in found.refusals]


def test_a_variable_without_a_value_stays_for_a_person_to_see() -> None:
    values = {Variable.TICKET: "2026-000123", Variable.LINK: ""}
    assert wording.fill("{ticket} {link} {nama} {}", values) == "2026-000123 {link} {nama} {}"
    assert wording.unknown_variables("{ticket} {nama} { x }") == ["nama"]


def test_a_value_that_looks_like_a_variable_is_not_filled_again() -> None:
    assert wording.fill("{name} {ticket}", {Variable.NAME: "{ticket}", Variable.TICKET: "7"}) == "{ticket} 7"


def test_templates_of_the_language_come_first_then_the_indonesian_then_those_of_the_topic() -> None:
    general, english = Template(name="umum", text="a"), Template(name="english", text="b", language=Language.ENGLISH)
    roads = Template(name="jalan", text="c", topics=frozenset({Topic.ROADS}))
    every = [general, english, roads, Template(name="sampah", text="d", topics=frozenset({Topic.WASTE}))]
    assert wording.fitting(every, Topic.ROADS, None) == [roads, general, english]
    assert wording.fitting(every, Topic.ROADS, Language.ENGLISH) == [english, roads, general]
    assert wording.fitting(every, None, Language.JAVANESE) == [general, english]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Baik, kami periksa", []),
        ("  ", [(Refusal.EMPTY, "")]),
        ("Laporan {ticket} diterima", [(Refusal.UNFILLED, "{ticket}")]),
        ("Surel budi.s@contoh.example", [(Refusal.PERSONAL_DATA, "b•••••@contoh.example")]),
        ("Mobil plat D 1234 ABC", [(Refusal.PERSONAL_DATA, "D ••34 •••")]),
        ("Hubungi 112 ya", []),
    ],
)
def test_what_must_not_be_said_is_named(text: str, found: list[tuple[Refusal, str]]) -> None:
    assert refusals(text) == found


def test_the_agencys_own_contacts_may_be_said_however_they_are_written() -> None:
    text = "Hubungi 0811-2345-678 atau Lapor@Kota.example"
    own = frozenset({"+62 811 2345 678", "lapor@kota.example"})
    assert len(refusals(text)) == 2
    assert refusals(text, public_contacts=own) == []


def test_length_is_what_the_platform_counts() -> None:
    assert refusals("pendek", used=281) == [(Refusal.TOO_LONG, "281/280")]


def test_the_last_few_replies_of_an_account_are_worth_a_word() -> None:
    def cautions(left: float) -> list[tuple[Caution, str]]:
        found = wording.check(
            "Baik",
            RECORD,
            capability=Capability.API,
            rules=ReplyRules(used=4, limit=280, cost_usd=0.2, warnings=("tautan dihitung 23",)),
            policy=ReplyPolicy(),
            left={Currency.REPLIES: left},
        )
        return [(one.word, one.detail) for one in found.cautions]

    always = [(Caution.COSTS, "0.20"), (Caution.PLATFORM, "tautan dihitung 23")]
    assert cautions(50.0) == always
    assert cautions(2.0) == [*always, (Caution.BUDGET, "2")]
