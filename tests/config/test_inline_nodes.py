"""A node that an experiment file writes down itself is its own schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from phytotron.config.compose import compose_experiment
from phytotron.errors import UserError

INLINE = """\
# @package _global_
# A network of one experiment.
defaults:
  - override /trainer: cpu
model:
  _target_: collections.OrderedDict
  width: 3
  inner: {_target_: collections.OrderedDict, depth: 2, rate: 0.5}
card:
  metric: test/accuracy
  goal: max
"""


@pytest.fixture(autouse=True)
def experiment(project: Path) -> Path:
    path = project / "conf/experiment/my/net.yaml"
    path.parent.mkdir()
    path.write_text(INLINE)
    return path


def test_any_key_of_it_may_be_overridden(experiment: Path) -> None:
    overrides = ["model.width=4", "model.inner.depth=5", "model.inner.rate=1"]
    model = compose_experiment("my/net", overrides).content["model"]
    assert (model["width"], model["inner"]["depth"], model["inner"]["rate"]) == (4, 5, 1)


@pytest.mark.parametrize(
    ("override", "answer"),
    [
        ("model.widht=4", "did you mean 'model.width'?"),
        ("model.width=wide", "'model.width' is 'wide'\n  allowed: a whole number, such as 3"),
        ("model.inner.depth=1.5", "allowed: a whole number, such as 2"),
    ],
)
def test_its_keys_and_types_are_those_of_the_file(
    experiment: Path, override: str, answer: str
) -> None:
    with pytest.raises(UserError) as caught:
        compose_experiment("my/net", [override])
    assert answer in str(caught.value)


def test_it_may_stand_inside_of_a_group(experiment: Path) -> None:
    text = INLINE.replace("  - override /trainer: cpu", "  - override /model: cnn")
    experiment.write_text(text)
    model = compose_experiment("my/net").content["model"]
    assert model["dropout"] == 0.1
    assert model["inner"]["depth"] == 2


def test_a_node_needs_a_target(experiment: Path) -> None:
    experiment.write_text(INLINE.replace("  _target_: collections.OrderedDict\n", ""))
    with pytest.raises(UserError, match=r"net\.yaml:5: 'model\._target_' is missing"):
        compose_experiment("my/net")
