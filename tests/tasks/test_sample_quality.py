"""The measures of samples, and the classifier that they come from: reproducible and cached."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.images import tiny_images
from phytotron.errors import UserError
from phytotron.tasks import sample_quality as module
from phytotron.tasks.sample_quality import sample_classifier, sample_quality

SIDE, CLASSES, SAMPLES = 8, 4, 600


@pytest.fixture(autouse=True)
def small_data_is_cached(monkeypatch):
    """The cache is used for few images, too, and small batches make them enough to learn from."""
    monkeypatch.setattr(module, "_LEAST_CACHED", SAMPLES)
    monkeypatch.setattr(module, "_BATCH", 10)


@pytest.fixture(scope="module")
def images():
    pixels, labels = tiny_images((1, SIDE, SIDE), CLASSES, SAMPLES)
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def cached(folder):
    (path,) = folder.glob("*.safetensors")
    return path


def test_training_neither_reads_nor_changes_the_random_state_and_threads_of_the_caller(
    images, tmp_path
):
    torch.manual_seed(1)
    expected = torch.rand(3)
    sample_classifier(*images, tmp_path / "a")
    torch.manual_seed(1)
    torch.set_num_threads(2)
    with torch.inference_mode():  # as inside a test of Lightning's
        sample_classifier(*images, tmp_path / "b")
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.rand(3), expected)
    assert cached(tmp_path / "a").read_bytes() == cached(tmp_path / "b").read_bytes()


def test_the_classifier_is_trained_once(images, tmp_path, monkeypatch):
    first = sample_classifier(*images, tmp_path)
    monkeypatch.setattr(module, "_train", None)  # would fail
    again = sample_classifier(*images, tmp_path)
    pixels = torch.rand(5, 1, SIDE, SIDE)
    assert torch.equal(first.probabilities(pixels), again.probabilities(pixels))


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_a_damaged_file_is_replaced(images, tmp_path, damage):
    sample_classifier(*images, tmp_path)
    path = cached(tmp_path)
    whole = path.read_bytes()
    half = len(whole) // 2
    flipped = whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :]
    path.write_bytes({"flipped": flipped, "cut": whole[:half], "empty": b""}[damage])
    sample_classifier(*images, tmp_path)
    assert path.read_bytes() == whole


def test_other_images_have_another_classifier(images, tmp_path):
    pixels, labels = images
    sample_classifier(pixels, labels, tmp_path)
    other = pixels.clone()
    other[0, 0, 0, 0] ^= 1
    sample_classifier(other, labels, tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_a_cache_that_cannot_be_written_is_named(images, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="PHYTOTRON_CACHE"):
        sample_classifier(*images, tmp_path / "file")


@pytest.fixture
def data(monkeypatch, tmp_path):
    """`data(low, high)`: images in that range, with a cache for this test alone."""
    monkeypatch.setenv("PHYTOTRON_CACHE", str(tmp_path))

    def made(low: float, high: float) -> ArrayDataModule:
        splits = []
        for seed in (0, 1):
            pixels, labels = tiny_images((1, SIDE, SIDE), CLASSES, SAMPLES, seed)
            pixels[0, 0, 0, :2] = [0, 255]  # so that the range is known
            splits.append((np.float32(low + (high - low) * (pixels / 255)), labels))
        return ArrayDataModule(*splits, batch_size=8, seed=0)

    return made


def test_real_images_are_good_samples_and_noise_is_not(data):
    real = data(0, 1)
    good, bad = (
        sample_quality(real.test.inputs, real),
        sample_quality(torch.rand(200, 1, SIDE, SIDE), real),
    )
    assert good["confidence"] > 0.9
    assert good["digits_present"] == CLASSES
    assert good["score"] == good["confidence"]
    assert good["frechet_distance"] == pytest.approx(0, abs=1e-3)
    assert bad["confidence"] < good["confidence"]
    assert bad["frechet_distance"] > 1


def test_samples_of_one_class_are_not_all_classes(data):
    real = data(0, 1)
    of_two = real.test.inputs[real.test.targets == 2]
    found = sample_quality(of_two, real)
    assert found["confidence"] > 0.9
    assert found["digits_present"] == 1
    assert found["score"] == 0


def test_the_scaling_of_the_data_does_not_matter(data, tmp_path):
    unit, signed = data(0, 1), data(-1, 1)
    first = sample_quality(unit.test.inputs[:100], unit)
    again = sample_quality(signed.test.inputs[:100], signed)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1  # one classifier for both
    assert again == pytest.approx(first, rel=1e-4)
