"""What every text network must do."""

import pytest
import torch

from phytotron.errors import UserError
from phytotron.models.text.bilstm import BiLSTM
from phytotron.models.text.fasttext import FastText
from phytotron.models.text.textcnn import TextCNN
from phytotron.models.text.transformer import TransformerClassifier
from phytotron.models.text.wide_deep import WideAndDeep

pytestmark = pytest.mark.catalogue("D37")

VOCABULARY, CLASSES = 50, 4
NETWORKS = {
    "fasttext": (
        FastText,
        {"channels": 8, "order": 3, "buckets": 101, "ngram_dropout": 0.2, "dropout": 0.5},
    ),
    "textcnn": (TextCNN, {"channels": 8, "widths": [1, 5], "filters": 6, "dropout": 0.5}),
    "bilstm": (BiLSTM, {"channels": 8, "hidden": 5, "dropout": 0.5}),
    "wide_deep": (
        WideAndDeep,
        {
            "channels": 8,
            "order": 2,
            "buckets": 101,
            "ngram_dropout": 0.2,
            "wide_dropout": 0.5,
            "widths": [1, 3],
            "filters": 6,
            "deep_dropout": 0.5,
        },
    ),
    "transformer": (
        TransformerClassifier,
        {
            "channels": 8,
            "layers": 2,
            "heads": 2,
            "feedforward": 12,
            "positions": 12,
            "dropout": 0.5,
        },
    ),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    torch.manual_seed(0)
    build, arguments = NETWORKS[request.param]
    return build(vocabulary=VOCABULARY, num_classes=CLASSES, **arguments)


@pytest.mark.parametrize("length", [1, 2, 12])
def test_token_ids_become_logits_and_every_weight_gets_a_gradient(network, length):
    tokens = torch.randint(2, VOCABULARY, (3, length))
    assert network.eval()(tokens).shape == (3, CLASSES)
    logits = network.train()(tokens)
    assert logits.shape[-2:] == (3, CLASSES)
    logits.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_the_batch_beside_a_text_does_not_change_its_logits(network):
    network.eval()
    short = torch.randint(2, VOCABULARY, (1, 3))
    batch = torch.randint(2, VOCABULARY, (4, 12))
    batch[1, :3], batch[1, 3:] = short[0], 0
    torch.testing.assert_close(network(batch)[1:2], network(short), atol=1e-6, rtol=1e-5)


def test_every_token_counts(network):
    network.eval()
    tokens = torch.randint(2, VOCABULARY, (1, 6))
    for position in (0, 5):
        changed = tokens.clone()
        changed[0, position] = (tokens[0, position] + 1 - 2) % (VOCABULARY - 2) + 2
        assert not torch.allclose(network(changed), network(tokens), atol=1e-7)


def test_it_learns_a_batch_by_heart(network):
    torch.manual_seed(1)
    network.eval()  # without dropout
    tokens = torch.randint(2, VOCABULARY, (16, 6))
    targets = torch.arange(16) % CLASSES
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(tokens), targets)
        loss.backward()
        optimizer.step()
    assert loss < 0.1


def test_wide_and_deep_answer_together():
    build, arguments = NETWORKS["wide_deep"]
    network = build(vocabulary=VOCABULARY, num_classes=CLASSES, **arguments).eval()
    tokens = torch.randint(2, VOCABULARY, (3, 6))
    parts = [network.wide(tokens).softmax(-1), network.deep(tokens).softmax(-1)]
    expected = (parts[0] * parts[1]).sqrt()  # geometric mean, then normalised
    torch.testing.assert_close(
        network(tokens).softmax(-1), expected / expected.sum(-1, keepdim=True)
    )


def test_fasttext_equals_a_loop_over_its_embeddings():
    build, arguments = NETWORKS["fasttext"]
    network = build(vocabulary=VOCABULARY, num_classes=CLASSES, **arguments).eval()
    row = torch.tensor([3, 4, 5])
    table = network.embedding.weight
    embeddings = torch.stack([table[i] for i in network.ngrams(row[None])[0]])
    pooled = embeddings.sum(dim=0) / len(embeddings) ** 0.5
    padded = torch.tensor([[3, 4, 5, 0, 0]])
    torch.testing.assert_close(network(padded)[0], network.output(pooled))


def test_heads_that_do_not_divide_the_channels_are_refused():
    build, arguments = NETWORKS["transformer"]
    with pytest.raises(UserError, match=r"model\.heads=3"):
        build(vocabulary=VOCABULARY, num_classes=CLASSES, **(arguments | {"heads": 3}))
