"""A stage reads what `dvc.yaml` lists for it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf.errors import ConfigAttributeError, ReadonlyConfigError

from phytotron.config.stage import listed_params, plain, stage_config
from phytotron.errors import UserError

DVC = """\
stages:
  train:
    matrix:
      experiment: ${experiments}
    params:
      - experiments
      - build/config/${item.experiment}.yaml:
          - trainer.max_epochs
          - model
"""


@pytest.fixture
def composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dvc.yaml").write_text(DVC)
    (tmp_path / "params.yaml").write_text("experiments: [docs/a]\nseed: 1\n")
    config = tmp_path / "build/config/docs/a.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("model:\n  width: 3\ntrainer:\n  max_epochs: 2\n  precision: 32\n")
    monkeypatch.chdir(tmp_path)
    return config


def test_the_listed_keys_come_as_one_tree(composed: Path) -> None:
    assert plain(stage_config("train", "docs/a")) == {
        "experiments": ["docs/a"],
        "trainer": {"max_epochs": 2},
        "model": {"width": 3},
    }


def test_reading_a_key_that_is_not_listed_fails(composed: Path) -> None:
    config = stage_config("train", "docs/a")
    with pytest.raises(ConfigAttributeError, match="precision"):
        _ = config.trainer.precision
    with pytest.raises(ConfigAttributeError, match="seed"):
        _ = config.seed


def test_a_stage_cannot_change_its_config(composed: Path) -> None:
    with pytest.raises(ReadonlyConfigError):
        stage_config("train", "docs/a").trainer.max_epochs = 5


def test_before_compose_has_run_the_answer_says_what_to_run(composed: Path) -> None:
    composed.unlink()
    with pytest.raises(UserError, match="dvc repro compose"):
        stage_config("train", "docs/a")


def test_a_listed_key_that_the_config_lacks_is_named(composed: Path) -> None:
    composed.write_text("trainer: {max_epochs: 2}\n")
    with pytest.raises(UserError, match="lists the key 'model'"):
        stage_config("train", "docs/a")


def test_an_unknown_stage_is_answered_with_those_there_are(composed: Path) -> None:
    with pytest.raises(UserError, match="allowed: train"):
        listed_params("trian")
