"""A transformers model of somebody else's answers in our words, as far as it knows any."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers import registry
from sahut.core.errors import ClassifierError

pytest.importorskip("torch", reason="hub models need torch (extra `train`)")

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("default")]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A tiny model, never trained, with the labels that transformers gives when nobody names them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.train_from_iterator(["jalan rusak halo"], trainers.WordLevelTrainer(special_tokens=["<pad>", "<unk>"]))
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>").save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=words.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=2,
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    return tmp_path


def test_mapped_labels_become_our_words(theirs: Path) -> None:
    classifier = registry.load(f"hub:{theirs}#LABEL_0=other, LABEL_1=complaint")
    [one] = classifier.predict(["jalan rusak"])
    assert one.kinds["complaint"] + one.kinds["other"] == pytest.approx(1.0)
    assert one.kinds["praise"] == 0.0
    assert one.sentiments == pytest.approx(dict.fromkeys(one.sentiments, 1 / 3))
    assert one.model == f"hub:{theirs}"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("", "none of them a word of ours.*LABEL_0=complaint"),
        ("#LABEL_9=complaint", "no label LABEL_9; it has LABEL_0, LABEL_1"),
        ("#LABEL_1=keluhan", "'LABEL_1=keluhan' maps no label"),
    ],
)
def test_a_model_that_cannot_be_understood_says_what_to_write(theirs: Path, mapping: str, said: str) -> None:
    with pytest.raises(ClassifierError, match=said):
        registry.load(f"hub:{theirs}{mapping}")
