"""Assign pages to train, validation and test: whole groups, every class in the same proportions.

Plain stratification draws pages at random. A class of a dozen pages of very unequal lengths can
then have most of its paragraphs in one split. So each class is drawn many times, and the draw whose
paragraphs come closest to the wanted fractions is kept ("rerandomization": Morgan and
Rubin, "Rerandomization to improve covariate balance in experiments", 2012).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from phytotron.errors import UserError
from phytotron.preprocess.documents import Pages

SPLITS = ("train", "validation", "test")
_DRAWS = 500


def assign_splits(pages: Pages, fractions: Mapping[str, float], seed: int) -> NDArray[np.int8]:
    """Put each page into a split.

    Pages of one group go into one split. The draw of a class depends on the seed and on the
    class's own pages, so that a new class does not reshuffle the others.

    Args:
        fractions: of the paragraphs, for `train`, `validation` and `test`; they add up to 1.

    Returns:
        Positions in `SPLITS`, int8, one per page.

    Raises:
        UserError: a class has too few groups for three splits.
    """
    wanted = np.array([fractions[split] for split in SPLITS])
    group_of_page = np.unique(pages.groups, return_inverse=True)[1]
    weights = np.zeros((group_of_page.max() + 1, len(pages.names)))  # paragraphs: groups x classes
    np.add.at(weights, (group_of_page, pages.labels), pages.counts)
    groups_of_class = np.count_nonzero(weights, axis=0)
    _check_enough(pages, groups_of_class)

    split_of_group = np.full(len(weights), -1, np.int8)
    # Rare classes first, so that a group of several classes is placed for the rarest of them.
    for label in np.argsort(groups_of_class, kind="stable"):
        members = np.flatnonzero(weights[:, label])
        split_of_group[members] = _draw_class(
            weights[members, label],
            split_of_group[members],
            wanted,
            np.random.default_rng([seed, _stable_number(pages.names[label])]),
        )
    split_of_page = split_of_group[group_of_page]
    _check_present(pages, split_of_page)
    return split_of_page


def _draw_class(
    weights: NDArray[np.float64],
    placed: NDArray[np.int8],
    wanted: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.int8]:
    """The splits of the groups of one class; those with `placed` >= 0 keep theirs."""
    free = np.flatnonzero(placed < 0)
    already = np.array([np.count_nonzero(placed == split) for split in range(3)])
    quota = np.maximum(_quota(len(placed), wanted) - already, 0)
    quota[0] = max(0, len(free) - quota[1:].sum())
    labels = np.repeat(np.arange(3, dtype=np.int8), quota)[: len(free)]
    best, best_distance = placed, np.inf
    for _ in range(_DRAWS):
        drawn = placed.copy()
        drawn[free] = generator.permutation(labels)
        shares = np.bincount(drawn, weights, minlength=3) / weights.sum()
        distance = np.abs(shares - wanted).max()
        if distance < best_distance:
            best, best_distance = drawn, distance
    return best


def _quota(groups: int, wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of groups of each split: at least one, and the rest for train."""
    held_out = np.clip(np.round(groups * wanted[1:]).astype(np.int64), 1, (groups - 1) // 2)
    return np.concatenate([[groups - held_out.sum()], held_out])


def _check_enough(pages: Pages, groups_of_class: NDArray[np.int64]) -> None:
    few = np.flatnonzero(groups_of_class < len(SPLITS))
    if not len(few):
        return
    lines = []
    for label in few:
        of_class = pages.labels == label
        lines.append(
            f"'{pages.names[label]}' has {np.count_nonzero(of_class)} page(s) in "
            f"{groups_of_class[label]} group(s) of near-duplicates, "
            f"{pages.counts[of_class].sum()} paragraph(s)"
        )
    raise UserError(
        "too few pages for three splits: " + "; ".join(lines),
        where="preprocess.fractions",
        allowed=f"at least {len(SPLITS)} groups of pages for each class",
        hint="crawl more pages of the class, merge it with another one, or drop it: the label "
        "rules are in conf/site/",
    )


def _check_present(pages: Pages, split_of_page: NDArray[np.int8]) -> None:
    for label, name in enumerate(pages.names):
        for split in range(len(SPLITS)):
            if not np.any((pages.labels == label) & (split_of_page == split)):
                raise UserError(
                    f"class '{name}' shares its groups of near-duplicate pages with other classes "
                    f"so that none is left for {SPLITS[split]}",
                    where="preprocess.fractions",
                    hint="merge the classes, or make near-duplicates of pages rarer: conf/clean/",
                )


def _stable_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
