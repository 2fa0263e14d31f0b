"""Rows with a part held out for the test."""

from __future__ import annotations

import numpy as np
import pytest

from phytotron.data.iris import iris
from phytotron.data.tables import table
from phytotron.errors import UserError


def rows(count=40, **options):
    inputs = np.arange(count, dtype=np.float32)[:, None]
    defaults = {"batch_size": 8, "validation": 0, "seed": 0, "test_samples": 10, "split_seed": 1}
    return table((inputs, np.arange(count) % 2), **(defaults | options))


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


def test_two_classes_can_be_one_output():
    data = rows(binary=True)
    assert data.dimensions == {"input_shape": (1,), "num_outputs": 1}
    assert data.train.targets.shape == (30, 1)
    assert data.train.targets.dtype == data.train.inputs.dtype


def test_tiny_is_small():
    data = rows(count=1000, test_samples=500, validation=400, batch_size=None, tiny=True)
    assert [len(split.inputs) for split in (data.train, data.validation, data.test)] == [36, 12, 16]
    assert max(len(batch.inputs) for batch in data.train_dataloader()) == 16


@pytest.mark.parametrize("test_samples", [-1, 40])
def test_a_test_that_leaves_nothing_to_train_on_is_refused(test_samples):
    with pytest.raises(UserError, match=r"data\.test_samples: .* samples for the test"):
        rows(test_samples=test_samples)


def test_iris_is_split_as_the_course_does():
    data = iris(batch_size=None, validation=0, seed=0, test_samples=30, split_seed=1234)
    assert data.dimensions == {"input_shape": (4,), "num_classes": 3}
    assert [len(data.train.inputs), len(data.test.inputs)] == [120, 30]
    # What pandas' `sample(frac=1, random_state=1234)` shuffles.
    from sklearn.datasets import load_iris

    frame = load_iris(as_frame=True).frame.sample(frac=1, random_state=1234)
    assert np.allclose(data.test.inputs, frame.iloc[120:, :4])
    assert data.test.targets.tolist() == frame["target"].iloc[120:].tolist()


def test_iris_with_some_features():
    data = iris(
        batch_size=None, validation=0, seed=0, test_samples=30, split_seed=1234, features=[2, 3]
    )
    assert data.dimensions["input_shape"] == (2,)
    assert data.train.inputs[:, 1].max() < 3  # petals are at most 2.5 cm wide
