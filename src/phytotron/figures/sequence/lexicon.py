"""The lexicon of an alignment model: the most probable translations of frequent words."""

from __future__ import annotations

import re

import numpy as np

from phytotron.evaluation.trained import Trained

_ROWS = 40
_TRANSLATIONS = 3


def draw(trained: Trained) -> list[dict[str, str | float]]:
    """A table: a word of the target, and the source words that it generates, with probabilities."""
    alignment, data = trained.model.alignment_, trained.data
    words = [place for place, word in enumerate(data.target_words) if re.fullmatch(r"\w{3,}", word)]
    rows = []
    for word in words[:_ROWS]:
        entries = np.flatnonzero(alignment.given_ == word)
        best = entries[np.argsort(-alignment.probabilities_[entries], kind="stable")]
        row: dict[str, str | float] = {"word": data.target_words[word]}
        for rank in range(1, _TRANSLATIONS + 1):
            row[f"says {rank}"], row[f"probability {rank}"] = "", 0.0
        for rank, entry in enumerate(best[:_TRANSLATIONS], start=1):
            row[f"says {rank}"] = data.source_words[alignment.emitted_[entry]]
            row[f"probability {rank}"] = float(alignment.probabilities_[entry])
        rows.append(row)
    return rows
