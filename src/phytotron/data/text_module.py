"""Labelled paragraphs as padded batches of token ids."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from phytotron.data.order import TrainingOrder, evaluation_batches
from phytotron.data.paragraphs import ParagraphSplit, folder_digest, load_labels, load_split
from phytotron.data.readers import TOKENIZER, SplitSamples, TextReader
from phytotron.data.tokens import TokenRows


class TextBatch(NamedTuple):
    """Token ids, shape (batch, tokens), 0 where padded; and class ids, shape (batch,)."""

    inputs: Tensor
    targets: Tensor


class TextBatches(Dataset[TextBatch]):
    """A split that is indexed by the rows of a batch, so that nothing has to be collated."""

    def __init__(self, split: ParagraphSplit, max_tokens: int) -> None:
        self.rows = TokenRows(split.tokens, split.offsets, max_tokens)
        self.labels = split.labels

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: NDArray[np.int64]) -> TextBatch:
        return TextBatch(
            torch.from_numpy(self.rows.padded(rows)), torch.from_numpy(self.labels[rows])
        )


class TextDataModule(pl.LightningDataModule):
    """The splits of a folder that the stage `preprocess` wrote.

    Args:
        folder: such as `data/processed`.
        batch_size: paragraphs of a training batch in each process.
        max_tokens: longer paragraphs are cut off.
        seed: determines, together with the epoch, the order of the training paragraphs.
        workers: processes that prepare training batches; 0: training prepares them itself.

    Attributes:
        dimensions: what a network must know of the data: `vocabulary` (number of token ids) and
            `num_classes`.
        class_counts: training paragraphs of each class, shape (classes,).
    """

    def __init__(
        self, folder: Path | str, batch_size: int, max_tokens: int, seed: int, workers: int = 0
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.seed = seed
        self.workers = workers
        labels = self.class_names = load_labels(self.folder)
        tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
        self.dimensions = {"vocabulary": tokenizer.get_vocab_size(), "num_classes": len(labels)}
        self.train, self.validation, self.test = map(self._batches, ("train", "validation", "test"))
        self.class_counts = np.bincount(self.train.labels, minlength=len(labels))

    digest = staticmethod(folder_digest)

    def test_samples(self) -> SplitSamples:
        """The test paragraphs with their pages."""
        read = load_split(self.folder, "test")
        return SplitSamples(read.texts, read.labels, read.urls, read.texts)

    def reader(self) -> TextReader:
        """How a model that was trained on them reads a text."""
        return TextReader(self.folder / TOKENIZER, self.max_tokens)

    def _batches(self, split: str) -> TextBatches:
        return TextBatches(load_split(self.folder, split), self.max_tokens)

    def train_dataloader(self) -> DataLoader:
        order = TrainingOrder(
            self.train.rows.lengths, self.batch_size, seed=self.seed, **self._share()
        )
        return DataLoader(self.train, sampler=order, batch_size=None, num_workers=self.workers)

    def val_dataloader(self) -> DataLoader:
        return self._evaluation(self.validation)

    def test_dataloader(self) -> DataLoader:
        return self._evaluation(self.test)

    def _evaluation(self, split: TextBatches) -> DataLoader:
        # Without gradients, memory suffices for batches four times as large.
        batches = evaluation_batches(split.rows.lengths, 4 * self.batch_size, **self._share())
        return DataLoader(split, sampler=batches, batch_size=None)

    def _share(self) -> dict[str, int]:
        """The part of each batch that this process gets; all of it outside a Trainer."""
        if self.trainer is None:
            return {"rank": 0, "world_size": 1}
        return {"rank": self.trainer.global_rank, "world_size": self.trainer.world_size}
