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


def test_a_batch_read_twice_learns_from_texts_without_labels_too(tmp_path: Path, base: Path) -> None:
    from classifiers.train import Trainer, TrainSettings

    labelled = ["jalan rusak,complaint,negative,roads,0", "halo kawan,other,neutral,other,0"] * 40
    head = "text,kind,sentiment,topic,urgent\n"
    (tmp_path / "invented.csv").write_text(head + "\n".join(labelled), encoding="utf-8")
    (tmp_path / "stream.csv").write_text("text\n" + "jalan rusak kawan\n" * 20, encoding="utf-8")
    unlabelled = '[[set]]\nname = "stream"\nfiles = ["stream.csv"]\n'
    (tmp_path / "recipe.toml").write_text(RECIPE + unlabelled, encoding="utf-8")
    settings = TrainSettings(
        base=str(base),
        recipe=tmp_path / "recipe.toml",
        data=tmp_path,
        out=tmp_path / "out",
        steps=12,
        threads=1,
        batch_tokens=80,
        learning_rate=5e-3,
        r_drop=0.5,
        masked=0.2,
        half=True,
    )
    trainer = Trainer(settings)
    before = {name: weight.clone() for name, weight in trainer.masked_words.named_parameters()}

    trainer.run()

    assert any(not before[name].equal(weight) for name, weight in trainer.masked_words.named_parameters())
    resumed = Trainer(settings)
    resumed.load(settings.out / "checkpoint.pt")
    for name, weight in resumed.masked_words.named_parameters():
        assert weight.equal(dict(trainer.masked_words.named_parameters())[name])


def test_readings_differ_by_nothing_from_themselves_and_alike_both_ways() -> None:
    import torch

    from classifiers._network import HEADS, disagreement

    torch.manual_seed(5)
    first = {head: torch.randn(3, size) for head, size in HEADS.items()}
    second = {head: torch.randn(3, size) for head, size in HEADS.items()}

    assert disagreement(first, first).item() == 0.0
    assert disagreement(first, second).item() == pytest.approx(disagreement(second, first).item())
    assert disagreement(first, second).item() > 0.0


def test_words_are_hidden_about_one_in_seven_and_never_the_marks_of_the_tokenizer() -> None:
    import torch

    from classifiers._masked_words import hide

    torch.manual_seed(5)
    ids = torch.cat([torch.zeros(40, 1, dtype=torch.long), torch.randint(10, 90, (40, 100))], dim=1)

    said = hide(ids, torch.tensor([0, 1, 2, 3]), mask_id=4, words=100)

    assert not said.guessed[:, 0].any()
    assert said.words.equal(ids[said.guessed])
    assert said.input_ids[~said.guessed].equal(ids[~said.guessed])
    assert 0.12 < said.guessed.float().mean() < 0.18
    assert 0.7 < (said.input_ids[said.guessed] == 4).float().mean() < 0.9


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
    # Rows of sixteen: one outlier widens the steps of its neighbours. A forgotten scale is off by tens of percent.
    for name, value in back.state_dict().items():
        if value.dtype.is_floating_point and name != "own_scale":
            assert (value - weights[name]).norm() <= 0.05 * weights[name].norm() + 1e-6, name


def test_a_graph_of_another_network_is_refused(tmp_path: Path, base: Path) -> None:
    from classifiers._export import export_graph
    from classifiers._network import Network
    from classifiers._restore import restore

    network = Network(str(base))
    export_graph(network, tmp_path / "model.onnx")  # never smoothed, so it names its layers otherwise

    with pytest.raises((ValueError, KeyError)):
        restore(tmp_path / "model.onnx", Network(str(base)))
