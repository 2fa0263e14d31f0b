"""Translation: what counts in the loss, and that phrases are learned up to a perfect BLEU."""

import pytest
import torch
import torch.nn.functional as F
from torchmetrics.text import BLEUScore

from phytotron.data.en_fr import BEGIN, END, read_en_fr, translation_module
from phytotron.data.tokens import PAD, UNKNOWN
from phytotron.models.sequence.translator import Translator
from phytotron.tasks.translation import Translation, next_words, trimmed
from phytotron.training.trainer import build_trainer

pytestmark = pytest.mark.catalogue("K25")


@pytest.fixture(scope="module")
def data():
    return translation_module(
        read_en_fr(english=[], french=[], tiny=True), batch_size=16, validation=16,
        test_samples=16, seed=0, split_seed=0, max_source_words=10, max_target_words=10,
        min_count=1, tiny=True,
    )  # fmt: skip


@pytest.fixture
def task(data):
    torch.manual_seed(0)
    sizes = {key: data.dimensions[key] for key in ("source_vocabulary", "target_vocabulary")}
    return Translation(
        Translator(**sizes, channels=16, hidden=32, decoder="luong_general"),
        optimizer={"_target_": "torch.optim.Adam", "lr": 0.02},
        loss=F.cross_entropy,
        data=data,
        target_vocabulary=sizes["target_vocabulary"],
        width=3,
        alpha=0.7,
        limit=12,
    )


TRAINER = {
    "accelerator": "cpu", "devices": 1, "num_nodes": None, "strategy": "auto",
    "precision": "32-true", "max_epochs": 30, "check_val_every_n_epoch": 1,
    "gradient_clip_val": None, "accumulate_grad_batches": 1, "log_every_n_steps": 50,
}  # fmt: skip


def test_padding_counts_neither_as_a_word_nor_in_the_mean(task, data):
    batch = data.train.source[:8], data.train.target[:8]
    loss = task.objective(batch)
    logits = task.network.output(
        task.network.decode(batch[1][:, :-1], task.network.encode(batch[0]))[0]
    )
    expected = F.cross_entropy(logits.flatten(0, 1), batch[1][:, 1:].flatten(), ignore_index=PAD)
    torch.testing.assert_close(loss, expected)


def test_what_follows_each_word_ends_with_the_end():
    target = torch.tensor([[BEGIN, 7, 8, END], [BEGIN, 9, END, PAD]])
    assert next_words(target).tolist() == [7, 8, END, 9, END]


def test_columns_of_padding_are_cut_off():
    assert trimmed(torch.tensor([[4, 5, 0, 0], [4, 0, 0, 0]])).tolist() == [[4, 5], [4, 0]]


def test_short_phrases_are_translated_without_a_mistake(task, data, tmp_path):
    trainer = build_trainer(TRAINER, [], tmp_path)
    trainer.fit(task, data)
    (found,) = trainer.test(task, datamodule=data, verbose=False)
    assert found["test/bleu"] == pytest.approx(100)
    assert found["test/greedy_bleu"] == pytest.approx(100)
    assert found["test/accuracy"] == 1


def test_bleu_is_of_the_whole_split_and_in_per_cent(task, data):
    for rows in (slice(0, 5), slice(5, 16)):
        task.test_step((data.test.source[rows], data.test.target[rows]), 0)
    translations = task.texts(task.translate(data.test.source))
    references = [[text] for text in task.texts(data.test.target)]
    assert task.bleu["beam"].compute() == BLEUScore()(translations, references)


def test_no_translation_says_what_is_no_word(task, data):
    with torch.no_grad():
        task.network.output.bias[[PAD, UNKNOWN, BEGIN]] = 100.0
    for decoding in ("beam", "greedy"):
        said = task.translate(data.test.source, decoding)
        after_the_end = (said == END).cumsum(dim=1) - (said == END).long() > 0
        assert not torch.isin(said[~after_the_end], torch.tensor([PAD, UNKNOWN, BEGIN])).any()
        assert (said[after_the_end] == PAD).all()


def test_bleu_has_the_values_of_the_classic_example():
    """Clipped: two of seven `the`; of six different places for two words four are right."""
    references = [["the cat is on the mat .", "there is a cat on the mat ."]]
    unigrams = BLEUScore(n_gram=1)([" ".join(["the"] * 7)], references)
    assert unigrams.item() == pytest.approx(2 / 7)
    bigrams = BLEUScore(n_gram=2, weights=[0, 1])
    references = [[text.removesuffix(" .") for text in references[0]]]
    found = bigrams(["the cat the cat on the mat"], references).item()
    assert found == pytest.approx(4 / 6)


def test_the_probability_of_a_sentence_is_the_product_of_its_words(task, data):
    source, target = data.test.source[:4], data.test.target[:4]
    found = task.log_probabilities(source, target)
    for row in range(4):
        logits = task(trimmed(source[row : row + 1]), trimmed(target[row : row + 1]))
        words = next_words(target[row : row + 1])
        expected = -F.cross_entropy(logits, words, reduction="sum")
        torch.testing.assert_close(found[row], expected)
