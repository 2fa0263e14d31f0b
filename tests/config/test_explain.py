"""Where a value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from phytotron.config.explain import explain
from phytotron.errors import UserError


def wheres(key: str, experiment: str | None, *overrides: str) -> list[tuple[str, str]]:
    return [(item.where, item.value) for item in explain(key, experiment, overrides).settings]


def test_the_group_file_then_the_experiment_set_the_value(project: Path) -> None:
    found = explain("model.width", "docs/cnn")
    assert found.value == 32
    assert [(item.where, item.value) for item in found.settings] == [
        ("conf/model/cnn.yaml:2", "64"),
        ("conf/experiment/docs/cnn.yaml:7", "32"),
    ]
    assert found.settings[0].comment == "channels"


def test_an_override_comes_last(project: Path) -> None:
    assert wheres("trainer.max_epochs", "docs/cnn", "trainer.max_epochs=8") == [
        ("conf/trainer/cpu.yaml:1", "5"),
        ("override", "8"),
    ]


def test_an_override_of_params_is_named_as_such(project: Path) -> None:
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("[]", "[trainer.max_epochs=2]"))
    assert wheres("trainer.max_epochs", "docs/cnn") == [
        ("conf/trainer/cpu.yaml:1", "5"),
        ("params.yaml (overrides)", "2"),
    ]


def test_the_seed_is_traced_to_params(project: Path) -> None:
    assert wheres("seed", "docs/cnn")[-1] == ("params.yaml (seed)", "3")


def test_a_key_that_all_experiments_share(project: Path) -> None:
    assert wheres("site.delay", None) == [("conf/site/docs.yaml:2", "0.5")]


def test_a_choice_of_another_file_is_followed(project: Path) -> None:
    assert wheres("trainer.max_epochs", "docs/cnn", "trainer=gpu") == [
        ("conf/trainer/gpu.yaml:1", "9")
    ]


def test_an_unknown_key_is_answered_with_the_nearest(project: Path) -> None:
    with pytest.raises(UserError, match="did you mean"):
        explain("trainer.max_epoch", "docs/cnn")
