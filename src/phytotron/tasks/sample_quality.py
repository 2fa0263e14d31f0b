"""How good the samples of a generative model are, by a small classifier of the real images.

The classifier learns from the real training images, then gives each sample a class and a
confidence. One is trained for each set of images, once on each machine, and always with the same
weights.
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
from phytotron.models.vision.stacked_cnn import StackedCNN

# The architecture and training settings are part of the cache key.
_FILTERS, _FEATURES = (16, 32), 128
_EPOCHS, _BATCH, _LEARNING_RATE = 2, 100, 1e-3
# A classifier of fewer images is trained in less time than the cache takes.
_LEAST_CACHED = 5000
# A class counts as present if at least this share of the samples belongs to it.
_PRESENT = 0.01


class SampleClassifier(nn.Module):
    """Class probabilities of images, and the features that they are computed from.

    Args:
        input_shape: of one image, (channels, height, width).
        num_classes: logits of an image.

    Attributes:
        num_features: of an image; torchmetrics asks for it.
    """

    num_features: int = _FEATURES

    def __init__(self, input_shape: tuple[int, ...], num_classes: int) -> None:
        super().__init__()
        self.network = StackedCNN(
            input_shape=input_shape,
            num_outputs=num_classes,
            stages=[{"channels": [filters], "padding": 1} for filters in _FILTERS],
            hidden=[_FEATURES],
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images in [0, 1], shape (batch, *input_shape), to features, shape (batch, features)."""
        return self.network.classifier[:-1](self.network.features(images))

    def probabilities(self, images: Tensor) -> Tensor:
        """Images in [0, 1], shape (batch, *input_shape), to shape (batch, num_classes)."""
        return self.network.classifier[-1](self(images)).softmax(dim=1)


def sample_quality(samples: Tensor, data: Any) -> dict[str, float]:
    """Measure samples against the real images.

    - `confidence`: the classifier's highest probability for a sample, averaged over all samples.
    - `digits_present`: the number of classes to which at least one sample in a hundred belongs.
    - `score`: the confidence if all classes are present, else 0. Confidence alone is not enough:
      a classifier that has seen nothing but digits is half sure of pure noise.
    - `frechet_distance`: between the features of the samples and those of the test images, 0 for
      the same distribution. This is the formula of the FID (Heusel et al., 2017) in the features
      of this classifier instead of Inception's, so its values do not compare with published FIDs.

    Args:
        samples: shape (samples, channels, height, width), in the scaling of the data.
        data: a data module of images and class ids.
    """
    low, high = data.train.inputs.aminmax()

    def unit(images: Tensor) -> Tensor:
        return ((images.cpu() - low) / (high - low)).clamp(0, 1)

    training_images = (unit(data.train.inputs) * 255).round().byte()
    classifier = sample_classifier(training_images, data.train.targets)
    distance = FrechetInceptionDistance(classifier, normalize=True)
    with torch.inference_mode():
        highest = [classifier.probabilities(part).max(dim=1) for part in unit(samples).split(1000)]
        for part in unit(samples).split(1000):
            distance.update(part, real=False)
        for part in unit(data.test.inputs).split(1000):
            distance.update(part, real=True)
        confidence = torch.cat([value for value, _ in highest])
        counts = torch.cat([label for _, label in highest]).bincount()
        present = int((counts >= _PRESENT * len(samples)).sum())
        complete = present == data.dimensions["num_classes"]
        return {
            "score": float(confidence.mean()) if complete else 0.0,
            "confidence": float(confidence.mean()),
            "digits_present": present,
            "frechet_distance": float(distance.compute()),
        }


def sample_classifier(
    images: Tensor, labels: Tensor, cache: Path | None = None
) -> SampleClassifier:
    """The classifier of these images, from the cache if its file is there and undamaged.

    Args:
        images: uint8, shape (samples, channels, height, width).
        labels: class ids, shape (samples,).
        cache: the folder of the cache; None: `cache_folder()`.

    Raises:
        UserError: the cache cannot be written.
    """
    if len(images) < _LEAST_CACHED:
        return _train(images, labels)
    cache = cache or cache_folder()
    settings = (_FILTERS, _FEATURES, _EPOCHS, _BATCH, _LEARNING_RATE)
    prefix = repr((settings, torch.__version__, images.shape)).encode()
    key = _digest(prefix, {"images": images, "labels": labels})
    path = cache / f"sample-classifier-{key[:16]}.safetensors"
    try:
        with locked(cache / f".{path.name}.lock", "training this classifier"):
            if (state := _read(path)) is None:
                classifier = _train(images, labels)
                _write(classifier.state_dict(), path)
            else:
                classifier = _untrained(images, labels)
                classifier.load_state_dict(state)
    except OSError as error:
        raise UserError(
            f"the classifier for sample quality cannot be cached: {error.strerror or error}",
            where=str(path),
            hint="PHYTOTRON_CACHE chooses another place",
        ) from error
    return classifier.eval()


def _untrained(images: Tensor, labels: Tensor) -> SampleClassifier:
    """A classifier with its first weights; the caller's random state is left alone."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        return SampleClassifier(tuple(images.shape[1:]), int(labels.max()) + 1)


def _train(images: Tensor, labels: Tensor) -> SampleClassifier:
    """Train a classifier; the same images give the same weights."""
    with _isolated():
        classifier = _untrained(images, labels)
        optimizer = torch.optim.Adam(classifier.parameters(), lr=_LEARNING_RATE, fused=True)
        for _ in range(_EPOCHS):
            for rows in torch.randperm(len(images)).split(_BATCH):
                logits = classifier.network(images[rows].float() / 255)
                loss = F.cross_entropy(logits, labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return classifier.eval()


@contextmanager
def _isolated() -> Iterator[None]:
    """A fixed random state and one thread, both restored; gradients even in inference mode."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=()), torch.inference_mode(False), torch.enable_grad():
            torch.manual_seed(0)
            yield
    finally:
        torch.set_num_threads(threads)


def _read(path: Path) -> dict[str, Tensor] | None:
    """The weights of a file; None if it is absent or damaged."""
    try:
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            expected = (file.metadata() or {}).get("sha256")
    except (FileNotFoundError, SafetensorError):
        return None
    return state if expected == _digest(b"", state) else None


def _write(state: dict[str, Tensor], path: Path) -> None:
    with replacing(path) as temporary:
        save_file(state, temporary, metadata={"sha256": _digest(b"", state)})


def _digest(prefix: bytes, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(prefix)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()
