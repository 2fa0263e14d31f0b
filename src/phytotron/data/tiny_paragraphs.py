"""The tiny variant of the paragraphs, on which tests run without a download."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phytotron.preprocess.pipeline import preprocess
from phytotron.preprocess.settings import LeakSettings, Settings, TokenizerSettings


def tiny(folder: Path | str, seed: int = 0) -> Path:
    """Write a processed folder of four easy classes, 240 short paragraphs, without a download.

    `preprocess` itself writes it, so it has every file of a real one. Each paragraph mixes words of
    its class with common ones.

    Returns:
        `folder`.
    """
    generator = np.random.default_rng(seed)
    rows = [
        {
            "url": f"http://tiny.test/{label}/{page:02d}.html",
            "label": label,
            "group": len(_CLASS_WORDS) * page + number,
            "paragraphs": [_sentence(words.split(), generator) for _ in range(5)],
        }
        for number, (label, words) in enumerate(_CLASS_WORDS.items())
        for page in range(12)
    ]
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        documents = Path(scratch) / "documents.parquet"
        pq.write_table(pa.Table.from_pylist(rows), documents)
        settings = Settings(
            seed=seed,
            fractions={"train": 0.7, "validation": 0.15, "test": 0.15},
            workers=1,
            shard_paragraphs=80,
            tokenizer=TokenizerSettings(vocab_size=256, min_frequency=2, lowercase=True),
            leaks=LeakSettings(threshold=0.8, shingle_words=2, max_removed=0.05),
        )
        preprocess(documents, folder, settings)
    return folder


def _sentence(class_words: list[str], generator: np.random.Generator) -> str:
    words = [
        *generator.choice(class_words, generator.integers(4, 9), replace=False),
        *generator.choice(_COMMON_WORDS.split(), generator.integers(3, 12)),
    ]
    return " ".join(generator.permutation(words).tolist()).capitalize() + "."


_COMMON_WORDS = (
    "the a of to in for this can use set given value name when which new all and or with"
)
_CLASS_WORDS = {
    "database": "table index query row CREATE SELECT transaction schema view trigger commit vacuum",
    "language": "function class module import iterator tuple exception str method generator yield",
    "server": "request header proxy virtual host directive httpd SSLEngine log port redirect cache",
    "sheet": "cell formula column chart VLOOKUP sum range sort filter pivot format worksheet",
}
