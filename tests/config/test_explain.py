"""Where a value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from phytotron.config.explain import composed_as_in_repro, explain
from phytotron.errors import UserError


def wheres(key: str, experiment: str | None, *overrides: str) -> list[tuple[str, str]]:
    return [(item.where, item.value) for item in explain(key, experiment, overrides).settings]


def test_the_group_file_then_the_experiment_set_the_value(project: Path) -> None:
    found = explain("model.width", "router/cnn")
    assert found.value == 32
    assert [(item.where, item.value) for item in found.settings] == [
        ("conf/model/cnn.yaml:2", "64"),
        ("conf/experiment/router/cnn.yaml:7", "32"),
    ]
    assert found.settings[0].comment == "channels"


def test_an_override_comes_last(project: Path) -> None:
    assert wheres("trainer.max_epochs", "router/cnn", "trainer.max_epochs=8") == [
        ("conf/trainer/cpu.yaml:1", "5"),
        ("override", "8"),
    ]


def test_an_override_of_params_is_named_as_such(project: Path) -> None:
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("[]", "[trainer.max_epochs=2]"))
    assert wheres("trainer.max_epochs", "router/cnn") == [
        ("conf/trainer/cpu.yaml:1", "5"),
        ("params.yaml (overrides)", "2"),
    ]


def test_the_seed_is_traced_to_params(project: Path) -> None:
    assert wheres("seed", "router/cnn")[-1] == ("params.yaml (seed)", "3")


def test_a_key_that_all_experiments_share(project: Path) -> None:
    assert wheres("site.delay", None) == [("conf/site/router.yaml:2", "0.5")]


def test_a_choice_of_another_file_is_followed(project: Path) -> None:
    assert wheres("trainer.max_epochs", "router/cnn", "trainer=gpu") == [
        ("conf/trainer/gpu.yaml:1", "9")
    ]


def test_an_override_of_a_key_that_all_experiments_share(project: Path) -> None:
    assert explain("site.delay", None, ["site.delay=2.0"]).value == 2.0


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "value"),
    [
        ("conf/model/cnn.yaml", "dropout: 0.1", "dropout: 0.3", "model.dropout", 0.3),
        ("conf/trainer/cpu.yaml", "max_epochs: 5", "max_epochs: 6", "trainer.max_epochs", 6),
        ("conf/config.yaml", "card: null", "card: null\nnote: new", "note", "new"),
        ("conf/experiment/router/cnn.yaml", "width: 32", "width: 16", "model.width", 16),
        ("conf/experiment/router/cnn.yaml", "r: cpu", "r: gpu", "trainer.max_epochs", 9),
        ("params.yaml", "seed: 3", "seed: 4", "seed", 4),
        ("params.yaml", "[]", "[trainer.max_epochs=2]", "trainer.max_epochs", 2),
    ],
)
def test_an_edit_shows_at_once(
    project: Path, file: str, old: str, new: str, key: str, value: object
) -> None:
    assert "note" not in composed_as_in_repro("router/cnn").config
    path = project / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    assert explain(key, "router/cnn").value == value


def test_an_unknown_key_is_answered_with_the_nearest(project: Path) -> None:
    with pytest.raises(UserError, match="did you mean"):
        explain("trainer.max_epoch", "router/cnn")
