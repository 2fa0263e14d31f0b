"""The tokenizer: byte-pair encoding, trained on the train split.

Texts mix prose with code. NFKC unifies typographic variants, and words and runs of punctuation are
separated before merging: `os.path.join` is `os . path . join`, `=VLOOKUP(A1;B2)` is
`= vlookup ( a1 ; b2 )`, while an identifier such as `pg_stat_activity` is one word, whose common
parts the merges learn.

Source: Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword units",
2016, as implemented in the library `tokenizers`. Its BPE training is deterministic as long as no
prefix for word continuations is used (their ids would follow the hash order); a test checks this.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from phytotron.errors import UserError
from phytotron.preprocess.pieces import map_pieces

PAD, UNK = "[PAD]", "[UNK]"  # ids 0 and 1
MAX_VOCABULARY = 2**16  # token ids are stored as uint16
_MAX_CACHED = 2**20  # distinct pieces that an encoder caches, some 200 MB


def train_tokenizer(
    batches: Iterable[list[str]], *, vocab_size: int, min_frequency: int, lowercase: bool
) -> Tokenizer:
    """Learn a BPE vocabulary.

    Args:
        batches: lists of texts; the result does not depend on their lengths.
        vocab_size: largest number of entries, with the two special tokens.
        min_frequency: number of times that a pair must occur to be merged.
        lowercase: whether texts are converted to lower case.

    Raises:
        UserError: the vocabulary cannot hold even the single characters.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=UNK))
    # Unicode's separator controls are white space to Arrow, which `Encoder` splits with.
    separators = normalizers.Replace(Regex("[\\x1c-\\x1f]"), " ")
    case = [normalizers.Lowercase()] if lowercase else []
    tokenizer.normalizer = normalizers.Sequence([separators, normalizers.NFKC(), *case])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=[PAD, UNK],
        show_progress=False,
    )
    tokenizer.train_from_iterator(batches, trainer)
    if tokenizer.get_vocab_size() > vocab_size:
        raise UserError(
            f"{vocab_size} is too small for the distinct characters of the train split",
            where="preprocess.tokenizer.vocab_size",
            allowed=f"from {tokenizer.get_vocab_size()} to {MAX_VOCABULARY}",
        )
    return tokenizer


class Encoder:
    """Converts texts to the same token ids as `Tokenizer.encode`, several times as fast.

    Args:
        tokenizer: one made by `train_tokenizer`, which splits at all white space.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._cache: dict[str, bytes] = {}

    def __call__(self, texts: pa.StringArray) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """The concatenated token ids of n texts, and where each text starts, shape (n + 1,)."""
        return map_pieces(texts, self._ids, np.uint16)

    def _ids(self, pieces: list[str]) -> list[bytes]:
        if len(self._cache) > _MAX_CACHED:
            self._cache.clear()
        new = [piece for piece in pieces if piece not in self._cache]
        encodings = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        ids = (array("H", encoding.ids).tobytes() for encoding in encodings)
        self._cache.update(zip(new, ids, strict=True))
        return [self._cache[piece] for piece in pieces]
