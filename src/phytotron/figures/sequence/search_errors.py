"""Errors of translation by their cause: the search or the model.

If the model finds the human translation y* more probable than what was found, ŷ, a better search
would have found it; if not, the model must become better (Ng, "Sequence Models", 2018).

Sources: Notes of several courses, Sequence to sequence
Catalogue: K24
"""

from __future__ import annotations

from collections import Counter

import torch
from torch import Tensor

from phytotron.data.en_fr import BEGIN
from phytotron.evaluation.trained import Trained

SEARCH, MODEL, RIGHT = "search", "model", "right"


def draw(trained: Trained) -> list[dict[str, str | int | float]]:
    """A table: the test translations that are right, and the wrong ones by the cause."""
    task, test = trained.task, trained.data.test
    found = task.translate(test.source)
    begin = found.new_full((len(found), 1), BEGIN)
    human = task.log_probabilities(test.source, test.target)
    own = task.log_probabilities(test.source, torch.cat([begin, found], dim=1))
    same = [a == b for a, b in zip(task.texts(found), task.texts(test.target), strict=True)]
    counts = Counter(
        RIGHT if equal else fault for equal, fault in zip(same, faults(human, own), strict=True)
    )
    return [
        {"verdict": verdict, "sentences": counts[verdict], "share": counts[verdict] / len(found)}
        for verdict in (RIGHT, SEARCH, MODEL)
    ]


def faults(human: Tensor, found: Tensor) -> list[str]:
    """The cause of each error, from ln P(y*) and ln P(ŷ), both of shape (sentences,)."""
    return [SEARCH if better else MODEL for better in (human > found).tolist()]
