"""What `benchmarks.training` measures: one training by one program, in a separate process.

Each program trains the network of an experiment's config on the same images, looks at the
validation images once an epoch, and gives `seconds`, `processor` (seconds of its process),
`accuracy` on the test images, and `step`: microseconds of the process for one step, from the
hundredth of an epoch to its last. Imports and the loading of the data are not in the times.
Imports are inside the functions: Keras has a separate environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

EVALUATION_BATCH = 1000
_WARM = 100  # steps of an epoch that are left out of `step`

# A store as it is from the second run on: `benchmarks.training` lays it there.
TRACKING = {"uri": "sqlite:///mlflow.db", "artifacts": "artifacts", "experiment": "benchmark"}

Config = Mapping[str, Any]
Result = dict[str, float]


class Clock:
    """Measures the time of a step.

    Attributes:
        fit_seconds: of the process, between the start and the end of `Trainer.fit`.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.steps = 0
        self.fit_seconds = 0.0
        self._last: tuple[int, int, float] | None = None

    def tick(self, epoch: int, step: int) -> None:
        """The step of that number (from 1) of an epoch has been taken."""
        if step < _WARM:
            return
        now = time.process_time()
        if self._last and self._last[0] == epoch:
            self.steps += step - self._last[1]
            self.seconds += now - self._last[2]
        self._last = epoch, step, now

    def microseconds(self) -> float:
        return 1e6 * self.seconds / self.steps if self.steps else float("nan")


CLOCK = Clock()


@contextlib.contextmanager
def timed(result: Result) -> Iterator[None]:
    wall, processor = time.perf_counter(), time.process_time()
    yield
    result["seconds"] = time.perf_counter() - wall
    result["processor"] = time.process_time() - processor


def phytotron(config: Config, folder: Path, threads: int, precision: str) -> Result:
    """All that an experiment has: callbacks, checkpoints, and a journal that is sent to MLflow."""
    import psutil

    from phytotron.tracking.watch import watched
    from phytotron.training.fit import training_config
    from phytotron.training.fit_network import fit_network

    trainer = config["trainer"] | {"threads": threads, "precision": precision}
    trainer["channels_last"] = "channels" in config["model"]
    watch = {"watch": {"_target_": "benchmarks.training_programs.watch"}}
    config = dict(config) | {"trainer": trainer, "callbacks": config["callbacks"] | watch}
    with watched("benchmark", "benchmark", config, TRACKING):
        fitted = fit_network(training_config(config), Path("scratch"))
    assert fitted is not None
    result = {"seconds": fitted.seconds, "processor": CLOCK.fit_seconds}
    result |= _torch_accuracy(fitted.model, folder)
    psutil.wait_procs(psutil.Process().children(), timeout=60)  # what sends to MLflow
    return result


def watch() -> Any:
    """A callback that looks at the clock."""
    from pytorch_lightning.callbacks import Callback

    class Watch(Callback):
        supports_steps_per_execution = True

        def setup(self, *_: Any, **__: Any) -> None:
            CLOCK.fit_seconds -= time.process_time()

        def teardown(self, *_: Any, **__: Any) -> None:
            CLOCK.fit_seconds += time.process_time()

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            CLOCK.tick(trainer.current_epoch, trainer.fit_loop.epoch_loop.batch_idx + 1)

    return Watch()


def pytorch(config: Config, folder: Path, threads: int, precision: str) -> Result:
    """A loop of one's own: shuffled rows, the four calls of a step, and nothing else."""
    import torch
    import torch.nn.functional as F

    network, optimizer = _torch_parts(config, threads)
    split = {name: torch.from_numpy(array) for name, array in load(folder).items()}
    inputs, targets = split["train_inputs"], split["train_targets"]
    size = config["data"]["batch_size"]
    mixed = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed")
    result: Result = {}
    with timed(result):
        for epoch in range(config["trainer"]["max_epochs"]):
            network.train()
            order = torch.randperm(len(inputs))
            for step, start in enumerate(range(0, len(inputs), size), 1):
                rows = order[start : start + size]
                with mixed:
                    loss = F.cross_entropy(network(inputs[rows]), targets[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                CLOCK.tick(epoch, step)
            _accuracy(network, split["validation_inputs"], split["validation_targets"])
    return result | _torch_accuracy(network, folder)


def barebones(config: Config, folder: Path, threads: int, precision: str) -> Result:
    """Lightning with everything off, and a loader that yields whole batches."""
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

    train, validation = _datasets(folder, TensorDataset)
    size = config["data"]["batch_size"]
    sampler = BatchSampler(RandomSampler(train), size, drop_last=False)
    loader = DataLoader(train, sampler=sampler, batch_size=None)
    options = {"barebones": True}
    return _lightning(config, folder, threads, loader, validation, options, log=False)


def usual(config: Config, folder: Path, threads: int, precision: str) -> Result:
    """Lightning as it is used: an MLflow logger, the loss logged, samples collated one by one."""
    from pytorch_lightning.loggers import MLFlowLogger
    from torch.utils.data import DataLoader, TensorDataset

    train, validation = _datasets(folder, TensorDataset)
    loader = DataLoader(train, batch_size=config["data"]["batch_size"], shuffle=True)
    logger = MLFlowLogger("benchmark", tracking_uri=TRACKING["uri"])
    options = {"logger": logger, "enable_progress_bar": False, "enable_model_summary": False}
    return _lightning(config, folder, threads, loader, validation, options, log=True)


def keras(config: Config, folder: Path, threads: int, precision: str, together: int = 1) -> Result:
    """Keras on TensorFlow: `compile` and `fit`.

    `threads` 0 leaves it to TensorFlow; `together` is Keras' `steps_per_execution`.
    """
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    import keras
    import tensorflow as tf
    from keras import layers

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    if precision == "bf16-mixed":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = config["model"]
    split = load(folder)
    for name in ("train_inputs", "validation_inputs", "test_inputs"):
        split[name] = split[name].transpose(0, 2, 3, 1)  # channels last, as TensorFlow wants them
    hidden = model["hidden"] if isinstance(model["hidden"], list) else [model["hidden"]]
    parts: list[Any] = [layers.Input(split["train_inputs"].shape[1:])]
    for channels in model.get("channels", []):
        parts += [
            layers.Conv2D(channels, model["kernel"], padding="same", activation="relu"),
            layers.MaxPooling2D(),
        ]
    parts += [layers.Flatten(), *(layers.Dense(units, activation="relu") for units in hidden)]
    network = keras.Sequential([*parts, layers.Dense(10, dtype="float32")])
    network.compile(
        keras.optimizers.Adam(config["optimizer"]["lr"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=together,
    )
    result: Result = {}
    with timed(result):
        network.fit(
            split["train_inputs"],
            split["train_targets"],
            batch_size=config["data"]["batch_size"],
            epochs=config["trainer"]["max_epochs"],
            validation_data=(split["validation_inputs"], split["validation_targets"]),
            validation_batch_size=EVALUATION_BATCH,
            verbose=0,
        )
    test = split["test_inputs"], split["test_targets"]
    result["accuracy"] = network.evaluate(*test, EVALUATION_BATCH, verbose=0)[1]
    return result


def keras_together(config: Config, folder: Path, threads: int, precision: str) -> Result:
    """Keras that comes back to Python every 50 steps."""
    return keras(config, folder, threads, precision, together=50)


def load(folder: Path) -> dict[str, Any]:
    """The arrays that all programs but the first read, which has the same in its cache."""
    with np.load(folder / "mnist.npz") as arrays:
        return dict(arrays)


def _cache() -> Path:
    from phytotron.data.sources import cache_folder

    return cache_folder()


def _torch_parts(config: Config, threads: int) -> tuple[Any, Any]:
    """The network and its optimizer."""
    import torch

    from phytotron.config.instantiate import instantiate

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = instantiate(config["model"], input_shape=(1, 28, 28), outputs=10)
    return network, instantiate(config["optimizer"], network.parameters())


def _datasets(folder: Path, kind: Any) -> list[Any]:
    import torch

    split = {name: torch.from_numpy(array) for name, array in load(folder).items()}
    return [kind(split[f"{name}_inputs"], split[f"{name}_targets"]) for name in _SEEN]


_SEEN = ("train", "validation")


def _lightning(
    config: Config,
    folder: Path,
    threads: int,
    loader: Any,
    validation: Any,
    options: dict[str, Any],
    *,
    log: bool,
) -> Result:
    """A plain `LightningModule` and a `Trainer` with some options."""
    import pytorch_lightning as pl
    import torch.nn.functional as F
    from torch.utils.data import DataLoader

    network, optimizer = _torch_parts(config, threads)

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: Any, index: int) -> Any:
            inputs, targets = batch
            loss = F.cross_entropy(self.network(inputs), targets)
            if log:
                self.log("train_loss", loss, on_step=True, on_epoch=True)
            CLOCK.tick(self.current_epoch, index + 1)
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            inputs, targets = batch
            F.cross_entropy(self.network(inputs), targets)

        def configure_optimizers(self) -> Any:
            return optimizer

    epochs = config["trainer"]["max_epochs"]
    trainer = pl.Trainer(accelerator="cpu", devices=1, max_epochs=epochs, **options)
    result: Result = {}
    with timed(result):
        trainer.fit(Module(), loader, DataLoader(validation, EVALUATION_BATCH))
    return result | _torch_accuracy(network, folder)


def _torch_accuracy(network: Any, folder: Path) -> Result:
    import torch

    split = load(folder)
    inputs, targets = (torch.from_numpy(split[f"test_{kind}"]) for kind in ("inputs", "targets"))
    return {"accuracy": _accuracy(network, inputs, targets), "step": CLOCK.microseconds()}


def _accuracy(network: Any, inputs: Any, targets: Any) -> float:
    import torch

    network.eval()
    right = 0
    with torch.no_grad():
        for images, digits in zip(
            inputs.split(EVALUATION_BATCH), targets.split(EVALUATION_BATCH), strict=True
        ):
            right += int((network(images).argmax(1) == digits).sum())
    return right / len(targets)


def main() -> None:
    """Run one program: its function, threads, precision and the folder with data and config."""
    name, threads, precision, folder, system = sys.argv[1:]
    config = json.loads((Path(folder) / f"{system}.json").read_text())
    print(json.dumps(globals()[name](config, Path(folder), int(threads), precision)))
