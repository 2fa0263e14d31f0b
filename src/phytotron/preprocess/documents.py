"""The documents that `clean` wrote: facts about all pages, and the texts of ranges of pages.

A range is read from the row groups that it overlaps, so processes that work on different ranges
share nothing but the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phytotron.errors import UserError

_SCHEMA = pa.schema(
    {
        "url": pa.string(),
        "label": pa.string(),
        "group": pa.int64(),
        "paragraphs": pa.list_(pa.string()),
    }
)
_HINT = "run: dvc repro clean"


@dataclass(frozen=True)
class Pages:
    """All pages without their texts, in file order; every list and array has one entry per page.

    Attributes:
        urls: the addresses.
        labels: class ids, positions in `names`.
        groups: near-duplicate pages have the same number.
        counts: paragraphs of the page, at least 1.
        names: the label names, sorted.
    """

    urls: list[str]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    counts: NDArray[np.int64]
    names: list[str]

    def __len__(self) -> int:
        return len(self.urls)


@dataclass(frozen=True)
class Range:
    """Pages `start` to `stop` (exclusive) of a documents file.

    Attributes:
        first_paragraph: the number of its first paragraph, counted over the whole file.
    """

    number: int
    start: int
    stop: int
    first_paragraph: int
    paragraphs: int


def read_pages(path: Path) -> Pages:
    """Read all pages without their texts.

    Raises:
        UserError: the file is missing, damaged, empty, or breaks the contract of `clean`.
    """
    parts = []
    try:
        file = pq.ParquetFile(path)
        _check_columns(file.schema_arrow, path)
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=_SCHEMA.names).select(_SCHEMA.names)
            table = table.cast(_SCHEMA)  # pandas writes the type large_string
            _check_rows(table, path)
            counts = pc.list_value_length(table["paragraphs"])
            parts.append(table.drop_columns("paragraphs").append_column("count", counts))
    except FileNotFoundError:
        raise UserError("does not exist", where=str(path), hint=_HINT) from None
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):  # an error of the disk, not of the file
            raise
        raise UserError(f"cannot be read: {error}", where=str(path), hint=_HINT) from error
    if not sum(map(len, parts)):
        raise UserError("the file has no documents", where=str(path), hint=_HINT)
    table = pa.concat_tables(parts)
    names = sorted(table["label"].unique().to_pylist())
    return Pages(
        urls=table["url"].to_pylist(),
        labels=pc.index_in(table["label"], pa.array(names)).to_numpy().astype(np.int64),
        groups=table["group"].to_numpy(),
        counts=table["count"].to_numpy().astype(np.int64),
        names=names,
    )


def cut_ranges(counts: NDArray[np.int64], paragraphs: int) -> list[Range]:
    """Cut pages into runs of about `paragraphs` paragraphs; a page is never cut."""
    ends = np.cumsum(counts)
    wanted = max(1, round(int(ends[-1]) / paragraphs))
    targets = ends[-1] * np.arange(1, wanted + 1) / wanted
    stops = np.unique(np.searchsorted(ends, targets) + 1)
    starts = np.concatenate([[0], stops[:-1]])
    firsts = ends[starts] - counts[starts]
    return [
        Range(number, int(start), int(stop), int(first), int(ends[stop - 1] - first))
        for number, (start, stop, first) in enumerate(zip(starts, stops, firsts, strict=True))
    ]


def read_paragraphs(path: Path, start: int, stop: int) -> pa.StringArray:
    """The paragraphs of the pages `start` to `stop` (exclusive), page after page."""
    return _read(path, "paragraphs", start, stop).flatten()


def read_urls(path: Path, start: int, stop: int) -> pa.StringArray:
    """The addresses of the pages `start` to `stop` (exclusive)."""
    return _read(path, "url", start, stop)


def _read(path: Path, column: str, start: int, stop: int) -> pa.Array:
    slices, first = [], 0
    metadata = pq.read_metadata(path)
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        low, high = max(start, first), min(stop, first + rows)
        if low < high:
            slices.append(_read_row_group(path, column, group).slice(low - first, high - low))
        first += rows
    return pa.chunked_array(slices).combine_chunks()


@lru_cache(maxsize=4)  # consecutive ranges often share a row group
def _read_row_group(path: Path, column: str, group: int) -> pa.Array:
    table = pq.ParquetFile(path).read_row_group(group, columns=[column], use_threads=False)
    return table[column].cast(_SCHEMA.field(column).type).combine_chunks()


def _check_columns(schema: pa.Schema, path: Path) -> None:
    missing = [name for name in _SCHEMA.names if name not in schema.names]
    if missing:
        raise UserError(f"lacks the column(s) {', '.join(missing)}", where=str(path), hint=_HINT)


def _check_rows(table: pa.Table, path: Path) -> None:
    paragraphs = table["paragraphs"]
    for name in _SCHEMA.names:
        if table[name].null_count:
            raise UserError(f"column '{name}' has empty rows", where=str(path), hint=_HINT)
    if pc.list_flatten(paragraphs).null_count:
        raise UserError("a paragraph is null", where=str(path), hint=_HINT)
    empty = pc.equal(pc.list_value_length(paragraphs), 0)
    if pc.any(empty).as_py():
        url = table["url"].filter(empty)[0].as_py()
        raise UserError(f"the page {url} has no paragraph", where=str(path), hint=_HINT)
