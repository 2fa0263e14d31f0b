"""The verdict on a wrong translation."""

import torch

from phytotron.figures.sequence.search_errors import faults


def test_a_human_translation_that_is_more_probable_is_the_search_s_fault():
    human = torch.tensor([2e-10, 1e-10, 1e-10]).log()
    found = torch.tensor([1e-10, 2e-10, 1e-10]).log()
    assert faults(human, found) == ["search", "model", "model"]
