"""MNIST, Fashion-MNIST and CIFAR-10: from archives in their format to batches."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.cifar10 import read_cifar10
from phytotron.data.images import image_module
from phytotron.data.mnist import read_mnist
from phytotron.errors import UserError

OPTIONS = {"batch_size": 4, "validation": 10, "seed": 0, "scaling": "unit"}


def mnist(cached, sources, **options) -> ArrayDataModule:
    return image_module(read_mnist(sources=sources, cache=cached.folder), **(OPTIONS | options))


def idx(array: np.ndarray) -> bytes:
    """The format of the original files: a magic number, the sizes, the bytes."""
    header = np.array([0x800 + array.ndim, *array.shape], ">u4")
    return header.tobytes() + array.astype(np.uint8).tobytes()


def digits(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that are `25 * label` all over."""
    labels = np.arange(samples) % 10
    return np.repeat(labels, 28 * 28).reshape(samples, 28, 28) * 25, labels


def idx_files(folder: str) -> dict[str, bytes]:
    files = {}
    for name, samples in (("train", 40), ("t10k", 20)):
        images, labels = digits(samples)
        files[f"{folder}/{name}-images-idx3-ubyte"] = idx(images)
        files[f"{folder}/{name}-labels-idx1-ubyte"] = idx(labels)
    return files


def test_mnist_has_its_images_and_digits(cached):
    sources = cached("npm", idx_files("package/data"))
    data = mnist(cached, sources)
    assert data.dimensions == {"input_shape": (1, 28, 28), "num_classes": 10}
    for split, samples in ((data.train, 30), (data.validation, 10), (data.test, 20)):
        assert split.inputs.shape == (samples, 1, 28, 28)
        assert (split.inputs * 255 / 25 == split.targets[:, None, None, None]).all()


def test_fashion_mnist_comes_in_gzip_files_of_a_debian_package(cached):
    files = idx_files("usr/share/datasets/fashion-mnist")
    sources = cached("debian", {f"{name}.gz": gzip.compress(files[name]) for name in files})
    data = mnist(cached, sources)
    assert (data.test.inputs * 255 / 25 == data.test.targets[:, None, None, None]).all()


def test_images_are_resized_before_they_get_a_border(cached):
    sources = cached("npm", idx_files("package/data"))
    data = mnist(cached, sources, size=14, border=1)
    assert data.test.inputs.shape == (20, 1, 16, 16)
    inner = data.test.inputs[:, :, 1:-1, 1:-1]
    expected = (data.test.targets * 25 / 255)[:, None, None, None].expand_as(inner)
    assert torch.allclose(inner, expected)
    assert data.test.inputs[:, :, 0].eq(0).all()


@pytest.mark.parametrize(
    ("scaling", "values"),
    [
        ("unit", {0, 25 / 255, 225 / 255}),
        ("signed", {-1, 25 / 127.5 - 1, 225 / 127.5 - 1}),
        ("binary", {0, 1}),
        ("raw", {0, 25, 225}),
    ],
)
def test_pixels_are_scaled(cached, scaling, values):
    sources = cached("npm", idx_files("package/data"))
    data = mnist(cached, sources, scaling=scaling)
    seen = data.test.inputs.unique().tolist()
    assert all(min(abs(value - one) for one in seen) < 1e-6 for value in values)
    assert len(seen) == (2 if scaling == "binary" else 10)


def test_an_unknown_scaling_is_reported():
    with pytest.raises(UserError, match="did you mean 'signed'"):
        image_module(read_mnist(sources=[], tiny=True), **(OPTIONS | {"scaling": "signd"}))


def test_a_border_and_limits(cached):
    sources = cached("npm", idx_files("package/data"))
    data = mnist(cached, sources, border=2, scaling="signed", training_samples=15, test_samples=5)
    assert [len(split.inputs) for split in (data.train, data.validation, data.test)] == [5, 10, 5]
    assert data.test.inputs.shape == (5, 1, 32, 32)
    assert (data.test.inputs[:, :, :2] == -1).all()
    assert data.test.targets.tolist() == [0, 1, 2, 3, 4]


def test_half_a_file_is_reported(cached):
    files = idx_files("package/data")
    files["package/data/train-images-idx3-ubyte"] = files["package/data/train-images-idx3-ubyte"][
        :-1
    ]
    with pytest.raises(UserError, match="the files of 'train' end too early"):
        read_mnist(sources=cached("npm", files), cache=cached.folder)


def test_an_archive_without_mnist_is_reported(cached):
    with pytest.raises(UserError, match="no images and labels of 'train'"):
        read_mnist(sources=cached("npm", {"package/x": b""}), cache=cached.folder)


def png(images: np.ndarray) -> bytes:
    """Images of shape (samples, 32, 32, 3) as a PNG file with one of them in each row."""
    target = io.BytesIO()
    Image.fromarray(images.reshape(len(images), 1024, 3)).save(target, "png")
    return target.getvalue()


def cifar_files() -> dict[str, bytes]:
    """Images whose red is `20 * label`, and whose green is the row."""
    labels = {"train": np.arange(50) % 10, "test": np.arange(20) % 10}
    files = {}
    for name in labels:
        images = np.zeros((len(labels[name]), 32, 32, 3), np.uint8)
        images[..., 0] = 20 * labels[name][:, None, None]
        images[..., 1] = np.arange(32)[:, None]
        labels[name] = labels[name].tolist()
        if name == "test":
            files["package/test_batch.png"] = png(images)
        else:
            files |= {
                f"package/data_batch_{i + 1}.png": png(images[10 * i :][:10]) for i in range(5)
            }
        files[f"package/{name}_lables.json"] = json.dumps(labels[name]).encode()
    return files


def test_cifar10_has_its_images_and_classes(cached):
    sources = cached("npm", cifar_files())
    read = read_cifar10(sources=sources, cache=cached.folder)
    data = image_module(read, **(OPTIONS | {"scaling": "raw"}))
    assert data.dimensions == {"input_shape": (3, 32, 32), "num_classes": 10}
    for split, samples in ((data.train, 40), (data.validation, 10), (data.test, 20)):
        assert split.inputs.shape == (samples, 3, 32, 32)
        assert (split.inputs[:, 0] == 20 * split.targets[:, None, None]).all()
        assert split.inputs[0, 1, :, 5].tolist() == list(range(32))


def test_cats_and_dogs_are_a_data_set_of_two_classes(cached):
    sources = cached("npm", cifar_files())
    read = read_cifar10(sources=sources, cache=cached.folder, classes=[5, 3])
    data = image_module(read, **(OPTIONS | {"scaling": "raw", "validation": 0}))
    assert data.dimensions["num_classes"] == 2
    assert data.class_counts.tolist() == [5, 5]
    assert data.class_names == ["dog", "cat"]
    dogs = data.train.inputs[data.train.targets == 0]
    assert (dogs[:, 0] == 100).all()


def test_labels_that_are_too_few_are_reported(cached):
    files = cifar_files() | {"package/train_lables.json": b"[1, 2]"}
    with pytest.raises(UserError, match="images and labels of 'data' differ in number"):
        read_cifar10(sources=cached("npm", files), cache=cached.folder)


@pytest.mark.parametrize(
    ("reader", "shape"),
    [(read_mnist, (1, 28, 28)), (read_cifar10, (3, 32, 32))],
    ids=["mnist", "cifar10"],
)
def test_the_tiny_variant_needs_no_source(reader, shape):
    options = {"scaling": "unit", "tiny": True, "batch_size": 512, "validation": 5000, "seed": 0}
    data = image_module(reader(sources=[], tiny=True), **options)
    assert data.dimensions == {"input_shape": shape, "num_classes": 10}
    assert [len(split.inputs) for split in (data.train, data.validation, data.test)] == [45, 15, 30]
    assert 0 <= data.train.inputs.min() < data.train.inputs.max() <= 1
    again = image_module(reader(sources=[], tiny=True), **options)
    assert (again.train.inputs == data.train.inputs).all()
