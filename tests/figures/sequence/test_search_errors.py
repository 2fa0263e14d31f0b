"""The verdict on a wrong translation."""

import pytest
import torch

from phytotron.figures.sequence import search_errors
from phytotron.figures.sequence.search_errors import faults

pytestmark = pytest.mark.catalogue("K24")


def test_a_human_translation_that_is_more_probable_is_the_search_s_fault():
    human = torch.tensor([2e-10, 1e-10, 1e-10]).log()
    found = torch.tensor([1e-10, 2e-10, 1e-10]).log()
    assert faults(human, found) == ["search", "model", "model"]


def test_verdicts_are_counted(trained, translation):
    """Of six sentences three are right; of the others, the model prefers one human translation."""
    source = translation.data.test.source

    def translate(tokens):
        changed = tokens.clone()
        changed[:3, 0] += 1
        return changed

    def log_probabilities(source, tokens):
        own = bool((tokens[:3, 1] != source[:3, 0]).all())
        return torch.tensor([1.0, 3, 3, 2, 2, 2]) if own else torch.full((6,), 2.0)

    translation.task.translate = translate
    translation.task.log_probabilities = log_probabilities
    rows = search_errors.draw(trained(task=translation.task, data=translation.data))
    assert len(source) == 6
    assert rows == [
        {"verdict": "right", "sentences": 3, "share": 0.5},
        {"verdict": "search", "sentences": 1, "share": 1 / 6},
        {"verdict": "model", "sentences": 2, "share": 2 / 6},
    ]
