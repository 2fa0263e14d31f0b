"""What a model is asked is read as its training data was."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from phytotron.data.arrays import Splits
from phytotron.data.images import image_module, tiny_images
from phytotron.data.readers import TableReader, load_reader
from phytotron.data.tables import table_module, tiny_measures
from phytotron.errors import UserError


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    shape = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    Image.fromarray(shape).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_file_becomes_what_the_network_saw_in_training(channels, tmp_path):
    images = tiny_images((channels, 28, 28), 10, 12, 0)
    data = image_module(
        Splits(images, images, class_names=tuple("0123456789")),
        scaling="signed",
        training_samples=None,
        test_samples=None,
        batch_size=4,
        validation=0,
        seed=0,
        border=2,
        size=14,
    )
    saved = data.reader()
    reader = load_reader(saved.kind, saved.facts(), tmp_path)
    found = reader.array([png(image) for image in images[0]])
    np.testing.assert_array_equal(found, data.test.inputs.numpy())
    assert reader.array([reader.example()]).shape == (1, *data.dimensions["input_shape"])


def test_a_file_that_is_no_image_is_answered(tmp_path):
    reader = load_reader(
        "image", {"channels": 1, "height": 8, "width": 8, "scaling": "unit"}, tmp_path
    )
    with pytest.raises(UserError, match="is no image"):
        reader.array([b"a text"])


def test_a_row_is_standardised_as_the_training_rows_were(tmp_path):
    inputs, targets = tiny_measures(3, 1)
    inputs = 5 + 2 * inputs
    data = table_module(
        (inputs, targets), batch_size=8, validation=0, seed=0, test_samples=16, standardise=True
    )
    saved = data.reader()
    reader = load_reader(saved.kind, saved.facts(), tmp_path)
    order = np.random.RandomState(0).permutation(len(inputs))[-16:]
    found = reader.array([dict(zip(reader.columns, row, strict=True)) for row in inputs[order]])
    np.testing.assert_array_equal(found, data.test.inputs.numpy())
    np.testing.assert_array_equal(found, reader.array(inputs[order].tolist()))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"width": 1}, "without height"),
        ({"width": 1, "hight": 2}, "did you mean 'height'"),
        ([1.0], "a row of 1 values"),
        ([1.0, "tall"], "no row of numbers"),
        ([1.0, "nan"], "finite"),
    ],
)
def test_a_wrong_row_is_answered(row, message):
    with pytest.raises(UserError, match=message):
        TableReader(["width", "height"]).array([row])


def test_rows_of_ids_have_no_reader():
    data = table_module(
        (torch.arange(20).reshape(10, 2), torch.arange(10) % 2), batch_size=4, validation=0, seed=0
    )
    assert data.reader() is None
