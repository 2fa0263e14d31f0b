"""The attention of a translator to the source, for each word of the translation."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from phytotron.data.en_fr import BEGIN, END
from phytotron.data.tokens import PAD, UNKNOWN
from phytotron.evaluation.trained import Trained
from phytotron.nn.masking import token_mask
from phytotron.tasks.translation import trimmed

_SENTENCES = 4
_COLUMNS = 2


def draw(trained: Trained) -> Figure:
    """Attention of each word of a translation (row) to the words of the source (column).

    The sentences are the first ones of the test split that are among its longest and have no
    unknown word.
    """
    test, words = trained.data.test, trained.data
    lengths = token_mask(test.source).sum(dim=1)
    known = (test.source != UNKNOWN).all(dim=1)
    long = lengths >= lengths[known].double().quantile(0.8)
    sources = test.source[known & long][:_SENTENCES]

    rows = -(-len(sources) // _COLUMNS)
    figure = Figure(figsize=(10, 4.6 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).flatten()
    for axes in panels[len(sources) :]:
        axes.set_axis_off()
    for axes, source in zip(panels, sources.unsqueeze(1), strict=False):
        source, target = trimmed(source), trained.task.translate(source)
        target = torch.cat([target.new_tensor([[BEGIN]]), trimmed(target)], dim=1)
        with torch.no_grad():
            weights = trained.model.alignment(source, target)[0]
        axes.imshow(weights.numpy(), cmap="Greys", vmin=0, vmax=1)
        axes.set_xticks(range(source.shape[1]), _words(source[0], words.source_words))
        axes.tick_params(axis="x", labelrotation=60)
        axes.set_yticks(range(target.shape[1] - 1), _words(target[0, 1:], words.target_words))
        axes.xaxis.tick_top()
        for label in axes.get_xticklabels():
            label.set(horizontalalignment="left", rotation_mode="anchor")
        axes.tick_params(length=0)
    figure.suptitle("Attention of each word of the translation (row) to the source (column)")
    return figure


def _words(tokens: torch.Tensor, words: list[str]) -> list[str]:
    named = {END: "■", PAD: ""}
    return [named.get(token, words[token]) for token in tokens.tolist()]
