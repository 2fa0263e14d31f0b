"""What `params.yaml` and `conf/` compose to, and how mistakes in them are answered."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from phytotron.config.compose import compose_all, compose_experiment, compose_one
from phytotron.config.experiments import read_params
from phytotron.config.schema.pipeline import Site
from phytotron.errors import UserError
from phytotron.stages import compose as stage


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def compose_with(project: Path, *overrides: str) -> dict[str, dict]:
    change(project / "params.yaml", "overrides: []", f"overrides: {list(overrides)!r}")
    composed = compose_all(read_params())
    return {name: OmegaConf.to_container(item.config) for name, item in composed.items()}


def test_each_experiment_gets_its_groups_with_its_own_values_on_top(project: Path) -> None:
    composed = compose_with(project)
    assert composed["router/cnn"]["model"]["width"] == 32
    assert composed["router/cnn"]["model"]["dropout"] == 0.1
    assert composed["router/cnn"]["trainer"]["max_epochs"] == 5
    assert composed["router/forest"]["trainer"] is None
    assert composed["pipeline"]["site"]["name"] == "router"


def test_the_seed_of_params_reaches_everything(project: Path) -> None:
    assert {config["seed"] for config in compose_with(project).values()} == {3}


def test_an_override_reaches_what_has_its_key_and_leaves_the_rest(project: Path) -> None:
    composed = compose_with(project, "trainer.max_epochs=1", "compare.alpha=0.01")
    assert composed["router/cnn"]["trainer"]["max_epochs"] == 1
    assert composed["router/forest"]["trainer"] is None
    assert composed["pipeline"]["compare"]["alpha"] == 0.01


def test_an_override_can_choose_another_group_file(project: Path) -> None:
    composed = compose_with(project, "trainer=gpu", "trainer.max_epochs=2")
    file = yaml.safe_load((project / "conf/trainer/gpu.yaml").read_text())
    assert file["precision"] == "bf16-mixed"
    assert composed["router/cnn"]["trainer"] == file | {"max_epochs": 2}
    assert composed["router/forest"]["trainer"] is None


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["trainer.max_epochs=1", "compare.alpha=0.01"],
        ["trainer=gpu"],
        ["model.trees=7"],
        ["model.width=48", "seed=11"],
    ],
)
def test_one_config_is_what_it_is_among_all(project: Path, overrides: list[str]) -> None:
    change(project / "params.yaml", "overrides: []", f"overrides: {overrides!r}")
    params = read_params()
    for name, item in compose_all(params).items():
        assert compose_one(params, name) == item


def test_one_config_is_composed_though_another_one_is_broken(project: Path) -> None:
    change(project / "conf/experiment/router/forest.yaml", "/model: forest", "/model: jungle")
    assert compose_one(read_params(), "router/cnn").config.model.width == 32
    assert compose_one(read_params(), "pipeline").config.site.name == "router"


def test_one_config_refuses_an_override_that_nothing_has(project: Path) -> None:
    change(project / "params.yaml", "overrides: []", "overrides: [model.tres=7]")
    with pytest.raises(UserError, match=r"did you mean 'model\.trees'"):
        compose_one(read_params(), "router/cnn")


def test_a_further_override_must_be_meant_for_the_one_config(project: Path) -> None:
    params = read_params()
    assert compose_one(params, "router/forest", ["model.trees=7"]).config.model.trees == 7
    with pytest.raises(UserError, match=r"override 'model\.trees=7': unknown key"):
        compose_one(params, "router/cnn", ["model.trees=7"])


def test_an_override_of_the_seed_wins_over_params(project: Path) -> None:
    assert compose_with(project, "seed=11")["router/cnn"]["seed"] == 11


@pytest.mark.parametrize(
    ("override", "answer"),
    [
        ("trainer.max_epoch=1", "did you mean 'trainer.max_epochs'?"),
        ("trainer.max_epochs=many", "a whole number from 1"),
        ("trainer.max_epochs=1.5", "a whole number from 1"),
        ("model.width=[1]", "a whole number, such as 32"),
        ("trainer=tpu", "allowed: cpu, gpu"),
        ("trainer.max_epochs=1,2", "dvc exp run --queue"),
        ("trainer.max_epochs", "key=value"),
    ],
)
def test_a_wrong_override_is_answered(project: Path, override: str, answer: str) -> None:
    with pytest.raises(UserError, match=r"override|conf/trainer/") as caught:
        compose_with(project, override)
    assert answer in str(caught.value)


def test_a_whole_number_may_stand_for_a_real_one(project: Path) -> None:
    assert compose_with(project, "model.dropout=0")["router/cnn"]["model"]["dropout"] == 0


def test_an_unknown_experiment_is_answered_with_the_nearest(project: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'router/cnn'"):
        compose_experiment("router/cnm")


def test_an_unknown_site_is_answered_with_what_there_is(project: Path) -> None:
    change(project / "params.yaml", "site: router", "site: roter")
    with pytest.raises(UserError, match=r"conf/site/(.|\n)*did you mean 'router'"):
        compose_all(read_params())


def test_a_misspelt_key_in_an_experiment_names_file_and_line(project: Path) -> None:
    path = project / "conf/experiment/router/cnn.yaml"
    change(path, "  width: 32", "  widht: 32")
    with pytest.raises(UserError) as caught:
        compose_with(project)
    assert "conf/experiment/router/cnn.yaml:7: unknown key 'model.widht'" in str(caught.value)
    assert "did you mean 'model.width'?" in str(caught.value)


def test_a_value_of_the_wrong_type_in_an_experiment_names_file_and_line(project: Path) -> None:
    change(project / "conf/experiment/router/cnn.yaml", "  width: 32", "  width: wide")
    with pytest.raises(
        UserError,
        match=r"router/cnn.yaml:7: 'model.width' is 'wide'\n  allowed: a whole number, such as 64",
    ):
        compose_with(project)


def test_a_choice_that_a_group_does_not_offer_is_answered(project: Path) -> None:
    change(project / "conf/experiment/router/cnn.yaml", "/model: cnn", "/model: cmn")
    with pytest.raises(UserError) as caught:
        compose_with(project)
    assert str(caught.value).splitlines() == [
        "conf/experiment/router/cnn.yaml:4: 'cmn' is not in conf/model/",
        "  allowed: cnn, forest",
        "  did you mean 'cnn'?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("experiments:\n  - router/cnn\n  - router/forest\n", "experiments: []\n", "at least one"),
        ("experiments:", "experimnts:", "did you mean 'experiments'"),
        ("seed: 3", "seed: three", "whole number"),
        ("seed: 3", "seed: true", "whole number"),
        ("  - router/forest", "  - router/cnn", "'router/cnn' is listed twice"),
        ("seed: 3\n", "", "'seed' is missing"),
        ("overrides: []", "overrides: [a: [", "params.yaml:"),
    ],
)
def test_a_mistake_in_params_is_answered(project: Path, old: str, new: str, answer: str) -> None:
    change(project / "params.yaml", old, new)
    with pytest.raises(UserError, match=answer):
        read_params()


def test_the_line_of_a_mistake_in_params_is_named(project: Path) -> None:
    change(project / "params.yaml", "seed: 3", "seed: -1")
    with pytest.raises(UserError, match=r"params\.yaml:6: 'seed' is -1"):
        read_params()


def test_the_stage_replaces_the_folder_as_a_whole(project: Path) -> None:
    stage.main()
    change(project / "params.yaml", "  - router/forest\n", "")
    stage.main()
    written = sorted(path.name for path in Path("build/config").rglob("*.yaml"))
    assert written == ["cnn.yaml", "pipeline.yaml"]


def test_the_stage_leaves_the_old_configs_when_it_fails(project: Path) -> None:
    stage.main()
    before = Path("build/config/router/cnn.yaml").read_bytes()
    change(project / "params.yaml", "router/forest", "router/forrest")
    with pytest.raises(UserError, match="did you mean 'router/forest'"):
        stage.main()
    assert Path("build/config/router/cnn.yaml").read_bytes() == before
    assert [path.name for path in Path("build").iterdir()] == ["config"]


def test_a_misspelt_key_of_a_site_names_file_and_line(project: Path) -> None:
    change(project / "conf/site/router.yaml", "delay:", "dealy:")
    with pytest.raises(UserError) as caught:
        stage.main()
    assert str(caught.value).splitlines() == [
        "conf/site/router.yaml:2: unknown key 'site.dealy'",
        f"  allowed: {', '.join(Site.model_fields)}",
        "  did you mean 'site.delay'?",
    ]


def test_a_key_that_a_stage_reads_and_the_site_lacks_is_named(project: Path) -> None:
    change(project / "conf/site/router.yaml", "delay: 0.5   # seconds between requests\n", "")
    with pytest.raises(UserError, match=r"site/router\.yaml:1: 'site\.delay' is missing"):
        stage.main()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "  width: 32",
            "  width: 32\nmodel:\n  width: 3",
            "router/cnn.yaml:8: .*duplicate key model",
        ),
        ("  width: 32", "  width: [32", "router/cnn.yaml:8: .*not valid YAML"),
    ],
)
def test_a_file_that_is_not_valid_yaml_is_named_with_its_line(
    project: Path, old: str, new: str, said: str
) -> None:
    change(project / "conf/experiment/router/cnn.yaml", old, new)
    with pytest.raises(UserError, match=said):
        compose_with(project)
