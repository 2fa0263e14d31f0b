"""BLEU of short and of long sentences."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from torchmetrics.text import BLEUScore

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, ORANGE
from phytotron.nn.masking import token_mask

_BUCKETS = 5


def draw(trained: Trained) -> Figure:
    """BLEU-4 by the words of the source, of about equally many test sentences each."""
    task, test = trained.task, trained.data.test
    lengths = token_mask(test.source).sum(dim=1).numpy() - 1  # without the end
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, _BUCKETS + 1)).astype(int))
    edges[0] -= 1
    buckets = [np.flatnonzero((low < lengths) & (lengths <= high)) for low, high in pairwise(edges)]
    references = task.texts(test.target)
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for shift, decoding, colour in ((-0.2, "beam", BLUE), (0.2, "greedy", ORANGE)):
        translations = task.texts(task.translate(test.source, decoding))
        bleu = [
            BLEUScore()([translations[row] for row in rows], [[references[row]] for row in rows])
            for rows in buckets
        ]
        axes.bar(
            np.arange(len(buckets)) + shift, 100 * np.array(bleu), 0.4, color=colour, label=decoding
        )
    names = [
        f"{low + 1}–{high}\n({len(rows)})"
        for (low, high), rows in zip(pairwise(edges), buckets, strict=True)
    ]
    axes.set_xticks(range(len(names)), names)
    axes.set(xlabel="words of the source (sentences)", ylabel="BLEU-4 (%)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
