"""Sentences of the test split with their translations, short and long ones."""

from __future__ import annotations

import numpy as np
import torch

from phytotron.evaluation.trained import Trained
from phytotron.nn.masking import token_mask

_ROWS = 24


def draw(trained: Trained) -> list[dict[str, str]]:
    """A table: source, the human translation, beam search and greedy decoding.

    The sentences are spread evenly over the split in order of their length.
    """
    task, test = trained.task, trained.data.test
    lengths = token_mask(test.source).sum(dim=1)
    places = np.linspace(0, len(lengths) - 1, min(_ROWS, len(lengths))).round()
    rows = lengths.argsort(stable=True)[torch.from_numpy(places).long()]
    source, target = test.source[rows], test.target[rows]
    columns = {
        "source": texts(source, trained.data.source_words),
        "reference": task.texts(target),
        "beam": task.texts(task.translate(source)),
        "greedy": task.texts(task.translate(source, "greedy")),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def texts(tokens: torch.Tensor, words: list[str]) -> list[str]:
    """Sentences of word ids, shape (batch, words), without padding and end."""
    return [
        " ".join(words[word] for word in row[: int(length) - 1])
        for row, length in zip(tokens.tolist(), token_mask(tokens).sum(dim=1), strict=True)
    ]
