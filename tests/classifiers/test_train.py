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


def test_a_shipped_graph_gives_its_weights_back(tmp_path: Path, base: Path) -> None:
    import torch

    from classifiers._export import export_graph
    from classifiers._network import Network
    from classifiers._restore import restore
    from classifiers._smooth import smooth

    torch.manual_seed(3)
    trained = Network(str(base)).eval()
    with torch.no_grad():
        for weight in trained.parameters():  # as after training: no two alike, which an export would store once
            weight.add_(torch.randn_like(weight) * 0.05)
    ids = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 3]])
    mask = torch.ones_like(ids)
    with torch.no_grad():
        before = trained(ids, mask)[0]
    weights = {name: value.clone() for name, value in trained.state_dict().items()}
    smooth(trained, [(ids[:1], mask[:1])])
    export_graph(trained, tmp_path / "model.onnx")

    back = Network(str(base)).eval()
    restore(tmp_path / "model.onnx", back)
    with torch.no_grad():
        after = back(ids, mask)[0]

    for head in before:
        assert torch.allclose(before[head], after[head], atol=0.05), head
    for name, value in back.state_dict().items():
        if value.dtype.is_floating_point and name != "own_scale":
            assert (value - weights[name]).norm() <= 0.02 * weights[name].norm() + 1e-6, name


def test_a_graph_of_another_network_is_refused(tmp_path: Path, base: Path) -> None:
    from classifiers._export import export_graph
    from classifiers._network import Network
    from classifiers._restore import restore

    network = Network(str(base))
    export_graph(network, tmp_path / "model.onnx")  # never smoothed, so it names its layers otherwise

    with pytest.raises((ValueError, KeyError)):
        restore(tmp_path / "model.onnx", Network(str(base)))
