"""Labelled tables: what a recipe makes of them, own labels by hash of the text included."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers._corpus import CLASSES, Example, annotation_key, load_corpus
from sahut.core.errors import SettingsError

POTHOLE = "jalan depan pasar berlubang dalam sekali, motor saya jatuh"
MATCH = "nonton bola malam ini rame banget di alun-alun kota"
WATER = "air keran mati tiga hari, kapan nyala lagi min"


def corpus(folder: Path, recipe: str, *, annotations: str = "") -> dict[str, list[Example]]:
    (folder / "posts.csv").write_text(f'text,kind\n"{POTHOLE}",other\n"{MATCH}",other\n"{WATER}",\n', encoding="utf-8")
    (folder / "annotations.csv").write_text("key,kind,topic,certainty\n" + annotations, encoding="utf-8")
    (folder / "recipe.toml").write_text(recipe, encoding="utf-8")
    read = load_corpus(folder / "recipe.toml", folder)
    return {one.name: examples for one, examples in read.sets}


def kinds(examples: list[Example]) -> dict[str, str]:
    return {example.text: CLASSES["kind"][example.kind] for example in examples}


def test_own_labels_replace_the_tables_where_the_recipe_prefers_them(tmp_path: Path) -> None:
    recipe = """
        annotations = "annotations.csv"
        [[set]]
        name = "mix"
        files = ["posts.csv"]
        annotated = "preferred"
        labels = { kind = "kind" }
        """
    ours = f"{annotation_key(POTHOLE)},complaint,roads,sure\n"
    assert kinds(corpus(tmp_path, recipe, annotations=ours)["mix"]) == {POTHOLE: "complaint", MATCH: "other"}


def test_a_set_of_own_labels_holds_the_labelled_rows_alone(tmp_path: Path) -> None:
    recipe = """
        annotations = "annotations.csv"
        [[set]]
        name = "ours"
        files = ["posts.csv"]
        annotated = "required"
        labels = { kind = "kind", topic = "topic" }
        weights = { certainty = { unsure = 0.5 } }
        """
    ours = f"{annotation_key(WATER)},complaint,water_supply,unsure\n{annotation_key('kiriman lain')},news,other,sure\n"
    [example] = corpus(tmp_path, recipe, annotations=ours)["ours"]
    assert example.text == WATER
    assert CLASSES["topic"][example.topic] == "water_supply"
    assert example.weight == 0.5


def test_a_set_that_says_nothing_of_own_labels_keeps_its_own(tmp_path: Path) -> None:
    recipe = """
        annotations = "annotations.csv"
        [[set]]
        name = "mix"
        files = ["posts.csv"]
        labels = { kind = "kind" }
        """
    ours = f"{annotation_key(POTHOLE)},complaint,roads,sure\n"
    assert kinds(corpus(tmp_path, recipe, annotations=ours)["mix"])[POTHOLE] == "other"


@pytest.mark.parametrize("wrong", ['annotated = "sometimes"', 'anotated = "preferred"'])
def test_a_wrong_key_or_word_in_a_recipe_is_named(tmp_path: Path, wrong: str) -> None:
    recipe = f'[[set]]\nname = "mix"\nfiles = ["posts.csv"]\nlabels = {{ kind = "kind" }}\n{wrong}\n'
    with pytest.raises(SettingsError, match=r"sometimes|anotated"):
        corpus(tmp_path, recipe)


def test_near_copies_of_held_out_rows_are_not_learnt(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text(f'text\n"{POTHOLE} kemarin"\n', encoding="utf-8")
    recipe = """
        [[set]]
        name = "mix"
        files = ["posts.csv"]
        labels = { kind = "kind" }
        [[held_out]]
        files = ["test.csv"]
        """
    assert kinds(corpus(tmp_path, recipe)["mix"]) == {MATCH: "other"}


def test_rows_set_aside_for_calibration_are_read_beside_the_sets(tmp_path: Path) -> None:
    (tmp_path / "valid.csv").write_text(f'text,kind\n"{MATCH} sekali",praise\n"{WATER} ya",news\n', encoding="utf-8")
    (tmp_path / "posts.csv").write_text(f'text,kind\n"{POTHOLE}",complaint\n', encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(
        """
        [[set]]
        name = "mix"
        files = ["posts.csv"]
        labels = { kind = "kind" }
        [[calibration]]
        files = ["valid.csv"]
        labels = { kind = "kind" }
        calibrate = 1
        """,
        encoding="utf-8",
    )
    read = load_corpus(tmp_path / "recipe.toml", tmp_path)
    assert len(read.calibration) == 1
    assert {example.text for _, some in read.sets for example in some} == {POTHOLE}
