"""Reads what `preprocess` wrote: paragraphs with their labels, pages and token ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phytotron.errors import UserError, did_you_mean
from phytotron.files import read_json, sha256


@dataclass(frozen=True)
class ParagraphSplit:
    """One split of `data/processed/`, in the order of its shards.

    Paragraph `i` has the token ids `tokens[offsets[i]:offsets[i + 1]]`.

    Attributes:
        labels: class ids, int64, shape (paragraphs,).
        tokens: the ids of all paragraphs one after the other, uint16, shape (all tokens,).
        offsets: where each paragraph starts in `tokens`, int64, shape (paragraphs + 1,).
        texts: the paragraphs; decoded on first use.
        urls: the page of each paragraph; decoded on first use.
    """

    labels: NDArray[np.int64]
    tokens: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    _table: pa.Table = field(repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def texts(self) -> list[str]:
        return self._table["text"].to_pylist()

    @cached_property
    def urls(self) -> list[str]:
        return self._table["url"].to_pylist()


def load_split(folder: Path | str, split: str) -> ParagraphSplit:
    """Read one split of a processed folder.

    Args:
        folder: what the stage `preprocess` wrote, such as `data/processed`.
        split: `train`, `validation` or `test`.

    Raises:
        UserError: the folder or a shard is missing, or there is no such split.
    """
    folder = Path(folder)
    splits = _read(folder, "manifest.json")["splits"]
    if split not in splits:
        raise UserError(
            f"no split '{split}'",
            where=str(folder),
            allowed=", ".join(splits),
            hint=did_you_mean(split, splits),
        )
    tables, tokens, offsets = [], [], [np.zeros(1, np.int64)]
    for shard in splits[split]["shards"]:
        path = folder / shard["name"]
        try:
            tables.append(pq.read_table(path.with_suffix(".parquet")))
            tokens.append(np.load(path.with_suffix(".tokens.npy")))
            offsets.append(np.load(path.with_suffix(".offsets.npy"))[1:] + offsets[-1][-1])
        except FileNotFoundError as error:
            raise UserError(
                "a file of the shard is missing", where=str(path), hint="run: dvc repro preprocess"
            ) from error
    table = pa.concat_tables(tables)
    return ParagraphSplit(
        labels=table["label"].to_numpy(),
        tokens=np.concatenate(tokens),
        offsets=np.concatenate(offsets),
        _table=table,
    )


def load_labels(folder: Path | str) -> list[str]:
    """The label names of a processed folder; the position is the class id."""
    return _read(Path(folder), "labels.json")


def folder_digest(folder: Path | str) -> str:
    """SHA-256 of a processed folder's manifest, which has the hashes of all its files.

    Raises:
        UserError: the stage `preprocess` has not written it.
    """
    load_labels(folder)
    return sha256(Path(folder) / "manifest.json")


def _read(folder: Path, name: str):
    if not (folder / name).exists():
        raise UserError(
            "does not exist", where=str(folder / name), hint="run: dvc repro preprocess"
        )
    return read_json(folder / name)
