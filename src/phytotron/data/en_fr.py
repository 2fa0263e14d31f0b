"""English sentences with their French translation: the paragraphs of LibreOffice's help.

A paragraph has the same id in both languages. 32,483 different English paragraphs have a
translation; 14,610 of them have at most 10 words and a translation of at most 14. It is the
language of office software, not of everyday talk, and many sentences are alike: a sentence that is
held out is new, its subject is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.office_help import help_pages
from phytotron.data.sources import fetch
from phytotron.data.tokens import PAD, UNKNOWN
from phytotron.errors import UserError

BEGIN, END = 2, 3
SPECIAL_WORDS = ("<pad>", "<unknown>", "<begin>", "<end>")  # the position is the id

Sentence = list[str]  # words in lower case
_WORD = re.compile(r"\w+'|\w+|[^\w\s]")  # an apostrophe belongs to the word before it: l' objet


class Pairs(NamedTuple):
    """Sentences and their translations as word ids, int64, padded with `PAD` at the end.

    Attributes:
        source: words and `END`, shape (pairs, source length).
        target: `BEGIN`, words and `END`, shape (pairs, target length).
    """

    source: Tensor
    target: Tensor


class TranslationData(ArrayDataModule):
    """`Pairs` with the words that their ids stand for.

    The dimensions are `source_vocabulary`, `target_vocabulary`, `source_length`, `target_length`.

    Attributes:
        source_words, target_words: the position is the id; the first are `SPECIAL_WORDS`.
    """

    def __init__(
        self, splits: Sequence[Any], words: tuple[list[str], list[str]], **options: Any
    ) -> None:
        train, validation, test = splits
        self.source_words, self.target_words = words
        super().__init__(
            train,
            test,
            validation=validation,
            dimensions={
                "source_vocabulary": len(self.source_words),
                "target_vocabulary": len(self.target_words),
                "source_length": train.source.shape[1],
                "target_length": train.target.shape[1],
            },
            **options,
        )


def read_en_fr(
    *,
    english: Sequence[Mapping[str, str]],
    french: Sequence[Mapping[str, str]],
    tiny: bool = False,
    cache: Path | None = None,
) -> list[tuple[Sentence, Sentence]]:
    """Pairs of sentences, each English one once.

    Args:
        english, french: sources of the packages with the help pages; see `phytotron.data.sources`.
        tiny: generate a few phrases instead of reading the packages.
        cache: the folder of the packages; None: the user's cache.
    """
    return _tiny_pairs() if tiny else read_pairs(fetch(english, cache), fetch(french, cache))


def translation_module(
    read: Sequence[tuple[Sentence, Sentence]],
    *,
    batch_size: int | None,
    validation: int,
    test_samples: int,
    seed: int,
    split_seed: int,
    max_source_words: int,
    max_target_words: int,
    min_count: int,
    tiny: bool = False,
) -> TranslationData:
    """The data module of pairs of sentences, in three splits.

    Args:
        read: the pairs.
        batch_size: pairs of a training batch in each process; None: all in one.
        validation: pairs for validation.
        test_samples: pairs for the test.
        seed: determines, together with the epoch, the order of the training pairs.
        split_seed: chooses the pairs for validation and test.
        max_source_words: pairs with a longer source sentence are left out.
        max_target_words: pairs with a longer target sentence are left out.
        min_count: words that are rarer in the training pairs are `<unknown>`, and so are words that
            occur in validation and test alone.
        tiny: hold out at most 16 pairs for each of validation and test, and keep rare words.

    Raises:
        UserError: more pairs are to be held out than there are.
    """
    if tiny:
        validation, test_samples, min_count = min(validation, 16), min(test_samples, 16), 1
    short = [
        (source, target)
        for source, target in read
        if len(source) <= max_source_words and len(target) <= max_target_words
    ]
    if validation + test_samples >= len(short):
        raise UserError(
            f"{validation} pairs for validation and {test_samples} for the test, of {len(short)}",
            where="data.validation",
            allowed="together fewer than there are",
        )
    order = np.random.default_rng(split_seed).permutation(len(short))
    parts = np.split(order, [test_samples, test_samples + validation])
    test, held_out, train = ([short[row] for row in np.sort(part)] for part in parts)
    source_words = vocabulary((source for source, _ in train), min_count)
    target_words = vocabulary((target for _, target in train), min_count)

    def encoded(pairs: list[tuple[Sentence, Sentence]]) -> Pairs | None:
        if not pairs:
            return None
        sources, targets = zip(*pairs, strict=True)
        return Pairs(
            torch.from_numpy(_ids(sources, source_words, max_source_words, begin=False)),
            torch.from_numpy(_ids(targets, target_words, max_target_words, begin=True)),
        )

    return TranslationData(
        [encoded(part) for part in (train, held_out, test)],
        (source_words, target_words),
        batch_size=batch_size,
        seed=seed,
        tiny=tiny,
    )


def read_pairs(english: Path, french: Path) -> list[tuple[Sentence, Sentence]]:
    """All paragraphs that are translated; each English one once, with its first translation.

    Paragraphs that are the same in both languages are left out.
    """
    translated = {page.name: page.paragraphs for page in help_pages(french)}
    found: dict[str, tuple[Sentence, Sentence]] = {}
    for page in help_pages(english):
        french_paragraphs = translated.get(page.name, {})
        for identity, text in page.paragraphs.items():
            source, target = words(text), words(french_paragraphs.get(identity, ""))
            if source and target and source != target:
                found.setdefault(" ".join(source), (source, target))
    return list(found.values())


def words(text: str) -> Sentence:
    """The words and punctuation marks of a text, in lower case."""
    return _WORD.findall(text.lower().replace("’", "'"))


def vocabulary(sentences: Iterable[Sentence], min_count: int) -> list[str]:
    """`SPECIAL_WORDS`, then all words that occur at least `min_count` times, by frequency."""
    counts = Counter(word for sentence in sentences for word in sentence)
    frequent = [word for word, count in counts.items() if count >= min_count]
    return [*SPECIAL_WORDS, *sorted(frequent, key=lambda word: (-counts[word], word))]


def _ids(
    sentences: Sequence[Sentence], vocabulary: list[str], longest: int, *, begin: bool
) -> NDArray[np.int64]:
    """Word ids, shape (sentences, longest + 1 for `END` + 1 for `BEGIN`)."""
    ids = {word: position for position, word in enumerate(vocabulary)}
    table = np.full((len(sentences), longest + 1 + begin), PAD, np.int64)
    for row, sentence in zip(table, sentences, strict=True):
        line = [ids.get(word, UNKNOWN) for word in sentence] + [END]
        line = [BEGIN, *line] if begin else line
        row[: len(line)] = line
    return table


def _tiny_pairs() -> list[tuple[Sentence, Sentence]]:
    """96 phrases such as `the red house`, `la maison rouge`, in which the adjective moves."""
    colours = {"red": "rouge", "yellow": "jaune", "pink": "rose", "brown": "marron"}
    things = {"house": "maison", "door": "porte", "chair": "chaise", "table": "table"}
    frames = {"the {}": "la {}", "a {}": "une {}", "my {}": "ma {}", "your {}": "ta {}"}
    ends = {"": "", "here": "ici"}
    phrases = (
        (
            words(f"{frame.format(f'{colour} {thing}')} {end}"),
            words(f"{frames[frame].format(f'{things[thing]} {colours[colour]}')} {ends[end]}"),
        )
        for end in ends
        for frame in frames
        for colour in colours
        for thing in things
    )
    return list(islice(phrases, 96))
