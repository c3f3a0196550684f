"""A tiny network learns invented posts, end to end: tables, training, graph, card, service."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch (extra `train`)")
pytest.importorskip("onnx", reason="exporting needs onnx (extra `train`)")

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("default")]

RECIPE = """
[[set]]
name = "invented"
files = ["invented.csv"]
labels = { kind = "kind", sentiment = "sentiment", topic = "topic", urgent = "urgent" }
calibrate = 8
"""


def test_a_tiny_model_learns_and_serves(tmp_path: Path, base: Path) -> None:
    from classifiers.onnx import OnnxClassifier
    from classifiers.release import release
    from classifiers.train import TrainSettings, train

    rows = ["jalan rusak,complaint,negative,roads,0", "halo kawan,other,neutral,other,0"] * 40
    (tmp_path / "invented.csv").write_text("text,kind,sentiment,topic,urgent\n" + "\n".join(rows), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    settings = TrainSettings(
        base=str(base),
        recipe=tmp_path / "recipe.toml",
        data=tmp_path,
        out=tmp_path / "out",
        steps=60,
        threads=1,
        batch_tokens=80,
        learning_rate=5e-3,
    )

    trainer = train(settings)
    model = tmp_path / "model"
    release(trainer, model, name="tiny", version="1", max_tokens=32)
    complaint, chat = OnnxClassifier(model).predict(["jalan rusak", "halo kawan"])

    assert (complaint.kind, complaint.topic, complaint.sentiment) == ("complaint", "roads", "negative")
    assert chat.kind == "other"
    assert complaint.model == "tiny@1"
    assert train(settings).step == trainer.step  # a finished run resumes as finished
