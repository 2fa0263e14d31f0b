"""Labelled paragraphs as batches."""

from __future__ import annotations

import numpy as np
import pytest

from phytotron.data.paragraphs import load_labels, load_split
from phytotron.data.text_module import TextDataModule
from phytotron.data.tiny_paragraphs import tiny
from phytotron.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("text_module") / "processed")


@pytest.fixture
def module(folder):
    return TextDataModule(folder, batch_size=8, max_tokens=10, seed=0)


def test_its_dimensions_are_those_that_a_network_needs(folder, module):
    train = load_split(folder, "train")
    assert module.dimensions["num_classes"] == len(load_labels(folder))
    assert module.dimensions["vocabulary"] > train.tokens.max()
    assert module.class_counts.tolist() == np.bincount(train.labels, minlength=4).tolist()


def test_a_batch_holds_paragraphs_with_their_labels(folder, module):
    split = load_split(folder, "validation")
    expected = sorted(
        (split.tokens[split.offsets[i] : split.offsets[i + 1]][:10].tolist(), int(split.labels[i]))
        for i in range(len(split))
    )
    got = []
    for tokens, targets in module.val_dataloader():
        for row, target in zip(tokens.tolist(), targets.tolist(), strict=True):
            got.append(([token for token in row if token], target))
    assert sorted(got) == expected


def test_training_batches_are_full_and_differ_from_epoch_to_epoch(module):
    loader = module.train_dataloader()
    epochs = []
    for epoch in (0, 1, 0):
        loader.sampler.start_at(epoch, batch=0)
        batches = list(loader)
        assert {len(batch.targets) for batch in batches} == {8}
        epochs.append([batch.inputs.tolist() for batch in batches])
    assert epochs[0] == epochs[2] != epochs[1]


def test_two_processes_share_each_batch(folder, module):
    class Trainer:
        world_size = 2

        def __init__(self, rank):
            self.global_rank = rank

    shares = []
    for rank in (0, 1):
        half = TextDataModule(folder, batch_size=4, max_tokens=10, seed=0)
        half.trainer = Trainer(rank)
        shares.append(list(half.train_dataloader()))
    whole = list(module.train_dataloader())
    assert len(whole) == len(shares[0]) == len(shares[1])
    for batch, *halves in zip(whole, *shares, strict=True):
        together = sorted(t for half in halves for t in half.targets.tolist())
        assert sorted(batch.targets.tolist()) == together


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(UserError, match="dvc repro preprocess"):
        TextDataModule(tmp_path / "nowhere", batch_size=4, max_tokens=10, seed=0)
