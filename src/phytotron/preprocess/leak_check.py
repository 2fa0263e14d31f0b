"""The leak check of the stage: shingles in parallel, search, removal, and the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phytotron.errors import UserError
from phytotron.preprocess.documents import Pages, Range, read_paragraphs
from phytotron.preprocess.leaks import Leak, Shingles, find_leaks, shingle
from phytotron.preprocess.settings import LeakSettings
from phytotron.preprocess.split import SPLITS
from phytotron.workers import Workers

_SHOWN = 3  # pairs that an error lists


def remove_leaks(
    documents: Path,
    pages: Pages,
    ranges: list[Range],
    split: NDArray[np.int8],
    settings: LeakSettings,
    *,
    seed: int,
    workers: Workers,
    scratch: Path,
) -> dict[str, Any]:
    """Remove the paragraphs that leak between splits.

    A training paragraph with a (near-)copy in validation or test is removed, and so is a validation
    paragraph with one in test. The test split stays complete.

    Args:
        split: positions in `SPLITS`, one per paragraph; set to -1 where a paragraph is removed.
        scratch: an empty folder for passing hashes between processes; it is empty again after.

    Returns:
        The counts and the settings of the check, for the manifest.

    Raises:
        UserError: more than the allowed fraction of a split leaks, or nothing of a class is left.
    """
    shingles = _shingle_all(documents, ranges, settings.shingle_words, workers, scratch)
    origin = split.copy()
    leaks: list[Leak] = []
    searches = 1
    # Each search has other permutations, so the last one, which finds nothing, is independent.
    while new := find_leaks(shingles, split, threshold=settings.threshold, seed=seed + searches):
        leaks += new
        split[[leak.removed for leak in new]] = -1
        searches += 1
    removed = {}
    for number, name in enumerate(SPLITS[:-1]):
        leaking = [leak for leak in leaks if origin[leak.removed] == number]
        copies = sum(leak.copy for leak in leaking)
        removed[name] = {"copies": copies, "near_copies": len(leaking) - copies}
        share = len(leaking) / np.count_nonzero(origin == number)
        if share > settings.max_removed:
            raise UserError(
                f"{len(leaking)} paragraphs of {name} ({share:.1%}) have copies or near-copies in "
                f"another split, for example\n{_show(documents, pages, leaking[:_SHOWN])}",
                where="preprocess.leaks.max_removed",
                allowed=f"at most {settings.max_removed:.1%}",
                hint="remove repeated texts in conf/clean/, or raise the limit",
            )
    _check_classes(pages, split)
    return {
        "verdict": "no leaks",
        "threshold": settings.threshold,
        "shingle_words": settings.shingle_words,
        "searches": searches,
        "removed": removed,
    }


@dataclass(frozen=True)
class _ShingleTask:
    documents: Path
    range: Range
    words: int
    target: Path


def _write_shingles(task: _ShingleTask) -> None:
    texts = read_paragraphs(task.documents, task.range.start, task.range.stop)
    shingle(texts, task.words).save(task.target)


def _shingle_all(
    documents: Path, ranges: list[Range], words: int, workers: Workers, scratch: Path
) -> Shingles:
    targets = [scratch / f"shingles-{one.number}.npz" for one in ranges]
    tasks = [
        _ShingleTask(documents, one, words, target)
        for one, target in zip(ranges, targets, strict=True)
    ]
    workers.map(_write_shingles, tasks)
    shingles = Shingles.concatenate([Shingles.load(target) for target in targets])
    for target in targets:
        target.unlink()
    return shingles


def _check_classes(pages: Pages, split: NDArray[np.int8]) -> None:
    labels = np.repeat(pages.labels, pages.counts)
    for number, name in enumerate(SPLITS):
        left = np.bincount(labels[split == number], minlength=len(pages.names))
        if not left.all():
            missing = ", ".join(f"'{pages.names[label]}'" for label in np.flatnonzero(left == 0))
            raise UserError(
                f"every {name} paragraph of {missing} has a copy in another split",
                where="preprocess.leaks",
                hint="merge the classes that share texts, or drop them: the label rules are in "
                "conf/site/",
            )


def _show(documents: Path, pages: Pages, leaks: list[Leak]) -> str:
    page_ends = np.cumsum(pages.counts)

    def describe(paragraph: int) -> str:
        page = int(np.searchsorted(page_ends, paragraph, side="right"))
        first = int(page_ends[page] - pages.counts[page])
        text = read_paragraphs(documents, page, page + 1)[paragraph - first].as_py()
        return f"{text[:80]!r} ({pages.urls[page]})"

    return "\n".join(
        f"    {describe(leak.removed)}\n    {leak.similarity:.2f} like {describe(leak.kept)}"
        for leak in leaks
    )
