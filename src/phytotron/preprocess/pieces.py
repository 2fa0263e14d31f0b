"""Apply a function once to each distinct piece of text instead of to each occurrence.

Tokenising and word hashing work on the pieces between white space. In a few thousand paragraphs,
each distinct piece occurs a dozen times on average. Arrow splits the texts and numbers the pieces,
the function runs on the distinct ones, and NumPy puts the results in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def map_pieces(
    texts: pa.StringArray,
    function: Callable[[list[str]], Sequence[bytes]],
    dtype: type[np.generic],
) -> tuple[NDArray, NDArray[np.int64]]:
    """Apply `function` to the pieces of each text and concatenate the results.

    Args:
        texts: n texts without nulls.
        function: takes distinct pieces and returns the numbers of each as the bytes of an array,
            because many small objects would keep Python's garbage collector busy.
        dtype: of the numbers.

    Returns:
        All numbers, text after text, and where each text starts in them, shape (n + 1,).
    """
    # Arrow 25.0.1 reads past the end of a text that ends in white space, so trim it.
    split = pc.utf8_split_whitespace(pc.utf8_rtrim_whitespace(texts))
    pieces = split.flatten().dictionary_encode()
    results = function(pieces.dictionary.to_pylist())
    lengths = np.fromiter(map(len, results), np.int64, len(results)) // np.dtype(dtype).itemsize
    values = np.frombuffer(b"".join(results), dtype)
    starts = np.cumsum(lengths) - lengths

    indices = np.from_dlpack(pieces.indices)
    counts = lengths[indices]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    positions = np.arange(total) + np.repeat(starts[indices] - (ends - counts), counts)
    piece_ends = np.concatenate([[0], ends])
    text_offsets = np.concatenate([[0], np.cumsum(np.from_dlpack(pc.list_value_length(split)))])
    return values[positions], piece_ends[text_offsets]


def to_arrow(numbers: NDArray[np.int64]) -> pa.Int64Array:
    """The same memory as an Arrow array.

    Arrow's own conversions from and to NumPy import pandas, which takes 0.1 s in each process. This
    one does not, nor does DLPack, which is used for the other direction.
    """
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])
