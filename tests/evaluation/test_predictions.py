from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from phytotron.errors import UserError
from phytotron.evaluation.predictions import load, save


def test_read_back_as_written(make_predictions, tmp_path):
    predictions = replace(make_predictions(), texts=["Grüße, \N{SNOWMAN}\n"] * 400)
    save(predictions, tmp_path / "one.parquet")
    found = load(tmp_path / "one.parquet")
    assert found.labels == predictions.labels
    assert found.groups == predictions.groups
    assert found.texts == predictions.texts
    assert np.array_equal(found.actual, predictions.actual)
    assert np.array_equal(found.probabilities, predictions.probabilities)
    assert found.test_set() == predictions.test_set()
    save(found, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_the_columns_of_the_contract(make_predictions, tmp_path):
    predictions = make_predictions()
    save(predictions, tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        "url": "string",
        "text": "string",
        "actual": "int64",
        "predicted": "int64",
        "probabilities": "list<element: float>",
    }
    best = [int(np.argmax(row)) for row in table["probabilities"].to_pylist()]
    assert table["predicted"].to_pylist() == best


def test_the_hash_is_that_of_the_texts_and_labels_alone(make_predictions):
    predictions = make_predictions(1)
    assert make_predictions(2).test_set() == predictions.test_set()
    for other in (
        replace(predictions, texts=["another", *predictions.texts[1:]]),
        replace(predictions, actual=(predictions.actual + 1) % 4),
        replace(predictions, labels=["renamed", *predictions.labels[1:]]),
        replace(predictions, texts=predictions.texts[::-1]),
    ):
        assert other.test_set() != predictions.test_set()


def test_a_model_that_diverged_is_refused(make_predictions):
    broken = make_predictions().probabilities.copy()
    broken[7, 2] = np.nan
    with pytest.raises(UserError, match="diverged"):
        replace(make_predictions(), probabilities=broken)


def test_an_empty_test_split_is_refused(make_predictions):
    with pytest.raises(UserError, match="nothing to evaluate"):
        make_predictions(samples=0)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"absent\.parquet: does not exist\n  run: dvc repro"):
        load(tmp_path / "absent.parquet")
