"""A classifier that judges samples of a generative model.

It learns from the real training images, and then says of each sample which class it is of and how
sure that is. One is trained for each set of images, once on each machine, and always the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from phytotron.data.sources import cache_folder
from phytotron.errors import UserError
from phytotron.files import replacing
from phytotron.locks import locked
from phytotron.models.vision.small_cnn import SmallCNN

# The network and how it learns; other values make another judge.
_NETWORK = {"channels": (16, 32), "kernel": 3, "hidden": 128}
_EPOCHS, _BATCH, _LEARNING_RATE = 2, 100, 1e-3
# One of fewer images is trained in less time than it takes to look for it.
_WORTH_KEEPING = 5000
# A class is present if at least this share of the samples is of it.
_PRESENT = 0.01


class Judge(nn.Module):
    """Class probabilities, and the features that they are made of.

    Args:
        input_shape: of an image.
        num_classes: how many.

    Attributes:
        num_features: of an image; torchmetrics asks for it.
    """

    def __init__(self, input_shape: tuple[int, ...], num_classes: int) -> None:
        super().__init__()
        self.network = SmallCNN(input_shape=input_shape, num_outputs=num_classes, **_NETWORK)  # type: ignore[arg-type]
        self.num_features: int = _NETWORK["hidden"]  # type: ignore[assignment]

    def forward(self, images: Tensor) -> Tensor:
        """Images in [0, 1], shape (batch, ...), to features, shape (batch, num_features)."""
        last = len(self.network.classifier) - 1
        return self.network.classifier[:last](self.network.features(images))

    def probabilities(self, images: Tensor) -> Tensor:
        """Images in [0, 1] to probabilities, shape (batch, classes)."""
        return self.network.classifier[-1](self(images)).softmax(dim=1)


def judged(samples: Tensor, data: Any) -> dict[str, float]:
    """How good samples are.

    - `confidence`: how sure the judge is of a sample's class, the mean of its highest probability.
    - `digits_present`: classes that at least one sample in a hundred is of.
    - `score`: the confidence if all classes are present, else 0. Confidence alone is not enough:
      the judge, who knows nothing but digits, is half sure of pure noise.
    - `fid`: the Frechet distance between the features of the samples and of the test images (Heusel
      et al., 2017, with the judge's features instead of Inception's): 0 for the same distribution.

    Args:
        samples: shape (samples, ...), in the scaling of the data.
        data: a data module of images and class ids.
    """
    low, high = data.train.inputs.aminmax()

    def unit(images: Tensor) -> Tensor:
        return ((images.cpu() - low) / (high - low)).clamp(0, 1)

    judge = judge_of((unit(data.train.inputs) * 255).round().byte(), data.train.targets)
    distance = FrechetInceptionDistance(judge, normalize=True)
    with torch.inference_mode():
        highest = [judge.probabilities(part).max(dim=1) for part in unit(samples).split(1000)]
        for part in unit(samples).split(1000):
            distance.update(part, real=False)
        for part in unit(data.test.inputs).split(1000):
            distance.update(part, real=True)
        confidence = torch.cat([value for value, _ in highest])
        found = torch.cat([place for _, place in highest]).bincount()
        present = int((found >= _PRESENT * len(samples)).sum())
        complete = present == data.dimensions["num_classes"]
        return {
            "score": float(confidence.mean()) if complete else 0.0,
            "confidence": float(confidence.mean()),
            "digits_present": present,
            "fid": float(distance.compute()),
        }


def judge_of(images: Tensor, labels: Tensor, cache: Path | None = None) -> Judge:
    """The judge that learned from these images; from the cache if it is there and whole.

    Args:
        images: bytes, shape (samples, channels, height, width).
        labels: class ids, shape (samples,).
        cache: the folder that keeps it; None: `cache_folder()`.

    Raises:
        UserError: the cache cannot be written.
    """
    if len(images) < _WORTH_KEEPING:
        return _trained(images, labels)
    cache = cache or cache_folder()
    recipe = (_NETWORK, _EPOCHS, _BATCH, _LEARNING_RATE, torch.__version__, images.shape)
    name = _digest(repr(recipe).encode(), {"images": images, "labels": labels})
    path = cache / f"judge-{name[:16]}.safetensors"
    try:
        with locked(cache / f".{path.name}.lock", "training this classifier"):
            if (state := _read(path)) is None:
                judge = _trained(images, labels)
                _write(judge.state_dict(), path)
            else:
                judge = _new(images, labels)
                judge.load_state_dict(state)
    except OSError as error:
        raise UserError(
            f"the judge of samples cannot be kept: {error.strerror or error}",
            where=str(path),
            hint="PHYTOTRON_CACHE chooses another place",
        ) from error
    return judge.eval()


def _new(images: Tensor, labels: Tensor) -> Judge:
    """One that has not learned anything; leaves the caller's randomness as it is."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        return Judge(tuple(images.shape[1:]), int(labels.max()) + 1)


def _trained(images: Tensor, labels: Tensor) -> Judge:
    """Train one, always the same one for the same images."""
    with _by_itself():
        judge = _new(images, labels)
        # One kernel for all weights, as everywhere here.
        optimizer = torch.optim.Adam(judge.parameters(), lr=_LEARNING_RATE, fused=True)
        for _ in range(_EPOCHS):
            for rows in torch.randperm(len(images)).split(_BATCH):
                logits = judge.network(images[rows].float() / 255)
                loss = F.cross_entropy(logits, labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return judge.eval()


@contextmanager
def _by_itself() -> Iterator[None]:
    """Independent of the caller's randomness and threads, with gradients even inside a test."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=()), torch.inference_mode(False), torch.enable_grad():
            torch.manual_seed(0)
            yield
    finally:
        torch.set_num_threads(threads)


def _read(path: Path) -> dict[str, Tensor] | None:
    """The weights of a file; None if it is not there, or not as it was written."""
    try:
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            promised = (file.metadata() or {}).get("sha256")
    except (FileNotFoundError, SafetensorError):
        return None
    return state if promised == _digest(b"", state) else None


def _write(state: dict[str, Tensor], path: Path) -> None:
    with replacing(path) as temporary:
        save_file(state, temporary, metadata={"sha256": _digest(b"", state)})


def _digest(begin: bytes, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(begin)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()
