"""Rows with a part held out for the test."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phytotron.data.arrays import Samples, Splits
from phytotron.data.iris import read_iris
from phytotron.data.random_table import random_table
from phytotron.data.tables import table_module
from phytotron.errors import UserError


def rows(count=40, **options):
    inputs = np.arange(count, dtype=np.float32)[:, None]
    defaults = {"batch_size": 8, "validation": 0, "seed": 0, "test_samples": 10, "split_seed": 1}
    return table_module((inputs, np.arange(count) % 2), **(defaults | options))


def held_out(data) -> list[float]:
    return sorted(data.test.inputs.flatten().tolist())


def test_the_test_rows_are_chosen_by_the_split_seed_alone():
    assert held_out(rows()) == held_out(rows(seed=5)) != held_out(rows(split_seed=2))
    seen = sorted(held_out(rows()) + rows().train.inputs.flatten().tolist())
    assert seen == list(range(40))


def test_there_need_not_be_a_test():
    data = rows(test_samples=0)
    assert data.test is None
    assert data.train.inputs.flatten().tolist() == list(range(40))


def test_a_test_split_that_was_read_stays_unless_rows_are_held_out():
    samples = Samples(torch.arange(40.0)[:, None], torch.arange(40) % 2)
    splits = Splits(samples, samples, class_names=["even", "odd"], input_names=["x"])
    data = table_module(splits, batch_size=8, validation=0, seed=0)
    assert len(data.train.inputs) == len(data.test.inputs) == 40
    assert (data.class_names, data.input_names) == (["even", "odd"], ["x"])
    chosen = table_module(splits, batch_size=8, validation=0, seed=0, test_samples=9)
    assert [len(chosen.train.inputs), len(chosen.test.inputs)] == [31, 9]


def test_two_classes_can_be_one_output():
    data = rows(binary=True)
    assert data.dimensions == {"input_shape": (1,), "num_outputs": 1}
    assert data.train.targets.shape == (30, 1)
    assert data.train.targets.dtype == data.train.inputs.dtype


def test_tiny_is_small():
    data = rows(count=1000, test_samples=500, validation=400, batch_size=None, tiny=True)
    assert [len(split.inputs) for split in (data.train, data.validation, data.test)] == [36, 12, 16]
    assert max(len(batch.inputs) for batch in data.train_dataloader()) == 16


@pytest.mark.parametrize("targets", [[0, 1, 2], [0.0, 0.5, 1.0]])
def test_other_targets_than_two_classes_are_no_single_output(targets):
    with pytest.raises(UserError, match=r"data\.binary: the targets are not class ids 0 and 1"):
        table_module(
            (np.zeros((3, 1)), np.array(targets)), batch_size=1, validation=0, seed=0, binary=True
        )


def test_samples_without_inputs_cannot_be_standardised():
    read = random_table(rows=9, id_columns=1, vocabulary=2, number_columns=1, generator_seed=0)
    with pytest.raises(UserError, match=r"data\.standardise: .* but ids, numbers, targets"):
        table_module(read, batch_size=1, validation=0, seed=0, standardise=True)


@pytest.mark.parametrize("test_samples", [-1, 40])
def test_a_test_that_leaves_nothing_to_train_on_is_refused(test_samples):
    with pytest.raises(UserError, match=r"data\.test_samples: .* samples for the test"):
        rows(test_samples=test_samples)


@pytest.mark.catalogue("A18")
def test_iris_is_split_as_in_vasilev_2023():  # ch. 1
    data = table_module(
        read_iris(), batch_size=None, validation=0, seed=0, test_samples=30, split_seed=1234
    )
    assert data.dimensions == {"input_shape": (4,), "num_classes": 3}
    assert [len(data.train.inputs), len(data.test.inputs)] == [120, 30]
    # What pandas' `sample(frac=1, random_state=1234)` shuffles.
    from sklearn.datasets import load_iris

    frame = load_iris(as_frame=True).frame.sample(frac=1, random_state=1234)
    assert np.allclose(data.test.inputs, frame.iloc[120:, :4])
    assert data.test.targets.tolist() == frame["target"].iloc[120:].tolist()


def test_iris_with_some_features():
    read = read_iris(features=[2, 3])
    assert read.input_names == ["petal length (cm)", "petal width (cm)"]
    assert read.train[0].shape == (150, 2)
    assert read.train[0][:, 1].max() < 3  # petals are at most 2.5 cm wide
