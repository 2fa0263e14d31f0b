"""Write one range of the documents as one shard of each split."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tokenizers import Tokenizer

from phytotron.files import sha256
from phytotron.preprocess.documents import Range, read_paragraphs, read_urls
from phytotron.preprocess.pieces import to_arrow
from phytotron.preprocess.split import SPLITS
from phytotron.preprocess.tokenizer import Encoder


@dataclass(frozen=True)
class ShardTask:
    """The input of `write_shards`; every array has one entry per page or per paragraph.

    Attributes:
        documents: the Parquet file.
        folder: the processed folder, which holds `tokenizer.json`.
        labels, counts: of the range's pages.
        split_of_paragraph: positions in `SPLITS`, -1 for a paragraph that is left out.
    """

    documents: Path
    folder: Path
    range: Range
    labels: NDArray[np.int64]
    counts: NDArray[np.int64]
    split_of_paragraph: NDArray[np.int8]


def write_shards(task: ShardTask) -> dict[str, dict[str, Any]]:
    """Read a range, write its shard of each split, and return a description of each shard.

    A split without paragraphs of the range has no shard of its number.
    """
    texts = read_paragraphs(task.documents, task.range.start, task.range.stop)
    page_of_paragraph = np.repeat(np.arange(len(task.counts)), task.counts)
    encoder = _encoder(task.folder / "tokenizer.json")
    urls = read_urls(task.documents, task.range.start, task.range.stop)
    shards = {}
    for split, name in enumerate(SPLITS):
        rows = np.flatnonzero(task.split_of_paragraph == split)
        if not len(rows):
            continue
        pages = page_of_paragraph[rows]
        text = texts.take(to_arrow(rows))
        labels = task.labels[pages]
        tokens, offsets = encoder(text)
        shard = f"{name}/{task.range.number:03d}"
        path = task.folder / shard
        columns = {"text": text, "label": to_arrow(labels), "url": urls.take(to_arrow(pages))}
        table = pa.table(columns)
        pq.write_table(table, path.with_suffix(".parquet"), compression="zstd")
        _save(path.with_suffix(".tokens.npy"), tokens)
        _save(path.with_suffix(".offsets.npy"), offsets)
        shards[name] = {
            "name": shard,
            "pages": len(np.unique(pages)),
            "paragraphs": len(rows),
            "tokens": len(tokens),
            "labels": np.bincount(labels).tolist(),
            "sha256": {
                suffix: sha256(path.with_suffix(f".{suffix}"))
                for suffix in ("parquet", "tokens.npy", "offsets.npy")
            },
        }
    return shards


def _save(path: Path, array: NDArray) -> None:
    # `np.save` to a path hides the reason (disk full, ...) of a failure.
    buffer = io.BytesIO()
    np.save(buffer, array)
    path.write_bytes(buffer.getbuffer())


@lru_cache(maxsize=1)
def _encoder(path: Path) -> Encoder:
    return Encoder(Tokenizer.from_file(str(path)))
