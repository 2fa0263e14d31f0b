from types import SimpleNamespace

import torch

from phytotron.data.tokens import UNKNOWN
from phytotron.figures.sequence import alignments


def test_rows_are_words_of_the_translation_and_columns_of_the_source(trained, translation):
    translation.data.test.source[2, 0] = UNKNOWN  # the longest sentence has an unknown word

    def alignment(source, said):
        weights = torch.zeros(1, said.shape[1] - 1, source.shape[1])
        weights[0, :, 0] = 1
        weights[0, 1, 2] = 0.5
        return weights

    model = SimpleNamespace(alignment=alignment)
    figure = alignments.draw(trained(model, translation.task, translation.data))
    axes, *_ = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        *(f"e{n}" for n in range(6)), "■",
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        *(f"f{n}" for n in range(6)), "■",
    ]  # fmt: skip
    shown = axes.images[0].get_array()
    assert shown.shape == (7, 7)
    assert shown[1].tolist() == [1, 0, 0.5, 0, 0, 0, 0]
    assert axes.images[0].get_clim() == (0, 1)
    assert figure.get_suptitle().endswith("translation (row) to the source (column)")
