"""A translator that everything is known about."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from phytotron.data.en_fr import BEGIN, END
from phytotron.data.tokens import PAD, UNKNOWN

SPECIAL = max(BEGIN, END, PAD, UNKNOWN) + 1


def sentence(*words: int, length: int = 8) -> list[int]:
    """Word ids with an end, padded to `length`; word 0 is the first after the special ones."""
    ids = [SPECIAL + word for word in words] + [END]
    return ids + [PAD] * (length - len(ids))


@pytest.fixture
def translation():
    """Sources of 1 to 7 words; "beam" finds the target itself, "greedy" repeats its first word."""
    source = torch.tensor([sentence(*range(n)) for n in (4, 1, 7, 5, 2, 6)])
    begin = torch.full((len(source), 1), BEGIN)
    target = torch.cat([begin, source], dim=1)
    special = [f"<{n}>" for n in range(SPECIAL)]

    def texts(tokens):
        return [
            " ".join(f"f{word - SPECIAL}" for word in row if word >= SPECIAL)
            for row in tokens.tolist()
        ]

    def translate(tokens, decoding="beam"):
        if decoding == "beam":
            return tokens
        changed = tokens.clone()
        changed[changed >= SPECIAL] = SPECIAL
        return changed

    return SimpleNamespace(
        data=SimpleNamespace(
            test=SimpleNamespace(source=source, target=target),
            source_words=[*special, *(f"e{n}" for n in range(9))],
            target_words=[*special, *(f"f{n}" for n in range(9))],
        ),
        task=SimpleNamespace(texts=texts, translate=translate),
    )
