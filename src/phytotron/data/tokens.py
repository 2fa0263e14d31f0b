"""Token ids of many texts in one flat array, and padded batches of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAD = 0
UNKNOWN = 1


class TokenRows:
    """Texts as rows of token ids, cut to at most `max_tokens`.

    Args:
        tokens: the ids of all rows one after the other, shape (all tokens,).
        offsets: row `i` is `tokens[offsets[i]:offsets[i + 1]]`, shape (rows + 1,).
        max_tokens: longer texts are cut off at the end.

    Attributes:
        lengths: tokens of each row after the cut, shape (rows,).
    """

    def __init__(
        self, tokens: NDArray[np.integer], offsets: NDArray[np.int64], max_tokens: int
    ) -> None:
        self.tokens = tokens
        self.starts = offsets[:-1]
        self.lengths = np.minimum(np.diff(offsets), max_tokens)

    @classmethod
    def from_lists(cls, rows: Sequence[Sequence[int]], max_tokens: int) -> TokenRows:
        """Rows from lists of ids; a row without any becomes a single [UNK]."""
        filled = [row or [UNKNOWN] for row in rows]
        offsets = np.cumsum([0, *map(len, filled)], dtype=np.int64)
        tokens = np.fromiter((i for row in filled for i in row), np.int64, offsets[-1])
        return cls(tokens, offsets, max_tokens)

    def __len__(self) -> int:
        return len(self.starts)

    def padded(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The chosen rows, padded at the end with `PAD` to the longest, shape (rows, tokens)."""
        lengths = self.lengths[rows][:, None]
        position = np.arange(lengths.max())
        inside = position < lengths
        at = np.where(inside, self.starts[rows][:, None] + position, 0)
        return np.where(inside, self.tokens[at].astype(np.int64), PAD)
