"""From documents to a processed folder: split, check for leaks, train the tokenizer, write shards.

The bytes of the result depend on the documents and the settings, never on the number of workers:
the ranges depend on the documents alone, and each is processed by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from phytotron.files import replacing_folder, sha256, write_json, write_text
from phytotron.preprocess.documents import Pages, Range, cut_ranges, read_pages, read_paragraphs
from phytotron.preprocess.leak_check import remove_leaks
from phytotron.preprocess.settings import Settings
from phytotron.preprocess.shards import ShardTask, write_shards
from phytotron.preprocess.split import SPLITS, assign_splits
from phytotron.preprocess.tokenizer import train_tokenizer
from phytotron.workers import Workers


def preprocess(documents: Path, folder: Path, settings: Settings) -> dict[str, Any]:
    """Write the processed folder (its files are in docs/pipeline.md) and return its manifest.

    Args:
        documents: the Parquet file that `clean` wrote.
        folder: replaced as a whole; if anything fails, it stays as it was.

    Raises:
        UserError: the documents break their contract, a class is too small, too many paragraphs
            leak, or a worker died.
    """
    pages = read_pages(documents)
    ranges = cut_ranges(pages.counts, settings.shard_paragraphs)
    split = np.repeat(assign_splits(pages, settings.fractions, settings.seed), pages.counts)
    workers = Workers(
        settings.workers, "preprocess.workers", ", or a smaller preprocess.shard_paragraphs"
    )
    with replacing_folder(folder) as part, workers:
        leaks = remove_leaks(
            documents,
            pages,
            ranges,
            split,
            settings.leaks,
            seed=settings.seed,
            workers=workers,
            scratch=part,
        )
        tokenizer = train_tokenizer(
            _train_texts(documents, ranges, split),
            vocab_size=settings.tokenizer.vocab_size,
            min_frequency=settings.tokenizer.min_frequency,
            lowercase=settings.tokenizer.lowercase,
        )
        write_text(part / "tokenizer.json", tokenizer.to_str(pretty=True))
        for name in SPLITS:
            (part / name).mkdir()
        tasks = [_shard_task(documents, part, pages, one, split) for one in ranges]
        shards = workers.map(write_shards, tasks)
        manifest = {
            "documents": {"sha256": sha256(documents), "pages": len(pages)},
            "leaks": leaks,
            "splits": {name: _describe(name, shards, pages.names) for name in SPLITS},
            "tokenizer": {
                "sha256": sha256(part / "tokenizer.json"),
                "vocabulary": tokenizer.get_vocab_size(),
            },
        }
        write_json(part / "labels.json", pages.names)
        write_json(part / "manifest.json", manifest)
    return manifest


def _train_texts(
    documents: Path, ranges: list[Range], split: NDArray[np.int8]
) -> Iterator[list[str]]:
    train = split == SPLITS.index("train")
    for one in ranges:
        texts = read_paragraphs(documents, one.start, one.stop)
        chosen = train[one.first_paragraph : one.first_paragraph + one.paragraphs]
        yield texts.filter(pa.array(chosen)).to_pylist()


def _shard_task(
    documents: Path, folder: Path, pages: Pages, one: Range, split: NDArray[np.int8]
) -> ShardTask:
    return ShardTask(
        documents=documents,
        folder=folder,
        range=one,
        labels=pages.labels[one.start : one.stop],
        counts=pages.counts[one.start : one.stop],
        split_of_paragraph=split[one.first_paragraph : one.first_paragraph + one.paragraphs],
    )


def _describe(split: str, shards: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    of_split = [by_split[split] for by_split in shards if split in by_split]
    labels: Counter[str] = Counter()
    for shard in of_split:
        labels.update(dict(zip(names, shard.pop("labels"), strict=False)))
    return {
        "pages": sum(shard["pages"] for shard in of_split),
        "paragraphs": sum(shard["paragraphs"] for shard in of_split),
        "tokens": sum(shard["tokens"] for shard in of_split),
        "labels": dict(labels),
        "shards": of_split,
    }
