"""Policy and sources files: what is right becomes a value, what is wrong is named with file, line and key."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import schemas
from config._lines import key_lines
from config.faults import SettingsFaultsError
from config.files import SHIPPED_POLICY, read_policy, read_sources
from sahut.core.errors import SettingsError
from sahut.core.model import Kind, Topic

EXAMPLE_SOURCES = SHIPPED_POLICY.with_name("sources.example.toml")


def faults_of(path: Path, text: str | bytes, *, sources: bool = False) -> list[SettingsError]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsFaultsError) as caught:
        read_sources(path, platforms=["feed", "replay"]) if sources else read_policy(path)
    return list(caught.value.faults)


def test_shipped_policy_names_a_unit_for_every_topic() -> None:
    policy = read_policy(SHIPPED_POLICY)
    assert policy.flagged_kinds == {Kind.COMPLAINT}
    assert [topic for topic in Topic if policy.unit_for(topic) is None] == []
    assert policy.tie_window == timedelta(days=3)


def test_every_key_of_a_policy_reaches_the_value(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        """
[flagging]
kinds = ["complaint", "aspiration"]
threshold = 0.4
urgent_threshold = 0.9
topics = { electricity = 0.6 }
sources = { "Kabar Kota" = 0.8 }
[similarity]
threshold = 0.9
window_hours = 24
[health]
silence_factor = 2
[[unit]]
code = "dinas-pu"
name = "Dinas PU"
topics = ["roads"]
"""
    )
    policy = read_policy(file)
    assert policy.flagged_kinds == {Kind.COMPLAINT, Kind.ASPIRATION}
    assert (policy.threshold, policy.urgent_threshold, policy.similar_threshold) == (0.4, 0.9, 0.9)
    assert policy.topic_thresholds == {Topic.ELECTRICITY: 0.6}
    assert policy.source_thresholds == {"Kabar Kota": 0.8}
    assert (policy.tie_window, policy.silence_factor) == (timedelta(hours=24), 2)
    unit = policy.unit_for(Topic.ROADS)
    assert unit is not None
    assert unit.code == "dinas-pu"
    assert policy.unit_for(Topic.HEALTH) is None


def test_all_faults_of_a_policy_are_named_at_once_with_line_key_and_a_close_word(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    faults = faults_of(
        file,
        """[flagging]
treshold = 0.5
kinds = ["complain"]
urgent_threshold = 1.5

[[unit]]
code = "dinas-pu"
name = "Dinas PU"
topics = ["roads",
          "potholes"]

[[unit]]
code = "Dinas LH"
""",
    )
    found = {(f.line, f.key): f.message for f in faults}
    assert set(found) == {
        (2, "flagging.treshold"),
        (3, "flagging.kinds[1]"),
        (4, "flagging.urgent_threshold"),
        (10, "unit[1].topics[2]"),
        (13, "unit[2].code"),
        (12, "unit[2].name"),
    }
    assert all(f.file == str(file) for f in faults)
    assert "did you mean 'threshold'?" in found[2, "flagging.treshold"]
    assert "did you mean 'complaint'?" in found[3, "flagging.kinds[1]"]
    assert "1 or less" in found[4, "flagging.urgent_threshold"]
    assert found[12, "unit[2].name"] == "is missing"


def test_two_units_with_one_code_are_refused(tmp_path: Path) -> None:
    unit = '[[unit]]\ncode = "a"\nname = "A"\n'
    (fault,) = faults_of(tmp_path / "policy.toml", unit + unit)
    assert "more than one unit has the code a" in fault.message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[flagging]\nthreshold = \n", 2, "not valid TOML"),
        ("[flagging]\nthreshold = 0.5\n[flagging]\n", 3, "not valid TOML"),
        ('[flagging]\nname = "unfinished', 2, "not valid TOML"),
        (b"[flagging]\n\n# caf\xe9\n", 3, "not UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path: Path, text: str | bytes, line: int, said: str) -> None:
    (fault,) = faults_of(tmp_path / "policy.toml", text)
    assert fault.line == line
    assert said in fault.message


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsFaultsError, match=r"nowhere\.toml: cannot be read: No such file"):
        read_policy(tmp_path / "nowhere.toml")


def test_example_sources_are_valid_and_complete() -> None:
    drafts = read_sources(EXAMPLE_SOURCES, platforms=["feed"])
    assert [draft.platform for draft in drafts] == ["feed", "feed"]
    assert drafts[0].interval == timedelta(minutes=10)
    assert drafts[1].expected_every == timedelta(hours=36)
    assert drafts[1].options == {"identity": "link"}
    assert "air bersih" in drafts[1].query


def test_faults_of_sources_name_each_line(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path / "sources.toml",
        """
[[source]]
platform = "fed"
name = "Kabar"
address = "https://a.example/rss"

[[source]]
platform = "feed"
name = "Kabar"
address = "https://b.example/rss"
""",
        sources=True,
    )
    assert [(f.line, f.key) for f in faults] == [(3, "source[1].platform"), (9, "source[2].name")]
    assert "did you mean 'feed'?" in faults[0].message
    assert "source[1] already has the name 'Kabar'" in faults[1].message


def test_shipped_schemas_are_the_models_own() -> None:
    for name, text in schemas.schemas().items():
        assert (schemas.FOLDER / name).read_text(encoding="utf-8") == text, f"{name} is old: run `make schemas`"


@pytest.mark.parametrize(("schema", "file"), [("policy", SHIPPED_POLICY), ("sources", EXAMPLE_SOURCES)])
def test_shipped_files_satisfy_their_schema(schema: str, file: Path) -> None:
    document = json.loads((schemas.FOLDER / f"{schema}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    jsonschema.validate(tomllib.loads(file.read_text(encoding="utf-8")), document)


def test_lines_are_found_through_every_form_of_toml() -> None:
    text = '''# a comment with [brackets] and = signs
top = "a # not a comment"
"quoted key".'other.one' = 1
multi = """
[not.a.table]
key = "no" \\"""
still = 1"""
raw = \'\'\'
[neither]\'\'\'
when = 2026-11-24 10:00:00
[a.b]
list = [ 1, # one
  { x = 1, y = [2, 3] },
]
[[a.c]]
k = 1
[[a.c]]
[a.c.d]
deep = true
'''
    lines = key_lines(text)
    assert lines["top",] == 2
    assert lines["quoted key", "other.one"] == 3
    assert (lines["multi",], lines["raw",], lines["when",]) == (4, 8, 10)
    assert ("not",) not in lines
    assert ("key",) not in lines
    assert lines["a", "b", "list", 1, "y", 1] == 13
    assert (lines["a", "c", 0], lines["a", "c", 0, "k"], lines["a", "c", 1]) == (15, 16, 17)
    assert lines["a", "c", 1, "d", "deep"] == 19


words = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6)
values = st.recursive(
    st.integers() | st.booleans() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",\n".join(map(toml, value)) + "]"
    return quoted(value) if isinstance(value, str) else str(value)


@given(st.dictionaries(words, values, max_size=4))
def test_every_key_of_any_document_is_found(document: dict[str, object]) -> None:
    text = "\n".join(f"{quoted(key)} = {toml(value)}" for key, value in document.items())
    lines = key_lines(text)
    rows = text.split("\n")
    for key in tomllib.loads(text):
        assert rows[lines[key,] - 1].startswith(quoted(key))


def test_the_areas_of_agency_and_sources_are_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[places]\nhome = "32.73"\n[places.sources]\n"Kabar" = "34.04"\n' + UNIT)
    policy = read_policy(file, is_area={"32.73", "34.04"}.__contains__)
    assert policy.area_of("Kabar") == "34.04"
    assert policy.area_of("Lain") == "32.73"
    assert read_policy(SHIPPED_POLICY).area_of("Kabar") == ""


def test_an_area_that_does_not_exist_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[places]\nhome = "99.99"\n[places.sources]\n"Kabar" = "34.04"\n"Lain" = "98"\n' + UNIT)
    with pytest.raises(SettingsFaultsError) as caught:
        read_policy(file, is_area={"34.04"}.__contains__)
    assert [(fault.line, fault.key) for fault in caught.value.faults] == [
        (2, "places.home"),
        (5, "places.sources.Lain"),
    ]
    assert "'99.99'" in str(caught.value.faults[0])


def test_an_area_must_be_written_as_a_code(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[places]\nhome = "Bandung"\n' + UNIT)
    with pytest.raises(SettingsFaultsError):
        read_policy(file)


UNIT = '[[unit]]\ncode = "dinas"\nname = "Dinas"\n'
