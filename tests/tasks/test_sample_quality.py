"""The judge of samples: always the same one, kept, and fair."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.tiny import tiny_images
from phytotron.errors import UserError
from phytotron.tasks import sample_quality as module
from phytotron.tasks.sample_quality import judge_of, judged

SIDE, CLASSES, SAMPLES = 8, 4, 600


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Few images are worth keeping, too, and enough to learn from."""
    monkeypatch.setattr(module, "_WORTH_KEEPING", SAMPLES)
    monkeypatch.setattr(module, "_BATCH", 10)


@pytest.fixture(scope="module")
def images():
    pixels, labels = tiny_images((1, SIDE, SIDE), CLASSES, SAMPLES)
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def kept(folder):
    (path,) = folder.glob("*.safetensors")
    return path


def test_it_is_the_same_whatever_the_caller_does_and_the_caller_keeps_its_randomness(
    images, tmp_path
):
    torch.manual_seed(1)
    expected = torch.rand(3)
    judge_of(*images, tmp_path / "a")
    torch.manual_seed(1)
    torch.set_num_threads(2)
    with torch.inference_mode():  # as inside a test of Lightning's
        judge_of(*images, tmp_path / "b")
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.rand(3), expected)
    assert kept(tmp_path / "a").read_bytes() == kept(tmp_path / "b").read_bytes()


def test_it_is_trained_once(images, tmp_path, monkeypatch):
    first = judge_of(*images, tmp_path)
    monkeypatch.setattr(module, "_trained", None)  # would fail
    again = judge_of(*images, tmp_path)
    pixels = torch.rand(5, 1, SIDE, SIDE)
    assert torch.equal(first.probabilities(pixels), again.probabilities(pixels))


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_a_damaged_file_is_made_anew(images, tmp_path, damage):
    judge_of(*images, tmp_path)
    path = kept(tmp_path)
    whole = path.read_bytes()
    half = len(whole) // 2
    flipped = whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :]
    path.write_bytes({"flipped": flipped, "cut": whole[:half], "empty": b""}[damage])
    judge_of(*images, tmp_path)
    assert path.read_bytes() == whole


def test_other_images_have_another_judge(images, tmp_path):
    pixels, labels = images
    judge_of(pixels, labels, tmp_path)
    other = pixels.clone()
    other[0, 0, 0, 0] ^= 1
    judge_of(other, labels, tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_a_cache_that_cannot_be_written_is_answered(images, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="PHYTOTRON_CACHE"):
        judge_of(*images, tmp_path / "file")


@pytest.fixture
def data(monkeypatch, tmp_path):
    """`data(low, high)`: images of that range; the judge is kept for this test alone."""
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
    good, bad = judged(real.test.inputs, real), judged(torch.rand(200, 1, SIDE, SIDE), real)
    assert good["confidence"] > 0.9
    assert good["digits_present"] == CLASSES
    assert good["score"] == good["confidence"]
    assert good["fid"] == pytest.approx(0, abs=1e-3)
    assert bad["confidence"] < good["confidence"]
    assert bad["fid"] > 1


def test_samples_of_one_class_are_not_all_classes(data):
    real = data(0, 1)
    of_two = real.test.inputs[real.test.targets == 2]
    found = judged(of_two, real)
    assert found["confidence"] > 0.9
    assert found["digits_present"] == 1
    assert found["score"] == 0


def test_the_scaling_of_the_data_does_not_matter(data, tmp_path):
    unit, signed = data(0, 1), data(-1, 1)
    first = judged(unit.test.inputs[:100], unit)
    again = judged(signed.test.inputs[:100], signed)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1  # one judge for both
    assert again == pytest.approx(first, rel=1e-4)
