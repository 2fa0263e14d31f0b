"""The translator: sizes of the catalogue, padding, and decoders that are their formulas."""

import pytest
import torch

from phytotron.models.sequence.decoders import BahdanauDecoder, LuongDecoder, PlainDecoder
from phytotron.models.sequence.translator import Translator

pytestmark = pytest.mark.catalogue("K19", "K26")

DECODERS = ["plain", "luong_general", "bahdanau_additive"]
SOURCE = torch.tensor([[5, 6, 7, 3], [8, 3, 0, 0]])
TARGET = torch.tensor([[2, 5, 6, 7, 3], [2, 9, 3, 0, 0]])


def translator(decoder="luong_dot", **options):
    torch.manual_seed(0)
    sizes = {"source_vocabulary": 12, "target_vocabulary": 14, "channels": 6, "hidden": 8}
    return Translator(**sizes | {"decoder": decoder} | options)


def test_it_has_the_size_of_the_catalogue_s():
    """About 5.56 M: Pattanayak 2023, Listing 4-6, does not say how it counts padding and biases."""
    network = Translator(
        source_vocabulary=8659,
        target_vocabulary=16298,
        channels=128,
        hidden=128,
        decoder="plain",
    )
    embeddings = (8659 + 16298) * 128
    lstms = 2 * (4 * 128 * (128 + 128) + 2 * 4 * 128)
    expected = embeddings + lstms + 16298 * 129
    assert sum(p.numel() for p in network.parameters()) == expected
    assert expected == pytest.approx(5.56e6, rel=0.01)


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"reverse": True}], ids=str)
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_sentence_is_translated_alike_in_every_batch(decoder, options):
    network = translator(decoder, **options)
    together = network(SOURCE, TARGET)
    first = network(SOURCE[:1], TARGET[:1])
    second = network(SOURCE[1:, :2], TARGET[1:, :3])
    torch.testing.assert_close(together, torch.cat([first, second]))


@pytest.mark.parametrize("decoder", DECODERS)
def test_word_by_word_it_says_what_it_says_at_once(decoder):
    network = translator(decoder)
    at_once = network(SOURCE[:1], TARGET[:1]).log_softmax(dim=-1)
    state = network.encode(SOURCE[:1])
    for row, word in zip(at_once, TARGET[0, :-1], strict=True):
        log_probabilities, state = network.step(word.view(1), state)
        torch.testing.assert_close(log_probabilities[0], row)


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_prediction_of_a_word_does_not_see_later_words(decoder):
    network = translator(decoder)
    other = TARGET.clone()
    other[0, 3] = 11
    before, after = network(SOURCE, TARGET), network(SOURCE, other)
    assert torch.equal(before[:2], after[:2])  # the words 1 and 2
    assert not torch.equal(before[3], after[3])


def test_its_encoder_gives_the_states_of_torch_s_lstm():
    network = translator()
    hidden, cell, keys, mask = network.encode(SOURCE)
    states, (last, last_cell) = network.encoder(network.source_embedding(SOURCE[1:, :2]))
    torch.testing.assert_close(keys[1, :2], states[0])
    torch.testing.assert_close(hidden[1], last[0, 0])
    torch.testing.assert_close(cell[1], last_cell[0, 0])
    assert mask.tolist() == [[True] * 4, [True, True, False, False]]


def test_reversed_it_reads_each_sentence_from_its_own_end():
    network, other = translator(), translator(reverse=True)
    backwards = torch.tensor([[3, 7, 6, 5], [3, 8, 0, 0]])
    hidden, cell, keys, _ = other.encode(SOURCE)
    expected, expected_cell, read, _ = network.encode(backwards)
    assert torch.equal(hidden, expected)
    assert torch.equal(cell, expected_cell)
    assert torch.equal(keys[0], read[0].flip(0))  # in the order of the words again
    assert torch.equal(keys[1, :2], read[1, :2].flip(0))


def test_luong_s_query_is_the_state_and_bahdanau_s_the_one_before():
    torch.manual_seed(0)
    words = torch.randn(1, 1, 6)
    hidden, cell, keys = torch.randn(1, 8), torch.randn(1, 8), torch.randn(1, 5, 8)
    state = (hidden, cell, keys, torch.ones(1, 5, dtype=torch.bool))

    plain = PlainDecoder(6, 8)
    luong = LuongDecoder(6, 8, "dot")
    luong.lstm.load_state_dict(plain.lstm.state_dict())
    (now,), _, _ = plain(words, state)
    features, weights, _ = luong(words, state)
    torch.testing.assert_close(weights[0, 0], (keys[0] @ now[0]).softmax(dim=0))
    context = weights[0, 0] @ keys[0]
    expected = torch.tanh(luong.combine.weight @ torch.cat([context, now[0]]))
    torch.testing.assert_close(features[0, 0], expected)

    bahdanau = BahdanauDecoder(6, 8, "dot")
    features, weights, (hidden_after, _, *_) = bahdanau(words, state)
    torch.testing.assert_close(weights[0, 0], (keys[0] @ hidden[0]).softmax(dim=0))
    context = weights[0, 0] @ keys[0]
    by_hand, _ = bahdanau.cell(torch.cat([words[0, 0], context]).unsqueeze(0), (hidden, cell))
    torch.testing.assert_close(hidden_after, by_hand)
    expected = torch.tanh(bahdanau.combine.weight @ torch.cat([context, by_hand[0]]))
    torch.testing.assert_close(features[0, 0], expected)


def test_alignments_are_over_the_words_of_the_source():
    weights = translator("bahdanau_dot").alignment(SOURCE, TARGET)
    assert weights.shape == (2, 4, 4)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 4))
    assert (weights[1, :, 2:] == 0).all()
    with pytest.raises(ValueError, match="plain decoder"):
        translator("plain").alignment(SOURCE, TARGET)


def test_an_unknown_decoder_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="one of plain, luong_dot"):
        translator("luong")
