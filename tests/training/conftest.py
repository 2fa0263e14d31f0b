from __future__ import annotations

import sys
from pathlib import Path

import pytest

from phytotron.config.compose import compose_experiment
from phytotron.config.stage import plain
from phytotron.data.tiny_paragraphs import tiny
from phytotron.training.fit import fit

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """A tiny processed folder."""
    return tiny(tmp_path_factory.mktemp("data") / "processed")


@pytest.fixture
def compose(monkeypatch, data):
    """`compose(experiment, *overrides)`: the config of an experiment, cut down to the tiny data."""

    def composed(experiment: str, *overrides: str) -> dict:
        small = [] if experiment == "router/tfidf" else ["data.batch_size=16", "trainer.threads=1"]
        if experiment.startswith("router/"):
            small.append(f"data.folder={data}")
        with monkeypatch.context() as context:
            context.chdir(ROOT)
            return plain(compose_experiment(experiment, [*small, *overrides]).config)

    return composed


@pytest.fixture
def train(tmp_path):
    """`train(config, name)`: fits on the tiny data, gives the model folder."""

    def trained(config: dict, name: str = "model") -> Path:
        fit(config, tmp_path / name, tmp_path / "scratch")
        return tmp_path / name

    return trained


class Silent:
    """A `Recorder` that writes nothing down."""

    def epoch_begins(self):
        pass

    def step_done(self, loss):
        pass

    def batch_done(self, batch, *, validate):
        pass

    def steps_until_due(self):
        return sys.maxsize


@pytest.fixture
def silent() -> Silent:
    return Silent()
