"""The registry of components: what can be named, and what a wrong name is answered with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from phytotron.cli import main
from phytotron.config.components import (
    KINDS,
    PLURALS,
    component_names,
    list_components,
    read_component,
    resolve,
)
from phytotron.config.compose import compose_experiment
from phytotron.config.instantiate import instantiate, locate
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]
ALL = [
    (kind, path.stem)
    for kind in KINDS.values()
    for path in sorted((ROOT / "conf" / kind).glob("*"))
]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_kind_has_components_with_a_title_and_a_formula(kind):
    rows = list_components(kind)
    assert rows
    for row in rows:
        assert row["title"], row
        assert row["formula"], row
        assert row["title"] != row["id"], row


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_key_of_a_component_has_a_comment_and_its_target_is_there(kind, name):
    locate(read_component(kind, name)["_target_"])
    lines = (ROOT / "conf" / kind / f"{name}.yaml").read_text().splitlines()
    settings = [line for line in lines if not line.startswith(("#", "_", " ")) and ":" in line]
    assert not [line for line in settings if "#" not in line]


def test_numbers_are_numbers_however_they_are_written():
    assert resolve("optimizer", "adam")["lr"] == 0.001
    assert resolve("regularizer", "l1")["l1"] == 1e-5


def test_a_wrong_name_is_answered_with_what_exists_and_the_nearest():
    with pytest.raises(UserError) as error:
        resolve("activation", "sellu", "conf/experiment/a.yaml:7: model.activation")
    text = str(error.value)
    assert text.startswith("conf/experiment/a.yaml:7: model.activation: no activation 'sellu'")
    assert "selu, sigmoid" in text
    assert "did you mean 'selu'?" in text


def test_a_row_has_title_source_formula_and_row_of_the_catalogue(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "conf" / "loss"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(
        "# A loss (Some and One, 1999): mean f(y: t) (here).\n# A note,\n# and more.\n"
        "# Catalogue: D23\n_target_: torch.nn.MSELoss\n# no part of the head\n"
    )
    (folder / "b.yaml").write_text("# B.\n_target_: torch.nn.L1Loss\n")
    assert list_components("loss") == [
        {
            "id": "a",
            "kind": "loss",
            "title": "A loss",
            "source": "Some and One, 1999",
            "formula": "mean f(y: t) (here)",
            "catalogue": "D23",
            "notes": "A note, and more.",
        },
        {
            "id": "b",
            "kind": "loss",
            "title": "B",
            "source": None,
            "formula": None,
            "catalogue": None,
            "notes": "",
        },
    ]


@pytest.mark.parametrize(("plural", "kind"), PLURALS.items())
def test_list_shows_a_kind(capsys, plural, kind):
    with pytest.raises(SystemExit):
        main(["list", plural, "--json"])
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == component_names(kind)
    with pytest.raises(SystemExit):
        main(["list", plural])
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "title", "source", "formula"]
    assert len(rows) == len(component_names(kind))


def test_listing_components_needs_no_torch():
    code = "import sys; sys.argv = ['phytotron', 'list', 'activations']\n"
    code += "from phytotron.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "assert 'torch' not in sys.modules and 'omegaconf' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("override", "key", "target"),
    [
        ("model.activation=selu", "model.activation", "torch.nn.SELU"),
        ("task.loss=categorical_cross_entropy", "task.loss", "torch.nn.CrossEntropyLoss"),
        ("optimizer=nadam", "optimizer", "torch.optim.NAdam"),
        ("scheduler=warmup_cosine", "scheduler", "phytotron.tasks.schedules.warmup_cosine"),
        ("initializer=he_normal", "initializer", "phytotron.nn.initializers.scaled"),
        ("regularizer=l2", "regularizer", "phytotron.nn.regularizers.elastic"),
        (
            "model.normalization=cross_batch_norm",
            "model.normalization",
            "phytotron.nn.normalizations.cross_batch_norm",
        ),
    ],
)
def test_a_name_can_be_chosen_in_any_experiment_that_takes_one(override, key, target):
    config = compose_experiment("components/adam_only", [override]).config
    for part in key.split("."):
        config = config[part]
    assert config["_target_"] == target


def test_a_component_that_does_not_fit_is_answered_in_a_line():
    node = {"_target_": "phytotron.nn.losses.Elementwise", "function": "mse_loss"}
    with pytest.raises(UserError, match=r"Elementwise cannot be built: reduction is 'average'"):
        instantiate(node | {"reduction": "average"})
