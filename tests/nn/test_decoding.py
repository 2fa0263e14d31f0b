"""Greedy decoding fails where it must, and a beam that drops nothing is exhaustive search."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from phytotron.nn.decoding import beam_search, greedy
from phytotron.nn.masking import PAD

pytestmark = pytest.mark.catalogue("K22", "K23")

BEGIN, END = 1, 2

# "Jane is ...": after `is`, the frequent `going` is the most probable word, but what can follow it
# is divided among many, while `visiting Africa` is nearly certain once it is begun.
WORDS = ["<pad>", "<begin>", "<end>", "jane", "is", "going", "visiting", "to", "africa", "home"]
FOLLOWING = {
    "<begin>": {"jane": 1.0},
    "jane": {"is": 1.0},
    "is": {"going": 0.5, "visiting": 0.4, "home": 0.1},
    "going": {"to": 0.5, "home": 0.5 - 1e-3, "<end>": 1e-3},
    "to": {"africa": 0.6, "<end>": 0.4},
    "visiting": {"africa": 0.9, "<end>": 0.1},
    "africa": {"<end>": 1.0},
    "home": {"<end>": 1.0},
}


def table(following_words):
    """The log-probabilities of what follows each word, shape (words, words)."""
    probabilities = torch.zeros(len(WORDS), len(WORDS), dtype=torch.double)
    for word, following in following_words.items():
        for other, probability in following.items():
            probabilities[WORDS.index(word), WORDS.index(other)] = probability
    return probabilities.log()


JANE = table(FOLLOWING)


def bigrams(log_probabilities):
    """A step in which the next word depends on the last one alone; the state only counts rows."""
    return lambda tokens, state: (log_probabilities[tokens], state)


def sentence(tokens):
    return " ".join(WORDS[token] for token in tokens if token not in (PAD, END))


def state(rows=1):
    return (torch.zeros(rows, 1),)


def options(limit=6):
    return {"begin": BEGIN, "end": END, "limit": limit}


def test_greedy_decoding_loses_the_better_sentence_to_a_frequent_word():
    (tokens,) = greedy(bigrams(JANE), state(), **options())
    assert sentence(tokens) == "jane is going to africa"  # 0.5 · 0.5 · 0.6 = 0.15
    found = beam_search(bigrams(JANE), state(), **options(), width=2, alpha=0)
    assert sentence(found.tokens[0, 0]) == "jane is visiting africa"  # 0.4 · 0.9 = 0.36
    assert found.log_probabilities[0, 0].exp().item() == pytest.approx(0.36, abs=1e-12)


def test_greedy_decoding_ends_at_the_limit():
    (tokens,) = greedy(bigrams(JANE), state(), **options(limit=3))
    assert sentence(tokens) == "jane is going"


class Prefixes:
    """Any distribution over sequences: each prefix has its own next token, drawn by a seed."""

    def __init__(self, vocabulary, seed):
        self.vocabulary, self.seed = vocabulary, seed

    def log_probabilities(self, prefix):
        random = torch.Generator().manual_seed(hash((self.seed, prefix)) % 2**32)
        logits = torch.randn(self.vocabulary, generator=random, dtype=torch.double)
        logits[[PAD, BEGIN]] = -torch.inf
        return logits.log_softmax(0)

    def step(self, tokens, state):
        (prefixes,) = state
        prefixes = torch.cat([prefixes, tokens.unsqueeze(1)], dim=1)
        rows = [self.log_probabilities(tuple(row[2:])) for row in prefixes.tolist()]
        return torch.stack(rows), (prefixes,)

    def state(self, rows=1):
        # the first number tells rows apart, and is no part of the prefix
        return (torch.arange(rows).unsqueeze(1),)

    def all(self, limit):
        """Each sequence with its log-probability: those that end, and those that are cut off."""
        words = [token for token in range(self.vocabulary) if token not in (PAD, BEGIN, END)]
        for length in range(1, limit + 1):
            for prefix in product(words, repeat=length - 1):
                for last in [END] if length < limit else [END, *words]:
                    sequence = (*prefix, last)
                    yield (
                        sequence,
                        sum(
                            self.log_probabilities(sequence[:place])[token].item()
                            for place, token in enumerate(sequence)
                        ),
                    )


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), alpha=st.sampled_from([0.0, 0.7, 1.0]))
@pytest.mark.parametrize(("vocabulary", "limit"), [(5, 2), (4, 4)])
def test_a_beam_that_drops_no_prefix_is_exhaustive_search(vocabulary, limit, seed, alpha):
    """For two tokens the vocabulary is wide enough, in general vocabulary^(limit - 1)."""
    model = Prefixes(vocabulary, seed)
    best, log_probability = max(
        model.all(limit), key=lambda found: found[1] / len(found[0]) ** alpha
    )
    found = beam_search(
        model.step, model.state(), **options(limit), width=vocabulary ** (limit - 1), alpha=alpha
    )
    assert tuple(token for token in found.tokens[0, 0].tolist() if token != PAD) == best
    assert found.log_probabilities[0, 0].item() == pytest.approx(log_probability)
    assert found.scores[0, 0].item() == pytest.approx(log_probability / len(best) ** alpha)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), alpha=st.floats(0, 2))
def test_a_beam_of_width_one_is_greedy(seed, alpha):
    model = Prefixes(6, seed)
    tokens = greedy(model.step, model.state(), **options(5))
    # greedy decoding ends with its first sequence
    found = beam_search(model.step, model.state(), **options(5), width=1, alpha=alpha, enough=1)
    assert torch.equal(found.tokens[:, 0], tokens)


def test_the_exponent_of_the_length_decides_between_short_and_long():
    """The sum prefers one token of 0.35, the mean two of 0.5 · 0.6 = 0.3."""
    following_words = {
        "<begin>": {"jane": 0.5, "<end>": 0.35, "is": 0.15},
        "jane": {"<end>": 0.6, "is": 0.4},
        "is": {"<end>": 0.1, "home": 0.9},
        "home": {"<end>": 0.01, "home": 0.99},
    }
    step = bigrams(table(following_words))
    score = {}
    for alpha in (0.0, 0.7, 1.0):
        found = beam_search(step, state(), **options(limit=2), width=4, alpha=alpha, returned=4)
        scores = {
            sentence(tokens): value.item()
            for tokens, value in zip(found.tokens[0], found.scores[0], strict=True)
        }
        assert list(scores.values()) == sorted(scores.values(), reverse=True)
        score[alpha] = scores
    assert next(iter(score[0.0])) == ""
    assert next(iter(score[0.7])) == next(iter(score[1.0])) == "jane"
    assert score[0.0]["jane"] == pytest.approx(math.log(0.3))
    assert score[0.7]["jane"] == pytest.approx(math.log(0.3) / 2**0.7)
    assert score[1.0]["jane"] == pytest.approx(math.log(0.3) / 2)


def test_it_stops_when_enough_have_ended():
    calls = []

    def step(tokens, state):
        calls.append(len(tokens))
        return JANE[tokens], state

    first = beam_search(step, state(), **options(), width=4, alpha=0, enough=1)
    assert sentence(first.tokens[0, 0]) == "jane is home"  # 0.1, and the first to end
    assert len(calls) == 4
    calls.clear()
    best = beam_search(step, state(), **options(), width=4, alpha=0)
    assert sentence(best.tokens[0, 0]) == "jane is visiting africa"
    assert len(calls) == 5  # what is left then has 0.15 at most


def test_each_row_is_as_if_it_were_alone():
    model = Prefixes(6, seed=3)

    def step(tokens, state):  # the second row's model is another one
        other = Prefixes(6, seed=4)
        log_probabilities, new = model.step(tokens, state)
        others, _ = other.step(tokens, state)
        second = state[0][:, :1] == 1
        return torch.where(second, others, log_probabilities), new

    together = beam_search(step, model.state(2), **options(), width=3)
    for row, seed in enumerate((3, 4)):
        alone = Prefixes(6, seed)
        found = beam_search(alone.step, alone.state(), **options(), width=3)
        assert torch.equal(together.tokens[row], found.tokens[0])
        torch.testing.assert_close(together.scores[row], found.scores[0])


def test_several_are_returned_the_best_one_first():
    found = beam_search(bigrams(JANE), state(), **options(), width=5, alpha=0, returned=3)
    assert [sentence(tokens) for tokens in found.tokens[0]] == [
        "jane is visiting africa", "jane is going home", "jane is going to africa",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="3 sequences of a beam of width 2"):
        beam_search(bigrams(JANE), state(), **options(), width=2, returned=3)
