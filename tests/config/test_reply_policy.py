"""The policy's part on public replies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from config.faults import SettingsFaultsError
from config.files import SHIPPED_POLICY, read_policy
from sahut.core.model import Language, Topic

UNIT = '[[unit]]\ncode = "pu"\nname = "Dinas PU"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text + UNIT)
    return path


def test_every_key_reaches_the_value(tmp_path: Path) -> None:
    policy = read_policy(
        written(
            tmp_path,
            """
[replies]
approval = false
similar_threshold = 0.6
similar_hours = 6
public_contacts = ["0811-2345-678"]
tracking_link = "https://lapor.example/{code}"
[[template]]
name = "Jalan"
topics = ["roads"]
language = "jv"
text = "Matur nuwun {name}, {ticket} {link} {unit} {deadline}"
""",
        )
    ).replies
    assert (policy.approval, policy.similar_threshold, policy.similar_window) == (False, 0.6, timedelta(hours=6))
    assert policy.public_contacts == {"0811-2345-678"}
    assert policy.tracking_link == "https://lapor.example/{code}"
    (template,) = policy.templates
    assert (template.name, template.topics, template.language) == ("Jalan", {Topic.ROADS}, Language.JAVANESE)


def test_a_second_person_approves_unless_the_policy_says_otherwise() -> None:
    assert read_policy(SHIPPED_POLICY).replies.approval


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[template]]\nname = "a"\ntext = "Halo {nama}"\n', 3, "{nama} is no variable"),
        ('[replies]\ntracking_link = "https://lapor.example"\n', 2, "{code}"),
        (
            '[[template]]\nname = "a"\ntext = "b"\n[[template]]\nname = "a"\ntext = "c"\n',
            None,
            "template has the name a",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int | None, said: str) -> None:
    with pytest.raises(SettingsFaultsError) as caught:
        read_policy(written(tmp_path, text))
    (fault,) = caught.value.faults
    assert said in str(fault)
    assert line is None or fault.line == line
